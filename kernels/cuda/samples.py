"""One nest of a block's plan as text: its elements, or the samples of its sums, shared by the threads.

In: the text of the block (blockwise.py), the plan with its places, and the nest; none for reading alone. What a nest
stores it stores for all threads, so each ends with a barrier.

The elements of a product go by patches (patches.py): a thread has some rows, which lie beside each other, and some
columns, which lie as far apart as there are patches in a row, so that the threads beside it read what lies beside.
Behind the last row it computes that one again, and stores the same number again; behind the last column it computes
that one again and does not store it, since another thread does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..nests import Nest
from ..primitives import PRIMITIVES
from .lowering import lowering
from .patches import SINGLE, Patch
from .shares import CHUNK, Places, Sum
from .text import Text, plus, times

if TYPE_CHECKING:
    from .blockwise import BlockText, Work

UNROLLED = 4
"""Terms of a single product at a time."""

Known = dict[int, str]
Index = tuple[str, str]
Place = Callable[[str], str]
"""The index of a patch's row or column."""


class SampleNest:
    """sums: those of the sweep that the nest is part of."""

    def __init__(
        self, block: BlockText, work: Work, places: Places, nest: Nest | None, sums: Mapping[int, Sum] | None = None
    ) -> None:
        self.block, self.work, self.places, self.nest = block, work, places, nest
        self.text, self.dtype = block.text, block.dtype
        body = work.plan.body
        self.instructions, self.streams = body.program.instructions, body.streams
        values = () if nest is None else nest.values
        self.inside = {*values, *(() if nest is None else nest.repeated)}
        self.reduced = [v for v in values if self.instructions[v].op in ("sum", "max")]
        self.sums = {v: found for v, found in (sums or {}).items() if v in self.inside}
        self.products = [v for v in values if self.instructions[v].op in ("matmul", "gram") and v not in self.sums]

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
        elif self.products:
            self._patches()
        else:
            with self.items(nest.rows, self._width(), nest.streamed) as (i, j):
                self._store(i, j, {})
        self.text.line("cuda.syncthreads()")

    def _width(self) -> int:
        assert self.nest is not None
        return self.places.tile if self.nest.streamed else self.nest.columns

    @contextmanager
    def items(self, rows: int, columns: int, streamed: bool = False) -> Iterator[Index]:
        """The elements of a matrix, a thread each; where its columns are samples, those that the tile has."""
        text = self.text
        with text.counted("e", "thread", str(rows * columns), "threads"):
            j, i = text.divided("e", columns, ("j", "i")) if rows > 1 else ("e", "0")
            with text.block(f"if {j} < count") if streamed else nullcontext():
                yield i, j

    def _store(self, i: str, j: str, known: Known) -> Known:
        """Compute and store what the nest has at one element, sums left out."""
        assert self.nest is not None
        for value in self.nest.values:
            if value in self.nest.stored and value not in self.reduced and value not in self.sums:
                self.text.line(f"{self.held(value, i, j)} = {self.number(value, i, j, known)}")
        return known

    def _patches(self) -> None:
        """The elements of products, and what is made of them there."""
        nest, text, width = self.nest, self.text, self._width()
        assert nest is not None
        patch = self.places.patches[nest]
        bound = "count" if nest.streamed else str(width)
        with text.counted("e", "thread", str(patch.down(nest.rows) * patch.across(width)), "threads"):
            corner = Corner.of(text, "e", patch, nest.rows, width, bound)
            with text.block(f"if {corner.right} < {bound}") if nest.streamed else nullcontext():
                sums = self._products(patch, corner.row, corner.column)
                with text.each("q", patch.columns) as q, corner.inside(q) as j, text.each("p", patch.rows) as p:
                    i = text.index("i", corner.row(p))
                    self._store(i, j, {v: _element(name, patch, p, q) for v, name in sums.items()})

    def _products(self, patch: Patch, row: Place, column: Place) -> Known:
        """The products of a patch's elements, by one loop over their terms: the name of each; those over samples are
        none of these."""
        text, found = self.text, Known()
        if not self.products:
            return found
        for product in self.products:
            found[product] = self._sums_of(patch, "zero")
        terms = self.instructions[self.instructions[self.products[0]].args[0]].shape[1]
        with text.each("k", terms) as k:
            if terms > 1:
                # More of them at a time would fill the registers with what is read.
                text.line(f"unroll({UNROLLED if patch.size == 1 else 2 if self.dtype == 'float32' else 1})")
            for product in self.products:
                left, right = self.instructions[product].args
                gram = self.instructions[product].op == "gram"

                def factor(q: str, right: int = right, gram: bool = gram) -> str:
                    j = text.index("j", column(q))
                    return self.number(right, *((j, k) if gram else (k, j)), {})

                def other(p: str, left: int = left) -> str:
                    return self.number(left, text.index("i", row(p)), k, {})

                self._multiply(found[product], patch, other, factor)
        return found

    def _sums_of(self, patch: Patch, start: str) -> str:
        """The name of as many sums as a patch has elements."""
        text = self.text
        name = text.fresh("d")
        if patch.size == 1:
            text.line(f"{name} = {start}")
            return name
        text.line(f"{name} = cuda.local.array({patch.rows, patch.columns}, real)")
        with text.each("p", patch.rows) as p, text.each("q", patch.columns) as q:
            text.line(f"{name}[{p}, {q}] = {start}")
        return name

    def _multiply(self, name: str, patch: Patch, left: Place, right: Place) -> None:
        """The products of some numbers with some others join their sums."""
        text = self.text
        if patch.size == 1:
            text.line(f"{name} = {name} + {left('0')} * {right('0')}")
            return
        x, y = text.fresh("d"), text.fresh("d")
        for factor, count, number, counter in ((x, patch.rows, left, "p"), (y, patch.columns, right, "q")):
            text.line(f"{factor} = cuda.local.array({count}, real)")
            with text.each(counter, count) as at:
                text.line(f"{factor}[{at}] = {number(at)}")
        with text.each("p", patch.rows) as p, text.each("q", patch.columns) as q:
            text.line(f"{name}[{p}, {q}] = {name}[{p}, {q}] + {x}[{p}] * {y}[{q}]")

    def _reductions(self) -> None:
        """Sums and maxima over rows or columns that are no samples: a thread each."""
        nest, text = self.nest, self.text
        assert nest is not None
        (axis,) = {self.instructions[value].attribute("axis") for value in self.reduced}
        shape = (1, self._width()) if axis == 0 else (nest.rows, 1)
        with self.items(*shape, streamed=nest.streamed) as (i, j):
            for value in self.reduced:
                text.line(f"s{value} = {self.block.number(self._start(value))}")
            with text.each("r", nest.rows if axis == 0 else nest.columns) as r:
                place = (r, j) if axis == 0 else (i, r)
                known = self._products(SINGLE, lambda _, i=place[0]: i, lambda _, j=place[1]: j)  # type: ignore[misc]
                self._store(*place, known)
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
        """A part of the samples of a patch a thread."""
        text, found = self.text, next(iter(self.sums.values()))
        assert self.sums.keys() >= {*self.reduced}
        rows, columns = self.instructions[next(iter(self.sums))].shape
        patch, parts = found.patch, found.parts
        # The columns of a patch are those of a product of samples, else they are samples.
        sums = patch if self._of_gram() else Patch(patch.rows)
        count = sums.down(rows) * sums.across(columns) * parts
        with text.counted("e", "thread", str(count), "threads"):
            which, x = text.divided("e", parts, ("which", "x"))
            corner = Corner.of(text, x, sums, rows, columns, str(columns))
            text.line(f"s = uint32({which})")
            compensated = any(each.lost is not None for each in self.sums.values())
            with text.block("while s < count") if compensated else nullcontext():
                text.line(f"stop = uint32(min(count, s + {max(CHUNK, patch.columns) * parts}))" if compensated
                          else "stop = uint32(count)")  # fmt: skip
                names = {v: self._sums_of(sums, self.block.number(self._start(v))) for v in self.sums}
                with text.block("while s < stop"):
                    if patch.size > 1:
                        text.line("unroll(1)")
                    if self._of_gram():
                        self._gram_terms(names, corner)
                        text.line(f"s = uint32(s + {parts})")
                    else:
                        self._terms(names, corner, patch, parts)
                        text.line(f"s = uint32(s + {parts * patch.columns})")
                self._join(names, corner, columns, parts, which)

    def _of_gram(self) -> bool:
        return all(self.instructions[value].op == "gram" for value in self.sums)

    def _gram_terms(self, names: Known, corner: Corner) -> None:
        """The products of one sample join their sums."""
        for value, name in names.items():
            left, right = self.instructions[value].args
            self._multiply(
                name,
                corner.patch,
                lambda p, left=left: self.number(left, self.text.index("i", corner.row(p)), "s", {}),  # type: ignore[misc]
                lambda q, right=right: self.number(right, self.text.index("j", corner.column(q)), "s", {}),  # type: ignore[misc]
            )

    def _terms(self, names: Known, corner: Corner, patch: Patch, parts: int) -> None:
        """The elements of some samples, s, s + parts, .. below stop, join the sums of their rows."""
        text = self.text
        samples = Corner(text, patch, corner.rows, "stop", True, corner.below, "s", parts)
        products = self._products(patch, corner.row, samples.column)
        with text.each("q", patch.columns) as q, samples.inside(q) as j, text.each("p", patch.rows) as p:
            i = text.index("i", corner.row(p))
            known = self._store(i, j, {v: _element(name, patch, p, q) for v, name in products.items()})
            for value, name in names.items():
                term = self.number(self.instructions[value].args[0], i, j, known)
                total = _element(name, corner.patch, p, "0")
                text.line(f"{total} = {self._joined(value, total, term)}")

    def _join(self, names: Known, corner: Corner, columns: int, parts: int, which: str) -> None:
        """What was added up of some samples joins the totals of the part."""
        text = self.text
        rows, across = corner.patch.rows, corner.patch.columns
        with text.each("p", rows) as p, text.each("q", across) as q, corner.in_rows(p) as i, corner.inside(q) as j:
            at = text.let_index(which, times(f"({plus(times(i, columns), j)})", parts))
            for value, name in names.items():
                total, lost = self.block.cell(self.sums[value].total, at), self.sums[value].lost
                found = _element(name, corner.patch, p, q)
                if lost is None:
                    text.line(f"{total} = {self._joined(value, total, found)}")
                else:
                    text.line(f"part = {found}")
                    add_compensated(text, total, self.block.cell(lost, at))

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
            return self.block.number(instruction.value.item())
        if instruction.op == "coordinate":
            return f"p{instruction.name}"
        if instruction.op == "weight":
            start = self.block.shares.weights.behind(self.work.weights[instruction.name])
            return self.block.cell(start, times(i, columns), j)
        if instruction.op == "data" and value not in self.places.copied:
            return self.uniform(value, i, j)
        return self.held(value, i, j)

    def held(self, value: int, i: str, j: str) -> str:
        rows, columns = self.instructions[value].shape
        pitch = columns if self.streams[value] is None else self.places.pitch
        i, j = ("0" if rows == 1 else i), ("0" if columns == 1 else j)
        spot = self.places.copied[value] if value in self.places.copied else self.places.values[value]
        return self.block.cell(spot, times(i, pitch), j)

    def uniform(self, value: int, i: str, j: str) -> str:
        """Where the device's memory has an element of data."""
        uniform, (rows, columns) = self.work.uniforms[value], self.instructions[value].shape
        i, j = ("0" if rows == 1 else i), ("0" if columns == 1 else j)
        if uniform.axis is None:
            first = "0" if self.streams[value] is None else "start"
            return f"u[{plus(self.block.at, str(uniform.start), times(i, columns), first, j)}]"
        index, other, width = (j, i, rows) if uniform.axis == 1 else (i, j, columns)
        if self.streams[value] is not None:
            index = f"(start + {index})"
        sample = self.text.let(f"int64({f'order[place + {index}]' if uniform.picked else index})")
        return f"u[{plus(self.block.at, str(uniform.start), times(sample, width), other)}]"


@dataclass(frozen=True)
class Corner:
    """Where a thread's patch lies in a matrix of `rows` and of as many columns as `bound` says, of which the last
    patches may be beyond. below, right: its first row, in patches, and its first column. stride: between columns."""

    text: Text
    patch: Patch
    rows: int
    bound: str
    ragged: bool
    below: str
    right: str
    stride: int

    @classmethod
    def of(cls, text: Text, which: str, patch: Patch, rows: int, columns: int, bound: str) -> Corner:
        """which: the patch's number, row by row."""
        across = patch.across(columns)
        right, below = text.divided(which, across, ("right", "below")) if patch.down(rows) > 1 else (which, "0")
        ragged = columns % patch.columns > 0 or not bound.isdecimal()
        return cls(text, patch, rows, bound, ragged, below, right if across > 1 else "0", across)

    def row(self, p: str) -> str:
        """Beyond the last one the last one."""
        found = plus(times(self.below, self.patch.rows), p)
        return f"min({found}, {self.rows - 1})" if self._beyond_rows(p) else found

    def column(self, q: str) -> str:
        """The same."""
        return f"min({self._column(q)}, {self.bound} - 1)" if self._beyond_columns(q) else self._column(q)

    @contextmanager
    def in_rows(self, p: str) -> Iterator[str]:
        """What is done in the matrix alone, and its row."""
        if not self._beyond_rows(p):
            yield self.text.index("i", self.row(p))
            return
        self.text.line(f"i = uint32({plus(times(self.below, self.patch.rows), p)})")
        with self.text.block(f"if i < {self.rows}"):
            yield "i"

    @contextmanager
    def inside(self, q: str) -> Iterator[str]:
        """The same of its columns."""
        j = self.text.index("j", self._column(q))
        with self.text.block(f"if {j} < {self.bound}") if self._beyond_columns(q) else nullcontext():
            yield j

    def _beyond_rows(self, p: str) -> bool:
        return self.rows % self.patch.rows > 0 and p != "0"

    def _beyond_columns(self, q: str) -> bool:
        return self.ragged and q != "0"

    def _column(self, q: str) -> str:
        return plus(self.right, times(q, self.stride))


def _element(name: str, patch: Patch, p: str, q: str) -> str:
    """Of the numbers of a patch."""
    return name if patch.size == 1 else f"{name}[{p}, {q}]"


def add_compensated(text: Text, total: str, lost: str) -> None:
    """`part` joins a total; what its rounding loses is kept apart (D. E. Knuth's two-sum)."""
    text.line(f"before = {total}")
    text.line("after = before + part")
    text.line("share = after - before")
    text.line(f"{lost} = {lost} + ((before - (after - share)) + (part - share))")
    text.line(f"{total} = after")
