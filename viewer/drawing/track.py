"""A run as it is drawn: its name and its colours.

In: a Run, or a Surface with its runs. Out: Tracks; several runs have colours that all people can tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from ...look import Colour, table
from ...plot import ON_VIRIDIS, TIMES

if TYPE_CHECKING:
    from ...surface import Surface
    from ...training import Run

PALE = 0.65
"""How much of a track's colour is white at its start."""

COLOURS: tuple[Colour, ...] = tuple(map(to_rgb, ON_VIRIDIS))


@dataclass(frozen=True)
class Track:
    """run: what is drawn. name: in legends. colour: red, green, blue in [0, 1], at the run's end; paler before."""

    run: Run
    name: str
    colour: Colour
    visible: bool = True

    def shades(self, time: NDArray[np.float64]) -> NDArray[np.float64]:
        """The colours (.., 4) of times in [0, 1]."""
        white = PALE * (1.0 - time[..., None])
        shaded = white + (1.0 - white) * np.array(self.colour)
        return np.concatenate([shaded, np.ones((*time.shape, 1))], axis=-1)


class Lone(Track):
    """The only run of a picture: from yellow to red, which the colour bar of steps tells."""

    def shades(self, time: NDArray[np.float64]) -> NDArray[np.float64]:
        picked = table(TIMES)[np.round(np.clip(time, 0, 1) * 255).astype(np.intp)] / 255.0
        return np.concatenate([picked, np.ones((*time.shape, 1))], axis=-1)


def own_tracks(surface: Surface) -> tuple[Track, ...]:
    """Tracks of the runs that a surface shows; a single one without a name has the colours of time."""
    if surface.named is not None:
        return tracks_of(surface.named)
    return () if surface.run is None else (Lone(surface.run, surface.run.optimizer, (1.0, 0.0, 0.0)),)


def tracks_of(runs: Mapping[str, Run]) -> tuple[Track, ...]:
    """Tracks of runs by their names, each in a colour of its own; of more than eight, colours come again."""
    return tuple(Track(run, name, COLOURS[k % len(COLOURS)]) for k, (name, run) in enumerate(runs.items()))
