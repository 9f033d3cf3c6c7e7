"""The controls of how a surface is drawn.

In: a Look. Out: the Look that a reader chose, and the wish to see the surface from above or in relief.
"""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...look import Look
from ..panels.fields import shade

HEIGHTS = (
    ("Clipped", "clipped", "Heights that would flatten the valley are cut off"),
    ("Linear", "linear", "All heights, as they are"),
    ("Logarithmic", "log", "The logarithm of the loss: shows what happens close to a minimum"),
)

COLOURINGS = (
    ("Loss", "loss", "Colours follow the loss"),
    ("Slope", "slope", "The slope along the plane"),
    ("Gradient norm", "gradient_norm", "The norm of the gradient over all weights, also off the plane"),
    ("Curvature", "curvature", "The mean curvature along the plane: positive in a valley, negative on a ridge"),
)


LIMIT_TIP = "The loss above which heights are cut off; empty: automatic"


class Appearance(QWidget):
    """Heights, colours and lines."""

    changed = Signal(object)
    """A Look."""

    from_above = Signal(bool)

    reset = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        heading = QLabel("View")
        heading.setObjectName("heading")
        self.heights = _choice(HEIGHTS, "How heights are drawn")
        self.colouring = _choice(COLOURINGS, "What colours show")
        self.limit = QLineEdit()
        self.limit.setPlaceholderText("automatic")
        self.limit.setToolTip(LIMIT_TIP)
        self.limit.setAccessibleName("Limit")
        self.contours = _box("Contours", "Lines of equal loss (C)")
        self.arrows = _box("Arrows", "Where steepest descent leads, and how steep it is (A)")
        self.streamlines = _box("Streamlines", "The ways of steepest descent (L)")
        self.above = QPushButton("From above")
        self.above.setCheckable(True)
        self.above.setToolTip("A map of contours instead of a relief (T)")
        self.home = QPushButton("Reset")
        self.home.setToolTip("The whole surface, from the usual side (R)")
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Heights", self.heights)
        form.addRow("Cut at", self.limit)
        form.addRow("Colour", self.colouring)
        row = QHBoxLayout()
        row.addWidget(self.above)
        row.addWidget(self.home)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(heading)
        column.addLayout(form)
        for box in (self.contours, self.arrows, self.streamlines):
            column.addWidget(box)
        column.addLayout(row)
        self.set_look(look)
        for choice in (self.heights, self.colouring):
            choice.activated.connect(self._chosen)
        for box in (self.contours, self.arrows, self.streamlines):
            box.clicked.connect(self._chosen)
        self.limit.editingFinished.connect(self._chosen)
        self.above.clicked.connect(self.from_above)
        self.home.clicked.connect(self.reset)

    @property
    def look(self) -> Look:
        return self._look

    def set_look(self, look: Look) -> None:
        """Show a Look, without a word to anybody."""
        self._look = look
        self.heights.setCurrentIndex(self.heights.findData(look.heights))
        self.colouring.setCurrentIndex(self.colouring.findData(look.colouring))
        shade(self.limit, False)
        self.limit.setToolTip(LIMIT_TIP)
        self.limit.setText("" if look.limit is None else f"{look.limit:g}")
        self.limit.setEnabled(look.heights == "clipped")
        self.contours.setChecked(look.contours)
        self.arrows.setChecked(look.arrows)
        self.streamlines.setChecked(look.streamlines)

    def _chosen(self) -> None:
        heights = self.heights.currentData()
        limit, fault = limit_of(self.limit.text())
        shade(self.limit, bool(fault))
        self.limit.setToolTip(fault or LIMIT_TIP)
        if fault:
            return
        look = replace(
            self._look,
            heights=heights,
            limit=limit if heights == "clipped" else None,
            colouring=self.colouring.currentData(),
            contours=self.contours.isChecked(),
            arrows=self.arrows.isChecked(),
            streamlines=self.streamlines.isChecked(),
        )
        if look != self._look:
            self.set_look(look)
            self.changed.emit(look)


def limit_of(text: str) -> tuple[float | None, str]:
    """The limit that is typed, None: automatic; and what is wrong with it, "" where it is a number. A comma is a point,
    too."""
    if not text.strip():
        return None, ""
    try:
        found = float(text.strip().replace(",", "."))
    except ValueError:
        found = math.nan
    return (found, "") if math.isfinite(found) else (None, f"{text.strip()} is no number; leave it empty: automatic")


def _choice(rows: tuple[tuple[str, str, str], ...], tip: str) -> QComboBox:
    found = QComboBox()
    found.setToolTip(tip)
    found.setAccessibleName(tip)
    for place, (label, value, told) in enumerate(rows):
        found.addItem(label, value)
        found.setItemData(place, told, Qt.ItemDataRole.ToolTipRole)
    return found


def _box(label: str, tip: str) -> QCheckBox:
    found = QCheckBox(label)
    found.setToolTip(tip)
    return found
