"""A surface that is made part by part, for those who watch: coarse at once, then tile after tile from its centre.

In: a Grid. Out: a coarse Surface of its whole extent, and Tiles, whose bits are those of `problem.surface`; a
caller that has enough stops asking for the next one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import AtlasError
from .problem import Problem
from .progress import Report
from .surface import Grid, Surface, grid

COARSE_SECONDS = 0.05
"""What the first look may take, half of the tenth of a second in which one takes it for immediate."""

COARSE_SIDES = (64, 48, 32, 24, 16, 12, 8)
"""Vertices along a side of the first look, the most that the time allows of."""

MEASURED_SIDES = (8, 32, 128)
"""Vertices along a side of what is timed, until it takes MEASURED_SECONDS: less is mostly the call."""

MEASURED_SECONDS = 0.002

TILE_SECONDS = 0.06
"""What a tile should take: short enough to be stopped after, long enough that all cores have work."""

TILE_SIDES = (512, 256, 128, 64, 32, 16, 8)
"""Vertices along a side of a tile."""

SAME = 1e-4
"""How near two computations of one loss are to one another, as a share of it: float32 may lose some digits."""


@dataclass(frozen=True, eq=False)
class Tile:
    """A part of a surface. values: (outputs, rows, columns), the loss first; `loss`: (rows, columns)."""

    rows: slice
    columns: slice
    values: NDArray[np.floating[Any]]

    @property
    def loss(self) -> NDArray[np.floating[Any]]:
        return self.values[0]


class Refinement:
    """A grid on its way to a surface.

    `coarse`, then `tiles`; what is there so far is in `surface`.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._values: NDArray[np.floating[Any]] | None = None
        self._done = 0
        self._seconds = 0.0

    @cached_property
    def vertex_seconds(self) -> float:
        """What a vertex takes, measured on a few of them; compiled code is made on the way."""
        self.grid.at(float(self.grid.a[0]), float(self.grid.b[0]))  # the first call loads code
        seconds = count = 0.0
        for side in MEASURED_SIDES:
            rows, columns = (slice(0, min(side, len(x))) for x in (self.grid.b, self.grid.a))
            began = time.perf_counter()
            count = self.grid.compute(rows, columns)[0].size
            seconds = time.perf_counter() - began
            if seconds > MEASURED_SECONDS:
                break
        return seconds / count

    def coarse(self) -> Surface | None:
        """The whole extent with so few vertices that it takes no time; None where the grid itself has no more."""
        a, b = self.grid.a, self.grid.b
        side = next((n for n in COARSE_SIDES if n * n * self.vertex_seconds < COARSE_SECONDS), COARSE_SIDES[-1])
        if max(len(a), len(b)) <= side:
            return None
        rows, columns = min(side, len(b)), min(side, len(a))
        first = Grid(
            self.grid.problem,
            self.grid.plane,
            np.linspace(a[0], a[-1], columns),
            np.linspace(b[0], b[-1], rows) if len(b) > 1 else b.copy(),
            self.grid.dtype,
            self.grid.backend,
            self.grid.bound,
        )
        began = time.perf_counter()
        found = first.compute(slice(None), slice(None))
        return first.surface(found, True, time.perf_counter() - began)

    def tiles(self, report: Report | None = None) -> Iterator[Tile]:
        """The parts from the centre outward, each once. report: called with (done, total) vertices now and then; an
        answer of False ends it, and the part that was on its way is dropped."""
        rows, columns = len(self.grid.b), len(self.grid.a)
        total = rows * columns
        side = next((n for n in TILE_SIDES if n * n * self.vertex_seconds < TILE_SECONDS), TILE_SIDES[-1])
        self._values = np.full((self.grid.outputs, rows, columns), np.nan, dtype=self.grid.dtype)
        self._done = 0
        for down, right in outward(rows, columns, side):
            before, began = self._done, time.perf_counter()
            told = None if report is None else lambda done, _, before=before: report(before + done, total)
            if report is not None and report(before, total) is False:
                return
            found = self.grid.compute(down, right, told)
            if not self.grid.bound.complete:
                return
            self._values[:, down, right] = found
            self._done += found[0].size
            self._seconds += time.perf_counter() - began
            found.flags.writeable = False
            yield Tile(down, right, found)

    def surface(self) -> Surface:
        """What the tiles gave: a surface of its own, complete once the last one is there."""
        rows, columns = len(self.grid.b), len(self.grid.a)
        if self._values is None:
            self._values = np.full((self.grid.outputs, rows, columns), np.nan, dtype=self.grid.dtype)
        whole = self._done == rows * columns
        return self.grid.surface(self._values if whole else self._values.copy(), whole, self._seconds)


def outward(rows: int, columns: int, side: int) -> list[tuple[slice, slice]]:
    """Tiles of `side` x `side` vertices that cover a grid, those at its centre first."""
    found = [
        (slice(row, min(row + side, rows)), slice(column, min(column + side, columns)))
        for row in range(0, rows, side)
        for column in range(0, columns, side)
    ]
    middle = np.array([rows, columns]) / 2

    def away(tile: tuple[slice, slice]) -> float:
        centre = np.array([(part.start + part.stop) / 2 for part in tile])
        return float(np.hypot(*(centre - middle)))

    return sorted(found, key=away)


def problem_of(surface: Surface) -> Problem | None:
    """The problem whose surface it is, where it holds all of it: the text of a loss of weights alone. None where the
    loss needs data, which no surface keeps, or is another one at the surface's corners."""
    try:
        found = Problem(surface.expression, weights=dict(surface.weights))
        if list(found.weights.items()) != list(surface.weights.items()):
            return None
        corners = grid(found, surface.plane, 2, surface.extent, dtype="float64", backend="numpy")
        computed = corners.compute(slice(None), slice(None))[0]
    except AtlasError:
        return None
    known = surface.loss[np.ix_((0, -1), (0, -1))]
    finite = np.isfinite(known)
    scale = float(np.abs(known[finite]).max(initial=0.0))
    return found if np.allclose(computed[finite], known[finite], rtol=SAME, atol=SAME * scale) else None
