"""Losses that are polynomials in (a, b): the numbers of the losses themselves, and no pass over the samples."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from atlas_fast import kernels
from atlas_fast.kernels import Builder, Program, derivative, reference
from atlas_fast.kernels.once import CHUNK, ONCE
from atlas_fast.kernels.polynomial import LARGEST_DEGREE
from atlas_fast.kernels.program import ProgramError
from atlas_fast.kernels.streams import split
from atlas_fast.kernels.substitution import coefficient, placed

Array = NDArray[Any]
Arrays = dict[str, Array]

A, B = np.linspace(-1.0, 1.0, 5), np.array([-0.7, 0.0, 0.4])


def draw(program: Program, seed: int = 0) -> tuple[Arrays, list[Arrays]]:
    """Data, and a centre and two directions."""
    random = np.random.default_rng(seed)

    def normal(shapes: dict[str, tuple[int, int]]) -> Arrays:
        return {name: random.normal(size=shape) / np.sqrt(shape[1]) for name, shape in shapes.items()}

    return normal(program.data), [normal(program.weights) for _ in range(3)]


def everywhere(program: Program) -> dict[str, tuple[bool, bool]]:
    return dict.fromkeys(program.weights, (True, True))


def square(b: Builder, x: int) -> int:
    return b.emit("mul", x, x)


def total(b: Builder, x: int) -> int:
    return b.emit("sum", x, axis=None)


def norm(b: Builder, x: int) -> int:
    squares, zero = total(b, square(b, x)), b.constant(0.0)
    none = b.emit("equal", squares, zero)
    return b.emit("select", none, zero, b.emit("sqrt", b.emit("select", none, b.constant(1.0), squares)))


def linear(b: Builder, n: int) -> int:
    """w X + c - y"""
    z = b.emit("matmul", b.weight("w", (1, 3)), b.data("X", (3, n)))
    return b.emit("sub", b.emit("add", z, b.weight("c", (1, 1))), b.data("y", (1, n)))


def deep(b: Builder, n: int, layers: int = 3, width: int = 3) -> int:
    """W1 W2 .. X - Y"""
    z = b.weight("W0", (2, width))
    for k in range(1, layers):
        z = b.emit("matmul", z, b.weight(f"W{k}", (width, width)))
    return b.emit("sub", b.emit("matmul", z, b.data("X", (width, n))), b.data("Y", (2, n)))


def rows(b: Builder, n: int) -> int:
    """X w - y with the samples as rows, the sum of squares written as a product of matrices."""
    r = b.emit("sub", b.emit("matmul", b.data("X", (n, 3)), b.weight("w", (3, 1))), b.data("y", (n, 1)))
    return b.emit("matmul", b.emit("transpose", r), r)


def weighted(b: Builder, n: int) -> int:
    """mean of (2 s r^2 - r t / 4), s of the data and t another residual"""
    r, s = linear(b, n), b.data("s", (1, n))
    t = b.emit("add", b.emit("matmul", b.weight("v", (1, 3)), b.data("X", (3, n))), b.constant(1.0))
    first = b.emit("mul", b.constant(2.0), b.emit("mul", s, square(b, r)))
    second = b.emit("div", b.emit("mul", r, t), b.constant(4.0))
    return b.emit("div", total(b, b.emit("sub", first, second)), b.constant(float(n)))


def cubes(b: Builder, n: int) -> int:
    r = linear(b, n)
    return total(b, b.emit("add", b.emit("neg", b.emit("mul", r, square(b, r))), r))


POLYNOMIALS: dict[str, Callable[[Builder, int], int]] = {
    "norm of a linear residual": lambda b, n: norm(b, linear(b, n)),
    "mean square of one": lambda b, n: b.emit("div", total(b, square(b, linear(b, n))), b.constant(float(n))),
    "deep linear": lambda b, n: total(b, square(b, deep(b, n))),
    "residual of products": lambda b, n: norm(b, b.emit("sub", square(b, linear(b, n)), b.data("t", (1, n)))),
    "samples as rows": rows,
    "weighted": weighted,
    "cubes": cubes,
    "with a penalty": lambda b, n: b.emit("add", norm(b, linear(b, n)), total(b, square(b, b.weight("w", (1, 3))))),
}


def check(program: Program, seed: int = 0, rtol: float = 1e-11) -> None:
    """The loss and its slopes, compiled in float64, beside the reference with the weights put in."""
    data, parts = draw(program, seed)
    gradient = derivative.gradient(program)
    found = kernels.plane(program, "float64", gradient=True).bind(data, *parts)(A, B)
    scales = [0.0] * 3
    expected = np.empty_like(found)
    for i, y in enumerate(B):
        for j, x in enumerate(A):
            weights = {name: parts[0][name] + x * parts[1][name] + y * parts[2][name] for name in program.weights}
            values = reference.evaluate(gradient, {**data, **weights})
            expected[0, i, j] = values[0].item()
            for k in (1, 2):
                slopes = zip(values[1:], program.weights, strict=True)
                expected[k, i, j] = sum(float(np.sum(g * parts[k][name])) for g, name in slopes)
            inner = reference.intermediates(program, {**data, **weights})
            scales[0] = max(scales[0], *(float(np.abs(value).max()) for value in inner))
    scales[1] = scales[2] = max(scales[0], float(np.abs(expected[1:]).max()))
    for surface, by_reference, scale in zip(found, expected, scales, strict=True):
        np.testing.assert_allclose(surface, by_reference, rtol=rtol, atol=rtol * scale)


@pytest.mark.parametrize("samples", [1, 5, 40, 300])
@pytest.mark.parametrize("name", POLYNOMIALS)
def test_a_polynomial_loss_is_the_loss(name: str, samples: int) -> None:
    b = Builder()
    check(b.build(POLYNOMIALS[name](b, samples)))


@pytest.mark.parametrize("gradient", [False, True])
@pytest.mark.parametrize("name", POLYNOMIALS)
def test_no_pass_over_the_samples_is_left(name: str, gradient: bool) -> None:
    costs = []
    for samples in (200, 5000):
        b = Builder()
        kernel = kernels.plane(b.build(POLYNOMIALS[name](b, samples)), gradient=gradient)
        assert not any(kernel.plan.body.streams)
        assert any("polynomial of degree" in note for note in kernel.notes)
        costs.append(kernel.plan.operations)
    assert costs[0] == costs[1]


class Texts:
    """Random polynomial programs: sums and products of weights and data that fit."""

    def __init__(self, pick: Callable[[int], int]) -> None:
        self.pick, self.b, self.count = pick, Builder(), 0

    def leaf(self, shape: tuple[int, int]) -> int:
        self.count += 1
        make = self.b.weight if self.pick(3) else self.b.data
        return make(f"{'dw'[make == self.b.weight]}{self.count}", shape)

    def value(self, shape: tuple[int, int], depth: int) -> int:
        b = self.b
        if depth == 0:
            return self.leaf(shape)
        kind = self.pick(8)
        if kind in (0, 1):
            inner = (1, 2, 4)[self.pick(3)]
            left, right = self.value((shape[0], inner), depth - 1), self.value((inner, shape[1]), depth - 1)
            return b.emit("matmul", left, right)
        if kind in (2, 3, 4):
            smaller = ((1, 1), (1, shape[1]), (shape[0], 1), shape)[self.pick(4)]
            op = ("add", "sub", "mul")[kind - 2]
            left, right = self.value(shape, depth - 1), self.value(smaller, depth - 1)
            return b.emit(op, left, right) if self.pick(2) or op != "sub" else b.emit("neg", b.emit(op, left, right))
        if kind == 5:
            return square(b, self.value(shape, depth - 1))
        if kind == 6:
            return b.emit("transpose", self.value(shape[::-1], depth - 1))
        summed = b.emit("sum", self.value((shape[0], 3), depth - 1), axis=1)
        return b.emit("broadcast", b.emit("div", summed, b.constant(3.0)), shape=shape)

    def loss(self) -> Program:
        b, shape = self.b, ((1, 30), (30, 2), (3, 40))[self.pick(3)]
        x = self.value(shape, 1 + self.pick(3))
        x = b.emit("sub", x, b.data("y", shape))
        top = (norm, lambda b, x: total(b, square(b, x)), total, lambda b, x: total(b, b.emit("mul", x, square(b, x))))
        return b.build(b.emit("add", top[self.pick(4)](b, x), total(b, b.weight("last", (1, 1)))))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_generated_polynomials(seed: int) -> None:
    random = np.random.default_rng(seed)
    check(Texts(lambda n: int(random.integers(n))).loss(), seed % 1000, rtol=1e-9)


# Near a minimum


@pytest.mark.parametrize("distance", [1e-3, 1e-5, 1e-7])
def test_next_to_a_minimum_of_zero_the_digits_are_kept(distance: float) -> None:
    """A residual of some eps at a distance d from its zero is a relative error of some eps / d, 1e-9 at 1e-7; that of
    the expanded square is eps / d^2, 2e-2."""
    b = Builder()
    program = b.build(total(b, square(b, linear(b, 50))))
    random = np.random.default_rng(1)
    X = random.integers(-8, 9, size=(3, 50)) / 8.0
    parts = [{"w": random.integers(-8, 9, size=(1, 3)) / 8.0, "c": random.integers(-8, 9, size=(1, 1)) / 8.0}]
    parts += [{n: random.integers(-8, 9, size=s.shape) / 8.0 for n, s in parts[0].items()} for _ in range(2)]
    least = 0.5, -0.25
    at = {n: parts[0][n] + least[0] * parts[1][n] + least[1] * parts[2][n] for n in ("w", "c")}
    data = {"X": X, "y": at["w"] @ X + at["c"]}
    place = least[0] + distance, least[1] - distance
    found = kernels.plane(program, "float64").bind(data, *parts)([place[0]], [place[1]]).item()
    rational = np.vectorize(Fraction, otypes=[object])
    exact = {n: rational(matrix) for n, matrix in data.items()}
    for n in ("w", "c"):
        c, u, v = (rational(part[n]) for part in parts)
        exact[n] = c + Fraction(place[0]) * u + Fraction(place[1]) * v
    expected = ((exact["w"] @ exact["X"] + exact["c"] - exact["y"]) ** 2).sum()
    assert abs(Fraction(found) - expected) <= Fraction(4 * np.finfo(float).eps / distance) * expected


def test_the_norm_at_a_center_without_residual_has_the_slope_of_its_kink() -> None:
    b = Builder()
    program = b.build(norm(b, linear(b, 50)))
    data, parts = draw(program)
    X = np.round(data["X"] * 8)
    parts[0] = {n: np.round(w * 8) for n, w in parts[0].items()}
    bound = kernels.plane(program, gradient=True).bind(
        {"X": X, "y": parts[0]["w"] @ X + parts[0]["c"]}, *parts
    )  # fmt: skip
    assert (bound([0.0], [0.0]) == 0).all()
    assert (bound([1.0], [0.0]) != 0).all()


# Which way is chosen


def test_what_is_cheap_as_it_stands_stays_so() -> None:
    """A bowl's squares have all their digits at its minimum."""
    b = Builder()
    x, y = b.weight("x", (1, 1)), b.weight("y", (1, 1))
    kernel = kernels.plane(b.build(b.emit("add", square(b, x), square(b, y))))
    assert kernel.notes == tuple(f"{w} (weight, 1 x 1) is affine in (a, b): 3 numbers, computed once" for w in "xy")
    assert "triangle" not in str(kernel.plan.body.prologue)


def test_a_product_of_weights_inside_a_network_is_made_once() -> None:
    b = Builder()
    z = deep(b, 60, width=8)
    kernel = kernels.plane(b.build(total(b, b.emit("tanh", z))))
    assert "degree 3" in " ".join(kernel.notes)
    assert not any(i.op == "matmul" for i in kernel.plan.body.program.instructions)


def test_sums_of_squares_of_several_shapes_have_one_factor() -> None:
    """As the gradient's norm has, a sum for each weight, here of degrees 1, 2 and 2."""
    b = Builder()
    products = (b.emit("matmul", b.weight(f"U{k}", (2, 3)), b.weight(f"V{k}", (3, 9))) for k in range(2))
    several = [total(b, square(b, x)) for x in (linear(b, 50), *products)]
    program = b.build(b.emit("add", b.emit("add", several[0], several[1]), several[2]))
    kernel = kernels.plane(program, "float64")
    assert str(kernel.plan.body.prologue).count("triangle") == 1
    assert "sums of squares are reduced once" in " ".join(kernel.notes)
    check(program, rtol=1e-12)


def test_the_norm_of_a_deep_linear_networks_gradient_makes_no_pass_over_weights() -> None:
    b = Builder()
    program = b.build(total(b, square(b, deep(b, 60))))
    kernel = kernels.plane(program, "float64", gradient_norm=True)
    loss = kernels.plane(program, "float64").plan.cost["other"]
    assert str(kernel.plan.body.prologue).count("triangle") == 2
    assert kernel.plan.cost["other"] <= 5 * loss


@pytest.mark.parametrize("layers", [LARGEST_DEGREE, LARGEST_DEGREE + 2])
def test_of_too_high_a_degree_nothing_is_expanded(layers: int) -> None:
    b = Builder()
    program = b.build(total(b, square(b, deep(b, 300, layers))))
    products = [i for i in kernels.plane(program).plan.body.program.instructions if i.op == "matmul"]
    assert bool(products) == (layers > LARGEST_DEGREE)
    check(program, rtol=1e-10)


# The triangular factor


def test_the_factor_has_the_norms_of_all_combinations() -> None:
    random = np.random.default_rng(0)
    for count in (2, 3, CHUNK, 2 * CHUNK + 5):
        columns = [random.normal(size=(1, count)) for _ in range(4)]
        factor = ONCE["triangle"].numpy(*columns)
        assert factor.shape == (4, 4)
        assert (np.tril(factor, -1) == 0).all()
        z = random.normal(size=4)
        whole = sum(k * c for k, c in zip(z, columns, strict=True))
        np.testing.assert_allclose(np.linalg.norm(factor @ z), np.linalg.norm(whole), rtol=1e-13)


@pytest.mark.parametrize("wrong", [np.inf, np.nan])
def test_what_is_not_finite_stays_so(wrong: float) -> None:
    b = Builder()
    program = b.build(norm(b, linear(b, 40)))
    data, parts = draw(program)
    data["y"][0, 7] = wrong
    found = kernels.plane(program).bind(data, *parts)(A, B)
    assert np.isposinf(found).all() if np.isinf(wrong) else np.isnan(found).all()


def test_no_kernel_factors_a_matrix() -> None:
    b = Builder()
    factor = b.emit("triangle", b.weight("x", (1, 3)), b.data("y", (1, 3)))
    with pytest.raises(ProgramError, match="triangle"):
        split(b.build(total(b, factor)), ())


def test_the_placed_program_is_the_program() -> None:
    """The pass alone, by the reference."""
    for make in POLYNOMIALS.values():
        b = Builder()
        program = b.build(make(b, 80))
        data, parts = draw(program, 5)
        inputs = {coefficient(p, n): part[n] for p, part in zip("cuv", parts, strict=True) for n in program.weights}
        for x, y in ((0.0, 0.0), (0.3, -2.0)):
            weights = {n: parts[0][n] + x * parts[1][n] + y * parts[2][n] for n in program.weights}
            expected = reference.evaluate(program, {**data, **weights})[0]
            found = reference.evaluate(
                placed(program, everywhere(program)).program, {**data, **inputs, "a": [[x]], "b": [[y]]}
            )[0]
            np.testing.assert_allclose(found, expected, rtol=1e-11)
