"""Polynomials in the coordinates a and b whose coefficients are values of a program.

A value of a plane is a polynomial while it is made of weights by sums and products: its coefficients do not depend
on (a, b), so they are computed once. It is put together by Horner's rule along a, each of whose coefficients is put
together along b: those are the same for a whole row of the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .lazily import cached_property
from .primitives import Shape
from .program import Builder

Parts = dict[tuple[int, int], int]
"""For exponents (i, j) the value that is the coefficient of a^i b^j."""

LARGEST_DEGREE = 8
"""45 coefficients: beyond, the triangular factor costs more than a small grid saves, and float32 loses digits to
a^9 where |a| is above 1."""

COEFFICIENT_LIMIT = 2**24
"""Numbers that the coefficients of one value of degree 2 or more may be: 128 MiB in float64."""

AFFINE_LIMIT = 2**28
"""The same for an affine value: 2 GiB in float64, the three matrices of a first layer of 1,000 units on 90,000 samples.
Beyond it the layer is computed at each point, block of samples by block, from data that are there in any case."""


@dataclass(frozen=True, eq=False)
class Polynomial:
    """sum over (i, j) of a^i b^j parts[i, j], values of one shape; parts[0, 0] is always there.

    make: emits the parts when they are first asked for. whole: whether the value may be computed from them. An
    entry-by-entry product may not: it is as cheap from its factors, and near a common zero of theirs its expansion
    loses half of the digits. depth: how many polynomials that are not whole this one is made from in turn.
    """

    degree: int
    make: Callable[[], Parts] = field(repr=False)
    whole: bool = True
    depth: int = 0

    @cached_property
    def parts(self) -> Parts:
        return self.make()

    @property
    def varies(self) -> bool:
        return self.degree > 0

    @property
    def constant(self) -> int:
        return self.parts[0, 0]

    def mapped(self, change: Callable[[int], int]) -> Polynomial:
        """With every coefficient changed by something linear."""
        return Polynomial(self.degree, lambda: {e: change(p) for e, p in self.parts.items()}, self.whole, self.depth)


def made_of(parts: Parts) -> Polynomial:
    """The polynomial of coefficients that are there."""
    return Polynomial(max(i + j for i, j in parts), lambda: parts)


def is_small(degree: int, shape: Shape) -> bool:
    """Whether the coefficients of a value are worth their memory and time."""
    entries = (degree + 1) * (degree + 2) // 2 * shape[0] * shape[1]
    return degree <= LARGEST_DEGREE and entries <= (AFFINE_LIMIT if degree < 2 else COEFFICIENT_LIMIT)


def product(b: Builder, op: str, x: Parts, y: Parts) -> Parts:
    """The coefficients of a bilinear primitive's result."""
    parts: Parts = {}
    for (i, j), left in x.items():
        for (k, m), right in y.items():
            term, exponents = b.emit(op, left, right), (i + k, j + m)
            parts[exponents] = b.emit("add", parts[exponents], term) if exponents in parts else term
    return parts


def assembled(b: Builder, parts: Parts) -> int:
    """The value of a polynomial: (k00 + b k01 + ..) + a ((k10 + b k11 + ..) + a ..)."""
    rows: dict[int, dict[int, int]] = {}
    for (i, j), part in parts.items():
        rows.setdefault(i, {})[j] = part
    return _horner(b, "a", {i: _horner(b, "b", row) for i, row in rows.items()})


def _horner(b: Builder, name: str, coefficients: dict[int, int]) -> int:
    highest = max(coefficients)
    value = coefficients[highest]
    for power in range(highest - 1, -1, -1):
        value = b.emit("mul", b.coordinate(name), value)
        if power in coefficients:
            value = b.emit("add", coefficients[power], value)
    return value
