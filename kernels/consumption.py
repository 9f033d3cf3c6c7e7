"""Cheaper forms of what only products of matrices read: program -> program of the same meaning.

A product adds up many values of one size, and what is small among them is lost in its sum: an error relative to 1, not
to the value itself, is all that counts of a hidden layer's sigmoid or tanh. The table of primitives says which have
such a form. It is chosen before derivatives are taken, which read a layer in other ways too, so that the loss has the
same bits with them and without.
"""

from __future__ import annotations

from .primitives import PRIMITIVES, absolute_form
from .program import LEAVES, Builder, Program, copy_leaf


def with_absolute_forms(program: Program) -> Program:
    """The program with the absolute form of each primitive that has one and whose value only products read."""
    if not any(_is_consumed(program, position) for position in range(len(program.instructions))):
        return program
    builder, places = Builder(), list[int]()
    for position, instruction in enumerate(program.instructions):
        if instruction.op in LEAVES:
            places.append(copy_leaf(builder, instruction))
            continue
        op = absolute_form(instruction.op) if _is_consumed(program, position) else instruction.op
        places.append(builder.emit(op, *(places[a] for a in instruction.args), **dict(instruction.attributes)))
    return builder.build(*(places[output] for output in program.outputs))


def _is_consumed(program: Program, position: int) -> bool:
    instructions, readers = program.instructions, program.readers[position]
    row = PRIMITIVES.get(instructions[position].op)
    if row is None or row.absolute is None or position in program.outputs or instructions[position].shape == (1, 1):
        return False
    return bool(readers) and all(instructions[reader].op == "matmul" for reader in readers)
