"""The heads of lines: which names a text binds and which functions it defines, found before it is scanned.

In: the text. Out: a `Head` for each line that begins, outside brackets, with `name =` or `name(parameters) =`.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ..errors import ExpressionError, Span
from .functions import FUNCTIONS
from .names import word_end


@dataclass(frozen=True, slots=True)
class Head:
    """name: what is bound, and its span. parameters: None for a binding. end: where the body begins."""

    name: str
    span: Span
    end: int
    parameters: tuple[tuple[str, Span], ...] | None = None


_BRACKETS = re.compile(r"[()\[\]]|#[^\n]*|\n")


def find_heads(text: str, names: AbstractSet[str]) -> dict[int, Head]:
    """The heads by the position of their names. Raises ExpressionError for a name that may not be bound."""
    heads: dict[int, Head] = {}
    bound: dict[str, Head] = {}
    for start in _line_starts(text):
        head = _head(text, start)
        if head is not None:
            _check(head, names, bound)
            heads[head.span[0]] = bound[head.name] = head
    return heads


def _line_starts(text: str) -> list[int]:
    """The starts of the lines that begin outside round and square brackets."""
    starts, depth = [0], 0
    for match in _BRACKETS.finditer(text):
        if match.group() in "([":
            depth += 1
        elif match.group() in ")]":
            depth = max(0, depth - 1)
        elif match.group() == "\n" and depth == 0:
            starts.append(match.end())
    return starts


def _blank_end(text: str, start: int) -> int:
    while start < len(text) and text[start] != "\n" and text[start].isspace():
        start += 1
    return start


def _head(text: str, line: int) -> Head | None:
    start = _blank_end(text, line)
    end = word_end(text, start)
    if end == start:
        return None
    parameters = None
    after = _blank_end(text, end)
    if text.startswith("(", after):
        close = text.find(")", after)
        if close < 0 or "\n" in text[after:close] or not _assigns(text, _blank_end(text, close + 1)):
            return None
        parameters = _parameters(text, after + 1, close)
        after = _blank_end(text, close + 1)
    if not _assigns(text, after):
        return None
    return Head(text[start:end], (start, end), after + 1, parameters)


def _assigns(text: str, position: int) -> bool:
    return text.startswith("=", position) and not text.startswith("==", position)


def _parameters(text: str, start: int, close: int) -> tuple[tuple[str, Span], ...]:
    found: list[tuple[str, Span]] = []
    while start <= close:
        comma = text.find(",", start, close)
        stop = close if comma < 0 else comma
        begin = _blank_end(text, start)
        end = word_end(text, begin)
        name, span = text[begin:end], (begin, max(begin + 1, end))
        if end == begin or _blank_end(text, end) != stop:
            raise ExpressionError(
                "between the brackets of a definition stand names, separated by commas",
                (start, max(stop, start + 1)),
            )
        if name in (known for known, _ in found):
            raise ExpressionError(f"two parameters are called {name}", span)
        if name in FUNCTIONS:
            raise ExpressionError(f"{name} is a function, so it cannot name a parameter", span)
        found.append((name, span))
        start = stop + 1
    return tuple(found)


def _check(head: Head, names: AbstractSet[str], bound: dict[str, Head]) -> None:
    name = head.name
    if name in FUNCTIONS:
        raise ExpressionError(f"{name} is a function already, so the name cannot be given again", head.span)
    if name in names:
        raise ExpressionError(f"{name} is already the name of data or of a weight", head.span)
    if name in bound:
        raise ExpressionError(f"{name} is given a second time", head.span)
