"""How many samples a thread works on together, and how many rows of a product at a time: by an estimate of registers.

In: a plan, and which of its values are formed where they are read. Out: a `Grouping`. A weight that is formed serves
all samples of a group; an operand that is computed in a product's loop serves all rows of a block, and is computed
again for the next block. Both want registers, for rows x samples sums of each product.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..cost import WEIGHTS, counted
from ..nests import Nest
from ..plan import Plan, Sweep

GROUPS = (8, 4, 2, 1)

FORMING = 2.5
"""Instructions that form a weight: a multiply-add, and its share of two loads of four numbers."""

LONGEST_BLOCK = 16
"""Rows of which a block is read from shared memory column by column, four numbers at a time."""

SHORTEST_BLOCK = 4
"""Rows below which a block that is longer is wanted, where the number of rows has no better divisors."""


@dataclass(frozen=True)
class Grouping:
    """group: samples. blocks: of each nest that computes its products' operand, by the first of them, the rows at a
    time. live: numbers that a point has of its samples at most. cost: instructions a sample, for
    comparison."""

    group: int
    blocks: Mapping[int, int]
    live: int
    cost: float


def tail_of(plan: Plan, sweep: Sweep) -> tuple[Nest, ...]:
    """What a sweep does behind its last product: a thread goes through it with one sample of the group after another,
    and holds what it computes there of one sample alone."""
    nests = [nest for nest in sweep.nests if nest.level == "point"]
    ops = [{plan.body.program.instructions[value].op for value in (*nest.values, *nest.pushed)} for nest in nests]
    last = max((number for number, own in enumerate(ops) if own & {"matmul", "gram"}), default=-1)
    return tuple(nests[last + 1 :])


def single_of(plan: Plan) -> frozenset[int]:
    """The values that are held of one sample at a time."""
    sweeps = [stage for stage in plan.stages if isinstance(stage, Sweep)]
    tails = {nest for sweep in sweeps for nest in tail_of(plan, sweep)}
    elsewhere = {value for sweep in sweeps for nest in sweep.nests if nest not in tails for value in nest.stored}
    return frozenset({value for nest in tails for value in nest.stored} - elsewhere)


def grouping_of(plan: Plan, formed: frozenset[int], kept: int, budget: int, most: int) -> Grouping:
    """kept: numbers that a point holds beside. budget: numbers that registers have room for. most: samples at most."""
    found = [_Estimate(plan, formed, group, budget - kept).grouping() for group in GROUPS if group <= most]
    fitting = [grouping for grouping in found if kept + grouping.live <= budget]
    return min(fitting or found[-1:], key=lambda grouping: grouping.cost)


class _Estimate:
    def __init__(self, plan: Plan, formed: frozenset[int], group: int, room: int) -> None:
        self.instructions = plan.body.program.instructions
        self.plan, self.formed, self.group, self.room = plan, formed, group, room
        self.single = single_of(plan)

    def grouping(self) -> Grouping:
        blocks, live, cost = dict[int, int](), 0, 0.0
        for sweep in (stage for stage in self.plan.stages if isinstance(stage, Sweep)):
            nests = [nest for nest in sweep.nests if nest.level == "point"]
            pushed = {product for nest in nests for product in nest.pushed}
            for number, nest in enumerate(nests):
                beside = self.beside(nests, number)
                block = self.block(nest, beside)
                if nest.operand:
                    first = self.products(nest)[0]
                    blocks[first] = min(block, blocks.get(first, block))
                block = nest.rows if self.products(nest) and self.products(nest)[0] in pushed else block
                live = max(live, beside + max(self.stored(nest), self.sums(nest, block)))
                cost += self.cost(nest, block)
        return Grouping(self.group, blocks, live, cost)

    def products(self, nest: Nest) -> list[int]:
        return [value for value in nest.values if self.instructions[value].op == "matmul"]

    def rows(self, value: int) -> int:
        return self.instructions[value].shape[0]

    def held(self, value: int) -> int:
        return self.rows(value) * (1 if value in self.single else self.group)

    def stored(self, nest: Nest) -> int:
        return sum(map(self.held, nest.stored))

    def sums(self, nest: Nest, block: int) -> int:
        return self.group * block * len(self.products(nest))

    def beside(self, nests: list[Nest], number: int) -> int:
        """Numbers of the samples that earlier nests leave for this or later ones, and what it adds up for later
        ones."""
        read = {
            argument
            for nest in nests[number:]
            for value in (*nest.values, *nest.operand, *nest.repeated)
            for argument in self.instructions[value].args
        }
        left = {value for nest in nests[:number] for value in nest.stored if value in read}
        later = {value for nest in nests[number + 1 :] for value in nest.values}
        added = {value for nest in nests[: number + 1] for value in nest.pushed if value in later}
        return sum(map(self.held, left | added))

    def block(self, nest: Nest, beside: int) -> int:
        """The most rows that there is room for, of those that divide all; one where no operand is computed with
        them."""
        if not nest.operand:
            return 1
        fitting = [n for n in divisors(nest.rows) if beside + self.sums(nest, n) <= self.room] or [1]
        short = max(n for n in fitting if n <= LONGEST_BLOCK)
        return short if short >= SHORTEST_BLOCK else max(fitting)

    def cost(self, nest: Nest, block: int) -> float:
        total = 0.0
        for product in self.products(nest):
            rows, inner = self.instructions[self.instructions[product].args[0]].shape
            forming = FORMING if self.instructions[product].args[0] in self.formed else 0.0
            total += rows * inner * (1 + forming / self.group)
        repeats = nest.rows // block if nest.operand else 1
        return total + repeats * sum(map(self.operations, nest.operand))

    def operations(self, value: int) -> float:
        kind, _ = counted(self.instructions, value)
        return WEIGHTS[kind] * self.rows(value)


def divisors(n: int) -> Iterator[int]:
    return (k for k in range(1, n + 1) if n % k == 0)
