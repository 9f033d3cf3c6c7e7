"""A picture of a surface: in 3-D beside its contours, with the path of a run; or a line for one scalar
weight.

In: a Surface. Out: a matplotlib Figure on the Agg canvas, which needs no display and leaves pyplot alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d.art3d import Line3DCollection
from numpy.typing import NDArray

from .title import write_title
from .viewpoint import AZIMUTHS, ELEVATION, azimuth

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .path import Path
    from .surface import Surface

HEIGHTS = "viridis"
TIMES = "autumn_r"
"""Yellow at the start to red at the end, as in the 2019 original."""

LIFT = 0.02
"""The path's lift above the surface in 3-D, as a share of the range of heights."""

FACETS = 140
"""Facets of the 3-D surface along each axis: matplotlib draws some 10,000 a second."""

LEVELS = 24
"""Bands of height in the contour plot."""

SEGMENTS = 500
"""Segments of the path at most, beside those put in to follow the surface."""

DEPTH = 0.7
"""The height of the 3-D box, as a share of its sides."""

LINE: dict[str, Any] = {"cmap": TIMES, "zorder": 3}

Array = NDArray[np.float64]


def plot(surface: Surface) -> Figure:
    """The picture of a surface and of its run, if it has one."""
    if len(surface.b) == 1:
        return _line(surface)
    figure = Figure(figsize=(13, 6.2), dpi=110)
    FigureCanvasAgg(figure)
    path = surface.path() if surface.run is not None else None
    heights = np.where(np.isfinite(surface.loss), surface.loss.astype(np.float64), np.nan)
    scale = _scale(heights)
    relief: Any = figure.add_axes((-0.01, 0.02, 0.485, 0.86), projection="3d", computed_zorder=False)
    contours = figure.add_axes((0.54, 0.125, 0.32, 0.6709))
    _relief(relief, surface, heights, scale, path)
    _contours(contours, surface, heights, scale, path)
    bars = [(ScalarMappable(scale, HEIGHTS), "loss")]
    if path is not None and len(path.step) > 1:
        bars.append((ScalarMappable(Normalize(0, len(path.step) - 1), TIMES), "step"))
    for place, (mappable, label) in enumerate(bars):
        box = figure.add_axes((0.878 + 0.058 * place, 0.125, 0.012, 0.6709))
        figure.colorbar(mappable, cax=box, ticks=MaxNLocator(10, integer=label == "step"))
        box.set_title(label, fontsize=9, pad=6)
        box.tick_params(labelsize=8)
    headings(figure, surface)
    return figure


def _scale(heights: Array) -> Normalize:
    """The colour scale of the finite heights; of 0 to 1 where there are none."""
    finite = heights[np.isfinite(heights)]
    if not finite.size:
        return Normalize(0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    # A constant surface still needs a scale, and contour levels that rise.
    room = max(abs(low), 1.0) * 1e-6 if high - low <= abs(low) * 1e-12 else 0.0
    return Normalize(low - room, high + room)


def _relief(axes: Any, surface: Surface, heights: Array, scale: Normalize, path: Path | None) -> None:
    """The surface in 3-D, with the path on top of it."""
    rows, columns = (_thinned(len(x)) for x in (surface.b, surface.a))
    a, b = np.meshgrid(surface.a[columns], surface.b[rows])
    shown = heights[np.ix_(rows, columns)]
    if np.isfinite(shown).any():
        # Facets with a corner that is not finite are left out: a gap says that there is no height.
        colours = ScalarMappable(scale, HEIGHTS).to_rgba(np.nan_to_num(shown, nan=scale.vmin or 0.0))
        colours[~np.isfinite(shown)] = 0.0
        axes.plot_surface(
            a, b, np.ma.masked_invalid(shown), facecolors=colours, rcount=FACETS, ccount=FACETS,
            linewidth=0, antialiased=False, shade=False, zorder=1,
        )  # fmt: skip
    low, high = float(scale.vmin or 0.0), float(scale.vmax or 1.0)
    angle = AZIMUTHS[0]
    if path is not None:
        angle = _climb(axes, surface, path, low, high)
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


def _climb(axes: Any, surface: Surface, path: Path, low: float, high: float) -> float:
    """The path in 3-D: between two steps it follows the surface, not the chord. Returns the azimuth to look
    from.
    """
    a, b, step = _followed(surface, path)
    height = np.asarray(surface.at(a, b)) + LIFT * (high - low)
    points = np.column_stack([a, b, height])
    segments = _overlapping(points)
    whole = np.isfinite(segments).all(axis=(1, 2))
    if whole.any():
        line = Line3DCollection(segments[whole], cmap=TIMES, norm=Normalize(0, max(len(path.step) - 1, 1)), zorder=3)
        line.set_array(step[:-1][whole])
        line.set_linewidth(2.4)
        shadow = Line3DCollection(segments[whole], colors="black", linewidths=3.8, zorder=2, capstyle="round")
        axes.add_collection3d(shadow)
        axes.add_collection3d(line)
    for place, colour in _ends(points):
        axes.scatter(*points[place], color=colour, edgecolor="black", s=38, depthshade=False, zorder=4)
    a0, a1, b0, b1 = surface.extent
    seen = np.isfinite(height)
    unit = DEPTH / (high - low)
    ground = (surface.loss.astype(np.float64) - low) * unit
    across, along = (a[seen] - a0) / (a1 - a0), (b[seen] - b0) / (b1 - b0)
    return azimuth(ground, across, along, (height[seen] - low) * unit)


def _contours(axes: Axes, surface: Surface, heights: Array, scale: Normalize, path: Path | None) -> None:
    """Filled contours with thin lines, and the path."""
    axes.set_facecolor("lightgrey")  # where there is no height
    a0, a1, b0, b1 = surface.extent
    low, high = float(scale.vmin or 0.0), float(scale.vmax or 1.0)
    if np.isfinite(heights).sum() > 3:
        levels = np.linspace(low, high, LEVELS + 1)
        shown = np.ma.masked_invalid(heights)
        axes.contourf(surface.a, surface.b, shown, levels=levels, norm=scale, cmap=HEIGHTS)
        axes.contour(surface.a, surface.b, shown, levels=levels, colors="white", linewidths=0.3, alpha=0.5)
    if path is not None:
        points = np.column_stack([path.a, path.b])
        a, b, step = _followed(surface, path)
        fine = np.column_stack([a, b])
        segments = _overlapping(fine)
        axes.plot(path.a, path.b, color="black", linewidth=3.2, zorder=2, solid_capstyle="round")
        line = LineCollection(list(segments), norm=Normalize(0, max(len(path.step) - 1, 1)), **LINE)
        line.set_array(step[:-1])
        line.set_linewidth(2.0)
        axes.add_collection(line, autolim=False)
        for place, colour in _ends(points):
            x, y = points[place]
            axes.scatter(x, y, color=colour, edgecolor="black", s=38, zorder=4)
    axes.set(xlim=(a0, a1), ylim=(b0, b1))
    first, second = surface.plane.axes_labels
    axes.set_xlabel(first, fontsize=10)
    axes.set_ylabel(second, fontsize=10)
    axes.tick_params(labelsize=8)
    if 0.5 <= (a1 - a0) / (b1 - b0) <= 2 and surface.plane.v is not None:
        axes.set_box_aspect((b1 - b0) / (a1 - a0))


def _line(surface: Surface) -> Figure:
    """The picture of a line: the loss against its one coordinate."""
    figure = Figure(figsize=(8.5, 5.6), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.11, 0.12, 0.75 if surface.run is not None else 0.84, 0.7))
    axes.plot(
        surface.a,
        np.where(np.isfinite(surface.loss[0]), surface.loss[0], np.nan),
        color="#31688e",
        linewidth=2,
    )
    if surface.run is not None:
        path = surface.path()
        marks = axes.scatter(
            path.a, path.height, c=path.step, cmap=TIMES, s=26, edgecolor="black", linewidth=0.4, zorder=3
        )
        box = figure.add_axes((0.89, 0.12, 0.02, 0.7))
        figure.colorbar(marks, cax=box, ticks=MaxNLocator(10, integer=True))
        box.set_title("step", fontsize=9, pad=6)
    axes.set_xlim(surface.a[0], surface.a[-1])
    axes.set_xlabel(surface.plane.axes_labels[0], fontsize=10)
    axes.set_ylabel("loss", fontsize=10)
    axes.grid(alpha=0.3)
    headings(figure, surface)
    return figure


def headings(figure: Figure, surface: Surface, notes: tuple[str, ...] = ()) -> None:
    """The loss as the title; below it the optimizer and what the reader must know, `notes` at its end."""
    write_title(figure, surface.latex, surface.expression)
    run = surface.run
    told = [] if run is None else [f"{run.optimizer}, {run.epochs:,} epochs, final loss {run.loss[-1]:.4g}"]
    told += [text for text in (surface.message, "" if run is None else run.message, *notes) if text]
    if told:
        text = ";  ".join(told)
        size = min(9.5, 9.5 * 130 * figure.get_figwidth() / 13 / len(text))
        figure.text(0.5, 0.885, text, ha="center", va="center", fontsize=size, color="#444444")


def _thinned(count: int) -> NDArray[np.intp]:
    """At most FACETS + 1 positions of `count`, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, FACETS + 1)).round().astype(np.intp))


def _followed(surface: Surface, path: Path) -> tuple[Array, Array, Array]:
    """The path's coordinates and steps, thinned if it is long, and with points between far ones."""
    kept = np.flatnonzero(np.isfinite(path.a) & np.isfinite(path.b))
    if len(kept) > SEGMENTS:
        kept = kept[np.unique(np.linspace(0, len(kept) - 1, SEGMENTS).round().astype(np.intp))]
    if len(kept) < 2:
        return path.a[kept], path.b[kept], kept.astype(np.float64)
    a0, a1, b0, b1 = surface.extent
    a, b = path.a[kept], path.b[kept]
    far = np.maximum(np.abs(np.diff(a)) / (a1 - a0), np.abs(np.diff(b)) / max(b1 - b0, np.finfo(float).tiny))
    parts = np.clip(np.ceil(far * FACETS), 1, FACETS).astype(np.intp)
    places = np.concatenate(
        [k + np.arange(count) / count for k, count in enumerate(parts)] + [np.array([len(kept) - 1.0])]
    )
    whole = np.arange(len(kept))
    return np.interp(places, whole, a), np.interp(places, whole, b), np.interp(places, whole, kept)


def _overlapping(points: Array) -> Array:
    """Points (n, d) as n - 1 lines of three points, each over the next one's first half: lines that only met would
    leave seams between them."""
    after = np.concatenate([points[2:], points[-1:]])
    return np.stack([points[:-1], points[1:], after[: len(points) - 1]], axis=1)


def _ends(points: Array) -> list[tuple[int, str]]:
    """The first and the last finite point, each with the colour of its time."""
    finite = np.flatnonzero(np.isfinite(points).all(axis=1))
    return [] if not finite.size else [(int(finite[0]), "#ffff00"), (int(finite[-1]), "#ff0000")]
