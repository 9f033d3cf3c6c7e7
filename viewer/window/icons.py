"""Icons, painted in the colour of the text: play, pause and close.

In: a name and a colour. Out: an icon, sharp on any screen.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

SIDE = 64
"""Pixels, of which Qt takes as many as it needs."""


def icon(name: str, colour: QColor) -> QIcon:
    """One of "play", "pause", "close" and "spot"."""
    picture = QPixmap(SIDE, SIDE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if name == "play":
        painter.drawPolygon(QPolygonF([QPointF(16, 10), QPointF(16, 54), QPointF(54, 32)]))
    elif name == "pause":
        for left in (14.0, 38.0):
            painter.drawRoundedRect(QRectF(left, 10, 13, 44), 3, 3)
    elif name == "spot":
        painter.drawEllipse(QRectF(11, 11, 42, 42))
    else:
        painter.setPen(QPen(colour, 6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(18, 18), QPointF(46, 46))
        painter.drawLine(QPointF(18, 46), QPointF(46, 18))
    painter.end()
    return QIcon(picture)
