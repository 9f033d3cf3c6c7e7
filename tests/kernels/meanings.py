"""What every primitive means, said again without the table of primitives: `math`, SciPy and loops over lists."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, erfcx, expit

Array = NDArray[Any]
Shape = tuple[int, int]
Rows = list[list[float]]
Numbers = tuple[float, ...]

INF, NAN = math.inf, math.nan


@dataclass(frozen=True)
class Meaning:
    """One primitive.

    formula: entry by entry numbers -> number where `elementwise`, else lists of rows -> list of rows.
    accepted: arguments' shapes -> the result's; refused: shapes that it does not take.
    samples: arguments away from kinks and poles, to be combined into matrices of the accepted shapes.
    special: arguments -> the result at the ends of the range, at poles and kinks.
    kinks: arguments -> the stated derivative with respect to each.
    ulps: how far compiled code may be off, in units of the last place.
    absolute: how far it may be off in any case, in units of the last place of 1.
    """

    formula: Callable[..., Any]
    accepted: tuple[tuple[tuple[Shape, ...], Shape], ...]
    refused: tuple[tuple[Shape, ...], ...] = ()
    attributes: tuple[dict[str, Any], ...] = ({},)
    elementwise: bool = True
    samples: tuple[Numbers, ...] = ()
    special: tuple[tuple[Numbers, float], ...] = ()
    kinks: tuple[tuple[Any, Any], ...] = ()
    ulps: float = 0.0
    absolute: float = 0.0
    constant: tuple[int, ...] = field(default=())
    """Arguments that the derivative must treat as constants."""

    @property
    def arity(self) -> int:
        return len(self.accepted[0][0])

    def evaluate(self, *arguments: Array, **attributes: Any) -> Array:
        """The formula on matrices in float64."""
        if not self.elementwise:
            return np.array(self.formula(*(a.tolist() for a in arguments), **attributes), dtype=np.float64)
        spread = np.broadcast_arrays(*arguments)
        entries = [self.formula(*map(float, xs)) for xs in zip(*(a.ravel() for a in spread), strict=True)]
        return np.array(entries, dtype=np.float64).reshape(spread[0].shape)


TWO_SHAPES = (
    (((2, 3), (2, 3)), (2, 3)),
    (((2, 3), (1, 1)), (2, 3)),
    (((1, 3), (2, 3)), (2, 3)),
    (((2, 1), (1, 3)), (2, 3)),
)
TWO_REFUSED: tuple[tuple[Shape, ...], ...] = (((2, 3), (3, 2)), ((2, 3), (2, 2)), ((4, 1), (3, 1)))
ONE_SHAPE: tuple[tuple[tuple[Shape, ...], Shape], ...] = ((((2, 3),), (2, 3)), (((1, 1),), (1, 1)))

REAL = (-3.5, -1.25, -0.375, 0.625, 1.5, 2.75, 4.0)
POSITIVE = (0.125, 0.4, 0.9, 1.7, 2.6, 3.3, 5.0)
ALSO = (2.1, -0.7, 1.3, -2.2, 0.35, 3.1, -1.9)

ORDER_SPECIAL = (
    ((INF, 1.0), 0.0), ((1.0, INF), 1.0), ((-INF, INF), 1.0), ((0.0, -0.0), 0.0), ((-0.0, 0.0), 0.0),
    ((NAN, 1.0), 0.0), ((1.0, NAN), 0.0), ((NAN, NAN), 0.0), ((2.0, 2.0), 0.0),
)  # fmt: skip


def one(formula: Callable[[float], float], samples: Numbers = REAL, **rest: Any) -> Meaning:
    return Meaning(formula, ONE_SHAPE, samples=(samples,), **rest)


def two(formula: Callable[[float, float], float], *samples: Numbers, **rest: Any) -> Meaning:
    return Meaning(formula, TWO_SHAPES, TWO_REFUSED, samples=samples or (REAL, ALSO), **rest)


def structural(formula: Callable[..., Rows], *accepted: tuple[tuple[Shape, ...], Shape], **rest: Any) -> Meaning:
    return Meaning(formula, accepted, elementwise=False, ulps=8.0, **rest)


def larger(x: float, y: float) -> float:
    """nan where either is nan."""
    return NAN if math.isnan(x) or math.isnan(y) else x if x > y else y


def normal_cdf(x: float) -> float:
    tail = math.exp(-x * x / 2) * float(erfcx(abs(x) * math.sqrt(0.5))) / 2
    return tail if x < 0 else 1 - tail


def product(x: Rows, y: Rows) -> Rows:
    return [[math.fsum(map(operator.mul, row, column)) for column in zip(*y, strict=True)] for row in x]


def transposed(x: Rows) -> Rows:
    return [list(column) for column in zip(*x, strict=True)]


def reduced(by: Callable[[list[float]], float]) -> Callable[..., Rows]:
    def formula(x: Rows, axis: int | None) -> Rows:
        if axis is None:
            return [[by([entry for row in x for entry in row])]]
        return [[by(list(c)) for c in zip(*x, strict=True)]] if axis == 0 else [[by(row)] for row in x]

    return formula


def spread(x: Rows, shape: Shape) -> Rows:
    return [[x[i % len(x)][j % len(x[0])] for j in range(shape[1])] for i in range(shape[0])]


AXES = ({"axis": 0}, {"axis": 1}, {"axis": None})

MEANINGS: dict[str, Meaning] = {
    "add": two(operator.add, special=(((INF, -INF), NAN), ((INF, 1.0), INF), ((NAN, 1.0), NAN), ((-0.0, 0.0), 0.0))),
    "sub": two(operator.sub, special=(((INF, INF), NAN), ((1.0, INF), -INF), ((1.0, NAN), NAN), ((-0.0, 0.0), 0.0))),
    "mul": two(operator.mul, special=(((INF, 0.0), NAN), ((-2.0, INF), -INF), ((NAN, 0.0), NAN), ((-0.0, 5.0), 0.0))),
    "div": two(
        operator.truediv,
        special=(
            ((1.0, 0.0), INF), ((1.0, -0.0), -INF), ((-1.0, 0.0), -INF), ((0.0, 0.0), NAN), ((INF, INF), NAN),
            ((1.0, INF), 0.0), ((NAN, 1.0), NAN),
        ),
    ),
    "pow": two(
        math.pow, POSITIVE, ALSO,
        ulps=8.0,
        special=(
            ((-2.0, 3.0), -8.0), ((-8.0, 1 / 3), NAN), ((0.0, 0.0), 1.0), ((0.0, -1.0), INF), ((0.0, 2.0), 0.0),
            ((NAN, 0.0), 1.0), ((1.0, NAN), 1.0), ((INF, 2.0), INF), ((2.0, -INF), 0.0), ((0.5, INF), 0.0),
            ((2.0, NAN), NAN), ((NAN, 2.0), NAN),
        ),
        # 0^0 and x^0 do not move with the base; log 0 is taken as 0.
        kinks=(((0.0, 0.0), (0.0, 0.0)), ((0.0, 2.0), (0.0, 0.0)), ((3.0, 0.0), (0.0, math.log(3.0)))),
    ),
    "maximum": two(
        larger,
        special=(
            ((INF, 1.0), INF), ((-INF, 1.0), 1.0), ((NAN, 1.0), NAN), ((1.0, NAN), NAN), ((NAN, INF), NAN),
            ((0.0, -0.0), 0.0), ((-INF, NAN), NAN),
        ),
        kinks=(((1.0, 1.0), (1.0, 0.0)), ((0.0, 0.0), (1.0, 0.0))),
    ),
    "minimum": two(
        lambda x, y: -larger(-x, -y),
        special=(
            ((-INF, 1.0), -INF), ((INF, 1.0), 1.0), ((NAN, 1.0), NAN), ((1.0, NAN), NAN), ((NAN, -INF), NAN),
            ((0.0, -0.0), 0.0), ((INF, NAN), NAN),
        ),
        kinks=(((1.0, 1.0), (1.0, 0.0)), ((0.0, 0.0), (1.0, 0.0))),
    ),
    "neg": one(operator.neg, special=(((INF,), -INF), ((NAN,), NAN), ((0.0,), 0.0))),
    "abs": one(
        math.fabs,
        special=(((-INF,), INF), ((NAN,), NAN), ((-0.0,), 0.0)),
        kinks=(((0.0,), (0.0,)), ((-0.0,), (0.0,))),
    ),
    "exp": one(
        math.exp,
        ulps=2.0,
        special=(
            ((INF,), INF), ((-INF,), 0.0), ((NAN,), NAN), ((0.0,), 1.0), ((-0.0,), 1.0), ((1e4,), INF), ((-1e4,), 0.0),
        ),
    ),
    "log": one(
        math.log, POSITIVE,
        ulps=2.0,
        special=(
            ((0.0,), -INF), ((-0.0,), -INF), ((-1.0,), NAN), ((-INF,), NAN), ((INF,), INF), ((NAN,), NAN),
            ((1.0,), 0.0),
        ),
        kinks=(((0.0,), (INF,)),),
    ),
    "sqrt": one(
        math.sqrt, POSITIVE,
        special=(((0.0,), 0.0), ((-0.0,), 0.0), ((-1.0,), NAN), ((INF,), INF), ((NAN,), NAN)),
        kinks=(((0.0,), (INF,)),),
    ),
    "tanh": one(
        math.tanh,
        ulps=2.5,
        special=(((INF,), 1.0), ((-INF,), -1.0), ((NAN,), NAN), ((0.0,), 0.0), ((100.0,), 1.0), ((-1e30,), -1.0)),
    ),
    "sigmoid": one(
        lambda x: float(expit(x)),
        ulps=2.5,
        special=(((INF,), 1.0), ((-INF,), 0.0), ((NAN,), NAN), ((0.0,), 0.5), ((1e30,), 1.0), ((-1e30,), 0.0)),
    ),
    "softplus": one(
        lambda x: x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x)),
        ulps=2.5,
        special=(((INF,), INF), ((-INF,), 0.0), ((NAN,), NAN), ((1e30,), 1e30), ((-1e30,), 0.0)),
        # 1/2 where log(1 + e^-|x|) has a kink.
        kinks=(((0.0,), (0.5,)),),
    ),
    "sin": one(
        math.sin, (-3.5, -1.25, -0.375, 0.625, 1.5, 2.75, 400.0),
        ulps=2.0,
        special=(((INF,), NAN), ((-INF,), NAN), ((NAN,), NAN), ((0.0,), 0.0), ((-0.0,), 0.0)),
    ),
    "cos": one(
        math.cos, (-3.5, -1.25, -0.375, 0.625, 1.5, 2.75, 400.0),
        ulps=2.0,
        special=(((INF,), NAN), ((-INF,), NAN), ((NAN,), NAN), ((0.0,), 1.0), ((-0.0,), 1.0)),
    ),
    "erf": one(
        lambda x: float(erf(x)), (-3.5, -1.25, -0.375, 0.125, 0.625, 1.5, 2.75),
        ulps=2.0,
        special=(((INF,), 1.0), ((-INF,), -1.0), ((NAN,), NAN), ((0.0,), 0.0), ((100.0,), 1.0), ((-1e30,), -1.0)),
    ),
    "normal_cdf": one(
        normal_cdf, (-3.5, -1.25, -0.375, 0.125, 0.625, 1.5, 2.75),
        ulps=4.0,
        special=(((INF,), 1.0), ((-INF,), 0.0), ((NAN,), NAN), ((0.0,), 0.5), ((100.0,), 1.0), ((-1e30,), 0.0)),
    ),
    "less": two(
        lambda x, y: float(x < y), special=ORDER_SPECIAL, kinks=(((1.0, 1.0), (0.0, 0.0)),), constant=(0, 1)
    ),
    "equal": two(
        lambda x, y: float(x == y), REAL, (2.1, -1.25, 1.3, 0.625, 0.35, 2.75, -1.9),
        special=(((INF, INF), 1.0), ((NAN, NAN), 0.0), ((0.0, -0.0), 1.0), ((1.0, NAN), 0.0), ((-INF, INF), 0.0)),
        kinks=(((1.0, 1.0), (0.0, 0.0)),),
        constant=(0, 1),
    ),
    "select": Meaning(
        lambda m, x, y: x if m != 0 else y,
        ((((2, 3), (2, 3), (2, 3)), (2, 3)), (((2, 1), (1, 3), (1, 1)), (2, 3)), (((1, 1), (2, 3), (2, 1)), (2, 3))),
        (((2, 3), (2, 3), (3, 2)), ((2, 2), (2, 3), (1, 1))),
        samples=((1.0, 0.0, 0.0, 1.0, -2.0, 0.0, 1.0), REAL, ALSO),
        special=(
            ((1.0, INF, 2.0), INF), ((0.0, NAN, 2.0), 2.0), ((0.0, 2.0, NAN), NAN), ((NAN, 1.0, 2.0), 1.0),
            ((-0.0, 1.0, 2.0), 2.0),
        ),
        constant=(0,),
    ),
    "detach": one(lambda x: x, special=(((INF,), INF), ((NAN,), NAN)), constant=(0,)),
    "broadcast": structural(
        spread, (((1, 3),), (2, 3)), (((2, 1),), (2, 3)), (((1, 1),), (2, 3)),
        attributes=({"shape": (2, 3)},), refused=(((3, 2),), ((1, 2),), ((4, 3),)),
    ),
    "matmul": structural(
        product, (((2, 3), (3, 4)), (2, 4)), (((1, 5), (5, 1)), (1, 1)), (((6, 1), (1, 7)), (6, 7)),
        refused=(((2, 3), (2, 3)), ((1, 1), (2, 3))),
    ),
    "gram": structural(
        lambda x, y: product(x, transposed(y)),
        (((2, 3), (4, 3)), (2, 4)), (((1, 5), (1, 5)), (1, 1)), (((6, 1), (7, 1)), (6, 7)),
        refused=(((2, 3), (3, 2)), ((2, 3), (1, 1))),
    ),
    "transpose": structural(transposed, (((2, 3),), (3, 2)), (((1, 4),), (4, 1))),
    "sum": structural(reduced(math.fsum), (((4, 3),), (0, 0)), (((1, 5),), (0, 0)), attributes=AXES),
    "max": structural(reduced(max), (((4, 3),), (0, 0)), (((1, 5),), (0, 0)), attributes=AXES),
}  # fmt: skip

# The bounds of test_vector.py, which meets them everywhere: 2^-21 and 2^-22 in float32.
MEANINGS |= {
    "tanh_absolute": replace(MEANINGS["tanh"], absolute=4.0),
    "sigmoid_absolute": replace(MEANINGS["sigmoid"], absolute=2.0),
}


def reduced_shape(shape: Shape, axis: int | None) -> Shape:
    return (1, 1) if axis is None else (1, shape[1]) if axis == 0 else (shape[0], 1)
