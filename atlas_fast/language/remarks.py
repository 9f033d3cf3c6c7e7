"""What is right and may still surprise: remarks that explanations show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .functions import FUNCTIONS
from .functions import Sizes as Pair
from .tree import Node, Tree, postorder
from .unification import Sizes


def remarks(tree: Tree, shapes: Mapping[Node, Pair], sizes: Sizes, unused: Sequence[str]) -> tuple[str, ...]:
    """A line for each. unused: weights that were declared and do not occur in the text."""
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
        elif node.op == "sum":
            found += _outer(tree, node, shapes, sizes)
    return tuple(dict.fromkeys(found))


def _text(tree: Tree, node: Node) -> str:
    return " ".join(tree.text[node.span[0] : node.span[1]].split())


def _outer(tree: Tree, node: Node, shapes: Mapping[Node, Pair], sizes: Sizes) -> list[str]:
    """A row and a column that a sum broadcasts to a matrix larger than either."""
    known = [tuple(sizes.size(variable) or 1 for variable in shapes[argument]) for argument in node.args]
    rows, columns = max(shape[0] for shape in known), max(shape[1] for shape in known)
    if 1 in (rows, columns) or any(shape != (1, 1) and 1 not in shape for shape in known):
        return []
    row = node.args[known.index((1, columns))]
    column = node.args[known.index((rows, 1))]
    return [f"{_text(tree, row)} is a row and {_text(tree, column)} a column: their sum is {rows} x {columns}"]
