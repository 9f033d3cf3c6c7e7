"""A picture of a comparison: the surface in grey, in 3-D and from above, every run in its own colour, and below them
the losses with the legend.

In: a Comparison. Out: a Picture.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..title import write_title
from .contours import draw_contours
from .figure import Picture
from .heights import Heights
from .relief import draw_relief
from .trail import Trail

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..comparison import Comparison

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#000000")
"""Okabe and Ito (2008), which people with any colour blindness can tell apart, the most distinct first."""

ON_VIRIDIS = ("#d55e00", "#56b4e9", "#cc79a7", "#e69f00", "#009e73", "#f0e442", "#0072b2", "#000000")
"""The same, those first that are far from the violet, blue and green of a surface."""

GREYS = LinearSegmentedColormap.from_list("greys", ["#f7f7f5", "#566070"])
"""Light valleys, where the runs are, and dark heights: colours are left to the runs."""

LINES = "#2b313a"
"""Contour lines, which must be seen on the light valleys."""

START = "#ffffff"

LOGARITHMIC = 30.0
"""The ratio of losses from which they are drawn on a logarithmic scale."""

DEEPEST = 1e-8
"""Where that scale ends, as a share of the highest loss: a run to 1e-100 would make all others one line."""

LEGEND_HEIGHT = 205.0
"""Points that there are for the legend."""

WIDTH = 56
"""Characters of a line of the legend."""


def plot_comparison(comparison: Comparison) -> Picture:
    """The picture."""
    figure = Picture(13, 9)
    surface = comparison.surface
    if len(surface.b) == 1:
        _along(figure.add_axes((0.07, 0.42, 0.86, 0.47)), comparison)
    else:
        trails = [
            Trail.of(surface, surface.path(run), colour, START)
            for run, colour in zip(comparison.runs, PALETTE, strict=False)
        ]
        heights = Heights.of(surface, GREYS)
        relief: Any = figure.add_axes((-0.005, 0.35, 0.5, 0.57), projection="3d", computed_zorder=False)
        draw_relief(relief, heights, trails)
        draw_contours(figure.add_axes((0.575, 0.43, 0.35, 0.465)), heights, trails, lines=LINES)
    losses = figure.add_axes((0.07, 0.075, 0.5, 0.25))
    _losses(losses, comparison)
    _legend(figure, comparison)
    write_title(figure, surface.latex, surface.expression)
    return figure


def _losses(axes: Axes, comparison: Comparison) -> None:
    """The loss of every step of every run; one that leaves for good goes out of the frame."""
    seen = np.concatenate([run.loss[:count] for run, count in zip(comparison.runs, comparison.shown, strict=True)])
    low, high = float(seen.min()), float(seen.max())
    # The limits come first: a run to 1e300 would overflow matplotlib's own search for them.
    if low > 0 and high / low > LOGARITHMIC:
        low = max(low, DEEPEST * high)
        axes.set_yscale("log")
        axes.set_ylim(low / (high / low) ** 0.05, high * (high / low) ** 0.05)
    else:
        room = 0.05 * (high - low) or max(abs(low), 1.0) * 0.05
        axes.set_ylim(low - room, high + room)
    for run, colour in zip(comparison.runs, PALETTE, strict=False):
        finite = np.flatnonzero(run.finite)
        axes.plot(finite, run.loss[finite], color=colour, linewidth=1.8)
    axes.set_xlabel("step", fontsize=10)
    axes.set_ylabel("loss", fontsize=10)
    axes.tick_params(labelsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.grid(alpha=0.3)


def _legend(figure: Picture, comparison: Comparison) -> None:
    """What each colour is, with its final loss, and what the marks are."""
    handles, texts = [], []
    for number, (label, run) in enumerate(zip(comparison.labels, comparison.runs, strict=True)):
        end = "" if run.diverged_at is not None else f"final loss {run.loss[-1]:.4g}"
        told = ", ".join(text for text in (end, comparison.note(number)) if text)
        handles.append(Line2D([], [], color=PALETTE[number], linewidth=3, marker="o", markeredgecolor="black"))
        texts.append("\n".join([*wrap(label, WIDTH), *wrap(told, WIDTH)]))
    if len(comparison.surface.b) > 1:
        handles.append(Line2D([], [], color=START, linewidth=0, marker="D", markeredgecolor="black"))
        texts.append("the start of all")
    # A line takes 1.2 times the size of its characters, what stands between two entries half of it.
    size = min(9.5, LEGEND_HEIGHT / sum(1.2 * (text.count("\n") + 1) + 0.5 for text in texts))
    figure.legend(handles, texts, loc="center left", bbox_to_anchor=(0.6, 0.195), frameon=False, fontsize=size)


def _along(axes: Axes, comparison: Comparison) -> None:
    """The loss along a line, with the steps of each run."""
    surface = comparison.surface
    axes.plot(surface.a, np.where(np.isfinite(surface.loss[0]), surface.loss[0], np.nan), color="#777777", linewidth=2)
    for run, colour in zip(comparison.runs, PALETTE, strict=False):
        path = surface.path(run)
        axes.scatter(path.a, path.height, color=colour, s=26, edgecolor="black", linewidth=0.4, zorder=3)
    axes.set_xlim(surface.a[0], surface.a[-1])
    axes.set_xlabel(surface.plane.axes_labels[0], fontsize=10)
    axes.set_ylabel("loss", fontsize=10)
    axes.grid(alpha=0.3)
