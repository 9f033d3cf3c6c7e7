"""What stands round the scene and does not turn with it: the title, notes and colour bars, drawn by matplotlib.

In: a Surface, its Heights and a size in pixels. Out: an RGBA picture to lay over the scene.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ...plot import COLOURS, TIMES, headings
from .heights import Heights

if TYPE_CHECKING:
    from ...surface import Surface

BEYOND = (0.93, 0.91, 0.84)
"""The colour of heights that are cut off: beyond viridis's yellow, and no part of it."""


def colours(name: str) -> NDArray[np.uint8]:
    """A colour map's 256 colours, (256, 3)."""
    return np.round(colormaps[name](np.linspace(0.0, 1.0, 256))[:, :3] * 255).astype(np.uint8)


def furniture(surface: Surface, heights: Heights, size: tuple[float, float], scale: float) -> NDArray[np.uint8]:
    """The picture, (height, width, 4) with straight alpha. size: in units of `scale` of the screen's own pixels."""
    width, height = (max(round(side * scale), 1) for side in size)
    figure = Figure(figsize=(width / 100 / scale, height / 100 / scale), dpi=100 * scale)
    figure.patch.set_alpha(0.0)
    canvas = FigureCanvasAgg(figure)
    viridis = colormaps[COLOURS].with_extremes(over=BEYOND)
    bars = []
    if heights.known.any():
        bars.append((ScalarMappable(Normalize(heights.low, heights.top), viridis), "loss"))
    run = surface.run
    if run is not None and len(run.loss) > 1:
        bars.append((ScalarMappable(Normalize(0, len(run.loss) - 1), TIMES), "step"))
    for place, (mappable, label) in enumerate(reversed(bars)):
        box = figure.add_axes((1 - (62 + 78 * place) / size[0], 0.3, 12 / size[0], 0.4))
        extend = "max" if label == "loss" and heights.cut else "neither"
        bar = figure.colorbar(mappable, cax=box, ticks=MaxNLocator(7, integer=label == "step"), extend=extend)
        bar.outline.set_visible(False)
        box.set_title(label, fontsize=9, pad=14 if extend == "max" else 7, color="#333333")
        box.tick_params(labelsize=8, length=3, color="#888888", labelcolor="#444444")
    headings(figure, surface, heights.notes)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:height, :width].copy()
