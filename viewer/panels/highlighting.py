"""The colours of a loss as it is typed: data, weights, functions, numbers, comments.

In: the text, the names of its data and what it binds. Out: spans with their roles. It reads broken texts as well, so it
goes by letters alone; what a text means is the parser's to say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QWidget

from ...errors import ExpressionError, Span
from ...language import FUNCTIONS
from ...language.heads import find_heads
from ...language.names import cut, word_end
from . import colours

NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")


def bound(text: str, names: Collection[str]) -> frozenset[str]:
    """What the lines of a text bind or define."""
    try:
        return frozenset(head.name for head in find_heads(text, frozenset(names)).values())
    except ExpressionError:
        return frozenset()


def roles(
    line: str, data: Collection[str], declared: Collection[str], own: Collection[str]
) -> Iterator[tuple[Span, str]]:
    """The spans of a line that have a colour. declared: all names that are known. own: what the text binds."""
    known = frozenset((*declared, *own))
    at = 0
    while at < len(line):
        end = word_end(line, at)
        if line[at] == "#":
            yield (at, len(line)), "comment"
            return
        if end > at:
            yield from _word(line[at:end], at, data, known, own)
        elif found := NUMBER.match(line, at):
            end = found.end()
            yield (at, end), "number"
        at = max(end, at + 1)


def _word(
    word: str, at: int, data: Collection[str], known: frozenset[str], own: Collection[str]
) -> Iterator[tuple[Span, str]]:
    if word in FUNCTIONS and word not in known:
        yield (at, at + len(word)), "function"
        return
    found = cut(word, known)
    for piece in found.pieces if found.undeclared < 2 else ():
        if piece not in own:
            yield (at, at + len(piece)), "data" if piece in data else "weight"
        at += len(piece)


class Highlighter(QSyntaxHighlighter):
    """Colours a document by what its names are."""

    def __init__(self, document: QTextDocument, palette_of: QWidget) -> None:
        super().__init__(document)
        self._palette_of = palette_of
        self._data: frozenset[str] = frozenset()
        self._declared: frozenset[str] = frozenset()
        self._own: frozenset[str] = frozenset()

    def name(self, data: Collection[str], declared: Collection[str], own: Collection[str]) -> None:
        """Take other names. declared: of weights, beside the data."""
        found = frozenset(data), frozenset((*data, *declared)), frozenset(own)
        if found != (self._data, self._declared, self._own):
            self._data, self._declared, self._own = found
            self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        for (start, end), role in roles(text, self._data, self._declared, self._own):
            shown = QTextCharFormat()
            shown.setForeground(colours.of(role, self._palette_of.palette()))
            if role == "data":
                shown.setFontWeight(QFont.Weight.DemiBold)
            if role == "comment":
                shown.setFontItalic(True)
            before = units(text[:start])
            self.setFormat(before, units(text[start:end]), shown)


def units(text: str) -> int:
    """How many characters Qt counts, which are those of UTF-16."""
    return len(text) + sum(c > "\uffff" for c in text)
