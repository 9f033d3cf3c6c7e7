"""The path of a run as a line: thinned where it is long, with points between far ones, coloured by time or in one
colour.

In: a surface and a path. Out: a Trail, which relief and contours draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import Normalize
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..path import Path
    from ..surface import Surface

TIMES = "autumn_r"
"""Yellow at the start to red at the end, as in the 2019 original."""

SEGMENTS = 500
"""Segments of a trail at most, beside those put in to follow the surface."""

PARTS = 140
"""Into how many parts a segment as long as the surface is cut: as many as the 3-D surface has facets."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trail:
    """a, b, step: (n,), the points of the line and when it was there. last: the run's last step.

    colour: None is yellow to red in time. marks: (step, colour, marker) of the ends.
    """

    a: Array
    b: Array
    step: Array
    last: int
    colour: str | None
    marks: tuple[tuple[int, str, str], ...]

    @classmethod
    def of(cls, surface: Surface, path: Path, colour: str | None = None, start: str | None = None) -> Trail:
        """The trail of a path. start: the colour of its start's mark, None where its colour is time's."""
        kept = np.flatnonzero(np.isfinite(path.a) & np.isfinite(path.b))
        marks: list[tuple[int, str, str]] = []
        if kept.size:
            marks = [(int(kept[0]), start or "#ffff00", "o"), (int(kept[-1]), colour or "#ff0000", "o")]
            if start:
                marks[0] = (int(kept[0]), start, "D")
        return cls(*_followed(surface, path, kept), len(path.step) - 1, colour, tuple(marks))

    @property
    def style(self) -> dict[str, Any]:
        """How a collection of its segments is coloured; by time, it needs their steps as its array."""
        if self.colour is not None:
            return {"colors": self.colour}
        return {"cmap": TIMES, "norm": Normalize(0, max(self.last, 1))}


def _followed(surface: Surface, path: Path, kept: NDArray[np.intp]) -> tuple[Array, Array, Array]:
    """The path's coordinates and steps, thinned if it is long, and with points between far ones."""
    if len(kept) > SEGMENTS:
        kept = kept[np.unique(np.linspace(0, len(kept) - 1, SEGMENTS).round().astype(np.intp))]
    if len(kept) < 2:
        return path.a[kept], path.b[kept], kept.astype(np.float64)
    a0, a1, b0, b1 = surface.extent
    a, b = path.a[kept], path.b[kept]
    far = np.maximum(np.abs(np.diff(a)) / (a1 - a0), np.abs(np.diff(b)) / max(b1 - b0, np.finfo(float).tiny))
    parts = np.clip(np.ceil(far * PARTS), 1, PARTS).astype(np.intp)
    places = np.concatenate(
        [k + np.arange(count) / count for k, count in enumerate(parts)] + [np.array([len(kept) - 1.0])]
    )
    whole = np.arange(len(kept))
    return np.interp(places, whole, a), np.interp(places, whole, b), np.interp(places, whole, kept)


def overlapping(points: Array) -> Array:
    """Points (n, d) as n - 1 lines of three points, each over the next one's first half: lines that only met would
    leave seams between them."""
    after = np.concatenate([points[2:], points[-1:]])
    return np.stack([points[:-1], points[1:], after[: len(points) - 1]], axis=1)
