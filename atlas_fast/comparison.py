"""A comparison: several runs of one problem from one start, on one plane and one surface.

In: a problem and the optimizers to compare. Out: an immutable Comparison, which tabulates and draws itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import arguments
from . import surface as surfaces
from .arguments import ArgumentError
from .departure import distances, left_out, records_before
from .optimizers import Optimizer
from .planes import MARGIN, Plane
from .progress import Progress
from .surface import Surface
from .training import Run

if TYPE_CHECKING:
    from .plot import Picture
    from .problem import Problem

Extent = float | tuple[float, float, float, float] | None
"""As problem.surface has it."""

MOST = 8
"""Runs that a picture can tell apart by colour: as many as the palette of Okabe and Ito has."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Runs that share a start, a plane and a surface. Made by `compare`.

    labels, runs: one each, in the order given. plane, surface: what they are seen on; the surface has them as its runs.
    shown: how many records of each run the plane and the surface's frame hold; what comes after left for good.
    """

    labels: tuple[str, ...]
    runs: tuple[Run, ...]
    plane: Plane
    surface: Surface
    shown: tuple[int, ...]

    @property
    def message(self) -> str:
        """What diverged and what the plane leaves out, in a line; empty where there is nothing."""
        notes = [f"{label}: {self.note(number)}" for number, label in enumerate(self.labels) if self.note(number)]
        return "; ".join([*notes, *([self.surface.message] if self.surface.message else [])])

    def note(self, number: int) -> str:
        """What a reader must know of a run, in a few words; empty where there is nothing."""
        run = self.runs[number]
        diverged = "" if run.diverged_at is None else f"diverged at step {run.diverged_at:,}"
        stopped = run.message if run.diverged_at is None else ""
        return ", ".join(text for text in (diverged, left_out(run, self.shown[number]), stopped) if text)

    def table(self) -> str:
        """Text, a line a run: its label, the lowest and the final loss, the steps, and what happened to it."""
        rows = [("run", "lowest loss", "final loss", "steps", "")]
        for number, (label, run) in enumerate(zip(self.labels, self.runs, strict=True)):
            lowest = np.nanmin(run.loss) if np.isfinite(run.loss).any() else np.nan
            rows.append((label, f"{lowest:.6g}", f"{run.loss[-1]:.6g}", f"{run.steps:,}", self.note(number)))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return "\n".join(
            f"{row[0]:<{widths[0]}}  " + "  ".join(f"{row[k]:>{widths[k]}}" for k in (1, 2, 3)) + f"  {row[4]}".rstrip()
            for row in rows
        )

    def __repr__(self) -> str:
        return f"Comparison of {len(self.runs)} runs, {self.plane!r}\n{self.table()}"

    def plot(self) -> Picture:
        """A picture: the surface in 3-D beside its contours with every run in its own colour, and the losses."""
        from .plot import plot_comparison

        return plot_comparison(self)


def compare(
    problem: Problem,
    optimizers: Mapping[str, Optimizer] | Iterable[Optimizer],
    epochs: int,
    seed: int = 0,
    start: ArrayLike | Mapping[str, ArrayLike] | None = None,
    batch_size: int | None = None,
    plane: Plane | None = None,
    resolution: int | tuple[int, int] = 512,
    extent: float | tuple[float, float, float, float] | None = None,
    progress: Progress = None,
) -> Comparison:
    """Train a problem with each of some optimizers from the same start, and see them on one surface.

    optimizers: label -> optimizer, or optimizers, whose labels are then the calls that make them; at most 8. epochs,
    seed, start, batch_size: as problem.train has them, the same for all. plane: None is the axes of a problem of two
    scalars, the line of one, else the principal components of the steps of all runs together, through the end of the
    run that ends lowest. extent: None is a square that holds all runs, with a margin; else as problem.surface has it,
    and so resolution. progress: as there, for each run in turn and then for the surface.

    Steps of a run that left for good, ten times as high as the start or ten times as far away as the best run ever
    was (see departure.py), count neither for the plane nor for the square; `message` says which. A run that diverged
    is a RuntimeWarning. Raises ArgumentError for arguments that cannot be used, and where no run moves.
    """
    problem, named = arguments.problem(problem), _named(optimizers)
    runs = []
    for label, optimizer in named.items():
        with warnings.catch_warnings():
            # train's own warning knows neither the label nor the caller's line.
            warnings.simplefilter("ignore", RuntimeWarning)
            run = problem.train(optimizer, epochs, seed, start, batch_size, progress=progress)
        if run.diverged_at is not None:
            warnings.warn(f"{label}: {run.message}", RuntimeWarning, stacklevel=2)
        runs.append(run)
    plane, extent, shown = framed(problem, runs, plane, extent)
    surface = surfaces.compute(problem, plane, resolution, extent, progress=progress)
    surface = surface.showing(dict(zip(named, runs, strict=True)))
    return Comparison(tuple(named), tuple(runs), plane, surface, tuple(shown))


def framed(
    problem: Problem, runs: Sequence[Run], plane: Plane | None = None, extent: Extent = None
) -> tuple[Plane, Extent, list[int]]:
    """The plane and the extent on which runs of a problem are compared, each as given or as `compare` chooses it, and
    how many records of each run they hold."""
    shown = _shown(runs)
    steps = np.concatenate([run.weights[:count] for run, count in zip(runs, shown, strict=True)])
    if plane is None:
        best = _best(runs, shown)
        end = runs[best].weights[shown[best] - 1]
        plane = Plane.default(problem) if problem.size <= 2 else Plane.principal(steps, end)
    if extent is None and isinstance(plane, Plane) and plane.center.size == problem.size:
        extent = _square(plane, steps)
    return plane, extent, shown


def _named(optimizers: Any) -> dict[str, Optimizer]:
    """Label -> optimizer; labels of those that have none are the calls that make them, counted where they repeat."""
    if isinstance(optimizers, Optimizer) or not isinstance(optimizers, Iterable):
        raise ArgumentError(f"optimizers is {optimizers!r}, a dict of them by label or a list is wanted")
    named: dict[str, Optimizer] = {}
    if isinstance(optimizers, Mapping):
        named = {str(label): optimizer for label, optimizer in optimizers.items()}
    else:
        for optimizer in optimizers:
            label, count = repr(optimizer), 1
            while label in named:
                count += 1
                label = f"{optimizer!r} ({count})"
            named[label] = optimizer
    if not 1 <= len(named) <= MOST:
        raise ArgumentError(f"optimizers holds {len(named)}, 1 to {MOST} are wanted: a picture tells no more apart")
    return named


def _shown(runs: Sequence[Run]) -> list[int]:
    """How many records of each run count for the plane."""
    if not any(run.finite[0] for run in runs):
        raise ArgumentError("the loss is not finite at the start: give another one")
    lowest = min(float(run.loss[run.finite].min()) for run in runs)
    shown = [records_before(run, lowest) for run in runs]
    best = _best(runs, shown)
    way = float(distances(runs[best])[: shown[best]].max())
    if way > 0:
        return [records_before(run, lowest, way) for run in runs]
    # The best is the start itself, all others leave with their first step: then that is what there is to see.
    return [min(2, int(run.finite.sum())) for run in runs] if max(shown) == 1 else shown


def _best(runs: Sequence[Run], shown: list[int]) -> int:
    """Which run is lowest at the last of its records that are shown."""
    return min(range(len(runs)), key=lambda number: float(runs[number].loss[shown[number] - 1]))


def _square(plane: Plane, steps: NDArray[np.float64]) -> tuple[float, float, float, float] | None:
    """The least square on a plane that holds the steps, with a margin; None where they are all at one point."""
    coordinates, _ = plane.project(steps)
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    half = (0.5 + MARGIN) * float((high - low).max())
    if not 0 < half < np.inf:
        return None
    a, b = (low + high) / 2
    return a - half, a + half, b - half, b + half
