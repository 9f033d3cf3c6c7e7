"""A surface in 3-D, with trails on top of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d.art3d import Line3DCollection
from numpy.typing import NDArray

from ..viewpoint import AZIMUTHS, ELEVATION, azimuth
from .heights import Heights
from .trail import Trail, overlapping

LIFT = 0.02
"""A trail's lift above the surface, as a share of the range of heights."""

FACETS = 140
"""Facets of the surface along each axis: matplotlib draws some 10,000 a second."""

DEPTH = 0.7
"""The height of the box, as a share of its sides."""

Array = NDArray[np.float64]


def draw_relief(axes: Any, heights: Heights, trails: Sequence[Trail]) -> None:
    """Draw on 3-D axes, seen from where most of the trails is in sight."""
    surface, (low, high) = heights.surface, heights.span
    rows, columns = (_thinned(len(x)) for x in (surface.b, surface.a))
    a, b = np.meshgrid(surface.a[columns], surface.b[rows])
    shown = heights.values[np.ix_(rows, columns)]
    if np.isfinite(shown).any():
        # Facets with a corner that is not finite are left out: a gap says that there is no height.
        colours = ScalarMappable(heights.scale, heights.colours).to_rgba(np.nan_to_num(shown, nan=low))
        colours[~np.isfinite(shown)] = 0.0
        axes.plot_surface(
            a, b, np.ma.masked_invalid(shown), facecolors=colours, rcount=FACETS, ccount=FACETS,
            linewidth=0, antialiased=False, shade=False, zorder=1,
        )  # fmt: skip
    climbed = [_climb(axes, heights, trail) for trail in trails]
    angle = _angle(heights, np.concatenate(climbed)) if climbed else AZIMUTHS[0]
    a0, a1, b0, b1 = surface.extent
    axes.set(xlim=(a0, a1), ylim=(b0, b1), zlim=(low, high + 2 * LIFT * (high - low)))
    first, second = surface.plane.labels
    axes.set_xlabel(first, fontsize=10, labelpad=6)
    axes.set_ylabel(second, fontsize=10, labelpad=6)
    axes.set_zlabel("loss", fontsize=10, labelpad=6)
    axes.tick_params(labelsize=8, pad=1)
    # Without the labels at the ends: those of two axes would meet at a corner.
    axes.xaxis.set_major_locator(MaxNLocator(8, prune="both"))
    axes.yaxis.set_major_locator(MaxNLocator(8, prune="both"))
    axes.view_init(elev=ELEVATION, azim=angle)
    axes.set_box_aspect((1, 1, DEPTH), zoom=0.95)


def _climb(axes: Any, heights: Heights, trail: Trail) -> Array:
    """Draw a trail: between two steps it follows the surface, not the chord. Returns its points (n, 3)."""
    surface, (low, high) = heights.surface, heights.span
    height = np.asarray(surface.at(trail.a, trail.b)) + LIFT * (high - low)
    points = np.column_stack([trail.a, trail.b, height])
    segments = overlapping(points)
    whole = np.isfinite(segments).all(axis=(1, 2))
    if whole.any():
        line = Line3DCollection(segments[whole], zorder=3, **trail.style)
        if trail.colour is None:
            line.set_array(trail.step[:-1][whole])
        line.set_linewidth(2.4)
        shadow = Line3DCollection(segments[whole], colors="black", linewidths=3.8, zorder=2, capstyle="round")
        axes.add_collection3d(shadow)
        axes.add_collection3d(line)
    for step, colour, marker in trail.marks:
        place = int(np.abs(trail.step - step).argmin())
        if np.isfinite(height[place]):
            axes.scatter(
                *points[place], color=colour, marker=marker, edgecolor="black", s=38, depthshade=False, zorder=4
            )
    return points


def _angle(heights: Heights, points: Array) -> float:
    """The azimuth from which most of the points (n, 3) are in sight."""
    surface, (low, high) = heights.surface, heights.span
    a0, a1, b0, b1 = surface.extent
    a, b, height = points[np.isfinite(points[:, 2])].T
    unit = DEPTH / (high - low)
    ground = (surface.loss.astype(np.float64) - low) * unit
    return azimuth(ground, (a - a0) / (a1 - a0), (b - b0) / (b1 - b0), (height - low) * unit)


def _thinned(count: int) -> NDArray[np.intp]:
    """At most FACETS + 1 positions of `count`, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, FACETS + 1)).round().astype(np.intp))
