"""Emission: a plan and its layout as the text of one kernel. Decides nothing.

The kernel is `kernel(a, b, u, w, out, rows, columns, across)`: one point of a grid a thread, blocks of threads along a
row, `across` of them to a row of `columns` points. a, b: the coordinates. u: the uniform arrays one after the other, a
streamed one sample after sample. w: the weights' values, element by element, the points beside each other. out: the
outputs, each for all points, one after the other.

Where a grid has too few points to fill a device, samples are split over blocks, and the kernel comes in phases: one for
each sweep, in which each block leaves the sums of its tiles of samples in `parts`, and one more that adds them up.

What a point holds of a value is a variable, or a small array whose indices are known once loops are unrolled, and so is
registers. A sweep takes a tile of samples at a time: first each thread computes, for another sample, what is the same
for all points of the row, and puts it into shared memory; then each goes through the tile for its own point.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..plan import Plan, Sweep
from .grouping import single_of
from .layout import Layout, aligned, lies_by_columns
from .nest import NestText
from .sweeps import SweepText, pushed_in, sweeps_of
from .text import Text, plus, times

ENTRY = "kernel"
PARAMETERS = "a: line, b: line, u: line, w: line, out: line, rows: uint32, columns: uint32, across: uint32"
"""line: an array of numbers of the kernel's precision."""

PART_PARAMETERS = f"{PARAMETERS}, parts: line, share: uint32"
"""share: tiles of samples that a block takes."""


@dataclass(frozen=True)
class Source:
    """A kernel's text. numbers: the constants that it names, to be bound in the kernel's precision."""

    text: str
    numbers: tuple[tuple[str, float], ...]
    dtype: str

    @property
    def names(self) -> dict[str, float]:
        """All constants of the text, by name."""
        return {"zero": 0.0, "one": 1.0, **dict(self.numbers)}


def phases_of(plan: Plan, layout: Layout, dtype: str) -> tuple[Source, ...]:
    """The kernels that are launched in turn where samples are split over blocks."""
    return tuple(source_of(plan, layout, dtype, phase) for phase in range(len(sweeps_of(plan)) + 1))


def source_of(plan: Plan, layout: Layout, dtype: str, phase: int | None = None) -> Source:
    """phase: of a kernel that comes in phases; None: all of it in one."""
    emitter = Emitter(plan, layout, dtype, phase)
    text = emitter.kernel()
    return Source(text, tuple((name, float(x)) for x, name in emitter.numbers.items()), dtype)


class Emitter:
    def __init__(self, plan: Plan, layout: Layout, dtype: str, phase: int | None) -> None:
        self.plan, self.layout, self.text = plan, layout, Text()
        self.instructions, self.streams = plan.body.program.instructions, plan.body.streams
        self.dtype, self.phase = dtype, phase
        self.numbers: dict[str, str] = {}
        self.sums: dict[int, bool] = {}
        """Of the sweep under way; whether they are added up a tile at a time."""
        self.group = 1
        self.staging = False
        self.forming = False
        """Whether values shared by a row are computed from what the device's memory holds."""
        self.mask = ""
        self.pushed: frozenset[int] = frozenset()
        """Products of this sweep that are added up in the loop that computes their operand's rows."""
        self.single = single_of(plan)
        self.sample = ""
        """The sample of the group, where one after another is gone through."""
        self.block_row = ""
        """The number of a row in the block of rows that is under way."""
        self._declared: set[str] = set()

    def kernel(self) -> str:
        text = self.text
        self._begin()
        self._declare()
        self._hold()
        if self._stages():
            self._store_outputs()
        return text.function(ENTRY, PARAMETERS if self.phase is None else PART_PARAMETERS)

    def _stages(self) -> bool:
        """Whether that is all of them, and the outputs are there."""
        sweeps = sweeps_of(self.plan)
        for stage in self.plan.stages:
            if not isinstance(stage, Sweep):
                for nest in stage.nests:
                    NestText(self, nest).emit()
            elif self.phase is None:
                SweepText(self, stage).whole()
            elif sweeps.index(stage) < self.phase:
                SweepText(self, stage).gathered()
            else:
                SweepText(self, stage).part()
                return False
        return True

    def number(self, x: float) -> str:
        """The name of a constant."""
        known = {"0.0": "zero", "1.0": "one"}
        text = repr(float(x))
        return known.get(text) or self.numbers.setdefault(text, f"k{len(self.numbers)}")

    # Storage

    def size(self, value: int) -> int:
        rows, columns = self.instructions[value].shape
        return rows * columns

    def is_shared(self, value: int) -> bool:
        """Whether a streamed value is read from a tile in shared memory here."""
        return value in self.layout.staged and not self.staging

    def held_place(self, value: int, i: str, j: str) -> str:
        """The index of an element that lies in shared memory for all samples, or for a block of rows."""
        rows, columns = self.instructions[value].shape
        rows, start = self.layout.tiled.get(value, rows), str(self.layout.held[value])
        if lies_by_columns(rows):
            return plus(start, times(j, aligned(rows)), i)
        return plus(start, times(i, aligned(columns)), j)

    def samples(self, value: int) -> int:
        """Of how many a point holds a streamed value at a time."""
        return 1 if value in self.single or self.layout.levels[value] != "point" else self.layout.group

    def extent(self, value: int) -> tuple[int, ...]:
        """The axes of the array in which a point holds a value; none for a variable."""
        rows, columns = self.instructions[value].shape
        if self.streams[value] is not None:
            columns = self.samples(value)
        return tuple(n for n in (rows, columns) if n > 1)

    def local(self, value: int, i: str, j: str, prefix: str = "v") -> str:
        """Where a point holds an element; j counts the samples of a group where the value is streamed. What is staged
        is computed where it is to be."""
        if value in self.layout.staged:
            return f"stage[{plus('here', str(self.layout.staged[value]), i)}]"
        rows, columns = self.instructions[value].shape
        if self.streams[value] is not None:
            columns = self.samples(value)
        index = ", ".join(k for k, n in ((i, rows), (j, columns)) if n > 1)
        return f"{prefix}{value}[{index}]" if index else f"{prefix}{value}"

    def _declare(self) -> None:
        layout, text = self.layout, self.text
        for name, size in (("stage", layout.stage_size), ("hold", layout.held_size)):
            if size:
                text.line(f"{name} = cuda.shared.array({size}, real)")
        for stage in self.plan.stages:
            for nest in stage.nests:
                for value in sorted(nest.stored):
                    if not any(value in elsewhere for elsewhere in (layout.formed, layout.held, layout.staged)):
                        self.declare_array("v", value)
            if isinstance(stage, Sweep):
                SweepText(self, stage).declare()
                self.group, self.pushed = layout.group, pushed_in(stage)
            for nest in stage.nests:
                NestText(self, nest).declare()
            self.group, self.pushed = 1, frozenset()

    def declare_array(self, prefix: str, value: int) -> None:
        self.declare(f"{prefix}{value}", self.extent(value))

    def declare(self, name: str, extent: tuple[int, ...]) -> None:
        """An array of a point's own; a variable needs none."""
        if extent and name not in self._declared:
            self._declared.add(name)
            self.text.line(f"{name} = cuda.local.array({extent if len(extent) > 1 else extent[0]}, real)")

    # Beginning and end

    def _begin(self) -> None:
        text = self.text
        text.line("thread = uint32(cuda.threadIdx.x)")
        text.line("threads = uint32(cuda.blockDim.x)")
        text.line("row = uint32(cuda.blockIdx.x // across)")
        text.line("place = uint32((cuda.blockIdx.x - row * across) * threads + thread)")
        # Threads beyond the end of a row compute its last point again: all of a block meet at each barrier.
        text.line("column = uint32(min(place, columns - 1))")
        text.line("pa = a[column]")
        text.line("pb = b[row]")
        text.line("total = int64(columns) * rows")
        text.line("point = int64(row) * columns + column")

    def _hold(self) -> None:
        """Each thread computes some elements of what a row's points share, into shared memory."""
        if not self.layout.held:
            return
        text = self.text
        for value in self.layout.held:
            if value not in self.layout.tiled:
                self.hold(value, self.instructions[value].shape[0])
        text.line("cuda.syncthreads()")

    def hold(self, value: int, rows: int, first: str = "0") -> None:
        """So many rows of a value, from one on."""
        text, columns = self.text, self.instructions[value].shape[1]
        with text.counted("e", "thread", str(rows * columns), "threads"):
            text.line(f"er = uint32(e // {columns})")
            text.line(f"ec = uint32(e - er * {columns})")
            self.forming = True
            found = NestText(self, None).number(value, text.let_index(first, "er"), "ec", {})
            self.forming = False
            text.line(f"hold[{self.held_place(value, 'er', 'ec')}] = {found}")

    def _store_outputs(self) -> None:
        text, start = self.text, 0
        reader = NestText(self, None)
        with text.block("if place < columns"):
            for output in self.plan.body.program.outputs:
                rows, columns = self.instructions[output].shape
                with text.each("i", rows) as i, text.each("j", columns) as j:
                    found = reader.number(output, i, j, {})
                    place = plus(str(start), times(i, columns), j)
                    text.line(f"out[({place}) * total + point] = {found}")
                start += rows * columns
