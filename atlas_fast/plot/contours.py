"""A surface from above: filled contours with thin lines, and trails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection

from .heights import Heights
from .trail import Trail, overlapping

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = 24
"""Bands of height, closer together the lower they are, as squares: a run ends where its surface is low and flat."""


def draw_contours(axes: Axes, heights: Heights, trails: Sequence[Trail], lines: str = "white") -> None:
    """Draw on flat axes; `lines` is the colour between two bands."""
    axes.set_facecolor("lightgrey")  # where there is no height
    surface, (low, high) = heights.surface, heights.span
    a0, a1, b0, b1 = surface.extent
    if np.isfinite(heights.values).sum() > 3:
        levels = low + (high - low) * np.linspace(0, 1, LEVELS + 1) ** 2
        shown = np.ma.masked_invalid(heights.values)
        axes.contourf(surface.a, surface.b, shown, levels=levels, norm=heights.scale, cmap=heights.colours)
        axes.contour(surface.a, surface.b, shown, levels=levels, colors=lines, linewidths=0.3, alpha=0.5)
    for trail in trails:
        _draw(axes, trail)
    axes.set(xlim=(a0, a1), ylim=(b0, b1))
    first, second = surface.plane.axes_labels
    axes.set_xlabel(first, fontsize=10)
    axes.set_ylabel(second, fontsize=10)
    axes.tick_params(labelsize=8)
    if 0.5 <= (a1 - a0) / (b1 - b0) <= 2 and surface.plane.v is not None:
        axes.set_box_aspect((b1 - b0) / (a1 - a0))


def _draw(axes: Axes, trail: Trail) -> None:
    axes.plot(trail.a, trail.b, color="black", linewidth=3.2, zorder=2, solid_capstyle="round")
    line = LineCollection(list(overlapping(np.column_stack([trail.a, trail.b]))), zorder=3, **trail.style)
    if trail.colour is None:
        line.set_array(trail.step[:-1])
    line.set_linewidth(2.0)
    axes.add_collection(line, autolim=False)
    for step, colour, marker in trail.marks:
        place = int(np.abs(trail.step - step).argmin())
        axes.scatter(trail.a[place], trail.b[place], color=colour, edgecolor="black", s=38, zorder=4, marker=marker)
