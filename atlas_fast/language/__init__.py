"""The expression language: from the text of a loss to a program.

parse (text -> syntax tree), infer (tree and the shapes of data -> all shapes), lower (both -> program), latex
(tree -> LaTeX). The table of functions is functions.py.
"""

from .demands import check_values
from .functions import FUNCTIONS
from .lowering import lower
from .parser import parse
from .shapes import Shapes, infer
from .tree import Tree
from .typeset import latex

__all__ = ["FUNCTIONS", "Shapes", "Tree", "check_values", "infer", "latex", "lower", "parse"]
