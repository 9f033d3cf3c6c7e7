"""How the parts of a tab stand beside one another.

In: widgets. Out: what holds them.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget


def centre(canvas: QWidget, player: QWidget) -> QSplitter:
    """The surface over its player."""
    held = QSplitter(Qt.Orientation.Vertical)
    held.addWidget(canvas)
    held.addWidget(player)
    held.setStretchFactor(0, 1)
    held.setSizes([600, 150])
    return held


def side(appearance: QWidget, note: QWidget, legend: QWidget) -> QWidget:
    """The column on the right."""
    held = QWidget()
    column = QVBoxLayout(held)
    column.setContentsMargins(10, 10, 10, 10)
    column.setSpacing(8)
    column.addWidget(appearance)
    column.addWidget(note)
    column.addSpacing(8)
    column.addWidget(legend, 1)
    return held


def whole(tab: QWidget, panel: QWidget | None, centre: QWidget, side: QWidget) -> QSplitter:
    """All that a tab shows, the panel on the left, and the centre the one that grows."""
    held = QSplitter(Qt.Orientation.Horizontal)
    for widget in (panel, centre, side):
        if widget is not None:
            held.addWidget(widget)
    held.setStretchFactor(held.indexOf(centre), 1)
    held.setSizes([*([345] if panel is not None else []), 700, 225])
    column = QVBoxLayout(tab)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(held)
    return held
