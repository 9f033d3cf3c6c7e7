"""The panel of a workspace: its loss, data, weights, training and surface, and the buttons that make it run.

In: a document, as `atlas_fast.workspace.Workspace.document` has it. Out: a new one after each finished change of a
person, and what that person asks for. What cannot be used stays in its field, marked; the last valid value counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ...data.table import ARRAYS, TEXT
from ...problem import Problem
from ...workspace.document import Document, shared
from . import examples
from .checking import NOTHING, Finding, examine, fault_of, ordered
from .data import DataSection
from .fields import Field
from .footer import Footer
from .loss import LossSection
from .notes import NotesSection
from .section import FieldSection, Section
from .surface import SurfaceSection
from .training import TrainingSection
from .weights import WeightsSection

WIDTH = 360

FIRST: Document = {"loss": "x^2 + y^2"}
"""What a new panel shows."""


class WorkspacePanel(QWidget):
    """A workspace's document as widgets."""

    edited = Signal(object)
    """A new document, after each finished change of a person."""

    train_asked, surface_asked, stop_asked, refused = Signal(), Signal(), Signal(), Signal(str)
    """What is asked for, or why it cannot be."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workspace-panel")
        self.setAcceptDrops(True)
        self._document: Document = shared(FIRST)
        self._folder: Path | None = None
        self._loaded: set[str] = set()
        self._finding: Finding = NOTHING
        self._problem: Problem | None = None
        self._busy = False
        self.loss = LossSection()
        self.data = DataSection()
        self.weights = WeightsSection()
        self.training = TrainingSection()
        self.surface = SurfaceSection()
        self.notes = NotesSection()
        self._arrange()
        self._connect()
        self.setFocusProxy(self.loss.editor)
        self.show_document(FIRST, None)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 720)

    # What others use.

    @property
    def document(self) -> Document:
        """The last valid document, in dicts of the caller's own. Lists of numbers in it are the panel's: another value
        is another list."""
        return shared(self._document)

    @property
    def folder(self) -> Path | None:
        """What file names of the document are relative to: as `show_document` was told, else the folder of files that a
        person loaded here, which the document then names in full. `Workspace.parse` wants it with the document."""
        return self._folder_of(self._document)

    def _folder_of(self, document: Mapping[str, Any]) -> Path | None:
        files = [section["file"] for section in document.get("data", {}).values() if "file" in section]
        if self._folder is None and files and self._loaded.issuperset(files):
            return Path(files[0]).parent
        return self._folder  # a file that came with a document, as of a link, is not read without one

    @property
    def problem(self) -> Problem | None:
        """The problem of the document, as it is typed; None while its shapes do not fit or its data cannot be read."""
        return self._problem

    def show_document(self, document: Mapping[str, Any], folder: Path | None) -> None:
        """Fill all fields; emits nothing. folder: what file names are relative to. The lists of the document are kept,
        and must not change from then on."""
        self._document = shared(document)
        self._folder = folder
        self.loss.editor.show_text(self._document["loss"])
        self.notes.show_text(self._document.get("notes", ""))
        self.data.show_document(self._document, folder)
        self.weights.show_given(self._document.get("weights", {}))
        self._show_fields()
        self._finding = self._examined()
        self._problem = self._finding.problem
        self._show_finding()
        self.show_message("")

    def show_busy(self, what: str, done: int = 0, total: int = 0) -> None:
        """What is being done and how far it is; "" when nothing is."""
        self._busy = bool(what)
        self.footer.show_busy(what, done, total)
        self._enable()

    def show_message(self, text: str, error: bool = False) -> None:
        """One line at the bottom."""
        self.footer.message.say(" ".join(text.split("\n")), error)

    def commit(self) -> bool:
        """Take what is still being typed. Whether all fields can be used; else the first that cannot is shown."""
        self.loss.editor.commit()
        for field in [field for section in self._field_sections for field in section.fields.values()]:
            field.commit()
        self._leave_notes()
        return self._usable()

    # How it is put together.

    def _arrange(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for section in (self.loss, self.data, self.weights, self.training, self.surface, self.notes):
            column.addWidget(section)
            line = QFrame()
            line.setFrameShape(QFrame.Shape.HLine)
            line.setFrameShadow(QFrame.Shadow.Sunken)
            column.addWidget(line)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidget(inside)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.footer = Footer(self)
        buttons = self.footer.buttons
        self.train, self.make, self.stop = buttons["train"], buttons["surface"], buttons["stop"]
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.area, 1)
        whole.addWidget(self.footer)
        self.setMinimumWidth(320)

    def _connect(self) -> None:
        self._field_sections: tuple[FieldSection, ...] = (self.data, self.training, self.surface)
        for section in self._field_sections:
            section.finished.connect(self._take)
        self.loss.editor.typed.connect(self._look)
        self.loss.editor.finished.connect(self._leave_mathematics)
        self.loss.declared.connect(self.weights.declare)
        self.weights.finished.connect(self._change_mathematics)
        self.data.changed.connect(self._change_mathematics)
        self.data.loaded.connect(self._load)
        self.data.example.connect(self.take_example)
        self.notes.finished.connect(self._leave_notes)
        self.footer.pressed.connect(self._pressed)

    # Changes.

    def take_example(self, name: str) -> None:
        """Fill everything with an example, as a change of the person's."""
        document = examples.document(name)
        if document != self._document:
            self.show_document(document, self._folder)
            self.edited.emit(self.document)

    def _take(self, section: str, field: Field) -> None:
        """A field of [split], [training] or [surface] was changed."""
        owner = next(found for found in self._field_sections if field in found.fields.values())
        draft = self._drafted()
        fault = fault_of(_settings(draft))
        if fault or any(each.fault(f) for each in self._field_sections for f in each.fields.values()):
            # Perhaps of another field: then this one counts alone.
            alone = self._drafted(section, field)
            fault = owner.fault(field) or fault_of(_settings(alone))
            draft = alone
        field.mark(fault.removeprefix(f"[{section}] "))
        owner.arrange()
        if not fault:
            if draft == self._drafted():
                for other in (f for s in self._field_sections for f in s.fields.values()):
                    other.mark("")
            self._accept(draft)
        for found in self._field_sections:
            found.tell()

    def _drafted(self, section: str = "", only: Field | None = None) -> Document:
        """The document as the fields say, or as one of them says."""
        found = dict(self._document)
        for owner in self._field_sections:
            for name in dict.fromkeys(where for where, _ in owner.fields):
                if only is not None and name != section:
                    continue
                before = self._document.get(name, {})
                entries = owner.read(name, before, only)
                if entries or (not before and name in self._document):
                    found[name] = entries
                else:
                    found.pop(name, None)
        return ordered(found)

    def _accept(self, document: Document) -> None:
        """Take a valid document, and tell it if it is another."""
        if document == self._document:
            return
        reread = any(document.get(key) != self._document.get(key) for key in ("loss", "data", "weights", "split"))
        self._document = document
        if reread:
            self._finding = self._examined()
            self._problem = self._finding.problem if self._finding.tree is not None else self._of_document()
            self._show_finding()
        self._show_summaries()
        self._enable()
        self.edited.emit(self.document)

    # The loss, its data and its weights.

    def _examined(self, data: Mapping[str, Any] | None = None) -> Finding:
        """What the loss that is typed comes to, with the data of the document or others."""
        document = dict(self._document) if data is None else {**self._document, "data": data}
        folder = self._folder_of(document)
        return examine(self.loss.editor.text, document, self.weights.given, folder, self._finding)

    def _of_document(self) -> Problem | None:
        """The problem of the document, where the text that is typed means nothing."""
        document = self._document
        found = examine(document["loss"], document, document.get("weights", {}), self.folder, self._finding)
        return found.problem

    def _load(self, path: Path) -> None:
        """A person chose a file: it may be read where nothing says where files lie."""
        self._loaded.add(str(path.resolve()))

    def _look(self) -> None:
        """The loss was typed: show what it means by now."""
        self._finding = self._examined()
        if self._finding.tree is not None:
            self._problem = self._finding.problem
        self._show_finding()

    def _leave_mathematics(self) -> None:
        """The loss is left: it counts, if it means anything."""
        if self._finding.text != self.loss.editor.text:
            self._look()
        self._accept(self._mathematics(self.data.sections))

    def _change_mathematics(self) -> None:
        """Data or weights were changed."""
        self._finding = self._examined(self.data.sections)
        document = self._mathematics(self.data.sections)
        self._accept(document)
        self._show_finding()

    def _mathematics(self, data: Mapping[str, Any]) -> Document:
        """The document with the loss, the data and the weights as they are shown; a broken loss as it was."""
        found = dict(self._document)
        finding = self._finding
        if finding.tree is not None:
            found["loss"] = finding.text
            weights = self.weights.used(finding, data)
        else:
            held = self._document.get("weights", {})
            weights = {name: self.weights.given[name] for name in held if name in self.weights.given}
        for name, section in (("data", data), ("weights", weights)):
            if section or (name in found and not found[name]):
                found[name] = shared(section)
            else:
                found.pop(name, None)
        return ordered(found)

    # What is shown.

    def _show_fields(self) -> None:
        self.training.show_document(self._document)
        self.surface.show_document(self._document)
        for section in self._field_sections:
            section.tell()

    def _show_summaries(self) -> None:
        self.training.summarize(self._document)
        self.surface.summarize(self._document)

    def _show_finding(self) -> None:
        data = self.data.sections
        self.loss.show_finding(self._finding, list(data), list(self.weights.given))
        self.data.show_reading(self._finding.reading)
        self.weights.show_finding(self._finding, data)
        self.surface.show_problem(self._problem)
        self._enable()

    def _enable(self) -> None:
        """Buttons that can be pressed now."""
        self.footer.enable(self._busy)

    # Asking.

    def _pressed(self, name: str) -> None:
        """A button."""
        if name == "stop":
            self.stop_asked.emit()
        elif self.commit():
            if name == "train" and "training" not in self._document:
                self._refuse(self.training, self.training.optimizer, "choose an optimizer, which is to train the loss")
                return
            self._ask(self.train_asked if name == "train" else self.surface_asked)

    def _ask(self, signal: Any) -> None:
        """Ask for work, if there is a problem to work on."""
        if self._problem is None:
            self._tell_why(self._why() or "there is no problem to work on yet")
            return
        self.show_message("")
        signal.emit()

    def _why(self) -> str:
        """Why there is no problem."""
        finding = self._finding
        return finding.reading.fault or (finding.error.message if finding.error is not None else finding.fault)

    def _usable(self) -> bool:
        """Whether nothing is marked; else say what is, and go there."""
        if self._finding.tree is None:
            return self._refuse(self.loss, self.loss.editor, self._why())
        if self.weights.wrong:
            return self._refuse(self.weights, self.weights.table, self.weights.wrong)
        for section in self._field_sections:
            for field in section.wrong():
                return self._refuse(section, field, field.message)
        return True

    def _refuse(self, section: Section, widget: QWidget, message: str) -> bool:
        self._tell_why(message)
        section.unfold()
        widget.setFocus(Qt.FocusReason.OtherFocusReason)
        self.area.ensureWidgetVisible(widget)
        return False

    def _tell_why(self, message: str) -> None:
        self.show_message(message, error=True)
        self.refused.emit(message.split("\n")[0])

    # Notes, drops, and the change between dark and light.

    def _leave_notes(self) -> None:
        text = self.notes.text
        if text != self._document.get("notes", ""):
            document = {key: value for key, value in self._document.items() if key != "notes"}
            self.notes.show_text(text)
            self._accept(ordered({**document, "notes": text} if text else document))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self.data.unfold()
            self.data.load(path)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Once all its parts have the new palette, which it hears of before they do.
        if event.type() == QEvent.Type.PaletteChange and self._finding is not NOTHING:
            QTimer.singleShot(0, self, self._colour_anew)

    def _colour_anew(self) -> None:
        for section in self._field_sections:
            for field in section.wrong():
                field.mark(field.message)
        self._show_finding()


def _settings(document: Document) -> Document:
    """A document without its numbers, which were found valid before and may be many."""
    return {name: value for name, value in document.items() if name not in ("data", "weights")}


def _dropped(event: QDropEvent) -> Path | None:
    """The table file that is dropped."""
    files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return next((file for file in files if file.suffix.lower() in (*TEXT, *ARRAYS)), None)
