"""The box that a surface is drawn in: coordinates of the plane and losses, as points of the scene.

In: the heights of a surface. Out: a Box, whose floor is centred on the origin, its longer side 2 long, a to the right
of it, b away from the reader and the loss upwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...heights import proportions
from .heights import Heights

SIDE = 2.0


@dataclass(frozen=True, eq=False)
class Box:
    """extent: (a0, a1, b0, b1). width, depth, height: along a, b and the loss, in units of the scene."""

    heights: Heights
    extent: tuple[float, float, float, float]
    width: float
    depth: float
    height: float

    @classmethod
    def of(cls, heights: Heights) -> Box:
        a0, a1, b0, b1 = (float(x) for x in (heights.a[0], heights.a[-1], heights.b[0], heights.b[-1]))
        sides = proportions((a0, a1, b0, b1))
        return cls(heights, (a0, a1, b0, b1), *(SIDE * side for side in sides))

    def across(self, a: Any) -> NDArray[np.float64]:
        """x of coordinates a."""
        a0, a1, _, _ = self.extent
        return ((np.asarray(a, np.float64) / 2 - a0 / 2) / (a1 / 2 - a0 / 2) - 0.5) * self.width

    def along(self, b: Any) -> NDArray[np.float64]:
        """y of coordinates b."""
        _, _, b0, b1 = self.extent
        return ((np.asarray(b, np.float64) / 2 - b0 / 2) / (b1 / 2 - b0 / 2) - 0.5) * self.depth

    def a(self, x: float) -> float:
        """The coordinate a of x, within the extent."""
        return _between(self.extent[0], self.extent[1], x / self.width + 0.5)

    def b(self, y: float) -> float:
        """The coordinate b of y, within the extent."""
        return _between(self.extent[2], self.extent[3], y / self.depth + 0.5)

    def up(self, loss: Any) -> NDArray[np.float64]:
        """z of losses; what is cut off lies at the top."""
        return np.clip(self.heights.scaled(loss), 0.0, 1.0) * self.height

    def points(self, a: Any, b: Any, loss: Any) -> NDArray[np.float64]:
        """Points (k, 3) of the scene; nan where one of the three is nan."""
        return np.column_stack([self.across(a), self.along(b), self.up(loss)])


def _between(first: float, last: float, share: float) -> float:
    return float(np.clip(first + 2 * share * (last / 2 - first / 2), first, last))
