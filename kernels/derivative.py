"""Derivatives as passes: program -> program, forward along a direction and reverse over all weights.

A pass can be taken of what another made: forward over reverse is a product with the Hessian.

The rules are the rows of the table of primitives. A derivative that is zero by structure is None here, never a
matrix of zeros, so that no arithmetic is spent on it and no 0 * inf can come of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .consumption import with_absolute_forms
from .primitives import PRIMITIVES
from .program import LEAVES, Builder, Instruction, Program, copy_leaf, rebuild
from .rules import reduce_to


def tangents(
    builder: Builder, program: Program, places: list[int], seeds: Mapping[str, int], wanted: Iterable[int]
) -> list[int | None]:
    """Emit the tangents of the values `wanted` of a program that `rebuild` has put at `places`.

    seeds: for a leaf's name the value that is its tangent. All other leaves are constant.
    """
    found: dict[int, int | None] = {}
    wanted = list(wanted)
    for position in program.ancestors(wanted):
        instruction = program.instructions[position]
        if instruction.op in LEAVES:
            found[position] = None if instruction.op == "constant" else seeds.get(instruction.name)
        else:
            arguments = tuple(places[a] for a in instruction.args)
            inner = tuple(found[a] for a in instruction.args)
            found[position] = _tangent(builder, instruction, arguments, places[position], inner)
    return [found[position] for position in wanted]


def _tangent(
    b: Builder, instruction: Instruction, args: tuple[int, ...], result: int, inner: tuple[int | None, ...]
) -> int | None:
    if all(tangent is None for tangent in inner):
        return None
    row = PRIMITIVES[instruction.op]
    if row.forward is not None:
        return row.forward(b, args, result, inner, **dict(instruction.attributes))
    assert row.diagonal is not None
    total: int | None = None
    for rule, tangent in zip(row.diagonal, inner, strict=True):
        if rule is not None and tangent is not None:
            part = rule(b, args, result, tangent)
            total = part if total is None else b.emit("add", total, part)
    if total is not None and b.shape(total) != instruction.shape:
        # The tangent of the smaller operand of a broadcast sum.
        total = b.emit("broadcast", total, shape=instruction.shape)
    return total


def gradient(program: Program) -> Program:
    """Reverse mode: a program with the outputs (loss, dloss/dw for each of program.weights in order).

    program: one output, 1 x 1. A weight that the loss does not depend on has a gradient of zeros.
    """
    program = with_absolute_forms(program)
    builder = Builder()
    places = rebuild(builder, program, copy_leaf)
    found = cotangents(builder, program, places)
    outputs = [places[program.outputs[0]]]
    for position, instruction in enumerate(program.instructions):
        if instruction.op == "weight":
            part = found[position]
            part = builder.constant(0.0) if part is None else part
            outputs.append(builder.emit("broadcast", part, shape=instruction.shape))
    return builder.build(*outputs)


@dataclass(frozen=True, slots=True)
class Cotangent:
    """scale times value: scale is 1 x 1 and multiplied last, None for 1.

    All rules are linear, so what every entry has in common is kept out of them. A sum over samples behind which
    something is known only once all samples are added up, as the root of ||r||_2 is, then needs no second pass.
    """

    value: int
    scale: int | None = None

    def whole(self, b: Builder) -> int:
        return self.value if self.scale is None else b.emit("mul", self.scale, self.value)

    def plus(self, b: Builder, other: Cotangent) -> Cotangent:
        if self.scale == other.scale:
            return Cotangent(b.emit("add", self.value, other.value), self.scale)
        return Cotangent(b.emit("add", self.whole(b), other.whole(b)))


def cotangents(builder: Builder, program: Program, places: list[int]) -> list[int | None]:
    """Emit the derivative of the first output, 1 x 1, by each leaf of a program that `rebuild` has put at `places`.

    None for all other values, and for a leaf that nothing comes through or that does not vary.
    """
    loss, varies = program.outputs[0], program.varies
    found: list[Cotangent | None] = [None] * len(program.instructions)
    found[loss] = Cotangent(builder.constant(1.0))
    for position in range(loss, -1, -1):
        instruction, cotangent = program.instructions[position], found[position]
        if cotangent is None or instruction.op in LEAVES:
            continue
        arguments = tuple(places[a] for a in instruction.args)
        if instruction.op == "sum" and instruction.shape == (1, 1):
            cotangent = Cotangent(builder.constant(1.0), cotangent.whole(builder))
        parts = _cotangents(builder, instruction, arguments, places[position], cotangent.value)
        for argument, part in zip(instruction.args, parts, strict=True):
            if part is not None and varies[argument]:
                new, old = Cotangent(part, cotangent.scale), found[argument]
                found[argument] = new if old is None else old.plus(builder, new)
    return [
        None if part is None or instruction.op not in LEAVES else part.whole(builder)
        for instruction, part in zip(program.instructions, found, strict=True)
    ]


def _cotangents(
    b: Builder, instruction: Instruction, args: tuple[int, ...], result: int, cotangent: int
) -> tuple[int | None, ...]:
    row = PRIMITIVES[instruction.op]
    if row.reverse is not None:
        return row.reverse(b, args, result, cotangent, **dict(instruction.attributes))
    assert row.diagonal is not None
    return tuple(
        None if rule is None else reduce_to(b, rule(b, args, result, cotangent), b.shape(argument))
        for rule, argument in zip(row.diagonal, args, strict=True)
    )


def gradient_norm(program: Program) -> Program:
    """A program with the outputs (loss, L2 norm of its gradient over all weights).

    The squares are added up without scaling: in float32 a norm above 1.8e19 is inf.
    """
    builder, slopes = Builder(), gradient(program)
    places = rebuild(builder, slopes)
    loss, *parts = (places[output] for output in slopes.outputs)
    total = builder.constant(0.0)
    for part in parts:
        total = builder.emit("add", total, builder.emit("sum", builder.emit("mul", part, part), axis=None))
    return builder.build(loss, builder.emit("sqrt", total))


def direction(weight: str) -> str:
    """The name, as a weight, of what a weight's block of the Hessian is multiplied by."""
    return f"{weight}.d"


def hessian_product(program: Program) -> Program:
    """A program with an output for each of program.weights: the blocks of H d, with H the Hessian of the loss.

    Its weights are those of the program, and d's blocks, named by `direction`. Forward over reverse (Pearlmutter
    1994), so that it is exact and costs a few times a gradient.
    """
    builder, slopes = Builder(), gradient(program)
    places = rebuild(builder, slopes)
    seeds = {name: builder.weight(direction(name), shape) for name, shape in program.weights.items()}
    found = tangents(builder, slopes, places, seeds, slopes.outputs[1:])
    zero = builder.constant(0.0)
    return builder.build(
        *(
            builder.emit("broadcast", zero if part is None else part, shape=shape)
            for part, shape in zip(found, program.weights.values(), strict=True)
        )
    )
