"""Many runs of one problem: other seeds, starts, learning rates; on a GPU all of them at once.

In: a problem, and optimizers, seeds and starts, one for all runs or one for each. Out: a Run each, the same that
`Problem.train` gives with the same arguments, but for the last digits where another back end computes.
"""

from __future__ import annotations

import time
import warnings
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import arguments, optimizers, training
from .arguments import ArgumentError, Vector, whole
from .batches import Batches, shuffles
from .kernels import Program
from .optimizers import Optimizer
from .progress import Progress, Report, reporting
from .training import CALL_GROWTH, CALL_SECONDS, Run, Start

if TYPE_CHECKING:
    from .kernels.cuda.runs import Pending, Runs
    from .problem import Problem

LAUNCH_BYTES = 2**28
"""What a launch may record of all runs, on the devices and here; two are under way at a time."""


def train_many(
    problem: Problem,
    optimizer: Optimizer | Sequence[Optimizer],
    epochs: int,
    seed: int | Sequence[int] = 0,
    start: Start | Sequence[Mapping[str, ArrayLike]] = None,
    batch_size: int | None = None,
    dtype: str = "float64",
    backend: str = "auto",
    progress: Progress = None,
) -> list[Run]:
    """What Problem.train_many calls, where it is described."""
    epochs, dtype = whole("epochs", epochs, 1), arguments.precision(dtype)
    backend = arguments.backend(backend)  # what is not there is told before the work
    several = chosen, seeds, starts = _several(problem, optimizer, seed, start)
    if backend == "cuda":
        runs = on_device(problem, chosen, epochs, seeds, starts, batch_size, dtype, progress)
    else:
        runs = _in_turn(problem, several, epochs, batch_size, dtype, backend, progress)
    diverged = [number for number, run in enumerate(runs) if run.diverged_at is not None]
    if diverged:
        first, told = diverged[0], f"{len(diverged):,} of {len(runs):,} runs diverged, the first of them"
        warnings.warn(f"{told} [{first}]: {runs[first].message}", RuntimeWarning, stacklevel=3)
    return runs


Several = tuple[list[Optimizer], list[int], Vector]
"""An optimizer, a seed and a start (P,) for each run."""


def _several(problem: Problem, optimizer: Any, seed: Any, start: Any) -> Several:
    given = {
        "optimizer": (optimizer, isinstance(optimizer, list | tuple)),
        "seed": (seed, isinstance(seed, list | tuple | range) or np.ndim(seed) == 1),
        "start": (start, not isinstance(start, Mapping) and _is_table(start)),
    }
    counts = {name: len(value) for name, (value, many) in given.items() if many}
    count = next(iter(counts.values()), 1)
    if not count or len({*counts.values()}) > 1:
        told = ", ".join(f"{name} holds {found:,}" for name, found in counts.items())
        raise ArgumentError(f"{told}: as many as there are runs are wanted, or a single one for all")
    chosen, seeds, starts = ([*value] if many else [value] * count for value, many in given.values())
    for each in chosen:
        training.check_optimizer(each)
    seeds = [whole("seed", each, 0) for each in seeds]
    return chosen, seeds, np.array([training.start_of(problem, s, n) for s, n in zip(starts, seeds, strict=True)])


def _is_table(start: Any) -> bool:
    """Whether what was given holds several starts: dicts, or vectors."""
    if isinstance(start, list | tuple):
        return any(isinstance(each, Mapping) or np.ndim(each) > 0 for each in start)
    return bool(np.ndim(start) == 2)


def _in_turn(
    problem: Problem,
    several: Several,
    epochs: int,
    batch_size: int | None,
    dtype: str,
    backend: str,
    progress: Progress,
) -> list[Run]:
    """One run after the other; what was asked to stop stays stopped."""
    runs, count, stopped = list[Run](), len(several[0]), False
    with reporting(progress, "training", f"{count:,} runs") as report:
        for number, (optimizer, seed, start) in enumerate(zip(*several, strict=True)):

            def told(done: int, total: int, number: int = number) -> bool:
                nonlocal stopped
                stopped = stopped or (report is not None and report(number * total + done, count * total) is False)
                return not stopped

            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # all of them are told of at the end
                runs.append(problem.train(optimizer, epochs, seed, start, batch_size, dtype, backend, told))
    return runs


# At once, on a device


def on_device(
    problem: Problem,
    optimizer: Sequence[Optimizer],
    epochs: int,
    seeds: Sequence[int],
    starts: Vector,
    batch_size: int | None,
    dtype: str,
    progress: Progress,
) -> list[Run]:
    """All runs at once, those of one kind of optimizer after those of another. starts: (runs, P)."""
    batches = None if batch_size is None else Batches(problem, batch_size, 0)
    per_epoch = 1 if batches is None else batches.steps
    steps, count = epochs * per_epoch, len(seeds)
    training.check_memory(steps, problem.size, count)
    kinds = defaultdict[Program, list[int]](list)
    rules = {each: optimizers.program(each) for each in {*optimizer}}
    for number, each in enumerate(optimizer):
        kinds[rules[each]].append(number)
    found, before, stopped = dict[int, Run](), 0, False
    with reporting(progress, "training", f"{steps:,} steps of {count:,} runs") as report, arguments.fitting_memory():
        for members in kinds.values():
            chosen = [optimizer[n] for n in members], [seeds[n] for n in members], starts[members]
            paths = _Paths(problem, *chosen, batches, dtype, steps)
            if not stopped:
                stopped = paths.descend(report and _part(report, before, len(members), count))
            if batches is not None:
                paths.measure()
            size = None if batches is None else batches.size
            how: dict[str, Any] = {"epochs": epochs, "steps_per_epoch": per_epoch, "batch_size": size, "dtype": dtype}
            for place, n in enumerate(members):
                told = {**how, "optimizer": repr(optimizer[n]), "seed": seeds[n]}
                found[n] = training.recorded(*paths.record(place), steps, stopped and paths.ends[place] < steps, **told)
            before += len(members)
    return [found[n] for n in range(count)]


def _part(report: Report, before: int, own: int, count: int) -> Report:
    """What some of the runs report, as a share of all."""
    return lambda done, total: report(before * total + own * done, count * total)


class _Paths:
    """Runs of one kind of optimizer on their way.

    weights: (runs, steps + 1, P), losses: (runs, steps + 1), known up to `ends` (runs,), the last step of each.
    """

    def __init__(
        self,
        problem: Problem,
        chosen: Sequence[Optimizer],
        seeds: Sequence[int],
        starts: Vector,
        batches: Batches | None,
        dtype: str,
        steps: int,
    ) -> None:
        from .kernels.cuda.runs import Cut, Runs

        self._problem, self._batches, self._steps = problem, batches, steps
        self.weights = np.zeros((len(seeds), steps + 1, problem.size))
        self.weights[:, 0] = starts
        self.losses = np.full((len(seeds), steps + 1), np.nan)
        self.ends = np.zeros(len(seeds), np.intp)
        # Of many runs few differ in more than the seed.
        distinct = {each: optimizers.Schedule(each) for each in chosen}
        self._schedules, places = [*distinct.values()], {each: n for n, each in enumerate(distinct)}
        self._which = [places[each] for each in chosen]
        programs, cut = [problem.program], None
        if batches is not None:
            programs, cut = [*batches.programs.values()], Cut(batches.samples, batches.cut, tuple(batches.programs))
            self._orders = [shuffles(batches.samples, seed) for seed in seeds]
            self._drawn, self._drawn_to = np.zeros((len(seeds), 0), np.int32), 0
        shapes, self._order = training.order_of(problem)
        rule = optimizers.RULES[type(chosen[0])]
        states = [{name: at(each) for name, at in rule.state.items()} for each in chosen]
        gradients = [training.gradient(program) for program in programs]
        self._runs: Runs = Runs(
            gradients, problem.data, optimizers.program(chosen[0]), shapes, starts[:, self._order], states, dtype, cut
        )

    def record(self, place: int) -> tuple[Vector, Vector]:
        """The weights and the losses of a run, up to its end."""
        return self.weights[place, : self.ends[place] + 1], self.losses[place, : self.ends[place] + 1].copy()

    def descend(self, report: Report | None) -> bool:
        """Fill weights and losses; whether it was stopped, at a step that all runs have taken that had not ended."""
        with closing(self._runs):
            return self._descend(report)

    def _descend(self, report: Report | None) -> bool:
        total, done, begun, steps = self._steps, 0, 0, 1
        most = max(1, LAUNCH_BYTES // (len(self.ends) * self._runs.step_bytes))
        alive, waiting, stopped = np.ones(len(self.ends), bool), np.zeros(len(self.ends), bool), False
        ahead: deque[tuple[int, Pending]] = deque()
        while done < total and alive.any() and not stopped:
            began = time.perf_counter()
            # From the second on, a launch computes while what the one before left is copied and put in its place.
            while begun < total and len(ahead) < (2 if done else 1):
                steps = min(steps, total - begun, most)
                ahead.append((steps, self._advance(begun, steps)))
                begun += steps
            steps, landed = ahead.popleft()
            found, started, taken = landed()
            self.losses[waiting, self.ends[waiting]] = started[waiting, 0]
            here = slice(done, done + steps)
            self.losses[alive, here] = started[alive]
            self.weights[:, done + 1 : done + 1 + steps, self._order] = found
            self.ends[alive] = done + taken[alive]
            last = np.isfinite(started[:, -1]) & np.isfinite(found[:, -1]).all(axis=1) & (taken == steps)
            alive, waiting = alive & last, alive & ~last
            done += steps
            stopped = report is not None and report(done, total) is False
            seconds = time.perf_counter() - began
            steps = max(1, min(CALL_GROWTH * steps, int(steps * CALL_SECONDS / max(seconds, 1e-6))))
        if self._batches is None:
            # What a step more would start from, which one may have taken.
            waiting |= alive
            _, started, _ = (ahead[0][1] if ahead else self._advance(done, 1))()
            self.losses[waiting, self.ends[waiting]] = started[waiting, 0]
        return stopped and done < total

    def _advance(self, done: int, steps: int) -> Pending:
        told = [schedule.take(steps) for schedule in self._schedules]
        numbers = {name: np.stack([each[name] for each in told])[self._which] for name in told[0]}
        if self._batches is None:
            return self._runs.start(steps, numbers)
        epoch, begin = divmod(done, self._batches.steps)
        return self._runs.start(steps, numbers, self._draw(epoch, -(-(done + steps) // self._batches.steps)), begin)

    def _draw(self, first: int, stop: int) -> NDArray[np.int32]:
        """The orders of the samples in these epochs, one after the other, of each run; the ones before are let go."""
        assert self._batches is not None
        fresh = [[*islice(orders, stop - self._drawn_to)] for orders in self._orders]
        drawn = np.array(fresh, np.int32).reshape(len(fresh), -1)
        kept = self._drawn[:, self._drawn.shape[1] - (self._drawn_to - first) * self._batches.samples :]
        self._drawn, self._drawn_to = np.concatenate([kept, drawn], axis=1), stop
        return self._drawn

    def measure(self) -> None:
        """The losses on all the data."""
        flat = self.weights.reshape(-1, self._problem.size)
        self.losses = self._problem.loss(flat, "cuda").reshape(self.losses.shape)
