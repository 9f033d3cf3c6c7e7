"""The legend: every run in its colour, with a box to hide it.

In: entries. Out: a list, and what is hidden, shown or cleared in it.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..panels.fields import untouched
from .icons import icon
from .runs import Entries


class Legend(QWidget):
    """The runs of a tab."""

    shown = Signal(int, bool)
    """A run's number, and whether it is to be seen."""

    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = QLabel("Runs")
        heading.setObjectName("heading")
        self.list = QListWidget()
        self.list.setAccessibleName("Runs")
        self.list.setToolTip("Every run in its colour: a box, or the space bar, hides and shows it")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.itemChanged.connect(self._changed)
        self.keep = QCheckBox("Keep runs")
        self.keep.setChecked(True)
        self.keep.setToolTip("Train again, with another optimizer, and see both: on the plane that they share")
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Forget all runs of this tab")
        self.clear.clicked.connect(self.cleared)
        row = QHBoxLayout()
        row.addWidget(self.keep, 1)
        row.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(heading)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        self.set_entries(())

    def set_entries(self, entries: Entries) -> None:
        """The runs to list."""
        self.list.blockSignals(True)
        current = self.list.currentRow()
        self.list.clear()
        for entry in entries:
            item = QListWidgetItem(icon("spot", QColor(entry.colour)), entry.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if entry.visible else Qt.CheckState.Unchecked)
            told = f"\n{entry.run.message}" if entry.run.message else ""
            ends = f"loss {entry.run.loss[0]:.4g} → {entry.run.loss[-1]:.4g}"
            item.setToolTip(untouched(f"{entry.run.optimizer}\n{entry.run.steps:,} steps, {ends}{told}"))
            self.list.addItem(item)
        self.list.setCurrentRow(min(current, len(entries) - 1))
        self.list.blockSignals(False)
        self.clear.setEnabled(bool(entries))

    def _changed(self, item: QListWidgetItem) -> None:
        self.shown.emit(self.list.row(item), item.checkState() == Qt.CheckState.Checked)
