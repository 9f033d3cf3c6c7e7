"""Training: from a problem and an optimizer to a run, in which every step is recorded.

The gradient is the problem's program differentiated, and the update is the optimizer's rule, both compiled kernels: a
step is two calls. The same seed gives the same run.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import arguments, departure, kernels, optimizers
from .arguments import ArgumentError, Vector, whole
from .batches import Batches
from .memory import main_memory
from .optimizers import Optimizer
from .problem import Evaluate, compiled
from .progress import Progress, Report, reporting

if TYPE_CHECKING:
    from .problem import Problem

Gradient = Callable[[NDArray[Any]], tuple[float, NDArray[Any]]]
"""Weights (P,) -> the loss and its derivatives (P,), on the data of one step."""

REPORT_EVERY = 16
"""Steps between two reports of progress: a step of a small network takes some ten microseconds."""


@dataclass(frozen=True, eq=False)
class Run:
    """What training recorded.

    weights: (steps + 1, P), float64: every step's weights, the start included.
    loss: (steps + 1,): the loss on all the data at each of them.
    epochs: how many were asked for. steps_per_epoch: 1 unless there are batches.
    optimizer: in words, as in "Adam(lr=0.01, ..)". seed, batch_size, dtype: as given.
    diverged_at: the first step whose weights or loss are not finite, None where all are.
    message: what went wrong or was left out, in a line; empty otherwise.
    """

    weights: NDArray[np.float64]
    loss: NDArray[np.float64]
    epochs: int
    steps_per_epoch: int
    optimizer: str
    seed: int
    batch_size: int | None = None
    dtype: str = "float64"
    diverged_at: int | None = None
    message: str = ""
    finite: NDArray[np.bool_] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "finite", np.isfinite(self.loss) & np.isfinite(self.weights).all(axis=1))
        for array in (self.weights, self.loss, self.finite):
            array.flags.writeable = False

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.loss) - 1

    @property
    def final(self) -> Vector:
        """The weights (P,) of the last step that is finite; of the start where none is."""
        found = np.flatnonzero(self.finite)
        last: Vector = self.weights[found[-1] if found.size else 0]
        return last

    def __repr__(self) -> str:
        end = f"loss {self.loss[0]:.6g} -> {self.loss[-1]:.6g}"
        told = f"; {self.message}" if self.message else ""
        return f"Run({self.optimizer}, {self.epochs:,} epochs, {self.steps:,} steps, {end}{told})"


def train(
    problem: Problem,
    optimizer: Optimizer,
    epochs: int,
    seed: int = 0,
    start: ArrayLike | Mapping[str, ArrayLike] | None = None,
    batch_size: int | None = None,
    dtype: str = "float64",
    backend: str = "auto",
    progress: Progress = None,
) -> Run:
    """Train a problem from `start` and record every step.

    start: a vector (P,), a dict of arrays, or None: problem.init(seed). batch_size: samples a step, None for all; they
    are shuffled before every epoch. dtype: "float64" or "float32". progress: None (a bar on a terminal), True, False,
    or a function of (done, total) that returns False to stop; a run that was stopped keeps its steps.

    A run whose weights or loss cease to be finite ends there, with a warning; it keeps what it recorded.
    Raises ArgumentError for arguments that cannot be used, and where the recorded weights would not fit in memory.
    """
    if type(optimizer) not in optimizers.RULES:
        raise ArgumentError(f"optimizer is {optimizer!r}, one such as Adam(lr=0.01) or SGD(lr=0.1) is wanted")
    epochs, seed = whole("epochs", epochs, 1), whole("seed", seed, 0)
    dtype, backend = arguments.precision(dtype), arguments.backend(backend)
    batches = None if batch_size is None else Batches(problem, batch_size, seed)
    per_epoch = 1 if batches is None else batches.steps
    steps = epochs * per_epoch
    _check_memory(steps, problem.size)
    weights = np.empty((steps + 1, problem.size))
    weights[0] = problem.init(seed) if start is None else _start(problem, start)
    losses = np.empty(steps)
    gradients = _gradients(problem, batches, epochs, dtype, backend)
    with reporting(progress, "training", f"{steps:,} steps") as report:
        done, stopped = _descend(weights, losses, optimizer, gradients, dtype, backend, report)
    weights = weights[: done + 1]
    # The step's own loss is the one to record only if it is that of all the data, at full precision.
    known = losses[:done] if batches is None and dtype == "float64" else losses[:0]
    loss = np.append(known, problem.loss(weights[len(known) :], backend))
    bad = np.flatnonzero(~(np.isfinite(loss) & np.isfinite(weights).all(axis=1)))
    diverged_at = int(bad[0]) if bad.size else None
    message = f"stopped at step {done:,} of {steps:,}" if stopped else departure.rise(loss)
    if diverged_at is not None:
        weights, loss = weights[: diverged_at + 1], loss[: diverged_at + 1]
        message = _divergence(diverged_at, steps, loss[-1], weights[-1])
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    return Run(
        weights=weights.copy() if len(weights) <= steps else weights,
        loss=loss,
        epochs=epochs,
        steps_per_epoch=per_epoch,
        optimizer=repr(optimizer),
        seed=seed,
        batch_size=None if batches is None else batches.size,
        dtype=dtype,
        diverged_at=diverged_at,
        message=message,
    )


def _descend(
    weights: Vector,
    losses: Vector,
    optimizer: Optimizer,
    gradients: Iterator[Gradient],
    dtype: str,
    backend: str,
    report: Report | None,
) -> tuple[int, bool]:
    """Fill weights[1:] and the loss each step starts from; return how many steps were taken, and if it was stopped.

    Ends early, at the first step whose weights are not finite, or after `report` has answered False.
    """
    update = _Update(optimizer, weights.shape[1], dtype, backend)
    current = weights[0].astype(dtype)
    for step, gradient in enumerate(gradients, start=1):
        losses[step - 1], slope = gradient(current)
        current = update(current, slope)
        weights[step] = current
        if not (np.isfinite(losses[step - 1]) and np.isfinite(current).all()):
            return step, False
        due = report is not None and (step % REPORT_EVERY == 0 or step == len(losses))
        if report is not None and due and report(step, len(losses)) is False:
            return step, step < len(losses)
    return len(losses), False


class _Update:
    """An optimizer's compiled rule and its state: (weights (P,), gradient (P,)) -> new weights (P,), step by step."""

    def __init__(self, optimizer: Optimizer, size: int, dtype: str, backend: str) -> None:
        rule = optimizers.RULES[type(optimizer)]
        self._kernel = kernels.points(optimizers.program(optimizer), dtype=dtype, backend=backend)
        self._state = {name: np.full(size, start(optimizer), dtype) for name, start in rule.state.items()}
        self._numbers = rule.numbers(optimizer)
        self._known: dict[str, float] | None = None
        self._bound: Any = None

    def __call__(self, w: NDArray[Any], g: NDArray[Any]) -> NDArray[Any]:
        numbers = next(self._numbers)
        if numbers != self._known:
            self._bound = self._kernel.bind({name: np.array([[number]]) for name, number in numbers.items()})
            self._known = numbers
        inputs = {"w": w, "g": g, **self._state}
        new, *state = self._bound({name: value.reshape(-1, 1, 1) for name, value in inputs.items()})
        self._state = {name: value.reshape(-1) for name, value in zip(self._state, state, strict=True)}
        return np.asarray(new).reshape(-1)


def _gradients(problem: Problem, batches: Batches | None, epochs: int, dtype: str, backend: str) -> Iterator[Gradient]:
    """The gradient of each step in turn: on all the data, or on the step's batch."""
    if batches is None:
        on_all = compiled(problem, problem.program, "gradient", dtype, backend)(problem.data)
        yield from repeat(_gradient(problem, on_all, dtype), epochs)
        return
    on = {size: compiled(problem, program, "gradient", dtype, backend) for size, program in batches.programs.items()}
    for _ in range(epochs):
        for size, data in batches.epoch():
            yield _gradient(problem, on[size](data), dtype)


def _gradient(problem: Problem, evaluate: Evaluate, dtype: str) -> Gradient:
    def at(w: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        loss, *slopes = evaluate(problem.blocks(w, dtype))
        return float(loss.reshape(-1)[0]), np.concatenate([slope.reshape(-1) for slope in slopes])

    return at


def _start(problem: Problem, start: ArrayLike | Mapping[str, ArrayLike]) -> Vector:
    return problem.pack(start) if isinstance(start, Mapping) else arguments.vector("start", start, problem.size)


def _divergence(step: int, steps: int, loss: float, weights: Vector) -> str:
    lost = int((~np.isfinite(weights)).sum())
    what = f"{lost:,} of {weights.size:,} weights are not finite" if lost else f"the loss is {loss}"
    if step == 0:
        return f"the run diverged at step 0: at the start {what}, another start is needed"
    return f"the run diverged at step {step:,} of {steps:,}: {what}; a smaller lr may mend it"


def _check_memory(steps: int, size: int) -> None:
    wanted, there = (steps + 1) * (size + 1) * 8, main_memory()
    if wanted > there / 2:
        raise ArgumentError(
            f"recording {steps:,} steps of {size:,} weights takes {wanted / 2**30:,.1f} GiB, "
            f"more than half of the {there / 2**30:,.1f} GiB of this machine: "
            f"train for fewer epochs, or with a larger batch_size"
        )
