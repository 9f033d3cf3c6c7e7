"""One nest of a training step as text: its elements, or the samples of its sums, shared by the threads of a block.

In: the emitter (descent.py), the plan with its places, and the nest; none for reading alone. What a nest stores it
stores for all threads, so each ends with a barrier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..nests import Nest
from ..primitives import PRIMITIVES
from .lowering import lowering
from .shares import CHUNK, Places, Sum
from .text import Text, plus, times

if TYPE_CHECKING:
    from .descent import DescentText, Gradient

Known = dict[int, str]
Index = tuple[str, str]


class SampleNest:
    """sums: those of the sweep that the nest is part of."""

    def __init__(
        self,
        descent: DescentText,
        gradient: Gradient,
        places: Places,
        nest: Nest | None,
        sums: Mapping[int, Sum] | None = None,
    ) -> None:
        self.descent, self.gradient, self.places, self.nest = descent, gradient, places, nest
        self.text, self.dtype = descent.text, descent.dtype
        body = gradient.plan.body
        self.instructions, self.streams = body.program.instructions, body.streams
        values = () if nest is None else nest.values
        self.inside = {*values, *(() if nest is None else nest.repeated)}
        self.products = [v for v in values if self.instructions[v].op in ("matmul", "gram")]
        self.reduced = [v for v in values if self.instructions[v].op in ("sum", "max")]
        self.sums = {v: found for v, found in (sums or {}).items() if v in self.inside}

    # Loops

    def emit(self) -> None:
        nest = self.nest
        assert nest is not None
        if not nest.stored and not self.sums:
            return
        if self.sums:
            self._over_samples()
        elif self.reduced:
            self._reductions()
        else:
            with self.items(nest.rows, self._width(), nest.streamed) as (i, j):
                self._element(i, j)
        self.text.line("cuda.syncthreads()")

    def _width(self) -> int:
        assert self.nest is not None
        return self.places.tile if self.nest.streamed else self.nest.columns

    @contextmanager
    def items(self, rows: int, columns: int, streamed: bool = False) -> Iterator[Index]:
        """The elements of a matrix, a thread each; where its columns are samples, those that the tile has."""
        text = self.text
        with text.counted("e", "thread", str(rows * columns), "threads"):
            i, j = "0", "e"
            if columns == 1:
                i, j = "e", "0"
            elif rows > 1:
                text.line(f"i = uint32(e // {columns})")
                text.line(f"j = uint32(e - i * {columns})")
                i, j = "i", "j"
            if streamed:
                with text.block(f"if {j} < count"):
                    yield i, j
            else:
                yield i, j

    def _element(self, i: str, j: str) -> Known:
        """Compute and store what the nest has at one element, sums left out."""
        assert self.nest is not None
        known = self._products(i, j)
        for value in self.nest.values:
            if value in self.nest.stored and value not in self.reduced:
                self.text.line(f"{self.held(value, i, j)} = {self.number(value, i, j, known)}")
        return known

    def _products(self, i: str, j: str) -> Known:
        """The products at one element, by one loop over their terms; those over samples are none of these."""
        known, text = Known(), self.text
        products = [v for v in self.products if v not in self.sums]
        if not products:
            return known
        for product in products:
            known[product] = f"d{product}"
            text.line(f"d{product} = zero")
        terms = self.instructions[self.instructions[products[0]].args[0]].shape[1]
        with text.each("k", terms) as k:
            for product in products:
                left, right = self.instructions[product].args
                x = self.number(left, i, k, {})
                y = self.number(right, *((j, k) if self.instructions[product].op == "gram" else (k, j)), {})
                text.line(f"d{product} = d{product} + {x} * {y}")
        return known

    def _reductions(self) -> None:
        """Sums and maxima over rows or columns that are no samples: a thread each."""
        nest, text = self.nest, self.text
        assert nest is not None
        (axis,) = {self.instructions[value].attribute("axis") for value in self.reduced}
        shape = (1, self._width()) if axis == 0 else (nest.rows, 1)
        with self.items(*shape, streamed=nest.streamed) as (i, j):
            for value in self.reduced:
                text.line(f"s{value} = {self.descent.number(self._start(value))}")
            with text.each("r", nest.rows if axis == 0 else nest.columns) as r:
                place = (r, j) if axis == 0 else (i, r)
                known = self._element(*place)
                for value in self.reduced:
                    found = self.number(self.instructions[value].args[0], *place, known)
                    text.line(f"s{value} = {self._joined(value, f's{value}', found)}")
            for value in self.reduced:
                text.line(f"{self.held(value, i, j)} = s{value}")

    def _start(self, value: int) -> float:
        return float("-inf") if self.instructions[value].op == "max" else 0.0

    def _joined(self, value: int, total: str, term: str) -> str:
        op = "maximum" if self.instructions[value].op == "max" else "add"
        return lowering(op, self.dtype).format(total, term)

    # Sums over samples

    def _over_samples(self) -> None:
        """A part of the samples of one element a thread."""
        text, found = self.text, next(iter(self.sums.values()))
        assert self.sums.keys() >= {*self.reduced}
        columns = self.instructions[next(iter(self.sums))].shape[1]
        with text.counted("e", "thread", str(found.elements * found.parts), "threads"):
            text.line(f"x = uint32(e // {found.parts})")
            i, j = "x", "0"
            if columns > 1:
                text.line(f"i = uint32(x // {columns})")
                text.line(f"j = uint32(x - i * {columns})")
                i, j = "i", "j"
            elif found.elements == 1:
                i = "0"
            text.line(f"s = uint32(e - x * {found.parts})")
            if any(each.lost is not None for each in self.sums.values()):
                self._chunks(i, j, found.parts)
                return
            for value, each in self.sums.items():
                text.line(f"p{value} = {self.descent.cell(str(each.total), 'e')}")
            self._terms(i, j, "count", found.parts)
            for value, each in self.sums.items():
                text.line(f"{self.descent.cell(str(each.total), 'e')} = p{value}")

    def _chunks(self, i: str, j: str, parts: int) -> None:
        text = self.text
        with text.block("while s < count"):
            text.line(f"stop = uint32(min(count, s + {CHUNK * parts}))")
            for value in self.sums:
                text.line(f"p{value} = {self.descent.number(self._start(value))}")
            self._terms(i, j, "stop", parts)
            for value, found in self.sums.items():
                text.line(f"part = p{value}")
                self._join(value, found)

    def _join(self, value: int, found: Sum) -> None:
        total = self.descent.cell(str(found.total), "e")
        if found.lost is None:
            self.text.line(f"{total} = {self._joined(value, total, 'part')}")
        else:
            add_compensated(self.text, total, self.descent.cell(str(found.lost), "e"))

    def _terms(self, i: str, j: str, stop: str, parts: int) -> None:
        """The samples s, s + parts, .. up to `stop` join what is added up of them, p0 .."""
        text = self.text
        with text.block(f"while s < {stop}"):
            if self.products and self.products[0] in self.sums:
                (product,) = self.sums
                left, right = self.instructions[product].args
                x, y = self.number(left, i, "s", {}), self.number(right, j, "s", {})
                text.line(f"p{product} = p{product} + {x} * {y}")
            else:
                known = self._element(i, "s")
                for value in self.sums:
                    found = self.number(self.instructions[value].args[0], i, "s", known)
                    text.line(f"p{value} = {self._joined(value, f'p{value}', found)}")
            text.line(f"s = uint32(s + {parts})")

    # Elements

    def number(self, value: int, i: str, j: str, known: Known) -> str:
        """A value at an element: a name, or a place where it is held; j counts the samples of the tile."""
        pending = [value]
        while pending:
            top = pending[-1]
            instruction = self.instructions[top]
            if top in known:
                pending.pop()
            elif top not in self.inside or not PRIMITIVES[instruction.op].elementwise:
                known[top] = self.text.let(self.read(top, i, j))
            else:
                missing = [a for a in instruction.args if a not in known]
                pending.extend(missing)
                if not missing:
                    template = lowering(instruction.op, self.dtype)
                    known[top] = self.text.let(template.format(*(known[a] for a in instruction.args)))
        return known[value]

    def read(self, value: int, i: str, j: str) -> str:
        """Element (i, j) of a value that is held, an axis of size one broadcast."""
        instruction = self.instructions[value]
        rows, columns = instruction.shape
        i, j = ("0" if rows == 1 else i), ("0" if columns == 1 else j)
        if instruction.op == "transpose":
            return self.number(instruction.args[0], j, i, {})
        if instruction.op == "constant":
            return self.descent.number(instruction.value.item())
        if instruction.op == "weight":
            return self.descent.cell(str(self.gradient.weights[instruction.name]), times(i, columns), j)
        if instruction.op == "data":
            return self._uniform(value, i, j)
        return self.held(value, i, j)

    def held(self, value: int, i: str, j: str) -> str:
        rows, columns = self.instructions[value].shape
        pitch = columns if self.streams[value] is None else self.places.pitch
        i, j = ("0" if rows == 1 else i), ("0" if columns == 1 else j)
        return self.descent.cell(str(self.places.values[value]), times(i, pitch), j)

    def _uniform(self, value: int, i: str, j: str) -> str:
        uniform, (rows, columns) = self.gradient.uniforms[value], self.instructions[value].shape
        if uniform.axis is None:
            return f"u[{plus(self.descent.at, str(uniform.start), times(i, columns), j)}]"
        index, other, width = (j, i, rows) if uniform.axis == 1 else (i, j, columns)
        if self.streams[value] is not None:
            index = f"(start + {index})"
        sample = self.text.let(f"int64({f'order[place + {index}]' if uniform.picked else index})")
        return f"u[{plus(self.descent.at, str(uniform.start), times(sample, width), other)}]"


def add_compensated(text: Text, total: str, lost: str) -> None:
    """`part` joins a total; what its rounding loses is kept apart (D. E. Knuth's two-sum)."""
    text.line(f"before = {total}")
    text.line("after = before + part")
    text.line("share = after - before")
    text.line(f"{lost} = {lost} + ((before - (after - share)) + (part - share))")
    text.line(f"{total} = after")
