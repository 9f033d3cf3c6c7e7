"""Where steepest descent leads on a surface: arrows at a few places, and lines that follow it.

In: a Surface with its gradient. Out: coordinates in the plane. Steepest as seen in (a, b), as descent along the plane
would go; where the plane's directions are orthonormal that is the gradient's own projection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .steepness import gradient

if TYPE_CHECKING:
    from .surface import Surface

Array = NDArray[np.float64]

GRID = 160
"""Vertices along each side of which lines are made at most: those between change them by less than their width."""


@dataclass(frozen=True, eq=False)
class Arrows:
    """points: (k, 2), where arrows stand. directions: (k, 2), downhill, of length 1. steepness: (k,), |dL/d(a, b)|."""

    points: Array
    directions: Array
    steepness: Array


def descent_arrows(surface: Surface, count: int) -> Arrows:
    """The direction of steepest descent at some count x count places away from the rim; none where the surface is level
    or has no gradient. Raises ArgumentError where it was computed without."""
    slopes = gradient(surface)
    rows, columns = (
        np.unique(((np.arange(count) + 0.5) / count * (len(x) - 1)).round().astype(np.intp))
        for x in (surface.b, surface.a)
    )
    down = -slopes[:, rows[:, None], columns].reshape(2, -1).astype(np.float64).T
    points = np.stack(np.meshgrid(surface.a[columns], surface.b[rows]), axis=-1).reshape(-1, 2)
    steepness = np.hypot(*down.T)
    kept = np.isfinite(steepness) & (steepness > 0)
    return Arrows(points[kept], down[kept] / steepness[kept, None], steepness[kept])


def descent_lines(surface: Surface, density: float = 1.0) -> list[Array]:
    """Lines (n, 2) of steepest descent, each downhill from its first point to its last, evenly spread; at density 1
    some 30 pass along each side. Raises ArgumentError where the surface was computed without a gradient."""
    # matplotlib's streamplot places and integrates them.
    from matplotlib.figure import Figure

    slopes = gradient(surface)
    rows, columns = (_thinned(len(x)) for x in (surface.b, surface.a))
    down = -slopes[:, rows[:, None], columns].astype(np.float64)
    # Scaled to what float64 squares without overflow.
    largest = np.nanmax(np.abs(down), where=np.isfinite(down), initial=0.0)
    if not largest:
        return []
    masked = np.ma.masked_invalid(down / largest)
    a, b = (np.linspace(x[0], x[-1], len(kept)) for x, kept in ((surface.a, columns), (surface.b, rows)))
    drawn = Figure().add_subplot().streamplot(a, b, masked[0], masked[1], density=density)
    return _joined([np.asarray(piece, np.float64) for piece in drawn.lines.get_segments()])


def _thinned(count: int) -> NDArray[np.intp]:
    """Positions of vertices at even distances, the first and the last among them."""
    return np.linspace(0, count - 1, min(count, GRID)).round().astype(np.intp)


def _joined(pieces: list[Array]) -> list[Array]:
    """Pieces as lines: one goes on where the next piece begins at its end."""
    lines: list[list[Array]] = []
    for piece in pieces:
        if lines and np.array_equal(lines[-1][-1][-1], piece[0]):
            lines[-1].append(piece[1:])
        else:
            lines.append([piece])
    return [np.concatenate(line) for line in lines]
