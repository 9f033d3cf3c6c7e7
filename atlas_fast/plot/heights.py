"""The heights of a surface as they are drawn: where there are any, and which colour each has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import Colormap, Normalize
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..surface import Surface

Array = NDArray[np.float64]

COLOURS = "viridis"


@dataclass(frozen=True, eq=False)
class Heights:
    """values: (rows, columns), nan where the loss is not finite. scale: of the colours. surface: what they are of."""

    surface: Surface
    values: Array
    scale: Normalize
    colours: str | Colormap

    @classmethod
    def of(cls, surface: Surface, colours: str | Colormap = COLOURS) -> Heights:
        values = np.where(np.isfinite(surface.loss), surface.loss.astype(np.float64), np.nan)
        return cls(surface, values, _scale(values), colours)

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest."""
        return float(self.scale.vmin or 0.0), float(self.scale.vmax or 1.0)


def _scale(heights: Array) -> Normalize:
    """The colour scale of the finite heights; of 0 to 1 where there are none."""
    finite = heights[np.isfinite(heights)]
    if not finite.size:
        return Normalize(0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    # A constant surface still needs a scale, and contour levels that rise.
    room = max(abs(low), 1.0) * 1e-6 if high - low <= abs(low) * 1e-12 else 0.0
    return Normalize(low - room, high + room)
