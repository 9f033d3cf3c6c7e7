"""The plan: every decision of how a kernel computes its program, as one printable value.

In: a `Body` (streams.py) and the machine's registers. Out: a `Plan`: what is computed once for a row of the grid,
once for a point and in sweeps over blocks of samples; which values become loops of their own (nests), which live in
registers within them and which are stored; blocks of rows and of samples. Emission (cpu/) reads it and decides
nothing. The order of arithmetic follows from the program alone: neither the vector width nor the row block, which
depend on the machine, changes the order in which any one number is added up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from .cost import WEIGHTS, Kind, counted
from .lazily import cached_property
from .nests import ON_A_PROCESSOR, Fusion, Nest, form_nests
from .primitives import PRIMITIVES
from .program import LEAVES, label
from .streams import Body

SAMPLE_GROUP = 4
"""Samples side by side in registers, and partial sums a sum over samples is split into. Part of the result's bits."""

SAMPLE_VECTORS = 2
"""The same where lanes are samples: vectors of 64 bytes of them side by side, each of which is several on a machine
whose vectors are shorter."""

BLOCK_VECTORS = 8192
"""Vectors of streamed values a block of samples may fill: 40 KiB of 64-byte vectors, most of an L1 cache of 32 to
48 KiB and little of any L2. A constant, since the block is part of the order of arithmetic."""

SAMPLE_BLOCK_VECTORS = 16384
"""The same where lanes are samples, whose products read one column of them at a time, and whose sums are folded once a
block."""

LARGEST_BLOCK = 64
"""Samples summed in the kernel's own precision before they are added to a float64 sum."""

Level = Literal["row", "point"]
Across = Literal["points", "samples"]
"""What the lanes of a vector are."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value lives. kind: uniform (an array shared by all points, `index` its number), weight (an array of
    values a point), a, b, constant, view (the transpose of `index`), number or vector (scratch of plain numbers or of
    vectors, at offset `index`)."""

    kind: Literal["uniform", "weight", "a", "b", "constant", "view", "number", "vector"]
    index: int = 0


def column_stride(rows: int) -> int:
    """Vectors from one sample of a block to the next: an odd number, so that they do not fall on the same few sets of a
    cache."""
    return rows | 1


@dataclass(frozen=True, slots=True)
class Straight:
    """Nests over whole matrices: once a row of the grid, or once a point before or after its sweeps."""

    level: Level
    nests: tuple[Nest, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Nests over `length` samples, or vectors of them, block by block, and the sums over samples that they add up:
    (value, offset)."""

    length: int
    nests: tuple[Nest, ...]
    sums: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Plan:
    body: Body
    stages: tuple[Straight | Sweep, ...]
    places: dict[int, Place] = field(repr=False)
    block: int
    accumulators: int
    """Vectors of sums that a block of products may hold in registers: the machine's, and no part of the bits."""
    number_scratch: int
    vector_scratch: int
    sum_scratch: int
    """Scratch sizes: numbers, vectors of numbers, sums in float64."""
    sample_lanes: int = 1
    """1: a lane is a point. More: a block is one point, a vector holds so many samples of a streamed value, and what is
    not streamed is plain numbers; a column of a sweep is then such a vector, its last one filled up."""
    phases: int = 1
    """Vectors that together hold 64 bytes of samples: in turn they are parts of one longer vector, in whose lanes sums
    are split, so that they have the same bits whatever the machine's vectors."""

    @property
    def group(self) -> int:
        """Columns side by side in registers, and partial sums a sum over samples is split into."""
        return SAMPLE_GROUP if self.sample_lanes == 1 else SAMPLE_VECTORS * self.phases

    @property
    def row_block(self) -> int:
        """Rows of a product whose sums are in registers at a time."""
        return max(1, self.accumulators // self.group)

    def columns_at_once(self, sums_of_a_column: int) -> int:
        """Columns of a group whose sums are in registers at a time, a power of two."""
        columns = self.group
        while columns > 1 and columns * sums_of_a_column > self.accumulators:
            columns //= 2
        return columns

    @cached_property
    def cost(self) -> dict[Kind, int]:
        """Operations a point: multiply-adds of products of matrices, other arithmetic, exp and its kin, divisions."""
        counts: dict[Kind, int] = dict.fromkeys(WEIGHTS, 0)
        for stage in self.stages:
            if isinstance(stage, Straight) and stage.level == "row":
                continue
            for nest in (n for n in stage.nests if n.level == "point"):
                for value in nest.values + nest.operand:
                    kind, count = counted(self.body.program.instructions, value)
                    counts[kind] += count
        return counts

    @property
    def operations(self) -> int:
        """All operations a point, an exp and its kin or a division counted as a score."""
        return 1 + sum(WEIGHTS[kind] * count for kind, count in self.cost.items())

    def __str__(self) -> str:
        unit = "samples" if self.sample_lanes == 1 else f"vectors of {self.sample_lanes} samples"
        lines = [f"block of {self.block} {unit}, {self.row_block} rows x {self.group} {unit} in registers"]
        for stage in self.stages:
            if isinstance(stage, Straight):
                lines.append(f"once a {stage.level}:")
            else:
                sums = ", ".join(label(self.body.program, value) for value, _ in stage.sums)
                lines.append(f"sweep over {stage.length} {unit}, adding up {sums}:")
            lines += [f"  {self._described(nest)}" for nest in stage.nests]
        cost = ", ".join(f"{count} {name}" for name, count in self.cost.items() if count)
        lines.append(f"cost of a point: {cost or 'none'}")
        return "\n".join(lines)

    def _described(self, nest: Nest) -> str:
        program = self.body.program
        values = []
        for value in nest.repeated + nest.operand + nest.values + nest.pushed:
            mark = "*" if value in nest.stored else "+" if value in nest.pushed else ""
            values.append(f"{label(program, value)}{mark} {program.instructions[value].op}")
        return f"{nest.level} loop over {nest.rows} x {nest.columns}: {'; '.join(values)}"


def make_plan(
    body: Body,
    accumulators: int,
    block_vectors: int = BLOCK_VECTORS,
    sample_lanes: int = 1,
    phases: int = 1,
    block: int | None = None,
    fusion: Fusion = ON_A_PROCESSOR,
) -> Plan:
    """Plan a body for a machine that has registers for so many vectors of sums.

    block: samples in a block, where it is to be another plan's, so that sums come in the order that they have there.
    fusion: how far loops are.
    """
    return _Planner(body, accumulators, block_vectors, sample_lanes, phases, fusion).plan(block)


class _Planner:
    def __init__(
        self, body: Body, accumulators: int, block_vectors: int, sample_lanes: int, phases: int, fusion: Fusion
    ) -> None:
        self.body, self.accumulators, self.block_vectors = body, accumulators, block_vectors
        self.sample_lanes, self.phases, self.fusion = sample_lanes, phases, fusion
        self.instructions = body.program.instructions
        self.levels: list[Level | None] = []
        self.depths: list[int] = []
        for position in range(len(self.instructions)):
            self._classify(position)

    def sums_samples(self, position: int) -> bool:
        """Whether a value is a sum or maximum over a streamed axis."""
        instruction = self.instructions[position]
        if instruction.op in ("sum", "max"):
            return instruction.attribute("axis") == 1 and self.body.streams[instruction.args[0]] is not None
        return instruction.op == "gram" and self.body.streams[instruction.args[0]] is not None

    def _classify(self, position: int) -> None:
        """Level: what of the grid a value varies with. Depth: how many sums over samples must come before it."""
        instruction = self.instructions[position]
        if instruction.op in LEAVES:
            # One point at a time: what depends on b alone is cheap beside its sweeps.
            row = instruction.op == "coordinate" and instruction.name == "b" and self.sample_lanes == 1
            varies = instruction.op in ("coordinate", "weight")
            self.levels.append("row" if row else "point" if varies else None)
            self.depths.append(0)
            return
        levels = [self.levels[a] for a in instruction.args]
        depth = max(self.depths[a] for a in instruction.args)
        reduces = self.sums_samples(position)
        self.levels.append("point" if reduces or "point" in levels else "row")
        self.depths.append(depth + reduces)

    def plan(self, block: int | None) -> Plan:
        stages = [*self._stages()]
        block = self._block(stages) if block is None else block
        places, numbers, vectors = self._places(stages, block)
        sums = sum(self._size(value) for stage in stages if isinstance(stage, Sweep) for value, _ in stage.sums)
        return Plan(
            self.body, tuple(stages), places, block, self.accumulators, numbers, vectors, sums,
            self.sample_lanes, self.phases,
        )  # fmt: skip

    def _block(self, stages: list[Straight | Sweep]) -> int:
        """As many samples as leave what is stored of them in the cache."""
        rows = sum(
            self.instructions[value].shape[0]
            for stage in stages
            if isinstance(stage, Sweep)
            for nest in stage.nests
            for value in nest.stored
            if nest.level == "point" and self.body.streams[value] is not None
        )
        block, most = SAMPLE_GROUP, self.block_vectors
        if self.sample_lanes > 1:
            block, most = SAMPLE_VECTORS, SAMPLE_BLOCK_VECTORS
        while block < LARGEST_BLOCK and 2 * block * rows <= most:
            block *= 2
        return block * self.phases

    def _size(self, value: int) -> int:
        rows, columns = self.instructions[value].shape
        return rows * columns

    def _computed(self) -> Iterable[int]:
        return (p for p, i in enumerate(self.instructions) if i.op in PRIMITIVES and i.op != "transpose")

    def _stages(self) -> Iterable[Straight | Sweep]:
        straight = [p for p in self._computed() if self.body.streams[p] is None and not self.sums_samples(p)]
        offset = 0
        yield from self._straight("row", [p for p in straight if self.levels[p] == "row"])
        for depth in range(max(self.depths, default=0) + 1):
            yield from self._straight("point", [p for p in straight if self._is_point(p, depth)])
            sums = [p for p in self._computed() if self.sums_samples(p) and self.depths[p] == depth + 1]
            for stream in sorted({self._stream(p) for p in sums}):
                own = [p for p in sums if self._stream(p) == stream]
                nests = self._nests(self._streamed_sources(own), set(own))
                placed = []
                for value in own:
                    placed.append((value, offset))
                    offset += self._size(value)
                yield Sweep(-(-stream[0] // self.sample_lanes), nests, tuple(placed))

    def _is_point(self, position: int, depth: int) -> bool:
        return self.levels[position] == "point" and self.depths[position] == depth

    def _stream(self, reduction: int) -> tuple[int, int]:
        stream = self.body.streams[self.instructions[reduction].args[0]]
        assert stream is not None
        return stream

    def _straight(self, level: Level, values: list[int]) -> Iterable[Straight]:
        if values:
            needed = set(self.body.program.outputs)
            inside = set(values)
            for position, instruction in enumerate(self.instructions):
                if position not in inside:
                    needed.update(instruction.args)
            yield Straight(level, self._nests(values, needed))

    def _streamed_sources(self, sums: list[int]) -> list[int]:
        """The streamed values that these sums are made of, recomputed if an earlier sweep had them too."""
        found, pending = set(sums), list(sums)
        while pending:
            for argument in self.instructions[pending.pop()].args:
                streamed = self.body.streams[argument] is not None and self.levels[argument] is not None
                if streamed and argument not in found:
                    found.add(argument)
                    pending.append(argument)
        return sorted(found)

    def _nests(self, values: list[int], needed: set[int]) -> tuple[Nest, ...]:
        levels = {v: self.levels[v] or "row" for v in values}
        return form_nests(self.body, values, levels, needed, self.fusion)

    def _places(self, stages: list[Straight | Sweep], block: int) -> tuple[dict[int, Place], int, int]:
        places: dict[int, Place] = {}
        uniform = weight = 0
        for position, instruction in enumerate(self.instructions):
            if instruction.op == "data":
                places[position], uniform = Place("uniform", uniform), uniform + 1
            elif instruction.op == "weight":
                places[position], weight = Place("weight", weight), weight + 1
            elif instruction.op == "coordinate":
                places[position] = Place("b" if instruction.name == "b" else "a")
            elif instruction.op == "constant":
                places[position] = Place("constant")
            elif instruction.op == "transpose":
                places[position] = Place("view", instruction.args[0])
        sizes: dict[Literal["number", "vector"], int] = {"number": 0, "vector": 0}
        for stage in stages:
            for nest in stage.nests:
                for value in sorted(nest.stored):
                    if value not in places:
                        plain = nest.level == "row" or (self.sample_lanes > 1 and self.body.streams[value] is None)
                        kind: Literal["number", "vector"] = "number" if plain else "vector"
                        places[value] = Place(kind, sizes[kind])
                        sizes[kind] += self._stored_size(value, block)
        return places, sizes["number"], sizes["vector"]

    def _stored_size(self, value: int, block: int) -> int:
        rows, columns = self.instructions[value].shape
        if self.body.streams[value] is None:
            return rows * columns
        return block * column_stride(rows)
