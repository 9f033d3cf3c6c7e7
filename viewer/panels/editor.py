"""The field that a loss is typed into: coloured, with the place of a fault underlined and names completed.

In: a text, a fault with its span. Out: the text as it is typed (`typed`, after a short rest) and as it is left
(`finished`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QEvent, QMimeData, QSignalBlocker, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontDatabase, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QCompleter, QListView, QPlainTextEdit, QTextEdit

from ...errors import Span
from ...language import FUNCTIONS
from ...language.names import is_letter, is_name
from . import colours
from .fields import described
from .highlighting import Highlighter, units

REST = 150
"""Milliseconds without a key after which a text is looked at."""

LEFT = 600
"""Milliseconds without a key after which a change counts as finished."""

ROWS = 2, 9
"""Fewest and most lines that the field is high."""

COMPLETED = 2
"""Letters from which on names are completed."""

TIP = (
    "The loss, one scalar, as one would write it: ||A*relu(B*X + C) + D - Y||_2. Lines before the last bind names "
    "(H = relu(B*X)) or define functions. Ctrl+Space completes names."
)


class Editor(QPlainTextEdit):
    """A loss of one or several lines."""

    typed = Signal()
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        described(self, "expression", "Loss", TIP)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(max(10.0, self.font().pointSizeF() + 1))
        self.setFont(font)
        self.setTabChangesFocus(True)
        self.setPlaceholderText("x^2 + y^2")
        self.highlighter = Highlighter(self.document(), self)
        self._resting = QTimer(self, singleShot=True, interval=REST)
        self._resting.timeout.connect(self.typed)
        self._leaving = QTimer(self, singleShot=True, interval=LEFT)
        self._leaving.timeout.connect(self.finished)
        self._last = ""
        self.textChanged.connect(self._changed)
        self.document().documentLayout().documentSizeChanged.connect(lambda size: self._fit())
        self.completer = QCompleter(QStringListModel(sorted(FUNCTIONS), self), self)
        self.completer.setWidget(self)
        self.completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.completer.setCaseSensitivity(Qt.CaseSensitivity.CaseSensitive)
        self.popup = QListView()
        self.popup.setObjectName("completions")
        self.completer.setPopup(self.popup)
        self.completer.activated.connect(self.complete)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Its own palette: what is round it hears of a new theme before it does.
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "highlighter"):
            self.highlighter.rehighlight()

    @property
    def text(self) -> str:
        """What was typed."""
        return self.document().toRawText().replace("\u2029", "\n").replace("\u2028", "\n")

    def show_text(self, text: str) -> None:
        """Fill it, without a signal; the same text keeps its cursor and what can be undone."""
        self._resting.stop()
        self._leaving.stop()
        if text != self.text:
            with QSignalBlocker(self):
                self.setPlainText(text)
        self._last = self.text

    def commit(self) -> None:
        """Take what was typed at once."""
        if self._resting.isActive():
            self._resting.stop()
            self.typed.emit()
        if self._leaving.isActive():
            self._leaving.stop()
            self.finished.emit()

    def underline(self, span: Span | None, tip: str = "") -> None:
        """Underline a fault. tip: what is wrong, with carets; None takes the line away."""
        self.setExtraSelections([] if span is None else [self._underlined(*span)])
        if tip:
            self.setToolTip(f"<pre style='white-space: pre'>{_escaped(tip)}</pre>")
        else:
            self.setToolTip(TIP)

    def _underlined(self, start: int, end: int) -> QTextEdit.ExtraSelection:
        text = self.text
        if not text[start:end].strip("\n"):  # what is missing at the end shows below the last character
            start, end = max(0, min(start, len(text)) - 1), min(start, len(text))
        selection = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.document())
        cursor.setPosition(units(text[:start]))
        cursor.setPosition(units(text[:end]), QTextCursor.MoveMode.KeepAnchor)
        selection.cursor = cursor
        shown = QTextCharFormat()
        shown.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        shown.setUnderlineColor(colours.of("error", self.palette()))
        ground = QColor(colours.of("error", self.palette()))
        ground.setAlphaF(0.14)
        shown.setBackground(ground)
        selection.format = shown
        return selection

    def offer(self, names: Iterable[str]) -> None:
        """Complete these names beside the functions."""
        model = self.completer.model()
        found = sorted({*FUNCTIONS, *(name for name in names if len(name) > COMPLETED)}, key=str.casefold)
        if isinstance(model, QStringListModel) and model.stringList() != found:
            model.setStringList(found)

    def _changed(self) -> None:
        if self.text == self._last:
            return  # colours alone changed
        self._last = self.text
        self._resting.start()
        self._leaving.start()

    def _fit(self) -> None:
        """As high as its lines, within bounds."""
        height, lines, block = 0.0, 0, self.document().firstBlock()
        while block.isValid() and lines <= ROWS[1]:
            height += self.blockBoundingRect(block).height()
            lines += max(1, block.layout().lineCount())
            block = block.next()
        if not ROWS[0] <= lines <= ROWS[1]:
            height = height / lines * min(max(lines, ROWS[0]), ROWS[1])
        # A bar that comes and goes would break the lines elsewhere, and so come and go for ever.
        scrolled = lines > ROWS[1]
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOn if scrolled else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        self.setFixedHeight(math.ceil(height + 2 * (self.document().documentMargin() + self.frameWidth())))

    # Completion.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shown = self.popup.isVisible()
        if shown and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Escape):
            event.ignore()  # the list takes them
            return
        asked = event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if not asked:
            super().keyPressEvent(event)
        typing = bool(event.text()) and is_letter(event.text()[0])
        if asked or typing or shown:
            self._complete(1 if asked else COMPLETED)

    def _complete(self, least: int) -> None:
        prefix = self._prefix()
        popup = self.popup
        if len(prefix) < least:
            popup.hide()
            return
        self.completer.setCompletionPrefix(prefix)
        count = self.completer.completionCount()
        if not count or (count == 1 and self.completer.currentCompletion() == prefix):
            popup.hide()
            return
        popup.setCurrentIndex(self.completer.completionModel().index(0, 0))
        place = self.cursorRect()
        place.setWidth(popup.sizeHintForColumn(0) + popup.verticalScrollBar().sizeHint().width() + 8)
        self.completer.complete(place)

    def _prefix(self) -> str:
        """The letters before the cursor that are a name's beginning."""
        cursor = self.textCursor()
        line = cursor.block().text()[: cursor.positionInBlock()]
        start = len(line)
        while start and (is_letter(line[start - 1]) or line[start - 1] in "_0123456789"):
            start -= 1
        found = line[start:].lstrip("_0123456789")
        return found if is_name(found) else ""

    def complete(self, name: str) -> None:
        """Put a name in place of its beginning; a function with its bracket."""
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, len(self._prefix()))
        after = self.text[cursor.selectionEnd() : cursor.selectionEnd() + 1]
        cursor.insertText(name + ("(" if name in FUNCTIONS and after != "(" else ""))
        self.setTextCursor(cursor)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """A file that is dropped here is the panel's."""
        return not source.hasUrls() and super().canInsertFromMimeData(source)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.commit()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
