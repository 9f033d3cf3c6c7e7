"""The heights of a surface, made fit for a graphics card.

In: a Surface. Out: Heights, whose z is in the unit interval, and what a reader must know of how it came to be.
Scaled in float64 before they become float32, so that a loss of 1e6 with ripples of 1e-3 still shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ...surface import Surface

QUANTILES = (0.995, 0.98, 0.95, 0.9, 0.75)
"""Where a range of heights may be cut, after the share of the surface that lies below."""

DOMINATED = 8.0
"""The range is cut at a quantile where it is this much larger than the range below the quantile. A paraboloid on a
square is 2.1 times as high in its corners as its lower three quarters, the fourth power of it 4.4 times."""

ROOM = 1.25
"""A cut is made this much above the quantile, as a share of the range below it."""

SAMPLES = 2**21
"""Heights of which the quantiles are taken at most: of more, a regular part of them."""

BEYOND = 1e6
"""Scaled heights are held below this: where one is cut, the slope that leads to it is what matters."""


@dataclass(frozen=True, eq=False)
class Heights:
    """z: (rows, columns) float32, 0 at `low` and 1 at `top`, above 1 where the height is cut off; where `known` is
    False there is no height, and z is that of its neighbours, for the sake of the light on them.

    low, top: losses at the ends of the scale. highest: the largest finite loss. every: 1, or the n of "every nth
    vertex is drawn". a, b: coordinates of the columns and rows.
    """

    z: NDArray[np.float32]
    known: NDArray[np.bool_]
    low: float
    top: float
    highest: float
    every: int
    a: NDArray[np.float64]
    b: NDArray[np.float64]

    @property
    def cut(self) -> bool:
        """Whether heights above `top` are cut off."""
        return self.highest > self.top

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of a picture must know."""
        told = []
        if not self.known.any():
            told.append("no vertex holds a finite height")
        if self.cut:
            told.append(f"heights above {self.top:.4g} are cut off, the highest is {self.highest:.4g}")
        if self.every > 1:
            told.append(f"of each {self.every} x {self.every} vertices one is drawn")
        return tuple(told)

    def scaled(self, loss: Any) -> NDArray[np.float64]:
        """Losses on the scale of z; nan stays nan."""
        # Halves, for the difference of two finite numbers may be infinite.
        return (np.asarray(loss, np.float64) / 2 - self.low / 2) / (self.top / 2 - self.low / 2)


def heights(surface: Surface, limit: int) -> Heights:
    """The heights of a surface, thinned where a side has more than `limit` vertices."""
    every = -(-max(surface.loss.shape) // limit)
    rows, columns = (_thinned(len(x), every) for x in (surface.b, surface.a))
    shown = surface.loss[np.ix_(rows, columns)] if every > 1 else surface.loss
    loss = shown.astype(np.float64)
    known = np.isfinite(loss)
    low, top, highest = _range(loss[known])
    drawn = Heights(np.empty(0, np.float32), known, low, top, highest, every, surface.a[columns], surface.b[rows])
    loss[~known] = low
    z = np.minimum(drawn.scaled(loss), BEYOND).astype(np.float32)
    if not known.all():
        z = _filled(z, known)
    return Heights(z, known, low, top, highest, every, drawn.a, drawn.b)


def _thinned(count: int, every: int) -> NDArray[np.intp]:
    """Every nth position of `count`, and the last."""
    return np.unique(np.append(np.arange(0, count, every), count - 1))


def _range(finite: NDArray[np.float64]) -> tuple[float, float, float]:
    """Where the scale of the finite heights begins and ends, and the highest of them.

    Only the upper end is ever cut: a deep narrow minimum is what one looks for, a corner that diverges is not.
    """
    if not finite.size:
        return 0.0, 1.0, 0.0
    low, highest = float(finite.min()), float(finite.max())
    half = highest / 2 - low / 2
    if half <= max(abs(low), abs(highest)) * 1e-15:
        # A constant: halfway up a scale of its own.
        room = max(abs(low), 1.0) * 0.05
        return low - room, low + room, low
    step = -(-finite.size // SAMPLES)
    top = highest
    for quantile in np.quantile(finite[::step], QUANTILES, method="higher"):
        below = float(quantile) / 2 - low / 2
        if below > 0 and top / 2 - low / 2 > DOMINATED * below:
            top = low + 2 * ROOM * below
    return low, top, highest


def _filled(z: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """z with heights where there are none: next to a known vertex the mean of those, for a vertex at the rim of a gap
    takes its slope from there; further inside the last one before the gap, for where few vertices are drawn a
    triangle may reach that far."""
    filled = _carried(_carried(np.where(known, z, np.float32(np.nan))).T).T
    total, count = np.zeros(z.shape), np.zeros(z.shape)
    values = np.pad(np.where(known, z, np.float32(0)), 1)
    weights = np.pad(known, 1)
    rows, columns = z.shape
    for down in range(3):
        for right in range(3):
            part = (slice(down, down + rows), slice(right, right + columns))
            total += values[part]
            count += weights[part]
    filled = np.where(count > 0, total / np.maximum(count, 1), np.nan_to_num(filled))
    return np.where(known, z, filled).astype(np.float32)


def _carried(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row with its last value carried over nan, and its first one back to its beginning."""
    columns = np.arange(z.shape[1])
    for direction in (slice(None), slice(None, None, -1)):
        turned = z[:, direction]
        last = np.maximum.accumulate(np.where(np.isnan(turned), 0, columns), axis=1)
        z = np.take_along_axis(turned, last, axis=1)[:, direction]
    return z
