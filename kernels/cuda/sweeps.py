"""A sweep over samples as text: tile after tile, with sums that join compensated totals in the order of the tiles.

In: the emitter and a sweep. Out: lines. A sweep is computed whole by each thread, or a part of its tiles by each of
several blocks, which leave the tiles' sums in the device's memory, from where a later kernel adds them up: in the same
order and by the same arithmetic, so that it makes no difference to a result into how many parts its samples were split.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..plan import Plan, Sweep
from .grouping import tail_of
from .layout import Layout
from .lowering import lowering
from .nest import NestText
from .text import plus, times

if TYPE_CHECKING:
    from .source import Emitter


def sweeps_of(plan: Plan) -> list[Sweep]:
    return [stage for stage in plan.stages if isinstance(stage, Sweep)]


def pushed_in(sweep: Sweep) -> frozenset[int]:
    """Products that are added up in the loop of an earlier nest."""
    return frozenset(product for nest in sweep.nests for product in nest.pushed)


def tiles_of(sweep: Sweep, layout: Layout) -> int:
    return -(-sweep.length // layout.tile)


def numbers_of(plan: Plan, sweep: Sweep) -> int:
    """How many a tile adds up."""
    shapes = (plan.body.program.instructions[value].shape for value, _ in sweep.sums)
    return sum(rows * columns for rows, columns in shapes)


def parts_of(plan: Plan, layout: Layout, before: Sweep | None = None) -> int:
    """Numbers of a point that the tiles of all sweeps leave, or of those before one."""
    sweeps = sweeps_of(plan)
    return sum(
        tiles_of(sweep, layout) * numbers_of(plan, sweep)
        for sweep in (sweeps if before is None else sweeps[: sweeps.index(before)])
    )


class SweepText:
    def __init__(self, emitter: Emitter, sweep: Sweep) -> None:
        self.emitter, self.text, self.sweep = emitter, emitter.text, sweep
        self.layout, self.instructions = emitter.layout, emitter.instructions
        self.values = [value for value, _ in sweep.sums]
        self.added = [value for value in self.values if self.is_added_by_tiles(value)]

    def is_largest(self, value: int) -> bool:
        return self.instructions[value].op == "max"

    def is_added_by_tiles(self, value: int) -> bool:
        return not self.is_largest(value) and tiles_of(self.sweep, self.layout) > 1

    def declare(self) -> None:
        """Arrays for sums: of a tile, of all tiles and what their rounding lost, and what comes of them."""
        for value in self.values:
            by_tiles = value in self.added
            for prefix in "v" + "pte" * by_tiles + "p" * (self.emitter.phase is not None):
                self.emitter.declare_array(prefix, value)

    # The three ways

    def whole(self) -> None:
        self.begin_totals()
        self.emitter.sums = {value: value in self.added for value in self.values}
        with self.text.counted("start", "0", str(self.sweep.length), str(self.layout.tile)):
            self.tile(self.added)
            for value in self.added:
                self.add_tile(value)
        self.end_totals()

    def part(self) -> None:
        """This block's tiles: `share` of them."""
        text, tile = self.text, self.layout.tile
        self.emitter.sums = dict.fromkeys(self.values, True)
        text.line(f"start = uint32(cuda.blockIdx.y * share * {tile})")
        text.line(f"stop = uint32(min({self.sweep.length}, start + share * {tile}))")
        with text.counted("start", "start", "stop", str(tile)):
            self.tile(self.values)
            with text.block("if place < columns"):
                text.line(f"part = uint32(start // {tile})")
                for value in self.values:
                    with self.elements(value) as (i, j):
                        text.line(f"{self.place(value, 'part', i, j)} = {self.emitter.local(value, i, j, 'p')}")
        self.emitter.sums = {}

    def gathered(self) -> None:
        """What all blocks left, added up as whole() does."""
        text = self.text
        self.begin_totals()
        with text.counted("part", "0", str(tiles_of(self.sweep, self.layout)), "1"):
            for value in self.values:
                with self.elements(value) as (i, j):
                    found = self.place(value, "part", i, j)
                    if value in self.added:
                        text.line(f"{self.emitter.local(value, i, j, 'p')} = {found}")
                    elif self.is_largest(value):
                        place = self.emitter.local(value, i, j)
                        text.line(f"{place} = {lowering('maximum', self.emitter.dtype).format(place, found)}")
                    else:
                        text.line(f"{self.emitter.local(value, i, j)} = {found}")
            for value in self.added:
                self.add_tile(value)
        self.end_totals()

    # Totals

    @contextmanager
    def elements(self, value: int) -> Iterator[tuple[str, str]]:
        rows, columns = self.instructions[value].shape
        with self.text.each("i", rows) as i, self.text.each("j", columns) as j:
            yield i, j

    def start(self, value: int) -> str:
        return self.emitter.number(float("-inf")) if self.is_largest(value) else "zero"

    def begin_totals(self) -> None:
        for value in self.values:
            for prefix in ("t", "e") if value in self.added else ("v",):
                self.fill(prefix, value)

    def end_totals(self) -> None:
        for value in self.added:
            self.finish(value)
        self.emitter.sums = {}

    def fill(self, prefix: str, value: int) -> None:
        with self.elements(value) as (i, j):
            self.text.line(f"{self.emitter.local(value, i, j, prefix)} = {self.start(value)}")

    def place(self, value: int, tile: str, i: str, j: str) -> str:
        """Where a tile leaves a sum: those of all points side by side."""
        plan, layout = self.emitter.plan, self.layout
        before = self.values[: self.values.index(value)]
        offset = parts_of(plan, layout, self.sweep) + sum(self.emitter.size(v) for v in before)
        columns = self.instructions[value].shape[1]
        number = plus(str(offset), times(tile, numbers_of(plan, self.sweep)), times(i, columns), j)
        return f"parts[({number}) * total + point]"

    def add_tile(self, value: int) -> None:
        """A tile's sum joins the total; what its rounding loses is kept apart (D. E. Knuth's two-sum)."""
        text = self.text
        with self.elements(value) as (i, j):
            part, total, lost = (self.emitter.local(value, i, j, prefix) for prefix in "pte")
            text.line(f"before = {total}")
            text.line(f"added = {part}")
            text.line("after = before + added")
            text.line("rounded = after - before")
            text.line(f"{lost} = {lost} + ((before - (after - rounded)) + (added - rounded))")
            text.line(f"{total} = after")

    def finish(self, value: int) -> None:
        with self.elements(value) as (i, j):
            total, lost = (self.emitter.local(value, i, j, prefix) for prefix in "te")
            self.text.line(f"after = {total} + {lost}")
            # An infinite total has lost what is not a number.
            self.text.line(f"{self.emitter.local(value, i, j)} = choose(after == after, after, {total})")

    # A tile

    def tile(self, summed: list[int]) -> None:
        """The samples from `start` on; summed: what is added up for this tile alone."""
        self.text.line(f"count = uint32(min({self.layout.tile}, {self.sweep.length} - start))")
        if self.layout.staged:
            self.stage()
        for value in summed:
            self.fill("p", value)
        self.samples()

    def stage(self) -> None:
        """A thread a sample: what does not depend on the point, from the device's memory into shared memory."""
        text, layout, emitter = self.text, self.layout, self.emitter
        text.line("cuda.syncthreads()")
        emitter.staging = True
        with text.counted("s", "thread", "count", "threads"):
            text.line("sample = uint32(start + s)")
            text.line(f"here = uint32(s * {layout.width})")
            for nest in self.sweep.nests:
                if nest.level == "row":
                    NestText(emitter, nest).emit()
            reader = NestText(emitter, None)
            for value in layout.staged:
                if self.is_read(value) and self.instructions[value].op == "data":
                    with text.each("i", self.instructions[value].shape[0]) as i:
                        text.line(f"{emitter.local(value, i, '0')} = {reader.number(value, i, '0', {})}")
        emitter.staging = False
        text.line("cuda.syncthreads()")

    def is_read(self, value: int) -> bool:
        """Whether a value is streamed along this sweep."""
        streams = self.emitter.streams
        return streams[value] is not None and streams[value] == streams[self.instructions[self.values[0]].args[0]]

    def samples(self) -> None:
        text, layout, emitter = self.text, self.layout, self.emitter
        emitter.group, emitter.pushed = layout.group, pushed_in(self.sweep)
        masked = emitter.group > 1 and self.sweep.length % emitter.group != 0
        with text.counted("s", "0", "count", str(emitter.group)):
            if layout.staged:
                text.line(f"here = uint32(s * {layout.width})")
            else:
                text.line("sample = uint32(start + s)")
            if layout.held:
                # Or the compiler would read all weights before the samples, into more registers than there are.
                text.line("reread()")
            emitter.mask = "s + {0} < count" if masked else ""
            tail = tail_of(emitter.plan, self.sweep)
            for nest in self.sweep.nests:
                if nest not in tail and (nest.level == "point" or not layout.staged):
                    NestText(emitter, nest).emit()
            with text.each("g", emitter.group) as emitter.sample:
                for nest in tail:
                    NestText(emitter, nest).emit()
            emitter.sample = ""
        emitter.group, emitter.mask, emitter.pushed = 1, "", frozenset()
