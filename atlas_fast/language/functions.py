"""The table of functions: all that a text can call, a row each.

A row holds the arguments, what the function says about shapes (for inference, which knows only some of the sizes),
its expansion into primitives, its LaTeX and a line of help. Nothing else in the project lists functions: errors,
inference, derivatives, every back end, the documentation and the tests read this table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from . import formulas
from .notation import ATOM, POWER, Part, applied, fenced, upright

Sizes = tuple[int, int]
"""The shape of a value as inference sees it: a variable for the rows and one for the columns."""


class Relations(Protocol):
    """What a row can say about the shapes of its arguments and result."""

    scalar: Sizes

    def equal(self, left: Sizes, right: Sizes) -> None:
        """Two arguments have the same shape."""

    def broadcast(self, *shapes: Sizes) -> Sizes:
        """The shape of the arguments broadcast together."""

    def labels(self, shape: Sizes, classes: int) -> Sizes:
        """The shape of a one-hot matrix of a row or column of labels."""


@dataclass(frozen=True)
class Argument:
    """kind: "value" is any matrix, "scalar" a 1 x 1 value; "count" and "order" are literals that become the option
    `name`: a positive integer, and which norm. optional: may be left out; default is then taken, if there is one."""

    name: str
    kind: Literal["value", "scalar", "count", "order"] = "value"
    optional: bool = False
    default: float | str | None = None


Shape = Callable[..., Sizes]
"""(relations, *shapes of the values, **options) -> the shape of the result."""
Expansion = Callable[..., int]
"""(builder, *values, **options) -> the result."""
Typeset = Callable[..., Part]
"""(*LaTeX of the values, **options) -> LaTeX of the call."""

X = (Argument("x"),)
XY = (Argument("x"), Argument("y"))


@dataclass(frozen=True)
class Demand:
    """What a function wants of data: of which argument (counted from 0), which entries are right, in words.

    right and words take the function's options; right also the matrix.
    """

    argument: int
    right: Callable[..., NDArray[np.bool_]]
    words: Callable[..., str]


# What functions say about shapes.


def _scalar(relations: Relations, x: Sizes, **options: Any) -> Sizes:
    return relations.scalar


def _reduced(relations: Relations, x: Sizes, axis: int | None = None) -> Sizes:
    if axis is None:
        return relations.scalar
    one = relations.scalar[0]
    return (one, x[1]) if axis == 0 else (x[0], one)


def _extreme(relations: Relations, x: Sizes, y: Sizes | None = None, axis: int | None = None) -> Sizes:
    return _reduced(relations, x, axis) if y is None else relations.broadcast(x, y)


def _loss(relations: Relations, x: Sizes, y: Sizes, *scalars: Sizes) -> Sizes:
    relations.equal(x, y)
    return relations.scalar


def _unchanged(relations: Relations, x: Sizes, *scalars: Sizes, axis: int | None = None) -> Sizes:
    return x


@dataclass(frozen=True)
class Function:
    """One row. has_axis: takes axis=0 or axis=1. normalizes: over the last axis unless `axis` is given.
    also: names that others give to it, for hints. demand: what it wants of values that are data. applies: the
    function that a loss of logits and targets applies to its logits. over_classes: its arguments are classes x samples,
    of two classes at least. definition: its meaning in the language itself, where
    that can say it; for ordinary numbers, since what is computed overflows less."""

    name: str
    help: str
    expand: Expansion
    arguments: tuple[Argument, ...] = X
    shape: Shape = _unchanged
    latex: Typeset | None = None
    has_axis: bool = False
    normalizes: bool = False
    also: tuple[str, ...] = ()
    demand: Demand | None = None
    applies: str = ""
    over_classes: bool = False
    definition: str = ""

    @property
    def kind(self) -> str:
        """What it works on: "entries", all entries or an "axis", the whole "matrix", or two as a "loss"."""
        if self.shape is _loss:
            return "loss"
        return "axis" if self.has_axis else "entries" if self.shape is _unchanged else "matrix"

    @property
    def signature(self) -> str:
        """The call as documentation writes it: huber(x, y, delta=1), max(x, axis=0|1) or max(x, y)."""
        defaults = [a.default if isinstance(a.default, str | None) else f"{a.default:g}" for a in self.arguments]
        shown = [
            a.name if default is None else f"{a.name}={default}"
            for a, default in zip(self.arguments, defaults, strict=True)
        ]
        whole = f"{self.name}({', '.join(shown)})"
        if not self.has_axis:
            return whole
        needed = [a.name for a in self.arguments if not a.optional]
        along = f"{self.name}({', '.join([*needed, 'axis=0|1'])})"
        return along if len(needed) == len(shown) else f"{along} or {whole}"

    def typeset(self, *values: Part, **options: Any) -> Part:
        """LaTeX of a call."""
        if self.latex is not None:
            return self.latex(*values, **options)
        return typeset_call(self.name, *values, **options)


def typeset_call(name: str, *values: Part, **options: Any) -> Part:
    """name(values), upright, an axis as its index."""
    axis = options.get("axis")
    literals = [Part(str(option)) for key, option in options.items() if key != "axis"]
    index = "" if axis is None else rf"_{{\mathrm{{axis}}\,{axis}}}"
    return applied(upright(name) + index, *values, *literals)


# LaTeX that is not name(arguments).


def _typeset_norm(x: Part, p: str = "2") -> Part:
    index = {"inf": r"\infty"}.get(p, p)
    return Part(fenced(r"\|", x) + f"_{{{index}}}")


def _typeset_square_root(x: Part) -> Part:
    return Part(rf"\sqrt{{{x.latex}}}")


_ROWS = (
    Function(
        "relu",
        "x where it is positive, else 0",
        formulas.relu,
        also=("rectifier",),
        definition="max(0, x)",
    ),
    Function(
        "leaky_relu",
        "x where it is positive, else slope * x",
        formulas.leaky_relu,
        (*X, Argument("slope", "scalar", True, 0.01)),
        _unchanged,
        also=("lrelu",),
        definition="max(0, x) + slope * min(0, x)",
    ),
    Function(
        "elu",
        "x where it is positive, else alpha * (e^x - 1)",
        formulas.elu,
        (*X, Argument("alpha", "scalar", True, 1.0)),
        _unchanged,
        definition="max(0, x) + alpha * (exp(min(0, x)) - 1)",
    ),
    Function(
        "selu",
        "the self-normalizing exponential linear unit",
        formulas.selu,
        definition="1.05070098735548 * elu(x, 1.67326324235438)",
    ),
    Function(
        "gelu",
        "x times the probability that a standard normal number is below it",
        formulas.gelu,
        definition="x .* (1 + erf(x / sqrt(2))) / 2",
    ),
    Function(
        "silu",
        "x .* sigmoid(x)",
        lambda b, x: b.emit("mul", x, b.emit("sigmoid", x)),
        also=("swish",),
        definition="x .* sigmoid(x)",
    ),
    Function(
        "softplus",
        "log(1 + e^x)",
        formulas.primitive("softplus"),
        definition="log(1 + exp(x))",
    ),
    Function(
        "sigmoid",
        "1 / (1 + e^-x)",
        formulas.primitive("sigmoid"),
        also=("logistic", "expit"),
        definition="1 / (1 + exp(-x))",
    ),
    Function("tanh", "the hyperbolic tangent", formulas.primitive("tanh")),
    Function(
        "softmax",
        "e^x over its sum along the last axis, or the axis given",
        formulas.softmax,
        shape=_unchanged,
        has_axis=True,
        normalizes=True,
        definition="exp(x) / sum(exp(x), axis=1)",
    ),
    Function(
        "log_softmax",
        "the logarithm of softmax",
        formulas.log_softmax,
        shape=_unchanged,
        has_axis=True,
        normalizes=True,
        also=("logsoftmax",),
        definition="log(softmax(x))",
    ),
    Function(
        "onehot",
        "a row or column of labels 0 .. k-1 as a matrix of 0 and 1, k a number",
        formulas.onehot,
        (Argument("y"), Argument("k", "count")),
        lambda relations, y, k: relations.labels(y, k),
        also=("one_hot",),
        demand=Demand(0, lambda y, k: np.isin(y, np.arange(k)), lambda k: f"labels 0 to {k - 1}"),
    ),
    Function("exp", "e^x", formulas.primitive("exp")),
    Function("log", "the natural logarithm", formulas.primitive("log"), also=("ln",)),
    Function("sqrt", "the square root", formulas.primitive("sqrt"), latex=_typeset_square_root, also=("root",)),
    Function("sin", "the sine, x in radians", formulas.primitive("sin"), also=("sine",)),
    Function("cos", "the cosine, x in radians", formulas.primitive("cos"), also=("cosine",)),
    Function("tan", "the tangent, x in radians", formulas.tan, definition="sin(x) / cos(x)", also=("tangent", "tg")),
    Function("erf", "the error function", formulas.primitive("erf")),
    Function(
        "abs",
        "the absolute value, also |x|; its derivative at 0 is 0",
        formulas.primitive("abs"),
        latex=lambda x: Part(fenced("|", x)),
        also=("absolute",),
    ),
    Function(
        "square",
        "x^2",
        lambda b, x: b.emit("mul", x, x),
        latex=lambda x: Part(x.at(ATOM) + "^{2}", POWER, x.word, x.number),
    ),
    Function(
        "max",
        "the largest entry, of all or along the axis given; of two: entry by entry",
        formulas.maximum,
        (*X, Argument("y", optional=True)),
        _extreme,
        has_axis=True,
        also=("maximum", "amax"),
    ),
    Function(
        "min",
        "the smallest entry, of all or along the axis given; of two: entry by entry",
        formulas.minimum,
        (*X, Argument("y", optional=True)),
        _extreme,
        has_axis=True,
        also=("minimum", "amin"),
    ),
    Function(
        "sum",
        "the sum of all entries, or along the axis given",
        lambda b, x, axis=None: b.emit("sum", x, axis=axis),
        shape=_reduced,
        has_axis=True,
    ),
    Function(
        "mean",
        "the mean of all entries, or along the axis given",
        formulas.mean,
        shape=_reduced,
        has_axis=True,
        also=("average", "avg"),
    ),
    Function(
        "transpose",
        "rows as columns, also x^T and x'",
        formulas.primitive("transpose"),
        shape=lambda relations, x: (x[1], x[0]),
        latex=lambda x: Part(x.at(ATOM) + "^{T}", POWER),
    ),
    Function(
        "norm",
        "the entrywise norm, also ||x||_p: p is 1, 2, F or inf",
        formulas.norm,
        (*X, Argument("p", "order", True, "2")),
        _scalar,
        _typeset_norm,
        definition="sum(|x|^p)^(1/p)",
    ),
    Function(
        "mse",
        "the mean of the squared differences",
        formulas.mse,
        XY,
        _loss,
        definition="mean((x - y)^2)",
    ),
    Function(
        "mae",
        "the mean of the absolute differences",
        formulas.mae,
        XY,
        _loss,
        definition="mean(|x - y|)",
    ),
    Function(
        "huber",
        "the mean of d^2/2 where |d| <= delta, else delta * (|d| - delta/2), d = x - y",
        formulas.huber,
        (*XY, Argument("delta", "scalar", True, 1.0)),
        _loss,
        definition="mean(min(|x - y|, delta) .* (|x - y| - min(|x - y|, delta) / 2))",
    ),
    Function(
        "hinge",
        "the mean of max(0, 1 - x .* y), the labels -1 and 1",
        formulas.hinge,
        XY,
        _loss,
        demand=Demand(1, lambda y: np.isin(y, (-1, 1)), lambda: "labels -1 and 1"),
        definition="mean(max(0, 1 - x .* y))",
    ),
    Function(
        "cross_entropy",
        "classes x samples: the mean over samples of -sum(target * log_softmax(logit))",
        formulas.cross_entropy,
        (Argument("logits"), Argument("targets")),
        _loss,
        also=("crossentropy", "softmax_cross_entropy"),
        applies="softmax",
        over_classes=True,
        definition="mean(-sum(targets .* log_softmax(logits, axis=0), axis=0))",
    ),
    Function(
        "binary_cross_entropy",
        "the mean of log(1 + e^logit) - target * logit, the targets 0 to 1",
        formulas.binary_cross_entropy,
        (Argument("logits"), Argument("targets")),
        _loss,
        also=("bce", "logistic_loss"),
        demand=Demand(1, lambda y: (y >= 0) & (y <= 1), lambda: "targets from 0 to 1"),
        applies="sigmoid",
        definition="mean(softplus(logits) - targets .* logits)",
    ),
)

FUNCTIONS: dict[str, Function] = {row.name: row for row in _ROWS}

CONSTANTS = {"pi": math.pi, "π": math.pi}
"""Names of numbers, unless declared."""
