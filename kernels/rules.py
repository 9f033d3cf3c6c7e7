"""Derivatives of primitives, each a rule written in primitives: what the rows of the table name.

A diagonal rule, (builder b, arguments x, result r, tangent t), serves both modes; a forward and a reverse rule serve
one each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .program import Builder

Shape = tuple[int, int]
Array = NDArray[np.float64]
Diagonal = Callable[["Builder", tuple[int, ...], int, int], int]
"""(builder, arguments, result, tangent) -> the tangent through one argument."""
Forward = Callable[..., "int | None"]
"""(builder, arguments, result, tangents or None an argument, **attributes) -> the tangent of the result."""
Reverse = Callable[..., "tuple[int | None, ...]"]
"""(builder, arguments, result, cotangent, **attributes) -> the cotangent of each argument."""


def reduce_to(builder: Builder, value: int, shape: Shape) -> int:
    """Sum a value over the axes along which `shape` was broadcast: the transpose of broadcasting."""
    rows, columns = builder.shape(value)
    if rows != shape[0] and columns != shape[1]:
        return builder.emit("sum", value, axis=None)
    if rows != shape[0]:
        return builder.emit("sum", value, axis=0)
    return builder.emit("sum", value, axis=1) if columns != shape[1] else value


def power_of_base(b: Builder, x: tuple[int, ...], r: int, t: int) -> int:
    # y x^(y - 1), and 0 where y is 0 (as jax.lax.pow does), since 0 * inf is not a number.
    lowered = b.emit("pow", x[0], b.emit("sub", x[1], b.constant(1.0)))
    slope = b.emit("mul", x[1], lowered)
    zero = b.constant(0.0)
    return b.emit("mul", t, b.emit("select", b.emit("equal", x[1], zero), zero, slope))


def power_of_exponent(b: Builder, x: tuple[int, ...], r: int, t: int) -> int:
    # x^y log x, with log 0 taken as 0 (as jax.lax.pow does).
    safe = b.emit("select", b.emit("equal", x[0], b.constant(0.0)), b.constant(1.0), x[0])
    return b.emit("mul", t, b.emit("mul", r, b.emit("log", safe)))


def absolute(b: Builder, x: tuple[int, ...], r: int, t: int) -> int:
    zero = b.constant(0.0)
    positive = b.emit("select", b.emit("less", zero, x[0]), t, zero)
    return b.emit("select", b.emit("less", x[0], zero), b.emit("neg", t), positive)


def bell(rate: float, height: float) -> Diagonal:
    """height e^(-rate x^2)"""

    def rule(b: Builder, x: tuple[int, ...], r: int, t: int) -> int:
        bell = b.emit("exp", b.emit("mul", x[0], b.emit("mul", b.constant(-rate), x[0])))
        return b.emit("mul", t, b.emit("mul", b.constant(height), bell))

    return rule


def second_if(comparison: Callable[[Builder, int, int], int], second: bool) -> Diagonal:
    """The tangent goes through the second argument where the result is beyond the first, else through the first.

    By the result and not by the second argument, since that is what is kept of a hidden layer.
    """

    def rule(b: Builder, x: tuple[int, ...], r: int, t: int) -> int:
        zero = b.constant(0.0)
        chosen = (t, zero) if second else (zero, t)
        return b.emit("select", comparison(b, x[0], r), *chosen)

    return rule


def less_than(b: Builder, x: int, y: int) -> int:
    return b.emit("less", x, y)


def greater_than(b: Builder, x: int, y: int) -> int:
    return b.emit("less", y, x)


def first_maximum(b: Builder, x: int, r: int, axis: int) -> int:
    """1 at the first entry along the axis that equals the maximum r, 0 elsewhere."""
    size = b.shape(x)[axis]
    counted = np.arange(size, dtype=np.float64)
    index = b.constant(counted[:, None] if axis == 0 else counted[None, :])
    candidates = b.emit("select", b.emit("equal", x, r), b.emit("neg", index), b.constant(-float(size)))
    return b.emit("equal", b.emit("neg", index), b.emit("max", candidates, axis=axis))


def max_forward(b: Builder, x: tuple[int, ...], r: int, t: tuple[int | None, ...], axis: int) -> int | None:
    if t[0] is None:
        return None
    chosen = b.emit("select", first_maximum(b, x[0], r, axis), t[0], b.constant(0.0))
    return b.emit("sum", chosen, axis=axis)


def max_reverse(b: Builder, x: tuple[int, ...], r: int, g: int, axis: int) -> tuple[int | None, ...]:
    spread = b.emit("broadcast", g, shape=b.shape(x[0]))
    return (b.emit("select", first_maximum(b, x[0], r, axis), spread, b.constant(0.0)),)


def bilinear_forward(name: str) -> Forward:
    def rule(b: Builder, x: tuple[int, ...], r: int, t: tuple[int | None, ...]) -> int | None:
        left = None if t[0] is None else b.emit(name, t[0], x[1])
        right = None if t[1] is None else b.emit(name, x[0], t[1])
        return right if left is None else left if right is None else b.emit("add", left, right)

    return rule


def matmul_reverse(b: Builder, x: tuple[int, ...], r: int, g: int) -> tuple[int | None, ...]:
    return b.emit("matmul", g, b.emit("transpose", x[1])), b.emit("matmul", b.emit("transpose", x[0]), g)


def gram_reverse(b: Builder, x: tuple[int, ...], r: int, g: int) -> tuple[int | None, ...]:
    return b.emit("matmul", g, x[1]), b.emit("matmul", b.emit("transpose", g), x[0])


def linear_forward(name: str) -> Forward:
    def rule(b: Builder, x: tuple[int, ...], r: int, t: tuple[int | None, ...], **attributes: Any) -> int | None:
        return None if t[0] is None else b.emit(name, t[0], **attributes)

    return rule


def sum_reverse(b: Builder, x: tuple[int, ...], r: int, g: int, axis: int | None) -> tuple[int | None, ...]:
    return (b.emit("broadcast", g, shape=b.shape(x[0])),)


def broadcast_reverse(b: Builder, x: tuple[int, ...], r: int, g: int, shape: Shape) -> tuple[int | None, ...]:
    return (reduce_to(b, g, b.shape(x[0])),)


def transpose_reverse(b: Builder, x: tuple[int, ...], r: int, g: int) -> tuple[int | None, ...]:
    return (b.emit("transpose", g),)
