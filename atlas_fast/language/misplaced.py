"""What it means when the parser meets a token at which no text can go on."""

from __future__ import annotations

from lark import Token

from ..errors import ExpressionError, Span

_OPERATORS = {"PLUS", "MINUS", "TIMES", "HADAMARD", "DIVIDE", "POWER"}
_OPENING = {"OPEN", "MOPEN", "AOPEN", "NOPEN"}
_CLOSING = {"CLOSE", "MCLOSE", "ACLOSE", "NCLOSE"}
_SEPARATORS = {"COMMA", "SEMICOLON"}
_HEADS = {"BIND", "DEFINE"}


def misplaced(tokens: list[Token], token: Token) -> ExpressionError:
    """The error for the token; one of type $END where the tokens end too early."""
    position = next((i for i, known in enumerate(tokens) if known is token), len(tokens))
    before = tokens[position - 1] if position else None
    if token.type in ("NEWLINE", "$END"):
        return _ended(tokens[:position], token.type == "$END")
    if before is not None and before.type in _OPERATORS | {"KEYWORD"}:
        return _after_operator(before, token)
    if token.type in _OPERATORS:
        return ExpressionError(f"{token} has nothing on its left", _span(token))
    if before is not None and before.type in _OPENING | _SEPARATORS:
        return _in_brackets(before, token)
    return ExpressionError(f"{token} is not expected here", _span(token))


def _span(token: Token) -> Span:
    start = token.start_pos or 0
    return start, token.end_pos or start


def _both(first: Token, last: Token) -> Span:
    return _span(first)[0], _span(last)[1]


def _ended(tokens: list[Token], text: bool) -> ExpressionError:
    """A line has ended, or the text. tokens: all before."""
    last = tokens[-1]
    if last.type in _OPERATORS:
        return ExpressionError(f"{last} has nothing on its right", _span(last))
    if last.type in _HEADS:
        return ExpressionError("nothing stands after the =", _span(last))
    begin = max((i + 1 for i, token in enumerate(tokens) if token.type == "NEWLINE"), default=0)
    first = tokens[begin]
    if text:
        hint = f"leave '{first} =' out" if first.type == "BIND" else "add a line with the loss"
        return ExpressionError(f"the last line is the loss, and here it defines {first}", _span(first), hint=hint)
    return ExpressionError(
        "only the last line is the loss, and this one binds no name",
        _both(first, last),
        hint="begin it with a name and =",
    )


def _after_operator(before: Token, token: Token) -> ExpressionError:
    if before.type == "KEYWORD":
        return ExpressionError(f"nothing stands after {before}=", _span(before))
    if token.type in _OPERATORS:
        return ExpressionError(f"a value is missing between {before} and {token}", _both(before, token))
    return ExpressionError(f"{before} has nothing on its right", _span(before))


def _in_brackets(before: Token, token: Token) -> ExpressionError:
    if before.type in _OPENING:
        if token.type in _CLOSING:
            kind = "bars" if before.type in ("AOPEN", "NOPEN") else "brackets"
            return ExpressionError(f"nothing stands between these {kind}", _both(before, token))
        return ExpressionError(f"a value is missing before the {token}", _span(token))
    if token.type in _CLOSING | _SEPARATORS:
        return ExpressionError(f"a value is missing after the {before}", _span(before))
    return ExpressionError("values come before options", _span(token))
