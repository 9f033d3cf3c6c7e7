"""The runs of a tab, each with a name and a colour of its own.

In: runs as they are trained. Out: an immutable list of them, which the canvas, the player and the legend draw.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb

from ...plot import ON_VIRIDIS

if TYPE_CHECKING:
    from ...problem import Problem
    from ...surface import Grid, Surface
    from ...training import Run
    from ..drawing.track import Track

LONGEST = 40
"""Letters of a name."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A run as a reader meets it."""

    run: Run
    name: str
    colour: str
    visible: bool = True


Entries = tuple[Entry, ...]


def of(surface: Surface) -> Entries:
    """Those of the runs that a surface shows, by the names that it knows."""
    if surface.named is None:
        return () if surface.run is None else added((), surface.run)
    entries: Entries = ()
    for name, run in surface.named.items():
        entries = added(entries, run, name)
    return entries


def added(entries: Entries, run: Run, name: str = "") -> Entries:
    """The entries with one more, in a colour that no other has while there is one. name: without one, what it is
    called."""
    taken = {entry.colour for entry in entries}
    colour = next((colour for colour in ON_VIRIDIS if colour not in taken), ON_VIRIDIS[len(entries) % len(ON_VIRIDIS)])
    return (*entries, Entry(run, _unused(name or called(run), entries), colour))


def coloured(entries: Entries, beside: Entries) -> Entries:
    """The entries, those in other colours that would look like one beside them."""
    taken, found = {entry.colour for entry in beside}, []
    for entry in entries:
        free = (colour for colour in ON_VIRIDIS if colour not in taken)
        colour = entry.colour if entry.colour not in taken else next(free, entry.colour)
        taken.add(colour)
        found.append(replace(entry, colour=colour))
    return tuple(found)


def shown(entries: Entries, number: int, visible: bool) -> Entries:
    """The entries with one of them hidden or not."""
    return tuple(replace(e, visible=visible) if k == number else e for k, e in enumerate(entries))


def called(run: Run) -> str:
    """What to call a run: its optimizer and learning rate, its other settings where they are not the usual ones, its
    batches, and its seed if it is not 0."""
    found = re.match(r"(\w+)\(lr=([^,)]+)(?:, )?(.*)\)$", run.optimizer)
    if not found:
        return run.optimizer[:LONGEST]
    more = [found[3].replace("=", " ")] if found[3] else []
    more += [f"batch {run.batch_size}"] if run.batch_size is not None else []
    more += [f"seed {run.seed}"] if run.seed else []
    return ", ".join([f"{found[1]} {found[2]}", *more])[:LONGEST]


def _unused(name: str, entries: Sequence[Entry]) -> str:
    taken, count = {entry.name for entry in entries}, 1
    while (name if count == 1 else f"{name} ({count})") in taken:
        count += 1
    return name if count == 1 else f"{name} ({count})"


def tracks(entries: Entries) -> tuple[Track, ...]:
    """The entries as the scene draws them."""
    from ..drawing.track import Track

    return tuple(Track(entry.run, entry.name, to_rgb(entry.colour), entry.visible) for entry in entries)


def alike(one: Problem, other: Problem) -> bool:
    """Whether two problems are the same: the text, the data and the weights, so that runs of one are runs of the
    other."""
    if one is other:
        return True
    told = [(each.expression, dict(each.weights), set(each.data)) for each in (one, other)]
    return told[0] == told[1] and all(np.array_equal(one.data[name], other.data[name]) for name in one.data)


def same(surface: Surface, grid: Grid) -> bool:
    """Whether a grid has the vertices of a surface, on the same plane of two directions."""
    one, other = surface.plane, grid.plane
    if one.v is None or other.v is None:
        return False  # lines are made at once
    pairs = ((surface.a, grid.a), (surface.b, grid.b), (one.center, other.center), (one.u, other.u), (one.v, other.v))
    return all(np.array_equal(left, right) for left, right in pairs)


def bare(surface: Surface) -> Surface:
    """The surface alone: with no track given, a scene would draw its own run."""
    return surface.showing({})
