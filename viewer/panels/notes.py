"""The notes: a text for people, which the workspace keeps.

In: `notes` of a document. Out: the text, once it is left.
"""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QPlainTextEdit

from .fields import described
from .section import Section

TIP = "A text for people, which the workspace keeps"

HEIGHT = 70


class Note(QPlainTextEdit):
    """The field of the notes."""

    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class NotesSection(Section):
    """`notes`."""

    finished = Signal()

    def __init__(self) -> None:
        super().__init__("notes", "Notes", TIP, open_=False)
        self.note = Note()
        described(self.note, "notes", "Notes", TIP)
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(HEIGHT)
        self.note.left.connect(self.finished)
        self.inner.addWidget(self.note)

    @property
    def text(self) -> str:
        """What was typed."""
        return self.note.toPlainText()

    def show_text(self, text: str) -> None:
        """Fill it; the same text keeps its cursor."""
        if text != self.text:
            with QSignalBlocker(self.note):
                self.note.setPlainText(text)
        self.summary.say(text.split("\n")[0])
