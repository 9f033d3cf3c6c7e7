"""What stands round the scene and does not turn with it: the title, notes, colour bars and a legend, drawn by
matplotlib.

In: a Surface, its Heights, its Colouring, tracks and a size in pixels. Out: an RGBA picture to lay over the scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from ...colouring import Colouring
from ...look import Look, colour_map
from ...plot import TIMES, headings
from .heights import Heights
from .track import Lone, Track

if TYPE_CHECKING:
    from ...surface import Surface

HALO = 2.5
"""Points of the background's colour round texts."""

LONGEST_NAME = 34
"""Characters of a track's name in the legend."""


def furniture(
    surface: Surface,
    heights: Heights,
    shown: Colouring,
    tracks: Sequence[Track],
    look: Look,
    size: tuple[float, float],
    scale: float,
) -> NDArray[np.uint8]:
    """The picture, (height, width, 4) with straight alpha. size: in units of `scale` of the screen's own pixels."""
    width, height = (max(round(side * scale), 1) for side in size)
    figure = Figure(figsize=(width / 100 / scale, height / 100 / scale), dpi=100 * scale)
    figure.patch.set_alpha(0.0)
    canvas = FigureCanvasAgg(figure)
    steps = [track.run for track in tracks if isinstance(track, Lone) and len(track.run.loss) > 1]
    place = 0
    for run in steps:
        mappable = ScalarMappable(Normalize(0, len(run.loss) - 1), TIMES)
        _bar(figure, look, mappable, "step", place, size[0], ticks=MaxNLocator(7, integer=True))
        place += 1
    if heights.known.any():
        _scale_bar(figure, look, shown, place, size[0])
    notes = [*heights.notes, *_explained(look)]
    headings(figure, surface, tuple(notes), alone=len(tracks) <= 1)
    for text in figure.texts:
        text.set_color(look.dressing.text)
    if look.legend:
        _legend(figure, look, [track for track in tracks if track.visible and not isinstance(track, Lone)])
    # From near the surface itself, of any colour, lies behind them.
    halo: list[AbstractPathEffect] = [withStroke(linewidth=HALO, foreground=look.dressing.background)]
    for text in figure.findobj(Text):
        text.set_path_effects(halo)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:height, :width].copy()


def _scale_bar(figure: Figure, look: Look, shown: Colouring, place: int, width: float) -> None:
    """The bar of the surface's colours."""
    colours = colour_map(shown.colours)
    if shown.shades is None:
        colours = colours.with_extremes(over=look.beyond)
    mappable = ScalarMappable(shown.scale.norm, colours)
    ticks = shown.scale.ticks(7)
    bar = _bar(
        figure, look, mappable, shown.name, place, width, ticks=FixedLocator(list(ticks.values)), extend=shown.extend
    )
    bar.ax.yaxis.set_minor_locator(NullLocator())
    if shown.scale.logarithmic:
        bar.set_ticklabels(list(ticks.texts))


def _bar(figure: Figure, look: Look, mappable: Any, name: str, place: int, width: float, **how: Any) -> Any:
    box = figure.add_axes((1 - (62 + 78 * place) / width, 0.3, 12 / width, 0.4))
    bar = figure.colorbar(mappable, cax=box, **how)
    theme = look.dressing
    bar.outline.set_visible(False)
    box.set_title(name, fontsize=9, pad=14 if how.get("extend") in ("max", "both") else 7, color=theme.faint)
    box.tick_params(labelsize=8, length=3, color=theme.edges, labelcolor=theme.faint)
    return bar


def _explained(look: Look) -> list[str]:
    """What the reader cannot know of the lines on the surface."""
    drawn = [name for name, wanted in (("arrows", look.arrows), ("lines", look.streamlines)) if wanted]
    return [f"{' and '.join(drawn)}: steepest descent"] if drawn else []


def _legend(figure: Figure, look: Look, tracks: Sequence[Track]) -> None:
    """The tracks by their colours, at the lower left."""
    if not tracks:
        return
    handles = [
        Line2D([], [], color=track.colour, linewidth=3, marker="o", markersize=6, markeredgecolor=look.dressing.outline)
        for track in tracks
    ]
    names = [name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…" for name in (t.name for t in tracks)]
    drawn = figure.legend(
        handles, [name.replace("$", r"\$") for name in names], loc="lower left", bbox_to_anchor=(0.01, 0.01),
        frameon=False, fontsize=9, labelcolor=look.dressing.text,
    )  # fmt: skip
    drawn.set_in_layout(False)
