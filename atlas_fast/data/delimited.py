"""Delimited text: the columns of a .csv, .tsv or .txt file, read in one pass and in bounded memory.

In: a path and how the file is written. Out: names, columns of numbers or labels, the line of each row; or a DataError
that names line and column. Entries are split by Python's csv module in its strict mode. A pass is repeated only where
a column of numbers turns out to hold text further down.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, compress
from pathlib import Path
from typing import TextIO

import numpy as np

from ..arguments import ArgumentError
from ..errors import DataError
from . import numerals
from .columns import Column, Fault, Growing
from .lines import Lines, undecodable

ENTRIES = 1 << 16
"""Entries that are held as text at a time."""

LONGEST_LINE = 1 << 26
"""Characters of one line; what is longer is no table."""

DELIMITERS = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'", " ": "blanks"}

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
        b"".decode(encoding)
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
        raise DataError(f'{path.name} is written in UTF-16: give encoding="utf-16"')
    try:
        found, faults = _pass(path, how, {})
        if faults:
            found, _ = _pass(path, how, faults)
    except UnicodeDecodeError:
        line, byte = undecodable(path, how.encoding) or (1, 0)
        name = "utf-8" if how.encoding == "utf-8-sig" else how.encoding
        other = "cp1252" if name == "utf-8" else "utf-8"
        raise DataError(
            f"{path.name} line {line:,} is not written in {name} (it holds the byte 0x{byte:02X}): "
            f'give its encoding, perhaps encoding="{other}"'
        ) from None
    return found


def _pass(path: Path, how: Dialect, faults: dict[int, Fault]) -> tuple[Read, dict[int, Fault]]:
    """One reading. faults: of the columns known to hold labels. Also all faults, if it has to be done again."""
    with path.open(encoding=how.encoding, newline="") as file:
        return _Reading(path.name, how, file).table(faults)


class _Reading:
    """One pass through a file."""

    def __init__(self, source: str, how: Dialect, file: TextIO) -> None:
        self._source, self._how, self._file = source, how, file

    def table(self, faults: dict[int, Fault]) -> tuple[Read, dict[int, Fault]]:
        """The table, and the faults of all columns where one of them came late."""
        source, how = self._source, self._how
        records = self._records()
        first = next(records, None)
        if first is None:
            raise DataError(f"{source} is empty: a table has at least one row")
        width = len(first[1])
        if how.header:
            names = tuple(name.strip() for name in first[1])
            if _figures(first[1]):
                raise DataError(
                    f"{source} line {first[0]} holds numbers only, where the names of the columns are expected: "
                    f"give header=False if it is data"
                )
            rows = self._rectangle(records, first)
        else:
            names = tuple(str(i + 1) for i in range(width))
            second = next(records, None)
            if second is not None:
                self._check_no_header(first, second)
            rows = self._rectangle(chain([first], [] if second is None else [second], records), first)
        columns = [Growing(faults.get(i)) for i in range(width)]
        lines, dropped = Lines(), 0
        for starts, entries in _chunks(rows, width):
            dropped += self._take(columns, lines, starts, entries)
        kept = lines.rows
        if not kept + dropped:
            raise DataError(f"{source} has a header and no rows")
        if not kept:
            raise DataError(f'each of the {dropped:,} rows of {source} has a missing entry: leave out missing="drop"')
        again = {i: c.fault for i, c in enumerate(columns) if c.fault} if any(c.late for c in columns) else {}
        return Read(names, () if again else tuple(c.column() for c in columns), kept, dropped, lines), again

    def _take(self, columns: list[Growing], lines: Lines, starts: list[int], entries: list[tuple[str, ...]]) -> int:
        """Append rows to the columns; how many of them were dropped."""
        values = [None if c.fault else numerals.numbers(e) for c, e in zip(columns, entries, strict=True)]
        if self._how.drop:
            gaps = [
                np.fromiter(map(numerals.missing, e), bool, len(e)) if v is None else np.isnan(v)
                for e, v in zip(entries, values, strict=True)
            ]
            keep = ~np.logical_or.reduce(gaps)
            if not keep.all():
                starts = list(compress(starts, keep))
                entries = [tuple(compress(e, keep)) for e in entries]
                # What is no number may have stood in a dropped row only.
                values = [
                    v[keep] if v is not None else None if c.fault else numerals.numbers(e)
                    for c, e, v in zip(columns, entries, values, strict=True)
                ]
        else:
            keep = np.ones(len(starts), bool)
        for line in starts:
            lines.add(line)
        for column, texts, found in zip(columns, entries, values, strict=True):
            column.take(texts, found)
        return int((~keep).sum())

    def _check_no_header(self, first: tuple[int, list[str]], second: tuple[int, list[str]]) -> None:
        texts = [numerals.number(entry) is None for entry in first[1]]
        others = [numerals.number(entry) for entry in second[1]]
        below = any(text and value is not None and value == value for text, value in zip(texts, others, strict=False))
        if below and not any(_figures([entry]) for entry in first[1]):
            raise DataError(
                f"{self._source} line {first[0]} holds text only, with numbers below it: give header=True if these "
                f"are the names of the columns"
            )

    def _rectangle(
        self, records: Iterator[tuple[int, list[str]]], first: tuple[int, list[str]]
    ) -> Iterator[tuple[int, list[str]]]:
        """The same records, all as wide as the first."""
        width = len(first[1])
        for line, record in records:
            if len(record) != width:
                raise DataError(
                    f"{self._source} line {line:,} has {_counted(len(record))}, line {first[0]} has "
                    f"{_counted(width)}: {self._mending(first[1], len(record) - width)}"
                )
            yield line, record

    def _mending(self, first: list[str], more: int) -> str:
        other = likelier_delimiter(first)
        if other is not None:
            return f"is the delimiter {DELIMITERS[other]}? give delimiter={other!r}"
        if more > 0:
            return "put an entry that holds the delimiter in double quotes"
        return "is a delimiter missing, or is this line no part of the table?"

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Each record with the line that it begins in. Empty lines are left out, but for those between the rows of a
        file of one column, where they are missing entries."""
        spaces = self._how.delimiter == " "
        reader = csv.reader(
            self._lines(spaces), delimiter=self._how.delimiter, skipinitialspace=not spaces, strict=True
        )
        width, empty = 0, []
        while True:
            line = reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error as error:
                raise DataError(f"{self._source} line {line:,} {_reason(error)}") from None
            if record is None:
                return
            if not record or (len(record) == 1 and width != 1 and not record[0].strip()):
                if width == 1:
                    empty.append(line)
                continue
            if empty:
                yield from ((blank, [""]) for blank in empty)
                empty = []
            width = width or len(record)
            yield line, record

    def _lines(self, spaces: bool) -> Iterator[str]:
        """The lines of the file, checked."""
        number = 0
        while line := self._file.readline(LONGEST_LINE):
            number += 1
            if "\0" in line:
                raise DataError(
                    f"{self._source} line {number:,} holds a NUL byte: it is no text, or written in another encoding "
                    f'such as encoding="utf-16"'
                )
            if len(line) == LONGEST_LINE:
                raise DataError(f"{self._source} line {number:,} is longer than {LONGEST_LINE:,} characters")
            yield " ".join(line.split()) + "\n" if spaces else line


def likelier_delimiter(record: list[str]) -> str | None:
    """A delimiter that the only entry of a record holds, which was split at another one."""
    if len(record) != 1:
        return None
    return next((other for other in DELIMITERS if other in record[0].strip()), None)


def _figures(record: list[str]) -> bool:
    """Whether a record holds numbers, and nothing else but missing entries."""
    values = [numerals.number(entry) for entry in record]
    return None not in values and any(value == value for value in values)


def _counted(entries: int) -> str:
    return f"{entries:,} entr{'y' if entries == 1 else 'ies'}"


def _reason(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text:
        return "begins a quoted entry that never ends: close its double quote"
    if "field limit" in text:
        return f"holds an entry of more than {csv.field_size_limit():,} characters: is a double quote never closed?"
    return "has text after a closing double quote: write a quote inside a quoted entry twice"


def _chunks(rows: Iterator[tuple[int, list[str]]], width: int) -> Iterator[tuple[list[int], list[tuple[str, ...]]]]:
    """Some rows at a time: the lines that they begin in, and their columns."""
    most = max(1, ENTRIES // width)
    starts: list[int] = []
    records: list[list[str]] = []
    for line, record in rows:
        starts.append(line)
        records.append(record)
        if len(starts) == most:
            yield starts, list(zip(*records, strict=True))
            starts, records = [], []
    if starts:
        yield starts, list(zip(*records, strict=True))
