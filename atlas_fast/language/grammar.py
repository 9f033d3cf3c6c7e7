"""The grammar: tokens to syntax, an LALR grammar without conflicts over the scanner's tokens.

Its callbacks build tree nodes as the parser reduces, so that nothing recurses however deep a text nests. Sums and
products have as many operands as were written.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from lark import Lark, Token, Transformer, UnexpectedToken
from lark.lexer import Lexer

from ..errors import ExpressionError, Span
from .calls import build_call
from .misplaced import misplaced
from .tree import ABSOLUTE, NORM, TRANSPOSE, Call, Node

GRAMMAR = r"""
start: (statement NEWLINE)* sum
statement: (BIND | DEFINE) sum
?sum: product ((PLUS | MINUS) product)*
?product: factor ((TIMES | HADAMARD | DIVIDE) factor | IMPLICIT power)*
?factor: power | MINUS factor -> negated | PLUS factor -> unchanged
?power: atom suffix*
suffix: TRANSPOSE | SUPERSCRIPT | POWER exponent
?exponent: atom -> exponent | MINUS exponent -> negative | PLUS exponent -> positive
?atom: NUMBER -> number
    | NAME -> name
    | CONSTANT -> constant
    | OPEN sum CLOSE -> bracketed
    | AOPEN sum ACLOSE -> absolute
    | NOPEN sum NCLOSE -> norm
    | MOPEN row (SEMICOLON row)* MCLOSE -> matrix
    | FUNCTION OPEN sum (COMMA sum)* (COMMA keyword)* CLOSE -> call
row: sum (COMMA sum)*
keyword: KEYWORD sum

%declare NUMBER NAME CONSTANT FUNCTION KEYWORD BIND DEFINE NEWLINE
%declare OPEN CLOSE AOPEN ACLOSE NOPEN NCLOSE MOPEN MCLOSE COMMA SEMICOLON
%declare PLUS MINUS TIMES HADAMARD DIVIDE IMPLICIT POWER TRANSPOSE SUPERSCRIPT
"""

MOST_ENTRIES = 1024
"""Of a matrix literal: each entry that is no number costs a mask of the matrix's size."""

_PRODUCTS = {"TIMES": "*", "IMPLICIT": "*", "HADAMARD": ".*", "DIVIDE": "/"}


class Line(NamedTuple):
    """A statement as parsed: where its head is, and its body."""

    position: int
    body: Node


class Exponent(NamedTuple):
    """An exponent whose sign is still outside: in 2^-x^2 it belongs to x^2."""

    minuses: tuple[int, ...]
    node: Node


class Row(NamedTuple):
    entries: tuple[Node, ...]


class Keyword(NamedTuple):
    name: str
    span: Span
    value: Node


def parse_tokens(tokens: list[Token]) -> tuple[list[Line], Node]:
    """The lines before the last, and the loss. Raises ExpressionError with a span."""
    try:
        parsed: tuple[list[Line], Node] = _parser().parse(tokens)  # type: ignore[assignment]
    except UnexpectedToken as error:
        raise misplaced(tokens, error.token) from None
    return parsed


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer=_Tokens, transformer=_Syntax(), strict=True)


class _Tokens(Lexer):
    """Hands the scanner's tokens through."""

    def __init__(self, configuration: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any = None) -> Iterator[Token]:
        return iter(lexer_state)


def _span(token: Token) -> Span:
    assert token.start_pos is not None and token.end_pos is not None
    return token.start_pos, token.end_pos


def _between(first: Node, last: Node) -> Span:
    return first.span[0], last.span[1]


def _enclosed(first: Token, last: Token) -> Span:
    return _span(first)[0], _span(last)[1]


class _Syntax(Transformer[Token, Any]):
    """What each rule builds. A callback has the rule's name and gets the rule's children."""

    def start(self, children: list[Any]) -> tuple[list[Line], Node]:
        return [child for child in children if isinstance(child, Line)], children[-1]

    def statement(self, children: list[Any]) -> Line:
        head, body = children
        return Line(_span(head)[0], body)

    def sum(self, children: list[Any]) -> Node:
        terms, signs = tuple(children[::2]), tuple("+" if s.type == "PLUS" else "-" for s in children[1::2])
        return Node("sum", terms, _between(terms[0], terms[-1]), ("+", *signs))

    def product(self, children: list[Any]) -> Node:
        factors, tokens = tuple(children[::2]), children[1::2]
        for position, token in enumerate(tokens):
            if token.type == "IMPLICIT" and position and tokens[position - 1].type == "DIVIDE":
                raise ExpressionError(
                    "a product without a sign after a / can be read two ways",
                    _between(factors[position - 1], factors[position + 1]),
                    hint="write a/(b*c) or (a/b)*c",
                )
        signs = tuple(_PRODUCTS[token.type] for token in tokens)
        return Node("product", factors, _between(factors[0], factors[-1]), signs)

    def negated(self, children: list[Any]) -> Node:
        minus, operand = children
        return Node("negate", (operand,), (_span(minus)[0], operand.span[1]))

    def unchanged(self, children: list[Any]) -> Node:
        plus, operand = children
        return Node(operand.op, operand.args, (_span(plus)[0], operand.span[1]), operand.value)

    def power(self, children: list[Any]) -> Node:
        base: Node = children[0]
        exponents: list[Exponent] = []
        for suffix in children[1:]:
            if isinstance(suffix, Exponent):
                exponents.append(suffix)
            else:
                base, exponents = _raised(base, exponents), []
                base = Node("call", (base,), (base.span[0], _span(suffix)[1]), Call(TRANSPOSE))
        return _raised(base, exponents)

    def suffix(self, children: list[Any]) -> Exponent | Token:
        last = children[-1]
        if isinstance(last, Exponent):
            return last
        return last if last.type == "TRANSPOSE" else Exponent((), Node("number", (), _span(last), float(last)))

    def exponent(self, children: list[Any]) -> Exponent:
        return Exponent((), children[0])

    def negative(self, children: list[Any]) -> Exponent:
        minus, exponent = children
        return Exponent((_span(minus)[0], *exponent.minuses), exponent.node)

    def positive(self, children: list[Any]) -> Exponent:
        exponent: Exponent = children[1]
        return exponent

    def number(self, children: list[Any]) -> Node:
        return Node("number", (), _span(children[0]), float(children[0]))

    def name(self, children: list[Any]) -> Node:
        return Node("name", (), _span(children[0]), str(children[0]))

    def constant(self, children: list[Any]) -> Node:
        return Node("constant", (), _span(children[0]), "pi")

    def bracketed(self, children: list[Any]) -> Node:
        first, inner, last = children
        return Node(inner.op, inner.args, _enclosed(first, last), inner.value)

    def absolute(self, children: list[Any]) -> Node:
        first, inner, last = children
        return Node("call", (inner,), _enclosed(first, last), Call(ABSOLUTE))

    def norm(self, children: list[Any]) -> Node:
        first, inner, last = children
        return Node("call", (inner,), _enclosed(first, last), Call(NORM, (("p", str(last)),)))

    def matrix(self, children: list[Any]) -> Node:
        rows = [child.entries for child in children if isinstance(child, Row)]
        span = _enclosed(children[0], children[-1])
        for row in rows[1:]:
            if len(row) != len(rows[0]):
                raise ExpressionError(
                    f"the rows of a matrix are equally long, and here are {len(rows[0])} and {len(row)} entries",
                    span,
                )
        if len(rows) * len(rows[0]) > MOST_ENTRIES:
            raise ExpressionError(f"a matrix written out has at most {MOST_ENTRIES:,} entries: give it as data", span)
        return Node("matrix", tuple(entry for row in rows for entry in row), span, (len(rows), len(rows[0])))

    def row(self, children: list[Any]) -> Row:
        return Row(tuple(children[::2]))

    def keyword(self, children: list[Any]) -> Keyword:
        return Keyword(str(children[0]), _span(children[0]), children[1])

    def call(self, children: list[Any]) -> Node:
        values = [child for child in children if isinstance(child, Node)]
        keywords = [child for child in children if isinstance(child, Keyword)]
        return build_call(str(children[0]), _enclosed(children[0], children[-1]), values, keywords)


def _raised(base: Node, exponents: list[Exponent]) -> Node:
    """base ^ exponents, from right to left; a sign of an exponent applies to all to its right."""
    if not exponents:
        return base
    end = exponents[-1].node.span[1]
    result: Node | None = None
    for exponent in reversed(exponents):
        node = exponent.node
        if result is not None:
            node = Node("power", (node, result), (node.span[0], end))
        for minus in reversed(exponent.minuses):
            node = Node("negate", (node,), (minus, end))
        result = node
    assert result is not None
    return Node("power", (base, result), (base.span[0], end))
