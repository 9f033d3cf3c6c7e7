"""Runs for the tests of training on a device: losses by hand, every optimizer, and the same steps by NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from device_cases import losses
from networks import Array, Loss

import atlas_fast as af
from atlas_fast import kernels, optimizers
from atlas_fast.batches import Batches
from atlas_fast.kernels.cuda.runs import Cut, Runs, TrainingCode, training_code
from atlas_fast.kernels.derivative import gradient
from atlas_fast.optimizers import Optimizer

OPTIMIZERS: list[Optimizer] = [
    af.SGD(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    af.Adam(lr=0.05, amsgrad=True),
    af.AdamW(lr=0.05),
    af.RMSProp(lr=0.01, centered=True, momentum=0.5),
    af.Adagrad(lr=0.1, lr_decay=0.1),
    af.Adadelta(lr=1.0),
    af.Adamax(lr=0.05),
    af.NAdam(lr=0.05),
]

MANY: list[Optimizer] = [af.SGD(lr=0.1, momentum=0.5), af.SGD(lr=0.05), af.Adam(lr=0.1), af.AdamW(lr=0.02)]
"""Of two kinds of rule, with other learning rates."""

SEEDS = [3, 1, 4, 1]


def network(samples: int = 8) -> af.Problem:
    """No derivative of it is zero: where one is, Adam makes steps of its rounding errors."""
    random = np.random.default_rng(2)
    data = {"X": random.normal(size=(3, samples)), "Y": random.normal(size=(2, samples))}
    return af.Problem("mse(A*tanh(B*X + C) + D, Y)", data, {"B": (4, None), "C": (4, 1), "D": (2, 1)})


def statistics(samples: int = 8) -> af.Problem:
    """What is computed of a batch's data alone mixes its samples."""
    random = np.random.default_rng(4)
    data = {"X": random.normal(size=(3, samples)), "Y": random.normal(size=(2, samples))}
    return af.Problem("mse(W*X, Y) / (1 + mean((Y - mean(Y))^2))", data)


def code_for(problem: af.Problem, optimizer: Optimizer, dtype: str, batch_size: int | None = None) -> TrainingCode:
    """What a device is to run for problem.train."""
    programs, cut = [problem.program], None
    if batch_size is not None:
        batches = Batches(problem, batch_size, 0)
        programs, cut = [*batches.programs.values()], Cut(batches.samples, batches.cut, tuple(batches.programs))
    state = tuple(optimizers.RULES[type(optimizer)].state)
    gradients, shapes = tuple(map(gradient, programs)), tuple(problem.program.weights.items())
    return training_code(gradients, shapes, optimizers.program(optimizer), state, cut, dtype)


@dataclass(frozen=True)
class Steps:
    """Steps of gradient descent of a loss by hand, with momentum, from several starts: what a device is given, and the
    same by NumPy in float64."""

    loss: Loss
    starts: Array
    rates: Array
    data: dict[str, Array]

    @property
    def numbers(self) -> dict[str, Array]:
        optimizer = optimizers.Schedule(af.SGD(lr=1.0, momentum=0.5))
        told = optimizer.take(self.rates.shape[1])
        return {**{name: np.broadcast_to(x, self.rates.shape) for name, x in told.items()}, "lr": self.rates}

    def runs(self, kind: type[Runs], dtype: str) -> Any:
        rule = optimizers.program(af.SGD(lr=1.0))
        states = [{"velocity": 0.0}] * len(self.starts)
        program = gradient(self.loss.program)
        return kind([program], self.data, rule, self.loss.program.weights, self.starts, states, dtype)

    def expected(self) -> tuple[Array, Array]:
        """The weights (runs, steps, P) and the losses (runs, steps)."""
        rule, found = optimizers.program(af.SGD(lr=1.0)), []
        for number, start in enumerate(self.starts):
            shapes = self.loss.program.weights
            descent = kernels.Descent(rule, shapes, start, {"velocity": 0.0}, "float64", "numpy")
            slope = descent.slope(gradient(self.loss.program), self.data)
            found.append(descent.run([slope], {name: x[number] for name, x in self.numbers.items()}))
        weights, starting = zip(*found, strict=True)
        return np.array(weights), np.array(starting)


def steps_of(name: str, runs: int = 2, steps: int = 3) -> Steps:
    """With steps so small that no weight moves by more than its size, and so large that each moves."""
    loss = losses()[name]
    shapes = loss.program.weights
    drawn = [loss.draw(shapes, 5 + run) for run in range(runs)]
    starts = np.array([np.concatenate([each[n].reshape(-1) for n in shapes]) for each in drawn])
    data = loss.draw(loss.program.data, 7)
    slopes = kernels.reference.evaluate(gradient(loss.program), {**data, **drawn[0]})[1:]
    largest = max(float(np.abs(slope).max()) for slope in slopes)
    rates = 0.2 / largest * np.outer(np.arange(1, runs + 1) / runs, 1 / np.arange(1, steps + 1))
    return Steps(loss, starts, rates, data)


def apart(found: Sequence[Array], expected: Sequence[Array]) -> float:
    """The largest difference of weights or losses, as a share of the largest of each."""
    return max(
        float(np.abs(got - wanted).max() / np.abs(wanted).max()) for got, wanted in zip(found, expected, strict=True)
    )


def runs_apart(found: Sequence[af.Run], expected: Sequence[af.Run]) -> float:
    return max(apart((x.weights, x.loss), (y.weights, y.loss)) for x, y in zip(found, expected, strict=True))
