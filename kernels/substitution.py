"""The plane substitution: w = c + a u + b v for every weight, with polynomials in (a, b) kept as coefficients.

In: a program over data and weights. Out: a program over data, the coefficient matrices of the weights (data named
by `coefficient`) and the coordinates a and b. A value that is a polynomial in (a, b) is carried as its coefficients
through sums and products, so that a first layer W X + bias becomes three matrices that depend on the plane alone.
It is put together only where a primitive that is none of these reads it. What is affine is always put together from
its coefficients; of higher degree it is where that takes fewer operations a point than the product itself, and a sum
of products over samples where its reduced form (contraction.py) does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .contraction import LARGEST_COUNT, Terms, contraction, inner_product, sum_of_squares
from .cost import PointCost
from .derivative import cotangents, tangents
from .polynomial import Parts, Polynomial, assembled, is_small, made_of, product
from .primitives import PRIMITIVES, Shape
from .program import LEAVES, Builder, Instruction, Program, copy_leaf, label, rebuild

Presence = Mapping[str, tuple[bool, bool]]
"""For each weight whether its block of u and of v is not all zero: a zero direction costs no arithmetic."""

LARGEST_DEPTH = 64
"""How many sums and products within one another are followed to one under a sum over samples."""


def coefficient(part: str, weight: str) -> str:
    """The name, as data, of a weight's matrix in the centre ("c") or in a direction ("u", "v")."""
    return f"{weight}.{part}"


@dataclass(frozen=True)
class Placed:
    """A program on a plane. notes: which values of the program before are computed once, or from coefficients that are,
    and why."""

    program: Program
    notes: tuple[str, ...]


class _Substitution:
    def __init__(self, program: Program, presence: Presence) -> None:
        self.program, self.presence = program, presence
        self.builder = Builder()
        self.forms: list[Polynomial | None] = []
        self.places: list[int | None] = []
        self.terms = Terms(self.builder, program, self.forms)
        self.operations = PointCost(self.builder)
        self.notes: dict[int, str] = {}

    def run(self) -> Placed:
        for position, instruction in enumerate(self.program.instructions):
            form = self.leaf(instruction) if instruction.op in LEAVES else self.polynomial(instruction)
            self.forms.append(form)
            affine = form is not None and form.degree < 2
            self.places.append(None if affine else self.best(position, instruction, form))
        outputs = [self.place(output) for output in self.program.outputs]
        needed = set(self.builder.needed(outputs))
        notes = tuple(note for place, note in self.notes.items() if place in needed)
        return Placed(self.builder.build(*outputs), notes)

    def leaf(self, instruction: Instruction) -> Polynomial:
        b = self.builder
        if instruction.op != "weight":
            return made_of({(0, 0): copy_leaf(b, instruction)})
        name, shape = instruction.name, instruction.shape
        parts = {(0, 0): b.data(coefficient("c", name), shape)}
        for moves, exponents, part in zip(self.presence[name], ((1, 0), (0, 1)), "uv", strict=True):
            if moves:
                parts[exponents] = b.data(coefficient(part, name), shape)
        return made_of(parts)

    def place(self, position: int) -> int:
        """The value itself, put together from its affine form if it has one."""
        known = self.places[position]
        if known is None:
            form = self.forms[position]
            assert form is not None
            known = self.places[position] = assembled(self.builder, form.parts)
            self.notes.update(self._noted(position, form, known))
        return known

    def _noted(self, position: int, form: Polynomial, place: int) -> dict[int, str]:
        """Why a value that is put together from few coefficients is."""
        value, parts = self._named(position), len(form.parts)
        if form.varies:
            kind = "numbers" if self.program.instructions[position].shape == (1, 1) else "matrices"
            return {place: f"{value} is affine in (a, b): {parts} {kind}, computed once"}
        leaf = self.program.instructions[position].op in LEAVES
        return {} if leaf else {place: f"{value} is the same at every point: it is computed once"}

    def _named(self, position: int) -> str:
        if position in self.program.outputs:
            return "the loss"
        instruction = self.program.instructions[position]
        return f"{label(self.program, position)} ({instruction.op}, {instruction.shape[0]} x {instruction.shape[1]})"

    # Forms

    def polynomial(self, instruction: Instruction) -> Polynomial | None:
        """The coefficients of an instruction whose arguments have them, where it is linear in them or a product."""
        op, forms = instruction.op, [self.forms[a] for a in instruction.args]
        known = [form for form in forms if form is not None]
        if len(known) < len(forms):
            return None
        b, attributes = self.builder, dict(instruction.attributes)

        def apply(*values: int) -> int:
            return b.emit(op, *values, **attributes)

        if not any(form.varies for form in known):
            return made_of({(0, 0): apply(*(form.constant for form in known))})
        degree = max(form.degree for form in known)
        linear, whole = PRIMITIVES[op].linear, all(form.whole for form in known)
        varying = [k for k, form in enumerate(known) if form.varies]
        if linear == "either" and len(varying) == 2:
            # An inner product may be a square: see contraction.py.
            degree, whole = sum(form.degree for form in known), whole and op == "matmul" and instruction.shape != (1, 1)
            x, y = known
            return self._made(degree, whole, instruction, known, lambda: product(b, op, x.parts, y.parts))
        if linear is None or (linear == "first" and varying != [0]):
            return None

        def parts() -> Parts:
            monomials = dict.fromkeys(e for form in known for e in form.parts if e != (0, 0))
            constant = {(0, 0): apply(*(form.constant for form in known))}
            return constant | {e: self._part(instruction, known, e, apply) for e in monomials}

        return self._made(degree, whole, instruction, known, parts)

    @staticmethod
    def _made(
        degree: int, whole: bool, instruction: Instruction, forms: list[Polynomial], make: Callable[[], Parts]
    ) -> Polynomial | None:
        if whole:
            # Now: made from one another in turn they could be deeper than Python's stack.
            return made_of(make()) if is_small(degree, instruction.shape) else None
        depth = 1 + max(form.depth for form in forms)
        return Polynomial(degree, make, whole, depth) if depth <= LARGEST_DEPTH else None

    def _part(
        self,
        instruction: Instruction,
        forms: list[Polynomial],
        exponents: tuple[int, int],
        apply: Callable[..., int],
    ) -> int:
        """One coefficient of a linear primitive's result, of the result's shape."""
        b, op = self.builder, instruction.op
        own = [form.parts.get(exponents) for form in forms]
        if op == "sub" and own[0] is None:
            assert own[1] is not None
            value = b.emit("neg", own[1])
        elif op in ("add", "sub"):
            present = [part for part in own if part is not None]
            value = apply(*present) if len(present) == 2 else present[0]
        else:
            value = apply(*(form.constant if part is None else part for form, part in zip(forms, own, strict=True)))
        return b.emit("broadcast", value, shape=instruction.shape)

    # Which way a value is computed at a point

    def best(self, position: int, instruction: Instruction, form: Polynomial | None) -> int:
        """The value by its primitive, or from coefficients where that takes fewer operations a point."""
        arguments = [self.place(a) for a in instruction.args]
        chosen = self.builder.emit(instruction.op, *arguments, **dict(instruction.attributes))
        least: int | None = None
        for place, note in self._others(position, instruction, form):
            least = self.operations(chosen) if least is None else least
            operations = self.operations(place)
            if operations < least:
                chosen, least = place, operations
                self.notes[place] = note
        return chosen

    def _others(self, position: int, instruction: Instruction, form: Polynomial | None) -> Iterable[tuple[int, str]]:
        if form is None or form.degree < 2:
            return
        rows, columns = instruction.shape
        once = f"{self._named(position)} is a polynomial of degree {form.degree} in (a, b): its"
        if form.whole:
            yield assembled(self.builder, form.parts), f"{once} {len(form.parts)} coefficients are computed once"
        elif (rows, columns) == (1, 1) and instruction.op in ("sum", "matmul"):
            place = self._contraction(instruction)
            if place is not None:
                yield place, f"{once} sum over samples is reduced once to that of a triangular factor"
        elif (rows, columns) == (1, 1) and instruction.op == "add":
            squared = self._squared(position)
            if squared is not None:
                place = sum_of_squares(self.builder, squared)
                yield place, f"{once} sums of squares are reduced once to that of one triangular factor"

    def _squared(self, position: int) -> list[tuple[Polynomial, Shape]] | None:
        """What is squared and added up, where a value is nothing but a few sums of squares."""
        found: list[tuple[Polynomial, Shape]] = []
        pending = [position]
        while pending:
            where = pending.pop()
            instruction = self.program.instructions[where]
            if instruction.op == "add" and len(found) + len(pending) < LARGEST_COUNT:
                pending += reversed(instruction.args)
                continue
            if instruction.op == "constant" and not instruction.value.any():
                continue
            terms = self.terms.of(instruction.args[0]) if instruction.op == "sum" else None
            if terms is None or len(terms) != 1:
                return None
            ((sign, factors),) = terms
            shape = self.program.instructions[instruction.args[0]].shape
            square = len(factors) == 2 and factors[0] is factors[1] and factors[0].varies
            if sign < 0 or not square or not is_small(factors[0].degree, shape):
                return None
            found.append((factors[0], shape))
        return found if len(found) > 1 else None

    def _contraction(self, instruction: Instruction) -> int | None:
        if instruction.op == "sum":
            terms = self.terms.of(instruction.args[0])
            shape = self.program.instructions[instruction.args[0]].shape
            return None if terms is None else contraction(self.builder, terms, shape)
        x, y = (self.forms[a] for a in instruction.args)
        size = self.program.instructions[instruction.args[1]].shape[0]
        if x is None or y is None or not (x.varies and y.varies):
            return None
        if not all(is_small(form.degree, (1, size)) for form in (x, y)):
            return None
        turned = y.mapped(lambda part: self.builder.emit("transpose", part))
        return inner_product(self.builder, x.parts, turned.parts)


def substitute(program: Program, presence: Presence) -> Program:
    """The program on the plane w = c + a u + b v, its first outputs unchanged in meaning and order."""
    return placed(program, presence).program


def placed(program: Program, presence: Presence) -> Placed:
    """The same, with notes on what is computed from coefficients, and why."""
    return _Substitution(program, presence).run()


def with_gradient(program: Program) -> Program:
    """Add dL/da and dL/db to a program on a plane that has the one output L.

    By forward mode, two tangents, or by reverse mode through the plane, whichever takes fewer operations a point. A
    tangent of A h is four products, of which reverse mode, with w = c + a u + b v at the end, makes two; where little
    is left of the products, or everything is a polynomial, tangents are cheaper.
    """
    candidates = (by_tangents(program), by_cotangents(program))
    return min(candidates, key=lambda found: PointCost.of(found))


def by_tangents(program: Program) -> Program:
    builder = Builder()
    places = rebuild(builder, program)
    loss = program.outputs[0]
    return builder.build(places[loss], *(_slope(builder, program, places, loss, name) for name in ("a", "b")))


def by_cotangents(program: Program) -> Program:
    builder = Builder()
    places = rebuild(builder, program)
    found = cotangents(builder, program, places)
    slopes = {
        instruction.name: part
        for instruction, part in zip(program.instructions, found, strict=True)
        if instruction.op == "coordinate" and part is not None
    }
    zero = builder.constant(0.0)
    return builder.build(places[program.outputs[0]], *(slopes.get(name, zero) for name in ("a", "b")))


def with_curvature(program: Program) -> Program:
    """Add L_aa, L_ab and L_bb, forward over forward, to a program of `with_gradient`."""
    builder = Builder()
    places = rebuild(builder, program)
    _, along_a, along_b = program.outputs
    pairs = ((along_a, "a"), (along_a, "b"), (along_b, "b"))
    second = [_slope(builder, program, places, slope, name) for slope, name in pairs]
    return builder.build(*(places[output] for output in program.outputs), *second)


def _slope(builder: Builder, program: Program, places: list[int], value: int, coordinate: str) -> int:
    """The derivative of a scalar of a program on a plane along one of its coordinates."""
    (found,) = tangents(builder, program, places, {coordinate: builder.constant(1.0)}, [value])
    return builder.constant(0.0) if found is None else found


def with_others(program: Program, other: Program) -> Program:
    """A program with the outputs of another after its own, what both compute shared."""
    builder = Builder()
    found = [rebuild(builder, one) for one in (program, other)]
    return builder.build(
        *(places[output] for places, one in zip(found, (program, other), strict=True) for output in one.outputs)
    )
