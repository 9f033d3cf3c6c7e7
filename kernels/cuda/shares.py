"""Where a block of threads keeps the numbers of a point or of a run, and how it shares the work of a plan.

In: the plans that it computes (of a surface, or of the gradient of a batch, and of the last, smaller one), how many
weights and how much state it has. Out: a `Shares`. Shared memory has room for 48 KiB on any device: what does not fit
there lies in the device's memory, those numbers first that are read least for how many they are. What is not needed at
the same time lies over one another (spots.py). Of samples as many are worked on at a time as leave the fewest reads of
the device's memory. Nothing here was measured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..nests import Nest
from ..plan import Plan, Sweep
from .layout import SHARED_BYTES
from .patches import SINGLE, Patch, parts_of_gram, parts_of_sum, patch_of
from .spots import Item, Memory, Spot

TILES = (128, 64, 32)
"""Samples that are worked on at a time, at most."""

CHUNK = 32
"""Terms that a float32 sum over samples has before it joins a compensated total, as in layout.py."""


@dataclass(frozen=True)
class Sum:
    """A sum or maximum over the samples of a sweep, for each of `elements`, in `parts`: which samples are whose follows
    from their numbers alone. patch: what a thread adds up together, columns being samples where it is no product of
    matrices. total, lost: where the parts' totals and what their rounding lost begin, lost None where nothing is kept
    of it, else at once behind. All sums of a sweep lie one behind the other, in their order."""

    elements: int
    parts: int
    patch: Patch
    total: Spot
    lost: Spot | None

    @property
    def stop(self) -> int:
        return (self.lost or self.total).start + self.elements * self.parts


@dataclass(frozen=True)
class Places:
    """Of one plan. pitch: from one row of a streamed value to the next: an odd number, so that rows do not fall on one
    bank of shared memory. patches: of each nest that has products, or sums of samples. values: where each begins.
    copied: streamed arrays that products read, of which a tile is copied first. by_sample: those for which there is no
    room, and which sums of products of samples read, as many of a sample's numbers at a time as there are threads."""

    tile: int
    pitch: int
    patches: dict[Nest, Patch]
    values: dict[int, Spot]
    copied: dict[int, Spot]
    by_sample: frozenset[int]
    sums: dict[int, Sum]


@dataclass(frozen=True)
class Shares:
    """size: of all weights. states: of how many numbers each of them has in an optimizer's state. weights, state,
    slopes: where they, the state, array after array, and the gradient begin. plans: what they place beside it, over one
    another: only one of them is under way. held, space: numbers in shared memory and in the device's."""

    size: int
    states: int
    weights: Spot
    state: Spot
    slopes: Spot
    plans: tuple[Places, ...]
    held: int
    space: int

    @property
    def kept(self) -> int:
        """Numbers that stay from step to step: the weights and the state."""
        return self.size * (1 + self.states)


def shares_of(plans: Sequence[Plan], size: int, dtype: str, states: int | None = None) -> Shares:
    """states: None for a surface, which has neither state nor gradient."""
    found = [_Placing(plans, size, states, most, dtype) for most in TILES]
    return min(found, key=lambda placing: placing.beyond).shares


def tile_of(length: int, most: int) -> int:
    """Samples of a tile where all are to be about as long."""
    return -(-length // -(-length // most))


class _Placing:
    """For tiles of so many samples at most. beyond: reads of the device's memory."""

    def __init__(self, plans: Sequence[Plan], size: int, states: int | None, most: int, dtype: str) -> None:
        room = SHARED_BYTES // np.dtype(dtype).itemsize
        parts = [_Parts(plan, most, dtype, states is not None) for plan in plans]
        common = [Item("weights", size, parts[0].reads_of_weights)]
        if states is not None:
            common += [Item("state", states * size, 2.0 * states * size), Item("slopes", size, 4.0 * size)]
        memories, spots, every = list[Memory](), dict[int | str, Spot](), list[Places]()
        for part in parts:
            memory = Memory(room)
            # What all plans have in common lies where the first one put it.
            spots = {item.key: memory.put_at(item, spots[item.key]) for item in common if item.key in spots}
            items = [item for item in (*common, *part.items) if item.key not in spots]
            for item in sorted(items, key=lambda item: -item.density):
                spot = memory.put(item)
                if spot is not None:
                    spots[item.key] = spot
            memories.append(memory)
            every.append(part.places(spots))
        nowhere = Spot(0, True)
        self.beyond = sum(memory.beyond for memory in memories)
        self.shares = Shares(
            size, states or 0, spots["weights"], spots.get("state", nowhere), spots.get("slopes", nowhere),
            tuple(every), max(memory.held for memory in memories), max(memory.space for memory in memories),
        )  # fmt: skip


class _Parts:
    """What a plan wants to place. trains: whether the outputs behind the first are to be with the gradient."""

    def __init__(self, plan: Plan, most: int, dtype: str, trains: bool) -> None:
        self._plan, self._dtype = plan, dtype
        self._instructions, self._streams = plan.body.program.instructions, plan.body.streams
        self._sweeps = [stage for stage in plan.stages if isinstance(stage, Sweep)]
        self._tile = max((tile_of(sweep.length, most) for sweep in self._sweeps), default=1)
        self._reads = defaultdict[int, float](float)
        self._multiplied, self._columns = set[int](), set[int]()
        for nest in self._nests():
            for value in {*nest.values, *nest.repeated}:
                self._read(value)
        self._patches = dict[Nest, Patch]()
        self._sums = [self._sums_of(sweep) for sweep in self._sweeps]
        for nest in self._nests():
            if self._products(nest) and nest not in self._patches:
                self._patches[nest] = self._patch(nest)
        self._placed = {v for nest in self._nests() for v in nest.stored} | {v for sums in self._sums for v in sums}
        self._slots = {v: offset for v, offset in _slots(plan).items() if trains and v in self._placed}
        self._lives = self._found_lives()
        self.items = [*self._items()]

    @property
    def reads_of_weights(self) -> float:
        return sum(self._reads[v] for v, i in enumerate(self._instructions) if i.op == "weight")

    def places(self, spots: Mapping[int | str, Spot]) -> Places:
        values = {key: spot for key, spot in spots.items() if isinstance(key, int)}
        copied = {value: values.pop(value) for value in [*values] if self._instructions[value].op == "data"}
        values |= {value: spots["slopes"].behind(offset) for value, offset in self._slots.items()}
        sums = dict[int, Sum]()
        for number, found in enumerate(self._sums):
            start = spots[f"sums {number}"]
            for value, each in found.items():
                lost = start.behind(each.elements * each.parts) if each.lost else None
                sums[value] = replace(each, total=start, lost=lost)
                start = replace(start, start=sums[value].stop)
        by_sample = frozenset(v for v in self._multiplied if self._is_copied(v) and v not in copied)
        return Places(self._tile, self._tile | 1, self._patches, values, copied, by_sample, sums)

    def _nests(self) -> Iterator[Nest]:
        return (nest for stage in self._plan.stages for nest in stage.nests)

    def _items(self) -> Iterator[Item]:
        for number, sums in enumerate(self._sums):
            tiles = -(-self._sweeps[number].length // self._tile)
            count = sum(each.elements * each.parts * (2 if each.lost else 1) for each in sums.values())
            key = f"sums {number}"
            yield Item(key, count, 2.0 * count * (1 + tiles), self._lives[key])
        for value in sorted(self._placed - self._slots.keys()):
            rows, columns = self._instructions[value].shape
            yield Item(value, self._size(value), self._reads[value] + rows * columns, self._lives[value])
        for value in sorted(self._multiplied):
            if self._is_copied(value):
                # Beside sums of products of samples, threads read its rows side by side where it lies.
                summed = value not in self._columns
                yield Item(value, self._size(value), self._reads[value], self._lives[value], may_lack=summed)

    def _is_copied(self, value: int) -> bool:
        return self._instructions[value].op == "data" and self._streams[value] is not None

    def _found_lives(self) -> dict[int | str, tuple[int, int]]:
        """From the moment at which a value is written to the last at which it is read: of a sweep, one for the start,
        one for the copies, one for each nest of a tile, and one for the end. What a tile does not write it reads again
        in the next one."""
        found, now = dict[int | str, tuple[int, int]](), 0

        def needed(key: int | str, moment: int) -> None:
            first, last = found.get(key, (moment, moment))
            found[key] = (min(first, moment), max(last, moment))

        for stage in self._plan.stages:
            sweep = stage if isinstance(stage, Sweep) else None
            end = now + (len(stage.nests) + 2 if sweep else 0)
            if sweep is not None:
                for moment in (now, end):
                    needed(f"sums {self._sweeps.index(sweep)}", moment)
                for value, _ in sweep.sums:
                    needed(value, end)
                now += 2
            for nest in stage.nests:
                for value in nest.stored:
                    needed(value, now)
                for read in {self._base(a) for v in (*nest.values, *nest.repeated) for a in self._instructions[v].args}:
                    if sweep is not None and self._is_copied(read):
                        needed(read, end - len(stage.nests) - 1)
                    needed(read, end if sweep is not None and self._streams[read] is None else now)
                now += 1
            now += sweep is not None
        for output in self._plan.body.program.outputs:
            needed(self._base(output), now)
        return found

    def _base(self, value: int) -> int:
        instruction = self._instructions[value]
        return instruction.args[0] if instruction.op == "transpose" else value

    def _size(self, value: int) -> int:
        rows, columns = self._instructions[value].shape
        return rows * (columns if self._streams[value] is None else self._tile | 1)

    def _read(self, reader: int) -> None:
        """What a value reads: a product each of its factors as often as it multiplies."""
        instruction = self._instructions[reader]
        rows, columns = instruction.shape
        if instruction.op in ("matmul", "gram"):
            count = rows * columns * self._instructions[instruction.args[0]].shape[1]
        elif instruction.op in ("sum", "max"):
            rows, columns = self._instructions[instruction.args[0]].shape
            count = rows * columns
        else:
            count = rows * columns
        for base in map(self._base, instruction.args):
            self._reads[base] += count
            if instruction.op in ("matmul", "gram"):
                self._multiplied.add(base)
            if instruction.op == "matmul":
                self._columns.add(base)

    def _sums_of(self, sweep: Sweep) -> dict[int, Sum]:
        """All but where they lie; those of one nest in as many parts. lost: any, where it is kept."""
        parts = dict[int, tuple[Patch, int]]()
        wanted = {value for value, _ in sweep.sums}
        for nest in sweep.nests:
            for value in wanted & {*nest.values}:
                parts[value] = self._shared(value, nest, sweep.length)
                self._patches[nest] = parts[value][0]
        found = dict[int, Sum]()
        for value, _ in sweep.sums:
            instruction, (patch, count) = self._instructions[value], parts[value]
            long = self._dtype == "float32" and instruction.op != "max" and sweep.length > CHUNK * count
            elements = instruction.shape[0] * instruction.shape[1]
            nowhere = Spot(0, True)
            found[value] = Sum(elements, count, patch, nowhere, nowhere if long else None)
        return found

    def _shared(self, value: int, nest: Nest, length: int) -> tuple[Patch, int]:
        rows, columns = self._instructions[value].shape
        if self._instructions[value].op == "gram":
            return parts_of_gram(rows, columns, self._tile, length, self._dtype)
        products = self._products(nest)
        terms = self._instructions[self._instructions[products[0]].args[0]].shape[1] if products else 0
        return parts_of_sum(rows, terms, len(products), self._tile, length, self._dtype)

    def _products(self, nest: Nest) -> list[int]:
        return [v for v in nest.values if self._instructions[v].op in ("matmul", "gram")]

    def _patch(self, nest: Nest) -> Patch:
        if any(self._instructions[value].op in ("sum", "max") for value in nest.values):
            return SINGLE
        width = self._tile if nest.streamed else nest.columns
        return patch_of(nest.rows, width, len(self._products(nest)), self._dtype)


def _slots(plan: Plan) -> dict[int, int]:
    """Where the derivatives are to be in the end, one after the other."""
    found, start, instructions = dict[int, int](), 0, plan.body.program.instructions
    for output in plan.body.program.outputs[1:]:
        rows, columns = instructions[output].shape
        found.setdefault(output, start)
        start += rows * columns
    return found
