"""How high a surface is drawn: where its scale of heights ends, and the proportions of the box that holds it.

In: the finite losses of a surface, or its extent. Out: Limits, or three sides.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

QUANTILES = (0.995, 0.98, 0.95, 0.9, 0.75)
"""Where a range of heights may be cut, after the share of the surface that lies below."""

DOMINATED = 8.0
"""The range is cut at a quantile where it is this much larger than the range below the quantile. A paraboloid on a
square is 2.1 times as high in its corners as its lower three quarters, the fourth power of it 4.4 times."""

ROOM = 1.25
"""A cut is made this much above the quantile, as a share of the range below it."""

SAMPLES = 2**21
"""Heights of which the quantiles are taken at most: of more, a regular part of them."""

BEYOND = (0.93, 0.91, 0.84)
"""The colour of heights that are cut off: beyond viridis's yellow, and no part of it."""

DEPTH = 0.56
"""The height of the box, as a share of its longer side."""

ELONGATED = 2.0
"""Up to this ratio of its sides a surface keeps its proportions, so that what is perpendicular looks so."""


class Limits(NamedTuple):
    """low, top: losses at the ends of the scale. highest: the largest finite loss, above the top where it is cut."""

    low: float
    top: float
    highest: float

    @property
    def cut(self) -> bool:
        """Whether heights above `top` are cut off."""
        return self.highest > self.top

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of a picture must know of it."""
        if not self.cut:
            return ()
        return (f"heights above {self.top:.4g} are cut off, the highest is {self.highest:.4g}",)

    def scaled(self, loss: Any) -> NDArray[np.float64]:
        """Losses as shares of the scale: 0 at its low end, 1 at its top, more beyond it; nan stays nan."""
        # Halves, for the difference of two finite numbers may be infinite.
        with np.errstate(over="ignore", invalid="ignore"):
            return (np.asarray(loss, np.float64) / 2 - self.low / 2) / (self.top / 2 - self.low / 2)


def limits(finite: NDArray[np.float64]) -> Limits:
    """Where the scale of the finite heights begins and ends, and the highest of them; 0 to 1 where there are none."""
    if not finite.size:
        return Limits(0.0, 1.0, 0.0)
    low, highest = float(finite.min()), float(finite.max())
    half = highest / 2 - low / 2
    if half <= max(abs(low), abs(highest)) * 1e-15:
        # A constant: halfway up a scale of its own.
        room = max(abs(low), 1.0) * 0.05
        return Limits(low - room, low + room, low)
    return Limits(low, robust_top(low, highest, finite[:: -(-finite.size // SAMPLES)]), highest)


def robust_top(low: float, highest: float, sample: NDArray[np.float64]) -> float:
    """Where to cut values from low to highest, so that a corner that diverges does not flatten the rest: at highest,
    or above a quantile of the sample.

    Only the upper end is ever cut: a deep narrow minimum is what one looks for, a corner that diverges is not.
    """
    top = highest
    for quantile in np.quantile(sample, QUANTILES, method="higher"):
        below = float(quantile) / 2 - low / 2
        if below > 0 and top / 2 - low / 2 > DOMINATED * below:
            top = low + 2 * ROOM * below
    return top


def proportions(extent: tuple[float, float, float, float]) -> tuple[float, float, float]:
    """The sides of the box along a, b and the loss; the longer of the first two is 1."""
    a0, a1, b0, b1 = extent
    ratio = (b1 / 2 - b0 / 2) / (a1 / 2 - a0 / 2)
    if not 1 / ELONGATED <= ratio <= ELONGATED:
        ratio = 1.0
    return min(1.0, 1 / ratio), min(1.0, ratio), DEPTH
