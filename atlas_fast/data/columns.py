"""Columns of a table: numbers, or labels where an entry is no number.

In: entries in the order of the rows. Out: immutable columns, which know what stands where.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import numerals

MOST_CLASSES = 1_000
"""Different labels that a column may have to be one-hot. Of a column with more, the labels are not kept."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers. values: (rows,) float64, nan where an entry is missing."""

    values: NDArray[np.float64]


@dataclass(frozen=True)
class Fault:
    """The first entry of a column that is no finite number: its row, from 0, and what stands there."""

    row: int
    entry: str


@dataclass(frozen=True, eq=False)
class Labels:
    """A column with an entry that is no number.

    codes: (rows,) positions in `labels`, -1 where an entry is missing. labels: the different entries, without blanks
    round them, in the order in which they come; None where there are more than MOST_CLASSES, and codes is empty then.
    """

    codes: NDArray[np.intc]
    labels: tuple[str, ...] | None
    fault: Fault


Column = Numbers | Labels


class Growing:
    """A column that is being read, some rows at a time.

    fault: given where an earlier reading found that the column holds labels. A column whose first fault comes when
    earlier rows were already kept as numbers is `late`: it has to be read again with that fault, for the texts of
    those rows are gone.
    """

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault
        self.late = False
        self._rows = 0
        self._values = array("d")
        self._codes = array("i")
        self._seen: dict[str, int] = {}
        self._labels: list[str] | None = []

    def take(self, entries: Sequence[str], values: NDArray[np.float64] | None) -> None:
        """More rows: their entries, and these as numbers, None where one is neither a number nor missing."""
        if values is None and self.fault is None:
            first = next(i for i, entry in enumerate(entries) if numerals.number(entry) is None)
            self.fault = Fault(self._rows + first, entries[first].strip())
            self.late = self._rows > 0
            self._values = array("d")
        if self.fault is None:
            assert values is not None
            self._values.frombytes(values.tobytes())
        elif not self.late and self._labels is not None:
            self._encode(entries)
        self._rows += len(entries)

    def _encode(self, entries: Sequence[str]) -> None:
        seen, labels = self._seen, self._labels
        assert labels is not None
        for entry in entries:
            label = entry.strip()
            code = seen.get(label)
            if code is None:
                code = -1
                if not numerals.missing(label):
                    code = len(labels)
                    labels.append(label)
                if code == MOST_CLASSES:
                    self._labels, self._codes = None, array("i")
                    seen.clear()
                    return
                seen[label] = code
            self._codes.append(code)

    def column(self) -> Column:
        """The column that was read."""
        if self.fault is None:
            return Numbers(_view(self._values, np.float64))
        return Labels(_view(self._codes, np.intc), None if self._labels is None else tuple(self._labels), self.fault)


def _view(values: array[Any], dtype: type[np.generic]) -> NDArray[Any]:
    """The array's own memory, read-only."""
    view = np.frombuffer(values, dtype) if values else np.empty(0, dtype)
    view.flags.writeable = False
    return view


def column(entries: Sequence[str]) -> Column:
    """The column of entries that are all there at once."""
    values = numerals.numbers(entries)
    if values is not None:
        return Numbers(values)
    growing = Growing()
    growing.take(entries, None)
    return growing.column()
