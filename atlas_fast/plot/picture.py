"""A picture of a surface: in 3-D beside its contours, with the path of a run; or a line for one scalar weight.

In: a Surface. Out: a Picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator

from ..departure import left_out, trajectory
from ..title import write_title
from .contours import draw_contours
from .figure import Picture
from .heights import COLOURS, Heights
from .relief import draw_relief
from .trail import TIMES, Trail

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..surface import Surface


def plot(surface: Surface) -> Picture:
    """The picture of a surface and of its run, if it has one."""
    if len(surface.b) == 1:
        return _line(surface)
    figure = Picture(13, 6.2)
    heights = Heights.of(surface)
    trails = [] if surface.run is None else [Trail.of(surface, surface.path())]
    relief: Any = figure.add_axes((-0.01, 0.02, 0.485, 0.86), projection="3d", computed_zorder=False)
    contours = figure.add_axes((0.54, 0.125, 0.32, 0.6709))
    draw_relief(relief, heights, trails)
    draw_contours(contours, heights, trails)
    bars = [(ScalarMappable(heights.scale, COLOURS), "loss")]
    bars += [(ScalarMappable(Normalize(0, trail.last), TIMES), "step") for trail in trails if trail.last]
    for place, (mappable, label) in enumerate(bars):
        box = figure.add_axes((0.878 + 0.058 * place, 0.125, 0.012, 0.6709))
        figure.colorbar(mappable, cax=box, ticks=MaxNLocator(10, integer=label == "step"))
        box.set_title(label, fontsize=9, pad=6)
        box.tick_params(labelsize=8)
    headings(figure, surface)
    return figure


def _line(surface: Surface) -> Picture:
    """The picture of a line: the loss against its one coordinate."""
    figure = Picture(8.5, 5.6)
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
    run = surface.run if alone else None
    told = [] if run is None else [f"{run.optimizer}, {run.epochs:,} epochs, final loss {run.loss[-1]:.4g}"]
    off = "" if run is None else left_out(run, len(trajectory(run)))
    return told + [text for text in (surface.message, "" if run is None else run.message, off, *notes) if text]
