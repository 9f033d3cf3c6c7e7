"""The plane substitution: w = c + a u + b v for every weight, with what is affine in (a, b) kept as coefficients.

In: a program over data and weights. Out: a program over data, the coefficient matrices of the weights (data named
by `coefficient`) and the coordinates a and b. A value that is affine in (a, b) is carried as the three values
k0 + a ka + b kb through every linear primitive, so that a first layer W X + bias becomes three matrices that depend
on the plane alone. It is put together only where a primitive that is not linear reads it, as (k0 + b kb) + a ka:
the bracket is the same for a whole row of the grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .derivative import tangents
from .primitives import PRIMITIVES
from .program import LEAVES, Builder, Instruction, Program, copy_leaf, rebuild

Presence = Mapping[str, tuple[bool, bool]]
"""For each weight whether its block of u and of v is not all zero: a zero direction costs no arithmetic."""


def coefficient(part: str, weight: str) -> str:
    """The name, as data, of a weight's matrix in the centre ("c") or in a direction ("u", "v")."""
    return f"{weight}.{part}"


@dataclass(frozen=True, slots=True)
class Affine:
    """k0 + a ka + b kb: three values that do not depend on (a, b), of the same shape; None stands for zero."""

    k0: int
    ka: int | None = None
    kb: int | None = None

    @property
    def varies(self) -> bool:
        return self.ka is not None or self.kb is not None


class _Substitution:
    def __init__(self, presence: Presence) -> None:
        self.builder = Builder()
        self.presence = presence
        self.forms: list[Affine | None] = []
        self.places: list[int | None] = []

    def leaf(self, instruction: Instruction) -> Affine:
        b = self.builder
        if instruction.op != "weight":
            return Affine(copy_leaf(b, instruction))
        name, shape = instruction.name, instruction.shape
        k0 = b.data(coefficient("c", name), shape)
        ka = b.data(coefficient("u", name), shape) if self.presence[name][0] else None
        kb = b.data(coefficient("v", name), shape) if self.presence[name][1] else None
        return Affine(k0, ka, kb)

    def assembled(self, position: int) -> int:
        """The value itself, put together from its affine form if it has one."""
        known = self.places[position]
        if known is not None:
            return known
        form = self.forms[position]
        assert form is not None
        b, value = self.builder, form.k0
        for name, part in (("b", form.kb), ("a", form.ka)):
            if part is not None:
                value = b.emit("add", value, b.emit("mul", b.coordinate(name), part))
        self.places[position] = value
        return value

    def affine(self, instruction: Instruction) -> Affine | None:
        """The affine form of an instruction whose arguments have one and which is linear in them, or None."""
        op, forms = instruction.op, [self.forms[a] for a in instruction.args]
        if any(form is None for form in forms):
            return None
        known = [form for form in forms if form is not None]
        varying = sum(form.varies for form in known)
        if varying and not self._linear(op, known):
            return None
        b, attributes = self.builder, dict(instruction.attributes)

        def apply(*values: int) -> int:
            return b.emit(op, *values, **attributes)

        k0 = apply(*(form.k0 for form in known))
        if not varying:
            return Affine(k0)
        parts = []
        for slot in ("ka", "kb"):
            own = [getattr(form, slot) for form in known]
            parts.append(self._part(op, own, known, apply, instruction))
        return Affine(k0, *parts)

    @staticmethod
    def _linear(op: str, forms: list[Affine]) -> bool:
        """Whether the primitive is linear in those of its arguments that vary."""
        linear = PRIMITIVES[op].linear
        if linear == "first":
            return not any(form.varies for form in forms[1:])
        return linear == "together" or (linear == "either" and not all(form.varies for form in forms))

    def _part(
        self,
        op: str,
        own: list[int | None],
        forms: list[Affine],
        apply: Callable[..., int],
        instruction: Instruction,
    ) -> int | None:
        """One coefficient of a linear primitive's result, of the result's shape."""
        b = self.builder
        if all(part is None for part in own):
            return None
        if op == "sub" and own[0] is None:
            assert own[1] is not None
            value = b.emit("neg", own[1])
        elif op in ("add", "sub"):
            present = [part for part in own if part is not None]
            value = apply(*present) if len(present) == 2 else present[0]
        else:
            value = apply(*(form.k0 if part is None else part for form, part in zip(forms, own, strict=True)))
        return b.emit("broadcast", value, shape=instruction.shape)


def substitute(program: Program, presence: Presence) -> Program:
    """The program on the plane w = c + a u + b v, its first outputs unchanged in meaning and order."""
    state = _Substitution(presence)
    for instruction in program.instructions:
        state.places.append(None)
        form = state.leaf(instruction) if instruction.op in LEAVES else state.affine(instruction)
        state.forms.append(form)
        if form is None:
            arguments = [state.assembled(a) for a in instruction.args]
            state.places[-1] = state.builder.emit(instruction.op, *arguments, **dict(instruction.attributes))
    return state.builder.build(*(state.assembled(output) for output in program.outputs))


def with_gradient(program: Program) -> Program:
    """Add dL/da and dL/db, by forward mode, to a program on a plane that has the one output L."""
    builder = Builder()
    places = rebuild(builder, program)
    loss = program.outputs[0]
    return builder.build(places[loss], *(_slope(builder, program, places, loss, name) for name in ("a", "b")))


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
