"""A section of the panel: a header that folds it, with what it says in a few words, its fields, and a line for faults.

In: widgets. Out: a widget that is one line high when it is folded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from . import colours
from .fields import ABSENT, Field, described, untouched

INDENT = 8


def tint(label: QLabel, colour: QColor) -> None:
    """Write a label in a colour."""
    if label.palette().color(QPalette.ColorRole.WindowText) != colour:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, colour)
        label.setPalette(palette)


class Elided(QLabel):
    """A line of text that ends in dots where there is no room; the whole is its tooltip."""

    def __init__(self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__()
        self._whole = ""
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.say(text)

    def say(self, text: str) -> None:
        self._whole = text
        self.setToolTip(untouched(text))
        self.setAccessibleName(text)
        self._fit()

    @property
    def said(self) -> str:
        """The whole text."""
        return self._whole

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, self._mode, max(self.width(), 20)))

    def minimumSizeHint(self) -> QSize:
        return QSize(20, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


class Message(QLabel):
    """A fault, in the colour of one; hidden while there is none."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setVisible(False)

    def say(self, text: str, error: bool = True) -> None:
        self.setText(text)
        self.setAccessibleName(text)
        self.setProperty("error", error)
        self._tint()
        self.setVisible(bool(text))

    def _tint(self) -> None:
        around = self.parentWidget().palette() if self.parentWidget() is not None else QPalette()
        tint(self, colours.of("error", around) if self.property("error") else colours.faint(around))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ParentChange):
            self._tint()


class Faint(Elided):
    """Text that says something beside."""

    def __init__(self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__(text, mode)
        self._tint()

    def _tint(self) -> None:
        tint(self, colours.faint(self.parentWidget().palette() if self.parentWidget() is not None else QPalette()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ParentChange):
            self._tint()


class Fold(QToolButton):
    """A flat button that folds a widget and shows it again."""

    def __init__(self, name: str, title: str, tip: str) -> None:
        super().__init__()
        described(self, name, title, tip)
        self.setText(title)
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.is_open = True
        self._body = QWidget()
        self.clicked.connect(lambda: self.fold(self.is_open))

    def folds(self, body: QWidget, open_: bool) -> None:
        """Take charge of a widget."""
        self._body = body
        self.fold(not open_)

    def fold(self, folded: bool) -> None:
        self.is_open = not folded
        self.setArrowType(Qt.ArrowType.RightArrow if folded else Qt.ArrowType.DownArrow)
        self._body.setVisible(not folded)


class Section(QFrame):
    """A header and what it folds."""

    def __init__(self, name: str, title: str, tip: str, open_: bool = True) -> None:
        super().__init__()
        self.header = Fold(f"{name}-section", title, tip)
        font = QFont(self.header.font())
        font.setBold(True)
        self.header.setFont(font)
        self.summary = Faint()
        self.summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 4, 0)
        top.addWidget(self.header)
        top.addWidget(self.summary, 1)
        self.body = QWidget()
        self.inner = QVBoxLayout(self.body)
        self.inner.setContentsMargins(INDENT, 2, 4, 6)
        self.inner.setSpacing(5)
        self.message = Message(f"{name}-message")
        self.message.setContentsMargins(INDENT, 0, 4, 6)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(4, 2, 4, 2)
        whole.setSpacing(0)
        whole.addLayout(top)
        whole.addWidget(self.body)
        whole.addWidget(self.message)
        self.header.folds(self.body, open_)

    def unfold(self) -> None:
        """Show what is in it."""
        self.header.fold(False)


class FieldSection(Section):
    """A section of the document whose keys are fields. rules: the key whose value says which others go with it."""

    finished = Signal(str, object)
    """The section and the field that a person changed."""

    def __init__(self, name: str, title: str, tip: str, open_: bool = True) -> None:
        super().__init__(name, title, tip, open_)
        self.fields: dict[tuple[str, str], Field] = {}
        self.forms: list[QFormLayout] = []
        self.rules: tuple[str, ...] = ()
        self.more: Fold | None = None

    def form(self, folded: str = "") -> QFormLayout:
        """A form at the end of the section. folded: the title of a button that shows it."""
        if folded:
            more = Fold(f"more-{self.header.objectName()}", folded, "What is seldom changed")
            around = QWidget()
            form = QFormLayout(around)
            self.inner.addWidget(more)
            self.inner.addWidget(around)
            self.more = more
            more.folds(around, False)
        else:
            form = QFormLayout()
            self.inner.addLayout(form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.forms.append(form)
        return form

    def align(self) -> None:
        """Give the labels of all forms one width."""
        labels = [
            label
            for form in self.forms
            for row in range(form.rowCount())
            if (item := form.itemAt(row, QFormLayout.ItemRole.LabelRole)) and (label := item.widget())
        ]
        widest = max(label.sizeHint().width() for label in labels)
        for label in labels:
            label.setMinimumWidth(widest)

    def add(self, section: str, key: str, label: str, field: Field, form: QFormLayout) -> None:
        """A row of a form, a label and its field."""
        self.take(section, key, field)
        if label:
            form.addRow(label, field)
        else:
            form.addRow(field)

    def take(self, section: str, key: str, field: Field) -> None:
        """Hear of a field that stands anywhere."""
        self.fields[section, key] = field
        field.finished.connect(lambda: self.finished.emit(section, field))

    def wanted(self, section: str, key: str) -> bool:
        """Whether a key goes with what is chosen."""
        return True

    def show_keys(self, document: Mapping[str, Any]) -> None:
        """Fill all fields."""
        for (section, key), field in self.fields.items():
            field.show_value(document.get(section, {}).get(key, ABSENT))
        self.arrange()

    def arrange(self) -> None:
        """Show the fields that go with what is chosen, and hide the others with their labels."""
        for (section, key), field in self.fields.items():
            for form in self.forms:
                if form.indexOf(field) >= 0:
                    form.setRowVisible(field, self.wanted(section, key))

    def read(self, section: str, before: Mapping[str, Any], only: Field | None = None) -> dict[str, Any]:
        """The section as its fields say. before: as it was. only: the field to read; None reads all.

        A field that rules others brings them along.
        """
        found = dict(before)
        ruling = only is None or any(key in self.rules for (_, key), field in self.fields.items() if field is only)
        for (where, key), field in self.fields.items():
            if where != section or not (ruling or field is only):
                continue
            value = field.value if self.wanted(section, key) else ABSENT
            if value is ABSENT:
                found.pop(key, None)
            else:
                found[key] = value
        return found

    def fault(self, field: Field) -> str:
        """What speaks against the content of a field that the library would take in a file."""
        return ""

    def wrong(self) -> Iterable[Field]:
        """The fields whose content cannot be used."""
        return [field for (where, key), field in self.fields.items() if field.message and self.wanted(where, key)]

    def tell(self) -> None:
        """The first fault below the fields."""
        self.message.say(next((field.message for field in self.wrong()), ""))
