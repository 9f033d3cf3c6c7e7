"""The surface on the screen: a scene of VisPy in a widget of Qt, turned with the mouse.

In: surfaces, tracks, a Look. Out: what the mouse reads, from where the scene is seen, and when the view has come to
rest. While the view moves, less is drawn where a full frame takes long.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget
from vispy import app, scene

from ...errors import AtlasError
from ...look import Look
from ..drawing.scene import Scene
from ..drawing.view import View, bounded
from .line import LinePicture
from .moving import Flight, Pacing, Timing
from .runs import bare

if TYPE_CHECKING:
    from ...refinement import Tile
    from ...surface import Surface
    from ..drawing.track import Track

Array = NDArray[np.float64]

SETTLED = 250
"""Milliseconds without movement after which the view is at rest."""

FRAME = 16
"""Milliseconds between two views of a flight."""

LATER = 700
"""Milliseconds for which tiles may come before the title and the colour bars are drawn."""

READING = 40
"""Milliseconds from one reading under the mouse to the next."""


class SurfaceCanvas(QWidget):
    """A surface, or a line of text where there is none."""

    hovered = Signal(object)
    """A Reading under the mouse, or None."""

    turned = Signal(object)
    """The View that the reader turned or zoomed to."""

    rested = Signal()
    """The view has not changed for a while."""

    plainer = Signal()
    """The first surface was there, and could not be drawn as `wanted` says."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = self.wanted = look  # how it is drawn, and how it is to be drawn where a surface allows of it
        self.surface: Surface | None = None
        self.scene: Any = None
        self.tracks: tuple[Track, ...] = ()
        self._grid: tuple[Array, Array] | None = None
        self._spread = False  # whether the coarse surface lies on that grid
        self._coming = False  # whether tiles are still to come there
        self._early: list[Tile] = []  # that came before it did
        self._moment = 1.0
        qt, buffers = app.Application("pyside6"), {"samples": 4, "depth_size": 24}
        self.canvas = scene.SceneCanvas(app=qt, size=(640, 480), show=False, keys=None, config=buffers)
        self.native = self.canvas.native
        self.native.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.native.setAccessibleName("Surface")
        self.empty = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setObjectName("empty")
        self.empty.setWordWrap(True)
        self.line = LinePicture()
        self.line.hovered.connect(self.hovered)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.line)
        self.stack.addWidget(self.native)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self.timing, self.pacing = Timing(self.canvas), Pacing(self.canvas, self)
        self.settled = QTimer(self, singleShot=True, interval=SETTLED)
        self.settled.timeout.connect(self._rest)
        self.beginning = QTimer(self, interval=FRAME)
        self.beginning.timeout.connect(self._begin)
        self.flying = QTimer(self, interval=FRAME)
        self.flying.timeout.connect(self._fly)
        self._flight: Flight | None = None
        self._hover: tuple[float, float] | None = None
        self.hovering = QTimer(self, singleShot=True, interval=READING)
        self.hovering.timeout.connect(self._read)
        self.writing = QTimer(self, singleShot=True, interval=0)
        self.writing.timeout.connect(self._complete)
        self.later = QTimer(self, singleShot=True)
        self.later.timeout.connect(self._write)
        self.canvas.events.draw.connect(self._drawn, position="last")
        self.canvas.events.mouse_move.connect(self._moved)
        self.canvas.events.mouse_wheel.connect(self._moved)
        self.canvas.events.mouse_release.connect(self._moved)
        self.native.installEventFilter(self)

    @property
    def coarse(self) -> bool:
        """Whether of what is seen there are only few vertices in places: more are to come, or were stopped."""
        return self._grid is not None

    def say(self, text: str) -> None:
        """Show a text in place of a surface."""
        self._leave()
        self.empty.setText(text)
        self.stack.setCurrentWidget(self.empty)

    def show_line(self, surface: Surface, tracks: tuple[Track, ...]) -> None:
        """Show the picture of a surface of one line, and runs on it, in place of a surface."""
        self._leave()
        self.line.show_surface(surface, self.wanted)
        self.line.show_tracks(tracks)
        self.stack.setCurrentWidget(self.line)

    @property
    def shows_line(self) -> bool:
        """Whether the picture of a surface of one line is seen."""
        return self.stack.currentWidget() is self.line

    def show_surface(self, surface: Surface, tracks: tuple[Track, ...], follow: bool = False) -> None:
        """Show a surface and runs on it. The eye stays before the box, or with `follow` over the same a and b."""
        self._take(surface, tracks)
        if self.scene is not None:
            self._draw(follow)
            self.timing.refine(self.scene)

    def expect(self, coarse: Surface, tracks: tuple[Track, ...], a: Array, b: Array, follow: bool = False) -> None:
        """Show a coarse surface, whose tiles on the grid of a and b are to come: it first, by itself, for its many
        vertices take longer than a person waits."""
        self._take(coarse, tracks)
        self._grid, self._spread = (a, b), False
        if self.scene is not None:
            self._draw(follow)

    def _spread_out(self) -> None:
        """Put the coarse surface on its grid, where tiles find their place."""
        if self._grid is not None and not self._spread:
            self._spread = self._coming = True
            self.timing.coarsen(self.scene, True)  # each tile is a frame, and one of all vertices may take seconds
            self.canvas.set_current()
            self._draw(False)
            early, self._early = self._early, []
            for tile in early:
                self.refine(tile)

    def _draw(self, follow: bool) -> None:
        """Draw the surface as is wanted, or plainly where it cannot be drawn so."""
        for look in (self.wanted, self.wanted.plain):
            try:
                if self._grid is None:
                    self.scene.show_surface(self.surface, follow, look)
                elif self._spread:
                    self.scene.expect(self.surface, *self._grid, follow, look)
                else:
                    self.scene.begin(self.surface, follow, look)
            except AtlasError:
                if look == self.wanted.plain:
                    raise
            else:
                self.look = look
                break
        self._show_tracks()

    def refine(self, tile: Tile) -> None:
        """Show a part of the expected surface that is now known."""
        if self.scene is not None and self._grid is not None:
            if not self._spread:
                self._early.append(tile)
                return
            self.canvas.set_current()
            self.scene.refine(tile.rows, tile.columns, tile.loss)
            self.pacing.ask()

    def _take(self, surface: Surface, tracks: tuple[Track, ...]) -> None:
        """Make ready for another surface."""
        before, self.tracks, self._grid, self._early = self.surface, tracks, None, []
        self.surface = surface if tracks else bare(surface)
        self._coming = False
        self.stack.setCurrentWidget(self.native)
        self.read_again()
        if self.scene is None:
            self.beginning.start()
            return
        self.canvas.set_current()
        if before is not None and before.plane.center.size != surface.plane.center.size:
            self.scene.show_tracks(())  # those of another problem do not fit the new surface

    def _show_tracks(self) -> None:
        self.scene.show_tracks(self.tracks)
        self.scene.show_moment(self._moment)
        self.canvas.update()

    def rest(self) -> None:
        """No more tiles come."""
        self._coming = False
        self.settled.start()
        self.canvas.update()

    def show_tracks(self, tracks: tuple[Track, ...]) -> None:
        """Show these runs, as far as they are visible."""
        self.tracks = tracks
        if self.shows_line:
            self.line.show_tracks(tracks)
        elif self.scene is not None:
            self.canvas.set_current()
            self._show_tracks()

    def show_moment(self, moment: float) -> None:
        """Show the runs up to a moment, 0 to 1."""
        self._moment = moment
        self.line.show_moment(moment)
        if self.scene is not None:
            self.scene.show_moment(moment)
            self.canvas.update()

    def dress(self, look: Look) -> None:
        """Draw it otherwise. Raises ArgumentError where the surface lacks what that needs; nothing changes then. One
        that was stopped before it was whole is drawn as far as it is there."""
        if self.scene is not None and self.surface is not None:
            self.canvas.set_current()
            promised = self._grid is not None and all(
                getattr(self.surface, name) is not None for name in look.derivatives
            )
            self.scene.dress(look, promised)
            self.canvas.update()
        self.look = self.wanted = look
        self.line.dress(look)

    def look_from_above(self, above: bool) -> None:
        """Go to the map of the surface, or back to its relief."""
        if self.scene is not None:
            self._fly_to(self.scene.above if above else self.scene.home, 0.0 if above else 1.0)

    def go_home(self) -> None:
        """Go to where the whole is seen from the usual side."""
        self.look_from_above(False)

    def _fly_to(self, view: View, rise: float) -> None:
        self._flight = Flight(self.scene.seen, view, (self.scene.risen, rise), time.monotonic())
        self.flying.start()

    def see(self, view: View, rise: float | None = None) -> None:
        """Go to a view at once, without a word to anybody. rise: how high the surface stands, 0 flat to 1."""
        if self.scene is not None:
            if rise is not None and rise != self.scene.risen:
                self.scene.rise(rise)
            self.scene.look(bounded(view))
            self.timing.coarsen(self.scene)
            self.settled.start()
            self.canvas.update()

    def turn(self, across: float = 0.0, up: float = 0.0, nearer: float = 1.0) -> None:
        """Turn by so many degrees, and go nearer by a factor: what keys do."""
        if self.scene is None:
            return
        self._land()
        width, height = self.canvas.size
        towards = None if nearer == 1.0 else self._met((width / 2, height / 2))
        seen = self.scene.seen
        rise = min(max(seen.elevation + up, -90.0), 90.0)
        self.see(seen._replace(azimuth=seen.azimuth + across, elevation=rise, across=seen.across / nearer))
        self._tell(towards, seen.across)

    def finish(self) -> None:
        """Let go of timers and of OpenGL."""
        for timer in (self.settled, self.beginning, self.flying, self.hovering, self.writing, self.later):
            timer.stop()
        self.pacing.finish()
        self.canvas.close()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.surface is not None and self.scene is None:
            self.beginning.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.beginning.stop()

    def _begin(self) -> None:
        """Make the scene, once OpenGL and the screen's scale are known."""
        surface, made = self.surface, self.scene is not None
        if surface is not None and not made and not (self.native.isVisible() and self.native.isValid()):
            return
        self.beginning.stop()
        if surface is None or made:
            return
        # Not as is wanted: what is there yet may not allow of it.
        self.scene = Scene(self.canvas, surface, self.canvas.pixel_scale, self.wanted.plain, self.tracks)
        self._draw(False)
        if self.look != self.wanted:
            self.plainer.emit()

    def _drawn(self, event: Any) -> None:
        """The surface is on the screen: now what takes longer."""
        if self.scene is not None and (not self.scene.written or (self._grid is not None and not self._spread)):
            self.writing.start()

    def _complete(self) -> None:
        """Make room for tiles; draw the title and the colour bars, which takes longer than many a surface: while tiles
        come only after a while."""
        self._spread_out()
        if not (self._coming and self.later.isActive()):
            self.later.start(LATER if self._coming else 0)

    def _write(self) -> None:
        self.canvas.set_current()
        self.scene.write()

    def _moved(self, event: Any) -> None:
        """The mouse moved: over the surface, or the surface."""
        if self.scene is None or event.type == "mouse_release":
            return
        if event.type == "mouse_move" and not event.is_dragging:
            self._hover = float(event.pos[0]), float(event.pos[1])
            if not self.hovering.isActive():
                self.hovering.start()
            return
        self._land()
        self.timing.coarsen(self.scene)
        self.settled.start()
        towards = self._met(event.pos) if event.type == "mouse_wheel" else None
        before = self.scene.seen.across
        # The camera takes the event, too, perhaps later than this.
        QTimer.singleShot(0, lambda: self._tell(towards, before))

    def _met(self, place: Any) -> Array | None:
        """The point of the scene under a pixel."""
        found = self.scene.reading(float(place[0]), float(place[1]))
        if found is None:
            return None
        x, y, z = self.scene.box.points([found.a], [found.b], [found.loss])[0] * (1.0, 1.0, self.scene.risen)
        return np.array([x, y, z]) if np.isfinite(z) else None

    def _tell(self, towards: Array | None, before: float) -> None:
        """The camera has moved; the wheel brings what is under the mouse nearer, and not the middle. A camera that
        comes nearer to a point of the surface does not go through it."""
        if self.scene is None:
            return
        seen = bounded(self.scene.seen)
        if seen != self.scene.seen:
            self.scene.look(seen)
        if towards is not None and seen.across != before:
            x, y, z = towards + (np.array(seen.centre) - towards) * (seen.across / before)
            self.scene.look(seen._replace(centre=(float(x), float(y), float(z))))
        self.turned.emit(self.scene.seen)

    def read_again(self) -> None:
        """What is under a mouse that rests is another now, or more is known of it."""
        if self._hover is not None:
            self.hovering.start()

    def _read(self) -> None:
        if self.scene is not None and self._hover is not None and self.surface is not None:
            self.hovered.emit(self.scene.reading(*self._hover))

    def eventFilter(self, watched: object, event: Any) -> bool:
        """The mouse left the surface."""
        if event.type() == event.Type.Leave:
            self._hover = None
            self.hovered.emit(None)
        return False

    def _leave(self) -> None:
        """There is no surface, and nothing under the mouse."""
        self.surface = self._grid = self._hover = None
        self.hovered.emit(None)

    def _rest(self) -> None:
        if not self._coming:
            self.timing.refine(self.scene)
        self.rested.emit()

    def _land(self) -> None:
        self._flight = None
        self.flying.stop()

    def _fly(self) -> None:
        if self._flight is None or self.scene is None:
            self.flying.stop()
            return
        view, rise, arrived = self._flight.at(time.monotonic())
        if arrived:
            self._land()
        self.see(view, rise)
        self.turned.emit(view)
