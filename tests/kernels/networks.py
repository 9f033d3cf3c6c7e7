"""Losses that these tests share, each written twice: as a program by hand, and as a formula in NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from atlas_fast import kernels
from atlas_fast.kernels import Builder, Program

Array = NDArray[Any]
Arrays = dict[str, Array]

EPS32 = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Loss:
    """formula: called with the data and the weights by name."""

    program: Program
    formula: Callable[..., float]

    def draw(self, names: dict[str, tuple[int, int]], seed: int) -> Arrays:
        random = np.random.default_rng(seed)
        return {name: random.normal(size=shape) for name, shape in names.items()}

    def case(self, seed: int = 0) -> Case:
        parts = (self.draw(self.program.weights, seed + k) for k in (1, 2, 3))
        return Case(self, self.draw(self.program.data, seed), *parts)


@dataclass(frozen=True)
class Case:
    """A loss with data, on a plane."""

    loss: Loss
    data: Arrays
    center: Arrays
    u: Arrays
    v: Arrays

    def weights(self, a: float, b: float) -> Arrays:
        return {name: self.center[name] + a * self.u[name] + b * self.v[name] for name in self.center}

    def formula(self, a: float, b: float) -> float:
        return float(self.loss.formula(**self.data, **self.weights(a, b)))

    def surface(self, a: Array, b: Array) -> Array:
        """The loss, dL/da and dL/db by the formula, the slopes by central differences: (3, rows, columns)."""
        step, out = 1e-5, np.empty((3, len(b), len(a)))
        for i, y in enumerate(b):
            for j, x in enumerate(a):
                out[0, i, j] = self.formula(x, y)
                out[1, i, j] = (self.formula(x + step, y) - self.formula(x - step, y)) / (2 * step)
                out[2, i, j] = (self.formula(x, y + step) - self.formula(x, y - step)) / (2 * step)
        return out

    def largest(self, a: float, b: float) -> float:
        """The largest intermediate at a point, by which rounding errors are measured."""
        values = kernels.reference.intermediates(self.loss.program, {**self.data, **self.weights(a, b)})
        return max(float(np.abs(value).max()) for value in values)

    def bound(self, dtype: str = "float64", gradient: bool = True, **options: Any) -> Any:
        kernel = kernels.plane(self.loss.program, dtype=dtype, gradient=gradient, **options)
        return kernel.bind(self.data, self.center, self.u, self.v)


def assert_surface(case: Case, found: Array, a: Array, b: Array) -> None:
    """float64: 1e-10 in the loss; float32: 1e-5 of its range and 8 eps of its intermediates. Slopes as far as
    central differences are right, or float32's share of the largest slope."""
    expected, single = case.surface(a, b), found.dtype == np.float32
    assert found.shape[1:] == expected.shape[1:]
    extent = float(np.ptp(expected[0])) + max(case.largest(x, b[0]) for x in (a[0], a[-1])) * 8 * EPS32 / 1e-5
    rtol, atol = (1e-5, 1e-5 * extent) if single else (1e-10, 1e-12)
    np.testing.assert_allclose(found[0], expected[0], rtol=rtol, atol=atol)
    for slope, by_differences in zip(found[1:], expected[1:], strict=False):
        scale = float(np.abs(expected).max())
        bound = (1e-4 if single else 1e-7) * scale
        np.testing.assert_allclose(slope, by_differences, rtol=1e-4 if single else 1e-7, atol=bound)


def mean(b: Builder, x: int) -> int:
    rows, columns = b.shape(x)
    return b.emit("div", b.emit("sum", x, axis=None), b.constant(float(rows * columns)))


def norm(b: Builder, x: int) -> int:
    return b.emit("sqrt", b.emit("sum", b.emit("mul", x, x), axis=None))


def classifier(samples: int = 20, hidden: int = 6, as_rows: bool = False) -> Loss:
    """||softmax(A sigmoid(B X + C) + D) - Y||, samples as columns, or all of it transposed."""
    b = Builder()

    def matrix(make: Callable[..., int], name: str, rows: int, columns: int) -> int:
        return make(name, (columns, rows) if as_rows else (rows, columns))

    def product(x: int, y: int) -> int:
        return b.emit("matmul", y, x) if as_rows else b.emit("matmul", x, y)

    axis = 1 if as_rows else 0
    x, y = matrix(b.data, "X", 4, samples), matrix(b.data, "Y", 3, samples)
    h = b.emit("add", product(matrix(b.weight, "B", hidden, 4), x), matrix(b.weight, "C", hidden, 1))
    z = b.emit("add", product(matrix(b.weight, "A", 3, hidden), b.emit("sigmoid", h)), matrix(b.weight, "D", 3, 1))
    e = b.emit("exp", b.emit("sub", z, b.emit("detach", b.emit("max", z, axis=axis))))
    p = b.emit("div", e, b.emit("sum", e, axis=axis))

    def formula(X: Array, Y: Array, A: Array, B: Array, C: Array, D: Array) -> float:
        if as_rows:
            X, Y, A, B, C, D = (value.T for value in (X, Y, A, B, C, D))
        return float(np.linalg.norm(softmax(A @ expit(B @ X + C) + D, axis=0) - Y))

    return Loss(b.build(norm(b, b.emit("sub", p, y))), formula)


def regression(samples: int = 30, hidden: int = 5) -> Loss:
    """mean((A max(0, B X + C) + D - Y)^2)."""
    b = Builder()
    x, y = b.data("X", (3, samples)), b.data("Y", (1, samples))
    h = b.emit("add", b.emit("matmul", b.weight("B", (hidden, 3)), x), b.weight("C", (hidden, 1)))
    h = b.emit("maximum", b.constant(0.0), h)
    z = b.emit("add", b.emit("matmul", b.weight("A", (1, hidden)), h), b.weight("D", (1, 1)))
    r = b.emit("sub", z, y)

    def formula(X: Array, Y: Array, A: Array, B: Array, C: Array, D: Array) -> float:
        return float(np.mean((A @ np.where(B @ X + C > 0, B @ X + C, 0) + D - Y) ** 2))

    return Loss(b.build(mean(b, b.emit("mul", r, r))), formula)


def deep(samples: int = 24, width: int = 5) -> Loss:
    """mean(|C tanh(B tanh(A X)) - Y|)."""
    b = Builder()
    x, y = b.data("X", (3, samples)), b.data("Y", (2, samples))
    h = b.emit("tanh", b.emit("matmul", b.weight("A", (width, 3)), x))
    h = b.emit("tanh", b.emit("matmul", b.weight("B", (width + 1, width)), h))
    z = b.emit("matmul", b.weight("C", (2, width + 1)), h)

    def formula(X: Array, Y: Array, A: Array, B: Array, C: Array) -> float:
        return float(np.mean(np.abs(C @ np.tanh(B @ np.tanh(A @ X)) - Y)))

    return Loss(b.build(mean(b, b.emit("abs", b.emit("sub", z, y)))), formula)


def bowl() -> Loss:
    """x^2 + 3 y^2: no data."""
    b = Builder()
    x, y = b.weight("x", (1, 1)), b.weight("y", (1, 1))
    loss = b.emit("add", b.emit("mul", x, x), b.emit("mul", b.constant(3.0), b.emit("mul", y, y)))
    return Loss(b.build(loss), lambda x, y: float((x * x + 3 * y * y).item()))


def bumps() -> Loss:
    """|x|^y + log(1 + x^2) - 2^(x y) + min(x, y): powers, and no data."""
    b = Builder()
    x, y = b.weight("x", (1, 1)), b.weight("y", (1, 1))
    parts = [
        b.emit("pow", b.emit("abs", x), y),
        b.emit("log", b.emit("add", b.constant(1.0), b.emit("mul", x, x))),
        b.emit("neg", b.emit("pow", b.constant(2.0), b.emit("mul", x, y))),
        b.emit("minimum", x, y),
    ]
    total = parts[0]
    for part in parts[1:]:
        total = b.emit("add", total, part)

    def formula(x: Array, y: Array) -> float:
        return float((np.abs(x) ** y + np.log1p(x * x) - 2 ** (x * y) + np.minimum(x, y)).item())

    return Loss(b.build(total), formula)


def quadratic_form(samples: int = 13) -> Loss:
    """mean(tanh(X^T A X)^2): samples x samples."""
    b = Builder()
    x = b.data("X", (3, samples))
    m = b.emit("matmul", b.emit("transpose", x), b.emit("matmul", b.weight("A", (3, 3)), x))
    t = b.emit("tanh", m)

    def formula(X: Array, A: Array) -> float:
        return float(np.mean(np.tanh(X.T @ A @ X) ** 2))

    return Loss(b.build(mean(b, b.emit("mul", t, t))), formula)


def two_sets(first: int = 25, second: int = 70) -> Loss:
    """mean(sigmoid(W X)) + mean(tanh(W Z)^2): two axes of samples."""
    b = Builder()
    x, z, w = b.data("X", (4, first)), b.data("Z", (4, second)), b.weight("W", (3, 4))
    t = b.emit("tanh", b.emit("matmul", w, z))
    loss = b.emit("add", mean(b, b.emit("sigmoid", b.emit("matmul", w, x))), mean(b, b.emit("mul", t, t)))

    def formula(X: Array, Z: Array, W: Array) -> float:
        return float(np.mean(expit(W @ X)) + np.mean(np.tanh(W @ Z) ** 2))

    return Loss(b.build(loss), formula)


def softmax_over_samples(samples: int = 40) -> Loss:
    """sum(softmax(w X) * Y) along the samples: the maximum and the sum are used again for each sample."""
    b = Builder()
    x, y = b.data("X", (3, samples)), b.data("Y", (1, samples))
    s = b.emit("matmul", b.weight("W", (1, 3)), x)
    e = b.emit("exp", b.emit("sub", s, b.emit("detach", b.emit("max", s, axis=1))))
    p = b.emit("div", e, b.emit("sum", e, axis=1))

    def formula(X: Array, Y: Array, W: Array) -> float:
        return float(np.sum(softmax(W @ X, axis=1) * Y))

    return Loss(b.build(b.emit("sum", b.emit("mul", p, y), axis=None)), formula)


def centred(samples: int = 37) -> Loss:
    """mean(sigmoid((z - mean(z)) / sqrt(mean((z - mean(z))^2) + 1)) * Y) with z = W X: two rounds of statistics."""
    b = Builder()
    x, y = b.data("X", (4, samples)), b.data("Y", (3, samples))
    z, count = b.emit("matmul", b.weight("W", (3, 4)), x), b.constant(float(samples))
    r = b.emit("sub", z, b.emit("div", b.emit("sum", z, axis=1), count))
    variance = b.emit("div", b.emit("sum", b.emit("mul", r, r), axis=1), count)
    scaled = b.emit("div", r, b.emit("sqrt", b.emit("add", variance, b.constant(1.0))))

    def formula(X: Array, Y: Array, W: Array) -> float:
        z = W @ X
        scaled = (z - z.mean(axis=1, keepdims=True)) / np.sqrt(z.var(axis=1, keepdims=True) + 1)
        return float(np.mean(expit(scaled) * Y))

    return Loss(b.build(mean(b, b.emit("mul", b.emit("sigmoid", scaled), y))), formula)


def largest_entry(samples: int = 21) -> Loss:
    """max over all of W X, plus the sum over samples of the max over features."""
    b = Builder()
    z = b.emit("matmul", b.weight("W", (4, 3)), b.data("X", (3, samples)))
    loss = b.emit("add", b.emit("max", z, axis=None), b.emit("sum", b.emit("max", z, axis=0), axis=None))
    return Loss(b.build(loss), lambda X, W: float((W @ X).max() + (W @ X).max(axis=0).sum()))


LOSSES: dict[str, Callable[[], Loss]] = {
    "classifier": classifier,
    "classifier, samples as rows": lambda: classifier(as_rows=True),
    "regression": regression,
    "deep": deep,
    "bowl": bowl,
    "bumps": bumps,
    "quadratic form": quadratic_form,
    "two sets": two_sets,
    "softmax over samples": softmax_over_samples,
    "centred": centred,
    "largest entry": largest_entry,
}
