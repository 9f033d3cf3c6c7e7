"""Slips of the pen that the scanner meets, each as an error that says what to write instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from lark import Token

from ..errors import ExpressionError, Span
from .functions import CONSTANTS
from .names import is_digit, is_letter, leading_function, nearest, nearest_function, word_end

_SIGNS = {
    "//": "write / for a quotient, # for a comment",
    ".'": "write ' without the point",
    "==": "write a - b for a difference, = to bind a name",
    "%": "a comment begins with #",
    "{": "write ( and )",
    "}": "write ( and )",
    "–": "write - for a difference",
    "—": "write - for a difference",
    "÷": "write /",
    "∗": "write *",
    "√": "write sqrt(x)",
    "∑": "write sum(x)",
    "⊤": "write ^T or '",
    "⁻": "write ^-1",
    "\\": "write names and functions without it: alpha, sqrt(x)",
}
"""Signs of other languages, and what stands for them here."""

_OPENING = ("AOPEN", "NOPEN")
_AFTER_CLOSING = frozenset({"END", "POWER", "SUPERSCRIPT", "TIMES", "DIVIDE", "HADAMARD", "CLOSE", "COMMA", "NEWLINE"})
"""Tokens that stand behind bars that close, never behind bars that open; signs such as - do both."""

_RAISED = "⁰¹⁴⁵⁶⁷⁸⁹"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉"


def foreign_sign(text: str, start: int) -> ExpressionError | None:
    """The error for a sign that other languages have and this one has not."""
    for width in (2, 1):
        sign = text[start : start + width]
        if sign in _SIGNS:
            return ExpressionError(f"{sign} has no meaning here", (start, start + width), hint=_SIGNS[sign])
    return None


def unexpected(c: str, start: int) -> ExpressionError:
    """The error for a character that has no meaning."""
    hint = ""
    if c in _RAISED:
        hint = f"write ^{unicodedata.digit(c)}"
    elif c in _LOWERED:
        hint = f"write the digit {unicodedata.digit(c)}"
    shown = c if c.isprintable() else f"U+{ord(c):04X} {unicodedata.name(c, '')}".strip()
    hint = hint if c.isprintable() else "leave it out"
    return ExpressionError(f"{shown} has no meaning here", (start, start + 1), hint=hint)


def number_after_value(text: str, last: Token, span: Span) -> ExpressionError:
    """x 2, 1.5.5: a product without a sign ends with no number."""
    if last.type == "NUMBER":
        return ExpressionError("two numbers stand side by side", span)
    number = text[span[0] : span[1]]
    hint = f"write {last}*{number} or {last}^{number}" if last.type == "NAME" else "write * or ^ before it"
    return ExpressionError("a number stands right after a value", span, hint=hint)


def two_entries(span: Span) -> ExpressionError:
    return ExpressionError("two values stand in one entry", span, hint="write a comma between two entries")


def one_entry_or_two(span: Span) -> ExpressionError:
    return ExpressionError(
        "this can be one entry or two",
        span,
        hint="write a comma between two entries, a space on both sides of a sign within one",
    )


def not_closed(sign: str, span: Span, apart: bool) -> ExpressionError:
    """apart: two bars that are each closed, once a space stands between them."""
    hint = "write a space between two absolute values that open together: | |" if apart else ""
    return ExpressionError(f"{sign} is not closed", span, hint=hint)


def ambiguous_bars(span: Span) -> ExpressionError:
    return ExpressionError(
        "these bars can be read two ways: they close here, or they open",
        span,
        hint="write a space after bars that close, parentheses around a norm within a norm",
    )


def unpaired_bars(text: str, tokens: Sequence[Token]) -> ExpressionError | None:
    """The error for |x||_2 and ||x|^2: bars that were meant to close, and were read to open. tokens: those before a
    sign that cannot begin a value, or the end. None where there are no such bars."""
    kinds = [token.type for token in tokens]
    following = [*kinds[1:], "END"]
    for i, kind in enumerate(kinds):
        # A value stands before them, and what stands behind them cannot begin one.
        opens = kind in _OPENING and "IMPLICIT" in kinds[i - 1 : i] and following[i] in _AFTER_CLOSING
        if opens and any(before in _OPENING for before in kinds[:i]):
            start, stop = tokens[i].start_pos or 0, tokens[i].end_pos or 0
            start -= text[start - 1] == "|"
            return ExpressionError(
                "the bars do not pair", (start, stop), hint="write |x| for the absolute value, ||x||_2 for a norm"
            )
    return None


def no_name(text: str, start: int, tokens: Sequence[Token]) -> ExpressionError:
    """A _ that no name stands before."""
    span = (start, start + 1)
    if tokens and tokens[-1].type == "ACLOSE":
        return ExpressionError("an absolute value has no order", span, hint="write ||x||_1 or ||x||_2 for a norm")
    return unpaired_bars(text, tokens) or ExpressionError("a name begins with a letter", span)


def is_dotted(text: str, end: int) -> bool:
    """Whether the word that ends here goes on behind a point, as np.exp does; A.T is a transpose."""
    after = word_end(text, end + 1)
    return text[end : end + 1] == "." and after > end + 1 and text[end + 1 : after] != "T"


def dotted(text: str, start: int, declared: Collection[str], own: Collection[str]) -> ExpressionError:
    """np.exp(..), X.sum(): names of other libraries."""
    end = word_end(text, start)
    first, before, last = text[start:end], end, text[start:end]
    while is_dotted(text, end):
        before, after = end, word_end(text, end + 1)
        last, end = text[end + 1 : after], after
    function = last if last in own else nearest_function(last, own)
    hint = ""
    if function is not None and first in declared:
        hint = f"write {function}({text[start:before]})"
    elif function is not None:
        hint = f"{function}(..) is written without {text[start:before]}."
    elif last in CONSTANTS:
        hint = f"{last} is written without {text[start:before]}."
    return ExpressionError("names with a point are not of the language", (start, end), hint=hint)


def indexing(start: int) -> ExpressionError:
    return ExpressionError(
        "a [ stands right after a value, and there is no indexing",
        (start, start + 1),
        hint="write * for the product with a matrix",
    )


def misplaced_equals(name: str, span: Span, first_argument: bool) -> ExpressionError:
    """name = in the middle of a line."""
    if first_argument:
        return ExpressionError(f"the value comes before {name}=", span)
    return ExpressionError("= binds a name, and only at the start of a line", span, hint="write a - b for a difference")


def without_parentheses(name: str, text: str, span: Span) -> ExpressionError:
    """relu X: a function without its parentheses."""
    start = span[1]
    while text[start : start + 1] == " ":
        start += 1
    end = word_end(text, start)
    argument = text[start:end] or "..."
    return ExpressionError(f"{name} is a function and needs parentheses", span, hint=f"write {name}({argument})")


def unknown_run(run: str, span: Span, call: bool, declared: Collection[str], own: Collection[str]) -> ExpressionError:
    """Letters that are neither a name nor a product of names. call: an opening bracket follows."""
    shown = run if len(run) <= 40 else run[:39] + "…"
    function, name = nearest_function(run, own), nearest(run, declared)
    message = f"there is no function {shown}" if call else f"{shown} is neither a declared name nor a function"
    leading = leading_function(run, own)
    if call:
        meant = function
    elif leading is not None and is_letter(run[len(leading)]):
        meant = f"{leading}({run[len(leading) :]})"
    else:
        meant = name or (f"{function}(...)" if function else None)
    if meant is not None:
        return ExpressionError(message, span, hint=f"did you mean {meant}?")
    if call and run.islower():
        hint = f"define it in a line before the loss, {shown}(z) = .."
    elif call:
        hint = f"for a product declare {shown} and write {shown}*(...)"
    else:
        hint = f'give data={{"{shown}": ..}} or weights={{"{shown}": None}}, or write a product out with *'
    return ExpressionError(message, span, hint=hint)


def separator(text: str, start: int, innermost: str, function: bool) -> ExpressionError | None:
    """The error for a comma or semicolon, if it may not stand here. innermost: the open bracket, if any."""
    sign, span = text[start], (start, start + 1)
    if innermost == "[" or (function and sign == ","):
        return None
    if sign == ";":
        if function:
            return ExpressionError("; stands between arguments", span, hint="write a comma")
        if not text[start + 1 :].split("\n", 1)[0].split("#", 1)[0].strip():
            return ExpressionError("a line ends without a ;", span, hint="leave the ; out")
        return ExpressionError("; separates the rows of a matrix, in [ ]", span, hint="begin a new line instead")
    before, after = text[start - 1 : start], text[start + 1 : start + 2]
    if is_digit(before) and is_digit(after):
        return ExpressionError(", is no decimal point", span, hint="write a point: 1.5")
    return ExpressionError(", separates the arguments of a function or the entries of a matrix", span)
