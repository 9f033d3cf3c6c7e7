"""Two tabs side by side, with cameras that move together and one clock for all their runs.

In: two tabs. Out: a page that shows what they show, also when that changes.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from ...errors import AtlasError
from ...look import Look
from ..drawing.view import View
from . import wording
from .canvas import SurfaceCanvas
from .player import Player
from .runs import Entries, coloured, tracks
from .tab import Tab


class ComparisonPage(QWidget):
    """What two tabs show. They stay the owners of everything."""

    compares = True

    read = Signal(str)
    said = Signal(str)
    titled = Signal()

    redrawn = Signal()
    """The look is another, or whether it is seen from above."""

    def __init__(self, left: Tab, right: Tab, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sides = (left, right)
        self.look = left.look
        self.canvases = tuple(SurfaceCanvas(tab.look) for tab in self.sides)
        plain, middle = Qt.TextFormat.PlainText, Qt.AlignmentFlag.AlignCenter
        self.headings = tuple(QLabel(textFormat=plain, alignment=middle) for _ in self.sides)
        self.linked = QCheckBox("Link cameras")
        self.linked.setChecked(True)
        self.linked.setToolTip("Turning one turns the other")
        self.legend = QLabel(textFormat=Qt.TextFormat.RichText)
        self.legend.setAccessibleName("Runs")
        self.above = False
        self.player = Player()
        self.parts = QSplitter(Qt.Orientation.Horizontal)
        for heading, canvas in zip(self.headings, self.canvases, strict=True):
            heading.setObjectName("heading")
            side = QWidget()
            column = QVBoxLayout(side)
            column.setContentsMargins(0, 6, 0, 0)
            column.addWidget(heading)
            column.addWidget(canvas, 1)
            self.parts.addWidget(side)
        self.parts.setSizes([500, 500])
        below = QHBoxLayout()
        below.setContentsMargins(10, 4, 10, 0)
        below.addWidget(self.linked)
        below.addStretch(1)
        below.addWidget(self.legend)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.parts, 1)
        whole.addLayout(below)
        self.player.setMaximumHeight(150)
        whole.addWidget(self.player)
        for part in (self.parts, self.player):  # not where a space ticks a box
            space = QShortcut(QKeySequence(Qt.Key.Key_Space), part)
            space.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            space.activated.connect(self.player.toggle)
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        for number, (tab, canvas) in enumerate(zip(self.sides, self.canvases, strict=True)):
            tab.redrawn.connect(self.refresh)
            canvas.turned.connect(lambda view, number=number: self._turned(number, view))
            canvas.hovered.connect(lambda found, tab=tab: self.read.emit(tab.told(found)))
            self.player.moved.connect(canvas.show_moment)

    @property
    def title(self) -> str:
        return " | ".join(tab.title for tab in self.sides)

    @property
    def changed(self) -> bool:
        return False

    def refresh(self) -> None:
        """Show what the tabs show now."""
        entries: Entries = ()
        for tab, canvas, heading in zip(self.sides, self.canvases, self.headings, strict=True):
            own = coloured(tab.entries, entries)
            entries += own
            names = {track.name for track in tab.drawn}
            drawn = tuple(track for track in tracks(own) if track.name in names)
            heading.setText(" ".join(str(tab.document.get("loss") or tab.title).split())[:80])
            surface = tab.surface or tab.canvas.surface
            if surface is None or len(surface.b) == 1:
                canvas.say(wording.CURVE if tab.canvas.shows_line else "There is no surface in this tab yet")
            elif canvas.surface is None or surface.loss is not canvas.surface.loss or canvas.tracks != drawn:
                canvas.show_surface(surface, drawn)
        self.player.set_entries(entries)
        seen = [entry for entry in entries if entry.visible]
        self.legend.setText(
            "&nbsp;&nbsp; ".join(f'<span style="color: {e.colour}">⬤</span> {escape(e.name)}' for e in seen)
        )

    def dress(self, look: Look) -> None:
        """Draw both otherwise, in what is another than before; both stay as they are where one cannot be drawn so."""
        changes = {name: value for name, value in vars(look).items() if value != getattr(self.look, name)}
        before = [canvas.look for canvas in self.canvases]
        try:
            for canvas in self.canvases:
                canvas.dress(replace(canvas.look, **changes))
        except AtlasError as error:
            for canvas, worn in zip(self.canvases, before, strict=True):
                if canvas.look != worn:
                    canvas.dress(worn)
            self.said.emit(str(error).split("\n")[0])
        else:
            self.look = look
        self.redrawn.emit()

    @property
    def turnable(self) -> tuple[SurfaceCanvas, ...]:
        """What keys turn: of two that are linked one, which the other follows; else the one that has the focus, or
        both."""
        there = tuple(canvas for canvas in self.canvases if canvas.scene is not None)
        if self.linked.isChecked():
            return there[:1]
        return tuple(canvas for canvas in there if canvas.native.hasFocus()) or there

    def look_from_above(self, above: bool) -> None:
        self.above = above
        self.redrawn.emit()
        self.canvases[0].look_from_above(above)
        if not self.linked.isChecked():
            self.canvases[1].look_from_above(above)

    def reset_view(self) -> None:
        self.look_from_above(False)

    def leave(self) -> None:
        """The page is closed."""
        self.player.pause()
        for tab in self.sides:
            tab.redrawn.disconnect(self.refresh)
        for canvas in self.canvases:
            canvas.finish()

    def _turned(self, number: int, view: View) -> None:
        """Turn the other one, too, by the same angles and as near."""
        mover, other = self.canvases[number], self.canvases[1 - number]
        if self.linked.isChecked() and other.scene is not None:
            other.see(view, mover.scene.risen)
