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
from .wording import worded

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
            raise WorkspaceError(f"{source}: [data.{clipped(name)}] {worded(str(error))}") from None
    _check_dropped(document, folder, source, table)
    return found


def _check_dropped(document: Mapping[str, Any], folder: Path | None, source: str, table: Any) -> None:
    """Raise WorkspaceError where one section leaves out rows of a file that another keeps as samples."""
    sections = {name: section for name, section in document.get("data", {}).items() if section.get("samples") == "rows"}
    for name, section in sections.items():
        dropped = _read(section, folder, table).dropped if section.get("missing") == "drop" else 0
        same = _place(section, folder)
        others = [
            f"[data.{other}]"
            for other, row in sections.items()
            if row.get("missing") != "drop" and _place(row, folder) == same
        ]
        if dropped and others:
            rows, keep = "row" if dropped == 1 else "rows", "keeps" if len(others) == 1 else "keep"
            raise WorkspaceError(
                f"{source}: [data.{name}] leaves out {dropped:,} {rows} of {section['file']}, which "
                f'{" and ".join(others)} {keep}, so that their samples differ: missing = "drop" is wanted there, too'
            )


def samples(document: Mapping[str, Any], folder: Path | None, source: str) -> Samples:
    """The data as the problem takes them. Raises WorkspaceError for what cannot be read or split."""
    train, test = unscaled(document, folder, source), None
    if "split" in document:
        try:
            train, test = split(train, **document["split"])
        except (DataError, ArgumentError) as error:
            raise WorkspaceError(f"{source}: [split] {worded(str(error))}") from None
    scalings = {}
    for name, section in document.get("data", {}).items():
        if "scale" not in section:
            continue
        try:
            scalings[name] = Scaling.fit(section["scale"], train[name])
        except DataError as error:
            raise WorkspaceError(f"{source}: [data.{clipped(name)}] {worded(str(error))}") from None
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
    found = _read(section, folder, table)
    columns: Any = section.get("columns")
    if section.get("onehot"):
        return found.onehot(columns[0] if isinstance(columns, list) else columns).matrix
    return found.matrix(columns, samples=section["samples"])


def _place(section: Mapping[str, Any], folder: Path | None) -> tuple[Path, str | None]:
    """What a section reads: a file, and which array of it."""
    return _path(section["file"], folder), section.get("array")


def _read(section: Mapping[str, Any], folder: Path | None, table: Any) -> Table:
    """The table of a section's file. table: `_table`, which remembers."""
    found: Table = table(
        _path(section["file"], folder), tuple((key, section[key]) for key in READING if key in section)
    )
    return found


def _table(path: Path, how: tuple[tuple[str, Any], ...]) -> Table:
    return Table.read(path, **dict(how))
