"""From where to look at a surface in 3-D so that the path on it is not behind a hill.

In: heights on the unit square and the points of a path. Out: the azimuth, of a few, that hides fewest of
them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ELEVATION = 32.0
"""Degrees above the horizon: high enough to see into a valley."""

AZIMUTHS = (-58.0, -32.0, -122.0, -148.0, 58.0, 32.0, 122.0, 148.0)
"""Degrees, the most usual first; none along an axis, where ticks fall on one another."""

RAY = np.linspace(0.03, 1.3, 64)
"""How far along a line of sight it is tested, as a share of the square's side."""


def azimuth(heights: Array, a: Array, b: Array, z: Array) -> float:
    """The azimuth from which most points (a, b, z) are in sight.

    heights: (rows, columns) over the unit square, rows along b, in the units of z in which the square has
    side 1; what is nan hides nothing.
    """
    rise = np.tan(np.radians(ELEVATION))
    rows, columns = heights.shape
    best, most = AZIMUTHS[0], -1
    for angle in AZIMUTHS:
        across = a[:, None] + np.cos(np.radians(angle)) * RAY
        along = b[:, None] + np.sin(np.radians(angle)) * RAY
        inside = (across >= 0) & (across <= 1) & (along >= 0) & (along <= 1)
        ground = heights[
            np.clip((along * (rows - 1)).round().astype(np.intp), 0, rows - 1),
            np.clip((across * (columns - 1)).round().astype(np.intp), 0, columns - 1),
        ]
        with np.errstate(invalid="ignore"):
            hidden = (inside & (ground > z[:, None] + rise * RAY)).any(axis=1)
        seen = int((~hidden).sum())
        if seen > most:
            best, most = angle, seen
    return best
