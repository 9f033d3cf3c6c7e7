"""The picture of a surface of one line, as large as its place in the window and in the window's colours.

In: a surface of one line, a Look. Out: its picture by matplotlib, drawn anew where its place or its colours change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.text import Text
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ...look import Look

if TYPE_CHECKING:
    from ...plot import Picture
    from ...surface import Surface

INCH = 96.0
"""Pixels of Qt in an inch of the picture."""


class LinePicture(QWidget):
    """Takes any size."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._surface: Surface | None = None
        self._look = Look()
        self._drawn: QImage | None = None

    def show_surface(self, surface: Surface, look: Look) -> None:
        """Show this surface."""
        self._surface, self._look, self._drawn = surface, look, None
        self.update()

    def dress(self, look: Look) -> None:
        """Show it in the colours of another look."""
        if look.theme != self._look.theme:
            self._look, self._drawn = look, None
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        size = round(self.width() * ratio), round(self.height() * ratio)
        if self._surface is None or min(size) < 1:
            return
        if self._drawn is None or (self._drawn.width(), self._drawn.height()) != size:
            self._drawn = _picture(self._surface, self._look, size, ratio)
        painter = QPainter(self)
        painter.drawImage(self.rect(), self._drawn)
        painter.end()


def _picture(surface: Surface, look: Look, size: tuple[int, int], ratio: float) -> QImage:
    """The picture of so many pixels."""
    figure: Any = surface.plot()
    figure.set_dpi(INCH * ratio)
    figure.set_size_inches(size[0] / figure.dpi, size[1] / figure.dpi)
    _paint(figure, look)
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
