"""Steepest descent as it is drawn on a surface: arrows and lines, which lie on it.

In: a Surface with its gradient, and its Box. Out: pieces (k, 2, 3) of lines, and their colours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...colouring import Colouring
from ...descent_lines import descent_arrows, descent_lines
from ...look import table
from .box import SIDE, Box

if TYPE_CHECKING:
    from ...surface import Surface

COUNT = 22
"""Arrows along each side."""

LENGTHS = (0.25, 0.92)
"""Of the shortest arrow and the longest, as shares of the distance between two."""

DECADES = 3.0
"""An arrow is the shortest where the slope is this many powers of ten below the steepest."""

DENSITY = 1.1
"""Of the lines."""

HEAD = 0.34
"""Of an arrow's head, as a share of its length, and half of its width."""

TIP = 0.028
"""Length of a head on a line, in units of the scene."""

LIFT = 0.008
"""Above the surface, as a share of the box's height."""

INKS = ((0.97, 0.97, 0.98, 0.8), (0.04, 0.04, 0.05, 0.8))
"""On dark ground and on light ground."""

LIGHT = 0.42
"""Of the ground, from which it is light: halfway between black and white as the eye has it."""

PARTS = 6
"""Pieces of an arrow's shaft, to follow the surface."""

Pieces = NDArray[np.float64]


def arrow_pieces(surface: Surface, box: Box) -> Pieces:
    """Arrows downhill, longer where it is steeper: by the logarithm, or most would be points."""
    arrows = descent_arrows(surface, COUNT)
    if not len(arrows.points):
        return np.empty((0, 2, 3))
    middle = _floor(box, arrows.points)
    along = _directions(box, arrows.directions)
    steep = np.clip(1 + np.log10(arrows.steepness / arrows.steepness.max()) / DECADES, 0.0, 1.0)
    between = min(box.width, box.depth) / COUNT
    reach = along * (between * (LENGTHS[0] + (LENGTHS[1] - LENGTHS[0]) * steep))[:, None]
    tail, tip = middle - reach / 2, middle + reach / 2
    shares = np.linspace(0.0, 1.0, PARTS + 1)[:, None, None]
    shaft = tail + shares * (tip - tail)
    aside = np.column_stack([-reach[:, 1], reach[:, 0]])
    barbs = [np.stack([tip - HEAD * reach + sign * 0.7 * HEAD * aside, tip]) for sign in (1, -1)]
    floor = np.concatenate([_stacked(shaft), *(_stacked(barb) for barb in barbs)])
    return _raised(surface, box, floor)


def line_pieces(surface: Surface, box: Box) -> Pieces:
    """Lines downhill, each with a head in its middle."""
    pieces = [np.empty((0, 2, 2))]
    for line in descent_lines(surface, DENSITY):
        floor = _floor(box, line)
        pieces.append(np.stack([floor[:-1], floor[1:]], axis=1))
        middle = len(floor) // 2
        way = floor[middle] - floor[middle - 1]
        length = np.hypot(*way)
        if np.hypot(*(floor[-1] - floor[0])) > 3 * TIP and length > 0:
            back = way / length * TIP
            aside = 0.55 * np.array([-back[1], back[0]])
            pieces.append(np.array([[floor[middle] - back + aside, floor[middle]]]))
            pieces.append(np.array([[floor[middle] - back - aside, floor[middle]]]))
    return _raised(surface, box, np.concatenate(pieces))


def inks(pieces: Pieces, box: Box, shown: Colouring) -> NDArray[np.float64]:
    """Colours (k, 2, 4) of pieces that are seen on the surface, whatever its colour is there."""
    rows, columns = box.heights.z.shape
    middle = pieces.mean(axis=1)
    row = np.clip((middle[:, 1] / box.depth + 0.5) * (rows - 1), 0, rows - 1).round().astype(np.intp)
    column = np.clip((middle[:, 0] / box.width + 0.5) * (columns - 1), 0, columns - 1).round().astype(np.intp)
    if shown.shades is None:
        shades = np.round(np.clip(box.heights.z[row, column], 0.0, 1.0) * 255).astype(np.intp)
    else:
        shades = shown.shades[row, column].astype(np.intp)
    light = table(shown.colours)[shades] @ np.array([0.299, 0.587, 0.114]) / 255.0
    picked = np.array(INKS)[(light > LIGHT).astype(np.intp)]
    return np.repeat(picked[:, None], 2, axis=1)


def _stacked(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lines (n, k, 2) of n points each, as pieces."""
    return np.stack([points[:-1], points[1:]], axis=2).reshape(-1, 2, 2)


def _floor(box: Box, points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([box.across(points[:, 0]), box.along(points[:, 1])])


def _directions(box: Box, directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Directions in the plane as they are seen on the floor, of length 1."""
    a0, a1, b0, b1 = box.extent
    unit = max(a1 / 2 - a0 / 2, b1 / 2 - b0 / 2)
    seen = directions * np.array([box.width * (unit / (a1 / 2 - a0 / 2)), box.depth * (unit / (b1 / 2 - b0 / 2))])
    found: NDArray[np.float64] = seen / np.hypot(*seen.T)[:, None]
    return found


def _raised(surface: Surface, box: Box, floor: NDArray[np.float64]) -> Pieces:
    """Pieces (k, 2, 2) of the floor, lifted onto the surface; those that would leave it or cross a gap are left out."""
    a0, a1, b0, b1 = box.extent
    x, y = floor[..., 0].ravel() / box.width + 0.5, floor[..., 1].ravel() / box.depth + 0.5
    a, b = a0 + 2 * x * (a1 / 2 - a0 / 2), b0 + 2 * y * (b1 / 2 - b0 / 2)
    points = box.points(a, b, surface.at(a, b))
    points[:, 2] += LIFT * box.height
    pieces = points.reshape(-1, 2, 3)
    kept: Pieces = pieces[np.isfinite(pieces).all(axis=(1, 2)) & (np.ptp(pieces, axis=1).max(axis=1) < SIDE / 8)]
    return kept
