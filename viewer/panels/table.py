"""The dialog that makes matrices of a table file: how it is read, what it holds, which columns go where.

In: a path, and the [data.NAME] sections that read it already. Out: such sections, with file names as they were given.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
)

from ...arguments import ArgumentError
from ...data.table import Table
from ...errors import DataError
from .columns import called, proposed
from .fields import ABSENT, Choice, described
from .matrix import MatrixRow
from .preview import PreviewModel, beginning
from .section import Faint, Message
from .wording import worded

READING = ("header", "delimiter", "encoding", "missing")
"""Keys of a section that say how the whole file is read."""

DELIMITED: list[tuple[str, Any]] = [
    ("by its name", ABSENT),
    ("comma", ","),
    ("semicolon", ";"),
    ("tab", "\t"),
    ("bar |", "|"),
    ("blanks", " "),
]


class TableDialog(QDialog):
    """Choose columns of a table; what was chosen is in `sections`."""

    def __init__(self, path: Path, shown: str, sections: Mapping[str, Mapping[str, Any]], parent: Any = None) -> None:
        """shown: the file as a document names it."""
        super().__init__(parent)
        self.path, self.shown = path, shown
        self.setObjectName("table-dialog")
        self.setWindowTitle(f"Data from {path.name}")
        self.table: Table | None = None
        self.rows: list[MatrixRow] = []
        self._read: dict[tuple[Any, ...], Table | str] = {}
        self.arrays = _arrays(path)
        first = next(iter(sections.values()), None)
        self._build(first or {})
        if first is None:
            self._try()
        self._reread()
        wanted = sections if first is not None else self._proposed()
        for name, section in wanted.items():
            self.add(name, section)
        self._judge()

    # What is on it.

    def _build(self, first: Mapping[str, Any]) -> None:
        whole = QVBoxLayout(self)
        whole.addWidget(Faint(str(self.path), Qt.TextElideMode.ElideMiddle))
        whole.addLayout(self._options(first))
        self.model = PreviewModel()
        self.view = QTableView()
        described(self.view, "preview", "Preview", "The first 50 rows; choose columns, then press Take of a matrix")
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectColumns)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setAlternatingRowColors(True)
        self.view.setTabKeyNavigation(False)
        self.view.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        whole.addWidget(self.view, 1)
        self.amount = Faint()
        whole.addWidget(self.amount)
        self.grid = QGridLayout()
        self.grid.setColumnStretch(1, 1)
        for column, title in enumerate(("Name", "Columns", "", "", "Scale", "Features × samples")):
            self.grid.addWidget(QLabel(title), 0, column)
        whole.addLayout(self.grid)
        more = QPushButton("&Another matrix")
        described(more, "another", "Another matrix", "Make one more matrix of this file")
        more.clicked.connect(lambda: self.add(self._free(), {}))
        self.message = Message("table-message")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        below = QHBoxLayout()
        below.addWidget(more)
        below.addStretch(1)
        below.addWidget(self.buttons)
        whole.addWidget(self.message)
        whole.addLayout(below)
        self.resize(680, 520)

    def _options(self, first: Mapping[str, Any]) -> QHBoxLayout:
        """How the file is read."""
        self.header = QCheckBox("&First line names the columns")
        described(self.header, "header", "First line names the columns", "Off where the first line is data")
        self.header.setChecked(first.get("header", True))
        self.delimiter = Choice("delimiter", "Delimiter", "What stands between entries", DELIMITED)
        self.delimiter.show_value(first.get("delimiter", ABSENT))
        self.encoding = QLineEdit(first.get("encoding", ""))
        described(self.encoding, "encoding", "Encoding", "One of Python's, such as cp1252 or utf-16")
        self.encoding.setPlaceholderText("utf-8")
        self.encoding.setFixedWidth(70)
        ways: list[tuple[str, Any]] = [("rows", "rows"), ("columns", "columns")]
        self.samples = Choice("samples", "Samples", "Where each row of the file is a sample: rows; else columns", ways)
        self.samples.show_value(first.get("samples", "rows"))
        self.missing = QCheckBox("&Leave out rows with gaps")
        described(self.missing, "missing", "Leave out rows with gaps", "Rows with a missing entry; else it is an error")
        self.missing.setChecked(first.get("missing") == "drop")
        options = QHBoxLayout()
        between, letters = QLabel("Deli&miter"), QLabel("En&coding")
        for label, field in ((between, self.delimiter), (letters, self.encoding)):
            label.setBuddy(field)
        text = (self.header, between, self.delimiter, letters, self.encoding)
        label = QLabel("Sam&ples in")
        label.setBuddy(self.samples)
        for widget in (*text, label, self.samples, self.missing):
            options.addWidget(widget)
            widget.setVisible(widget not in text or not self.is_array)
        options.addStretch(1)
        self.header.toggled.connect(self._reread)
        self.delimiter.finished.connect(self._reread)
        self.encoding.editingFinished.connect(self._reread)
        self.missing.toggled.connect(self._reread)
        self.samples.finished.connect(self._judge)
        return options

    @property
    def is_array(self) -> bool:
        return self.path.suffix.lower() in (".npy", ".npz")

    def add(self, name: str, section: Mapping[str, Any]) -> None:
        """One more matrix."""
        row = MatrixRow(name, section, self.arrays)
        line = self.grid.rowCount()
        for column, widget in enumerate(row.widgets):
            self.grid.addWidget(widget, line, column)
        row.changed.connect(self._judge)
        row.take.clicked.connect(lambda: self._take(row))
        row.removed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._judge()

    def _remove(self, row: MatrixRow) -> None:
        self.rows.remove(row)
        for widget in row.widgets:
            self.grid.removeWidget(widget)
            widget.deleteLater()
        row.deleteLater()
        self._judge()

    def _take(self, row: MatrixRow) -> None:
        """Give a matrix the columns that are chosen in the preview."""
        chosen = sorted(index.column() for index in self.view.selectionModel().selectedColumns())
        if chosen and self.table is not None:
            row.show_columns(called(self.table, chosen, self.header.isChecked()))

    def _free(self) -> str:
        taken = {row.name.text() for row in self.rows}
        return next(name for name in ("X", "Y", "Z", *(f"X{i}" for i in range(1, 1000))) if name not in taken)

    # What the file holds.

    def _how(self) -> dict[str, Any]:
        """Keys of a section that say how the file is read, where they are not as if not said."""
        found: dict[str, Any] = {"samples": self.samples.value}
        if not self.is_array:
            if not self.header.isChecked():
                found["header"] = False
            if self.delimiter.value is not ABSENT:
                found["delimiter"] = self.delimiter.value
            if self.encoding.text().strip():
                found["encoding"] = self.encoding.text().strip()
        if self.missing.isChecked():
            found["missing"] = "drop"
        return found

    def reading(self, array: str | None = None) -> Table | str:
        """The table, or why there is none, in one line."""
        how = {key: value for key, value in self._how().items() if key in READING}
        if array is not None:
            how["array"] = array
        key = tuple(sorted(how.items()))
        if key not in self._read:
            try:
                self._read[key] = Table.read(self.path, **how)
            except (DataError, ArgumentError) as error:
                self._read[key] = worded(str(error))
        return self._read[key]

    def _try(self) -> None:
        """Find out how the file splits into columns; it is left as others are read where nothing helps."""
        if self.is_array:
            return
        ways = [(True, ABSENT), *((header, delimiter) for header in (True, False) for _, delimiter in DELIMITED)]
        readable = []
        for way in ways:
            self._set(*way)
            found = self.reading()
            if isinstance(found, Table):
                readable += [way] * (way[1] is ABSENT)
                if len(found.names) > 1:
                    return
        self._set(*(readable or ways)[0])

    def _set(self, header: bool, delimiter: Any) -> None:
        with QSignalBlocker(self.header):
            self.header.setChecked(header)
        self.delimiter.show_value(delimiter)

    def _reread(self) -> None:
        """The file in another way."""
        found = self.reading(self.arrays[0] if self.arrays else None)
        self.table = found if isinstance(found, Table) else None
        how = self._how()
        shown = beginning(
            self.path, how.get("header", True), how.get("delimiter"), how.get("encoding", "utf-8"), self.table
        )
        self.model.show_beginning(shown)
        self.view.resizeColumnsToContents()
        told = []
        if self.table is not None:
            told = [_counted(self.table.rows, "row"), _counted(len(self.table.names), "column")]
            told += [f"{_counted(self.table.dropped, 'row')} left out"] if self.table.dropped else []
        self.amount.say(", ".join(told))
        self._judge()

    def _proposed(self) -> Mapping[str, Mapping[str, Any]]:
        if len(self.arrays) > 1:
            return {name: {"array": array} for name, array in zip("XY", self.arrays, strict=False)}
        if self.is_array or self.table is None:
            return {"X": {}}
        return proposed(self.table, self.header.isChecked())

    def _judge(self) -> None:
        """Show the shape of each matrix or what is wrong with it; what is wrong keeps the dialog open."""
        names = [row.name.text().strip() for row in self.rows]
        faults = [row.judge(self.reading(row.array), self._section(row), names) for row in self.rows]
        told = self.reading(self.rows[0].array if self.rows else None)
        fault = told if isinstance(told, str) else next((fault for fault in faults if fault), "")
        self.message.say(fault)
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(bool(self.rows) and not fault)

    def _section(self, row: MatrixRow) -> dict[str, Any]:
        names = self.table.names if self.table is not None and self.header.isChecked() else ()
        return {"file": self.shown, **self._how(), **row.keys(names)}

    @property
    def sections(self) -> dict[str, dict[str, Any]]:
        """What was chosen: name -> [data.NAME]."""
        return {row.name.text().strip(): self._section(row) for row in self.rows}


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _arrays(path: Path) -> tuple[str, ...]:
    """The names in a .npz file; none for other files, and for one that cannot be read, which is told later."""
    if path.suffix.lower() != ".npz":
        return ()
    try:
        with np.load(path, allow_pickle=False) as found:
            return tuple(found.files)
    except (OSError, ValueError, EOFError, BadZipFile):
        return ()
