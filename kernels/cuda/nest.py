"""The loops of one nest as text: a product's inner loop, element-by-element chains, sums.

In: the emitter (for what is held where) and the nest; none for reading alone. A nest over samples is that of one group
of them: the group is the innermost loop, so that what does not depend on the sample, a weight, is read once for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..nests import Nest
from ..primitives import PRIMITIVES
from .lowering import lowering
from .text import plus, times

if TYPE_CHECKING:
    from .source import Emitter

Known = dict[int, str]


STAGED_AT_ONCE = 8
"""Numbers that a thread reads from the device's memory at a time: more fill registers that the samples have later."""


class NestText:
    def __init__(self, emitter: Emitter, nest: Nest | None) -> None:
        self.emitter, self.text, self.nest = emitter, emitter.text, nest
        self.instructions = emitter.instructions
        self.inside: set[int] = set()
        self.products: list[int] = []
        self.group = 1
        if nest is not None:
            self.inside = {*nest.values, *nest.operand, *nest.repeated}
            self.products = [v for v in nest.values if self._contracts(v)]
            self.group = emitter.group if nest.streamed and nest.level == "point" else 1

    def _contracts(self, value: int) -> bool:
        return self.instructions[value].op in ("matmul", "gram")

    def _axis(self, value: int) -> int | None:
        instruction = self.instructions[value]
        return instruction.attribute("axis") if instruction.op in ("sum", "max") else None

    # Loops

    @contextmanager
    def _each_sample(self) -> Iterator[str]:
        """The samples of the group, or the one that is under way."""
        if self.emitter.sample and self.nest is not None and self.nest.level == "point":
            yield self.emitter.sample
            return
        with self.text.each("g", self.group) as g:
            yield g

    def emit(self) -> None:
        nest, emitter = self.nest, self.emitter
        assert nest is not None
        sums = [product for product in self.products if product in emitter.sums]
        if sums:
            self._product_over_samples(*sums)
            return
        if not self._wanted():
            return
        text = self.text
        for value in nest.values:
            if self._axis(value) == 1 and value not in emitter.sums:
                with text.each("i", self.instructions[value].shape[0]) as i:
                    text.line(f"{emitter.local(value, i, '0')} = {self._start(value)}")
        along_rows = [value for value in nest.values if self._axis(value) == 0]
        if nest.streamed:
            # The group is the innermost loop: what is summed along rows is then an array of its samples.
            self._fill(along_rows)
            self._samples()
            return
        with text.each("j", nest.columns) as j:
            for value in along_rows:
                text.line(f"{emitter.local(value, '0', j)} = {self._start(value)}")
            if nest.operand:
                self._products_of_rows(j, nest.rows)
            with text.each("i", nest.rows) as i:
                self._few(i)
                self._inner_products(i, j)
                self._element(i, i, j)

    def _fill(self, along_rows: list[int]) -> None:
        """Sums of each sample of the group, before any is added."""
        assert self.nest is not None
        for value in along_rows:
            with self._each_sample() as g:
                self.text.line(f"{self.emitter.local(value, '0', g)} = {self._start(value)}")
        for product in self.nest.pushed:
            with self.text.each("i", self.instructions[product].shape[0]) as i, self._each_sample() as g:
                self.text.line(f"{self._pushed_name(product, i, g)} = zero")

    def _samples(self) -> None:
        """All rows of the group's samples; with an operand, a block of them at a time."""
        nest, text, emitter = self.nest, self.text, self.emitter
        assert nest is not None
        block = self._block()
        if block == nest.rows:
            if nest.operand:
                self._products_of_rows("0", block)
            with text.each("i", nest.rows) as i:
                self._few(i)
                self._row(i, i)
            return
        with text.counted("first", "0", str(nest.rows), str(block)):
            self._hold_rows(block)
            self._products_of_rows("0", block)
            with text.each("i", block) as i:
                emitter.block_row = i
                self._row(text.let_index("first", i), i)
                emitter.block_row = ""

    def _hold_rows(self, block: int) -> None:
        """What all threads read of this block of rows, into shared memory."""
        text, emitter = self.text, self.emitter
        tiled = [value for value in emitter.layout.tiled if value in self._left_leaves()]
        if tiled:
            text.line("cuda.syncthreads()")
            for value in tiled:
                emitter.hold(value, block, "first")
            text.line("cuda.syncthreads()")

    def _left_leaves(self) -> set[int]:
        """What the products' left factors are formed of."""
        found, pending = set[int](), [self.instructions[product].args[0] for product in self.products]
        while pending:
            value = pending.pop()
            found.add(value)
            if value in self.emitter.layout.formed:
                pending.extend(self.instructions[value].args)
        return found

    def _row(self, i: str, in_block: str) -> None:
        nest, text = self.nest, self.text
        assert nest is not None
        self._inner_products(i, "0")
        operands = sorted({self.instructions[product].args[1] for product in nest.pushed})
        names = {}
        with self._each_sample() as g:
            known = self._element(i, in_block, g)
            for value in operands:
                names[value] = self.number(value, i, g, known)
                if self.group > 1:
                    text.line(f"o{value}[{g}] = {names[value]}")
                    names[value] = f"o{value}[{g}]"
        if not nest.pushed:
            return
        with text.each("r", self.instructions[nest.pushed[0]].shape[0]) as r:
            lefts = {product: self._left(product, r, i) for product in nest.pushed}
            with self._each_sample() as g:
                for product in nest.pushed:
                    name = self._pushed_name(product, r, g)
                    text.line(f"{name} = {name} + {lefts[product]} * {names[self.instructions[product].args[1]]}")

    def _block(self) -> int:
        """Rows whose products are added up together."""
        assert self.nest is not None
        if not (self.nest.operand and self.nest.streamed and self.nest.level == "point"):
            return self.nest.rows
        return self.emitter.layout.blocks.get(self.products[0], self.nest.rows)

    def _wanted(self) -> bool:
        """Whether the nest stores anything that is not formed where it is read."""
        assert self.nest is not None
        layout = self.emitter.layout
        kept = [v for v in self.nest.stored if v not in layout.formed and v not in layout.held]
        return bool(kept or self.nest.pushed) or any(self._axis(v) is not None for v in self.nest.values)

    def _start(self, value: int) -> str:
        return self.emitter.number(float("-inf")) if self.instructions[value].op == "max" else "zero"

    def _element(self, i: str, in_block: str, j: str) -> Known:
        """An element of all values; in_block: the row among those whose products are added up together."""
        assert self.nest is not None
        layout, known = self.emitter.layout, Known()
        for product in self.products:
            known[product] = self._sum_name(product, in_block, j)
        for value in self.nest.values:
            if self._axis(value) is not None:
                self._accumulate(value, i, j, known)
            elif value in self.nest.stored and value not in layout.formed and value not in layout.held:
                found = self.number(value, i, j, known)
                self.text.line(f"{self.emitter.local(value, i, j)} = {found}")
        return known

    def _accumulate(self, value: int, i: str, j: str, known: Known) -> None:
        emitter = self.emitter
        found = self.number(self.instructions[value].args[0], i, j, known)
        over_samples = value in emitter.sums
        prefix = "p" if emitter.sums.get(value) else "v"
        place = emitter.local(value, "0", j) if self._axis(value) == 0 else emitter.local(value, i, "0", prefix)
        largest = lowering("maximum", emitter.dtype).format(place, found)
        joined = largest if self.instructions[value].op == "max" else f"{place} + {found}"
        self.text.line(f"{place} = {self._of_samples(joined, place, j) if over_samples else joined}")

    def _of_samples(self, new: str, old: str, g: str) -> str:
        """`new` for a sample of the stream, `old` where the last group is filled up."""
        mask = self.emitter.mask.format(g)
        return f"choose({mask}, {new}, {old})" if mask else new

    # Products of matrices

    def _sum_name(self, product: int, i: str, j: str) -> str:
        """The variable of a product's sum: of one element, of a group of samples, or, with an operand, of all rows."""
        assert self.nest is not None
        if product in self.emitter.pushed:
            return self._pushed_name(product, i, j)
        index = [i] if self.nest.operand and self._block() > 1 else []
        if self.group > 1:
            index.append(j)
        return f"{self._sums_of(product)}[{', '.join(index)}]" if index else self._sums_of(product)

    def _pushed_name(self, product: int, i: str, g: str) -> str:
        sizes = ((i, self.instructions[product].shape[0]), (g, self.emitter.group))
        index = ", ".join(text for text, size in sizes if size > 1)
        return f"q{product}[{index}]" if index else f"q{product}"

    def _sums_of(self, product: int) -> str:
        """A product may be computed in two sweeps, in one of them with its operand."""
        assert self.nest is not None
        return f"r{product}" if self.nest.operand else f"d{product}"

    def _extent(self) -> tuple[int, ...]:
        assert self.nest is not None
        rows = (self._block(),) if self.nest.operand and self._block() > 1 else ()
        return (*rows, self.group) if self.group > 1 else rows

    def declare(self) -> None:
        """The arrays that products need, and what they share of their right factors."""
        assert self.nest is not None
        for product in self.products:
            if product in self.emitter.pushed:
                sizes = (self.instructions[product].shape[0], self.group)
                self.emitter.declare(f"q{product}", tuple(n for n in sizes if n > 1))
                self.emitter.declare(f"o{self.instructions[product].args[1]}", (self.group,) if self.group > 1 else ())
            elif product not in self.emitter.sums:
                self.emitter.declare(self._sums_of(product), self._extent())
        if self.group > 1 and self.nest.operand:
            for factor in self._factors():
                self.emitter.declare(f"o{factor}", (self.group,))

    def _factors(self) -> list[int]:
        return sorted({self.instructions[product].args[1] for product in self.products})

    def _inner_size(self) -> int:
        return self.instructions[self.instructions[self.products[0]].args[0]].shape[1]

    def _few(self, i: str) -> None:
        """Of a loop that puts into shared memory what it reads from the device's: not all of it at once."""
        if self.emitter.staging and i != "0":
            self.text.line(f"unroll({STAGED_AT_ONCE})")

    @contextmanager
    def _terms(self) -> Iterator[str]:
        """A loop over the terms of products. Two float64 are read at once, and more at a time, of a group of samples,
        would fill the registers."""
        with self.text.each("k", self._inner_size()) as k:
            if self.group > 1 and k != "0" and self.emitter.dtype == "float64":
                self.text.line("unroll(2)")
            yield k

    def _inner_products(self, i: str, j: str) -> None:
        """The sums of one row: for each term the left factor, then the right one of each sample of the group."""
        assert self.nest is not None
        if not self.products or self.nest.operand or self.products[0] in self.emitter.pushed:
            return
        text = self.text
        for product in self.products:
            with self._each_sample() as g:
                text.line(f"{self._sum_name(product, i, g)} = zero")
        with self._terms() as k:
            lefts = {product: self._left(product, i, k) for product in self.products}
            with self._each_sample() as g:
                column = g if self.group > 1 else j
                for product in self.products:
                    right = self._right(product, k, column, {})
                    name = self._sum_name(product, i, column)
                    text.line(f"{name} = {name} + {lefts[product]} * {right}")

    def _products_of_rows(self, j: str, rows: int) -> None:
        """The sums of all rows, or of a block of them, by one loop over the terms, in which the right factor is
        computed once."""
        assert self.nest is not None
        text, emitter, blocked = self.text, self.emitter, rows < self.nest.rows
        for product in self.products:
            with text.each("i", rows) as i, self._each_sample() as g:
                text.line(f"{self._sum_name(product, i, g)} = zero")
        with self._terms() as k:
            names = {}
            with self._each_sample() as g:
                known = Known()
                for factor in self._factors():
                    found = self.number(factor, k, g if self.group > 1 else j, known)
                    names[factor] = found if self.group == 1 else f"o{factor}[{g}]"
                    if self.group > 1:
                        text.line(f"{names[factor]} = {found}")
            with text.each("i", rows) as i:
                row = text.let_index("first" if blocked else "0", i)
                emitter.block_row = i
                lefts = {product: self._left(product, row, k) for product in self.products}
                emitter.block_row = ""
                with self._each_sample() as g:
                    for product in self.products:
                        name = self._sum_name(product, i, g)
                        text.line(f"{name} = {name} + {lefts[product]} * {names[self.instructions[product].args[1]]}")

    def _left(self, product: int, i: str, k: str) -> str:
        return self.text.let(self.number(self.instructions[product].args[0], i, k, {}))

    def _right(self, product: int, k: str, j: str, known: Known) -> str:
        value = self.instructions[product].args[1]
        if self.instructions[product].op == "gram":
            return self.number(value, j, k, known)
        return self.number(value, k, j, known)

    def _product_over_samples(self, product: int) -> None:
        """x y^T summed over the samples."""
        text, emitter = self.text, self.emitter
        left, right = self.instructions[product].args
        rows, columns = self.instructions[product].shape
        prefix = "p" if emitter.sums[product] else "v"
        self.group = emitter.group
        with text.each("i", rows) as i, self._each_sample() as g:
            x = text.let(self.number(left, i, g, {}))
            with text.each("j", columns) as j:
                y = self.number(right, j, g, {})
                place = emitter.local(product, i, j, prefix)
                text.line(f"{place} = {self._of_samples(f'{place} + {x} * {y}', place, g)}")

    # Elements

    def number(self, value: int, i: str, j: str, known: Known) -> str:
        """A value at an element, as a name or a place in an array: known, held somewhere, or computed here and now."""
        pending = [value]
        while pending:
            top = pending[-1]
            if top in known:
                pending.pop()
            elif not self._is_computed_here(top):
                known[top] = self.text.let(self.read(top, i, j))
            else:
                missing = [a for a in self.instructions[top].args if a not in known]
                pending.extend(missing)
                if not missing:
                    template = lowering(self.instructions[top].op, self.emitter.dtype)
                    known[top] = self.text.let(template.format(*(known[a] for a in self.instructions[top].args)))
        return known[value]

    def _is_computed_here(self, value: int) -> bool:
        instruction = self.instructions[value]
        if instruction.op not in PRIMITIVES or not PRIMITIVES[instruction.op].elementwise:
            return False
        return value in self.inside or value in self.emitter.layout.formed or self.emitter.forming

    def read(self, value: int, i: str, j: str) -> str:
        """Element (i, j) of a value that is held, an axis of size one broadcast; j counts samples of a group where it
        is streamed."""
        emitter, layout = self.emitter, self.emitter.layout
        instruction = self.instructions[value]
        rows, columns = instruction.shape
        i, j = ("0" if rows == 1 else i), ("0" if columns == 1 else j)
        op = instruction.op
        if op == "transpose":
            return self.number(instruction.args[0], j, i, {})
        if op == "constant":
            return emitter.number(instruction.value.item())
        if op == "coordinate":
            return "pb" if instruction.name == "b" else "pa"
        if op == "weight":
            place = plus(str(layout.weights[value]), times(i, columns), j)
            return f"w[({place}) * int64(columns) + column]"
        if emitter.is_shared(value):
            return f"stage[{plus('here', times(j, layout.width), str(layout.staged[value]), i)}]"
        if value in layout.held and not emitter.forming:
            return f"hold[{emitter.held_place(value, emitter.block_row if value in layout.tiled else i, j)}]"
        if op == "data" and emitter.streams[value] is None:
            return f"u[{plus(str(layout.uniforms[value]), times(i, columns), j)}]"
        if op == "data":
            return f"u[{plus(str(layout.uniforms[value]), f'int64(sample) * {rows}', i)}]"
        return emitter.local(value, i, j)
