"""Where a run that trains keeps its numbers, and how a step's work is shared by the threads of its block.

In: the plans of the gradients that it takes (of a batch, and of the last, smaller one), how many weights and how much
state it has. Out: a `Shares`. All numbers of a run lie in one array: shared memory where they fit, else the device's.
Nothing here was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..plan import Plan, Sweep
from .layout import SHARED_BYTES, THREADS

TILES = (128, 64, 32)
"""Samples of a batch that are worked on at a time, at most: as many as leave all in shared memory."""

CHUNK = 32
"""Terms that a float32 sum over samples has before it joins a compensated total, as in layout.py."""

MOST_PARTS = 32
"""Parts that the samples of a sum are split into at most: one thread adds them up."""


@dataclass(frozen=True)
class Sum:
    """A sum or maximum over the samples of a sweep, for each of `elements`, in `parts`: which samples are whose follows
    from their numbers alone. total, lost: where the parts' totals and what their rounding lost begin, lost None where
    nothing is kept of it, else at once behind. All sums of a sweep lie one behind the other, in their order."""

    elements: int
    parts: int
    total: int
    lost: int | None

    @property
    def stop(self) -> int:
        return (self.total if self.lost is None else self.lost) + self.elements * self.parts


@dataclass(frozen=True)
class Places:
    """Of one plan. values: where each begins. pitch: from one row of a streamed value to the next: an odd number, so
    that rows do not fall on one bank of shared memory."""

    tile: int
    pitch: int
    values: dict[int, int]
    sums: dict[int, Sum]


@dataclass(frozen=True)
class Shares:
    """The first numbers are the weights, then the state, one array after the other, then the gradient. plans: what
    they place behind it, over one another: a step takes one of them."""

    size: int
    states: int
    plans: tuple[Places, ...]
    count: int
    shared: bool

    @property
    def kept(self) -> int:
        """Numbers that stay from step to step: the weights and the state."""
        return self.size * (1 + self.states)


def shares_of(plans: Sequence[Plan], size: int, states: int, dtype: str) -> Shares:
    for tile in (*TILES, TILES[0]):
        placed = [_Placing(plan, tile, size, states, dtype) for plan in plans]
        count = max(each.stop for each in placed)
        shared = count * np.dtype(dtype).itemsize <= SHARED_BYTES
        if shared:
            break
    return Shares(size, states, tuple(each.places for each in placed), count, shared)


def tile_of(length: int, most: int) -> int:
    """Samples of a tile where all are to be about as long."""
    return -(-length // -(-length // most))


class _Placing:
    """Where the values of a plan lie, and where they end."""

    def __init__(self, plan: Plan, most: int, size: int, states: int, dtype: str) -> None:
        self.stop = size * (2 + states)
        self._plan, self._slots = plan, _slots(plan, size * (1 + states))
        self._values = dict[int, int]()
        sweeps = [stage for stage in plan.stages if isinstance(stage, Sweep)]
        tile = max((tile_of(sweep.length, most) for sweep in sweeps), default=1)
        sums = {value: self._sum(value, sweep.length, dtype) for sweep in sweeps for value, _ in sweep.sums}
        for value in sums:
            self._place(value, 1)
        for nest in (nest for stage in plan.stages for nest in stage.nests):
            for value in sorted(nest.stored - self._values.keys()):
                self._place(value, tile | 1)
        self.places = Places(tile, tile | 1, self._values, sums)

    def _place(self, value: int, pitch: int) -> None:
        rows, columns = self._plan.body.program.instructions[value].shape
        self._values[value] = self._slots.get(value, self.stop)
        if value not in self._slots:
            self.stop += rows * (columns if self._plan.body.streams[value] is None else pitch)

    def _sum(self, value: int, length: int, dtype: str) -> Sum:
        instruction = self._plan.body.program.instructions[value]
        elements = instruction.shape[0] * instruction.shape[1]
        parts, start = _parts(elements, length), self.stop
        long = dtype == "float32" and instruction.op != "max" and length > CHUNK * parts
        count = elements * parts
        self.stop += count * (2 if long else 1)
        return Sum(elements, parts, start, start + count if long else None)


def _slots(plan: Plan, start: int) -> dict[int, int]:
    """Where the derivatives are to be in the end, one after the other."""
    found, instructions = dict[int, int](), plan.body.program.instructions
    for output in plan.body.program.outputs[1:]:
        rows, columns = instructions[output].shape
        found.setdefault(output, start)
        start += rows * columns
    return found


def _parts(elements: int, length: int) -> int:
    """As many as give every thread of a block some."""
    parts = 1
    while parts < MOST_PARTS and parts * elements < THREADS and 2 * parts <= length:
        parts *= 2
    return parts
