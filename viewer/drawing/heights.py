"""The heights of a surface, made fit for a graphics card.

In: a Surface and the scale that is asked for. Out: Heights, whose z is in the unit interval, and what a reader must
know of how it came to be. Scaled in float64, some rows at a time, before they become float32, so that a loss of 1e6
with ripples of 1e-3 still shows them and 4096 x 4096 vertices take little more memory than the card does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...arguments import ArgumentError
from ...heights import robust_top
from .gaps import fill
from .look import Look
from .scale import Scale, linear, logarithmic

if TYPE_CHECKING:
    from ...surface import Surface

SAMPLES = 2**19
"""Values of which quantiles are taken at most: of more, a regular part of them."""

BEYOND = 1e6
"""Scaled heights are held below this: where one is cut, the slope that leads to it is what matters."""

DEEPEST = 1e-8
"""Where a logarithmic scale begins at the latest, as a share of its end: a zero has no logarithm, and one vertex of
1e-30 would flatten the rest."""

NEEDLE = 1e-4
"""A share of the vertices, a hundredth of the surface across: on a logarithmic scale what lies round a zero of the loss
is a needle, and so thin a part of it comes out as scattered pixels."""

SLENDER = 0.1
"""How much of the height such a tip may take before the scale begins above it."""

ROWS = 128
"""Rows that are scaled at once."""


@dataclass(frozen=True, eq=False)
class Heights:
    """z: (rows, columns) float32, 0 at `low` and 1 at `top`, above 1 where the height is cut off; where `known` is
    False there is no height, and z is that of its neighbours, for the sake of the light on them.

    rimmed: z with a rim of one vertex, the straight continuation of the surface: what the card is given; z is its
    inside. scale: of the losses. every: 1, or the n of "every nth vertex is drawn". a, b: coordinates of the columns
    and rows.
    """

    rimmed: NDArray[np.float32]
    known: NDArray[np.bool_]
    scale: Scale
    every: int
    a: NDArray[np.float64]
    b: NDArray[np.float64]

    @property
    def z(self) -> NDArray[np.float32]:
        return self.rimmed[1:-1, 1:-1]

    @property
    def low(self) -> float:
        return self.scale.low

    @property
    def top(self) -> float:
        return self.scale.top

    @property
    def cut(self) -> bool:
        """Whether heights above `top` are cut off."""
        return self.scale.cut

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of a picture must know."""
        told = []
        if not self.known.any():
            told.append("no vertex holds a finite height")
        if self.cut:
            told.append(f"heights above {self.top:.4g} are cut off, the highest is {self.scale.highest:.4g}")
        if self.scale.lowest < self.low and self.scale.logarithmic:
            told.append(f"heights below {self.low:.4g} are drawn there, the lowest is {self.scale.lowest:.4g}")
        if self.every > 1:
            told.append(f"of each {self.every} x {self.every} vertices one is drawn")
        return tuple(told)

    def scaled(self, loss: Any) -> NDArray[np.float64]:
        """Losses on the scale of z; nan stays nan."""
        return self.scale.place(loss)

    def part(
        self, rows: slice, columns: slice, loss: NDArray[Any], shape: tuple[int, int]
    ) -> tuple[slice, slice, NDArray[Any]]:
        """Of a part of a surface of some shape, which of the rows and columns that are drawn it holds, and their
        losses."""
        if self.every == 1:
            return rows, columns, loss
        down, kept_rows = _within(rows, thinned(shape[0], self.every))
        right, kept_columns = _within(columns, thinned(shape[1], self.every))
        return down, right, loss[np.ix_(kept_rows, kept_columns)]

    def change(self, rows: slice, columns: slice, loss: NDArray[np.floating[Any]]) -> tuple[slice, slice]:
        """Scale the losses of some rows and columns of those drawn anew; the part of `rimmed` that has changed."""
        known = np.isfinite(loss)
        whole = bool(known.all())
        self.known[rows, columns] = known
        part = np.minimum(self.scaled(loss if whole else np.where(known, loss, self.low)), BEYOND).astype(np.float32)
        if not whole:
            fill(part, known)
        self.z[rows, columns] = part
        return self._continued(rows, columns)

    def _continued(self, rows: slice, columns: slice) -> tuple[slice, slice]:
        """Continue the surface beyond its ends, where a part reaches them: a straight continuation gives the rim the
        slope of the cells inside. The part of `rimmed`, the rim included."""
        z = self.rimmed
        first, last, left, right = rows.start + 1, rows.stop + 1, columns.start + 1, columns.stop + 1
        height, width = z.shape
        if first <= 2:
            first, z[0, left:right] = 0, 2 * z[1, left:right] - z[2, left:right]
        if last >= height - 2:
            last, z[-1, left:right] = height, 2 * z[-2, left:right] - z[-3, left:right]
        if left <= 2:
            left, z[first:last, 0] = 0, 2 * z[first:last, 1] - z[first:last, 2]
        if right >= width - 2:
            right, z[first:last, -1] = width, 2 * z[first:last, -2] - z[first:last, -3]
        return slice(first, last), slice(left, right)


def heights(surface: Surface, limit: int, look: Look | None = None) -> Heights:
    """The heights of a surface, thinned where a side has more than `limit` vertices.

    Raises ArgumentError where a logarithmic scale is asked for and a loss is negative, or a limit is too low.
    """
    every = -(-max(surface.loss.shape) // limit)
    rows, columns = (thinned(len(x), every) for x in (surface.b, surface.a))
    shown = surface.loss[np.ix_(rows, columns)] if every > 1 else surface.loss
    known = np.isfinite(shown)
    scale = _scale(shown, known, look or Look())
    z = np.empty((len(rows) + 2, len(columns) + 2), np.float32)
    made = Heights(z, known, scale, every, surface.a[columns], surface.b[rows])
    gaps = not known.all()
    with np.errstate(invalid="ignore"):
        for first in range(0, len(rows), ROWS):
            part = slice(first, first + ROWS)
            made.z[part] = np.minimum(scale.place(shown[part]), BEYOND)
    if gaps:
        fill(made.z, known)
    made._continued(slice(0, len(rows)), slice(0, len(columns)))
    return made


def thinned(count: int, every: int) -> NDArray[np.intp]:
    """Every nth position of `count`, and the last."""
    return np.unique(np.append(np.arange(0, count, every), count - 1))


def _within(part: slice, drawn: NDArray[np.intp]) -> tuple[slice, NDArray[np.intp]]:
    """Which of the positions that are drawn lie in a part of all, and their places in it."""
    first, last = (int(place) for place in np.searchsorted(drawn, [part.start, part.stop]))
    return slice(first, last), drawn[first:last] - part.start


def sampled(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Finite values for quantiles, of a large array at even distances."""
    step = int(np.ceil(np.sqrt(values.size / SAMPLES)))
    part = values[::step, ::step].astype(np.float64)
    found: NDArray[np.float64] = part[np.isfinite(part)]
    return found if found.size or step == 1 else values[np.isfinite(values)].astype(np.float64)


def _scale(loss: NDArray[np.floating[Any]], known: NDArray[np.bool_], look: Look) -> Scale:
    """Where the scale of the heights begins and ends."""
    if not known.any():
        return Scale(0.0, 1.0, 0.0, 0.0)
    low = float(np.min(loss, where=known, initial=np.inf))
    highest = float(np.max(loss, where=known, initial=-np.inf))
    if look.heights == "log":
        return _log_scale(loss, known, low, highest)
    if look.heights == "linear":
        return linear(low, highest)
    if look.limit is not None:
        if look.limit <= low:
            raise ArgumentError(f"limit is {look.limit:g}, more than the surface's lowest loss {low:.6g} is wanted")
        return linear(low, highest, min(look.limit, highest))
    if linear(low, highest).low < low:
        return linear(low, highest)  # a constant has nothing to cut
    return linear(low, highest, robust_top(low, highest, sampled(loss)))


def _log_scale(loss: NDArray[np.floating[Any]], known: NDArray[np.bool_], low: float, highest: float) -> Scale:
    if low < 0 or highest == 0:
        raise ArgumentError(
            f"the loss goes down to {low:.4g}: heights='log' wants positive losses, 'clipped' and 'linear' take any"
        )
    positive = known & (loss > 0)
    least = float(np.min(loss, where=positive, initial=np.inf))
    sample = sampled(loss)
    sample = np.log10(np.maximum(sample, least))
    top = 10.0 ** min(robust_top(float(np.log10(least)), float(np.log10(highest)), sample), 308.0)
    top = highest if top > 0.999 * highest else top
    return logarithmic(max(_blunt(least, top, sample), DEEPEST * top), highest, low, top)


def _blunt(least: float, top: float, sample: NDArray[np.float64]) -> float:
    """The least loss, or where that is the tip of a needle, the least of the others. sample: logarithms of losses."""
    count = int(NEEDLE * sample.size)
    tip, end = float(np.partition(sample, count)[count]), float(np.log10(least))
    return 10.0**tip if count and tip - end > SLENDER * (np.log10(top) - end) else least
