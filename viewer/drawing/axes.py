"""The axes round a surface: grid lines on the floor and the two walls behind it, ticks and names in front.

In: a Box, the names of its axes, and from where it is seen. Out: lines and labels of the scene.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...scale import ticks
from .box import Box
from .labels import Label

TICK = 0.04
"""Length of a tick, in units of the scene."""

AWAY = 0.13
"""From an axis to the numbers beside it."""

NAMES_AWAY = 0.42
"""From an axis to its name."""

NUMBERS, NAMES = 9.0, 11.0
"""Sizes of the texts in points."""

Point = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Axes:
    """grid: the ends (k, 2, 3) of the grid lines. edges: of the axes and their ticks."""

    grid: NDArray[np.float64]
    edges: NDArray[np.float64]
    labels: tuple[Label, ...]


def axes(box: Box, names: tuple[str, str], side: tuple[int, int], above: bool, size: float = 1.0) -> Axes:
    """names: of a and b. side: on which side of the box the eye is, (1 or -1 along x, 1 or -1 along y). above: seen
    from straight above, where heights have no axis. size: of the texts, 1 in a window that has room for them."""
    a0, a1, b0, b1 = box.extent
    left, near = side[0] * box.width / 2, side[1] * box.depth / 2
    a, b = ticks(a0, a1, 7), ticks(b0, b1, 7)
    x, y = box.across(a.values), box.along(b.values)
    # The floor's and the walls' far rims, beside the lines of the ticks.
    back = (-left, -near, 0.0)
    grid: list[tuple[Point, Point]] = [(back, (left, -near, 0)), (back, (-left, near, 0))]
    if not above:
        grid += [(back, (-left, -near, box.height)), ((left, -near, 0), (left, -near, box.height))]
        grid += [((-left, near, 0), (-left, near, box.height))]
    edges: list[tuple[Point, Point]] = [((-left, near, 0), (left, near, 0)), ((left, -near, 0), (left, near, 0))]
    labels: list[Label] = []
    out_x, out_y = side
    for value, text in zip(x, a.texts, strict=True):
        grid += [((value, -near, 0), (value, near, 0)), ((value, -near, 0), (value, -near, box.height))]
        edges.append(((value, near, 0), (value, near + TICK * out_y, 0)))
        labels.append(Label(text, (value, near + AWAY * out_y, 0), NUMBERS))
    for value, text in zip(y, b.texts, strict=True):
        grid += [((-left, value, 0), (left, value, 0)), ((-left, value, 0), (-left, value, box.height))]
        edges.append(((left, value, 0), (left + TICK * out_x, value, 0)))
        labels.append(Label(text, (left + AWAY * out_x, value, 0), NUMBERS))
    labels += _name(names[0], a.common, (0.0, near + NAMES_AWAY * out_y, 0.0))
    labels += _name(names[1], b.common, (left + NAMES_AWAY * out_x, 0.0, 0.0))
    if not above:
        _upright(box, side, grid, edges, labels)
    sized = tuple(replace(label, size=label.size * size) for label in labels)
    return Axes(np.array(grid, np.float64), np.array(edges, np.float64), sized)


def _upright(
    box: Box,
    side: tuple[int, int],
    grid: list[tuple[Point, Point]],
    edges: list[tuple[Point, Point]],
    labels: list[Label],
) -> None:
    """Add the axis of heights: on the edge that is furthest left on the screen."""
    left, near = side[0] * box.width / 2, side[1] * box.depth / 2
    # Of the two upright edges at the ends of the picture: from (1, -1) one sees (-1, -1) on the left.
    at_x, at_y = (-left, near) if side[0] * side[1] < 0 else (left, -near)
    out = np.array([at_x, at_y]) / np.hypot(at_x, at_y)
    loss = box.heights.scale.ticks(7)
    for value, text in zip(box.up(loss.values), loss.texts, strict=True):
        z = float(value)
        grid += [((-left, -near, z), (left, -near, z)), ((-left, -near, z), (-left, near, z))]
        edges.append(((at_x, at_y, z), (at_x + TICK * out[0], at_y + TICK * out[1], z)))
        labels.append(Label(text, (at_x + AWAY * out[0], at_y + AWAY * out[1], z), NUMBERS))
    edges.append(((at_x, at_y, 0), (at_x, at_y, box.height)))
    labels += _name("loss", loss.common, (at_x + 0.12 * out[0], at_y + 0.12 * out[1], box.height + 0.14))


def _name(name: str, common: str, anchor: Point) -> list[Label]:
    """The name of an axis; what it tells in brackets stands below it, and what its numbers have in common."""
    head, _, rest = name.partition(" (")
    lines = [head.replace("$", r"\$")]
    if rest:
        lines.append(rest.removesuffix(")").replace("$", r"\$"))
    if common:
        lines[0] += f"  ({common})"
    sizes = [NAMES] + [NUMBERS] * (len(lines) - 1)
    return [
        Label(line, anchor, size, below=float(place))
        for place, (line, size) in enumerate(zip(lines, sizes, strict=True))
    ]
