"""How high a surface is drawn: where its scale of heights is cut, and the proportions of the box that holds it.

In: a sample of the losses of a surface, or its extent. Out: a loss, or three sides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

QUANTILES = (0.995, 0.98, 0.95, 0.9, 0.75)
"""Where a range of heights may be cut, after the share of the surface that lies below."""

DOMINATED = 8.0
"""The range is cut at a quantile where it is this much larger than the range below the quantile. A paraboloid on a
square is 2.1 times as high in its corners as its lower three quarters, the fourth power of it 4.4 times."""

ROOM = 1.25
"""A cut is made this much above the quantile, as a share of the range below it."""

BEYOND = (0.93, 0.91, 0.84)
"""The colour of heights that are cut off: beyond viridis's yellow, and no part of it."""

DEPTH = 0.56
"""The height of the box, as a share of its longer side."""

ELONGATED = 2.0
"""Up to this ratio of its sides a surface keeps its proportions, so that what is perpendicular looks so."""


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
