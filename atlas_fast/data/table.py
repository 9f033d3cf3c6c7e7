"""Tables: what a file or a data frame holds, and the matrices that are made of its columns.

In: a path, or a data frame of pandas or polars. Out: an immutable Table; read-only float64 matrices of features x
samples; one-hot matrices of labels. What cannot be used is a DataError that names the row, the column and the way out.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import arguments
from ..arguments import ArgumentError
from ..errors import DataError, nearest
from ..matrices import Matrix
from ..memory import main_memory
from . import delimited, numerals
from .columns import MOST_CLASSES, Column, Labels, Numbers
from .records import delimiter_hint

TEXT = (".csv", ".tsv", ".txt", ".data", ".dat")
ARRAYS = (".npy", ".npz")

NO_NUMBER = "choose columns of numbers only, or make classes of this one with onehot"
DROPPING = 'give missing="drop" to leave out rows with one'
"""The ways out of an entry that is a text, and of one that is missing in a file."""


@dataclass(frozen=True, eq=False)
class OneHot:
    """matrix: classes x samples, one 1 in each column. classes: the label of each row. Made by `table.onehot`.

    `matrix, classes = table.onehot(..)` takes it apart; to NumPy it is its matrix, as in np.vstack([X, onehot]).
    """

    matrix: Matrix
    classes: tuple[str, ...]

    def __iter__(self) -> Iterator[Any]:
        """Its two parts, to take it apart."""
        return iter((self.matrix, self.classes))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.matrix, dtype) if copy else np.asarray(self.matrix, dtype)

    def to_numpy(self) -> Matrix:
        """The matrix, which is what a problem takes of this."""
        return self.matrix


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Columns of numbers and of labels, each with a name.

    names: of the columns, as they stand in the file; "1", "2", .. where it has no header. rows: their number.
    source: what messages call the table. columns: what was read. place: what messages call a row, which is counted
    from 0 here: its line in a text file, its number from 1 in a file of arrays, from 0 in a data frame. dropping: what
    messages tell to do about rows with missing entries. dropped: how many rows were left out for them. flat: whether it
    was an array of one dimension, whose matrix is 1 x n either way.
    text: whether it was delimited text, which another delimiter may split better. labelled: whether columns of the data
    frame have numbers for labels, so that a number could mean two columns. Made by `read` or `of`.
    """

    names: tuple[str, ...]
    rows: int
    source: str
    columns: tuple[Column, ...]
    place: Callable[[int], str]
    dropping: str
    dropped: int = 0
    flat: bool = False
    text: bool = False
    labelled: bool = False

    def __repr__(self) -> str:
        return f"Table({self.source!r}: {self.rows:,} rows, columns {_listed(self.names)})"

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        *,
        header: bool = True,
        delimiter: str | None = None,
        encoding: str = "utf-8",
        missing: str = "error",
        array: str | None = None,
    ) -> Table:
        """The table of a .csv, .tsv, .txt, .data or .dat file (delimited text), or of a .npy or .npz file.

        header: whether the first line names the columns; never guessed. delimiter: one character; None is a tab for
        .tsv and a comma for the others; " " is any run of blanks. missing: what a missing entry (nothing, NA, N/A,
        NaN, null, ?) means: "error" once its column is used, "drop" leaves out every row of the file that has one, in
        whatever column; `dropped` is their number. array: which array of a .npz file with several. The arguments of
        text mean nothing for arrays.

        Raises DataError for a file that cannot be read, ArgumentError for other arguments.
        """
        arguments.choice("missing", missing, ("error", "drop"))
        if array is not None and not isinstance(array, str):
            raise ArgumentError(f"array is {array!r}, the name of an array is wanted")
        file = arguments.file("path", path)
        suffix = file.suffix.lower()
        if suffix not in (*TEXT, *ARRAYS):
            raise DataError(f"cannot read {file}: its name must end in one of {' '.join((*TEXT, *ARRAYS))}")
        try:
            if not file.exists():
                raise DataError(f"cannot read {file}: there is no such file")
            if not file.is_file():
                raise DataError(
                    f"cannot read {file}: it is a folder" if file.is_dir() else f"cannot read {file}: it is no file"
                )
            if suffix in ARRAYS:
                from . import arrays

                return arrays.read(file, array, missing == "drop")
            if array is not None:
                raise ArgumentError(f"array is {array!r}, but {file.name} is text: array names one of a .npz file")
            how = delimited.dialect(suffix, header, delimiter, encoding, missing)
            found = delimited.read(file, how)
        except OSError as error:
            raise DataError(f"cannot read {file}: {error.strerror or error}") from None
        lines = found.lines
        return cls(
            found.names,
            found.rows,
            file.name,
            found.columns,
            lambda row: f"line {lines.of(row):,}",
            DROPPING,
            found.dropped,
            text=True,
        )

    @classmethod
    def of(cls, frame: Any, source: str = "the data frame") -> Table:
        """The table of a pandas or polars DataFrame or Series. source: what messages call it.

        Missing entries are taken as such, categories and texts as labels. Raises DataError for anything else.
        """
        from . import frames

        return frames.table(frame, source)

    def matrix(self, columns: str | int | Iterable[str | int] | None = None, *, samples: str = "rows") -> Matrix:
        """Columns of numbers as a read-only float64 matrix of features x samples.

        columns: names, or numbers counted from 1; one or several; None is all of them. samples: what the samples are
        in the table, its "rows" (the matrix is its transpose) or its "columns". Raises DataError where a chosen
        column is not there, or holds what is no finite number; ArgumentError for a number where a data frame's own
        labels are numbers.
        """
        arguments.choice("samples", samples, ("rows", "columns"))
        chosen = self._chosen(columns)
        _check_memory(self.source, len(chosen), self.rows)
        found = np.empty((len(chosen), self.rows))
        for row, index in zip(found, chosen, strict=True):
            column = self.columns[index]
            if isinstance(column, Labels):
                place, entry = self._place(column.fault.row, index), column.fault.entry
                way_out = numerals.way_out(entry) or self._delimiter([entry]) or NO_NUMBER
                raise DataError(f"{place} holds {_shown(entry)}, a number is wanted: {way_out}")
            row[:] = column.values
        self._check_finite(found, chosen)
        if samples == "columns" and not self.flat:
            found = np.ascontiguousarray(found.T)
        found.flags.writeable = False
        return found

    def onehot(self, column: str | int, classes: Iterable[Any] | None = None) -> OneHot:
        """One column of labels as a matrix of classes x samples, with a 1 at each sample's class.

        classes: all labels that may occur, in the order of the rows; None is those that do occur, sorted, numbers by
        their size. Raises DataError for a missing label, one that is not among the classes, and for more than
        MOST_CLASSES of them; ArgumentError for several columns, and for classes that cannot be used.
        """
        chosen = self._chosen(column)
        if len(chosen) != 1:
            name = _shown(self.names[chosen[0]])
            raise ArgumentError(f"onehot makes classes of one column, not of {len(chosen):,}: name it, as in {name}")
        (index,) = chosen
        labels, codes = self._encoded(index)
        gaps = np.flatnonzero(codes < 0)
        if gaps.size:
            raise self._missing(int(gaps[0]), index, gaps.size)
        wanted = labels if classes is None else self._classes(classes, index)
        rows = {label: row for row, label in enumerate(wanted)}
        unknown = [code for code, label in enumerate(labels) if label not in rows]
        if unknown:
            row = int(np.flatnonzero(np.isin(codes, unknown))[0])
            label = labels[codes[row]]
            near = nearest(label, wanted)
            raise DataError(
                f"{self._place(row, index)} holds {_shown(label)}, which is none of the classes {_listed(wanted)}"
                + (f": did you mean {near!r}?" if near else ": name it among the classes, or leave them out")
            )
        _check_memory(self.source, len(wanted), self.rows)
        found = np.zeros((len(wanted), self.rows))
        found[np.array([rows[label] for label in labels])[codes], np.arange(self.rows)] = 1
        found.flags.writeable = False
        return OneHot(found, wanted)

    def _encoded(self, index: int) -> tuple[tuple[str, ...], NDArray[np.intp]]:
        """The sorted labels of a column, and the position of each row's, -1 where it is missing."""
        column = self.columns[index]
        codes = np.full(self.rows, -1)
        labels: tuple[str, ...] | None
        if isinstance(column, Numbers):
            there = ~np.isnan(column.values)
            values, codes[there] = np.unique(column.values[there], return_inverse=True)
            labels = tuple(map(_figure, values)) if len(values) <= MOST_CLASSES else None
        elif column.labels is not None:
            labels = tuple(sorted(column.labels))
            position = {label: i for i, label in enumerate(labels)}
            # The last is for the code -1 of a missing entry.
            codes = np.array([*(position[label] for label in column.labels), -1])[column.codes]
        else:
            labels = None
        if labels is None:
            raise DataError(
                f"{self.source}, {self._title(index)}, has more than {MOST_CLASSES:,} different labels, too many for "
                f"onehot: is it a measurement, a name or an identity?"
            )
        return labels, codes

    def _classes(self, classes: Iterable[Any], index: int) -> tuple[str, ...]:
        """Given classes as the labels that they stand for."""
        if isinstance(classes, str) or not isinstance(classes, Iterable):
            raise ArgumentError(f"classes is {classes!r}, a list of labels is wanted")
        wanted = tuple(str(label).strip() for label in classes)
        if isinstance(self.columns[index], Numbers):
            values = [numerals.number(label) for label in wanted]
            wanted = tuple(
                label if value is None else _figure(value) for label, value in zip(wanted, values, strict=True)
            )
        if not wanted or len(wanted) > MOST_CLASSES:
            raise ArgumentError(f"classes has {len(wanted):,} labels, 1 to {MOST_CLASSES:,} are wanted")
        twice = next((label for i, label in enumerate(wanted) if label in wanted[:i]), None)
        if twice is not None:
            raise ArgumentError(f"classes holds {twice!r} twice")
        return wanted

    def _chosen(self, columns: str | int | Iterable[str | int] | None) -> list[int]:
        """Positions of the chosen columns, from 0."""
        if columns is None:
            return list(range(len(self.names)))
        single = isinstance(columns, str) or not isinstance(columns, Iterable)
        asked: list[Any] = [columns] if single else list(columns)  # type: ignore[arg-type]
        if not asked:
            raise ArgumentError("columns is empty: choose one at least, or leave it out for all")
        places: dict[str, list[int]] = {}
        for i, name in enumerate(self.names):
            places.setdefault(name, []).append(i)
        chosen = [self._position(column, places) for column in asked]
        for i, index in enumerate(chosen):
            if index in chosen[:i]:
                raise ArgumentError(f"columns has {self._title(index)} of {self.source} twice")
        return chosen

    def _position(self, column: Any, places: dict[str, list[int]]) -> int:
        if isinstance(column, str):
            found = places.get(column.strip(), [])
            if len(found) == 1:
                return found[0]
            if found:
                numbers = " and ".join(str(i + 1) for i in found)
                raise DataError(f"{self.source} has {len(found)} columns {column!r}: choose by number, {numbers}")
            raise DataError(f"{self.source} has no column {column!r}: {self._near(column)}")
        try:
            number = operator.index(column)
        except TypeError:
            number = None
        if number is None or isinstance(column, bool | np.bool_):
            raise ArgumentError(f"columns holds {column!r}: a name is wanted, or a number counted from 1")
        if self.labelled:
            raise ArgumentError(
                f"columns holds {number}, and columns of {self.source} have numbers for labels: write "
                f"{str(number)!r} for the one that is labelled so"
            )
        if not 1 <= number <= len(self.names):
            raise DataError(
                f"{self.source} has no column number {number}: its columns are counted from 1 to {len(self.names):,}"
            )
        return number - 1

    def _near(self, name: str) -> str:
        if hint := self._delimiter(self.names):
            return hint
        if name.strip().isdecimal() and not self.labelled:
            return f"for column number {name.strip()} leave out the quotes"
        near = nearest(name, self.names)
        return f"did you mean {near!r}?" if near else f"its columns are {_listed(self.names)}"

    def _delimiter(self, entries: Sequence[str]) -> str:
        """A hint at another delimiter, of delimited text whose rows were left in one piece; else ""."""
        return delimiter_hint(entries) if self.text and len(self.names) == 1 else ""

    def _check_finite(self, found: Matrix, chosen: Sequence[int]) -> None:
        """Raise DataError for the first row of features x samples with an entry that is missing or infinite."""
        if np.isfinite(found).all():
            return
        bad = ~np.isfinite(found)
        row = int(bad.any(axis=0).argmax())
        first = int(bad[:, row].argmax())
        if np.isnan(found[first, row]):
            raise self._missing(row, chosen[first], int(np.isnan(found).sum()))
        raise DataError(
            f"{self._place(row, chosen[first])} holds {found[first, row]}: drop or replace what is infinite"
        )

    def _missing(self, row: int, index: int, count: int) -> DataError:
        more = f" (the first of {count:,})" if count > 1 else ""
        return DataError(f"{self._place(row, index)} is missing{more}: {self.dropping}, or fill them in")

    def _place(self, row: int, index: int) -> str:
        return f"{self.source} {self.place(row)}, {self._title(index)}"

    def _title(self, index: int) -> str:
        number = str(index + 1)
        name = self.names[index]
        return f"column {number}" + (f" ({_clipped(name)})" if name not in ("", number) else "")


def _figure(value: float) -> str:
    """A number as a label: a whole one without a point."""
    return f"{value + 0.0:.0f}" if value == round(value) and abs(value) < 1e15 else repr(float(value))


def _clipped(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:39] + "…"


def _shown(entry: str) -> str:
    return repr(_clipped(entry))


def _listed(names: Sequence[str]) -> str:
    more = f", .. ({len(names):,} in all)" if len(names) > 8 else ""
    return ", ".join(repr(_clipped(name)) for name in names[:8]) + more


def _check_memory(source: str, rows: int, columns: int) -> None:
    wanted, there = rows * columns * 8, main_memory()
    if wanted > there:
        raise DataError(
            f"{source} makes a matrix of {rows:,} x {columns:,}, {wanted / 2**30:,.1f} GiB, more than the "
            f"{there / 2**30:,.1f} GiB of this machine: choose fewer columns or rows"
        )
