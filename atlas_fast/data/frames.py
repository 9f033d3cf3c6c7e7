"""Data frames of pandas and polars as tables. Neither is imported: what a frame can do tells what it is.

In: a DataFrame or a Series. Out: its Table, missing entries as such, categories and texts as labels.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from ..errors import DataError
from .columns import Column, Numbers, column
from .table import Table


def table(frame: Any, source: str) -> Table:
    """The table of a data frame or a series. Raises DataError for anything else."""
    library = type(frame).__module__.partition(".")[0]
    if library not in ("pandas", "polars"):
        raise DataError(f"{source} is a {type(frame).__name__}: give a pandas or polars data frame or series")
    if hasattr(frame, "collect"):
        raise DataError(f"{source} is a LazyFrame: give {type(frame).__name__}.collect()")
    if hasattr(frame, "to_frame") and not hasattr(frame, "columns"):
        frame = frame.to_frame()
    if not hasattr(frame, "columns"):
        raise DataError(f"{source} is a {type(frame).__name__}: give a data frame or a series")
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
        place=lambda row: f"row {row + 1:,}",
        dropping=f"leave out rows with one by {'dropna' if pandas else 'drop_nulls'}()",
    )


def _column(series: Any) -> Column:
    """One column, which each library's own types and missing values are gone from."""
    if getattr(series.dtype, "kind", "") in tuple("fiub"):
        return Numbers(series.to_numpy(dtype=np.float64, na_value=np.nan))  # pandas, its nullable types too
    if hasattr(series.dtype, "is_numeric") and series.dtype.is_numeric():
        return Numbers(series.to_numpy().astype(np.float64))  # polars
    return column([_text(entry) for entry in series.to_list()])


def _text(entry: Any) -> str:
    """An entry of any type as it would stand in a file."""
    if entry is None or type(entry).__name__ in ("NAType", "NaTType"):
        return ""
    return repr(float(entry)) if isinstance(entry, Real) else str(entry)
