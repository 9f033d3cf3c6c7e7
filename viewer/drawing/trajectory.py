"""The path of a run in the box of its surface.

In: a Surface, a run, and the Box the surface is drawn in. Out: a Trajectory, points close enough together that lines
between them follow the surface.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .box import SIDE, Box

if TYPE_CHECKING:
    from ...path import Path
    from ...surface import Surface
    from ...training import Run

LIFT = 0.012
"""The path's lift above the surface, as a share of the box's height: less, and the surface would swallow it between
two vertices."""

SPACING = SIDE / 200
"""Points between two steps are at most this far apart, as seen from above."""

STEPS = 4000
"""Steps that are drawn, and told of, at most; of a longer run, some at even distances, the first and the last among
them. No other is projected: of millions that takes longer than a window may stand still."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """points: (k, 3), nan outside the surface; (k, 2) on a line. time: (k,), 0 at the first step to 1 at the last.
    path: of those of the run's steps that the points lie between."""

    points: NDArray[np.float64]
    time: NDArray[np.float64]
    path: Path

    @property
    def start(self) -> NDArray[np.float64] | None:
        """The first step's point, or None where it is not on the surface."""
        return _finite(self.points[0])

    @property
    def end(self) -> NDArray[np.float64] | None:
        """The last step's point, or None where it is not on the surface."""
        return _finite(self.points[-1])

    def at(self, moment: float) -> NDArray[np.float64] | None:
        """Where the run is at a moment in [0, 1], or None where that is not on the surface."""
        return _finite(np.array([np.interp(moment, self.time, line) for line in self.points.T]))


def _finite(point: NDArray[np.float64]) -> NDArray[np.float64] | None:
    return point if np.isfinite(point).all() else None


def trajectory(surface: Surface, run: Run, box: Box) -> Trajectory:
    """The path of a run. Raises ArgumentError where its weights are not those of the surface's plane."""
    path = _path(surface, run)
    a, b = path.a, path.b
    with np.errstate(over="ignore", invalid="ignore"):
        far = np.hypot(np.diff(box.across(a)), np.diff(box.along(b)))
    # A step that left the surface by far, or the reals, is no reason for a million points.
    parts = np.clip(np.ceil(np.nan_to_num(far, nan=1.0, posinf=1.0) / SPACING), 1, SIDE / SPACING).astype(np.intp)
    places = np.concatenate(
        [k + np.arange(count) / count for k, count in enumerate(parts)] + [np.array([len(a) - 1.0])]
    )
    whole = np.arange(len(a))
    with np.errstate(over="ignore", invalid="ignore"):
        a, b = np.interp(places, whole, a), np.interp(places, whole, b)
    loss = np.asarray(surface.at(a, b), np.float64)
    points = box.points(a, b, np.where(np.isfinite(loss), loss, np.nan))
    points[:, 2] += LIFT * box.height
    return Trajectory(points, np.interp(places, whole, path.step) / max(run.steps, 1), path)


def along(surface: Surface, run: Run) -> Trajectory:
    """The steps of a run on a surface of one line: a and the height there. Raises as trajectory does."""
    path = _path(surface, run)
    return Trajectory(np.column_stack([path.a, path.height]), path.step / max(run.steps, 1), path)


def _path(surface: Surface, run: Run) -> Path:
    """Of the steps that are drawn."""
    last = run.steps
    kept = np.unique(np.linspace(0, last, min(last + 1, STEPS)).round().astype(np.int64))
    return surface.path(replace(run, weights=run.weights[kept], loss=run.loss[kept]))._replace(step=kept)
