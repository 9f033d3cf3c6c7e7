"""How the canvas moves: from one view to another, and how much and how often it is drawn meanwhile.

In: two Views; a canvas whose frames are timed. Out: the view at a moment of the way; a scene drawn with fewer vertices
where a full frame takes long; frames with pauses between them.
"""

from __future__ import annotations

import math
import time
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer
from vispy import gloo

from ..drawing.field import DETAIL
from ..drawing.view import View

MOVING = 256
"""Vertices along a side while the view moves, where a full frame takes long."""

LONG = 1 / 30
"""Seconds of a frame beyond which the surface is drawn coarser while it moves."""

PAUSE = 2.0
"""How many times as long as a frame the window has for everything else, before the next one shows more tiles."""

FLIGHT = 0.35
"""Seconds from one view to another."""


class Flight:
    """The way from one view to another, fastest in its middle. rise: how high the surface stands at either end."""

    def __init__(self, start: View, end: View, rise: tuple[float, float], began: float) -> None:
        self.start, self.end, self.rise, self.began = start, end, rise, began
        # The shorter way round.
        self.round = (end.azimuth - start.azimuth + 180.0) % 360.0 - 180.0

    def at(self, now: float) -> tuple[View, float, bool]:
        """Where it is, how high the surface stands there, and whether that is its end."""
        share = min((now - self.began) / FLIGHT, 1.0)
        if share == 1.0:
            return self.end, self.rise[1], True
        s = share * share * (3.0 - 2.0 * share)

        def between(one: float, other: float) -> float:
            return one + s * (other - one)

        start, end = self.start, self.end
        x, y, z = (between(p, q) for p, q in zip(start.centre, end.centre, strict=True))
        view = View(
            azimuth=start.azimuth + s * self.round,
            elevation=between(start.elevation, end.elevation),
            # A lens of 0 has no perspective at all, and one of 1 degree hardly any.
            lens=between(max(start.lens, 1.0), max(end.lens, 1.0)),
            centre=(x, y, z),
            across=start.across * (end.across / start.across) ** s,
        )
        return view, between(*self.rise), False


class Timing:
    """How long a frame of all vertices takes, as last seen. coarse: whether frames are no such ones just now."""

    def __init__(self, canvas: Any) -> None:
        self.full = 0.0
        self.coarse = False
        self._began = 0.0
        canvas.events.draw.connect(self._begin, position="first")
        canvas.events.draw.connect(self._end, position="last")

    def coarsen(self, drawn: Any, surely: bool = False) -> None:
        """Draw fewer vertices where all of them take long; surely: also where nobody knows yet how long."""
        if (surely or self.full > LONG) and not self.coarse:
            drawn.field.set_detail(MOVING)
            self.coarse = True

    def refine(self, drawn: Any) -> None:
        """Draw all vertices again."""
        if self.coarse and drawn is not None:
            self.coarse = False
            drawn.field.set_detail(DETAIL)

    def _begin(self, event: Any) -> None:
        self._began = time.perf_counter()

    def _end(self, event: Any) -> None:
        if not self.coarse:
            gloo.gl.glFinish()
            self.full = time.perf_counter() - self._began


class Pacing(QObject):
    """Frames that show what arrives, with pauses: where one takes long, as without a graphics card, frame after frame
    would leave no time to hear Stop, nor to compute what is shown."""

    def __init__(self, canvas: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._began = self._until = 0.0
        self._drawn = QTimer(self, singleShot=True, interval=0)  # fires once the frame is on the screen
        self._drawn.timeout.connect(self._end)
        self._next = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._next.timeout.connect(canvas.update)
        canvas.events.draw.connect(self._begin, position="first")

    def ask(self) -> None:
        """Draw a frame, at once or after the pause."""
        left = self._until - time.perf_counter()
        if not self._next.isActive():
            self._next.start(max(math.ceil(1000 * left), 0))

    def finish(self) -> None:
        """No more frames."""
        self._next.stop()
        self._drawn.stop()

    def _begin(self, event: Any) -> None:
        self._began = time.perf_counter()
        self._drawn.start()

    def _end(self) -> None:
        now = time.perf_counter()
        self._until = now + PAUSE * (now - self._began)
