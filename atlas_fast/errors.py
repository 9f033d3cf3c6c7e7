"""What can go wrong, as exceptions whose text is meant for the person who wrote the expression.

In: a message, the span it is about, and the text. Out: an exception that prints as

    cannot multiply B (50 x 13) by X (12 x 506): the inner sizes 13 and 12 differ
      ||A*relu(B*X + C) + D - Y||_2
               ^^^ B is 50 x 13 (weight), X is 12 x 506 (housing.csv)
      hint: X has one row fewer than B has columns; was a feature dropped?
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from typing import Self

Span = tuple[int, int]
"""Positions in a text: the first character and the one after the last."""

LINE_WIDTH = 110
"""Characters of a line that an error shows."""

LONGEST_SHOWN = 60
"""Characters of somebody's text that a message has in the middle of a line."""

INDENT = "  "


class AtlasError(Exception):
    """Any failure that a user of Atlas Fast can cause and mend."""


class DataError(AtlasError):
    """Data or starting values that cannot be used."""


class DeviceError(AtlasError):
    """A back end or device that is not there or does not answer."""


class StoreError(AtlasError):
    """A file or a link that cannot be written, or read back."""


class WorkspaceError(AtlasError):
    """A workspace that cannot be read, or whose keys or values are not what is wanted."""


class ExpressionError(AtlasError):
    """An expression that means nothing, with the place where it stops making sense.

    message: one line. span: where in the text, if it is about a place. note: what stands behind the carets.
    hint: one edit that would mend it. text: the expression; None until it is known, see `located`.
    """

    def __init__(
        self, message: str, span: Span | None = None, note: str = "", hint: str = "", text: str | None = None
    ) -> None:
        super().__init__(message, span, note, hint, text)
        self.message = message
        self.span = span
        self.note = note
        self.hint = hint
        self.text = text

    def located(self, text: str) -> Self:
        """The same error with the text that its span points into."""
        return type(self)(self.message, self.span, self.note, self.hint, text)

    def __str__(self) -> str:
        message, lines = self.message, []
        if self.span is not None and self.text is not None:
            shown, before, width = excerpt(self.text, self.span)
            lines = [shown, " " * before + "^" * width + (f" {self.note}" if self.note else "")]
            if "\n" in self.text.strip():
                message += f" (line {self.text.count(chr(10), 0, self.span[0]) + 1} of the loss)"
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join([message, *(INDENT + line for line in lines)])


class ShapeError(ExpressionError):
    """An expression whose matrices do not fit one another, or whose sizes are not determined."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a misspelt one was meant to be, capitals or not; None where none is near."""
    by_folded = {other.casefold(): other for other in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, 1)
    return by_folded[found[0]] if found else None


def excerpt(text: str, span: Span) -> tuple[str, int, int]:
    """The line that a span begins in, clipped; the columns before the carets; the number of carets."""
    start = min(span[0], len(text))
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    last = len(text) if last < 0 else last
    end = max(min(span[1], last), start)
    left, right = "", ""
    if last - first > LINE_WIDTH:
        clipped = max(first, min(start - LINE_WIDTH // 3, last - LINE_WIDTH))
        left, first = ("…", clipped) if clipped > first else ("", first)
        right, last = ("…", first + LINE_WIDTH) if first + LINE_WIDTH < last else ("", last)
        end = min(end, last)
    shown = visible(text[first:last].rstrip())
    before = columns(left + visible(text[first:start]))
    return left + shown + right, before, max(1, columns(visible(text[start:end])))


def named_type(value: object) -> str:
    """Of which type a value is, in a message: "an int"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def visible(text: str) -> str:
    """The text with every character that cannot be printed shown as its escape, and tabs as one space."""
    return "".join(c if c.isprintable() else " " if c.isspace() else ascii(c)[1:-1] for c in text)


def clipped(text: str, most: int = LONGEST_SHOWN) -> str:
    """The text as `visible` shows it, no longer than `most` characters; an ellipsis stands for the rest."""
    shown = visible(text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def columns(text: str) -> int:
    """How many columns of a terminal a text fills."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)
