"""The loss as a mathematician writes it, typeset by matplotlib's mathtext.

In: a syntax tree. Out: a widget that shows its lines, shrunk to its width as far as they stay legible; greyed while the
text that they came from is broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette, QPixmap, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from ...language import Tree, equations

LARGEST, SMALLEST = 14.0, 8.0
"""Font sizes in points."""

LONGEST = 1500
"""Characters of LaTeX of a line that is typeset at all: more could not be read, and takes seconds."""

TALLEST = 132
"""Pixels of the screen that formulas may take before they are scrolled."""

MARGIN = 6
GREYED = 0.4

Coverage = NDArray[np.uint8]
"""How much of each pixel is ink."""


def lines(tree: Tree) -> tuple[str, ...]:
    r"""Mathtext of each line: what is bound and defined, and last \\mathcal{L} = the loss."""
    *definitions, loss = equations(tree)
    return tuple(f"${line}$" for line in (*definitions, rf"\mathcal{{L}} = {loss}"))


@lru_cache(maxsize=64)
def inked(line: str, points: float, dpi: float) -> Coverage | None:
    """The ink of a line; None where mathtext cannot set it."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    if len(line) > LONGEST:
        return None
    try:
        found = MathTextParser("agg").parse(line, dpi, FontProperties(size=points, math_fontfamily="stix"))
    except (ValueError, RuntimeError):
        return None
    return np.ascontiguousarray(found.image)


def typeset(rows: Sequence[str], colour: QColor, dpi: float, ratio: float, width: int) -> QPixmap | None:
    """The lines below each other, as wide as they are. dpi: of a screen of ratio 1. width: pixels of the screen to fit
    into, if that leaves them legible. None where a line cannot be set."""
    points = LARGEST
    inks = [inked(row, points, dpi * ratio) for row in rows]
    widest = max((ink.shape[1] for ink in inks if ink is not None), default=0) / ratio
    if widest > width:
        points = max(SMALLEST, int(2 * LARGEST * width / widest) / 2)
        inks = [inked(row, points, dpi * ratio) for row in rows]
    found = [ink for ink in inks if ink is not None]
    if len(found) < len(rows) or not found:
        return None
    gap = round(5 * ratio)
    height = sum(ink.shape[0] for ink in found) + gap * (len(found) - 1)
    alpha = np.zeros((height, max(ink.shape[1] for ink in found)), np.uint8)
    top = 0
    for ink in found:
        alpha[top : top + ink.shape[0], : ink.shape[1]] = ink
        top += ink.shape[0] + gap
    pixels = np.empty((*alpha.shape, 4), np.uint8)
    pixels[..., :3] = colour.red(), colour.green(), colour.blue()
    pixels[..., 3] = alpha
    held = pixels.tobytes()  # QImage borrows it
    image = QImage(held, alpha.shape[1], height, alpha.shape[1] * 4, QImage.Format.Format_RGBA8888)
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


class _Sheet(QWidget):
    """A pixmap, greyed or not."""

    def __init__(self) -> None:
        super().__init__()
        self.pixmap: QPixmap | None = None
        self.greyed = False

    def sizeHint(self) -> QSize:
        return QSize(0, 0) if self.pixmap is None else self.pixmap.deviceIndependentSize().toSize() + QSize(2, 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.pixmap is None:
            return
        painter = QPainter(self)
        painter.setOpacity(GREYED if self.greyed else 1.0)
        size = self.pixmap.deviceIndependentSize()
        painter.drawPixmap(0, max(0, int((self.height() - size.height()) / 2)), self.pixmap)
        painter.end()


class FormulaView(QScrollArea):
    """The formula of the last text that could be read."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[str, ...] = ()
        self.sheet = _Sheet()
        self.setWidget(self.sheet)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setObjectName("formula")
        self.setAccessibleName("The loss, typeset")
        self.viewport().setAutoFillBackground(False)
        self.sheet.setAutoFillBackground(False)
        self.setFixedHeight(2 * MARGIN + 20)

    def show_tree(self, tree: Tree | None) -> None:
        """Typeset a tree; None greys what is there."""
        self.sheet.greyed = tree is None
        if tree is not None:
            self.rows = lines(tree)
            self.setAccessibleDescription(" ".join(self.rows))
            self.draw()
        self.sheet.update()

    @property
    def greyed(self) -> bool:
        return self.sheet.greyed

    @property
    def pixmap(self) -> QPixmap | None:
        """What is shown."""
        return self.sheet.pixmap

    def draw(self) -> None:
        """Make the picture anew, for this width, screen and palette."""
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        room = max(120, self.width() - 2)
        self.sheet.pixmap = None
        if self.rows:
            self.sheet.pixmap = typeset(self.rows, colour, self.logicalDpiY(), self.devicePixelRatioF(), room)
        size = self.sheet.sizeHint()
        self.sheet.resize(size)
        wide = size.width() > room + 2
        bar = self.horizontalScrollBar().sizeHint().height() if wide else 0
        always, never = Qt.ScrollBarPolicy.ScrollBarAlwaysOn, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(always if wide else never)
        self.setVerticalScrollBarPolicy(always if size.height() + bar > TALLEST else never)
        self.setFixedHeight(min(TALLEST, max(20, size.height()) + bar + MARGIN))
        self.sheet.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.draw()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.draw()
        return super().event(event)
