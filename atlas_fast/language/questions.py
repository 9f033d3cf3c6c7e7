"""The question for sizes that nothing determines."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..errors import ShapeError, Span
from .declarations import PartialShape, Shape
from .functions import Sizes as Pair
from .names import nearest
from .unification import Sizes

_USUAL = ("X", "Y", "x", "y")
"""What data are called where one has forgotten to give them."""

_AXES = ("rows", "columns")
MOST_QUESTIONS, MOST_MEMBERS = 6, 12
"""What one message asks for, and how many equal sizes it lists for each; a network of the usual depth fits."""


def question(
    weights: Mapping[str, Pair],
    data: Mapping[str, Shape],
    sizes: Sizes,
    given: Mapping[str, PartialShape],
    places: Mapping[str, Span],
) -> ShapeError | None:
    """One question a class of equal sizes, and what to give to answer them; None if all is known.

    weights: those of the text. data, given: all that were given, also such as the text does not use.
    """
    classes: dict[int, list[tuple[str, int]]] = {}
    for name, shape in weights.items():
        for axis, variable in enumerate(shape):
            if sizes.size(variable) is None:
                classes.setdefault(sizes.find(variable), []).append((name, axis))
    if not classes:
        return None
    wanted = [name for name in weights if name not in given]
    forgotten = [name for name in wanted if name in _USUAL]
    if not data and forgotten:
        shown = ", ".join(f'"{name}": ..' for name in forgotten)
        return ShapeError(
            f"no data were given, and without them sizes are not determined: give data={{{shown}}}",
            places[forgotten[0]],
            hint=f'where {forgotten[0]} is a weight, give its shape: weights={{"{forgotten[0]}": (20, 30)}}',
        )
    answer: dict[str, list[int | None]] = {}
    asked = []
    for number, members in enumerate(list(classes.values())[:MOST_QUESTIONS], 1):
        # The rows of a layer's weights are the number of its units, which is how people think of it.
        name, axis = next((member for member in members if member[1] == 0), members[0])
        answer.setdefault(name, list(given.get(name, (None, None))))[axis] = 10 * number
        same = [f"{name}'s {_AXES[axis]}" for name, axis in members]
        asked.append(" = ".join(same if len(same) <= MOST_MEMBERS else [*same[: MOST_MEMBERS - 1], "…"]))
    shown = ", ".join(f'"{name}": ({rows}, {columns})' for name, (rows, columns) in answer.items())
    if len(classes) > len(asked):
        asked.append(f"{len(classes) - len(asked):,} other sizes")
    return ShapeError(
        f"{' and '.join(asked)} {'is' if len(asked) == 1 else 'are'} not determined: give weights={{{shown}}}",
        places[next(iter(answer))],
        hint=_unread(wanted, data, given, places)
        or _column({name: shape for name, shape in data.items() if name in places})
        or _missing(weights, sizes, given),
    )


def _unread(wanted: Collection[str], data: Collection[str], given: Collection[str], places: Collection[str]) -> str:
    """A name that was given, and that the text, which wants others, does not use."""
    unread = [name for name in (*data, *given) if name not in places]
    near = [(name, found) for name in unread if (found := nearest(name, wanted))]
    if near:
        return " ".join(f"{name} is given and the text does not use it; did you mean {other}?" for name, other in near)
    # More data than the text uses are nothing strange, unless it uses none.
    strange = [name for name in unread if name in given or not any(other in places for other in data)]
    return f"{strange[0]} is given and the text does not use it" if strange else ""


def _column(data: Mapping[str, Shape]) -> str:
    """A column of data as long as others have samples keeps sizes from being found."""
    for name, (rows, columns) in data.items():
        for other, (_, samples) in data.items():
            if columns == 1 and samples == rows > 1 and name != other:
                return f"{name} is a column of {rows}, and {other} has {rows} samples as columns; write {name}'"
    return ""


def _missing(weights: Mapping[str, Pair], sizes: Sizes, given: Mapping[str, PartialShape]) -> str:
    """A weight with a column for each sample is more likely data that were not given."""
    for name, (_, columns) in weights.items():
        if name not in given and sizes.samples(columns):
            return f'if {name} is data, give it: data={{"{name}": ..}}'
    return ""
