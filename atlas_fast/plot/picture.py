"""A picture of a surface: in 3-D beside its contours, with the paths of its runs; or a line for one scalar weight.

In: a Surface. Out: a Picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..arguments import ArgumentError
from ..departure import left_out, trajectory
from ..title import write_title
from .comparison import ON_VIRIDIS, START
from .contours import draw_contours
from .figure import Picture
from .heights import COLOURS, Heights
from .relief import draw_relief
from .trail import TIMES, Trail

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..surface import Surface
    from ..training import Run

LONGEST = 40
"""Characters of a run's name in the legend."""


def plot(surface: Surface) -> Picture:
    """The picture of a surface and of its runs, if it has any."""
    if len(surface.b) == 1:
        return _line(surface)
    figure = Picture(13, 6.2)
    heights = Heights.of(surface)
    trails = [
        Trail.of(surface, surface.path(run), colour, None if colour is None else START)
        for run, colour in _coloured(surface)
    ]
    relief: Any = figure.add_axes((-0.01, 0.02, 0.485, 0.86), projection="3d", computed_zorder=False)
    contours = figure.add_axes((0.54, 0.125, 0.32, 0.6709))
    draw_relief(relief, heights, trails)
    draw_contours(contours, heights, trails)
    bars = [(ScalarMappable(heights.scale, COLOURS), "loss")]
    timed = [trail.last for trail in trails if trail.last and trail.colour is None]
    bars += [(ScalarMappable(Normalize(0, last), TIMES), "step") for last in timed]
    for place, (mappable, label) in enumerate(bars):
        box = figure.add_axes((0.878 + 0.058 * place, 0.125, 0.012, 0.6709))
        figure.colorbar(mappable, cax=box, ticks=MaxNLocator(10, integer=label == "step"))
        box.set_title(label, fontsize=9, pad=6)
        box.tick_params(labelsize=8)
    _legend(figure, _colours(surface), loc="lower left", bbox_to_anchor=(0.005, 0.0), frameon=False)
    headings(figure, surface)
    return figure


def _coloured(surface: Surface) -> list[tuple[Run, str | None]]:
    """The runs with their colours: that of time for a run without a name. Raises ArgumentError for more than can be
    told apart."""
    if surface.named is None:
        return [] if surface.run is None else [(surface.run, None)]
    count, most = len(surface.named), len(ON_VIRIDIS)
    if count > most:
        raise ArgumentError(f"the surface shows {count} runs: at most {most} can be told apart by colour")
    return list(zip(surface.named.values(), ON_VIRIDIS, strict=False))


def _colours(surface: Surface) -> dict[str, str]:
    """The colours of the runs that have names."""
    return {} if surface.named is None else dict(zip(surface.named, ON_VIRIDIS, strict=False))


def _legend(place: Figure | Axes, colours: Mapping[str, Any], **how: Any) -> None:
    """Runs by their names in their colours."""
    handles = [
        Line2D([], [], color=colour, linewidth=3, marker="o", markeredgecolor="black") for colour in colours.values()
    ]
    names = [name if len(name) <= LONGEST else f"{name[: LONGEST - 2]}.." for name in colours]
    if names:
        names = [name.replace("$", r"\$") for name in names]
        place.legend(handles, names, fontsize=8, ncols=1 + (len(names) > 4), **how)


def legend(axes: Axes, colours: Mapping[str, Any]) -> None:
    """Runs by their names in their colours, where they hide least of a curve."""
    _legend(axes, colours, loc="best", frameon=False)


def _line(surface: Surface) -> Picture:
    """The picture of a line with its runs."""
    timed = surface.run is not None and surface.named is None
    figure = curve(surface, 0.75 if timed else 0.84)
    axes = figure.axes[0]
    for run, colour in _coloured(surface):
        path = surface.path(run)
        shade: dict[str, Any] = {"c": path.step, "cmap": TIMES} if colour is None else {"color": colour}
        marks = axes.scatter(path.a, path.height, s=26, edgecolor="black", linewidth=0.4, zorder=3, **shade)
    if timed:
        box = figure.add_axes((0.89, 0.12, 0.02, 0.7))
        figure.colorbar(marks, cax=box, ticks=MaxNLocator(10, integer=True))
        box.set_title("step", fontsize=9, pad=6)
    legend(axes, _colours(surface))
    return figure


def curve(surface: Surface, width: float = 0.84) -> Picture:
    """A line without its runs: the loss against its one coordinate. width: of its axes, as a share of the picture's."""
    figure = Picture(8.5, 5.6)
    axes = figure.add_axes((0.11, 0.12, width, 0.7))
    heights = np.where(np.isfinite(surface.loss[0]), surface.loss[0], np.nan)
    axes.plot(surface.a, heights, color="#31688e", linewidth=2)
    axes.set_xlim(surface.a[0], surface.a[-1])
    axes.set_xlabel(surface.plane.axes_labels[0], fontsize=10)
    axes.set_ylabel("loss", fontsize=10)
    axes.grid(alpha=0.3)
    headings(figure, surface)
    return figure


def headings(figure: Figure, surface: Surface, notes: tuple[str, ...] = (), alone: bool = True) -> None:
    """The loss as the title; below it the optimizer and what the reader must know, `notes` at its end. alone: whether
    the surface's own run is all that is seen of runs."""
    height = write_title(figure, surface.latex, surface.expression)
    told = remarks(surface, notes, alone)
    if told:
        text = ";  ".join(told)
        size = min(9.5, 9.5 * 130 * figure.get_figwidth() / 13 / len(text))
        figure.text(0.5, height, text, ha="center", va="center", fontsize=size, color="#444444")


def remarks(surface: Surface, notes: tuple[str, ...] = (), alone: bool = True) -> list[str]:
    """The optimizer and what the reader of a picture must know, `notes` at its end; of several runs a legend tells."""
    run = surface.run if alone and len(surface.runs) == 1 else None
    told = [] if run is None else [f"{run.optimizer}, {run.epochs:,} epochs, final loss {run.loss[-1]:.4g}"]
    off = "" if run is None else left_out(run, len(trajectory(run)))
    return told + [text for text in (surface.message, "" if run is None else run.message, off, *notes) if text]
