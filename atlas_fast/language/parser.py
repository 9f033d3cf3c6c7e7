"""From text to syntax tree: scan, parse, put bindings in."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ExpressionError
from .functions import FUNCTIONS
from .grammar import parse_tokens
from .names import is_name
from .scanner import scan
from .substitution import expand
from .tree import Statement, Tree


def parse(text: str, names: Iterable[str] = ()) -> Tree:
    """The syntax tree of an expression.

    text: the loss, after lines that bind names and define functions. names: the names of data and declared weights.
    Raises ExpressionError where the text means nothing, with the place.
    """
    if not isinstance(text, str):
        raise ExpressionError(f"an expression is text, not {type(text).__name__}")
    declared = frozenset(names)
    _check_declared(declared)
    try:
        scanned = scan(text, declared)
        lines, loss = parse_tokens(scanned.tokens)
        statements = []
        for line in lines:
            head = scanned.heads[line.position]
            parameters = None if head.parameters is None else tuple(name for name, _ in head.parameters)
            statements.append(Statement(head.name, line.body, head.span, parameters))
        return Tree(text, tuple(statements), loss, expand(statements, loss))
    except ExpressionError as error:
        raise error.located(text) from None


def _check_declared(names: frozenset[str]) -> None:
    for name in sorted(names, key=str):
        if not isinstance(name, str) or not is_name(name):
            raise ExpressionError(f"{name!r} cannot be a name: a name is a letter, then letters, digits and _")
        if name in FUNCTIONS:
            raise ExpressionError(f"{name} is a function, so data and weights cannot have that name")
