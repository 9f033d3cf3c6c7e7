"""Derivatives as passes: program -> program, forward along a direction and reverse over all weights.

The rules are the rows of the table of primitives. A derivative that is zero by structure is None here, never a
matrix of zeros, so that no arithmetic is spent on it and no 0 * inf can come of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from .primitives import PRIMITIVES, reduce_to
from .program import LEAVES, Builder, Instruction, Program, copy_leaf, rebuild


def tangents(builder: Builder, program: Program, places: list[int], seeds: Mapping[str, int]) -> list[int | None]:
    """Emit the tangent of every value of a program that `rebuild` has put at `places`.

    seeds: for a leaf's name the value that is its tangent. All other leaves are constant.
    """
    found: list[int | None] = []
    for position, instruction in enumerate(program.instructions):
        if instruction.op in LEAVES:
            found.append(None if instruction.op == "constant" else seeds.get(instruction.name))
        else:
            arguments = tuple(places[a] for a in instruction.args)
            inner = tuple(found[a] for a in instruction.args)
            found.append(_tangent(builder, instruction, arguments, places[position], inner))
    return found


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
    builder = Builder()
    places = rebuild(builder, program, copy_leaf)
    loss = program.outputs[0]
    cotangents: list[int | None] = [None] * len(program.instructions)
    cotangents[loss] = builder.constant(1.0)
    for position in range(loss, -1, -1):
        instruction, cotangent = program.instructions[position], cotangents[position]
        if cotangent is None or instruction.op in LEAVES:
            continue
        arguments = tuple(places[a] for a in instruction.args)
        parts = _cotangents(builder, instruction, arguments, places[position], cotangent)
        for argument, part in zip(instruction.args, parts, strict=True):
            if part is not None:
                old = cotangents[argument]
                cotangents[argument] = part if old is None else builder.emit("add", old, part)
    outputs = [places[loss]]
    for position, instruction in enumerate(program.instructions):
        if instruction.op == "weight":
            found = cotangents[position]
            found = builder.constant(0.0) if found is None else found
            outputs.append(builder.emit("broadcast", found, shape=instruction.shape))
    return builder.build(*outputs)


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
