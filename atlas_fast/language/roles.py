"""The parts that weights play in a text."""

from __future__ import annotations

from collections.abc import Collection

from .tree import Node, postorder


def biases(root: Node, data: Collection[str]) -> frozenset[str]:
    """The weights that are, wherever they stand, terms of sums with another term that holds data.

    root: a loss with everything put in. data: names; every other name is a weight.
    """
    nodes = postorder(root)
    holds: dict[Node, bool] = {}
    for node in nodes:
        holds[node] = node.value in data if node.op == "name" else any(holds[a] for a in node.args)
    terms: set[str] = set()
    others: set[str] = set()
    inner: set[Node] = set()
    for node in reversed(nodes):
        if node.op == "sum" and node not in inner:
            found = _terms(node, inner)
            holding = sum(holds[term] for term in found)
            for term in found:
                (terms if holding - holds[term] else others).add(_bare(term))
        elif node.op not in ("sum", "alias", "negate"):
            others.update(_bare(argument) for argument in node.args)
    others.add(_bare(root))
    return frozenset(name for name in terms - others if name and name not in data)


def _terms(node: Node, inner: set[Node]) -> list[Node]:
    """The terms of a sum however parenthesized; sums within it are added to `inner`. A sum behind a name is a term:
    it may be shared, and stand behind many."""
    terms: list[Node] = []
    stack = [node]
    while stack:
        found = stack.pop()
        if found.op == "sum":
            inner.add(found)
            stack.extend(found.args)
        elif found.op == "negate":
            stack.append(found.args[0])
        else:
            terms.append(found)
    return terms


def _bare(node: Node) -> str:
    """The name that stands here alone, signs aside, or nothing."""
    while node.op in ("alias", "negate"):
        node = node.args[0]
    return node.value if node.op == "name" else ""
