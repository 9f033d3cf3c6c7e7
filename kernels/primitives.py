"""The table of primitives: all that a program can compute, a row each.

A row holds the arity, the shape check, the NumPy meaning (float64, the oracle of every back end), the derivative
and, for what works element by element, its lowering. Nothing else in the project lists primitives: back ends,
derivatives, printing and tests read this table.

Derivatives are written in primitives. For an element-by-element primitive the derivative is diagonal, so one rule
an argument serves both modes: it maps a tangent of the argument to a tangent of the result, and a cotangent of the
result to one of the argument. Structural primitives have a forward and a reverse rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from . import rules
from .rules import Array, Diagonal, Forward, Reverse, Shape


@dataclass(frozen=True)
class Primitive:
    """One row.

    arity: None for any number. shape: the result's, None where the arguments do not fit. numpy: the meaning.
    diagonal, or forward and reverse: the derivative. lower: from a back end's operations (see cpu/vector.py) and
    the arguments' elements. absolute: a cheaper lowering, bounded in absolute error alone, for what a product consumes,
    and absolute_error the bound in float32 (benchmarks/accuracy.py measures it).
    linear: in all arguments "together", in "either" of two alone, in the "first" alone, or not. units: numbers that
    leave the other argument as it is, each with the places where it may stand. cost: how a plan counts an element.
    exact: whether nothing is rounded.
    """

    name: str
    arity: int | None
    shape: Callable[..., Shape | None]
    numpy: Callable[..., Array]
    diagonal: tuple[Diagonal | None, ...] | None = None
    forward: Forward | None = None
    reverse: Reverse | None = None
    lower: Callable[..., Any] | None = None
    absolute: Callable[..., Any] | None = None
    absolute_error: float = 0.0
    linear: Literal["together", "either", "first"] | None = None
    commutative: bool = False
    units: tuple[tuple[float, tuple[int, ...]], ...] = ()
    cost: Literal["other", "special", "division", "nothing"] = "other"
    exact: bool = False

    @property
    def elementwise(self) -> bool:
        return self.lower is not None


def broadcast_shape(*shapes: Shape) -> Shape | None:
    """NumPy's broadcasting for matrices: along each axis all sizes that are not 1 agree. None where they do not."""
    sizes = []
    for axis in (0, 1):
        found = {shape[axis] for shape in shapes} - {1}
        if len(found) > 1:
            return None
        sizes.append(found.pop() if found else 1)
    return sizes[0], sizes[1]


def _reduced(shape: Shape, axis: int | None) -> Shape | None:
    if axis is None:
        return 1, 1
    return {0: (1, shape[1]), 1: (shape[0], 1)}.get(axis)


def _broadcast_to(source: Shape, shape: Shape) -> Shape | None:
    return shape if broadcast_shape(source, shape) == shape else None


# The NumPy meanings that NumPy does not have by itself.


def _sigmoid(x: Array) -> Array:
    return np.where(x < 0, np.exp(np.minimum(x, 0.0)), 1.0) / (1.0 + np.exp(-np.abs(x)))


def _entrywise(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """A function of Python's numbers on each entry."""
    return np.vectorize(function, otypes=[np.float64])


def _less(x: Array, y: Array) -> Array:
    return np.less(x, y).astype(np.float64)


def _equal(x: Array, y: Array) -> Array:
    return np.equal(x, y).astype(np.float64)


def _select(mask: Array, x: Array, y: Array) -> Array:
    return np.where(mask != 0, x, y)


def _numpy_broadcast(x: Array, shape: Shape) -> Array:
    return np.broadcast_to(x, shape)


_ROWS = (
    Primitive(
        "add", 2, broadcast_shape, np.add,
        diagonal=(lambda b, x, r, t: t, lambda b, x, r, t: t),
        lower=lambda v, x, y: v.add(x, y),
        linear="together", commutative=True, units=((0.0, (0, 1)),),
    ),
    Primitive(
        "sub", 2, broadcast_shape, np.subtract,
        diagonal=(lambda b, x, r, t: t, lambda b, x, r, t: b.emit("neg", t)),
        lower=lambda v, x, y: v.sub(x, y),
        linear="together", units=((0.0, (1,)),),
    ),
    Primitive(
        "mul", 2, broadcast_shape, np.multiply,
        diagonal=(lambda b, x, r, t: b.emit("mul", t, x[1]), lambda b, x, r, t: b.emit("mul", x[0], t)),
        lower=lambda v, x, y: v.mul(x, y),
        linear="either", commutative=True, units=((1.0, (0, 1)),),
    ),
    Primitive(
        "div", 2, broadcast_shape, np.divide,
        diagonal=(
            lambda b, x, r, t: b.emit("div", t, x[1]),
            lambda b, x, r, t: b.emit("neg", b.emit("div", b.emit("mul", t, r), x[1])),
        ),
        lower=lambda v, x, y: v.div(x, y),
        linear="first", units=((1.0, (1,)),), cost="division",
    ),
    Primitive(
        "pow", 2, broadcast_shape, np.power,
        diagonal=(rules.power_of_base, rules.power_of_exponent),
        lower=lambda v, x, y: v.pow(x, y),
        cost="special",
    ),
    Primitive(
        # The first of ties has the derivative, so that relu(x) = maximum(0, x) has relu'(0) = 0.
        "maximum", 2, broadcast_shape, np.maximum,
        diagonal=(rules.second_if(rules.less_than, False), rules.second_if(rules.less_than, True)),
        lower=lambda v, x, y: v.maximum(x, y), exact=True,
    ),
    Primitive(
        "minimum", 2, broadcast_shape, np.minimum,
        diagonal=(rules.second_if(rules.greater_than, False), rules.second_if(rules.greater_than, True)),
        lower=lambda v, x, y: v.minimum(x, y), exact=True,
    ),
    Primitive(
        "neg", 1, lambda s: s, np.negative,
        diagonal=(lambda b, x, r, t: b.emit("neg", t),),
        lower=lambda v, x: v.neg(x),
        exact=True, linear="together",
    ),
    Primitive("abs", 1, lambda s: s, np.abs, diagonal=(rules.absolute,), lower=lambda v, x: v.abs(x), exact=True),
    Primitive(
        "exp", 1, lambda s: s, np.exp,
        diagonal=(lambda b, x, r, t: b.emit("mul", t, r),),
        lower=lambda v, x: v.exp(x),
        cost="special",
    ),
    Primitive(
        "log", 1, lambda s: s, np.log,
        diagonal=(lambda b, x, r, t: b.emit("div", t, x[0]),),
        lower=lambda v, x: v.log(x),
        cost="special",
    ),
    Primitive(
        "sqrt", 1, lambda s: s, np.sqrt,
        diagonal=(lambda b, x, r, t: b.emit("div", b.emit("mul", b.constant(0.5), t), r),),
        lower=lambda v, x: v.sqrt(x),
        cost="division",
    ),
    Primitive(
        "tanh", 1, lambda s: s, np.tanh,
        diagonal=(
            lambda b, x, r, t: b.emit("mul", t, b.emit("sub", b.constant(1.0), b.emit("mul", r, r))),
        ),
        lower=lambda v, x: v.tanh(x), absolute=lambda v, x: v.tanh_absolute(x),
        absolute_error=2.0**-21,
        cost="special",
    ),
    Primitive(
        "sigmoid", 1, lambda s: s, _sigmoid,
        diagonal=(
            lambda b, x, r, t: b.emit("mul", t, b.emit("mul", r, b.emit("sub", b.constant(1.0), r))),
        ),
        lower=lambda v, x: v.sigmoid(x), absolute=lambda v, x: v.sigmoid_absolute(x),
        absolute_error=2.0**-22,
        cost="special",
    ),
    Primitive(
        # log(1 + e^x), which is e^x far to the left and x far to the right.
        "softplus", 1, lambda s: s, lambda x: np.logaddexp(x, 0.0),
        diagonal=(lambda b, x, r, t: b.emit("mul", t, b.emit("sigmoid", x[0])),),
        lower=lambda v, x: v.softplus(x),
        cost="special",
    ),
    Primitive(
        "sin", 1, lambda s: s, np.sin,
        diagonal=(lambda b, x, r, t: b.emit("mul", t, b.emit("cos", x[0])),),
        lower=lambda v, x: v.sin(x),
        cost="special",
    ),
    Primitive(
        "cos", 1, lambda s: s, np.cos,
        diagonal=(lambda b, x, r, t: b.emit("neg", b.emit("mul", t, b.emit("sin", x[0]))),),
        lower=lambda v, x: v.cos(x),
        cost="special",
    ),
    Primitive(
        "erf", 1, lambda s: s, _entrywise(math.erf),
        diagonal=(rules.bell(1.0, 2 / math.sqrt(math.pi)),),
        lower=lambda v, x: v.erf(x),
        cost="special",
    ),
    Primitive(
        # (1 + erf(x / sqrt(2))) / 2, which keeps its digits to the left, where that sum loses them all.
        "normal_cdf", 1, lambda s: s, _entrywise(lambda x: 0.5 * math.erfc(-math.sqrt(0.5) * x)),
        diagonal=(rules.bell(0.5, 1 / math.sqrt(2 * math.pi)),),
        lower=lambda v, x: v.normal_cdf(x),
        cost="special",
    ),
    Primitive(
        "less", 2, broadcast_shape, _less,
        diagonal=(None, None), lower=lambda v, x, y: v.less(x, y), exact=True,
    ),
    Primitive(
        "equal", 2, broadcast_shape, _equal,
        diagonal=(None, None), lower=lambda v, x, y: v.equal(x, y), exact=True,
    ),
    Primitive(
        "select", 3, broadcast_shape, _select,
        diagonal=(
            None,
            lambda b, x, r, t: b.emit("select", x[0], t, b.constant(0.0)),
            lambda b, x, r, t: b.emit("select", x[0], b.constant(0.0), t),
        ),
        lower=lambda v, m, x, y: v.select(m, x, y),
    ),
    # The value alone: where a derivative would cancel by algebra, as for the shift of a softmax.
    Primitive(
        "detach", 1, lambda s: s, lambda x: x,
        diagonal=(None,), lower=lambda v, x: x,
        cost="nothing",
    ),
    Primitive(
        "broadcast", 1, _broadcast_to, _numpy_broadcast,
        forward=rules.linear_forward("broadcast"), reverse=rules.broadcast_reverse,
        lower=lambda v, x, shape: x,
        linear="together", cost="nothing",
    ),
    Primitive(
        "matmul", 2, lambda s, t: (s[0], t[1]) if s[1] == t[0] else None, np.matmul,
        forward=rules.bilinear_forward("matmul"), reverse=rules.matmul_reverse,
        linear="either",
    ),
    Primitive(
        # x y^T: how a sum over samples of products looks once samples are columns everywhere.
        "gram", 2, lambda s, t: (s[0], t[0]) if s[1] == t[1] else None, lambda x, y: np.matmul(x, y.T),
        forward=rules.bilinear_forward("gram"), reverse=rules.gram_reverse,
    ),
    Primitive(
        "transpose", 1, lambda s: (s[1], s[0]), np.transpose,
        forward=rules.linear_forward("transpose"), reverse=rules.transpose_reverse,
        linear="together",
    ),
    Primitive(
        "sum", 1, _reduced, lambda x, axis: np.sum(x, axis=axis, keepdims=True),
        forward=rules.linear_forward("sum"), reverse=rules.sum_reverse,
        linear="together",
    ),
    Primitive(
        "max", 1, _reduced, lambda x, axis: np.max(x, axis=axis, keepdims=True),
        forward=rules.max_forward, reverse=rules.max_reverse,
    ),
)  # fmt: skip

PRIMITIVES: dict[str, Primitive] = {row.name: row for row in _ROWS}


def absolute_form(name: str) -> str:
    """The name of a primitive's cheaper form, bounded in absolute error: another primitive of the same meaning."""
    return f"{name}_absolute"


PRIMITIVES |= {
    absolute_form(row.name): replace(row, name=absolute_form(row.name), lower=row.absolute, absolute=None)
    for row in _ROWS
    if row.absolute is not None
}
