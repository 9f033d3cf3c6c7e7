"""Nests: which values of a stage share a loop, which are stored and which stay in registers.

In: the values of one stage in order. Out: `Nest`s in the order in which they run. A value joins a nest that loops
over the same matrix when all it reads there is the very element it computes; a product of matrices, a sum or a
broadcast separates nests. A chain that only feeds a product with few rows is computed inside that product's loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .primitives import PRIMITIVES, Shape
from .streams import Body

CHEAP = ("add", "sub", "mul")
"""What is computed where it is read, of values that are stored anyway, rather than stored as well."""

INLINE_ROWS = 4
"""Rows of a product up to which its operand is computed inside its loop. No machine's number: what is stored decides
the block of samples, and so the order of arithmetic."""

SHARED_ROWS = 12
"""Rows that the products of one loop may have together: as many sums in registers leave four of sixteen."""

Order = Literal["columns", "rows"]


@dataclass(frozen=True, slots=True)
class Fusion:
    """How far loops are fused. inline_rows: of a product up to which its operand is computed inside its loop.
    joint_rows, shared_rows: of each of the products that share a loop, and of all of them together. pushed_rows: of all
    the products together that are added up row by row, in the loop that computes the rows of their operand where that
    is made of products itself; 0: none are."""

    inline_rows: int = INLINE_ROWS
    joint_rows: int = INLINE_ROWS
    shared_rows: int = SHARED_ROWS
    pushed_rows: int = 0


ON_A_PROCESSOR = Fusion()


@dataclass(frozen=True, slots=True)
class Nest:
    """A loop over a rows x columns matrix (columns are samples of a block where `streamed`).

    values: computed at each element, in order: products of matrices that share one inner loop, element-by-element
    primitives, sums and maxima. operand: computed inside that inner loop, for the products' second arguments.
    repeated: exact and cheap values of earlier nests that are computed here again rather than stored there. stored:
    those of `values` whose results are written to scratch. order: the outer loop. pushed: products of a later nest that
    are added up here, a row of their operands at a time.
    """

    level: Literal["row", "point"]
    rows: int
    columns: int
    streamed: bool
    order: Order
    values: tuple[int, ...]
    stored: frozenset[int]
    operand: tuple[int, ...] = ()
    repeated: tuple[int, ...] = ()
    pushed: tuple[int, ...] = ()


@dataclass(slots=True)
class _Open:
    level: Literal["row", "point"]
    domain: Shape
    streamed: bool
    order: Order | None = None
    products: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    operand: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    pushed: list[int] = field(default_factory=list)


def form_nests(
    body: Body,
    values: list[int],
    levels: dict[int, Literal["row", "point"]],
    needed: set[int],
    fusion: Fusion = ON_A_PROCESSOR,
) -> tuple[Nest, ...]:
    """The nests of one stage. needed: values that are read outside the stage, and so must be stored."""
    return _Region(body, values, levels, needed, fusion).nests()


class _Region:
    def __init__(
        self,
        body: Body,
        values: list[int],
        levels: dict[int, Literal["row", "point"]],
        needed: set[int],
        fusion: Fusion,
    ) -> None:
        self.body, self.values, self.levels, self.needed = body, values, levels, needed
        self.fusion = fusion
        self.instructions = body.program.instructions
        self.inside = set(values)
        self.open: list[_Open] = []
        self.home: dict[int, int] = {}
        self.moved: dict[int, int] = {}
        """Values that a product's loop computes: in which nest that is."""
        self.readers: dict[int, list[int]] = {v: [] for v in values}
        self.viewed: set[int] = set()
        for value in values:
            for argument in self.instructions[value].args:
                base = self.base(argument)
                if base in self.inside:
                    self.readers[base].append(value)
                    if base != argument:
                        self.viewed.add(base)

    def base(self, position: int) -> int:
        instruction = self.instructions[position]
        return instruction.args[0] if instruction.op == "transpose" else position

    def contracts(self, value: int) -> bool:
        return self.instructions[value].op in ("matmul", "gram")

    def reduces(self, value: int) -> bool:
        return self.instructions[value].op in ("sum", "max")

    def domain(self, value: int) -> Shape:
        instruction = self.instructions[value]
        return self.instructions[instruction.args[0]].shape if self.reduces(value) else instruction.shape

    def streamed(self, value: int) -> bool:
        """Whether the value's loop runs over a block of samples; a gram adds up samples inside its own loop."""
        where = self.instructions[value].args[0] if self.reduces(value) else value
        return self.body.streams[where] is not None

    def aligned(self, value: int, argument: int) -> bool:
        """Whether a value reads of an argument only the element of the same place, in the same loop."""
        return (
            argument in self.home
            and not self.contracts(value)
            and not self.reduces(argument)
            and self.levels[argument] == self.levels[value]
            and self.domain(argument) == self.domain(value)
            and self.streamed(argument) == self.streamed(value)
        )

    def order(self, value: int) -> Order | None:
        """The outer loop that a value insists on: a sum along one axis wants it innermost."""
        rows, columns = self.domain(value)
        if not self.reduces(value) or rows == 1 or (columns == 1 and not self.streamed(value)):
            return None
        return "columns" if self.instructions[value].attribute("axis") == 0 else "rows"

    def nests(self) -> tuple[Nest, ...]:
        for value in self.values:
            self.assign(value)
        for value in reversed(self.values):
            self.postpone(value)
        for number, nest in enumerate(self.open):
            self.inline_operand(nest, number)
        self.repeat()
        for number, nest in enumerate(self.open):
            self.push(nest, number)
        return tuple(self.finished(number) for number, nest in enumerate(self.open) if nest.values)

    def finished(self, number: int) -> Nest:
        nest = self.open[number]
        stored = frozenset(v for v in nest.values if self.must_store(v, number))
        return Nest(
            level=nest.level,
            rows=nest.domain[0],
            columns=nest.domain[1],
            streamed=nest.streamed,
            order=nest.order or "columns",
            values=tuple(nest.values),
            stored=stored,
            operand=tuple(sorted(nest.operand)),
            repeated=tuple(sorted(nest.repeated)),
            pushed=tuple(nest.pushed),
        )

    def assign(self, value: int) -> None:
        earliest = 0
        for argument in self.instructions[value].args:
            base = self.base(argument)
            if base in self.home:
                same_loop = base == argument and self.aligned(value, argument)
                earliest = max(earliest, self.home[base] + (0 if same_loop else 1))
        number = next((n for n in range(earliest, len(self.open)) if self.joins(value, self.open[n])), None)
        if number is None:
            number = len(self.open)
            self.open.append(_Open(self.levels[value], self.domain(value), self.streamed(value)))
        nest = self.open[number]
        nest.values.append(value)
        nest.order = nest.order or self.order(value)
        if self.contracts(value):
            nest.products.append(value)
        self.home[value] = number

    def joins(self, value: int, nest: _Open) -> bool:
        wanted = self.order(value)
        return (
            nest.level == self.levels[value]
            and nest.domain == self.domain(value)
            and nest.streamed == self.streamed(value)
            and (wanted is None or nest.order in (None, wanted))
            and (not self.contracts(value) or self.shares_loop(value, nest))
            and not self.adds_up_samples_of_products(nest, value)
        )

    def shares_loop(self, product: int, nest: _Open) -> bool:
        """Whether a product may have its inner loop together with those of a nest."""
        rows = self.instructions[product].shape[0]
        return (
            bool(nest.products)
            and rows <= self.fusion.joint_rows
            and rows * (1 + len(nest.products)) <= self.fusion.shared_rows
            and all(self.instructions[p].op == "matmul" for p in (product, *nest.products))
            and self.operand_shape(product) == self.operand_shape(nest.products[0])
            and self.operand_streams(product) == self.operand_streams(nest.products[0])
        )

    def operand_shape(self, product: int) -> Shape:
        return self.instructions[self.instructions[product].args[1]].shape

    def operand_streams(self, product: int) -> bool:
        return self.streamed(self.instructions[product].args[1])

    def adds_up_samples_of_products(self, nest: _Open, value: int) -> bool:
        """A product summed over samples is complete only after the sweep: nothing else shares its loop."""
        grams = [v for v in (value, *nest.products) if self.instructions[v].op == "gram"]
        return any(self.body.streams[self.instructions[g].args[0]] is not None for g in grams)

    def inline_operand(self, nest: _Open, number: int) -> None:
        """Move a chain that only feeds the second arguments of these products into their loop."""
        if nest.domain[0] > self.fusion.inline_rows or any(self.instructions[p].op != "matmul" for p in nest.products):
            return
        pending = {self.instructions[p].args[1] for p in nest.products}
        moved: set[int] = set()
        while pending:
            # The last first: whether a value may move depends on those that read it.
            value = max(pending)
            pending.remove(value)
            if not self.may_move(value, nest.products, moved):
                continue
            moved.add(value)
            self.moved[value] = number
            nest.operand.append(value)
            self.open[self.home[value]].values.remove(value)
            pending.update(a for a in self.instructions[value].args if a not in moved)

    def push(self, nest: _Open, number: int) -> None:
        """Add these products up where the rows of their operands are computed, rather than store those."""
        operands = [self.instructions[product].args[1] for product in nest.products]
        homes = {self.home.get(value, number) for value in operands}
        rows = nest.domain[0] * len(nest.products)
        if rows > self.fusion.pushed_rows or len(homes) != 1 or any(v in self.moved for v in operands):
            return
        (home,) = homes
        made = self.open[home]
        products = all(self.instructions[p].op == "matmul" for p in (*nest.products, *made.products))
        inside = all(value in made.values and not self.reduces(value) for value in operands)
        alike = nest.streamed and made.streamed and nest.level == made.level
        if home < number and made.products and products and inside and alike:
            made.pushed.extend(nest.products)

    def may_move(self, value: int, products: list[int], moved: set[int]) -> bool:
        if value in moved or value not in self.inside or value in self.needed or value in self.viewed:
            return False
        elementwise = PRIMITIVES[self.instructions[value].op].elementwise
        source = self.instructions[products[0]].args[1]
        return (
            elementwise
            and self.levels[value] == self.levels[products[0]]
            and self.instructions[value].shape == self.instructions[source].shape
            and self.streamed(value) == self.streamed(source)
            and set(self.readers[value]) <= moved | set(products)
            and all(value != self.instructions[p].args[0] for p in products)
            and not self.parts_from_product(value)
            and not (self.fusion.pushed_rows and self.open[self.home[value]].products)
        )

    def postpone(self, value: int) -> None:
        """Move a cheap chain of stored values, such as the s (1 - s) behind the derivative of a sigmoid, to the nest
        that reads it: that one then reads what is in memory anyway, and one value less is stored."""
        nests = {self.home[reader] for reader in self.readers[value]}
        here = self.home[value]
        if len(nests) != 1 or here in nests:
            return
        (there,) = nests
        if self.open[there].level != self.open[here].level:
            return
        if not all(self.reads_element(reader, value) for reader in self.readers[value]):
            return
        chain = [value]
        for link in chain:
            if not self.may_postpone(link, chain):
                return
            beside = [a for a in dict.fromkeys(self.instructions[link].args) if self.home.get(a) == here]
            chain += [a for a in beside if a not in chain and not self.stored_for_others(a, chain)]
        for link in chain:
            self.open[here].values.remove(link)
            self.home[link] = there
        self.open[there].values = sorted([*self.open[there].values, *chain])

    def may_postpone(self, value: int, chain: list[int]) -> bool:
        """Only where the same products and sums share a loop afterwards, and are one rounding, as before."""
        instruction = self.instructions[value]
        beyond = [r for r in self.readers[value] if r not in chain]
        return (
            instruction.op in CHEAP
            and value not in self.needed
            and value not in self.viewed
            and (value == chain[0] or not beyond)
            and not (instruction.op == "mul" and any(self.instructions[r].op in ("add", "sub", "sum") for r in beyond))
            and not self.parts_from_product(value)
        )

    def stored_for_others(self, value: int, chain: list[int]) -> bool:
        """Whether a value is read from memory even if the chain is not computed beside it."""
        if value in self.needed or value in self.viewed or self.reduces(value):
            return True
        others = [r for r in self.readers[value] if r not in chain]
        return any(self.home[r] != self.home[value] or not self.aligned(r, value) for r in others)

    def repeat(self) -> None:
        """Compute again, where they are read, the values that cost no more than to be read: exact ones of stored ones,
        such as the comparison behind the derivative of relu."""
        for value in self.values:
            number = self.home[value]
            if not self.may_repeat(value):
                continue
            nests = {self.home[reader] for reader in self.readers[value]} - {number}
            if not nests or not all(self.reads_element(reader, value) for reader in self.readers[value]):
                continue
            for other in nests | {self.moved[reader] for reader in self.readers[value] if reader in self.moved}:
                self.open[other].repeated.append(value)
            if not any(self.home[reader] == number for reader in self.readers[value]):
                self.open[number].values.remove(value)

    def may_repeat(self, value: int) -> bool:
        instruction = self.instructions[value]
        return (
            PRIMITIVES[instruction.op].exact
            and sum(self.instructions[a].op != "constant" for a in instruction.args) == 1
            and value not in self.needed
            and value not in self.viewed
            and value in self.open[self.home[value]].values
            and all(self.in_memory(a) for a in instruction.args)
        )

    def in_memory(self, argument: int) -> bool:
        """Whether a value can be read anywhere after its nest: a leaf, one of another stage, or one that is stored."""
        base = self.base(argument)
        return base not in self.inside or self.must_store(base, self.home[base])

    def reads_element(self, reader: int, value: int) -> bool:
        """Whether a reader in another nest takes of a value the element of the place at which it is itself."""
        return (
            not self.contracts(reader)
            and self.domain(reader) == self.instructions[value].shape
            and self.streamed(reader) == self.streamed(value)
        )

    def parts_from_product(self, value: int) -> bool:
        """Whether moving a sum would leave an elementwise product behind, with which it is one rounding where both
        share a loop: a value's bits would then depend on who else reads that product."""
        return any(
            self.instructions[a].op == "mul"
            and (set(self.readers[a]) != {value} or a in self.needed or a in self.viewed)
            for a in self.instructions[value].args
            if a in self.inside and self.instructions[value].op in ("add", "sub")
        )

    def must_store(self, value: int, number: int) -> bool:
        if any(value in nest.repeated for nest in self.open):
            return False
        if value in self.needed or value in self.viewed or self.reduces(value):
            return True
        members, pushed = set(self.open[number].values), self.open[number].pushed
        return any(r not in pushed and (r not in members or not self.aligned(r, value)) for r in self.readers[value])
