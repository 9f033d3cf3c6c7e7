"""Workspaces that can be given to others: with their numbers, in a link or in files.

In: a workspace. Out: its document and its numbers apart, as a link holds them; or a TOML file, and beside it a .npz
file with the numbers that are too many to read.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import ArgumentError
from ..errors import StoreError
from ..matrices import Matrix, matrix
from .document import Document, written
from .keys import is_matrix, is_shape

if TYPE_CHECKING:
    from .workspace import Workspace

INLINE = 200
"""Numbers of a matrix that a person can still read in the workspace itself; more go into a file beside it."""

ABOUT_NUMBERS = ("scale",)
"""Keys of a [data.NAME] that stay true when its numbers stand elsewhere."""


def packed(workspace: Workspace) -> tuple[Document, dict[str, Matrix]]:
    """The document without its matrices, and name -> those: the data, features x samples, before splitting and scaling,
    and the starting values, whose shapes stay."""
    document, matrices = workspace.document, workspace.matrices()
    for name, section in document.get("data", {}).items():
        document["data"][name] = {key: section[key] for key in ABOUT_NUMBERS if key in section}
    for name, value in document.get("weights", {}).items():
        if is_matrix(value) and not is_shape(value) and name not in matrices:
            matrices[name] = matrix(name, value)
            document["weights"][name] = list(matrices[name].shape)
    return document, matrices


def save(workspace: Workspace, target: Path, replace: bool = False) -> list[Path]:
    """Write a workspace as a TOML file, and the numbers that are too many to read to a .npz file beside it.

    Files that it reads are named as seen from the new place. Returns what was written. replace: a file that is there
    already is written over. Raises StoreError where one is there otherwise or cannot be written, ArgumentError for a
    name that does not end in .toml.
    """
    from ..storage import check_folder, write

    if target.suffix.lower() != ".toml":
        raise ArgumentError(f"a workspace's name ends in .toml, {target} does not")
    beside = target.with_name(f"{target.stem}-data.npz")  # its surface will be NAME.npz
    document, large = workspace.document, {}
    for name, section in document.get("data", {}).items():
        if "values" in section and sum(map(len, section["values"])) > INLINE:
            large[name] = np.array(section["values"], dtype=np.float64)
            kept = {key: section[key] for key in ABOUT_NUMBERS if key in section}
            document["data"][name] = {"file": beside.name, "array": name, "samples": "columns", **kept}
        elif "file" in section and workspace.folder is not None:
            section["file"] = Path(os.path.relpath(workspace.folder / section["file"], target.parent)).as_posix()
    paths = [target, beside] if large else [target]
    for path in paths:
        if path.exists() and not replace:
            raise StoreError(f"{path} is there already: name another")
        check_folder(path)
    if large:
        arrays: dict[str, Any] = large
        write(beside, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))
    write(target, lambda file: file.write(written(document).encode()))
    return paths
