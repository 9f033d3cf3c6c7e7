"""The layout: every decision that a device asks for beyond the plan's own, as one value.

In: a plan and a precision. Out: a `Layout`: where the numbers lie that all points share, which of them each block of
threads puts into its shared memory, how many samples a thread works on at a time, and which weights are not kept in
registers but formed where they are read, from c, u and v. Nothing here was measured: the bounds are registers and
shared memory that every device of compute capability 7.5 and above has, and a model (docs/compiler.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..nests import Fusion, Nest
from ..plan import Plan, Straight, Sweep
from .grouping import Grouping, grouping_of

THREADS = 128
"""Threads of a block: each may then have the 255 registers that there are, and two such blocks share a processor."""

SIMULATED_THREADS = 8
"""The same in the simulator, where a thread is one of Python's."""

REGISTERS = {4: 168, 8: 100}
"""4-byte numbers of a point that may stay in registers, by the size of its own: about 193 fill all 255, with what the
arithmetic needs. What comes from shared memory on the way to it is as many numbers of either size."""

GROUPED_REGISTERS = {4: 192, 8: 160}
"""The same for what a thread has of several samples."""

SMALLEST_FORMED = 24
"""Numbers of a weight that is worth forming where it is read: a bias is not."""

SHARED_BYTES = 48 * 1024
"""Shared memory that a block may have on any device without asking for more."""

ALIGNED = 4
"""Numbers that one instruction may read from shared memory: what is read in order begins at such a place."""

STAGE_BYTES = 16 * 1024
"""What samples may take of it: several blocks then share a processor."""

HELD_BYTES = 32 * 1024
"""What c + b v and u of formed weights may take of it: the rest, and two such blocks fit where registers are what is
scarce, but for compute capability 7.5."""

LARGEST_TILE = 32
"""Samples in shared memory at a time, and terms of a sum before it joins a compensated total: its error is that of 32
terms, in float32 at most 31 2^-24 of the sum of absolute values."""

NARROW_ROWS = 16
"""Rows up to which a product reads a matrix column by column."""

IN_REGISTERS = Fusion(inline_rows=NARROW_ROWS)
"""Where weights stay in registers: products share a loop where all of them are small."""

FORMED = Fusion(inline_rows=1 << 30, joint_rows=1 << 30, shared_rows=1 << 30, pushed_rows=64)
"""Where weights are formed as they are read, loops are fused as far as they can be: what is formed serves more
products, a thread has no memory of its own but registers, and an operand is computed again for each block of rows."""


MOST_HELD = {IN_REGISTERS: 220, FORMED: 200}
"""Registers that a point's numbers may fill in either way, and a block of threads computes what fills more: with more
of them, kernels of benchmarks/sass.py spill."""

MOST_WEIGHTS = 96
"""The same where points have weights of their own, all of which are read before the samples are: with 100 of them, a
kernel spills."""


@dataclass(frozen=True)
class Layout:
    """tile: samples in shared memory at a time. group: samples that a thread works on together. uniforms, weights:
    where each begins in the one array of its kind. staged: where a streamed value begins among the `width` numbers that
    a sample has in shared memory; empty where they are read from the device's memory. held: where a value that is not
    streamed begins in `held_size` numbers of shared memory. formed: values that are computed where they are read.
    tiled: of those that are held, but a block of rows at a time, how many. blocks: for a nest that computes its
    products' operand, by the first of them, the rows at a time. levels: of each value that is computed. local: numbers
    that a point holds while it goes through samples, each of so many `words` of 4 bytes."""

    tile: int
    group: int
    uniforms: dict[int, int]
    weights: dict[int, int]
    staged: dict[int, int]
    width: int
    held: dict[int, int]
    formed: frozenset[int]
    levels: dict[int, str]
    local: int
    words: int
    held_size: int
    tiled: dict[int, int]
    blocks: Mapping[int, int]

    @property
    def registers(self) -> int:
        """That a point's numbers fill."""
        return self.local * self.words

    @property
    def stage_size(self) -> int:
        return self.tile * self.width if self.staged else 0


def aligned(count: int) -> int:
    """So many numbers, filled up to where the next may begin."""
    return -(-count // ALIGNED) * ALIGNED


def lies_by_columns(rows: int) -> bool:
    """Whether a matrix lies in shared memory column by column: a product of few rows reads it so."""
    return 1 < rows <= NARROW_ROWS


def layout_of(plan: Plan, dtype: str, forms: bool = False) -> Layout:
    """forms: whether weights are formed even where registers have room for all of them."""
    return _Layouts(plan, np.dtype(dtype).itemsize, forms).layout()


class _Layouts:
    def __init__(self, plan: Plan, size: int, forms: bool) -> None:
        self.plan, self.size, self.forms = plan, size, forms
        self.instructions, self.streams = plan.body.program.instructions, plan.body.streams
        self.words = size // 4
        self.levels: dict[int, str] = {}
        for nest in self._nests():
            for value in (*nest.values, *nest.operand, *nest.repeated):
                self.levels[value] = nest.level
        # A sum over samples is a point's, whatever it is made of.
        for sweep in self._sweeps():
            self.levels |= {value: "point" for value, _ in sweep.sums}

    def layout(self) -> Layout:
        formed = self._formed()
        kept = self._kept(formed)
        width, staged = 0, dict[int, int]()
        for value in self._read_by_sweeps():
            staged[value] = width
            width += aligned(self.instructions[value].shape[0])
        tile = LARGEST_TILE
        while tile > 1 and tile * width * self.size > STAGE_BYTES:
            tile //= 2
        if tile * width * self.size > SHARED_BYTES - HELD_BYTES or not width:
            staged, width, tile = {}, 0, LARGEST_TILE
        most = tile if formed and staged else 1
        grouping = grouping_of(self.plan, formed, kept, GROUPED_REGISTERS[self.size] // self.words, most)
        if not formed:
            # All weights are in registers, where no row can be found by a number that is known late.
            grouping = replace(grouping, blocks={})
        elif more := self._read_by_blocks(grouping, formed):
            formed |= more
            kept = self._kept(formed)
            grouping = grouping_of(self.plan, formed, kept, GROUPED_REGISTERS[self.size] // self.words, most)
        held, tiled = self._held(formed, grouping)
        if sum(self._held_size(value, tiled) for value in held) * self.size > HELD_BYTES:
            # They are read, and c + b v is formed too, from the device's memory, through its caches.
            formed |= {v for value in held for v in self._made_of_data(value)}
            held, tiled = [], {}
        held_places, held_size = dict[int, int](), 0
        for value in held:
            held_places[value] = held_size
            held_size += self._held_size(value, tiled)
        offsets = {kind: self._offsets(kind) for kind in ("data", "weight")}
        return Layout(
            tile, grouping.group, offsets["data"], offsets["weight"], staged, width, held_places, formed, self.levels,
            kept + grouping.live, self.words, held_size, tiled, grouping.blocks,
        )  # fmt: skip

    def _nests(self) -> list[Nest]:
        return [nest for stage in self.plan.stages for nest in stage.nests]

    def _sweeps(self) -> list[Sweep]:
        return [stage for stage in self.plan.stages if isinstance(stage, Sweep)]

    def _count(self, value: int) -> int:
        rows, columns = self.instructions[value].shape
        return rows * columns

    def _offsets(self, op: str) -> dict[int, int]:
        return self._places([p for p, i in enumerate(self.instructions) if i.op == op])

    def _places(self, values: list[int]) -> dict[int, int]:
        found, start = {}, 0
        for value in values:
            found[value] = start
            start += self._count(value)
        return found

    def _stored(self) -> list[int]:
        """What a point keeps while it goes through samples, and the sums over them."""
        straight = {v for s in self.plan.stages if isinstance(s, Straight) for n in s.nests for v in n.stored}
        read = {
            self._base(argument)
            for sweep in self._sweeps()
            for nest in sweep.nests
            for value in (*nest.values, *nest.operand, *nest.repeated)
            for argument in self.instructions[value].args
        }
        outputs = set(self.plan.body.program.outputs)
        return sorted(straight & (read | outputs)) + [value for sweep in self._sweeps() for value, _ in sweep.sums]

    def _base(self, value: int) -> int:
        instruction = self.instructions[value]
        return instruction.args[0] if instruction.op == "transpose" else value

    def _kept(self, formed: frozenset[int]) -> int:
        """Numbers of these, and of weights that points have of their own, which the compiler keeps in registers. A sum
        over samples is three: of a tile, of all, and what rounding lost."""
        weights = sum(self._count(value) for value, i in enumerate(self.instructions) if i.op == "weight")
        sums = sum(self._count(value) for sweep in self._sweeps() for value, _ in sweep.sums)
        return weights + sum(self._count(value) for value in self._stored() if value not in formed) + 2 * sums

    def _read_by_sweeps(self) -> list[int]:
        """Streamed values that are the same for all points of a row, and that those of a point read."""
        found: set[int] = set()
        for sweep in self._sweeps():
            point = [nest for nest in sweep.nests if nest.level == "point"]
            inside = {v for nest in point for v in (*nest.values, *nest.operand, *nest.repeated)}
            found |= {a for v in inside for a in self.instructions[v].args if a not in inside and self.streams[a]}
        return sorted(v for v in found if self.levels.get(v, "row") == "row")

    # Weights that are formed where they are read

    def _formed(self) -> frozenset[int]:
        """Which, the largest first, until the rest stays in registers, with what is computed on the way."""
        formed: set[int] = set()
        for value in sorted(self._stored(), key=self._count, reverse=True):
            # Where samples go in groups, a weight is formed once for a group, and registers are for samples.
            fits = not self.forms and not formed and self._kept(frozenset()) * self.words <= REGISTERS[self.size]
            if fits or self._count(value) < SMALLEST_FORMED:
                break
            made = self._made(value)
            if made is not None and value not in self.plan.body.program.outputs and self.levels[value] == "point":
                formed |= made
        return frozenset(formed)

    def _read_by_blocks(self, grouping: Grouping, formed: frozenset[int]) -> set[int]:
        """What a point would keep in an array, and read by a row that is known only when it comes to its block: memory,
        and no registers. With what it is formed of."""
        found: set[int] = set()
        blocked = [n for sweep in self._sweeps() for n in sweep.nests if self._block(n, grouping) < n.rows]
        for nest in blocked:
            elements = [v for v in (*nest.values, *nest.repeated) if self.instructions[v].op != "matmul"]
            read = {self._base(a) for v in (*elements, *nest.pushed) for a in self.instructions[v].args}
            for value in read & {*self._stored()} - formed:
                if self._count(value) > 1:
                    found |= self._made(value) or set()
        return found

    def _held(self, formed: frozenset[int], grouping: Grouping) -> tuple[list[int], dict[int, int]]:
        """What formed weights are made of, and matrices that sweeps read whole, for shared memory; and of which of them
        it needs but a block of rows at a time, since one product alone reads them so."""
        held = {a for v in formed for a in self.instructions[v].args if self._is_held(a) and a not in formed}
        held |= self._read_whole()
        tiled = dict[int, int]()
        for value in held:
            uses = {self._block_of_use(nest, reader, argument, grouping)
                    for nest, reader, argument in self._reads(value, formed, held)}  # fmt: skip
            if len(uses) == 1 and 0 not in uses:
                (tiled[value],) = uses
        return sorted(held), tiled

    def _reads(self, value: int, formed: frozenset[int], held: set[int]) -> Iterator[tuple[Nest, int, int]]:
        """Where a value is read, or what is formed of it: (nest, reader, which argument)."""
        for nest in self._nests():
            if nest.level == "row" and not nest.stored - formed - held:
                continue  # computed into shared memory, and from the device's
            for reader in {*nest.values, *nest.operand, *nest.repeated} - formed:
                for number, argument in enumerate(self.instructions[reader].args):
                    if value in self._leaves(argument, formed):
                        yield nest, reader, number

    def _leaves(self, value: int, formed: frozenset[int]) -> set[int]:
        """A value, or what it is formed of."""
        base = self._base(value)
        return {a for v in (self._made(base) or ()) for a in self.instructions[v].args} if base in formed else {base}

    def _block(self, nest: Nest, grouping: Grouping) -> int:
        """The rows at a time of a nest."""
        first = next((value for value in nest.values if self.instructions[value].op == "matmul"), None)
        blocked = first is not None and nest.streamed and nest.operand
        return grouping.blocks.get(first, nest.rows) if first is not None and blocked else nest.rows

    def _block_of_use(self, nest: Nest, reader: int, number: int, grouping: Grouping) -> int:
        """The rows at a time of a product that reads its left factor by blocks; 0 for all else."""
        block, instruction = self._block(nest, grouping), self.instructions[reader]
        is_left = instruction.op == "matmul" and number == 0 and reader in nest.values
        turned = self.instructions[instruction.args[number]].op == "transpose"
        return block if is_left and not turned and block < nest.rows else 0

    def _held_size(self, value: int, tiled: Mapping[int, int]) -> int:
        rows, columns = self.instructions[value].shape
        rows = tiled.get(value, rows)
        return columns * aligned(rows) if lies_by_columns(rows) else rows * aligned(columns)

    def _read_whole(self) -> set[int]:
        """Matrices that all points share and that sweeps read whole for each sample: directions, weights that stay."""
        return {
            argument
            for sweep in self._sweeps()
            for nest in sweep.nests
            if nest.level == "point"
            for value in (*nest.values, *nest.operand)
            for argument in self.instructions[value].args
            if self.instructions[argument].op == "data" and self.streams[argument] is None
        }

    def _is_held(self, value: int) -> bool:
        return self.instructions[value].op == "data" or (self._count(value) > 1 and self.levels.get(value) == "row")

    def _made(self, value: int) -> set[int] | None:
        """An affine value with all that it is made of element by element, up to what the points of a row share; None
        where it is made in another way."""
        found: set[int] = set()
        pending = [value]
        while pending:
            top = pending.pop()
            instruction = self.instructions[top]
            if instruction.op not in ("add", "sub", "mul", "neg", "broadcast") or self.streams[top] is not None:
                return None
            found.add(top)
            for argument in instruction.args:
                if self._is_held(argument) and self._closed(argument):
                    continue
                if self.instructions[argument].op not in ("coordinate", "constant"):
                    pending.append(argument)
        return found

    def _closed(self, value: int) -> bool:
        """Whether a value that a row shares can be computed element by element from what the device's memory holds."""
        made = self._made_of_data(value)
        return all(self.instructions[v].op in ("add", "sub", "mul", "neg", "broadcast") for v in made)

    def _made_of_data(self, value: int) -> set[int]:
        """A value with all that it is made of, leaves left out."""
        found: set[int] = set()
        pending = [value]
        while pending:
            top = pending.pop()
            if self.instructions[top].op not in ("coordinate", "constant", "data"):
                found.add(top)
                pending.extend(self.instructions[top].args)
        return found
