"""The loss as a picture's title: typeset by matplotlib's mathtext, shrunk to fit, in plain characters where it must.

In: the LaTeX of a loss and its text. Out: texts on a figure, the loss above and below it what it was bound to.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from matplotlib.mathtext import MathTextParser

from .language import BETWEEN_LINES

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

LARGEST, SECOND = 17.0, 12.0
"""Font sizes in points of the loss and of the line below it, where there is room."""

SMALLEST = 7.0
"""The font size in points under which a title is cut."""

LONGEST = 1500
"""Characters of LaTeX that are typeset at all: more would not be read at the smallest size, and takes seconds."""

WIDEST = 0.94
"""The share of the figure's width that a title may take."""

TOP, BELOW, AFTER = 0.945, 0.885, 0.845
"""Heights in the figure: of the loss, of the line below it, and of one more."""


def write_title(figure: Figure, latex: str, expression: str) -> float:
    """Write the title at the top of a figure, no wider than the figure. Returns the height for the next line."""
    *definitions, loss = latex.split(BETWEEN_LINES)
    if _write(figure, TOP, LARGEST, rf"$\mathcal{{L}} = {loss}$"):
        return AFTER if _write_most(figure, definitions) else BELOW
    _write_plain(figure, " ; ".join(" ".join(line.split()) for line in expression.splitlines() if line.strip()))
    return BELOW


def _write_most(figure: Figure, definitions: list[str]) -> bool:
    """Write as many of the first definitions in a line as there is room for; False if for none."""

    def written(count: int) -> bool:
        shown = ",   ".join(f"${definition}$" for definition in definitions[:count])
        return _write(figure, BELOW, SECOND, f"where {shown}" + (", .." if count < len(definitions) else ""))

    def is_too_many(count: int) -> bool:
        fits = written(count)
        if fits:
            figure.texts[-1].remove()
        return not fits

    if not definitions or written(len(definitions)):
        return bool(definitions)
    # Of hundreds each try takes a tenth of a second.
    most = bisect_left(range(1, len(definitions)), True, key=is_too_many)
    return most > 0 and written(most)


def _write(figure: Figure, height: float, largest: float, row: str) -> bool:
    """Write a row if it can be typeset and read."""
    if len(row) > LONGEST or not _is_typeset(row):
        return False
    text = figure.text(0.5, height, row, ha="center", va="center")
    if _fit(figure, text, largest) >= SMALLEST:
        return True
    text.remove()
    return False


def _is_typeset(row: str) -> bool:
    try:
        MathTextParser("agg").parse(row)
    except (ValueError, RuntimeError):
        return False
    return True


def _fit(figure: Figure, text: Text, largest: float) -> float:
    """Shrink a text to the figure's width. Returns the font size in points."""
    text.set_fontsize(largest)
    room = WIDEST * figure.get_figwidth() * figure.dpi
    size = largest * min(1.0, room / max(text.get_window_extent().width, 1.0))
    text.set_fontsize(size)
    return size


def _write_plain(figure: Figure, line: str) -> None:
    """The characters as they are; of what is too long to be read at any size the beginning, and dots."""
    text = figure.text(0.5, TOP, line.replace("$", r"\$"), ha="center", va="center")
    size = _fit(figure, text, LARGEST)
    if size < SMALLEST:
        text.set_text(line[: max(1, int(len(line) * size / SMALLEST) - 3)].replace("$", r"\$") + " ..")
        text.set_fontsize(SMALLEST)
