"""What the colours of a surface show: its loss, or how steep or how curved it is.

In: a Surface, the scale of its heights and a Look. Out: a Colouring: a scale with its name, and where it is not the
loss a place on the colour map for each vertex.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .heights import robust_top
from .look import DEFAULT, Look
from .scale import Scale, linear, sampled
from .steepness import gradient_norm, mean_curvature, slope

if TYPE_CHECKING:
    from .surface import Surface

ROWS = 128
"""Rows that are placed at once."""


@dataclass(frozen=True)
class Quantity:
    """values: of a surface. name: at the colour bar. colours: a colour map. signed: zero is its middle."""

    values: Callable[[Surface], NDArray[np.floating[Any]]]
    name: str
    colours: str
    signed: bool = False


# cividis and RdBu are read by people with any colour blindness; neither is taken for the loss's viridis.
QUANTITIES = {
    "gradient_norm": Quantity(gradient_norm, "gradient\nnorm", "cividis"),
    "slope": Quantity(slope, "slope", "cividis"),
    "curvature": Quantity(mean_curvature, "curvature", "RdBu_r", signed=True),
}


@dataclass(frozen=True, eq=False)
class Colouring:
    """name: at the colour bar. scale: of the values. colours: the colour map. shades: (rows, columns) uint8, places on
    the colour map, None where they are those of the heights. extend: at which ends of the scale values are cut, as
    matplotlib's colour bars have it."""

    name: str
    scale: Scale
    colours: str
    shades: NDArray[np.uint8] | None
    extend: str


def colouring(
    surface: Surface, heights: Scale, look: Look, vertices: tuple[NDArray[np.intp], NDArray[np.intp]] | None = None
) -> Colouring:
    """vertices: which rows and columns are drawn, None: all of them.

    Raises ArgumentError where the surface was computed without what its colours are to show.
    """
    if look.colouring == "loss":
        return Colouring("loss", heights, look.colours or DEFAULT, None, "max" if heights.cut else "neither")
    quantity = QUANTITIES[look.colouring]
    values = quantity.values(surface)
    if vertices is not None:
        values = values[np.ix_(*vertices)]
    scale, extend = _scale(values, quantity.signed)
    shades = np.empty(values.shape, np.uint8)
    for first in range(0, len(values), ROWS):
        part = slice(first, first + ROWS)
        places = np.nan_to_num(scale.place(values[part]), nan=0.5 if quantity.signed else 0.0, posinf=1.0, neginf=0.0)
        shades[part] = np.round(np.clip(places, 0.0, 1.0) * 255)
    return Colouring(quantity.name, scale, look.colours or quantity.colours, shades, extend)


def _scale(values: NDArray[np.floating[Any]], signed: bool) -> tuple[Scale, str]:
    """From zero or the least value, or as far below zero as above it, to where few values lie beyond."""
    known = np.isfinite(values)
    if not known.any():
        return Scale(0.0, 1.0, 0.0, 0.0), "neither"
    lowest, highest = (float(f(values, where=known, initial=end)) for f, end in ((np.min, np.inf), (np.max, -np.inf)))
    if not signed:
        scale = linear(lowest, highest, robust_top(lowest, highest, sampled(values)))
        return scale, "max" if scale.cut else "neither"
    furthest = max(abs(lowest), abs(highest))
    reach = robust_top(0.0, furthest, np.abs(sampled(values))) or 1.0
    ends = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
    return Scale(-reach, reach, highest, lowest), ends[lowest < -reach, highest > reach]
