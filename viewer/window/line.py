"""The picture of a surface of one line, as large as its place in the window and in the window's colours.

In: a surface of one line, a Look. Out: its picture by matplotlib, drawn anew where its place or its colours change, or
in a file; what the curve has under the mouse.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.text import Text
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ...errors import StoreError
from ...look import Look
from ..drawing.picking import reading

if TYPE_CHECKING:
    from ...plot import Picture
    from ...surface import Surface

INCH = 96.0
"""Pixels of Qt in an inch of the picture."""


class LinePicture(QWidget):
    """Takes any size."""

    hovered = Signal(object)
    """A Reading of the curve over or under the mouse, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._surface: Surface | None = None
        self._look = Look()
        self._drawn: QImage | None = None
        self._axes: Any = None  # of what is drawn
        self.setMouseTracking(True)

    def show_surface(self, surface: Surface, look: Look) -> None:
        """Show this surface."""
        self._surface, self._look, self._drawn = surface, look, None
        self.update()

    def dress(self, look: Look) -> None:
        """Show it in the colours of another look."""
        if look.theme != self._look.theme:
            self._look, self._drawn = look, None
            self.update()

    def write(self, path: Path, size: tuple[int, int], transparent: bool) -> None:
        """Write a PNG file of so many pixels, with texts as large in it as they are seen. Raises StoreError."""
        assert self._surface is not None
        figure = _figure(self._surface, self._look, size, size[0] / max(self.width(), 1))
        if transparent:
            for patch in (figure.patch, *(axes.patch for axes in figure.axes)):
                patch.set_alpha(0.0)
        picture = _pixels(figure, size)
        picture.setText("Software", "Atlas Fast")
        if not picture.save(str(path)):
            raise StoreError(f"cannot write {path}: a name that ends in .png is wanted, in a folder that takes files")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = None
        if self._surface is not None and self._axes is not None:
            ratio, place = self.devicePixelRatioF(), event.position()
            pixel = place.x() * ratio, (self.height() - place.y()) * ratio
            if self._axes.bbox.contains(*pixel):
                found = reading(self._surface, float(self._axes.transData.inverted().transform(pixel)[0]), math.nan)
        self.hovered.emit(found)

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        size = round(self.width() * ratio), round(self.height() * ratio)
        if self._surface is None or min(size) < 1:
            return
        if self._drawn is None or (self._drawn.width(), self._drawn.height()) != size:
            figure = _figure(self._surface, self._look, size, ratio)
            self._axes, self._drawn = figure.axes[0], _pixels(figure, size)
        painter = QPainter(self)
        painter.drawImage(self.rect(), self._drawn)
        painter.end()


def _figure(surface: Surface, look: Look, size: tuple[int, int], ratio: float) -> Any:
    """The figure of so many pixels, ratio of them for each as Qt counts them."""
    figure: Any = surface.plot()
    figure.set_dpi(INCH * ratio)
    figure.set_size_inches(size[0] / figure.dpi, size[1] / figure.dpi)
    _paint(figure, look)
    return figure


def _pixels(figure: Any, size: tuple[int, int]) -> QImage:
    """The figure drawn, as a picture of just so many pixels."""
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    pixels = bytes(figure.canvas.buffer_rgba())
    return QImage(pixels, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy().scaled(*size)


def _paint(figure: Picture, look: Look) -> None:
    """Give all that is not the curve the colours of a theme."""
    theme = look.dressing
    figure.set_facecolor(theme.background)
    for axes in figure.axes:
        axes.set_facecolor(theme.background)
        axes.tick_params(colors=theme.faint)
        for spine in axes.spines.values():
            spine.set_edgecolor(theme.edges)
    for text in figure.findobj(Text):
        text.set_color(theme.text)
