"""The loss of every run over its steps, with a cursor that the time slider moves, and that moves the slider.

In: entries and a moment between 0 and 1. Out: a widget, and the moments that are clicked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from .runs import Entries

DECADES = 1.0
"""Powers of ten between the highest and the lowest loss from which the scale is logarithmic."""

POINTS = 1500
"""Points of a curve that are drawn at most."""

LEFT, RIGHT, TOP, BOTTOM = 58, 14, 10, 20
"""Pixels round the curves."""


class LossCurve(QWidget):
    """All visible runs' losses over their steps."""

    picked = Signal(float)
    """A moment, 0 to 1, that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(72)
        self.setToolTip("The loss of each run over its steps: click to go to a step")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._moment = 1.0
        self._last = ""
        self._curves: list[tuple[NDArray[np.int64], NDArray[np.float64], QColor]] = []
        self._range, self.logarithmic = (0.0, 1.0), False

    def sizeHint(self) -> QSize:
        return QSize(400, 120)

    def set_entries(self, entries: Entries) -> None:
        """The runs to draw."""
        visible = [entry for entry in entries if entry.visible]
        lengths = {len(entry.run.loss) - 1 for entry in visible}
        self._last = f"{max(lengths):,}" if len(lengths) == 1 else "last step"
        self._curves = []
        for entry in visible:
            steps = np.unique(np.linspace(0, len(entry.run.loss) - 1, POINTS).round().astype(np.int64))
            self._curves.append((steps, entry.run.loss[steps], QColor(entry.colour)))
        found = [loss[np.isfinite(loss)] for _, loss, _ in self._curves]
        values = np.concatenate(found) if found else np.empty(0)
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
        self.logarithmic = bool(values.size) and low > 0 and high / low > 10**DECADES
        if low == high:
            low, high = low - abs(low) * 0.1 - 1e-3, high + abs(high) * 0.1 + 1e-3
        self._range = (np.log10(low), np.log10(high)) if self.logarithmic else (low, high)
        self.update()

    def set_moment(self, moment: float) -> None:
        """Where the cursor is."""
        self._moment = moment
        self.update()

    def _field(self) -> QRectF:
        return QRectF(LEFT, TOP, max(self.width() - LEFT - RIGHT, 1), max(self.height() - TOP - BOTTOM, 1))

    def _y(self, loss: NDArray[np.float64]) -> NDArray[np.float64]:
        field, (low, high) = self._field(), self._range
        with np.errstate(all="ignore"):
            value = np.log10(loss) if self.logarithmic else loss
        return field.bottom() - (value - low) / (high - low) * field.height()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, field = self.palette(), self._field()
        text, line = palette.placeholderText().color(), palette.mid().color()
        font = self.font()
        font.setPointSizeF(max(font.pointSizeF() - 1.5, 7))
        painter.setFont(font)
        for value in ticks(*self._range, self.logarithmic, max(3, int(field.height() // 24))):
            y = float(self._y(np.array(10.0**value if self.logarithmic else value)))
            painter.setPen(QPen(line, 1))
            painter.drawLine(QPointF(field.left(), y), QPointF(field.right(), y))
            painter.setPen(text)
            label = f"{10.0**value:.3g}" if self.logarithmic else f"{value:.4g}"
            place = QRectF(0, y - 9, LEFT - 8, 18)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)
        painter.setPen(text)
        under = QRectF(field.left(), field.bottom() + 3, field.width(), BOTTOM - 3)
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft, "step 0")
        painter.drawText(under, Qt.AlignmentFlag.AlignRight, self._last)
        if not self._curves:
            painter.drawText(field, Qt.AlignmentFlag.AlignCenter, "the loss of a run appears here once it is trained")
            return
        for steps, loss, colour in self._curves:
            self._draw(painter, steps, loss, colour)
        x = field.left() + self._moment * field.width()
        painter.setPen(QPen(palette.text().color(), 1))
        painter.drawLine(QPointF(x, field.top() - 4), QPointF(x, field.bottom()))
        for steps, loss, colour in self._curves:
            step = self._moment * float(steps[-1])
            height = float(np.interp(step, steps, loss))
            y = float(self._y(np.array(height)))
            if np.isfinite(y):
                painter.setBrush(colour)
                painter.drawEllipse(QPointF(x, y), 3.5, 3.5)

    def _draw(self, painter: QPainter, steps: NDArray[np.int64], loss: NDArray[np.float64], colour: QColor) -> None:
        """One curve, in pieces where the loss is not finite."""
        field, y = self._field(), self._y(loss)
        x = field.left() + steps / max(int(steps[-1]), 1) * field.width()
        painter.setPen(QPen(colour, 1.8))
        whole = np.isfinite(y)
        for part in np.split(np.arange(len(y)), np.flatnonzero(np.diff(whole.astype(int))) + 1):
            if len(part) and whole[part[0]]:
                painter.drawPolyline(QPolygonF([QPointF(x[k], y[k]) for k in part]))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pick(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._pick(event)

    def _pick(self, event: QMouseEvent) -> None:
        field = self._field()
        self.picked.emit(float(np.clip((event.position().x() - field.left()) / field.width(), 0.0, 1.0)))


def ticks(low: float, high: float, logarithmic: bool, most: int) -> list[float]:
    """Round values in a range; whole powers of ten where the range is of logarithms."""
    span = high - low
    steps = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0] if logarithmic else []
    if not logarithmic:
        unit = 10.0 ** np.floor(np.log10(span / most)) if span > 0 else 1.0
        steps = [unit * factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0)]
    step = next((s for s in steps if span / s <= most), steps[-1])
    first = np.ceil(low / step - 1e-9)
    return [float(first + k) * step for k in range(int(np.floor(high / step + 1e-9) - first) + 1)]
