"""What is right and may still surprise: remarks that explanations show."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from .functions import FUNCTIONS
from .functions import Sizes as Pair
from .tree import TRANSPOSE, Node, Tree, meant, names, postorder
from .unification import Sizes


def remarks(
    tree: Tree, shapes: Mapping[Node, Pair], sizes: Sizes, data: Collection[str], unused: Sequence[str]
) -> tuple[str, ...]:
    """A line for each. data: names; the others in the text are weights. unused: weights that were declared and do not
    occur in the text."""
    found = [f"{name} is declared as a weight and does not occur in the text" for name in unused]
    for node in postorder(tree.root):
        if node.op == "call" and FUNCTIONS[node.value.name].normalizes:
            axis = node.value.option("axis")
            last = 1 if axis is None else axis
            if sizes.size(shapes[node.args[0]][last]) == 1:
                found.append(f"{_text(tree, node)} runs over a single entry, so it does not depend on it")
            if sizes.samples(shapes[node.args[0]][last]):
                found.append(
                    f"{_text(tree, node)} runs over the samples; "
                    f"axis={1 - last} would run over the entries of each sample"
                )
        elif node.op == "call" and FUNCTIONS[node.value.name].applies:
            found += _logits(tree, node, data)
        elif node.op == "sum":
            found += _outer(tree, node, shapes, sizes)
    return tuple(dict.fromkeys(found))


def _text(tree: Tree, node: Node) -> str:
    return " ".join(tree.text[node.span[0] : node.span[1]].split())


def _logits(tree: Tree, node: Node, data: Collection[str]) -> list[str]:
    """A loss of logits that is given what its own function made of them, or the targets first."""
    loss = FUNCTIONS[node.value.name]
    first, second = node.args
    inner = meant(first)
    while inner.op == "call" and inner.value.name == TRANSPOSE:
        inner = meant(inner.args[0])
    if inner.op == "call" and inner.value.name == loss.applies:
        return [
            f"{loss.name} takes logits and applies {loss.applies} to them: with {_text(tree, first)} it is applied "
            f"twice; give what stands in its brackets"
        ]
    learnt = [names(postorder(argument)) - set(data) for argument in (first, second)]
    if learnt[1] and not learnt[0]:
        return [
            f"{loss.name} takes logits, then targets: {_text(tree, first)}, which holds no weights, stands for the "
            f"logits and {_text(tree, second)} for the targets; write them the other way round"
        ]
    return []


def _outer(tree: Tree, node: Node, shapes: Mapping[Node, Pair], sizes: Sizes) -> list[str]:
    """A row and a column that a sum broadcasts to a matrix larger than either."""
    known = [tuple(sizes.size(variable) or 1 for variable in shapes[argument]) for argument in node.args]
    rows, columns = max(shape[0] for shape in known), max(shape[1] for shape in known)
    if 1 in (rows, columns) or any(shape != (1, 1) and 1 not in shape for shape in known):
        return []
    row = node.args[known.index((1, columns))]
    column = node.args[known.index((rows, 1))]
    return [f"{_text(tree, row)} is a row and {_text(tree, column)} a column: their sum is {rows} x {columns}"]
