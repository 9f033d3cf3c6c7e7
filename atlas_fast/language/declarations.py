"""The shapes that come with a text: those of data, and those that a user gives to weights."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import SupportsIndex

from ..errors import ShapeError

Shape = tuple[int, int]
PartialShape = tuple[int | None, int | None]
Given = Sequence[SupportsIndex | None] | None
"""A shape as users give it: () is 1 x 1, (n,) is 1 x n, (r, c); None for a size or for the whole."""


def as_weights(weights: Mapping[str, Given]) -> dict[str, PartialShape]:
    """Every shape as rows and columns, None for what is not given. Raises ShapeError for what is no shape."""
    return {name: pair(name, shape) for name, shape in weights.items()}


def as_data(data: Mapping[str, Given]) -> dict[str, Shape]:
    """The same for data, whose sizes are all known."""
    shapes: dict[str, Shape] = {}
    for name, given in data.items():
        rows, columns = pair(name, given)
        if rows is None or columns is None:
            raise ShapeError(f"the shape of {name} is {given}, and that of data is known in full")
        shapes[name] = rows, columns
    return shapes


def pair(name: str, given: Given) -> PartialShape:
    """One shape as rows and columns. Raises ShapeError."""
    if given is None:
        return None, None
    if isinstance(given, str | bytes) or not isinstance(given, Sequence) or len(given) > 2:
        raise ShapeError(f"the shape of {name} is {given!r}: two sizes are wanted, as in (10, 4) or (10, None)")
    sizes = [_size(name, given, size) for size in given]
    rows, columns = [1] * (2 - len(sizes)) + sizes
    return rows, columns


def _size(name: str, given: Given, size: SupportsIndex | None) -> int | None:
    if size is None:
        return None
    try:
        number = operator.index(size)
    except TypeError:
        number = 0
    if number < 1 or isinstance(size, bool):
        raise ShapeError(f"the shape of {name} is {given!r}: a size is a whole number, 1 or more, or None")
    return number
