"""Sums over samples of products of polynomials, without a pass over the samples for each point.

With r = sum_k z_k K_k, z the monomials in (a, b) and K_k the coefficients, the sum of squares of r over all its
entries is |R z|^2, R the triangular factor of the matrix whose columns are the K_k. That is exact, while the
coefficients of the square itself would lose half of the digits near a minimum. A sum of p q is (P z) . (Q z) in the
same way, [P Q] the factor of the coefficients of both. R has as many rows as there are monomials, few, where r has
as many as there are samples.

The columns are ordered by falling powers of a: the rows of R below those of a power do not depend on it, and the
last ones depend on b alone.
"""

from __future__ import annotations

from itertools import groupby

from .polynomial import Parts, Polynomial, assembled, is_small, product
from .primitives import Shape
from .program import Builder, Program

LARGEST_COUNT = 16
"""Terms and factors that a sum is taken apart into."""


class Terms:
    """The entries under a sum as a sum of products of polynomials: for each term a sign and its factors."""

    def __init__(self, builder: Builder, program: Program, forms: list[Polynomial | None]) -> None:
        self.builder, self.program, self.forms = builder, program, forms

    def of(self, position: int) -> list[tuple[int, list[Polynomial]]] | None:
        """None where the entries are not such a sum, or one of too many terms."""
        pending = [(position, 1)]
        found: list[tuple[int, list[Polynomial]]] = []
        while pending:
            where, sign = pending.pop()
            form, instruction = self.forms[where], self.program.instructions[where]
            if form is None or len(found) == LARGEST_COUNT:
                return None
            if form.whole:
                found.append((sign, [form]))
            elif instruction.op in ("add", "sub"):
                left, right = instruction.args
                pending += [(right, -sign if instruction.op == "sub" else sign), (left, sign)]
            elif instruction.op in ("neg", "broadcast"):
                pending.append((instruction.args[0], -sign if instruction.op == "neg" else sign))
            else:
                factors = self.factors(where)
                if sum(factor.varies for factor in factors) < 2 or len(factors) > LARGEST_COUNT:
                    return None
                found.append((sign, factors))
        return found

    def factors(self, position: int) -> list[Polynomial]:
        """The factors of a product, in the order in which the text has them."""
        found: list[Polynomial] = []
        pending = [position]
        while pending:
            where = pending.pop()
            form, instruction = self.forms[where], self.program.instructions[where]
            assert form is not None
            divides = instruction.op == "div" and not form.whole
            if instruction.op == "mul" and not form.whole:
                pending += reversed(instruction.args)
            elif divides:
                divisor = self.forms[instruction.args[1]]
                assert divisor is not None
                found.append(divisor.mapped(self._inverse))
                pending.append(instruction.args[0])
            else:
                found.append(form)
        return found

    def _inverse(self, value: int) -> int:
        return self.builder.emit("div", self.builder.constant(1.0), value)


def contraction(b: Builder, terms: list[tuple[int, list[Polynomial]]], shape: Shape) -> int | None:
    """The sum over all entries of a sum of products, each entry of `shape`, put together from coefficients.

    None where they are too many.
    """
    total: int | None = None
    for sign, factors in terms:
        value = _term(b, factors, shape)
        if value is None:
            return None
        if total is None:
            total = value if sign > 0 else b.emit("neg", value)
        else:
            total = b.emit("add" if sign > 0 else "sub", total, value)
    assert total is not None
    return total


def sum_of_squares(b: Builder, squared: list[tuple[Polynomial, Shape]]) -> int:
    """The sum of the squares of all entries of all of them, each of its shape: they are the rows of one matrix, which
    has one factor. One by one they would have as many."""
    monomials = dict.fromkeys(e for form, _ in squared for e in form.parts)
    zero = b.constant(0.0)

    def column(e: tuple[int, int]) -> int:
        own = ((form.parts.get(e, zero), shape) for form, shape in squared)
        return b.emit("stack", *(b.emit("broadcast", part, shape=shape) for part, shape in own))

    columns = {e: column(e) for e in monomials}
    return inner_product(b, columns, columns)


def _term(b: Builder, factors: list[Polynomial], shape: Shape) -> int | None:
    numbers = [f.constant for f in factors if not f.varies and b.shape(f.constant) == (1, 1)]
    others = [f for f in factors if f.varies or b.shape(f.constant) != (1, 1)]
    # Equal factors side by side, dealt out in turn: a square is a product of equal halves.
    varying = [f for f in others if f.varies]
    varying.sort(key=lambda f: next(k for k, other in enumerate(factors) if other is f))
    dealt = [half for half in (varying[0::2], varying[1::2]) if half]
    if not all(is_small(sum(f.degree for f in half), shape) for half in dealt):
        return None
    halves = [_multiplied(b, half) for half in dealt] or [{(0, 0): b.constant(1.0)}]
    for fixed in (f for f in others if not f.varies):
        halves[0] = product(b, "mul", fixed.parts, halves[0])
    halves = [{e: b.emit("broadcast", part, shape=shape) for e, part in half.items()} for half in halves]
    if len(halves) == 1:
        total = assembled(b, {e: b.emit("sum", part, axis=None) for e, part in halves[0].items()})
    else:
        total = inner_product(b, *halves)
    for number in numbers:
        total = b.emit("mul", number, total)
    return total


def _multiplied(b: Builder, factors: list[Polynomial]) -> Parts:
    result = factors[0].parts
    for factor in factors[1:]:
        result = product(b, "mul", result, factor.parts)
    return result


def inner_product(b: Builder, p: Parts, q: Parts) -> int:
    """The sum over all entries of p q: (P z) . (Q z), by blocks of rows that know the same powers of a."""
    power: dict[int, int] = {}
    for (i, _), column in (*p.items(), *q.items()):
        power[column] = max(i, power.get(column, 0))
    columns = sorted(power, key=lambda column: (-power[column], column))
    place = {column: k for k, column in enumerate(columns)}
    factor = b.emit("triangle", *columns)
    total: int | None = None
    for _, block in groupby(range(len(columns)), key=lambda k: power[columns[k]]):
        own = [*block]
        rows = (own[0], own[-1] + 1)
        both = [
            {e: b.emit("part", factor, rows=rows, column=place[c]) for e, c in half.items() if place[c] >= rows[0]}
            for half in (p, q)
        ]
        if both[0] and both[1]:
            left, right = (assembled(b, parts) for parts in both)
            value = b.emit("sum", b.emit("mul", left, right), axis=None)
            total = value if total is None else b.emit("add", total, value)
    assert total is not None
    return total
