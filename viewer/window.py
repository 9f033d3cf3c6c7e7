"""The window: a scene in Qt, turned with the mouse and by a few keys.

In: a Surface. Out: nothing, once the window is closed. This module loads Qt; `opening` finds out first whether it can.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow
from vispy import app, gloo, scene

from ..errors import AtlasError
from .drawing.field import DETAIL
from .drawing.scene import Scene
from .offscreen import write_picture

if TYPE_CHECKING:
    from ..surface import Surface

SIZE = (1100, 825)

HINT = "drag: turn    wheel: zoom    shift + drag: move    R: reset    T: from above    S: save a picture    Q: close"

MOVING = 256
"""Vertices along a side while the view moves, where a full frame takes long."""

LONG = 1 / 30
"""Seconds of a frame beyond which the surface is drawn coarser while it moves."""

SETTLED = 250
"""Milliseconds without movement after which the surface is drawn in full again."""


class Window(QMainWindow):
    """A window that shows a surface until it is closed."""

    def __init__(self, surface: Surface) -> None:
        super().__init__()
        self.surface = surface
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.setWindowTitle(f"Atlas Fast: {' '.join(surface.expression.split())[:120]}")
        qt, buffers = app.Application("pyside6"), {"samples": 4, "depth_size": 24}
        self.canvas = scene.SceneCanvas(app=qt, size=SIZE, show=False, keys=None, config=buffers)
        self.setCentralWidget(self.canvas.native)
        self.statusBar().showMessage(HINT)
        self.resize(SIZE[0], SIZE[1] + self.statusBar().sizeHint().height())
        self.closed = QEventLoop()
        self.settled = QTimer(self, singleShot=True, interval=SETTLED)
        self.settled.timeout.connect(self.draw_finely)
        self.scene: Any = None

    def show_until_closed(self) -> None:
        self.show()
        # OpenGL, and the screen's scale, are known once the window is there.
        self.scene = Scene(self.canvas, self.surface, self.canvas.pixel_scale)
        self.timing = _Timing(self.canvas)
        self.canvas.events.key_press.connect(self.pressed)
        self.canvas.events.mouse_move.connect(self.moved)
        self.canvas.events.mouse_wheel.connect(self.moved)
        self.canvas.native.setFocus()
        with _interruptible(self):
            self.closed.exec()
        self.canvas.close()

    def pressed(self, event: Any) -> None:
        """A key."""
        key = event.key.name.lower() if event.key is not None else ""
        if key in ("q", "escape"):
            self.close()
        elif key == "r":
            self.scene.look(self.scene.home)
        elif key == "t":
            self.scene.look(self.scene.above)
        elif key == "s":
            self.save()

    def moved(self, event: Any) -> None:
        """The mouse turned or zoomed."""
        if event.type == "mouse_move" and not event.is_dragging:
            return
        if self.timing.full > LONG:
            self.scene.field.set_detail(MOVING)
            self.timing.coarse = True
            self.settled.start()

    def draw_finely(self) -> None:
        """Draw all vertices again."""
        self.timing.coarse = False
        self.scene.field.set_detail(DETAIL)

    def save(self) -> None:
        """Write what is seen to a new file in the working folder."""
        name = next(Path(f"atlas-{k}.png") for k in count(1) if not Path(f"atlas-{k}.png").exists())
        try:
            width, height = self.canvas.size
            write_picture(self.surface, name, (max(width, 64), max(height, 64)), self.scene.seen)
        except AtlasError as error:
            self.statusBar().showMessage(str(error))
        else:
            self.statusBar().showMessage(f"saved {name.resolve()}")
        self.canvas.update()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.settled.stop()
        self.closed.quit()
        event.accept()


class _Timing:
    """How long a frame of all vertices takes, as last seen. coarse: whether frames are no such ones just now."""

    def __init__(self, canvas: Any) -> None:
        self.full = 0.0
        self.coarse = False
        self._began = 0.0
        canvas.events.draw.connect(self._begin, position="first")
        canvas.events.draw.connect(self._end, position="last")

    def _begin(self, event: Any) -> None:
        self._began = time.perf_counter()

    def _end(self, event: Any) -> None:
        if not self.coarse:
            gloo.gl.glFinish()
            self.full = time.perf_counter() - self._began


@contextmanager
def _interruptible(window: QMainWindow) -> Iterator[None]:
    """Close the window on Ctrl-C, which Python sees only when Qt lets it run now and then."""
    ticking = QTimer(window, interval=200)
    ticking.timeout.connect(lambda: None)
    before = signal.signal(signal.SIGINT, lambda number, frame: window.close())
    ticking.start()
    try:
        yield
    finally:
        ticking.stop()
        signal.signal(signal.SIGINT, before)
