"""Calls: the arguments that stand in a text against those that the function's row takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..errors import ExpressionError, Span
from .functions import FUNCTIONS, Argument, Function
from .tree import Call, Node

NORMS = ("1", "2", "F", "inf")
"""The orders of a norm, 2 and F the same."""

MOST_CLASSES = 10_000
"""Rows of a one-hot matrix: far above any labels, and small enough to be written into a program."""


class Keyword(Protocol):
    """name=value."""

    @property
    def name(self) -> str: ...
    @property
    def span(self) -> Span: ...
    @property
    def value(self) -> Node: ...


def build_call(name: str, span: Span, values: Sequence[Node], keywords: Sequence[Keyword]) -> Node:
    """The node of a call. Raises ExpressionError where the row does not take these arguments.

    A name that is in no row is a function of one's own, whose arguments are checked where it is put in.
    """
    if name not in FUNCTIONS:
        if keywords:
            raise ExpressionError(f"{name} takes values, not {keywords[0].name}=", keywords[0].span)
        return Node("call", tuple(values), span, Call(name))
    row = FUNCTIONS[name]
    if row.has_axis and len(values) == len(row.arguments) + 1 and values[-1].op == "number":
        raise ExpressionError(
            f"{name} wants its axis by name", values[-1].span, hint=f"write axis={values[-1].value:g}"
        )
    check_named(row, keywords)
    check_count(name, len(values), sum(not a.optional for a in row.arguments), len(row.arguments), span)
    options: list[tuple[str, Any]] = []
    kept: list[Node] = []
    for argument, value in zip(row.arguments, values, strict=False):
        if argument.kind in ("count", "order"):
            options.append((argument.name, _literal(name, argument, value)))
        else:
            kept.append(value)
    options += _axis(row, len(values), keywords)
    return Node("call", tuple(kept), span, Call(name, tuple(options)))


def check_named(row: Function, keywords: Sequence[Keyword]) -> None:
    """Raise ExpressionError for an argument that is given by its name, as alpha=2: it is given by its place."""
    places = {argument.name: place for place, argument in enumerate(row.arguments)}
    for keyword in keywords:
        if keyword.name in places:
            value = keyword.value
            shown = f"{value.value:g}" if value.op == "number" else value.value if value.op == "name" else keyword.name
            before = [argument.name for argument in row.arguments[: places[keyword.name]]]
            raise ExpressionError(
                f"{row.name} takes {keyword.name} by its place, without a name",
                keyword.span,
                hint=f"write {row.name}({', '.join([*before, shown])})",
            )


def check_count(name: str, count: int, least: int, most: int, span: Span) -> None:
    """Raise ExpressionError if a function does not take so many values."""
    if least <= count <= most:
        return
    wanted = f"{least}" if least == most else f"{least} or {most}"
    values = "value" if wanted == "1" else "values"
    raise ExpressionError(f"{name} takes {wanted} {values}, not {count}", span)


def _literal(name: str, argument: Argument, value: Node) -> Any:
    if argument.kind == "order":
        written = f"{value.value:g}" if value.op == "number" else value.value if value.op == "name" else ""
        if written not in NORMS:
            raise ExpressionError("the norm is 1, 2, F or inf", value.span)
        return written
    count = value.value if value.op == "number" else 0.0
    if not 1 <= count <= MOST_CLASSES or count != int(count):
        raise ExpressionError(f"{argument.name} of {name} is a whole number, 1 to {MOST_CLASSES:,}", value.span)
    return int(count)


def _axis(row: Function, values: int, keywords: Sequence[Keyword]) -> list[tuple[str, Any]]:
    if not keywords:
        return []
    keyword = keywords[0]
    if len(keywords) > 1:
        raise ExpressionError(f"{row.name} takes at most one option", keywords[1].span)
    if not row.has_axis or keyword.name != "axis":
        takes = "its option is axis=" if row.has_axis else "it takes values alone"
        raise ExpressionError(f"{row.name} has no option {keyword.name}: {takes}", keyword.span)
    if values > 1:
        raise ExpressionError(f"{row.name} of {values} values works entry by entry and takes no axis", keyword.span)
    axis = keyword.value
    if axis.op != "number" or axis.value not in (0.0, 1.0):
        raise ExpressionError("axis is 0 (down the rows, one value a column) or 1 (one value a row)", axis.span)
    return [("axis", int(axis.value))]
