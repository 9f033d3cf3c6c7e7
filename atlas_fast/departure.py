"""Where a run leaves for good: from which step on it stays far above the loss it started from, or far away.

In: a run. Out: how many of its records come before that. What comes after may be at 1e150, and a plane or a frame
that holds it shows nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .training import Run

FAR = 10.0
"""What is far, in loss: above the lowest by this many times the start's height above it, or the start's size. And in
distance from the start: this many times the way of a run that is no outlier."""

EXPLODED = 1e6
"""A run that ends with such a multiple of its first loss is taken as one that diverged, though it is finite."""


def rise(loss: NDArray[np.float64]) -> str:
    """What to say of a run whose loss (steps + 1,) ends far above its start; empty of any other."""
    if not np.isfinite(loss[[0, -1]]).all() or loss[-1] - loss[0] <= FAR * abs(loss[0]):
        return ""
    return f"the loss rose from {loss[0]:.4g} to {loss[-1]:.4g}; a smaller lr or scaled data may mend it"


def diverged(run: Run) -> bool:
    """Whether a run ended at what is not finite, or is as good as that."""
    return run.diverged_at is not None or bool(run.loss[-1] > EXPLODED * max(abs(run.loss[0]), 1e-300))


def records_before(run: Run, lowest: float | None = None, way: float = np.inf) -> int:
    """The number of records, the start included, up to the last one that is finite and not far.

    lowest: the loss to measure from, None for the run's own lowest. way: the distance to measure with. 0 where the
    start itself is not finite; heights are not measured where the start's loss is 0 and the lowest.
    """
    finite = np.flatnonzero(run.finite)
    if not finite.size or not run.finite[0]:
        return 0
    low = float(run.loss[finite].min()) if lowest is None else lowest
    scale = max(abs(run.loss[0]), run.loss[0] - low)
    near = distances(run)[finite] <= FAR * way
    if scale > 0:
        near &= run.loss[finite] <= low + FAR * scale
    return int(finite[near][-1]) + 1


def distances(run: Run) -> NDArray[np.float64]:
    """How far each record (steps + 1,) is from the start; inf where the square overflows."""
    with np.errstate(all="ignore"):
        found: NDArray[np.float64] = np.linalg.norm(run.weights - run.weights[:1], axis=1)
    return found


def trajectory(run: Run) -> NDArray[np.float64]:
    """The weights (k, P) that a plane or a frame of the run is to hold: all of them, or, if it diverged, those
    before it left for good; at least its first step.
    """
    if not diverged(run):
        return run.weights
    steps: NDArray[np.float64] = run.weights[: max(records_before(run), 2)]
    return steps[run.finite[: len(steps)]]


def left_out(run: Run, shown: int) -> str:
    """In words, which records are left out if the first `shown` are kept; empty for none but the one that is not
    finite.
    """
    first = max(shown, 1)
    return "" if first > run.steps or first == run.diverged_at else f"far off from step {first:,} on"
