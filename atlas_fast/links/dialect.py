"""The 2019 original's expressions, written in our language.

In: the text of a loss as the original read it, and the names that its link declares. Out: a text of ours that means
the same, and the names that it uses. What the original could not read is refused, and so is what means something else
here and cannot be written another way.

The original's language: names are single letters, numbers whole; `T` is the transpose and nothing else; two operands
side by side are multiplied with the precedence of `*` (`1/2x` is x/2); `*` multiplies matrices, and scales; powers are
element by element; softmax goes along the last axis, and the norms 1 and 2 over all entries, as in TensorFlow.js 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ..errors import StoreError, clipped

FUNCTIONS = ("sin", "cos", "sigmoid", "tanh", "sqrt", "relu", "onehot", "softmax")

TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<transpose>T)|(?P<function>{'|'.join(FUNCTIONS)})|(?P<name>[a-zA-Z])"
    r"|(?P<number>[0-9]+)|(?P<bar>\|\|?)|(?P<open>[(\[])|(?P<close>[)\]])|(?P<sign>[\^_,+\-*/])"
)
"""In the original's order: `cosine` is cos, i, n, e."""

LONGEST = 2**13
"""Characters; with every product written out there are at most twice as many, what a link of ours may hold."""


def rewritten(text: str, declared: Collection[str]) -> tuple[str, frozenset[str]]:
    """A loss in our language, with every product written out, and the declared names that are in it.

    Raises StoreError, in one line, for a text that cannot be rewritten.
    """
    if len(text) > LONGEST:
        raise StoreError(f"the link's loss is too long: {len(text):,} characters, {LONGEST:,} at most are read")
    found: list[str] = []
    tokens: list[str] = []
    brackets: list[str] = []
    names: set[str] = set()
    operand = False  # whether one ends with the last token
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise StoreError(f"the original could not read {text[at]!a} in the link's loss {clipped(text)}")
        kind, token, at = str(match.lastgroup), match[0], match.end()
        if kind == "space":
            found.append(" ")
            continue
        _check(kind, token, tokens, text, declared)
        closes = kind == "close" or (kind == "bar" and operand and brackets[-1:] == [token])
        begins = kind in ("function", "name", "number", "open") or (kind == "bar" and not closes)
        if tokens[-1:] in (["^"], ["_"]) or (operand and begins):
            while found[-1] == " ":  # so that `^ T` and `||A||_ 2` are one sign each
                found.pop()
        if operand and begins:
            found.append("*")
        if closes:
            brackets[-1:] = []
        elif kind in ("open", "bar"):
            brackets.append(token)
        operand = kind in ("name", "number", "transpose") or closes
        names |= {token} if kind == "name" else set()
        found.append(token)
        tokens.append(token)
    return "".join(found).strip(), frozenset(names)


def _check(kind: str, token: str, before: list[str], text: str, declared: Collection[str]) -> None:
    """Refuse what the original could not read, and what means something else here."""
    if before and before[-1] in FUNCTIONS and token != "(":
        raise StoreError(f"{before[-1]} wants its operand in parentheses in the original: {clipped(text)}")
    if kind == "transpose" and before[-1:] != ["^"]:
        raise StoreError(f"T stands only in ^T, the transpose, in the original's language: {clipped(text)}")
    if kind == "transpose" and before[-2:-1] == ["]"]:
        raise StoreError(f"^T leaves a list as it is in the original, and makes a column of it here: {clipped(text)}")
    if token == "onehot":
        raise StoreError("the link's loss has onehot, which makes three dimensions in the original, and here a matrix")
    if kind == "name" and token not in declared:
        raise StoreError(f"the link declares no variable {token}, which its loss has: {clipped(text)}")
