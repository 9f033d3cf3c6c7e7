"""The numbers of a workspace: read from its files, cut into samples to train and to test with, scaled.

In: the checked [data] and [split] of a document, and the folder that file names are relative to. Out: immutable
Samples. Scalings are fitted to the samples for training, so that nothing of the others leaks into them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..arguments import ArgumentError
from ..data import datasets
from ..data.scaling import Scaling
from ..data.split import split
from ..data.table import Table
from ..errors import DataError, WorkspaceError, clipped
from ..matrices import Matrix, matrix

READING = ("header", "delimiter", "encoding", "missing", "array")
"""Keys that say how a file is read; the others choose from what it holds."""


@dataclass(frozen=True, eq=False)
class Samples:
    """The data of a loss.

    train, test: name -> matrix of features x samples, scaled; test is None where nothing is kept for testing.
    scalings: name -> what was fitted to the samples for training. sources: name -> the file that it comes from.
    """

    train: Mapping[str, Matrix]
    test: Mapping[str, Matrix] | None
    scalings: Mapping[str, Scaling]
    sources: Mapping[str, str]


def unscaled(document: Mapping[str, Any], folder: Path | None, source: str) -> dict[str, Matrix]:
    """Name -> matrix of features x samples, all samples, as they are before scaling.

    Raises WorkspaceError, which names the section, for what cannot be read.
    """
    table = cache(_table)  # X and Y often stand in one file
    found = {}
    for name, section in document.get("data", {}).items():
        try:
            found[name] = _numbers(name, section, folder, table)
        except (DataError, ArgumentError) as error:
            # The way out as TOML writes it.
            told = str(error).replace("=False", " = false").replace("=True", " = true")
            raise WorkspaceError(f"{source}: [data.{clipped(name)}] {told}") from None
    return found


def samples(document: Mapping[str, Any], folder: Path | None, source: str) -> Samples:
    """The data as the problem takes them. Raises WorkspaceError for what cannot be read or split."""
    train, test = unscaled(document, folder, source), None
    if "split" in document:
        try:
            train, test = split(train, **document["split"])
        except (DataError, ArgumentError) as error:
            raise WorkspaceError(f"{source}: [split] {error}") from None
    scalings = {}
    for name, section in document.get("data", {}).items():
        if "scale" not in section:
            continue
        try:
            scalings[name] = Scaling.fit(section["scale"], train[name])
        except DataError as error:
            raise WorkspaceError(f"{source}: [data.{clipped(name)}] {error}") from None
        train[name] = scalings[name].apply(train[name])
        if test is not None:
            test[name] = scalings[name].apply(test[name])
    sources = {name: Path(row["file"]).name for name, row in document.get("data", {}).items() if "file" in row}
    return Samples(
        MappingProxyType(train),
        None if test is None else MappingProxyType(test),
        MappingProxyType(scalings),
        MappingProxyType(sources),
    )


def files(document: Mapping[str, Any], folder: Path | None) -> list[Path]:
    """The files that the data are read from."""
    sections = document.get("data", {}).values()
    return [_path(section["file"], folder) for section in sections if "file" in section and folder is not None]


def _path(file: str, folder: Path | None) -> Path:
    if folder is None:
        raise DataError(f"file {file} cannot be found: this workspace has no folder, only values and data sets")
    return folder / file


def _numbers(name: str, section: Mapping[str, Any], folder: Path | None, table: Any) -> Matrix:
    """The matrix of one [data.NAME]."""
    if "values" in section:
        return matrix(clipped(name), section["values"])
    if "dataset" in section:
        return datasets.load(section["dataset"])[section["part"]]
    how = tuple((key, section[key]) for key in READING if key in section)
    found = table(_path(section["file"], folder), how)
    columns = section.get("columns")
    if section.get("onehot"):
        label: Matrix = found.onehot(columns[0] if isinstance(columns, list) else columns).matrix
        return label
    chosen: Matrix = found.matrix(columns, samples=section["samples"])
    return chosen


def _table(path: Path, how: tuple[tuple[str, Any], ...]) -> Table:
    return Table.read(path, **dict(how))
