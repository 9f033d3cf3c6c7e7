"""Training: from a problem and an optimizer to a run, in which every step is recorded.

The gradient is the problem's program differentiated, and the update is the optimizer's rule, both compiled kernels; a
compiled loop runs many steps of them in one call. The same seed gives the same run, however its steps are cut into
calls.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import arguments, departure, kernels, optimizers
from .arguments import ArgumentError, Vector, whole
from .batches import Batches
from .memory import main_memory
from .optimizers import Optimizer
from .progress import Progress, Report, reporting

if TYPE_CHECKING:
    from .problem import Problem

Start = ArrayLike | Mapping[str, ArrayLike] | None

CALL_SECONDS = 0.05
"""How long a call of the loop takes, about: after each, progress is reported, and Ctrl-C and a cancel are heard."""

CALL_GROWTH = 8
"""How many times as many steps as the one before a call may take; the first takes one, whose time is not known."""

CALL_BYTES = 32 * 2**20
"""What one call may record, or gather of batches, before it is put where it belongs."""


@dataclass(frozen=True, eq=False)
class Run:
    """What training recorded.

    weights: (steps + 1, P), float64: every step's weights, the start included.
    loss: (steps + 1,): the loss on all the data at each of them, in float64, or on the full batch in the dtype that
        trained; nan where training was stopped before the first was known.
    epochs: how many were asked for. steps_per_epoch: 1 unless there are batches.
    optimizer: in words, as in "Adam(lr=0.01, ..)". seed, batch_size, dtype: as given.
    diverged_at: the first step whose weights or loss are not finite, None where all are.
    message: what went wrong or was left out, in a line; empty otherwise. Made by `problem.train`.
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
    start: Start = None,
    batch_size: int | None = None,
    dtype: str = "float64",
    backend: str = "auto",
    progress: Progress = None,
) -> Run:
    """What Problem.train calls, where it is described."""
    check_optimizer(optimizer)
    epochs, seed = whole("epochs", epochs, 1), whole("seed", seed, 0)
    dtype, backend = arguments.precision(dtype), arguments.backend(backend)
    if backend == "cuda":
        from .ensemble import on_device

        given = start_of(problem, start, seed)[np.newaxis]
        (run,) = on_device(problem, [optimizer], epochs, [seed], given, batch_size, dtype, progress)
    else:
        run = _on_processor(problem, optimizer, epochs, seed, start, batch_size, dtype, backend, progress)
    if run.diverged_at is not None:
        warnings.warn(run.message, RuntimeWarning, stacklevel=3)
    return run


def _on_processor(
    problem: Problem,
    optimizer: Optimizer,
    epochs: int,
    seed: int,
    start: Start,
    batch_size: int | None,
    dtype: str,
    backend: str,
    progress: Progress,
) -> Run:
    batches = None if batch_size is None else Batches(problem, batch_size, seed)
    per_epoch = 1 if batches is None else batches.steps
    steps = epochs * per_epoch
    check_memory(steps, problem.size)
    weights = np.empty((steps + 1, problem.size))
    weights[0] = start_of(problem, start, seed)
    losses = np.empty(steps + 1)
    with reporting(progress, "training", f"{steps:,} steps") as report, arguments.fitting_memory():
        path = _Path(problem, optimizer, batches, weights[0], dtype, backend)
        done, stopped, known = _descend(path, weights, losses, report)
        if batches is None and not known:
            losses[done] = path.loss_here()
    weights = weights[: done + 1]
    loss = losses[: done + 1].copy() if batches is None else problem.loss(weights, backend)
    size = None if batches is None else batches.size
    how = {"epochs": epochs, "steps_per_epoch": per_epoch, "optimizer": repr(optimizer), "seed": seed}
    return recorded(weights, loss, steps, stopped, **how, batch_size=size, dtype=dtype)


def recorded(weights: Vector, loss: Vector, steps: int, stopped: bool, **how: Any) -> Run:
    """The run of what was recorded of so many steps, which ends at the first record that is not finite. stopped:
    whether its end is where it was asked to stop. how: the fields of a Run that say how it was trained."""
    done = len(loss) - 1
    bad = np.flatnonzero(~(np.isfinite(loss) & np.isfinite(weights).all(axis=1)))
    diverged_at = int(bad[0]) if bad.size and (done or not stopped) else None
    message = f"stopped at step {done:,} of {steps:,}" if stopped else departure.rise(loss)
    if diverged_at is not None:
        weights, loss = weights[: diverged_at + 1], loss[: diverged_at + 1]
        message = _divergence(diverged_at, steps, loss[-1], weights[-1])
    # A part of what was to be recorded would keep the whole in memory.
    weights = weights.copy() if len(weights) <= steps else weights
    return Run(weights, loss, diverged_at=diverged_at, message=message, **how)


gradient = lru_cache(maxsize=64)(kernels.derivative.gradient)
"""A program's gradient: found again when the same problem is trained again."""


def order_of(problem: Problem) -> tuple[dict[str, tuple[int, int]], Any]:
    """How kernels take the weights: as the program does, with those last that folding removed, as in 0 * A; name ->
    shape, and the index that makes that order of the problem's."""
    shapes = {**problem.program.weights, **problem.weights}
    flat = problem.unpack(np.arange(problem.size))
    order = np.concatenate([flat[name].reshape(-1).astype(np.intp) for name in shapes])
    return shapes, slice(None) if np.array_equal(order, np.arange(problem.size)) else order


class _Path:
    """A problem on its way down, many steps at a time. order: how the loop takes the weights."""

    def __init__(
        self, problem: Problem, optimizer: Optimizer, batches: Batches | None, start: Vector, dtype: str, backend: str
    ) -> None:
        shapes, self.order = order_of(problem)
        rule = optimizers.RULES[type(optimizer)]
        state = {name: at(optimizer) for name, at in rule.state.items()}
        self._descent = kernels.Descent(optimizers.program(optimizer), shapes, start[self.order], state, dtype, backend)
        self._schedule = optimizers.Schedule(optimizer)
        programs = {} if batches is None else batches.programs
        self._gradients = {size: gradient(program) for size, program in programs.items()}
        self._batches = None if batches is None else batches.forever()
        self._bytes = 8 * problem.size + (0 if batches is None else batches.step_bytes)
        self._on_all: list[kernels.Slope] = []
        if batches is None:
            self._on_all = [self._descent.slope(gradient(problem.program), problem.data)]

    @property
    def largest(self) -> int:
        """Steps a call may take."""
        return max(1, CALL_BYTES // self._bytes)

    def advance(self, steps: int, tick: Callable[[], bool]) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Take steps: the weights after each, in the loop's order, and the losses they start from; fewer where `tick`,
        called now and then, answers False."""
        if self._batches is None:
            slopes = self._on_all
        else:
            slopes = [self._descent.slope(self._gradients[size], data) for size, data in islice(self._batches, steps)]
        return self._descent.run(slopes, self._schedule.take(steps), tick)

    def loss_here(self) -> float:
        """The loss on the full batch, at the weights that the last step gave."""
        return self._descent.loss(self._on_all[0])


def _descend(path: _Path, weights: Vector, losses: Vector, report: Report | None) -> tuple[int, bool, bool]:
    """Fill weights[1:] and the loss each step starts from; return how many steps were taken, if it was stopped, and if
    the loss behind the last of them is known, too.

    Ends early, at the first step whose weights or loss are not finite, or after `report` has answered False. A run that
    is stopped in the middle of a step ends before the last whole one, whose loss would take as long to find as a step;
    in the middle of the first, with a loss that is nan.
    """
    done, total, steps, cut_short = 0, len(weights) - 1, 1, False

    def tick() -> bool:
        nonlocal cut_short
        cut_short = report is not None and report(done, total) is False
        return not cut_short

    while done < total:
        began = time.perf_counter()
        steps = min(steps, total - done, path.largest)
        found, started = path.advance(steps, tick)
        weights[done + 1 : done + 1 + len(found), path.order] = found
        losses[done : done + len(found)] = started
        done += len(found)
        if cut_short and done < total:
            losses[done] = np.nan
            return max(0, done - 1), True, True
        if len(found) < steps or not (np.isfinite(started[-1]) and np.isfinite(found[-1]).all()):
            return done, False, False
        if report is not None and report(done, total) is False:
            return done, done < total, False
        seconds = time.perf_counter() - began
        steps = max(1, min(CALL_GROWTH * steps, int(steps * CALL_SECONDS / max(seconds, 1e-6))))
    return done, False, False


def check_optimizer(optimizer: Any) -> None:
    if type(optimizer) not in optimizers.RULES:
        raise ArgumentError(f"optimizer is {optimizer!r}, one such as Adam(lr=0.01) or SGD(lr=0.1) is wanted")


def start_of(problem: Problem, start: Start, seed: int) -> Vector:
    if start is None:
        return problem.init(seed)
    return problem.pack(start) if isinstance(start, Mapping) else arguments.vector("start", start, problem.size)


def _divergence(step: int, steps: int, loss: float, weights: Vector) -> str:
    lost = int((~np.isfinite(weights)).sum())
    what = f"{lost:,} of {weights.size:,} weights are not finite" if lost else f"the loss is {loss}"
    if step == 0:
        return f"the run diverged at step 0: at the start {what}, another start is needed"
    return f"the run diverged at step {step:,} of {steps:,}: {what}; a smaller lr may mend it"


def check_memory(steps: int, size: int, runs: int = 1) -> None:
    """Raises ArgumentError where runs of so many steps and weights would not be recorded."""
    wanted, there = runs * (steps + 1) * (size + 1) * 8, main_memory()
    if wanted > there / 2:
        many, fewer = (f" in {runs:,} runs", ", fewer runs at once") if runs > 1 else ("", "")
        raise ArgumentError(
            f"recording {steps:,} steps of {size:,} weights{many} takes {wanted / 2**30:,.1f} GiB, "
            f"more than half of the {there / 2**30:,.1f} GiB of this machine: "
            f"train for fewer epochs{fewer}, or with a larger batch_size"
        )
