"""The paths of runs as they are drawn: lines with outlines, faint where the surface hides them, and marks at their
ends.

In: tracks and their trajectories, and the moment up to which they are shown. Out: pixels, by Ribbons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...look import Colour
from .ribbon import Ribbon
from .track import Track
from .trajectory import Trajectory

WIDTH, MARK = 3.4, 11.0
"""In pixels as Qt counts them; the outline adds to both."""

HOLE = 4.6
"""Of the white in the mark of a start."""

FAINT = 0.3
"""How strong a path is where the surface hides it."""

ORDER = 10
"""In the order of drawing: after the surface."""

NOTHING = np.empty((0, 2, 3)), np.empty((0, 2, 4))

Lines = tuple[Track, Trajectory]


class Paths:
    """Draws tracks under a node of a scene. scale: the screen's own pixels in one of Qt's."""

    def __init__(self, scale: float, parent: Any) -> None:
        self._lines: tuple[Lines, ...] = ()
        self._outline: Colour = (0.0, 0.0, 0.0)
        self._moment = 1.0
        widths = [(WIDTH, FAINT, True), (WIDTH + 2.2, 1.0, False), (WIDTH, 1.0, False)]
        marks = [(MARK + 2.6, 1.0, False), (MARK, 1.0, False), (HOLE, 1.0, False)]
        self._layers: list[Any] = [
            Ribbon(*NOTHING, width, scale, strength, behind, parent=parent)
            for width, strength, behind in (*widths, *marks)
        ]
        for order, layer in enumerate(self._layers):
            layer.order = ORDER + order

    def show(self, lines: Sequence[Lines], outline: Colour) -> None:
        """Draw these, and no longer those before; of the invisible ones nothing."""
        self._lines = tuple((track, line) for track, line in lines if track.visible)
        self._outline = outline
        pieces, shades, times = [np.empty((0, 2, 3))], [np.empty((0, 2, 4))], [np.empty((0, 2))]
        for track, line in self._lines:
            ends = np.stack([line.points[:-1], line.points[1:]], axis=1)
            whole = np.isfinite(ends).all(axis=(1, 2))
            time = np.stack([line.time[:-1], line.time[1:]], axis=1)[whole]
            pieces.append(ends[whole])
            shades.append(track.shades(time))
            times.append(time)
        drawn, colours, when = (np.concatenate(parts) for parts in (pieces, shades, times))
        for layer, tints in zip(self._layers[:3], (colours, self._rim(colours), colours), strict=True):
            layer.set_pieces(drawn, tints, when)
        self.set_moment(self._moment)

    def set_moment(self, moment: float) -> None:
        """Draw every track up to this share of its steps, with a mark where it is then."""
        self._moment = moment
        for layer in self._layers[:3]:
            layer.set_moment(moment)
        points: list[NDArray[np.float64]] = []
        shades: list[NDArray[np.float64]] = []
        starts: list[NDArray[np.float64]] = []
        for track, line in self._lines:
            for point, time in ((line.start, 0.0), (line.at(moment), moment)):
                if point is not None:
                    points.append(point)
                    shades.append(track.shades(np.array(time)))
            if line.start is not None:
                starts.append(line.start)
        spots, tints = _spots(points), np.repeat(np.array(shades).reshape(-1, 1, 4), 2, axis=1)
        rims, marks, holes = self._layers[3:]
        rims.set_pieces(spots, self._rim(tints))
        marks.set_pieces(spots, tints)
        # A start is a ring, to tell it from an end where both have one colour.
        several = _spots(starts if len(self._lines) > 1 else [])
        holes.set_pieces(several, np.ones((len(several), 2, 4)))

    def _rim(self, tints: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.broadcast_to((*self._outline, 1.0), tints.shape)


def _spots(points: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Pieces without length, which are drawn as round spots."""
    return np.repeat(np.array(points).reshape(-1, 1, 3), 2, axis=1)
