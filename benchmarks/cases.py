"""The losses that the benchmarks measure, a row each: what is computed, on which data, at which grid.

In: a name. Out: a Case, its problem, and a surface's place: a plane that a seed draws, the same for ours and every
other program. Data come with scikit-learn and the package; the largest are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import contest
import numpy as np
from numpy.typing import NDArray

import atlas_fast as af
from atlas_fast import kernels
from atlas_fast.data.scaling import Scaling
from atlas_fast.examples import EXAMPLES
from atlas_fast.language import parse

Data = Mapping[str, Any]
Bars = tuple[float, float]

IRIS_SIGMOID = EXAMPLES["iris-sigmoid"].expression


def no_data() -> Data:
    return {}


def diabetes() -> Data:
    """442 samples of 10 features, all of mean 0 and variance 1."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    found = {"X": X.T, "y": y[None, :]}
    return {name: Scaling.fit("standardize", matrix).apply(matrix) for name, matrix in found.items()}


def digits() -> Data:
    """1,797 pictures of 8 x 8 grey values, 0 to 1, and their digits."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return {"X": X.T / 16, "y": y}


def synthetic() -> Data:
    """10,000 samples of 784 normal features in 10 classes: the sizes of MNIST's test set."""
    random = np.random.default_rng(0)
    return {"X": random.normal(size=(784, 10_000)), "y": random.integers(0, 10, 10_000)}


@dataclass(frozen=True)
class Case:
    """bars: how many times faster than JAX the loss is to be, with vectors of 256 and of 512 bits; gradient_bars: the
    same with its derivatives along the plane. grid: points along each axis."""

    name: str
    about: str
    text: str
    grid: int
    bars: Bars
    gradient_bars: Bars
    data: Callable[[], Data] = no_data
    weights: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def problem(self) -> af.Problem:
        return af.Problem(self.text, self.data(), self.weights)


CASES = {
    case.name: case
    for case in (
        Case("bowl", "two scalars", "x^2 + y^2", 1024, (1, 1), (1, 1)),
        Case("linear", "linear regression, diabetes", "||w*X + b - y||_2", 1024, (40, 40), (40, 40), diabetes),
        Case(
            "deep", "deep linear 10-8-8-1, diabetes", "||A*B*C*X - y||_2^2", 1024, (40, 40), (40, 40), diabetes,
            {"A": (1, 8), "B": (8, 8), "C": (8, 10)},
        ),
        Case(
            "iris-relu", "4-10-3 relu", EXAMPLES["iris-relu"].expression, 256, (4, 6), (5, 8), af.datasets.iris,
            {"B": (10, 4)},
        ),
        Case(
            "iris-small", "4-10-10-3 sigmoid", IRIS_SIGMOID, 256, (4, 7), (5, 8), af.datasets.iris, {"C": (10, 10)}
        ),
        Case(
            "iris-sigmoid", "4-32-16-3 sigmoid", IRIS_SIGMOID, 256, (3, 5), (4, 6), af.datasets.iris, {"C": (16, 32)}
        ),
        Case(
            "housing", "13-50-1 relu, 506 samples", EXAMPLES["housing"].expression, 256, (5, 8), (5, 8),
            EXAMPLES["housing"].data, {"B": (50, 13)},
        ),
        Case(
            "digits-tanh", "64-64-10 tanh, 1,797 samples", "cross_entropy(A*tanh(B*X + C) + D, onehot(y, 10))", 64,
            (3, 5), (3.5, 6), digits, {"B": (64, 64)},
        ),
        Case(
            "digits-relu", "64-128-128-10 relu, 1,797 samples",
            "cross_entropy(A*relu(B*relu(E*X + F) + C) + D, onehot(y, 10))", 32, (1.6, 3), (1.6, 3), digits,
            {"E": (128, 64), "B": (128, 128)},
        ),
        Case(
            "synthetic", "784-128-10 relu, 10,000 samples", "cross_entropy(A*relu(B*X + C) + D, onehot(y, 10))", 16,
            (15, 25), (12, 20), synthetic, {"B": (128, 784)},
        ),
    )
}  # fmt: skip


def vector(problem: af.Problem, seed: int) -> NDArray[np.float64]:
    """Weights as training would start from, but with biases that are not zero."""
    blocks = problem.unpack(problem.init(seed=seed))
    random = np.random.default_rng(seed)
    for name in problem.biases:
        blocks[name] = 0.1 * random.standard_normal(blocks[name].shape)
    return problem.pack(blocks)


def landscape(problem: af.Problem, name: str, resolution: int | tuple[int, int]) -> contest.Landscape:
    """The surface to compute: rows x columns points of [-1, 1] x [-1, 1] on a plane drawn from seeds."""
    rows, columns = resolution if isinstance(resolution, tuple) else (resolution, resolution)
    center, u, v = (problem.unpack(vector(problem, seed)) for seed in range(3))
    root = parse(problem.expression, [*problem.data, *problem.weights]).root
    a, b = np.linspace(-1, 1, columns), np.linspace(-1, 1, rows)
    return contest.Landscape(name, root, problem.program, problem.data, center, u, v, a, b)


def activations(program: kernels.Program) -> int:
    """Bytes of float32 that the outputs of all products take at one point, as a framework keeps them."""
    products = [i for i in program.instructions if i.op == "matmul"]
    return sum(4 * i.shape[0] * i.shape[1] for i in products)
