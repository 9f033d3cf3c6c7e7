"""Emission: a plan as the text of one LLVM function, a tile of grid points at a time. Decides nothing.

The function is `tile(table, row, first, count, scratch)`: for `count` blocks of points, from block `first` of row
`row` of the grid, compute the outputs. Each block is one vector: a lane is a point. `table` holds addresses of the
uniform arrays, the weights' values a point, a, b and the outputs, then the number of blocks in a row, how far apart in
the outputs two blocks and two elements of a block lie, and the address of a flag: where it is not 0 a sweep over many
samples returns early, and what was computed is of no use.

Where a plan's lanes are samples a block is one point: a streamed value's vector holds samples, any other value is
plain numbers.

Layouts: a uniform array is row-major, or samples x features where it is streamed. Values a point (weights and
outputs) are blocks of elements x lanes. Streamed scratch is block of samples x features x lanes. With samples as
lanes a streamed uniform array is vectors x features x lanes, and values a point are plain elements.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..nests import Nest
from ..plan import Plan, Straight, Sweep, column_stride
from .arithmetic import FLOAT64, FORMATS, Constant, Mask, Value
from .code import Code, Index
from .loops import NestLoops
from .vector import Vector

ENTRY = "tile"
PARAMETERS = "ptr noalias %table, i64 %row, i64 %first, i64 %count, ptr noalias %scratch"


@dataclass(frozen=True)
class Layout:
    """Sizes that the driver and the caller need: bytes of scratch a thread, numbers a block of the output."""

    lanes: int
    scratch_bytes: int
    output_size: int


def emit(plan: Plan, dtype: str, lanes: int) -> str:
    """The module's text. dtype: "float32" or "float64"; lanes: a power of two."""
    return _Emitter(plan, dtype, lanes).module()


def layout_of(plan: Plan, dtype: str, lanes: int) -> Layout:
    """The layout of what `emit` makes of the same."""
    emitter = _Emitter(plan, dtype, lanes)
    return Layout(lanes, emitter.scratch_bytes, emitter.output_size)


class _Emitter:
    def __init__(self, plan: Plan, dtype: str, lanes: int) -> None:
        self.plan, self.lanes, self.form = plan, lanes, FORMATS[dtype]
        self.samples_are_lanes = plan.sample_lanes > 1
        assert plan.sample_lanes in (1, lanes)
        self.instructions = plan.body.program.instructions
        self.streams = plan.body.streams
        self.code = Code()
        self.point = Vector(self.code, self.form, lanes)
        self.row = Vector(self.code, self.form, 1)
        # A sum over samples: a number in each lane, or one where lanes are samples.
        self.total = self.row if self.samples_are_lanes else self.point
        self.double = Vector(self.code, FLOAT64, self.total.lanes)
        self.sums: dict[int, int] = {}
        self.sample: Index = 0
        self.a = ""
        self.output_size = sum(self._size(output) for output in plan.body.program.outputs)
        self._sections()

    def _sections(self) -> None:
        """Scratch: plain numbers, vectors, the float64 sums, each aligned to a cache line."""

        def aligned(size: int) -> int:
            return -(-size // 64) * 64

        plan, size = self.plan, self.form.size
        self.point_start = aligned(plan.number_scratch * size)
        self.sum_start = aligned(self.point_start + plan.vector_scratch * self.lanes * size)
        self.scratch_bytes = aligned(self.sum_start + plan.sum_scratch * self.total.lanes * 8)

    def module(self) -> str:
        code = self.code
        self._read_table()
        for stage in self.plan.stages:
            if isinstance(stage, Straight) and stage.level == "row":
                self._straight(stage)
        code.for_each("%first", code.add("%first", "%count"), 1, self._block)
        return code.function(ENTRY, PARAMETERS)

    def _size(self, value: int) -> int:
        rows, columns = self.instructions[value].shape
        return rows * columns

    def _read_table(self) -> None:
        code, places = self.code, self.plan.places
        counts = {"uniform": 0, "weight": 0}
        for place in places.values():
            if place.kind in counts:
                counts[place.kind] += 1
        position = 0

        def entry(kind: str) -> str:
            nonlocal position
            position += 1
            return code.load(kind, code.address("%table", position - 1, "i64"), 8, constant=True)

        self.uniforms = [entry("ptr") for _ in range(counts["uniform"])]
        self.weights = [entry("ptr") for _ in range(counts["weight"])]
        self.a_pointer, self.b_pointer, self.out_pointer = entry("ptr"), entry("ptr"), entry("ptr")
        self.row_blocks, self.block_stride, self.element_stride = entry("i64"), entry("i64"), entry("i64")
        self.stop = entry("ptr")
        scratch = "%scratch"
        self.point_scratch = code.address(scratch, self.point_start, "i8")
        self.sum_scratch = code.address(scratch, self.sum_start, "i8")
        b = code.load(self.form.name, code.address(self.b_pointer, "%row", self.form.name), self.form.size)
        self.b_scalar = b

    def _block(self, block: Index) -> None:
        code = self.code
        points = 1 if self.samples_are_lanes else self.lanes
        place = code.address(self.a_pointer, code.mul(block, points), self.form.name)
        self.a = code.load(self.total.type, place, self.form.size)
        self.block = code.add(code.mul("%row", self.row_blocks), block)
        for stage in self.plan.stages:
            if isinstance(stage, Sweep):
                self._sweep(stage)
            elif stage.level == "point":
                self._straight(stage)
        self._store_outputs()

    def _straight(self, stage: Straight) -> None:
        for nest in stage.nests:
            self._nest(nest, nest.columns, 0)

    def _nest(self, nest: Nest, count: Index, tail: int) -> None:
        NestLoops(self, nest, count, tail).emit()

    # Sweeps over samples

    def _sweep(self, sweep: Sweep) -> None:
        code, block = self.code, self.plan.block
        self.sums = dict(sweep.sums)
        for value, offset in sweep.sums:
            start = Constant(float("-inf") if self.instructions[value].op == "max" else 0.0)
            code.for_each(0, self._size(value), 1, lambda e, o=offset, s=start: self._store_sum(o, e, s))  # type: ignore[misc]

        def samples(start: Index) -> None:
            self.sample = start
            if sweep.length > block:
                code.leave_if(self.stop)
            if sweep.length <= block:
                count: Index = sweep.length
            elif sweep.length % block == 0:
                count = block
            else:
                left = code.let(f"sub i64 {sweep.length}, {start}")
                short = code.let(f"icmp ult i64 {left}, {block}")
                count = code.let(f"select i1 {short}, i64 {left}, i64 {block}")
            for nest in sweep.nests:
                self._nest(nest, count, sweep.length % self.plan.group)

        code.for_each(0, sweep.length, block, samples)
        self.sums = {}
        for value, offset in sweep.sums:
            code.for_each(0, self._size(value), 1, lambda e, v=value, o=offset: self._finish_sum(v, o, e))  # type: ignore[misc]

    def _sum_address(self, offset: int, element: Index) -> str:
        return self.code.address(self.sum_scratch, self.code.add(offset, element), self.double.type)

    def _store_sum(self, offset: int, element: Index, value: Value) -> None:
        self.code.store(self.double.type, self.double.real(value), self._sum_address(offset, element), 8)

    def add_to_sum(self, value: int, element: Index, part: Value) -> None:
        """Add a block's part, in the kernel's precision, to a sum over samples in float64."""
        offset, code = self.sums[value], self.code
        wide = self.point.real(part)
        if self.samples_are_lanes:
            wide = self.point.folded(wide, self.instructions[value].op)
        if self.form is not FLOAT64:
            wide = code.let(f"fpext {self.total.type} {wide} to {self.double.type}")
        old = code.load(self.double.type, self._sum_address(offset, element), 8)
        combine = self.double.maximum if self.instructions[value].op == "max" else self.double.add
        self._store_sum(offset, element, combine(old, wide))

    def _finish_sum(self, value: int, offset: int, element: Index) -> None:
        total = self.code.load(self.double.type, self._sum_address(offset, element), 8)
        if self.form is not FLOAT64:
            total = self.code.let(f"fptrunc {self.double.type} {total} to {self.total.type}")
        index = self.code.add(self.plan.places[value].index, element)
        self._write(self.plan.places[value].kind, index, total, self.total)

    def real_samples(self, samples: int, column: Index, vector: Vector) -> Mask | None:
        """Which lanes of a column of a sweep hold one of the stream's samples; None where all columns are full."""
        if not self.samples_are_lanes or samples % self.lanes == 0:
            return None
        code = self.code
        before = code.mul(code.add(self.sample, column), self.lanes)
        if isinstance(before, int):
            return None if before + self.lanes <= samples else vector.first_lanes(str(samples - before))
        return vector.first_lanes(code.let(f"sub i64 {samples}, {code.number(before)}"))

    def _write(self, kind: str, index: Index, value: str, vector: Vector) -> None:
        """Into scratch of plain numbers, one or a run of them, or of vectors."""
        start, unit = ("%scratch", self.row) if kind == "number" else (self.point_scratch, self.point)
        self.code.store(vector.type, value, self.code.address(start, index, unit.type), self.form.size)

    # Values in memory

    def _element(self, value: int, i: Index, j: Index, features_last: bool) -> Index:
        """The position of an element within its array; j counts from the block's first sample."""
        rows, columns = self.instructions[value].shape
        code = self.code
        if self.streams[value] is None:
            return code.add(code.mul(i, columns), j)
        if features_last:
            return code.add(code.mul(j, rows), i)
        return code.add(code.mul(j, column_stride(rows)), i)

    def lies_in_runs(self, value: int) -> bool:
        """Whether a value is one for all points of a row, and its features lie next to each other in memory."""
        rows, columns = self.instructions[value].shape
        place = self.plan.places.get(value)
        if place is None:  # it stays in registers
            return True
        if place.kind in ("uniform", "number"):
            return rows == 1 or columns == 1 or self.streams[value] is not None
        return place.kind in ("constant", "b")

    def load(self, value: int, i: Index, j: Index, vector: Vector, run: bool = False) -> Value:
        """Element (i, j) of a value that is in memory, an axis of size one broadcast; run: and those that follow it
        along i, one in each lane."""
        code, place = self.code, self.plan.places[value]
        rows, columns = self.instructions[value].shape
        i, j = (0 if rows == 1 else i), (0 if columns == 1 else j)
        if place.kind == "view":
            return self.load(place.index, j, i, vector)
        if place.kind == "constant":
            return Constant(self.instructions[value].value.item())
        if place.kind == "a":
            return vector.splat(self.a) if self.samples_are_lanes else self.a
        if place.kind == "b":
            return vector.splat(self.b_scalar)
        name, size = self.form.name, self.form.size
        if place.kind == "uniform":
            j = code.add(self.sample, j) if self.streams[value] is not None else j
            if self.samples_are_lanes and self.streams[value] is not None:
                pointer = code.address(self.uniforms[place.index], self._element(value, i, j, True), vector.type)
                return code.load(vector.type, pointer, size, constant=True)
            pointer = code.address(self.uniforms[place.index], self._element(value, i, j, True), name)
            if run and rows > 1:
                return code.load(vector.type, pointer, size, constant=True)
            return vector.splat(code.load(name, pointer, size, constant=True))
        if place.kind == "number":
            index = code.add(place.index, self._element(value, i, j, True))
            pointer = code.address("%scratch", index, name)
            return (
                code.load(vector.type, pointer, size)
                if run and rows > 1
                else vector.splat(code.load(name, pointer, size))
            )
        if place.kind == "weight":
            start = code.mul(self.block, self._size(value))
            index = code.add(start, self._element(value, i, j, False))
            if self.samples_are_lanes:
                pointer = code.address(self.weights[place.index], index, name)
                return vector.splat(code.load(name, pointer, size, constant=True))
            pointer = code.address(self.weights[place.index], index, vector.type)
            return code.load(vector.type, pointer, size, constant=True)
        index = code.add(place.index, self._element(value, i, j, False))
        return code.load(vector.type, code.address(self.point_scratch, index, vector.type), size)

    def store(self, value: int, i: Index, j: Index, number: Value, vector: Vector) -> None:
        """Write an element of a value that has a place in scratch."""
        place = self.plan.places[value]
        element = self._element(value, i, j, place.kind == "number")
        self._write(place.kind, self.code.add(place.index, element), vector.real(number), vector)

    def _store_outputs(self) -> None:
        code, vector = self.code, self.total
        base, passed = code.mul(self.block, self.block_stride), 0
        for output in self.plan.body.program.outputs:
            rows, columns = self.instructions[output].shape

            def element(i: Index, j: Index, o: int = output, c: int = columns, start: int = passed) -> None:
                number = vector.real(self.load(o, i, j, vector))
                place = code.add(start, code.add(code.mul(i, c), j))
                index = code.add(base, code.mul(place, self.element_stride))
                pointer = code.address(self.out_pointer, index, self.form.name)
                code.store(vector.type, number, pointer, self.form.size)

            def one_row(i: Index, c: int = columns) -> None:
                code.for_each(0, c, 1, lambda j: element(i, j))

            code.for_each(0, rows, 1, one_row)
            passed += rows * columns
