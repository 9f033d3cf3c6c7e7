"""A surface as it is seen, in three dimensions: thinned where it is fine, scaled and coloured as a look says.

In: a Surface, a Look and how many vertices a side may have. Out: a Relief, whose points lie in a box with a longer side
of 1, a to the right, b away from the reader and the loss upwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import ArgumentError
from ..colouring import Colouring, colouring
from ..heights import proportions
from ..look import Look, table
from ..scale import Scale, scale_of

if TYPE_CHECKING:
    from ..surface import Surface

Array = NDArray[np.float64]

LIFT = 0.012
"""A path's lift above the surface, as a share of the box's height."""


@dataclass(frozen=True, eq=False)
class Relief:
    """a, b: (columns,), (rows,). loss: (rows, columns), nan where it is not finite. scale: of the heights. shown: what
    the colours are, its shades those of these vertices. sides: of the box along a, b and the loss. thinned: whether the
    surface has more vertices than these.
    """

    surface: Surface
    a: Array
    b: Array
    loss: Array
    scale: Scale
    shown: Colouring
    look: Look
    sides: tuple[float, float, float]
    thinned: bool

    @classmethod
    def of(cls, surface: Surface, resolution: int, look: Look) -> Relief:
        """Raises ArgumentError where the surface lacks what the look asks for."""
        rows, columns = (_thinned(len(x), resolution) for x in (surface.b, surface.a))
        thinned = len(rows) < len(surface.b) or len(columns) < len(surface.a)
        kept = surface.loss[np.ix_(rows, columns)] if thinned else surface.loss
        loss = np.where(np.isfinite(kept), kept.astype(np.float64), np.nan)
        # The scales are those of all vertices, as the viewer has them.
        scale = scale_of(surface.loss, np.isfinite(surface.loss), look)
        shown = colouring(surface, scale, look)
        if shown.shades is not None:
            shown = replace(shown, shades=shown.shades[np.ix_(rows, columns)])
        sides = proportions(surface.extent)
        return cls(surface, surface.a[columns], surface.b[rows], loss, scale, shown, look, sides, thinned)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of a picture must know."""
        told = [] if np.isfinite(self.loss).any() else ["no vertex holds a finite height"]
        told += self.scale.notes
        if self.thinned:
            of, shown = (f"{rows:,} x {columns:,}" for rows, columns in (self.surface.loss.shape, self.loss.shape))
            told.append(f"{shown} of {of} vertices are drawn")
        return tuple(told)

    @property
    def scaled(self) -> Array:
        """Heights (rows, columns) as shares of the scale; over 1 where they are cut off, nan where there are none."""
        return self.placed(self.loss)

    def placed(self, loss: Any) -> Array:
        """Losses as shares of the scale."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.scale.place(loss)

    @property
    def colours(self) -> Array:
        """The colours (rows, columns, 3) of the vertices, in [0, 1] as screens count them (sRGB)."""
        shades = self.shown.shades
        if shades is not None:
            return table(self.shown.colours)[shades] / 255.0
        scaled = np.nan_to_num(self.scaled)
        found = table(self.shown.colours)[np.round(np.clip(scaled, 0.0, 1.0) * 255).astype(np.intp)] / 255.0
        found[scaled > 1.0] = self.look.beyond
        return found

    def points(self, a: Any, b: Any, scaled: Any) -> Array:
        """Points (.., 3) of the box; heights over 1 lie at its top, and nan stays nan."""
        a0, a1, b0, b1 = self.surface.extent
        width, depth, height = self.sides
        across = (np.asarray(a) / 2 - a0 / 2) / (a1 / 2 - a0 / 2) * width
        along = (np.asarray(b) / 2 - b0 / 2) / (b1 / 2 - b0 / 2) * depth
        return np.stack(np.broadcast_arrays(across, along, np.clip(scaled, 0.0, 1.0) * height), axis=-1)

    def require_heights(self) -> None:
        """Raise ArgumentError where there is nothing to build a mesh of."""
        if not np.isfinite(self.loss).any():
            raise ArgumentError("the surface holds no finite height: there is nothing to build of it")

    def vertices(self) -> Array:
        """The points (rows, columns, 3) of all vertices."""
        return self.points(self.a[None, :], self.b[:, None], self.scaled)


def faces(shape: tuple[int, int]) -> NDArray[np.intp]:
    """The triangles (2 (rows - 1) (columns - 1), 3) of a grid of vertices counted row by row, anticlockwise from
    above."""
    number = np.arange(shape[0] * shape[1]).reshape(shape)
    near, right, far, left = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    halves = np.stack([near, right, far, near, far, left], axis=-1)
    return halves.reshape(-1, 3)


def _thinned(count: int, most: int) -> NDArray[np.intp]:
    """At most `most` positions of `count`, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))
