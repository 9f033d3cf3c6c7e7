"""Records: the rows of a delimited text, each with the line that it begins in.

In: an open text file. Out: its records, one by one, all of one width; or a DataError that names the line. Entries are
split by Python's csv module in its strict mode.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TextIO

from ..errors import DataError
from . import numerals

LONGEST_LINE = 1 << 26
"""Characters of one line; what is longer is no table."""

DELIMITERS = ",;\t|"
"""What delimits most files."""

AHEAD = 100
"""Records to look at, to find out whether all are one entry wider than the header."""

EVEN_ROWS = 1_000
"""Rows that another delimiter has to split evenly, to be the likely one."""


class Misread(DataError):
    """A line that does not fit the delimiter. what: its place and its fault. way_out: what to do if it has to fit."""

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(f"{what}: {way_out}")
        self.what = what
        self.way_out = way_out


class Record(NamedTuple):
    """The entries of a row, and the line that it begins in, counted from 1."""

    line: int
    entries: list[str]


def records(file: TextIO, source: str, delimiter: str) -> Iterator[Record]:
    """The records of a file. delimiter " ": any run of blanks and tabs.

    Empty lines are left out, but for those between the rows of a file of one column, where they are missing entries.
    """
    blanks = delimiter == " "
    reader = csv.reader(_lines(file, source, blanks), delimiter=delimiter, skipinitialspace=not blanks, strict=True)
    width = 0
    empty: list[int] = []
    while True:
        line = reader.line_num + 1
        try:
            entries = next(reader, None)
        except csv.Error as error:
            raise Misread(*_reason(f"{source} line {line:,}", error)) from None
        if entries is None:
            return
        if not entries or (width != 1 and len(entries) == 1 and not entries[0].strip()):
            if width == 1:
                empty.append(line)
            continue
        if empty:
            yield from (Record(missed, [""]) for missed in empty)
            empty = []
        width = width or len(entries)
        yield Record(line, entries)


def rectangle(rows: Iterator[Record], first: Record, source: str) -> Iterator[Record]:
    """The same records. Raises DataError at one that is not as wide as the first of the file."""
    width = len(first.entries)
    for number, record in enumerate(rows):
        if len(record.entries) != width:
            raise Misread(
                f"{source} line {record.line:,} has {_counted(record)}, line {first.line:,} has {_counted(first)}",
                (not number and _unnamed(record, rows, first)) or _mending(record, first),
            )
        yield record


def check_mark(first: Record, source: str, delimiter: str) -> None:
    """Raise DataError where the first line is no row, but tells Excel what delimits the others."""
    mark = re.fullmatch(r"\s*sep=(.?)\s*", first.entries[0], re.IGNORECASE)
    if mark is None or any(first.entries[1:]):
        return
    known = mark[1] or delimiter
    more = "" if known == delimiter else f", and give delimiter={known!r}"
    raise DataError(
        f"{source} line {first.line:,} is no row, it tells Excel that {known!r} delimits the rows: take it out{more}"
    )


def even_delimiter(file: TextIO, source: str, delimiter: str) -> str | None:
    """Another delimiter, which splits the first rows of a file into as many entries each, two at least; or None."""
    for other in DELIMITERS.replace(delimiter, ""):
        file.seek(0)
        try:
            widths = [len(record.entries) for record in islice(records(file, source, other), EVEN_ROWS)]
        except (DataError, UnicodeError):
            continue
        if len(widths) > 1 and len(set(widths)) == 1 and widths[0] > 1:
            return other
    return None


def delimiter_hint(entries: Sequence[str]) -> str:
    """What to do where the only entry of a record holds a delimiter, since it was split at another one; or ""."""
    if len(entries) != 1:
        return ""
    text = entries[0].strip()
    parts = text.split()
    blanks = len(parts) > 1 and None not in map(numerals.number, parts)
    other = next((other for other in DELIMITERS if other in text), " " if blanks else None)
    return "" if other is None else f"try delimiter={other!r}"


def _lines(file: TextIO, source: str, blanks: bool) -> Iterator[str]:
    """The lines of a file, checked; their runs of blanks as one where these delimit."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if "\0" in line:
            raise DataError(
                f"{source} line {number:,} holds a NUL byte: it is no text, or written in another encoding, such as "
                f'encoding="utf-16"'
            )
        if len(line) == LONGEST_LINE:
            raise DataError(f"{source} line {number:,} is longer than {LONGEST_LINE:,} characters: is it a table?")
        yield " ".join(line.split()) + "\n" if blanks else line


def _reason(place: str, error: csv.Error) -> tuple[str, str]:
    """What is wrong, and the way out."""
    text = str(error)
    if "unexpected end" in text:
        return f"{place} begins a quoted entry that never ends", "close its double quote"
    if "field limit" in text:
        what = f"{place} holds an entry of more than {csv.field_size_limit():,} characters"
        return what, "is a double quote never closed?"
    return f"{place} has text after a closing double quote", "write a quote inside a quoted entry twice"


def _unnamed(record: Record, rows: Iterator[Record], first: Record) -> str:
    """What to do where a header is one entry short of every row, as R's write.table has it; else ""."""
    width = len(first.entries)
    if not record.entries[-1].strip() or any(numerals.number(entry) is not None for entry in first.entries):
        return ""
    try:
        widths = [len(other.entries) for other in (record, *islice(rows, AHEAD))]
    except DataError:
        return ""
    if width == 1 or len(widths) == 1 or set(widths) != {width + 1}:
        return ""
    return (
        f"line {first.line:,} has no name for the first column, as R's write.table leaves it: write one in front, or "
        f"write the file by write.csv"
    )


def _mending(record: Record, first: Record) -> str:
    """What to do about a record of another width than the first."""
    more = len(record.entries) - len(first.entries)
    if hint := delimiter_hint(first.entries):
        return hint
    if len(first.entries) == 1:
        return f"is line {first.line:,} a title or a comment? take it out"
    if more == 1 and not record.entries[-1].strip():
        return "take out the delimiter at its end"
    if more > 0:
        return "put an entry that holds the delimiter in double quotes"
    return "is a delimiter missing, or is this line no part of the table?"


def _counted(record: Record) -> str:
    count = len(record.entries)
    return f"{count:,} entr{'y' if count == 1 else 'ies'}"
