"""The expression language: from the text of a loss to a program.

parse (text -> syntax tree), infer (tree and the shapes of data -> all shapes), lower (both -> program), latex
(tree -> LaTeX). The table of functions is functions.py.
"""

from .declarations import pair
from .demands import check_values
from .functions import FUNCTIONS
from .lowering import lower
from .parser import parse
from .shapes import Shapes, infer
from .tree import Tree
from .typeset import BETWEEN_LINES, displayed, equations, latex

__all__ = [
    "BETWEEN_LINES",
    "FUNCTIONS",
    "Shapes",
    "Tree",
    "check_values",
    "displayed",
    "equations",
    "infer",
    "latex",
    "lower",
    "pair",
    "parse",
]
