"""Data with the samples in their rows: data are features x samples, and files and other libraries often are not.

In: the shapes of data. Out: a ShapeError where data alone tell it, else the hint for another error, tried before it
is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..errors import ShapeError
from .declarations import PartialShape, Shape
from .tree import Tree, names, postorder


def check_orientation(tree: Tree, data: Mapping[str, Shape], weights: Mapping[str, PartialShape]) -> None:
    """Raise ShapeError where two matrices of data have the samples in their rows.

    Two that agree in rows and not in columns were laid out the other way round. A square matrix may be an operator on
    the other's features, and is let pass; so is all where every weight's shape is given, since it is inference that
    takes columns for samples.
    """
    used = names(postorder(tree.root))
    if all(None not in weights.get(name, (None,)) for name in used - data.keys()):
        return
    first: dict[int, tuple[str, int]] = {}
    for name, (rows, columns) in data.items():
        if name not in used or 1 in (rows, columns) or rows == columns:
            continue
        other, width = first.setdefault(rows, (name, columns))
        if width != columns:
            raise ShapeError(
                f"{other} ({rows} x {width}) and {name} ({rows} x {columns}) agree in rows and not in columns: "
                "data are features x samples",
                hint=f"transpose them: {other}.T and {name}.T",
            )


def turned_hint(tree: Tree, data: Mapping[str, Shape], fits: Callable[[dict[str, Shape]], bool]) -> str:
    """Which data to transpose, where that mends the text; else nothing. fits: whether a text fits these data."""
    used = names(postorder(tree.root))
    for turned in _candidates({name: shape for name, shape in data.items() if name in used}):
        if fits({name: shape[::-1] if name in turned else shape for name, shape in data.items()}):
            have = f"{turned[0]} has" if len(turned) == 1 else f"{' and '.join(turned)} have"
            given = " and ".join(f"{name}.T" for name in turned)
            return f"data are features x samples, and {have} samples as rows: give {given}"
    return ""


def _candidates(data: Mapping[str, Shape]) -> Iterator[list[str]]:
    """Names that may have the samples in their rows: one as long as others are wide, or all, equally long."""
    for name, (rows, _) in data.items():
        if rows > 1 and any(columns == rows for other, (_, columns) in data.items() if other != name):
            yield [name]
    long = [name for name, (rows, _) in data.items() if rows > 1]
    if len(long) > 1 and len({data[name][0] for name in long}) == 1:
        yield long
