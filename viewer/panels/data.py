"""The data: examples, tables from files, data sets, and which samples are kept for testing.

In: [data] and [split] of a document, what was read of them. Out: the same as a person changed them; the name of an
example that is to fill the workspace.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...data.datasets import NAMES
from ...data.table import ARRAYS, TEXT
from ...errors import AtlasError
from ...examples import EXAMPLES
from ...language import parse
from .checking import Reading, fault_of, told
from .columns import text_of
from .fields import ABSENT, Choice, TextField, described, shade, whole
from .matrix import SCALES
from .section import Elided, Faint, FieldSection
from .table import TableDialog

FILES = f"Tables ({' '.join('*' + suffix for suffix in (*TEXT, *ARRAYS))})"


class _Line(QWidget):
    """A matrix of the data: its name, where it comes from, its shape."""

    def __init__(self, owner: DataSection, name: str, section: Mapping[str, Any]) -> None:
        super().__init__()
        self.key = name
        self.name = QLineEdit(name)
        described(self.name, f"data-{name}", f"Name of the data {name}", "As the loss has it")
        self.name.setFixedWidth(max(44, self.fontMetrics().horizontalAdvance("XXXX") + 14))
        self.shape = Elided()  # features × samples, as the loss gets them
        self.shape.setObjectName(f"shape-{name}")
        self.scale = Choice(f"scale-{name}", f"Scale of {name}", "What is done with each feature", SCALES)
        self.scale.show_value(section.get("scale", ABSENT))
        edit = QToolButton()
        edit.setText("…")
        described(edit, f"edit-{name}", f"Columns of {name}", "Choose columns, one-hot, and how the file is read")
        edit.setVisible("file" in section)
        remove = QToolButton()
        remove.setText("✕")
        described(remove, f"remove-{name}", f"Remove {name}", "Take this out of the data")
        for button in (edit, remove):
            button.setAutoRaise(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        self.scale.setFixedWidth(self.fontMetrics().horizontalAdvance("standardize") + 34)
        for column, widget in enumerate((self.name, self.shape, self.scale, edit, remove)):
            grid.addWidget(widget, 0, column)
        self.stops = (self.name, self.scale, edit, remove)
        grid.addWidget(Faint(origin(section)), 1, 0, 1, 5)
        self.name.editingFinished.connect(lambda: owner.rename(self))
        self.scale.finished.connect(lambda: owner.rescale(self))
        edit.clicked.connect(lambda: owner.edit(self.key))
        remove.clicked.connect(lambda: owner.remove(self.key))


def origin(section: Mapping[str, Any]) -> str:
    """Where data come from, in a few words."""
    if "dataset" in section:
        return f"data set {section['dataset']}, {section['part']}"
    if "values" in section:
        return "numbers of the workspace itself"
    file = Path(section["file"]).name
    array = f", array {section['array']}" if "array" in section else ""
    columns = text_of(section["columns"]) if "columns" in section else "all columns"
    turned = ", samples in columns" if section["samples"] == "columns" else ""
    return f"{file}{array}: {columns}{', one-hot' if section.get('onehot') else ''}{turned}"


class DataSection(FieldSection):
    """[data] and [split]."""

    changed = Signal()
    loaded = Signal(object)
    """The path of a file that columns were taken from."""

    example = Signal(str)

    def __init__(self) -> None:
        super().__init__("data", "&Data", "What the loss is measured on; drop a table file here")
        self.rules = ("test",)
        self.sections: dict[str, dict[str, Any]] = {}
        self.folder: Path | None = None
        self.dialog: TableDialog | None = None
        self._files: QFileDialog | None = None
        self._shown: dict[str, dict[str, Any]] | None = None
        self.lines: list[_Line] = []
        self._buttons()
        self.list = QVBoxLayout()
        self.list.setSpacing(4)
        self.inner.addLayout(self.list)
        self.inner.addLayout(self._split())

    def _buttons(self) -> None:
        examples, sets = QMenu(self), QMenu(self)
        for name, row in EXAMPLES.items():
            action = QAction(f"{name}: {row.about}", examples)
            action.setObjectName(f"example-{name}")
            examples.addAction(action)
            action.triggered.connect(lambda checked=False, name=name: self.example.emit(name))
        for name in NAMES:
            action = QAction(name.replace("_", " "), sets)
            action.setObjectName(f"dataset-{name}")
            sets.addAction(action)
            action.triggered.connect(lambda checked=False, name=name: self.take_dataset(name))
        row = QHBoxLayout()
        row.setSpacing(4)
        for name, text, tip, menu in (
            ("examples", "E&xamples", "Fill the whole workspace with one of the paper's examples", examples),
            ("load-csv", "Load &CSV…", "Make matrices of columns of a table file (Ctrl+Shift+O)", None),
            ("datasets", "D&ata sets", "Take the X and Y of a well-known data set", sets),
        ):
            button = QPushButton(text)
            described(button, name, text, tip)
            button.setMinimumWidth(0)
            if menu is None:
                button.setShortcut("Ctrl+Shift+O")
                button.clicked.connect(self.choose_file)
            else:
                menu.setObjectName(f"{name}-menu")
                button.setMenu(menu)
            row.addWidget(button, 1)
        self.inner.addLayout(row)

    def _split(self) -> QHBoxLayout:
        tip = "The share of the samples that is kept for testing, such as 0.2; empty keeps none"
        test = TextField("test", "Share kept for testing", tip, "none")
        tip = "Of the draw of the samples for testing"
        seed = TextField("split-seed", "Seed of the split", tip, "0", whole, step=1)
        row = QHBoxLayout()
        self._seed_label = QLabel("seed")
        for label, field, key in ((QLabel("&Keep for testing"), test, "test"), (self._seed_label, seed, "seed")):
            label.setBuddy(field)
            row.addWidget(label)
            row.addWidget(field, 1)
            self.take("split", key, field)
        return row

    def wanted(self, section: str, key: str) -> bool:
        return key == "test" or self.fields["split", "test"].value is not ABSENT

    def arrange(self) -> None:
        for widget in (self._seed_label, self.fields["split", "seed"]):
            widget.setEnabled(self.wanted("split", "seed"))

    # What the document says.

    def show_document(self, document: Mapping[str, Any], folder: Path | None) -> None:
        """Fill it."""
        self.folder = folder
        self.sections = {name: dict(section) for name, section in document.get("data", {}).items()}
        self.show_keys(document)
        self._fill()

    def _fill(self) -> None:
        """A line each; the same data keep theirs, with what is typed in them."""
        if self._shown == self.sections:
            return
        self._shown = {name: dict(section) for name, section in self.sections.items()}
        before, self.lines = self.lines, []
        for line in before:
            self.list.removeWidget(line)
            line.setParent(None)
            line.deleteLater()
        self.lines = [_Line(self, name, section) for name, section in self.sections.items()]
        for line in self.lines:
            self.list.addWidget(line)
        # Tab goes through them where they stand, and not last of all, as what is made last.
        stops = [stop for line in self.lines for stop in line.stops]
        for one, other in pairwise([self.findChild(QPushButton, "datasets"), *stops, self.fields["split", "test"]]):
            self.setTabOrder(one, other)

    def show_reading(self, reading: Reading) -> None:
        """Show the shapes of what was read, or what is wrong."""
        samples = reading.workspace.samples if reading.workspace is not None else None
        found = []
        for line in self.lines:
            matrix = samples.train.get(line.key) if samples is not None else None
            if samples is None or matrix is None:
                line.shape.say("?")
                continue
            kept = "" if samples.test is None else f" (+ {samples.test[line.key].shape[1]:,})"
            line.shape.say(f"{matrix.shape[0]:,} × {matrix.shape[1]:,}{kept}")
            found.append(f"{line.key} {line.shape.said}")
        self.summary.say(", ".join(found) if found else "none" if not self.lines else "")
        for line in self.lines:
            shade(line.name, reading.fault.startswith(f"[data.{line.key}]"))
        self._fault = reading.fault
        self.tell()

    _fault = ""

    def tell(self) -> None:
        """The first fault, of a field or of a file."""
        self.message.say(next((field.message for field in self.wrong()), "") or self._fault)

    # What a person does.

    def take_dataset(self, name: str) -> None:
        """X and Y of a data set."""
        self._take({part: {"dataset": name, "part": part} for part in ("X", "Y")})

    def choose_file(self) -> None:
        """Ask for a file."""
        self._files = QFileDialog(self, "Load a table", str(self.folder or Path.cwd()), FILES)
        self._files.setObjectName("file-dialog")
        self._files.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._files.fileSelected.connect(lambda file: self.load(Path(file)))
        self._files.open()

    def load(self, path: Path) -> None:
        """Ask which columns of a file to take. A file that is none is told at once."""
        fault = ""
        if path.suffix.lower() not in (*TEXT, *ARRAYS):
            fault = f"cannot read {path.name}: its name must end in one of {' '.join((*TEXT, *ARRAYS))}"
        elif not path.is_file():
            fault = f"cannot read {path}: there is no such file"
        elif not os.access(path, os.R_OK):
            fault = f"cannot read {path}: reading it is not permitted"
        self._fault = fault
        self.tell()
        if not fault:
            self._ask(path, self._named(path), {})

    def edit(self, name: str) -> None:
        """Ask again about the file of some data."""
        file = self.sections[name]["file"]
        same = {other: section for other, section in self.sections.items() if section.get("file") == file}
        self._ask((self.folder or Path.cwd()) / file, file, same)

    def _ask(self, path: Path, shown: str, sections: Mapping[str, Mapping[str, Any]]) -> None:
        dialog = TableDialog(path, shown, sections, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.loaded.emit(path))
        dialog.accepted.connect(lambda: self._take(dialog.sections, replaced=sections))
        dialog.finished.connect(lambda result: setattr(self, "dialog", None))
        self.dialog = dialog
        dialog.open()

    def _named(self, path: Path) -> str:
        """A file as the document names it: as seen from the workspace's folder where it lies in there."""
        whole = path.resolve()
        if self.folder is not None and whole.is_relative_to(self.folder.resolve()):
            return whole.relative_to(self.folder.resolve()).as_posix()
        return str(whole)

    def _take(self, sections: Mapping[str, Mapping[str, Any]], replaced: Mapping[str, Any] | None = None) -> None:
        kept = {name: section for name, section in self.sections.items() if name not in (replaced or {})}
        self._set({**kept, **{name: dict(section) for name, section in sections.items()}})

    def remove(self, name: str) -> None:
        """Take data out."""
        self._set({other: section for other, section in self.sections.items() if other != name})

    def rescale(self, line: _Line) -> None:
        """Another scale of some data."""
        section = {key: value for key, value in self.sections[line.key].items() if key != "scale"}
        if line.scale.value is not ABSENT:
            section["scale"] = line.scale.value
        self.sections[line.key] = section
        self._shown = {**(self._shown or {}), line.key: dict(section)}
        self.changed.emit()

    def rename(self, line: _Line) -> None:
        """Another name of some data."""
        if line not in self.lines:
            return  # it loses the focus as it goes
        name = line.name.text().strip()
        if name == line.key:
            shade(line.name, False)
            self._fault = ""
            self.tell()
            return
        fault = f"there are data {name} already" if name in self.sections else ""
        fault = fault or fault_of({"loss": "x", "data": {name: self.sections[line.key]}})
        try:
            parse("x", [name])
        except AtlasError as error:
            fault = fault or told(error)
        shade(line.name, bool(fault))
        self._fault = fault
        self.tell()
        if not fault:
            self._set({name if key == line.key else key: section for key, section in self.sections.items()})

    def _set(self, sections: dict[str, dict[str, Any]]) -> None:
        self.sections = sections
        self._fill()
        self.changed.emit()
