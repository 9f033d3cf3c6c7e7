"""Names of scalar weights: "x" for a weight that is a scalar, "B[0,2]" for an entry of a matrix, counted from 0."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .arguments import ArgumentError

if TYPE_CHECKING:
    from .problem import Problem

_ENTRY = re.compile(r"\s*(\w+)\s*(?:\[\s*(\d+)\s*,\s*(\d+)\s*\])?\s*")


def position(problem: Problem, text: str) -> int:
    """Where a scalar weight stands in a vector (P,). Raises ArgumentError for a text that names none."""
    if not isinstance(text, str) or not (match := _ENTRY.fullmatch(text)):
        raise ArgumentError(f"{text!r} names no scalar weight: write x, or B[0,2] for row 0, column 2 of B")
    name, row, column = match.groups()
    if name not in problem.weights:
        raise ArgumentError(f"{name} is no weight: the weights are {', '.join(problem.weights)}")
    rows, columns = problem.weights[name]
    if row is None and rows * columns > 1:
        raise ArgumentError(f"{name} is {rows} x {columns}: name one entry of it, as in {name}[0,0]")
    i, j = int(row or 0), int(column or 0)
    if i >= rows or j >= columns:
        raise ArgumentError(f"{name}[{i},{j}] is not there: {name} is {rows} x {columns}, counted from 0")
    before = 0
    for other, (r, c) in problem.weights.items():
        if other == name:
            break
        before += r * c
    return before + i * columns + j


def entry(problem: Problem, place: int) -> str:
    """The name of the scalar weight at a position of a vector (P,): the inverse of `position`."""
    for name, (rows, columns) in problem.weights.items():
        if place < rows * columns:
            return name if rows * columns == 1 else f"{name}[{place // columns},{place % columns}]"
        place -= rows * columns
    raise IndexError(place)
