"""Delimited text: the columns of a .csv, .tsv or .txt file, read in one pass and in bounded memory.

In: a path and how the file is written. Out: names, columns of numbers or labels, the line of each row; or a DataError
that names line and column. A pass is repeated only where a column of numbers turns out to hold text further down.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..arguments import ArgumentError
from ..errors import DataError
from . import numerals
from .columns import Column, Fault, Growing
from .lines import Lines, undecodable
from .records import Misread, Record, check_mark, even_delimiter, records, rectangle

Chunk = tuple[list[int], list[tuple[str, ...]]]
"""Some rows: the lines that they begin in, and their columns."""

ENTRIES = 1 << 16
"""Entries that are held as text at a time."""

PACKED = {
    b"\x1f\x8b": ("a gzip file", "unpack it first"),
    b"PK\x03\x04": ("a zip archive, as .xlsx and .npz files are", "unpack it, or save the table as .csv"),
    b"BZh": ("a bzip2 file", "unpack it first"),
    b"\xfd7zXZ": ("an xz file", "unpack it first"),
    b"\x28\xb5\x2f\xfd": ("a zstd file", "unpack it first"),
    b"\xd0\xcf\x11\xe0": ("an old Excel file", "save the table as .csv"),
    b"PAR1": ("a Parquet file", "read it with pandas or polars and take af.Table.of"),
    b"\x93NUMPY": ("a NumPy array", "end its name in .npy"),
}
"""How files begin that are no text -> what they are, and the way out."""


@dataclass(frozen=True)
class Dialect:
    """How a file is written. delimiter " ": any run of blanks and tabs."""

    header: bool
    delimiter: str
    encoding: str
    drop: bool


@dataclass(frozen=True)
class Read:
    """What a file holds. dropped: rows that were left out for their missing entries."""

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: int
    dropped: int
    lines: Lines


def dialect(suffix: str, header: bool, delimiter: str | None, encoding: str, missing: str) -> Dialect:
    """The checked arguments of a reading. Raises ArgumentError."""
    if not isinstance(header, bool):
        raise ArgumentError(f"header is {header!r}, it must be True or False")
    if delimiter is None:
        delimiter = "\t" if suffix == ".tsv" else ","
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise ArgumentError(f"delimiter is {delimiter!r}, it must be one character, such as ',' ';' or '\\t'")
    try:
        name = codecs.lookup(encoding).name
        io.TextIOWrapper(io.BytesIO(), encoding)  # refuses the codecs that are no text
    except (LookupError, TypeError):
        raise ArgumentError(f"encoding is {encoding!r}, it must be one of Python's, such as 'utf-8'") from None
    return Dialect(header, delimiter, "utf-8-sig" if name == "utf-8" else encoding, missing == "drop")


def read(path: Path, how: Dialect) -> Read:
    """The table of a file. Raises DataError."""
    with path.open("rb") as file:
        start = file.read(8)
    for magic, (what, way_out) in PACKED.items():
        if start.startswith(magic):
            raise DataError(f"{path.name} is {what}: {way_out}")
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and how.encoding == "utf-8-sig":
        raise DataError(f'{path.name} line 1 begins as UTF-16 does: give encoding="utf-16"')
    try:
        found, faults = _pass(path, how, {})
        if faults:
            found, _ = _pass(path, how, faults)
    except Misread as error:
        with path.open(encoding=how.encoding, newline="") as text:
            other = even_delimiter(text, path.name, how.delimiter)
        raise DataError(f"{error.what}: {f'try delimiter={other!r}' if other else error.way_out}") from None
    except UnicodeError:
        line, byte = undecodable(path, how.encoding)
        name = "utf-8" if how.encoding == "utf-8-sig" else how.encoding
        held = "" if byte is None else f" (it holds the byte 0x{byte:02X})"
        raise DataError(
            f"{path.name} line {line:,} is not written in {name}{held}: "
            f'give its encoding, perhaps encoding="{"cp1252" if name == "utf-8" else "utf-8"}"'
        ) from None
    return found


def _pass(path: Path, how: Dialect, faults: dict[int, Fault]) -> tuple[Read, dict[int, Fault]]:
    """One reading. faults: of the columns known to hold labels. Also all faults, where it has to be done again."""
    source = path.name
    with path.open(encoding=how.encoding, newline="") as file:
        names, rows = _headed(records(file, source, how.delimiter), source, how)
        columns = [Growing(faults.get(i)) for i in range(len(names))]
        lines, gaps, dropped = Lines(), np.zeros(len(names), int), 0
        for starts, entries in _chunks(rows, len(names)):
            values = [None if c.fault else numerals.numbers(e) for c, e in zip(columns, entries, strict=True)]
            if how.drop:
                missing = _missing(entries, values)
                gaps += missing.sum(axis=1)
                keep: NDArray[np.bool_] = np.logical_not(missing.any(axis=0))
                dropped += len(starts) - int(keep.sum())
                starts, entries, values = _kept(keep, starts, entries, values, columns)
            for line in starts:
                lines.add(line)
            for column, texts, found in zip(columns, entries, values, strict=True):
                column.take(texts, found)
    if not lines.rows + dropped:
        raise DataError(f"{source} has a header and no rows")
    if not lines.rows:
        worst = int(gaps.argmax())
        raise DataError(
            f"each of the {dropped:,} rows of {source} has a missing entry, {gaps[worst]:,} of them in column "
            f'{worst + 1} ({" ".join(names[worst].split())}): leave out missing="drop", or take that column out'
        )
    again = {i: c.fault for i, c in enumerate(columns) if c.fault} if any(c.late for c in columns) else {}
    return Read(names, () if again else tuple(c.column() for c in columns), lines.rows, dropped, lines), again


def _headed(rows: Iterator[Record], source: str, how: Dialect) -> tuple[tuple[str, ...], Iterator[Record]]:
    """The names of the columns, and the records below them. Raises DataError where the header is not as told."""
    first = next(rows, None)
    if first is None:
        raise DataError(f"{source} is empty: a table has at least one row")
    check_mark(first, source, how.delimiter)
    if how.header:
        _check_header(first, source)
        return tuple(name.strip() for name in first.entries), rectangle(rows, first, source)
    second = next(rows, None)
    if second is not None:
        _check_no_header(first, second, source)
    begun = [first] if second is None else [first, second]
    return tuple(str(i + 1) for i in range(len(first.entries))), rectangle(chain(begun, rows), first, source)


def _check_header(first: Record, source: str) -> None:
    """Raise DataError where the first row looks like data. A year may be the name of a column, 5.1 is none."""
    held = "numbers only" if _figures(first.entries) else ""
    for entry in first.entries:
        if not held and _figures([entry]) and not entry.strip().isdigit():
            held = f"the number {entry.strip()}"
    if held:
        raise DataError(
            f"{source} line {first.line:,} holds {held}, where the names of the columns are expected: give "
            f"header=False if it is data, else names that are no numbers"
        )


def _check_no_header(first: Record, second: Record, source: str) -> None:
    """Raise DataError where the first row holds no number, and the second holds one below a text."""
    if any(_figures([entry]) for entry in first.entries):
        return
    for entry, below in zip(first.entries, second.entries, strict=False):
        if not numerals.missing(entry) and _figures([below]):
            raise DataError(
                f"{source} line {first.line:,} holds no number, and numbers are below it: give header=True if these "
                f"are the names of the columns"
            )


def _figures(entries: list[str]) -> bool:
    """Whether entries are numbers, and nothing else but missing ones."""
    values = [numerals.number(entry) for entry in entries]
    return None not in values and any(value == value for value in values)


def _chunks(rows: Iterator[Record], width: int) -> Iterator[Chunk]:
    """Some rows at a time."""
    most = max(1, ENTRIES // width)
    starts: list[int] = []
    held: list[list[str]] = []
    for line, entries in rows:
        starts.append(line)
        held.append(entries)
        if len(starts) == most:
            yield starts, list(zip(*held, strict=True))
            starts, held = [], []
    if starts:
        yield starts, list(zip(*held, strict=True))


Values = list[NDArray[np.float64] | None]
"""The columns of a chunk as numbers; None where an entry is neither a number nor missing."""


def _missing(entries: list[tuple[str, ...]], values: Values) -> NDArray[np.bool_]:
    """columns x rows of a chunk, where entries are missing."""
    return np.array(
        [
            np.fromiter(map(numerals.missing, texts), bool, len(texts)) if found is None else np.isnan(found)
            for texts, found in zip(entries, values, strict=True)
        ]
    )


def _kept(
    keep: NDArray[np.bool_], starts: list[int], entries: list[tuple[str, ...]], values: Values, columns: list[Growing]
) -> tuple[list[int], list[tuple[str, ...]], Values]:
    """The rows of a chunk that are kept."""
    if keep.all():
        return starts, entries, values
    entries = [tuple(compress(texts, keep)) for texts in entries]
    # What is no number may have stood in a dropped row only.
    values = [
        found[keep] if found is not None else None if column.fault else numerals.numbers(texts)
        for texts, found, column in zip(entries, values, columns, strict=True)
    ]
    return list(compress(starts, keep)), entries, values
