"""What functions want of the values of data: labels that exist, targets in range.

In: a syntax tree and the data. Out: a DataError, or nothing. Looked at is every argument that holds no weights: a name
of data, numbers, and what is computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..kernels import reference
from .functions import FUNCTIONS
from .lowering import lower
from .shapes import Shapes
from .tree import Node, Tree, names, postorder


def check_values(tree: Tree, data: Mapping[str, NDArray[np.float64]]) -> None:
    """Raises DataError naming the first entry that a function of the text cannot use, and what it wants.

    To be called once the shapes are known to fit.
    """
    for node in postorder(tree.root):
        demand = FUNCTIONS[node.value.name].demand if node.op == "call" else None
        if demand is None:
            continue
        argument, options = node.args[demand.argument], dict(node.value.options)
        if not names(postorder(argument)) <= data.keys():
            continue
        values = _values(tree, argument, data)
        wrong = np.argwhere(~demand.right(values, **options))
        if len(wrong):
            row, column = wrong[0]
            raise DataError(
                f"{_text(tree, argument)} holds {values[row, column]:g} at row {row}, column {column}: "
                f"{_text(tree, node)} wants {demand.words(**options)}"
            )


def _values(tree: Tree, node: Node, data: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """What a node without weights is, by the reference."""
    shapes = {name: (array.shape[0], array.shape[1]) for name, array in data.items()}
    program = lower(Tree(tree.text, (), node, node), Shapes(shapes, {}))
    return reference.evaluate(program, {name: data[name] for name in program.data})[0]


def _text(tree: Tree, node: Node) -> str:
    return " ".join(tree.text[node.span[0] : node.span[1]].split())
