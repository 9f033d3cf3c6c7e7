"""Bindings and functions of one's own, put in where they are used.

In: the lines of a text, whose nodes are trees. Out: the loss as one graph. What is put in is wrapped in an alias
that has the span of its use, so that errors point there; what a binding means is shared, never copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..errors import ExpressionError, Span
from .calls import check_count
from .functions import FUNCTIONS
from .tree import Node, Statement, names, postorder

MOST_NODES = 50_000
"""Operations that functions of one's own may expand to: f(x) = g(x) + g(x+1), a few lines deep, doubles each time."""


def expand(statements: Sequence[Statement], loss: Node) -> Node:
    """The loss with everything put in. Raises ExpressionError for a binding that nothing uses."""
    expansion = _Expansion()
    for statement in statements:
        expansion.take(statement)
    root = expansion.expanded(loss, {})
    _check_used(statements, loss)
    return root


class _Expansion:
    """What the lines so far have bound and defined."""

    def __init__(self) -> None:
        self.bound: dict[str, Node] = {}
        self.own: dict[str, tuple[tuple[str, ...], Node]] = {}
        self.made = 0

    def take(self, statement: Statement) -> None:
        if statement.parameters is None:
            self.bound[statement.name] = self.expanded(statement.body, {})
        else:
            parameters = {name: Node("parameter", (), (0, 0), name) for name in statement.parameters}
            self.own[statement.name] = statement.parameters, self.expanded(statement.body, parameters)

    def expanded(self, body: Node, parameters: Mapping[str, Node]) -> Node:
        """A tree as written, with bindings, parameters and functions put in."""

        def rule(node: Node, args: tuple[Node, ...]) -> Node:
            if node.op == "name":
                if node.value in parameters:
                    return Node("parameter", (), node.span, node.value)
                if node.value in self.bound:
                    return Node("alias", (self.bound[node.value],), node.span, node.value)
                return node
            if node.op == "call" and node.value.name not in FUNCTIONS:
                return self.applied(node, args)
            return node if args == node.args else Node(node.op, args, node.span, node.value)

        return self.rewrite(body, rule, body.span)

    def applied(self, call: Node, args: tuple[Node, ...]) -> Node:
        """The body of a function of one's own, its parameters replaced by the arguments of this call."""
        name = call.value.name
        parameters, body = self.own[name]
        check_count(name, len(args), len(parameters), len(parameters), call.span)
        given = dict(zip(parameters, args, strict=True))

        def rule(node: Node, args: tuple[Node, ...]) -> Node:
            if node.op == "parameter":
                # A parameter of a function that this call stands in has no value yet.
                return Node("alias", (given[node.value],), node.span, node.value)
            return node if args == node.args else Node(node.op, args, node.span, node.value)

        return Node("alias", (self.rewrite(body, rule, call.span),), call.span, name)

    def rewrite(self, root: Node, rule: Callable[[Node, tuple[Node, ...]], Node], span: Span) -> Node:
        """Apply the rule to every node, arguments first. A node whose arguments stay is shared."""
        new: dict[Node, Node] = {}
        for node in postorder(root):
            new[node] = rule(node, tuple(new[argument] for argument in node.args))
            self.made += new[node] is not node
            if self.made > MOST_NODES:
                raise ExpressionError(f"functions expand to more than {MOST_NODES:,} operations here", span)
        return new[root]


def _check_used(statements: Sequence[Statement], loss: Node) -> None:
    # A binding cannot stand in a line above its own, so any mention of it is a use.
    used = names(postorder(loss, *(statement.body for statement in statements)))
    for statement in statements:
        if statement.parameters is None and statement.name not in used:
            raise ExpressionError(
                f"{statement.name} is bound and never used", statement.span, hint="leave the line out"
            )
