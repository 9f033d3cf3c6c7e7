"""Arrays on disk: .npy files, and one array of a .npz file, without pickle.

In: a path. Out: its Table. What a file claims is checked before anything of that size is read: the sizes in an
array's header against the bytes that are there, and against the memory of this machine.
"""

from __future__ import annotations

import math
import os
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..memory import main_memory
from . import numerals
from .columns import Column, Numbers, column
from .table import DROPPING, Table

LONGEST_HEADER = 10_000
"""Bytes; NumPy takes no more either."""

_DAMAGED = (
    ValueError,
    TypeError,
    KeyError,
    EOFError,
    SyntaxError,
    RuntimeError,
    MemoryError,
    OverflowError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What NumPy, zipfile and zlib raise for damaged files."""


def read(path: Path, name: str | None, drop: bool) -> Table:
    """The table of a .npy file, or of the array called `name` in a .npz file; None is the only one.

    drop: leave out rows with a missing entry. Raises DataError, and OSError where the file cannot be opened.
    """
    packed = path.suffix.lower() == ".npz"
    with path.open("rb") as file:
        if not packed and name is not None:
            raise DataError(f"{path.name} holds one array without a name: leave out array={name!r}")
        try:
            size = os.fstat(file.fileno()).st_size
            title, found = _member(path, file, name) if packed else (path.name, _array(path.name, file, size))
        except _DAMAGED:
            kind = "npz" if packed else "npy"
            raise DataError(f"{path.name} is damaged, or no .{kind} file") from None
    return _table(title, found, drop)


def _member(path: Path, file: IO[bytes], name: str | None) -> tuple[str, NDArray[Any]]:
    """One array of a .npz file, and what to call it."""
    with zipfile.ZipFile(file) as archive:
        members = {
            info.filename.removesuffix(".npy"): info for info in archive.infolist() if info.filename.endswith(".npy")
        }
        listed = ", ".join(map(repr, sorted(members)[:8])) + (", .." if len(members) > 8 else "")
        if not members:
            raise DataError(f"{path.name} holds no array")
        if name is None and len(members) > 1:
            raise DataError(f"{path.name} holds {len(members):,} arrays, {listed}: give array= one of these names")
        if name is not None and name not in members:
            raise DataError(f"{path.name} holds no array {name!r}, it holds {listed}")
        name = next(iter(members)) if name is None else name
        title = f"{path.name}[{name}]"
        with archive.open(members[name]) as member:
            return title, _array(title, member, members[name].file_size)


def _array(title: str, file: IO[bytes], size: int) -> NDArray[Any]:
    """An array that fills `size` bytes with its header. Raises DataError and what damaged files raise."""
    version = np.lib.format.read_magic(file)
    # NumPy reads a header whole before it refuses a long one, and this length may say 4 GiB.
    length = int.from_bytes(file.read(2 if version == (1, 0) else 4), "little")
    if length > LONGEST_HEADER:
        raise ValueError("the header is too long")
    file.seek(0)
    np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise DataError(f"{title} is written in version {version[0]} of the format, which holds named fields only")
    if dtype.hasobject:
        raise DataError(f"{title} holds Python objects, which only pickle reads: save an array of numbers or texts")
    if dtype.names is not None or dtype.subdtype is not None:
        raise DataError(f"{title} has named fields: save a plain array of numbers")
    if dtype.kind not in "fiubUS":
        raise DataError(f"{title} is of the type {dtype}: save real numbers, or texts as labels")
    if len(shape) > 2:
        sizes = " x ".join(f"{n:,}" for n in shape)
        raise DataError(f"{title} has {len(shape)} dimensions ({sizes}), a table has two: save a slice, or reshape it")
    entries = math.prod(shape)
    if entries == 0:
        raise DataError(f"{title} is empty ({' x '.join(map(str, shape))})")
    if file.tell() + entries * dtype.itemsize != size:
        raise DataError(f"{title} is damaged: its {size:,} bytes are not what its header tells")
    # Texts of bytes are decoded to four bytes a character, numbers become float64.
    wanted, there = entries * max(dtype.itemsize * (4 if dtype.kind == "S" else 1), 8), main_memory()
    if wanted > there:
        raise DataError(
            f"{title} takes {wanted / 2**30:,.1f} GiB, more than the {there / 2**30:,.1f} GiB of this machine"
        )
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


def _table(source: str, array: NDArray[Any], drop: bool) -> Table:
    flat = array.ndim < 2
    array = array.reshape(-1, 1) if flat else array
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "backslashreplace")
    texts = array.dtype.kind == "U"
    if not texts:
        array = array.astype(np.float64, copy=False)
    rows, dropped = len(array), 0
    places = np.arange(rows)
    if drop:
        gaps = np.vectorize(numerals.missing, otypes=[bool])(array) if texts else np.isnan(array)
        keep = ~gaps.any(axis=1)
        dropped = rows - int(keep.sum())
        if dropped == rows:
            raise DataError(f'each of the {rows:,} rows of {source} has a missing entry: leave out missing="drop"')
        if dropped:
            array, places = array[keep], places[keep]
    columns: list[Column] = [column(entries.tolist()) if texts else Numbers(entries) for entries in array.T]
    return Table(
        names=tuple(str(i + 1) for i in range(len(columns))),
        rows=rows - dropped,
        source=source,
        columns=tuple(columns),
        place=lambda row: f"row {places[row] + 1:,}",
        dropping=DROPPING,
        dropped=dropped,
        flat=flat,
    )
