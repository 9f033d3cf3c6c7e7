"""What functions want of the values of data: labels that exist, targets in range.

In: a syntax tree and the data. Out: a DataError, or nothing. Only a name of data that stands as the argument itself is
looked at; what is computed from data may be anything.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .functions import FUNCTIONS
from .tree import Tree, postorder


def check_values(tree: Tree, data: Mapping[str, NDArray[np.float64]]) -> None:
    """Raises DataError naming the first entry that a function of the text cannot use, and what it wants."""
    for node in postorder(tree.root):
        demand = FUNCTIONS[node.value.name].demand if node.op == "call" else None
        if demand is None or node.args[demand.argument].op != "name":
            continue
        name, options = node.args[demand.argument].value, dict(node.value.options)
        if name in data:
            wrong = np.argwhere(~demand.right(data[name], **options))
            if len(wrong):
                row, column = wrong[0]
                text = " ".join(tree.text[node.span[0] : node.span[1]].split())
                raise DataError(
                    f"{name} holds {data[name][row, column]:g} at row {row}, column {column}: "
                    f"{text} wants {demand.words(**options)}"
                )
