"""The picture of a surface of one line, as large as its place in the window and in the window's colours.

In: a surface of one line, runs, a moment, a Look. Out: its curve by matplotlib, drawn anew where its place or its
colours change, and the runs' steps on it up to the moment; the same in a file; what is under the mouse.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.text import Text
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ...errors import StoreError
from ...look import Look
from ...plot import curve, legend
from ..drawing.picking import NEAR, beside, reading
from ..drawing.trajectory import along

if TYPE_CHECKING:
    from ...plot import Picture
    from ...surface import Surface
    from ..drawing.paths import Lines
    from ..drawing.track import Track

INCH = 96.0
"""Pixels of Qt in an inch of the picture."""

STEP, LAST = 3.0, 5.5
"""Radius of a step's mark, and of that where a run is at the moment, in pixels of Qt."""


class LinePicture(QWidget):
    """Takes any size."""

    hovered = Signal(object)
    """A Reading of the curve over or under the mouse, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._surface: Surface | None = None
        self._look = Look()
        self._lines: tuple[Lines, ...] = ()  # of the visible runs
        self._moment = 1.0
        self._drawn: QImage | None = None  # the curve
        self._axes: Any = None  # of what is drawn
        self.setMouseTracking(True)

    def show_surface(self, surface: Surface, look: Look) -> None:
        """Show this surface, and no run yet."""
        self._surface, self._look, self._drawn, self._lines = surface, look, None, ()
        self.update()

    def show_tracks(self, tracks: tuple[Track, ...]) -> None:
        """Show these runs, as far as they are visible."""
        assert self._surface is not None
        self._lines = tuple((track, along(self._surface, track.run)) for track in tracks if track.visible)
        self._drawn = None  # of a single run its heading tells
        self.update()

    def show_moment(self, moment: float) -> None:
        """Show the runs up to a moment, 0 to 1."""
        self._moment = moment
        self.update()

    def dress(self, look: Look) -> None:
        """Show it in the colours of another look."""
        if look.theme != self._look.theme:
            self._look, self._drawn = look, None
            self.update()

    def write(self, path: Path, size: tuple[int, int], transparent: bool) -> None:
        """Write a PNG file of so many pixels, with texts as large in it as they are seen. Raises StoreError."""
        ratio = min(size[0] / max(self.width(), 1), size[1] / max(self.height(), 1))
        figure = self._figure(size, ratio, named=True)
        if transparent:
            for patch in (figure.patch, *(axes.patch for axes in figure.axes)):
                patch.set_alpha(0.0)
        picture = _pixels(figure, size)
        painter = QPainter(picture)
        self._mark(painter, figure.axes[0], size[1], ratio)
        painter.end()
        picture.setText("Software", "Atlas Fast")
        if not picture.save(str(path)):
            raise StoreError(f"cannot write {path}: a name that ends in .png is wanted, in a folder that takes files")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = None
        if self._surface is not None and self._axes is not None:
            ratio, place = self.devicePixelRatioF(), event.position()
            pixel = place.x() * ratio, (self.height() - place.y()) * ratio
            if self._axes.bbox.contains(*pixel):
                pixels = [_places(self._axes, line.points) for _, line in self._lines]
                found = beside(self._lines, pixels, self._moment, np.array(pixel), NEAR * ratio)
                if found is None:
                    a = float(self._axes.transData.inverted().transform(pixel)[0])
                    found = reading(self._surface, a, math.nan)
                else:
                    found = replace(found, b=math.nan)
        self.hovered.emit(found)

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        size = round(self.width() * ratio), round(self.height() * ratio)
        if self._surface is None or min(size) < 1:
            return
        if self._drawn is None or (self._drawn.width(), self._drawn.height()) != size:
            figure = self._figure(size, ratio)
            self._axes, self._drawn = figure.axes[0], _pixels(figure, size)
        painter = QPainter(self)
        painter.drawImage(self.rect(), self._drawn)
        painter.scale(1 / ratio, 1 / ratio)
        self._mark(painter, self._axes, size[1], ratio)
        painter.end()

    def _figure(self, size: tuple[int, int], ratio: float, named: bool = False) -> Any:
        """The curve of so many pixels, ratio of them for each as Qt counts them. named: with a legend of its runs."""
        assert self._surface is not None
        figure: Any = curve(self._surface.showing({track.name: track.run for track, _ in self._lines}))
        figure.set_dpi(INCH * ratio)
        figure.set_size_inches(size[0] / figure.dpi, size[1] / figure.dpi)
        if named:
            legend(figure.axes[0], {track.name: track.colour for track, _ in self._lines})
        _paint(figure, self._look)
        return figure

    def _mark(self, painter: QPainter, axes: Any, height: int, ratio: float) -> None:
        """The steps up to the moment, on a picture so many pixels high."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, y, across, up = axes.bbox.bounds
        painter.setClipRect(QRectF(x, height - y - up, across, up))
        painter.setPen(QPen(QColor.fromRgbF(*self._look.dressing.outline), 0.8 * ratio))
        for track, line in self._lines:
            done = np.flatnonzero(line.time <= self._moment)
            now = np.array([np.interp(self._moment, line.time, values) for values in line.points.T])
            points, times = np.vstack([line.points[done], now]), np.append(line.time[done], self._moment)
            radii = ratio * np.append(np.full(done.size, STEP), LAST)
            for (x, y), shade, radius in zip(_places(axes, points), track.shades(times), radii, strict=True):
                if np.isfinite(x + y):
                    painter.setBrush(QColor.fromRgbF(*map(float, shade)))
                    painter.drawEllipse(QPointF(x, height - y), radius, radius)


def _places(axes: Any, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where points (k, 2) are on a picture, from below."""
    with np.errstate(invalid="ignore"):
        found: NDArray[np.float64] = axes.transData.transform(points)
    return found


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
