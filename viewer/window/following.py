"""What is seen from near is made again, with all vertices for the part that is seen.

In: the whole surface and its problem, and a canvas whose view comes to rest. Out: jobs for the part that is seen,
and on the canvas that part, or the whole where the view goes back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ..drawing.view import ACROSS, View
from . import jobs
from .canvas import SurfaceCanvas
from .work import Work

if TYPE_CHECKING:
    from ...problem import Problem
    from ...surface import Surface
    from ..drawing.track import Track

Extent = tuple[float, float, float, float]

NEAR = 0.6
"""How much of a surface's side fills the view when it has come so near that what is seen is made anew."""

FAR = 1.25
"""How much more than a part's side is seen when the view has gone back from it."""

ASIDE = 0.3
"""How far from the middle of a part, as a share of its side, the view may move before it is made anew there."""

MARGIN = 0.1
"""What is made beyond what is seen, as a share of it on each side."""

PATIENCE = 0.3
"""Seconds after which a person wants to see how far a part is."""

DEEPEST = 1e-9
"""The least side of a part, as a share of the whole's: below, float64 itself would be seen."""


class Following(QObject):
    """Follows the camera of a canvas."""

    lacking = Signal()
    """What is seen from near cannot be made again: there is a surface, and no problem that it is of."""

    def __init__(self, canvas: SurfaceCanvas, work: Work, asked: Callable[[], jobs.Asked]) -> None:
        super().__init__(canvas)
        self.canvas, self.work, self._asked = canvas, work, asked
        self.busy = False
        self._whole: Surface | None = None
        self._problem: Problem | None = None
        self._part: Extent | None = None
        self._tried: tuple[object, ...] | None = None
        self._began = 0.0
        canvas.rested.connect(self.follow)

    @property
    def near(self) -> bool:
        """Whether a part is shown in place of the whole."""
        return self._part is not None

    @property
    def brief(self) -> bool:
        """Whether a part is being made that may be there before a person has read how far it is."""
        return self.busy and time.monotonic() - self._began < PATIENCE

    def reset(self) -> None:
        """There is no surface to follow."""
        self._whole, self._problem, self._part, self._tried, self.busy = None, None, None, None, False

    def whole(self, surface: Surface, problem: Problem | None = None) -> None:
        """From now on it is this surface. Without its problem, that is made of its text, once it is wanted."""
        self._whole, self._problem, self._part, self._tried = surface, problem, None, None

    def back(self) -> None:
        """Show the whole."""
        if self._whole is not None and self.near:
            if self.busy:
                self.work.stop()
            self._part, self._tried, self.busy = None, None, False
            self.canvas.show_surface(self._whole, self.canvas.tracks)

    def follow(self) -> None:
        """The view has come to rest: make what is seen, if that is worth it."""
        scene, whole = self.canvas.scene, self._whole
        if whole is None or scene is None or (self.work.busy and not self.busy):
            return
        if self._problem is None:
            if scene.seen.across > NEAR * ACROSS:
                return
            from ...refinement import problem_of

            self._problem = problem_of(whole)
            if self._problem is None:
                self.reset()
                self.lacking.emit()
                return
        if (scene.seen.centre, scene.seen.across) == self._tried:
            return  # it was stopped, or it cannot be made: not again before the eye moves
        if self.near and scene.seen.across > FAR * ACROSS:
            self.widen()
        share = scene.seen.across / ACROSS
        shown, (x, y, _) = self._part or whole.extent, scene.seen.centre
        aside = max(abs(x) / scene.box.width, abs(y) / scene.box.depth)
        if share > NEAR and not (self.near and aside > ASIDE):
            return
        middle, sides = self._middle(), (shown[1] - shown[0], shown[3] - shown[2])
        side = share * (1 + 2 * MARGIN)
        part = _around(middle, (side * sides[0], side * sides[1]), whole.extent)
        if part is None or part[1] - part[0] < DEEPEST * (whole.extent[1] - whole.extent[0]):
            return
        self._tried, self._began = (scene.seen.centre, scene.seen.across), time.monotonic()
        self.busy = True
        self.work.start(jobs.detail(self._problem, whole, part, self._asked()))

    def _middle(self) -> tuple[float, float]:
        """The point of the surface in the middle of the canvas; where there is none, that under the eye's middle."""
        scene = self.canvas.scene
        width, height = self.canvas.canvas.size
        found = scene.reading(width / 2, height / 2)
        if found is not None:
            return found.a, found.b
        (x, y, _), (a0, a1, b0, b1) = scene.seen.centre, scene.box.extent
        return a0 + (x / scene.box.width + 0.5) * (a1 - a0), b0 + (y / scene.box.depth + 0.5) * (b1 - b0)

    def take(self, found: object, tracks: tuple[Track, ...]) -> None:
        """Show what a job for a part has found."""
        if not self.busy:
            return  # the whole is wanted again
        if isinstance(found, jobs.Part):
            self.canvas.refine(found.tile)
        elif isinstance(found, jobs.Begun):
            a, b = found.grid.a, found.grid.b
            seen = self.canvas.scene.seen
            self._part = found.coarse.extent
            self.canvas.expect(found.coarse, tracks, a, b)
            self.canvas.see(self._framed(seen))
        elif isinstance(found, jobs.Made):
            seen, begun = self.canvas.scene.seen, self._part == found.surface.extent
            self._part = found.surface.extent
            self.canvas.show_surface(found.surface, tracks)
            if not begun:  # so few vertices that there was nothing coarser
                self.canvas.see(self._framed(seen))

    def _framed(self, seen: View) -> View:
        """From the same side, the part that was made in the middle, and whole."""
        return self.canvas.scene.home._replace(azimuth=seen.azimuth, elevation=seen.elevation, lens=seen.lens)

    def widen(self) -> None:
        """Show the whole, seen over the same a and b as the part was, and at its height there."""
        whole = self._whole
        if whole is None or not self.near:
            return
        self._part = None
        self.canvas.show_surface(whole, self.canvas.tracks, follow=True)
        scene = self.canvas.scene
        x, y, _ = scene.seen.centre
        loss = whole.at(scene.box.a(x), scene.box.b(y))
        self.canvas.see(scene.seen._replace(centre=(x, y, float(scene.box.up(loss)))))


def _around(middle: tuple[float, float], sides: tuple[float, float], whole: Extent) -> Extent | None:
    """A rectangle round a point, as far as it lies in the whole; None where it does not."""
    (a, b), (across, along) = middle, sides
    a0, a1 = max(a - across / 2, whole[0]), min(a + across / 2, whole[1])
    b0, b1 = max(b - along / 2, whole[2]), min(b + along / 2, whole[3])
    return (a0, a1, b0, b1) if a0 < a1 and b0 < b1 else None
