"""Data frames of pandas and polars as tables. Neither is imported: what a frame can do tells what it is.

In: a DataFrame or a Series. Out: its Table, missing entries as such, categories and texts as labels.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from ..errors import DataError, named_type
from .columns import Column, Numbers, column
from .table import Table


def table(frame: Any, source: str) -> Table:
    """The table of a data frame or a series. Raises DataError for anything else."""
    library = _library(frame, ("DataFrame", "Series"))
    if library is None:
        way_out = "call collect() first" if _library(frame, ("LazyFrame",)) else "give one of pandas or polars"
        raise DataError(f"{source} is {named_type(frame)}, a data frame or a series is wanted: {way_out}")
    unnamed = not hasattr(frame, "columns") and frame.name is None
    if not hasattr(frame, "columns"):
        frame = frame.to_frame()
    rows, width = frame.shape
    if not rows or not width:
        raise DataError(f"{source} is empty ({rows} x {width})")
    pandas = library == "pandas"
    columns = [_column(frame.iloc[:, i] if pandas else frame.to_series(i)) for i in range(width)]
    return Table(
        names=tuple(str(name) for name in frame.columns),
        rows=rows,
        source=source,
        columns=tuple(columns),
        place=lambda row: f"row {row:,} (counted from 0)",
        dropping=f"leave out rows with one by {'dropna()' if pandas else 'drop_nulls() and drop_nans()'}",
        # A series of no name is labelled 0 by to_frame, not by the person who has it.
        labelled=not unnamed and any(isinstance(name, Real) and not isinstance(name, bool) for name in frame.columns),
    )


def _library(frame: Any, kinds: tuple[str, ...]) -> str | None:
    """Whose class of that name a frame belongs to, itself or by inheritance."""
    for cls in type(frame).__mro__:
        library = cls.__module__.partition(".")[0]
        if library in ("pandas", "polars") and cls.__name__ in kinds:
            return library
    return None


def _column(series: Any) -> Column:
    """One column, which each library's own types and missing values are gone from."""
    if getattr(series.dtype, "kind", "") in tuple("fiub"):
        return Numbers(series.to_numpy(dtype=np.float64, na_value=np.nan))  # pandas, its nullable types too
    if hasattr(series.dtype, "is_numeric") and series.dtype.is_numeric():
        # polars; by way of a list, for NumPy has no counterpart of its decimals and of 128 bits.
        return Numbers(np.array(series.to_list(), dtype=np.float64))
    return column([_text(entry) for entry in series.to_list()])


def _text(entry: Any) -> str:
    """An entry of any type as it would stand in a file."""
    if entry is None or type(entry).__name__ in ("NAType", "NaTType"):
        return ""
    if not isinstance(entry, Real):
        return str(entry)
    try:
        return repr(float(entry))
    except OverflowError:
        return "inf"
