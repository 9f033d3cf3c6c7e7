"""Whether what is computed of a batch's data alone can be computed of all samples once, and then picked by sample.

In: the prologue of a body, the data whose columns are samples, how many a batch has. Out: for each of its outputs the
axis along which it has a sample's own numbers; or None, where one mixes samples, as a mean over the batch does.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from ..primitives import PRIMITIVES
from ..program import Instruction, Program

Along = Literal[0, 1, "none", "mixed"]
"""Where a value has a sample's own numbers: along its rows, its columns, nowhere, or otherwise."""


def sample_axes(prologue: Program, cut: Collection[str], samples: int) -> list[int | None] | None:
    """The axis of each output, None for one that is the same for every batch; no list where one mixes samples."""
    found: list[Along] = []
    for position, instruction in enumerate(prologue.instructions):
        along = _along(prologue, position, instruction, found, cut)
        if along in (0, 1) and instruction.shape[along] != samples:
            along = "mixed"
        found.append(along)
    outputs = [found[output] for output in prologue.outputs]
    return None if "mixed" in outputs else [axis if axis in (0, 1) else None for axis in outputs]


def _along(
    program: Program, position: int, instruction: Instruction, found: list[Along], cut: Collection[str]
) -> Along:
    op, args = instruction.op, instruction.args
    if op == "data":
        return 1 if instruction.name in cut else "none"
    axes = [found[a] for a in args]
    if "mixed" in axes:
        return "mixed"
    own = {axis for axis in axes if axis != "none"}
    if not own:
        return "none"
    if op in PRIMITIVES and PRIMITIVES[op].elementwise:
        (axis, *others) = own
        fixed = [a for a in args if found[a] == "none"]
        return "mixed" if others or not all(_is_level(program, a, axis) for a in fixed) else axis
    if op == "transpose":
        return 1 if own == {0} else 0
    if op in ("sum", "max"):
        (axis,) = own
        return axis if instruction.attribute("axis") == 1 - int(axis) else "mixed"
    if op in ("matmul", "gram") and axes in ([0, "none"], ["none", 1 if op == "matmul" else 0]):
        return 0 if axes[0] == 0 else 1
    return "mixed"


def _is_level(program: Program, position: int, axis: Along) -> bool:
    """Whether a value that depends on no sample is the same for each position of a batch, of however many."""
    instruction = program.instructions[position]
    assert axis in (0, 1)
    if instruction.shape[axis] == 1:
        return True
    if instruction.op == "constant":
        return bool((instruction.value == instruction.value.take([0], axis=axis)).all())
    return instruction.op == "broadcast" and program.instructions[instruction.args[0]].shape[axis] == 1
