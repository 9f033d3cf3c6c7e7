"""The weights: what is inferred of each, and what is given.

In: a Finding about the loss, and [weights] of a document. Out: [weights] as a person changed it. What was given to a
weight that is not in the loss just now is kept here, and counts again once it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QBrush, QFont, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
)

from ...workspace.keys import is_shape
from . import colours
from .checking import NOTHING, Finding, fault_of
from .fields import described, number, untouched
from .section import Section

COLUMNS = ("Name", "Shape", "Start", "Scalars", "Remark")
NAME, SHAPE, START, SCALARS, REMARK = range(5)

SHAPED = re.compile(r"[\[(]?\s*(\d+|\?)\s*[x×,*]\s*(\d+|\?)\s*[\])]?")

SHOWN = 24
"""Numbers of a starting value that can still be typed in a cell."""

MOST_ROWS = 8

TIP = (
    "Type a shape such as 10 x ? (? is inferred) or a starting value such as -1.5 or 1, 2; 3, 4. "
    "Delete takes back what was given."
)


def shape_of(text: str) -> Any:
    """A shape as a document has it; the text itself where it is none."""
    found = SHAPED.fullmatch(text.strip())
    return text.strip() if found is None else ["?" if size == "?" else int(size) for size in found.groups()]


def start_of(text: str) -> Any:
    """A number with a point, or rows with ; between them and commas in them; the text itself where it is neither."""
    inner = text.strip().strip("[]").replace("],", ";").replace("[", "")
    rows = [[number(entry.strip()) for entry in row.split(",")] for row in inner.split(";")]
    if any(isinstance(entry, str) for row in rows for entry in row):
        return text.strip()
    floats = [[float(entry) for entry in row] for row in rows]
    single = len(floats) == 1 and len(floats[0]) == 1
    return floats[0][0] if single and not text.strip().startswith("[") else floats


def sizes(shape: Any) -> str:
    """A shape as it is shown: 10 × 4."""
    return " × ".join(map(str, shape)) if isinstance(shape, list | tuple) else str(shape)


def numbers(value: Any) -> str:
    """A starting value as it is typed; of one too long how much there is."""
    if not isinstance(value, list):
        return str(value)
    if len(value) * len(value[0]) > SHOWN:
        return f"{len(value)} × {len(value[0])} numbers"
    return "; ".join(", ".join(map(str, row)) for row in value)


class WeightsSection(Section):
    """A table of the weights."""

    finished = Signal()

    def __init__(self) -> None:
        super().__init__("weights", "&Weights", "The weights of the loss, their shapes and starting values")
        self.given: dict[str, Any] = {}
        self._finding = NOTHING
        self._data: frozenset[str] = frozenset()
        self._wrong: dict[tuple[str, int], tuple[str, str]] = {}
        self.table = QTableWidget(0, len(COLUMNS))
        described(self.table, "weights", "Weights", TIP)
        self.table.setHorizontalHeaderLabels(list(COLUMNS))
        self.table.verticalHeader().setVisible(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(REMARK, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.table.itemChanged.connect(self._typed)
        QShortcut(
            QKeySequence.StandardKey.Delete, self.table, self._take_back, context=Qt.ShortcutContext.WidgetShortcut
        )
        self.inner.addWidget(self.table)
        self.name = QLineEdit()
        described(self.name, "declare-weight", "Name of a weight", "A name of several letters, to be one weight's")
        self.name.setPlaceholderText("name")
        self.name.returnPressed.connect(self._declare)
        button = QPushButton("Declare")
        described(button, "declare", "Declare a weight", "Take the name as one weight's, whose shape is inferred")
        button.clicked.connect(self._declare)
        label = QLabel("A na&me of several letters:")
        label.setBuddy(self.name)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.name, 1)
        row.addWidget(button)
        self.inner.addLayout(row)

    def show_given(self, weights: Mapping[str, Any]) -> None:
        """Fill it with [weights]; what was typed before is gone."""
        self.given = dict(weights)
        self._wrong.clear()
        self.name.clear()
        self.message.say("")

    def used(self, finding: Finding, data: Mapping[str, Any]) -> dict[str, Any]:
        """[weights] of a document: what is given to weights of the loss."""
        return {name: value for name, value in self.given.items() if name in finding.weights and name not in data}

    def show_finding(self, finding: Finding, data: Mapping[str, Any]) -> None:
        """Show what is known now. A text that means nothing leaves the weights of the last one that did."""
        if finding.tree is None and self._finding.tree is not None:
            return
        self._finding, self._data = finding, frozenset(data)
        self._fill()

    def declare(self, name: str) -> None:
        """Take a name as one weight's."""
        message = _fault(name, "?")
        if not message and name not in self.given:
            self.given[name] = "?"
            self._fill()
            self.finished.emit()
        self.message.say(message)

    def _declare(self) -> None:
        name = self.name.text().strip()
        if name:
            self.declare(name)
        if name in self.given:
            self.name.clear()

    def _fill(self) -> None:
        finding = self._finding
        names = [*finding.weights, *(name for name in self.given if name not in finding.weights)]
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(names))
            for row, name in enumerate(names):
                for column, (text, faint, tip) in enumerate(self._row(name)):
                    self._cell(row, column, name, text, faint, tip)
        rows = max(1, min(MOST_ROWS, len(names)))
        header = self.table.horizontalHeader().sizeHint().height()
        height = header + rows * self.table.verticalHeader().defaultSectionSize() + 2 * self.table.frameWidth()
        self.table.setFixedHeight(height)
        count = len(finding.weights)
        self.summary.say(", ".join(finding.weights) if count <= 6 else f"{count} weights")

    def _row(self, name: str) -> list[tuple[str, bool, str]]:
        """The cells of a weight: text, whether it is inferred, tooltip."""
        problem, value = self._finding.problem, self.given.get(name)
        shape = None if problem is None else problem.weights.get(name)
        start = value is not None and not is_shape(value)
        if isinstance(value, list) and is_shape(value):
            cells = [(sizes(shape or value), shape is not None and "?" in value, f"given: {sizes(value)}")]
        elif isinstance(value, list):
            cells = [(sizes((len(value), len(value[0]))), True, "of its starting value")]
        else:
            cells = [(sizes(shape) if shape else "?", True, "inferred" if shape else TIP)]
        cells.append((numbers(value) if start else "", False, TIP))
        cells.append((f"{shape[0] * shape[1]:,}" if shape else "", True, ""))
        remark = self._remark(name)
        cells.append((remark, True, remark))
        return [(name, False, TIP), *cells]

    def _remark(self, name: str) -> str:
        finding = self._finding
        if name in self._data:
            return "is data"
        if name not in finding.weights:
            return "not in the loss"
        if finding.error is not None and finding.error.span and finding.text[slice(*finding.error.span)] == name:
            return "size wanted: give it"
        value = self.given.get(name)
        if value is not None and not is_shape(value):
            return "starts there"
        if finding.problem is None:
            return ""
        if name in finding.problem.biases:
            return "bias, starts at 0"
        return "inferred" if value in (None, "?") else "given"

    def _cell(self, row: int, column: int, name: str, text: str, faint: bool, tip: str) -> None:
        typed, message = self._wrong.get((name, column), ("", ""))
        item = QTableWidgetItem(typed or text)
        item.setData(Qt.ItemDataRole.UserRole, typed or text)
        item.setToolTip(untouched(message or tip))
        editable = column in (SHAPE, START) and not (column == START and text.endswith("numbers"))
        keep = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        item.setFlags(keep | Qt.ItemFlag.ItemIsEditable if editable else keep)
        if faint:
            item.setForeground(QBrush(colours.faint(self.palette())))
        if column == NAME:
            font = QFont(item.font())
            font.setBold(True)
            item.setFont(font)
            item.setForeground(QBrush(colours.of("weight", self.palette())))
        if message:
            item.setBackground(QBrush(colours.marked(self.palette())))
        if column == REMARK and text.startswith("size wanted"):
            item.setForeground(QBrush(colours.of("error", self.palette())))
        self.table.setItem(row, column, item)

    def _typed(self, item: QTableWidgetItem) -> None:
        """A cell was edited."""
        text = item.text().strip()
        if text == item.data(Qt.ItemDataRole.UserRole):
            return
        named = self.table.item(item.row(), NAME)
        assert named is not None
        name, column = named.text(), item.column()
        if not text:
            held = self.given.get(name)
            if held is not None and is_shape(held) == (column == SHAPE):
                self.given.pop(name)
            message = ""
        else:
            value = shape_of(text) if column == SHAPE else start_of(text)
            message = _fault(name, value)
            if not message and column == SHAPE and not is_shape(value):
                message = f"{text} is no shape: a shape such as 10 x ? is wanted"
            if not message:
                self.given[name] = value
        self._wrong.pop((name, column), None)
        if message:
            self._wrong[name, column] = (text, message)
        self.message.say(self.wrong)
        self._fill()
        if not message:
            self.finished.emit()

    def _take_back(self) -> None:
        """Forget what was given to the weight of the chosen row."""
        item = self.table.item(self.table.currentRow(), NAME)
        if item is not None and self.given.pop(item.text(), None) is not None:
            self._fill()
            self.finished.emit()

    @property
    def wrong(self) -> str:
        """Why a cell cannot be used; "" where all can."""
        return next((message for _, message in self._wrong.values()), "")


def _fault(name: str, value: Any) -> str:
    """What the library says to a value of [weights], "" where it takes it."""
    return fault_of({"loss": "x", "weights": {name: value}}).removeprefix("[weights] ")
