"""Sums over a million samples in float32: within 1e-6 of the sum of the absolute terms. Blocks of some dozens of
samples are summed in float32, and the blocks in float64, so that the error does not grow with the samples."""

import math

import numpy as np
import pytest
from meanings import Array
from numpy.typing import NDArray

from atlas_fast import kernels
from atlas_fast.kernels import Builder, Program

SAMPLES = 1_000_000
ALLOWED = 1e-6

RANDOM = np.random.default_rng(0)
TERMS = {
    "all positive": np.abs(RANDOM.normal(size=SAMPLES)) + 0.1,
    "one number": np.full(SAMPLES, 0.1),
    "both signs, which cancel": np.concatenate([[0.7], RANDOM.normal(size=SAMPLES - 1)]),
    "of many sizes": RANDOM.normal(size=SAMPLES) * 10.0 ** RANDOM.uniform(-6, 6, size=SAMPLES),
    "in order of size": np.sort(RANDOM.exponential(size=SAMPLES)),
}


def rounded(terms: Array) -> NDArray[np.float64]:
    return terms.astype(np.float32).astype(np.float64)[None]


def of_entries(b: Builder, x: int) -> Program:
    """sum(max(w, X)), w far below every entry: the terms are the samples, but no part of the sum is hoisted."""
    return b.build(b.emit("sum", b.emit("maximum", b.weight("w", (1, 1)), x), axis=None))


def of_products(b: Builder, x: int) -> Program:
    """max(w, X) X^T, a product over the samples: the terms are X^2."""
    return b.build(b.emit("gram", b.emit("maximum", b.weight("w", (1, 1)), x), x))


LOW = -1e9


@pytest.mark.parametrize("points", [1, 3])
@pytest.mark.parametrize("name", TERMS)
def test_a_sum_over_a_million_samples(name: str, points: int) -> None:
    """One point, whose lanes are samples, and several, a lane each."""
    x = rounded(TERMS[name])
    for make, terms in ((of_entries, x), (of_products, x * x)):
        b = Builder()
        kernel = kernels.points(make(b, b.data("X", (1, SAMPLES))), dtype="float32")
        (found,) = kernel.bind({"X": x})({"w": np.full((points, 1, 1), LOW)})
        exact, size = math.fsum(terms[0]), math.fsum(np.abs(terms[0]))
        error = np.abs(found.astype(float) - exact).max() / size
        assert error <= ALLOWED, (make.__name__, error)


@pytest.mark.parametrize("name", TERMS)
def test_a_surface_of_a_sum_over_a_million_samples(name: str) -> None:
    x, b = rounded(TERMS[name]), Builder()
    kernel = kernels.plane(of_entries(b, b.data("X", (1, SAMPLES))), dtype="float32")
    found = kernel.bind({"X": x}, {"w": [[LOW]]}, {"w": [[1.0]]}, {"w": [[2.0]]})([-1.0, 0.0, 1.0], [0.0, 1.0])
    exact, size = math.fsum(x[0]), math.fsum(np.abs(x[0]))
    assert found.size == 6
    assert np.abs(found.astype(float) - exact).max() / size <= ALLOWED
