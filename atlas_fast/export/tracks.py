"""The paths of runs on a relief.

In: a Relief and the runs by name. Out: a Track each, close enough points that lines between them follow the surface.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from ..arguments import ArgumentError
from ..path import Path
from ..plot import ON_VIRIDIS, TIMES
from ..plot.trail import Trail
from ..training import Run
from . import Runs
from .relief import LIFT, Relief

Array = NDArray[np.float64]

PALE = 0.65
"""How much white there is in a run's own colour at its start, where it is one of several."""


@dataclass(frozen=True, eq=False)
class Track:
    """name: what the run is called; empty for a single one. trail: its line. scaled: (n,), how high the line lies, as
    a share of the scale of heights, lifted; nan outside the surface.
    """

    name: str
    run: Run
    path: Path
    trail: Trail
    scaled: Array

    def colours(self, step: Array) -> Array:
        """The colours (.., 3) at some steps, in [0, 1] as screens count them: from yellow to red, or a run's own."""
        time = np.asarray(step) / max(self.trail.last, 1)
        if self.trail.colour is None:
            shades: Array = colormaps[TIMES](time)[..., :3]
            return shades
        return 1 - (1 - np.array(to_rgb(self.trail.colour))) * (1 - PALE * (1 - time[..., None]))

    @property
    def pieces(self) -> Iterator[slice]:
        """The parts of the line that lie on the surface, of two points at least."""
        edges = np.flatnonzero(np.diff(np.isfinite(self.scaled).astype(int), prepend=0, append=0))
        yield from (slice(first, end) for first, end in edges.reshape(-1, 2) if end - first > 1)


def tracks(relief: Relief, runs: Runs) -> list[Track]:
    """The tracks of the runs. Raises ArgumentError for more than can be told apart."""
    if len(runs) > len(ON_VIRIDIS):
        raise ArgumentError(f"run holds {len(runs)} runs: at most {len(ON_VIRIDIS)} can be told apart by colour")
    made = []
    for (name, shown), colour in zip(runs.items(), ON_VIRIDIS, strict=False):
        path = relief.surface.path(shown.run)
        trail = Trail.of(relief.surface, path, shown.colour or (colour if len(runs) > 1 else None))
        made.append(Track(name, shown.run, path, trail, lifted(relief, trail.a, trail.b)))
    return made


def lifted(relief: Relief, a: Array, b: Array) -> Array:
    """How high points of a path at (a, b) lie, as a share of the scale of heights."""
    height = np.asarray(relief.surface.at(a, b), np.float64)
    return np.minimum(relief.placed(np.where(np.isfinite(height), height, np.nan)), 1.0) + LIFT
