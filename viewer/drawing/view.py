"""From where a scene is seen: the usual places, and what part of the surface is seen from one.

In: a Box. Out: Views.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...viewpoint import ELEVATION, azimuth
from .box import SIDE, Box
from .picking import Sight, met

FIELD_OF_VIEW = 28.0
"""Degrees: long enough a lens that the far side is not much smaller."""

ACROSS = 3.3
"""How much of the scene a view shows, in its units."""

COARSE = 384
"""Vertices along a side of which hills are sought, and what is seen, at most."""

RAYS = 5
"""Lines of sight along each side of the canvas, for what is seen where no such vertex is."""

Points = NDArray[np.float64]


class View(NamedTuple):
    """From where a scene is seen: degrees round and above it, degrees of the lens (0: no perspective), the point in the
    middle, how much of the scene is seen."""

    azimuth: float
    elevation: float
    lens: float
    centre: tuple[float, float, float]
    across: float


def above(box: Box) -> View:
    """From straight above, a to the right and b upwards, as on a map: without perspective."""
    return View(0.0, 90.0, 0.0, _centre(box), ACROSS)


def home(box: Box, points: Points) -> View:
    """From the side from which most of the points (k, 3) on the surface are seen."""
    down, right = _coarse(box)
    z, known = box.heights.z[np.ix_(down, right)], box.heights.known[np.ix_(down, right)]
    ground = np.where(known, np.clip(z, 0.0, 1.0), np.nan) * box.height / SIDE
    points = points[np.isfinite(points).all(axis=1)]
    across, along = points[:, 0] / box.width + 0.5, points[:, 1] / box.depth + 0.5
    angle = azimuth(ground, across, along, points[:, 2] / SIDE)  # as matplotlib counts: the eye's from the first axis
    return View(angle + 90.0, ELEVATION, FIELD_OF_VIEW, _centre(box), ACROSS)


def followed(view: View, old: Box, new: Box) -> View:
    """The view of a surface in its own box from which it is seen as before, where it was a part of another one, or the
    other of it: over the same a and b, as large as they were."""
    x, y, z = view.centre
    place = float(new.across(old.a(x))), float(new.along(old.b(y)))
    smaller = (new.width / (new.extent[1] - new.extent[0])) / (old.width / (old.extent[1] - old.extent[0]))
    return view._replace(centre=(*place, z), across=view.across * smaller)


def seen_part(box: Box, rise: float, sight: Sight, size: tuple[float, float]) -> tuple[float, float, float, float]:
    """(a0, a1, b0, b1): the part of a box's extent that is seen on a canvas of so many pixels, all of it where nothing
    is."""
    down, right = _coarse(box)
    z = np.clip(box.heights.z[np.ix_(down, right)], 0.0, 1.0) * box.height * rise
    x, y = np.meshgrid(box.across(box.heights.a[right]), box.along(box.heights.b[down]))
    pixels = sight.pixels(np.column_stack([x.ravel(), y.ravel(), z.ravel()]))
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= 0) & (pixels <= size)).all(axis=1)
    floor = [np.column_stack([x.ravel()[inside], y.ravel()[inside]])]
    across, along = (np.linspace(0.0, side, RAYS) for side in size)
    hits = [met(box, rise, *sight.line(float(u), float(v))) for u in across for v in along]
    floor.append(np.array([hit for hit in hits if hit is not None]).reshape(-1, 2))
    points = np.concatenate(floor)
    if not len(points):
        return box.extent
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return box.a(x0), box.a(x1), box.b(y0), box.b(y1)


def _centre(box: Box) -> tuple[float, float, float]:
    return 0.0, 0.0, 0.42 * box.height


def _coarse(box: Box) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Some rows and columns, the first and the last among them."""
    rows, columns = (
        np.linspace(0, count - 1, min(count, COARSE)).round().astype(np.intp) for count in box.heights.z.shape
    )
    return rows, columns
