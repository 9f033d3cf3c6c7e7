"""The loops of one nest: blocks of rows by groups of samples in registers, a product's inner loop, sums.

In: the emitter (for what is in memory), the nest, and how many of its columns this block of samples has.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ..nests import Nest
from ..plan import SAMPLE_GROUP
from ..primitives import PRIMITIVES
from .arithmetic import Constant, Value
from .code import Index
from .vector import Vector

if TYPE_CHECKING:
    from .emit import _Emitter

Element = dict[int, Value]

UNROLLED = 3
"""Turns of a product's inner loop up to which it is none: few turns cost as much again in counting."""


class NestLoops:
    """count: columns, known or the name of an i64. tail: how many are left over from groups when it is a name."""

    def __init__(self, emitter: _Emitter, nest: Nest, count: Index, tail: int) -> None:
        self.emitter, self.nest, self.code = emitter, nest, emitter.code
        self.count: Index = count if nest.streamed else nest.columns
        self.block_count = count
        # Plain numbers are grouped as points are: the machine's vectors say nothing of them.
        self.group = emitter.plan.group if nest.streamed else SAMPLE_GROUP
        self.tail = tail
        self.instructions = emitter.instructions
        self.products = [v for v in nest.values if self.instructions[v].op in ("matmul", "gram")]
        self.along_rows = [v for v in nest.values if self._reduction_axis(v) == 0]
        self.along_columns = [v for v in nest.values if self._reduction_axis(v) == 1]
        self.vector: Vector = emitter.point if self._works_on_vectors() else emitter.row
        self.partials: dict[tuple[int, int, int], str] = {}
        self.columns_sums: dict[tuple[int, int], str] = {}
        self.in_runs = False

    def _works_on_vectors(self) -> bool:
        """Lanes are points, or samples: a nest over none is one of plain numbers then."""
        if self.emitter.samples_are_lanes:
            return self.nest.streamed or any(product in self.emitter.sums for product in self.products)
        return self.nest.level == "point"

    def _reduction_axis(self, value: int) -> int | None:
        instruction = self.instructions[value]
        return instruction.attribute("axis") if instruction.op in ("sum", "max") else None

    def emit(self) -> None:
        nest = self.nest
        if any(product in self.emitter.sums for product in self.products):
            (product,) = self.products
            self._product_over_samples(product)
        elif self._lies_in_runs():
            self.code.for_each(0, self.count, 1, self._runs)
        elif nest.order == "columns":
            self._open_partials(1)
            self._columns(lambda j, width: self._column_group(j, width))
            self._close_partials(0, 1)
        else:
            self._rows(self._row_block)

    # The outer loops

    def _rows(self, body: Callable[[Index, int], None]) -> None:
        # An operand computed inside the product's loop is computed once: all rows in one block.
        block = self.nest.rows if self.nest.operand else min(self.emitter.plan.row_block, self.nest.rows)
        self._even_groups(self.nest.rows, block, body)

    def _columns(self, body: Callable[[Index, int], None]) -> None:
        if isinstance(self.count, int):
            self._groups(self.count, self.group, body)
            return
        code, count = self.code, self.count
        whole = code.let(f"and i64 {count}, {-self.group}")
        code.for_each(0, whole, self.group, lambda j: body(j, self.group))
        if self.tail:
            # Only the last block has samples left over, and always the same number of them.
            rest = code.let(f"icmp ne i64 {whole}, {count}")
            code.when(rest, lambda: body(whole, self.tail))

    def _groups(self, total: int, size: int, body: Callable[[Index, int], None]) -> None:
        whole = total - total % size
        self.code.for_each(0, whole, size, lambda i: body(i, size))
        if total > whole:
            body(whole, total - whole)

    def _even_groups(self, total: int, most: int, body: Callable[[Index, int], None]) -> None:
        """Groups of at most so many, as equal as they can be: a group of one would be all loads."""
        if not total:
            return
        size, larger = divmod(total, -(-total // most))
        start = larger * (size + 1)
        self.code.for_each(0, start, size + 1, lambda i: body(i, size + 1))
        self.code.for_each(start, total, size, lambda i: body(i, size))

    def _column_group(self, j: Index, width: int) -> None:
        for value in self.along_rows:
            for jj in range(width):
                slot = self.columns_sums[value, jj] = self.code.slot(self.vector.type)
                self._put(slot, self._start(value))
        self._rows(lambda i, height: self._block(i, height, j, width))
        for value in self.along_rows:
            for jj in range(width):
                total = self._get(self.columns_sums[value, jj])
                self.emitter.store(value, 0, self.code.add(j, jj), total, self.vector)

    def _row_block(self, i: Index, height: int) -> None:
        self._open_partials(height)
        self._columns(lambda j, width: self._block(i, height, j, width))
        self._close_partials(i, height)

    # Values of a row of the grid, of which a vector holds several features of one sample

    def _lies_in_runs(self) -> bool:
        """Whether all that an element-by-element nest of the row reads and writes lies feature beside feature."""
        nest, emitter = self.nest, self.emitter
        if nest.level != "row" or emitter.samples_are_lanes or not 1 < emitter.lanes <= nest.rows:
            return False
        if nest.operand or not all(self._computed_here(v) for v in nest.values):
            return False
        read = {a for v in nest.values for a in self.instructions[v].args if a not in nest.values}
        return all(emitter.lies_in_runs(value) for value in (*nest.values, *read))

    def _runs(self, j: Index) -> None:
        wide, narrow, rows = self.emitter.point, self.emitter.row, self.nest.rows
        whole = rows - rows % wide.lanes
        self.code.for_each(0, whole, wide.lanes, lambda i: self._run(i, j, wide))
        self.code.for_each(whole, rows, 1, lambda i: self._run(i, j, narrow))

    def _run(self, i: Index, j: Index, vector: Vector) -> None:
        self.vector, self.in_runs = vector, vector.lanes > 1
        known: Element = {}
        for value in self.nest.values:
            if value in self.nest.stored:
                self.emitter.store(value, i, j, self._number(value, i, j, known), vector)

    # Sums along columns: one partial sum for each place in a group of samples

    def _open_partials(self, height: int) -> None:
        for value in self.along_columns:
            for ii in range(height):
                for jj in range(self.group):
                    slot = self.partials[value, ii, jj] = self.code.slot(self.vector.type)
                    self._put(slot, self._start(value))

    def _close_partials(self, i: Index, height: int) -> None:
        for value in self.along_columns:
            for ii in range(height):
                parts = [self._get(self.partials[value, ii, jj]) for jj in range(self.group)]
                total = self._joined(value, parts)
                row = self.code.add(i, ii)
                if value in self.emitter.sums:
                    self.emitter.add_to_sum(value, row, total)
                else:
                    self.emitter.store(value, row, 0, total, self.vector)

    def _start(self, value: int) -> Value:
        return Constant(float("-inf") if self.instructions[value].op == "max" else 0.0)

    def _combine(self, value: int, x: Value, y: Value) -> Value:
        return self.vector.maximum(x, y) if self.instructions[value].op == "max" else self.vector.add(x, y)

    def _put(self, slot: str, value: Value) -> None:
        self.code.store(self.vector.type, self.vector.real(value), slot, self.emitter.form.size)

    def _get(self, slot: str) -> str:
        return self.code.load(self.vector.type, slot, self.emitter.form.size)

    # One block of elements

    def _block(self, i: Index, height: int, j: Index, width: int) -> None:
        # So many columns at a time that the sums of all products stay in registers.
        step = min(width, self.emitter.plan.columns_at_once(height * len(self.products)))
        for first in range(0, width, step):
            self._part_of_block(i, height, j, range(first, min(first + step, width)))

    def _part_of_block(self, i: Index, height: int, j: Index, columns: range) -> None:
        places = [(ii, jj) for ii in range(height) for jj in columns]
        totals = self._inner_products(i, height, j, columns) if self.products else {}
        for ii, jj in places:
            row, column = self.code.add(i, ii), self.code.add(j, jj)
            known: Element = {product: totals[product, ii, jj] for product in self.products}
            for value in self.nest.values:
                if self._reduction_axis(value) is not None:
                    self._accumulate(value, ii, jj, row, column, known)
                    continue
                if value in self.nest.stored:
                    self.emitter.store(value, row, column, self._number(value, row, column, known), self.vector)

    def _accumulate(self, value: int, ii: int, jj: int, i: Index, j: Index, known: Element) -> None:
        along_rows = self._reduction_axis(value) == 0
        slot = self.columns_sums[value, jj] if along_rows else self.partials[value, ii, jj]
        argument = self.instructions[value].args[0]
        old = self._get(slot)
        if self.instructions[value].op == "sum" and self._fusible(argument):
            x, y = (self._number(a, i, j, known) for a in self.instructions[argument].args)
            new = self.vector.fma(x, y, old)
        else:
            new = self._combine(value, old, self._number(argument, i, j, known))
        self._put(slot, new if along_rows else self._of_samples(argument, j, new, old))

    def _of_samples(self, value: int, column: Index, new: Value, old: Value) -> Value:
        """`new` in the lanes that hold a sample of the streamed `value`, `old` where its last column is filled up."""
        stream = self.emitter.streams[value]
        mask = None if stream is None else self.emitter.real_samples(stream[0], column, self.vector)
        return new if mask is None else self.vector.select(mask, new, old)

    def _joined(self, value: int, parts: list[str]) -> str:
        """The sum or maximum of a value's parts, one half of them with the other, as of a longer vector's lanes."""
        while len(parts) > 1:
            half = len(parts) // 2
            pairs = zip(parts[:half], parts[half:], strict=True)
            parts = [self.vector.real(self._combine(value, x, y)) for x, y in pairs]
        return parts[0]

    def _phased_columns(self, value: int, phases: int, step: Callable[[Index, int, bool], None]) -> None:
        """The body for each column of a block of a streamed value, with its phase, and whether it is full.

        Where the last columns of the stream are not all full, those that may be them come after the loop.
        """
        code, count = self.code, self.block_count
        stream = self.emitter.streams[value]
        of_phases = phases * self.emitter.lanes

        def full(column: Index) -> None:
            for phase in range(phases):
                step(code.add(column, phase), phase, True)

        if not (self.emitter.samples_are_lanes and stream is not None and stream[0] % of_phases != 0):
            code.for_each(0, count, phases, full)
            return
        before = code.add(count, -1)
        whole = (
            before - before % phases
            if isinstance(before, int)
            else code.let(f"and i64 {code.number(before)}, {-phases}")
        )
        code.for_each(0, whole, phases, full)
        for phase in range(phases):
            column = code.add(whole, phase)
            if isinstance(column, int) and isinstance(count, int):
                if column < count:
                    step(column, phase, False)
                continue
            there = code.let(f"icmp ult i64 {code.number(column)}, {count}")
            code.when(there, partial(step, column, phase, False))

    def _fusible(self, value: int) -> bool:
        """Whether a product is computed in this nest: it is then one rounding with a sum that reads it here.

        Also where others read it, which need it by itself: a value's bits do not depend on who else reads its parts.
        """
        nest = self.nest
        return self.instructions[value].op == "mul" and (value in nest.values or value in nest.operand)

    def _number(self, value: int, i: Index, j: Index, known: Element) -> Value:
        """A value at an element: from the block's registers, from memory, or computed here and now.

        Values of one nest come in order, so an argument that is not known yet is a chain of at most its length.
        """
        pending = [value]
        while pending:
            top = pending[-1]
            if top in known:
                pending.pop()
                continue
            if not self._computed_here(top):
                known[top] = self.emitter.load(top, i, j, self.vector, self.in_runs)
                continue
            missing = [a for a in self._operands(top) if a not in known]
            if missing:
                pending.extend(missing)
            else:
                known[top] = self._lowered(top, known)
        return known[value]

    def _computed_here(self, value: int) -> bool:
        nest = self.nest
        inside = value in nest.values or value in nest.operand or value in nest.repeated
        return inside and PRIMITIVES[self.instructions[value].op].elementwise

    def _operands(self, value: int) -> list[int]:
        fused = self._fused(value)
        if fused is None:
            return list(self.instructions[value].args)
        product, other = fused
        return [*self.instructions[product].args, other]

    def _fused(self, value: int) -> tuple[int, int] | None:
        """The product and the other operand of a sum or difference that is one fused multiply-add."""
        instruction = self.instructions[value]
        if instruction.op not in ("add", "sub"):
            return None
        for place in (1, 0):
            candidate = instruction.args[place]
            if self._fusible(candidate):
                return candidate, instruction.args[1 - place]
        return None

    def _lowered(self, value: int, known: Element) -> Value:
        instruction, vector = self.instructions[value], self.vector
        fused = self._fused(value)
        if fused is None:
            arguments = (known[a] for a in instruction.args)
            lower = PRIMITIVES[instruction.op].lower
            assert lower is not None
            return lower(vector, *arguments, **dict(instruction.attributes))
        product, other = fused
        x, y = (known[a] for a in self.instructions[product].args)
        if instruction.op == "add":
            return vector.fma(x, y, known[other])
        if instruction.args[0] == product:
            return vector.fma(x, y, vector.neg(known[other]))
        return vector.fma(vector.neg(x), y, known[other])

    # Products of matrices

    def _inner_products(self, i: Index, height: int, j: Index, columns: range) -> dict[tuple[int, int, int], Value]:
        """A block of each product in registers, by one inner loop over the index that they share."""
        slots = {product: self._zeroed(range(height), columns) for product in self.products}
        inner = self.instructions[self.instructions[self.products[0]].args[0]].shape[1]

        def step(k: Index) -> None:
            rows = {
                (product, ii): self.emitter.load(self._left(product), self.code.add(i, ii), k, self.vector)
                for product in self.products
                for ii in range(height)
            }
            for jj in columns:
                column = self.code.add(j, jj)
                known: dict[bool, Element] = {True: {}, False: {}}
                for product in self.products:
                    gram = self.instructions[product].op == "gram"
                    place = (column, k) if gram else (k, column)
                    factor = self._number(self.instructions[product].args[1], *place, known=known[gram])
                    for ii in range(height):
                        slot = slots[product][ii, jj]
                        self._put(slot, self.vector.fma(rows[product, ii], factor, self._get(slot)))

        if inner <= UNROLLED:
            for k in range(inner):
                step(k)
        else:
            self.code.for_each(0, inner, 1, step)
        return {(product, *place): self._get(slot) for product, own in slots.items() for place, slot in own.items()}

    def _left(self, product: int) -> int:
        return self.instructions[product].args[0]

    def _zeroed(self, rows: range, columns: range) -> dict[tuple[int, int], str]:
        slots = {(ii, jj): self.code.slot(self.vector.type) for ii in rows for jj in columns}
        for slot in slots.values():
            self._put(slot, Constant(0.0))
        return slots

    def _product_over_samples(self, product: int) -> None:
        """x y^T summed over this block of samples, block by block of the result."""
        left, right = self.instructions[product].args
        rows, columns = self.instructions[product].shape
        phases = self.emitter.plan.phases
        across = max(1, SAMPLE_GROUP // phases)

        def block(i: Index, height: int, j: Index, width: int) -> None:
            slots = {phase: self._zeroed(range(height), range(width)) for phase in range(phases)}

            def step(s: Index, phase: int, whole: bool) -> None:
                xs = [self.emitter.load(left, self.code.add(i, ii), s, self.vector) for ii in range(height)]
                ys = [self.emitter.load(right, self.code.add(j, jj), s, self.vector) for jj in range(width)]
                for (ii, jj), slot in slots[phase].items():
                    old = self._get(slot)
                    new = self.vector.fma(xs[ii], ys[jj], old)
                    self._put(slot, new if whole else self._of_samples(left, s, new, old))

            self._phased_columns(left, phases, step)
            for ii, jj in slots[0]:
                element = self.code.add(self.code.mul(self.code.add(i, ii), columns), self.code.add(j, jj))
                parts = [self._get(slots[phase][ii, jj]) for phase in range(phases)]
                self.emitter.add_to_sum(product, element, self._joined(product, parts))

        self._even_groups(
            rows, min(self.emitter.plan.row_block, rows),
            lambda i, height: self._groups(
                columns, min(across, columns), lambda j, width: block(i, height, j, width)
            ),
        )  # fmt: skip
