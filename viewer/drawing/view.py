"""From where a scene is seen: the usual places.

In: a Box. Out: Views.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...viewpoint import ELEVATION, azimuth
from .box import SIDE, Box

FIELD_OF_VIEW = 28.0
"""Degrees: long enough a lens that the far side is not much smaller."""

ACROSS = 3.3
"""How much of the scene a view shows, in its units."""

NEAREST, FURTHEST = 1e-4 * ACROSS, 20 * ACROSS
"""How much of the scene a view shows at least and at most: of a surface of 4096 x 4096 vertices less than a cell, and
one that is a speck."""

COARSE = 384
"""Vertices along a side of which hills are sought at most."""

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


def bounded(view: View) -> View:
    """The view, or the one from which not too little or too much is seen."""
    return view._replace(across=min(max(view.across, NEAREST), FURTHEST))


def moved(view: View, right: float, forward: float) -> View:
    """The view over another place of the ground, by shares of what is seen."""
    angle = np.radians(view.azimuth)
    x, y, z = view.centre
    x += view.across * (right * float(np.cos(angle)) - forward * float(np.sin(angle)))
    y += view.across * (right * float(np.sin(angle)) + forward * float(np.cos(angle)))
    return view._replace(centre=(x, y, z))


def _centre(box: Box) -> tuple[float, float, float]:
    return 0.0, 0.0, 0.42 * box.height


def _coarse(box: Box) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Some rows and columns, the first and the last among them."""
    rows, columns = (
        np.linspace(0, count - 1, min(count, COARSE)).round().astype(np.intp) for count in box.heights.z.shape
    )
    return rows, columns
