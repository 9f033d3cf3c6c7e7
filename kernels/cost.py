"""What an instruction costs a point: the one count by which passes choose and plans report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from .primitives import PRIMITIVES
from .program import Builder, Instruction, Program, rebuild

Kind = Literal["fma", "other", "special", "division"]

WEIGHTS: dict[Kind, int] = {"fma": 1, "other": 1, "special": 20, "division": 20}
"""An exp and its kin or a division counts as a score of multiply-adds."""


def counted(instructions: Sequence[Instruction], value: int) -> tuple[Kind, int]:
    """Of which kind an instruction's operations are, and how many."""
    instruction = instructions[value]
    rows, columns = instruction.shape
    if instruction.op in ("matmul", "gram"):
        return "fma", rows * columns * instructions[instruction.args[0]].shape[1]
    if instruction.op in ("sum", "max"):
        rows, columns = instructions[instruction.args[0]].shape
        return "other", rows * columns
    kind = PRIMITIVES[instruction.op].cost if instruction.op in PRIMITIVES else "nothing"
    return ("other", 0) if kind == "nothing" else (kind, rows * columns)


class PointCost:
    """Operations a point of values of a program that is being built. What is the same for a whole row is free."""

    def __init__(self, builder: Builder) -> None:
        self.instructions = builder.instructions
        self._varies: list[bool] = []

    @classmethod
    def of(cls, program: Program) -> int:
        """Operations a point of a whole program."""
        builder = Builder()
        places = rebuild(builder, program)
        return cls(builder)(*(places[output] for output in program.outputs))

    def __call__(self, *values: int) -> int:
        """What these values take together."""
        for instruction in self.instructions[len(self._varies) :]:
            moves = instruction.op == "coordinate" and instruction.name == "a"
            self._varies.append(moves or any(self._varies[a] for a in instruction.args))
        pending, found = [*values], set(values)
        total = 0
        while pending:
            position = pending.pop()
            instruction = self.instructions[position]
            if self._varies[position] and instruction.args:
                kind, count = counted(self.instructions, position)
                total += WEIGHTS[kind] * count
                new = set(instruction.args) - found
                found |= new
                pending += new
                if instruction.op in ("add", "sub", "sum") and any(self.instructions[a].op == "mul" for a in new):
                    total -= count  # one multiply-add
        return total
