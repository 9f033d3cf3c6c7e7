"""How a surface is dressed: what its heights and its colours mean, and what is drawn beside them.

In: choices. Out: an immutable Look, and the Theme of its colours.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Colormap
from numpy.typing import NDArray

from .arguments import ArgumentError, choice, real
from .errors import nearest
from .heights import BEYOND
from .plot import COLOURS, GREYS

HEIGHTS = ("clipped", "linear", "log")

COLOURINGS = ("loss", "gradient_norm", "slope", "curvature")

NEEDED = {"gradient_norm": "gradient_norm", "curvature": "curvature", "slope": "gradient"}
"""What colours show -> which derivatives a surface has to have for it."""

Colour = tuple[float, float, float]

BEYOND_GREY: Colour = (0.20, 0.22, 0.27)
"""Darker than the heights of the greys."""


@dataclass(frozen=True)
class Theme:
    """Colours of what is not the surface."""

    background: str
    text: Colour
    faint: Colour
    grid: Colour
    edges: Colour
    outline: Colour


THEMES = {
    "light": Theme(
        background="#fbfbfc",
        text=(0.16, 0.16, 0.18),
        faint=(0.27, 0.27, 0.29),
        grid=(0.80, 0.81, 0.83),
        edges=(0.45, 0.46, 0.48),
        outline=(0.05, 0.05, 0.06),
    ),
    "dark": Theme(
        background="#15171c",
        text=(0.93, 0.93, 0.95),
        faint=(0.74, 0.75, 0.78),
        grid=(0.25, 0.27, 0.30),
        edges=(0.56, 0.58, 0.62),
        outline=(0.03, 0.03, 0.04),
    ),
}


@dataclass(frozen=True)
class Look:
    """heights: "linear", all of them; "clipped", cut where a part of the surface would flatten the rest; "log".
    limit: the loss at which "clipped" cuts, None: by the surface's quantiles. colouring: what colours show, "loss",
    "gradient_norm" (over all weights), "slope" (along the plane) or "curvature" (the mean of L_aa and L_bb).
    colours: the name of a colour map of matplotlib, "greys" where the colours are left to the paths, or None,
    what suits the colouring. contours: lines of equal loss. arrows, streamlines: where steepest descent leads.
    theme: "light" or "dark". legend: of the tracks.

    Raises ArgumentError for what is none of these.
    """

    heights: str = "clipped"
    limit: float | None = None
    colouring: str = "loss"
    contours: bool = True
    arrows: bool = False
    streamlines: bool = False
    theme: str = "light"
    colours: str | None = None
    legend: bool = True

    def __post_init__(self) -> None:
        choice("heights", self.heights, HEIGHTS)
        choice("colouring", self.colouring, COLOURINGS)
        choice("theme", self.theme, tuple(THEMES))
        if self.limit is not None:
            real("limit", self.limit)
            if self.heights != "clipped":
                raise ArgumentError(f"a limit cuts heights='clipped', not {self.heights!r}: leave one of them out")
        if self.colours is not None and self.colours != "greys" and self.colours not in colormaps:
            raise ArgumentError(f"colours is {self.colours!r}: the name of a colour map of matplotlib, or 'greys'")

    def changed(self, **choices: Any) -> Look:
        """The same with other choices; a limit goes where other heights are chosen. Raises ArgumentError for what is
        none of them, too."""
        for name in choices:
            if name not in FIELDS:
                meant = nearest(name, FIELDS)
                told = f"did you mean {meant}?" if meant else f"there are {', '.join(FIELDS)}"
                raise ArgumentError(f"a look has no {name}: {told}")
        kept = {"limit": None} if choices.get("heights", "clipped") != "clipped" else {}
        return replace(self, **{**kept, **choices})

    @property
    def derivatives(self) -> dict[str, bool]:
        """Which of gradient, curvature and gradient_norm a surface is to have for it, as problem.surface takes them."""
        found = {NEEDED[self.colouring]: True} if self.colouring in NEEDED else {}
        return {**found, **({"gradient": True} if self.arrows or self.streamlines else {})}

    @property
    def plain(self) -> Look:
        """The same as far as any surface can be drawn so: without a scale that wants some losses, or derivatives."""
        colours = self.colours if self.colouring == "loss" else None
        return replace(
            self, heights="clipped", limit=None, colouring="loss", colours=colours, arrows=False, streamlines=False
        )

    @property
    def dressing(self) -> Theme:
        """The theme's colours."""
        return THEMES[self.theme]

    @property
    def beyond(self) -> Colour:
        """The colour of heights that are cut off, which the colour map does not have."""
        return BEYOND_GREY if self.colours == "greys" else BEYOND


FIELDS = tuple(field.name for field in fields(Look))
"""What a Look chooses."""


def colour_map(name: str) -> Colormap:
    """The colour map of a name that a Look takes."""
    return GREYS if name == "greys" else colormaps[name]


@lru_cache(maxsize=16)
def table(name: str) -> NDArray[np.uint8]:
    """A colour map's 256 colours, (256, 3)."""
    return np.round(colour_map(name)(np.linspace(0.0, 1.0, 256))[:, :3] * 255).astype(np.uint8)


DEFAULT = COLOURS
