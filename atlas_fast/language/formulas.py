"""Formulas: what functions compute, written in primitives. The rows of functions.py name them.

Each takes a builder and the values of its arguments, options by keyword, and returns the result. Where a function
has a kink, its derivative there is the frameworks' common one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..kernels.program import Builder


LOWEST = -float(np.finfo(np.float32).max)
"""The lowest number of float32, the shorter of the two formats that a surface is computed in."""


def _one_minus(b: Builder, x: int) -> int:
    return b.emit("sub", b.constant(1.0), x)


def mean(b: Builder, x: int, axis: int | None = None) -> int:
    rows, columns = b.shape(x)
    count = rows * columns if axis is None else (rows, columns)[axis]
    return b.emit("div", b.emit("sum", x, axis=axis), b.constant(float(count)))


def relu(b: Builder, x: int) -> int:
    # The derivative of `maximum` goes to the first of ties: relu'(0) = 0.
    return b.emit("maximum", b.constant(0.0), x)


def leaky_relu(b: Builder, x: int, slope: int) -> int:
    return b.emit("select", b.emit("less", b.constant(0.0), x), x, b.emit("mul", slope, x))


def elu(b: Builder, x: int, alpha: int) -> int:
    # The exponential sees only what is not positive: elsewhere it would overflow and spoil the derivative.
    zero = b.constant(0.0)
    positive = b.emit("less", zero, x)
    grown = b.emit("exp", b.emit("select", positive, zero, x))
    return b.emit("select", positive, x, b.emit("mul", alpha, b.emit("sub", grown, b.constant(1.0))))


def selu(b: Builder, x: int) -> int:
    # Klambauer et al. 2017, Self-Normalizing Neural Networks, section 2.
    return b.emit("mul", b.constant(1.0507009873554805), elu(b, x, b.constant(1.6732632423543772)))


def gelu(b: Builder, x: int) -> int:
    # Hendrycks and Gimpel 2016: x times the normal distribution function, the exact form.
    return b.emit("mul", x, b.emit("normal_cdf", x))


def tan(b: Builder, x: int) -> int:
    # Both keep their digits next to their zeros, so the quotient does next to its poles: some 4 ulp everywhere.
    return b.emit("div", b.emit("sin", x), b.emit("cos", x))


def _shifted(b: Builder, x: int, axis: int | None) -> tuple[int, int]:
    # The largest entry is subtracted against overflow. It cancels in the derivative, so it takes no part in it.
    over = 1 if axis is None else axis
    return b.emit("sub", x, b.emit("detach", b.emit("max", x, axis=over))), over


def softmax(b: Builder, x: int, axis: int | None = None) -> int:
    shifted, over = _shifted(b, x, axis)
    raised = b.emit("exp", shifted)
    return b.emit("div", raised, b.emit("sum", raised, axis=over))


def log_softmax(b: Builder, x: int, axis: int | None = None) -> int:
    shifted, over = _shifted(b, x, axis)
    return b.emit("sub", shifted, b.emit("log", b.emit("sum", b.emit("exp", shifted), axis=over)))


def onehot(b: Builder, y: int, k: int) -> int:
    classes = np.arange(k, dtype=np.float64)
    return b.emit("equal", y, b.constant(classes[:, None] if b.shape(y)[0] == 1 else classes[None, :]))


def maximum(b: Builder, x: int, y: int | None = None, axis: int | None = None) -> int:
    return b.emit("max", x, axis=axis) if y is None else b.emit("maximum", x, y)


def minimum(b: Builder, x: int, y: int | None = None, axis: int | None = None) -> int:
    if y is not None:
        return b.emit("minimum", x, y)
    return b.emit("neg", b.emit("max", b.emit("neg", x), axis=axis))


def norm(b: Builder, x: int, p: str = "2") -> int:
    if p == "1":
        return b.emit("sum", b.emit("abs", x), axis=None)
    if p == "inf":
        return b.emit("max", b.emit("abs", x), axis=None)
    squares = b.emit("sum", b.emit("mul", x, x), axis=None)
    # The root's derivative at 0 is infinite, the norm's is 0. Compared by `equal`, nan and inf pass through.
    zero = b.constant(0.0)
    none = b.emit("equal", squares, zero)
    return b.emit("select", none, zero, b.emit("sqrt", b.emit("select", none, b.constant(1.0), squares)))


def mse(b: Builder, x: int, y: int) -> int:
    difference = b.emit("sub", x, y)
    return mean(b, b.emit("mul", difference, difference))


def mae(b: Builder, x: int, y: int) -> int:
    return mean(b, b.emit("abs", b.emit("sub", x, y)))


def huber(b: Builder, x: int, y: int, delta: int) -> int:
    distance = b.emit("abs", b.emit("sub", x, y))
    half = b.constant(0.5)
    near = b.emit("mul", half, b.emit("mul", distance, distance))
    far = b.emit("mul", delta, b.emit("sub", distance, b.emit("mul", half, delta)))
    return mean(b, b.emit("select", b.emit("less", delta, distance), far, near))


def hinge(b: Builder, x: int, y: int) -> int:
    return mean(b, b.emit("maximum", b.constant(0.0), _one_minus(b, b.emit("mul", x, y))))


def cross_entropy(b: Builder, x: int, y: int) -> int:
    # Logits may differ by more than the largest number: log_softmax is then -inf, which times a target of 0 is nan. The
    # derivative with respect to that target has to be finite too.
    logarithm = log_softmax(b, x, 0)
    finite = b.emit("maximum", logarithm, b.constant(LOWEST))
    likelihood = b.emit("sum", b.emit("mul", y, b.emit("select", y, logarithm, finite)), axis=None)
    return b.emit("div", b.emit("neg", likelihood), b.constant(float(b.shape(x)[1])))


def binary_cross_entropy(b: Builder, x: int, y: int) -> int:
    return mean(b, b.emit("sub", b.emit("softplus", x), b.emit("mul", x, y)))


def primitive(name: str) -> Callable[..., int]:
    """The primitive of that name, of one argument."""
    return lambda b, x: b.emit(name, x)
