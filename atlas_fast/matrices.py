"""What people give as data or as starting values, as matrices: arrays, nested lists, numbers, data frames.

In: anything of those. Out: float64 matrices, copied and read-only, of finite numbers only; a DataError
otherwise that names the variable, the entry at fault and the way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DataError, named_type

Matrix = NDArray[np.float64]


def matrix(name: str, value: Any) -> Matrix:
    """value as a float64 matrix: a number becomes 1 x 1, a vector of n becomes 1 x n.

    Raises DataError for other dimensions, for entries that are no real numbers, for nan and inf.
    """
    array = _array(name, value)
    labels = _labels(value)
    if array.ndim > 2:
        sizes = " x ".join(map(str, array.shape))
        flat = f"{array.shape[0]}, -1"
        raise DataError(
            f"{name} has {array.ndim} dimensions ({sizes}), a matrix has two: give a slice of it, "
            f"or {name}.reshape({flat})"
        )
    if array.size == 0:
        sizes = " x ".join(map(str, array.shape))
        raise DataError(f"{name} is empty ({sizes}): every matrix has at least one row and one column")
    array = array.reshape(1, -1) if array.ndim < 2 else array
    found = _numbers(name, array, labels)
    bad = np.argwhere(~np.isfinite(found))
    if len(bad):
        row, column = bad[0]
        more = f" ({len(bad):,} such entries in all)" if len(bad) > 1 else ""
        raise DataError(
            f"{name} holds {found[row, column]} at {_place(row, column, labels)}{more}: "
            f"drop or replace the entries that are missing or infinite"
        )
    found.flags.writeable = False
    return found


def sample_count(data: Mapping[str, Matrix], what: str) -> int:
    """How many samples there are: the columns of the data with more than one, which must all have that many.

    what: for messages, what wants to know. Raises DataError where there are none, or different numbers of them.
    """
    counts = {name: value.shape[1] for name, value in data.items() if value.shape[1] > 1}
    if not counts:
        raise DataError(f"{what} needs samples, data with more than one column")
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {count:,}" for name, count in counts.items())
        raise DataError(
            f"{what} needs data whose columns are the samples, as many in each: {told}; "
            f"transpose what stands the other way"
        )
    return next(iter(counts.values()))


def either(given: int, shape: str) -> str:
    """What to write for a weight that was given as a whole number, which says neither a shape nor a starting value.

    shape: how a shape with so many rows is written where it was given.
    """
    start = f"{given}.0 for a starting value"
    rows = "1 row" if given == 1 else f"{given} rows"
    return f"write {shape} for a shape with {rows}, {start}" if given > 0 else f"write {start}"


def _array(name: str, value: Any) -> NDArray[Any]:
    if value is None:
        raise DataError(f"{name} is None: give it an array, or leave it out to make it a weight")
    if isinstance(value, str | bytes | dict | set):
        raise _strange(name, value)
    if isinstance(value, np.ma.MaskedArray):
        value = np.ma.filled(value.astype(np.float64), np.nan)
    for convert in ("to_numpy", "toarray"):  # pandas and polars frames; SciPy's sparse matrices
        if hasattr(value, convert):
            value = getattr(value, convert)()
    try:
        found = np.asarray(value)
    except ValueError:
        raise DataError(f"the rows of {name} differ in length: a matrix has as many entries in each row") from None
    if found.ndim == 0 and found.dtype == object and not hasattr(value, "__float__"):
        raise _strange(name, value)
    return found


def _strange(name: str, value: Any) -> DataError:
    wanted = "its matrix()" if hasattr(value, "matrix") else "an array, a data frame or a nested list"
    return DataError(f"{name} is {named_type(value)}: give {wanted}")


def _labels(value: Any) -> list[str] | None:
    columns = getattr(value, "columns", None)
    return None if columns is None else [str(column) for column in columns]


def _place(row: int, column: int, labels: list[str] | None) -> str:
    """Where an entry stands. Rows count from 0, as arrays and data frames do; a frame's columns have names."""
    if labels and column < len(labels):
        return f"row {row} (counted from 0), column {labels[column]}"
    return f"row {row}, column {column}, counted from 0"


def _numbers(name: str, array: NDArray[Any], labels: list[str] | None) -> Matrix:
    """A float64 copy of a matrix of any type, row-major."""
    if array.dtype.kind in "fiub":
        return np.array(array, dtype=np.float64, order="C")
    if array.dtype.kind == "c":
        raise DataError(f"{name} holds complex numbers, real ones are wanted: give {name}.real or abs({name})")
    if array.dtype.kind in "mM":
        raise DataError(f"{name} holds dates or times: convert them to numbers first")
    found = np.empty(array.shape, dtype=np.float64)
    for (row, column), entry in np.ndenumerate(array):
        try:
            # A missing entry of a data frame (None, pandas.NA) is reported with the other missing ones.
            found[row, column] = np.nan if entry is None or type(entry).__name__ == "NAType" else float(entry)
        except OverflowError:
            found[row, column] = np.inf
        except (TypeError, ValueError):
            shown = str(entry) if isinstance(entry, str) else entry  # NumPy's strings print as np.str_(..)
            raise DataError(
                f"{name} holds {shown!r} at {_place(row, column, labels)}, a number is wanted: "
                f"drop that column, or encode it as numbers"
            ) from None
    return found
