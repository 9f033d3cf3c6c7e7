"""Links: a field to paste one into, which says beside it what is wrong with one that is damaged.

In: what is pasted. Out: the Workspace that it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from ...errors import AtlasError

if TYPE_CHECKING:
    from ...workspace import Workspace


class LinkDialog(QDialog):
    """A line for a link, with a line for what is wrong with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open link")
        self.setMinimumWidth(560)
        self.workspace: Workspace | None = None
        told = QLabel("Paste a link of Atlas Fast, or of the 2019 original.")
        self.field = QLineEdit()
        self.field.setMaxLength(2**30)  # a link may hold data, and Qt would cut it at 32,767 characters
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName("Link")
        self.wrong = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.wrong.setObjectName("error")
        self.wrong.setWordWrap(True)
        self.wrong.setMinimumHeight(self.wrong.fontMetrics().height() * 2)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (told, self.field, self.wrong, self.buttons):
            column.addWidget(widget)
        self.field.textChanged.connect(self._read)
        pasted = QGuiApplication.clipboard().text().strip()
        if pasted.startswith("atlas://") or "#dump=" in pasted:
            self.field.setText(pasted)
            self.field.selectAll()
        self._read(self.field.text())

    def _read(self, text: str) -> None:
        """Read the link and say what is wrong with it."""
        self.workspace, told = None, ""
        if text.strip():
            try:
                self.workspace = workspace_of(text)
            except AtlasError as error:
                told = str(error)
        self.wrong.setText(told)
        self.buttons.button(QDialogButtonBox.StandardButton.Open).setEnabled(self.workspace is not None)


def workspace_of(text: str) -> Workspace:
    """The workspace of a pasted link. Raises StoreError, in one line."""
    from ...links import open_workspace

    return open_workspace(text.strip())
