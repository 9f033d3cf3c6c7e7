"""The syntax tree: what was written, each node with its span in the text.

| op | args | value |
|---|---|---|
| number | | float |
| constant | | "pi" |
| name | | the name of data or of a weight |
| sum | the terms, 2 or more | a tuple of "+" or "-", one a term; the first is "+" |
| product | the factors, 2 or more, from left to right | a tuple of "*", ".*" or "/", one before each but the first |
| negate | the operand | |
| power | base, exponent | |
| matrix | the entries, row by row | (rows, columns) |
| call | the values, as many as were written | `Call`: the function's name and its literal options |
| alias | the node that is meant | the name of a binding or of a function of one's own |

Signs are calls: |x| of abs, ||x||_p of norm with the option p ("1", "2", "F", "inf"), x' of transpose.
"*" is the matrix product, or scaling where one side is a scalar; ".*" and "/" work element by element.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import Span

ABSOLUTE, NORM, TRANSPOSE = "abs", "norm", "transpose"
"""The functions that have signs of their own: |x|, ||x|| and x'."""


@dataclass(frozen=True, slots=True)
class Call:
    """Which function, and what stands in the text as a literal: axis (0 or 1), p of a norm, k of onehot."""

    name: str
    options: tuple[tuple[str, Any], ...] = ()

    def option(self, key: str) -> Any:
        """The option's value, None where it was not written."""
        return dict(self.options).get(key)


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One operation. Nodes are equal only to themselves, so that they serve as keys and passes can share them."""

    op: str
    args: tuple[Node, ...]
    span: Span
    value: Any = None

    def __repr__(self) -> str:
        return f"<{self.op}{'' if self.value is None else f' {self.value}'} at {self.span[0]}:{self.span[1]}>"


@dataclass(frozen=True, eq=False)
class Statement:
    """A line: `name = body`, or with parameters `name(parameters) = body`. span is that of the name."""

    name: str
    body: Node
    span: Span
    parameters: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Tree:
    """A whole text. `loss` and `statements` are as written; `root` is the loss with bindings and functions of
    one's own put in: a graph, in which a node may be an argument of several others."""

    text: str
    statements: tuple[Statement, ...]
    loss: Node
    root: Node

    def __str__(self) -> str:
        return "\n".join([*(f"{s.name} =\n{outline(s.body, 1)}" for s in self.statements), outline(self.loss)])


def postorder(*roots: Node) -> list[Node]:
    """Every node once, each after its arguments, those from left to right. A loop, since texts nest deeply."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((argument, False) for argument in reversed(node.args))
    return order


def meant(node: Node) -> Node:
    """The node behind aliases."""
    while node.op == "alias":
        node = node.args[0]
    return node


def names(nodes: Iterable[Node]) -> set[str]:
    """The names of data and weights among the nodes."""
    return {node.value for node in nodes if node.op == "name"}


def outline(root: Node, depth: int = 0) -> str:
    """The tree a line a node, for people; `root` must not be shared, as in `Tree.loss`."""
    lines = []
    stack = [(root, depth)]
    while stack:
        node, level = stack.pop()
        value = node.value
        if isinstance(value, Call):
            value = " ".join([value.name, *(f"{key}={option}" for key, option in value.options)])
        elif isinstance(value, tuple):
            value = " ".join(map(str, value))
        lines.append(f"{'  ' * level}{node.op}{'' if value is None else f' {value}'}")
        stack.extend((argument, level + 1) for argument in reversed(node.args))
    return "\n".join(lines)
