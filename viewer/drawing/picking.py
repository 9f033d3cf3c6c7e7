"""What is under the mouse: the point of a surface that a line of sight meets first, and the path beside it.

In: where the eye looks, and what is drawn. Out: a Reading. On the processor's own array of heights, clipped to their
box first: a card would have to draw them again, and be waited for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .box import Box
from .paths import Lines

if TYPE_CHECKING:
    from ...surface import Surface

Array = NDArray[np.float64]

NEAR = 9.0
"""Pixels as Qt counts them, from a path to the mouse that reads it."""

STEPS = 8192
"""Places at which a line of sight is compared with the heights, at most."""

HALVINGS = 24
"""Of the distance between two such places, to where the line meets the surface."""


@dataclass(frozen=True, eq=False)
class Reading:
    """a, b, loss: of the surface; b is nan on a line. gradient: (2,), dL/da and dL/db, None where the surface has none.

    Where a path is near: track, its name; step, and epoch, as a fraction where an epoch has several steps; true_loss,
    measured at the run's own weights; distance, how far those are off the plane. a, b and loss are then the step's own,
    and the surface's there.
    """

    a: float
    b: float
    loss: float
    gradient: NDArray[np.float64] | None = None
    track: str | None = None
    step: int | None = None
    epoch: float | None = None
    true_loss: float | None = None
    distance: float | None = None


@dataclass(frozen=True, eq=False)
class Sight:
    """Where the eye is. matrix: (4, 4), from points of the scene, as rows with a 1 behind them, to the canvas."""

    matrix: Array

    def pixels(self, points: Array) -> Array:
        """Where points (k, 3) are seen, (k, 2); nan behind the eye."""
        seen = np.column_stack([points, np.ones(len(points))]) @ self.matrix
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(seen[:, 3:] > 0, seen[:, :2] / seen[:, 3:], np.nan)

    def line(self, x: float, y: float) -> tuple[Array, Array]:
        """The line of sight through a pixel: the nearest point that is drawn, and its direction."""
        back = np.linalg.inv(self.matrix)
        # The ends of what the card draws are at depths of -1 and 1.
        near, far = (np.array([x, y, depth, 1.0]) @ back for depth in (-1.0, 1.0))
        start = near[:3] / near[3]
        along = far[:3] / far[3] - start
        return start, along / np.linalg.norm(along)


def met(box: Box, rise: float, start: Array, along: Array) -> tuple[float, float] | None:
    """Where on the floor (x, y) a line first meets the surface, None where it passes it by."""
    ends = np.array([[-box.width / 2, -box.depth / 2, 0.0], [box.width / 2, box.depth / 2, rise * box.height]])
    # A box without height would be missed by rounding.
    ends += np.array([[-1e-9], [1e-9]])
    with np.errstate(divide="ignore", invalid="ignore"):
        crossings = np.sort((ends - start) / along, axis=0)
    crossings = np.where(np.isnan(crossings), np.array([[-np.inf], [np.inf]]), crossings)
    first, last = max(crossings[0].max(), 0.0), crossings[1].min()
    if not first <= last:
        return None
    rows, columns = box.heights.z.shape
    cells = np.hypot(along[0] / box.width * (columns - 1), along[1] / box.depth * (rows - 1)) * (last - first)
    places = np.linspace(first, last, int(np.clip(2 * cells, 2, STEPS)) + 1)
    ground = _Ground(box, rise)
    above = ground.above(start + places[:, None] * along)
    # From either side: where it ends in the air, a surface is seen from below too.
    found = np.flatnonzero(np.sign(above[:-1]) * np.sign(above[1:]) <= 0)
    if not found.size:
        return None
    low, high = places[found[0]], places[found[0] + 1]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        further = ground.above((start + middle * along)[None])[0] * above[found[0]] > 0
        low, high = (middle, high) if further else (low, middle)
    point = start + high * along
    return float(point[0]), float(point[1])


@dataclass(frozen=True, eq=False)
class _Ground:
    """The surface as it is drawn, rise of its full height."""

    box: Box
    rise: float

    def above(self, points: Array) -> Array:
        """How far points (k, 3) are above the surface; nan over a gap."""
        z, known = self.box.heights.z, self.box.heights.known
        rows, columns = z.shape
        across = np.clip((points[:, 0] / self.box.width + 0.5) * (columns - 1), 0, columns - 1)
        along = np.clip((points[:, 1] / self.box.depth + 0.5) * (rows - 1), 0, rows - 1)
        column, row = np.minimum(across.astype(np.intp), columns - 2), np.minimum(along.astype(np.intp), rows - 2)
        right, down = across - column, along - row
        height, whole = np.zeros(len(points)), np.ones(len(points), bool)
        for i, share in ((0, 1 - down), (1, down)):
            for j, part in ((0, 1 - right), (1, right)):
                height += share * part * np.clip(z[row + i, column + j], 0.0, 1.0)
                whole &= known[row + i, column + j]
        return np.where(whole, points[:, 2] - height * self.box.height * self.rise, np.nan)


def reading(surface: Surface, a: float, b: float) -> Reading:
    """What the surface has at (a, b)."""
    gradient = None
    if surface.gradient is not None:
        gradient = np.array([replace(surface, loss=slope).at(a, b) for slope in surface.gradient])
    return Reading(a, b, float(surface.at(a, b)), gradient)


def beside(lines: Iterable[Lines], pixels: Iterable[Array], moment: float, mouse: Array, near: float) -> Reading | None:
    """What the step of a visible track tells that is drawn next to the mouse; None where none is near. pixels: of each
    line's points."""
    best: tuple[float, Lines, float] | None = None
    for (track, line), seen in zip(lines, pixels, strict=True):
        if not track.visible:
            continue
        away = np.hypot(*(seen - mouse).T)
        away[(line.time > moment) | ~np.isfinite(away)] = np.inf
        place = int(away.argmin())
        if away[place] <= near and (best is None or away[place] < best[0]):
            best = float(away[place]), (track, line), float(line.time[place])
    if best is None:
        return None
    _, (track, line), time = best
    path, run = line.path, track.run
    k = int(np.abs(path.step - time * path.step[-1]).argmin())
    step = int(path.step[k])
    return Reading(
        float(path.a[k]),
        float(path.b[k]),
        float(path.height[k]),
        track=track.name,
        step=step,
        epoch=step / run.steps_per_epoch,
        true_loss=float(path.loss[k]),
        distance=float(path.distance[k]),
    )
