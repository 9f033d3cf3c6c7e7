"""Fields: widgets that each hold the value of one key of a workspace, or nothing where the key is left out.

In: values as a document has them. Out: the same values, and a signal `finished` once a person has changed one. A field
judges nothing: what cannot be read as a number is given on as a text, and the library says what it wants instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPalette, QWheelEvent
from PySide6.QtGui import Qt as Markup
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSizePolicy, QWidget

from . import colours

ABSENT = object()
"""The value of a key that is left out."""


def number(text: str) -> Any:
    """A number, whole ones as such; the text itself where it is none."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def whole(text: str) -> Any:
    """A number, and 1e3 is a whole one."""
    found = number(text)
    return int(found) if isinstance(found, float) and found.is_integer() else found


def listed(text: str, read: Callable[[str], Any] = number) -> Any:
    """Numbers with commas between them, in brackets or not, as a list; a single one without brackets as it is."""
    inner = text.strip()
    if inner[:1] in ("[", "(") and inner[-1:] in ("]", ")"):
        return [read(part.strip()) for part in inner[1:-1].split(",")]
    parts = [read(part.strip()) for part in inner.split(",")]
    return parts if len(parts) > 1 else parts[0]


def wholes(text: str) -> Any:
    """`listed` of whole numbers."""
    return listed(text, whole)


def entries(text: str) -> list[str]:
    """Names with commas between them; a comma in brackets, as in B[0,2], belongs to the name."""
    found, depth = [""], 0
    for c in text:
        depth += (c == "[") - (c == "]")
        if c == "," and depth <= 0:
            found.append("")
        else:
            found[-1] += c
    return [part.strip() for part in found]


def written(value: Any) -> str:
    """A value as these functions read it."""
    return ", ".join(map(written, value)) if isinstance(value, list | tuple) else str(value)


class _Marked:
    """What all fields share. message: why the content cannot be used, "" where it can."""

    message = ""

    def mark(self, message: str) -> None:
        """Show that the content cannot be used, and why; "" takes the mark away."""
        self.message = message
        widget: Any = self
        shade(widget, bool(message))
        widget.setToolTip(untouched(message) or widget.property("tip"))


class TextField(_Marked, QLineEdit):
    """A line of text; empty where the key is left out. read: text -> value."""

    finished = Signal()

    def __init__(
        self, name: str, label: str, tip: str, default: str = "", read: Callable[[str], Any] = number, step: int = 0
    ) -> None:
        super().__init__()
        self._read, self._step = read, step
        self._reported = ""
        self.suggest(default)
        described(self, name, label, tip)
        self.editingFinished.connect(self.commit)

    @property
    def value(self) -> Any:
        text = self.text().strip()
        return self._read(text) if text else ABSENT

    def show_value(self, value: Any) -> None:
        text = "" if value is ABSENT else written(value)
        self._reported = text
        if text != self.text():
            with QSignalBlocker(self):
                self.setText(text)
        self.mark("")

    def suggest(self, default: str) -> None:
        """Show what holds where the field is empty."""
        self._default = default
        self.setPlaceholderText(default)

    def commit(self) -> None:
        """Tell what was typed, unless it was told."""
        if self.text() != self._reported:
            self._reported = self.text()
            self.finished.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down step: by `step`, or for 0 through 1, 2, 5, 10, .."""
        ways = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        if event.key() in ways and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            found = self._read(self.text().strip() or self._default)
            if isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found):
                self.setText(written(stepped(found, ways[Qt.Key(event.key())], self._step)))
                self.commit()
                return
        super().keyPressEvent(event)


def stepped(value: float, way: int, step: int) -> float:
    """The next number up or down; none below 0."""
    if step or value <= 0:
        return max(0, value + way * step)
    exponent = math.floor(math.log10(value) + 1e-9)
    first = value / 10**exponent
    ladder = [0.5, 1, 2, 5, 10]
    near = [rung for rung in ladder if (rung > first * 1.001 if way > 0 else rung < first * 0.999)]
    found = float(f"{min(near) if way > 0 else max(near)}e{exponent}")
    return max(1, round(found)) if isinstance(value, int) else found


class Choice(_Marked, QComboBox):
    """One of some values. options: (what is shown, value)."""

    finished = Signal()

    def __init__(self, name: str, label: str, tip: str, options: Sequence[tuple[str, Any]]) -> None:
        super().__init__()
        for text, value in options:
            self.addItem(text, value)
        described(self, name, label, tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.currentIndexChanged.connect(lambda index: self.finished.emit())

    @property
    def value(self) -> Any:
        return self.currentData()

    def show_value(self, value: Any) -> None:
        values = [self.itemData(i) for i in range(self.count())]
        with QSignalBlocker(self):
            if value is not ABSENT and value not in values:  # as an optimizer's name in small letters
                self.addItem(str(value), value)
                values.append(value)
            self.setCurrentIndex(values.index(value))
        self.mark("")

    def commit(self) -> None:
        """Nothing: a choice is told as it is made."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Who scrolls past changes nothing."""
        event.ignore()


class Flag(_Marked, QCheckBox):
    """Yes, or no; no leaves the key out where the document did."""

    finished = Signal()

    def __init__(self, name: str, label: str, tip: str) -> None:
        super().__init__(label)
        self._no: Any = ABSENT
        described(self, name, label, tip)
        self.toggled.connect(lambda on: self.finished.emit())

    @property
    def value(self) -> Any:
        return True if self.isChecked() else self._no

    def show_value(self, value: Any) -> None:
        self._no = False if value is False else ABSENT
        with QSignalBlocker(self):
            self.setChecked(value is True)
        self.mark("")

    def commit(self) -> None:
        """Nothing: it is told as it is made."""


class Sizes(_Marked, QComboBox):
    """A text with some to choose from, as resolutions are."""

    finished = Signal()

    def __init__(
        self, name: str, label: str, tip: str, options: Sequence[str], default: str, read: Callable[[str], Any]
    ) -> None:
        super().__init__()
        self._read = read
        self._reported = ""
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.addItems(list(options))
        self.setCurrentIndex(-1)
        self.setCompleter(None)  # 5 is not the beginning of 512
        described(self, name, label, tip)
        line = self.lineEdit()
        assert line is not None
        line.setPlaceholderText(default)
        line.editingFinished.connect(self.commit)
        self.currentIndexChanged.connect(lambda index: self.commit())

    @property
    def value(self) -> Any:
        text = self.currentText().strip()
        return self._read(text) if text else ABSENT

    def show_value(self, value: Any) -> None:
        text = "" if value is ABSENT else written(value)
        self._reported = text
        with QSignalBlocker(self):
            self.setCurrentIndex(self.findText(text))
            self.setEditText(text)
        self.mark("")

    def commit(self) -> None:
        if self.currentText() != self._reported:
            self._reported = self.currentText()
            self.finished.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


Field = TextField | Choice | Flag | Sizes


def described(widget: QWidget, name: str, label: str, tip: str) -> None:
    """Give a widget the name that tests and screen readers know it by."""
    widget.setObjectName(name)
    widget.setAccessibleName(label.replace("&", ""))
    widget.setAccessibleDescription(tip)
    widget.setProperty("tip", tip)
    widget.setToolTip(tip)


def untouched(text: str) -> str:
    """Somebody's text as a tooltip or a message shows it: as it stands, also where Qt would take it for HTML."""
    return Markup.convertFromPlainText(text) if Markup.mightBeRichText(text) else text


def shade(widget: QWidget, wrong: bool) -> None:
    """Colour the ground of a widget whose content cannot be used, or give it back its own."""
    widget.setProperty("wrong", wrong)
    if not wrong:
        widget.setPalette(QPalette())
        return
    palette = QPalette()
    around = widget.parentWidget()
    ground = colours.marked(around.palette() if around is not None else widget.palette())
    for role in (QPalette.ColorRole.Base, QPalette.ColorRole.Button, QPalette.ColorRole.Window):
        palette.setColor(role, ground)
    widget.setPalette(palette)
