"""The bytes that a plan moves a point, by count.

In: a plan on a plane. Out: a `Traffic`: what a point reads of the arrays that are computed once for the plane, and
what it writes. Each array is counted once for each sweep, and each run of loops before or after it, that reads it: from
one block of samples to the next nothing of it is read again. The points of a vector share what they read where they
are its lanes. Not counted are values that live and die within a point, which stay in a cache, and what is read once
for a row of the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

from .plan import Plan, Straight, Sweep


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes. read, written: a point. arrays: of all that is read, which decides what cache it stays in."""

    read: float
    written: int
    arrays: int


def traffic(plan: Plan, size: int, points: int) -> Traffic:
    """points: in a block, which read together. size: bytes of a number."""
    instructions = plan.body.program.instructions

    def total(values: set[int] | list[int]) -> int:
        return size * sum(instructions[v].shape[0] * instructions[v].shape[1] for v in values)

    read = [_read(plan, stage) for stage in plan.stages if not (isinstance(stage, Straight) and stage.level == "row")]
    return Traffic(sum(map(total, read)) / points, total([*plan.body.program.outputs]), total(set[int]().union(*read)))


def _read(plan: Plan, stage: Straight | Sweep) -> set[int]:
    """The arrays of a stage."""
    instructions, found = plan.body.program.instructions, set[int]()
    for nest in stage.nests:
        for value in nest.values + nest.operand + nest.repeated:
            for argument in instructions[value].args:
                while instructions[argument].op == "transpose":
                    (argument,) = instructions[argument].args
                if instructions[argument].op == "data":
                    found.add(argument)
    return found
