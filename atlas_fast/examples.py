"""The examples: one table, a row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .data import datasets
from .data.scaling import Scaling
from .optimizers import SGD, Adam, Optimizer
from .planes import Plane
from .problem import Problem
from .progress import Progress
from .surface import Surface
from .training import Run

Weights = Mapping[str, Any]


def _no_data() -> dict[str, Any]:
    return {}


def _housing() -> dict[str, Any]:
    return {name: Scaling.fit("unit", matrix).apply(matrix) for name, matrix in datasets.boston_housing().items()}


@dataclass(frozen=True)
class Example:
    """A problem and how to train it. about: one line. start: None where weights start at random."""

    about: str
    expression: str
    optimizer: Optimizer
    epochs: int
    data: Callable[[], dict[str, Any]] = _no_data
    weights: Weights = field(default_factory=dict)
    start: Mapping[str, float] | None = None

    def problem(self) -> Problem:
        """The problem, with its data loaded."""
        return Problem(self.expression, self.data(), self.weights)

    def train(self, problem: Problem, seed: int = 0, progress: Progress = None) -> Run:
        """The training run."""
        return problem.train(self.optimizer, self.epochs, seed=seed, start=self.start, progress=progress)

    def surface(self, problem: Problem, run: Run, resolution: int = 512, progress: Progress = None) -> Surface:
        """The surface round the run: on its principal plane, or on the axes of a problem of two scalars."""
        plane = Plane.pca(run) if problem.size > 2 else Plane.default(problem).framing(run)
        return problem.surface(plane, resolution=resolution, progress=progress)


EXAMPLES: dict[str, Example] = {
    "bowl": Example(
        about="a paraboloid of two scalars, SGD",
        expression="x^2 + y^2",
        optimizer=SGD(lr=0.01),
        epochs=80,
        # The 2019 original starts at a random point; this one is far enough from the minimum to be seen
        # moving.
        start={"x": -1.5, "y": 1.0},
    ),
    "iris-relu": Example(
        about="iris, 4-10-3 with relu, Adam",
        expression="||A*relu(BX+C)+D-Y||_2",
        optimizer=Adam(lr=0.05),
        epochs=100,
        data=datasets.iris,
        weights={"B": (10, None)},
    ),
    "iris-sigmoid": Example(
        about="iris, 4-32-16-3 with sigmoid and softmax, Adam",
        expression="||softmax((A*sigmoid(C*sigmoid(E*X+F)+D)+B)^T)-Y^T||_2",
        optimizer=Adam(lr=0.001),
        epochs=2000,
        data=datasets.iris,
        weights={"C": (16, 32)},
    ),
    "housing": Example(
        about="Boston house prices, 13-50-1 with relu, Adam",
        expression="||A*relu(BX+C)+D-Y||_2",
        optimizer=Adam(lr=0.01),
        epochs=100,
        data=_housing,
        weights={"B": (50, None)},
    ),
}
"""Name -> example, after the paper's figures; sizes and settings are the 2019 original's."""
