"""The loss as a picture's title: typeset by matplotlib's mathtext, shrunk to fit, in plain characters where
it must.

In: the LaTeX of a loss and its text. Out: a text on a figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.mathtext import MathTextParser

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST = 17.0
SMALLEST = 7.0
"""Font sizes in points: a title that would be smaller than this is cut."""

LONGEST = 1500
"""Characters of LaTeX that are typeset at all: more would not be read at the smallest size, and takes
seconds.
"""

WIDEST = 0.94
"""The share of the figure's width that a title may take."""


def write_title(figure: Figure, latex: str, expression: str) -> None:
    """Write the title at the top of a figure, no wider than the figure."""
    text = figure.text(0.5, 0.945, "", ha="center", va="center")
    for candidate in (_typeset(latex, _lines(expression) == 1), _plain(expression)):
        if candidate is None:
            continue
        text.set_text(candidate)
        text.set_fontsize(LARGEST)
        room = WIDEST * figure.get_figwidth() * figure.dpi
        width = text.get_window_extent().width
        size = LARGEST * min(1.0, room / max(width, 1.0))
        if size >= SMALLEST:
            text.set_fontsize(size)
            return
    # Too long to be read at any size: its beginning, and dots.
    text.set_fontsize(SMALLEST)
    shown = _plain(expression)
    text.set_text(shown[: max(1, int(len(shown) * size / SMALLEST) - 3)] + " ..")


def _lines(expression: str) -> int:
    """How many lines say something: more than one bind names, and the last is the loss."""
    return sum(1 for line in expression.splitlines() if line.split("#")[0].strip())


def _typeset(latex: str, alone: bool) -> str | None:
    """The title in mathtext's notation, as an equation if the loss stands alone; None where it cannot be typeset."""
    title = f"$L = {latex}$" if alone else f"${latex}$"
    if len(title) > LONGEST:
        return None
    try:
        MathTextParser("agg").parse(title)
    except (ValueError, RuntimeError):
        return None
    return title


def _plain(expression: str) -> str:
    """The expression in a line, its characters taken as they are."""
    return " ; ".join(" ".join(line.split()) for line in expression.splitlines() if line.strip()).replace("$", r"\$")
