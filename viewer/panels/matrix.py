"""A line of the dialog on a table file: a matrix, its columns, what is done with them.

In: [data.NAME] of a document, or a part of it. Out: its keys as a person changed them, and whether they can be used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QWidget

from ...data.table import Table
from ...errors import AtlasError
from ...language import parse
from ...workspace import Workspace
from .checking import SOURCE, told
from .columns import columns_of, text_of
from .fields import ABSENT, Choice, described, shade
from .section import Elided
from .wording import worded

SCALES: list[tuple[str, Any]] = [
    ("as it is", ABSENT),
    ("standardize", "standardize"),
    ("unit (0 to 1)", "unit"),
]


class MatrixRow(QObject):
    """The widgets of one matrix. widgets: one for each column of the dialog's grid."""

    changed = Signal()
    removed = Signal()

    def __init__(self, name: str, section: Mapping[str, Any], arrays: Sequence[str]) -> None:
        super().__init__()
        self.name = QLineEdit(name)
        described(self.name, f"table-name-{name}", "Name of the matrix", "As the loss has it")
        self.name.setMaximumWidth(70)
        self._kept: tuple[str, Any] = ("", ABSENT)
        self.columns = QLineEdit()
        tip = "Names or numbers of columns, counted from 1, with commas between them; empty takes all"
        described(self.columns, f"table-columns-{name}", "Columns", tip)
        self.columns.setPlaceholderText("all columns")
        self.columns.setMinimumWidth(160)
        self.take = QPushButton("Take chosen")
        described(
            self.take,
            f"table-take-{name}",
            "Take the chosen columns",
            "Take the columns that are chosen in the preview",
        )
        self.onehot = QCheckBox("one-hot")
        described(self.onehot, f"table-onehot-{name}", "One-hot", "A row for each label of the one column")
        self.onehot.setChecked(section.get("onehot", False))
        tip = "Standardize: mean 0 and deviation 1; unit: 0 to 1; each feature by itself"
        self.scale = Choice(f"table-scale-{name}", "Scale", tip, SCALES)
        self.scale.show_value(section.get("scale", ABSENT))
        self.shape = Elided()
        self.shape.setObjectName(f"table-shape-{name}")
        self.shape.setMinimumWidth(90)
        self.remove = QToolButton()
        self.remove.setText("✕")
        self.remove.setAutoRaise(True)
        described(self.remove, f"table-remove-{name}", "Remove the matrix", "Make no such matrix")
        self._arrays = Choice(f"table-array-{name}", "Array", "Which array of the file", [(a, a) for a in arrays])
        self._arrays.setVisible(len(arrays) > 1)
        self._has_arrays = len(arrays) > 1
        if section.get("array") is not None:
            self._arrays.show_value(section["array"])
        where = QWidget()
        inner = QHBoxLayout(where)
        inner.setContentsMargins(0, 0, 0, 0)
        if self._has_arrays:
            inner.addWidget(self._arrays)
        inner.addWidget(self.columns, 1)
        self.widgets = (self.name, where, self.take, self.onehot, self.scale, self.shape, self.remove)
        self.show_columns(section.get("columns", ABSENT))
        self.name.textChanged.connect(self.changed)
        self.columns.textChanged.connect(self.changed)
        self.onehot.toggled.connect(self.changed)
        self.scale.finished.connect(self.changed)
        self._arrays.finished.connect(self.changed)
        self.remove.clicked.connect(self.removed)

    @property
    def array(self) -> str | None:
        """Which array of the file, where it has several."""
        return str(self._arrays.value) if self._has_arrays else None

    def show_columns(self, columns: Any) -> None:
        text = text_of(columns)
        self._kept = (text, columns)
        self.columns.setText(text)

    def keys(self, names: Sequence[str]) -> dict[str, Any]:
        """What the line says, where it is not as if not said. names: of the columns of the file."""
        text, columns = self._kept
        if self.columns.text() != text:
            columns = columns_of(self.columns.text(), names)
        found = {"columns": columns, "array": ABSENT if self.array is None else self.array, "scale": self.scale.value}
        found["onehot"] = True if self.onehot.isChecked() else ABSENT
        return {key: value for key, value in found.items() if value is not ABSENT}

    def judge(self, table: Table | str, section: Mapping[str, Any], names: Sequence[str]) -> str:
        """Show the shape, and return what is wrong, in one line. names: of all matrices."""
        name = self.name.text().strip()
        fault, shape = "", ""
        try:
            Workspace.parse({"loss": "x", "data": {name: dict(section)}}, None, SOURCE)
            parse("x", [name])
            if isinstance(table, Table):
                shape = _shape(table, section)
        except AtlasError as error:
            fault = worded(told(error))
        if not fault and names.count(name) > 1:
            fault = f"there are two matrices {name}: give one another name"
        self.shape.say(shape or "?")
        shade(self.name, bool(fault) and not shape)
        shade(self.columns, bool(fault))
        return fault


def _shape(table: Table, section: Mapping[str, Any]) -> str:
    columns = section.get("columns")
    if section.get("onehot"):
        found = table.onehot(columns[0] if isinstance(columns, list) else columns).matrix  # type: ignore[arg-type]
    else:
        found = table.matrix(columns, samples=section["samples"])
    return f"{found.shape[0]:,} × {found.shape[1]:,}"
