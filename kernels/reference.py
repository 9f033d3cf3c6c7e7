"""The oracle: a program evaluated by NumPy in float64, one instruction after the other. Plain, and slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .once import operation
from .program import LEAVES, Instruction, Program, ProgramError

Array = NDArray[np.float64]
Product = Callable[[Array, Array], Array]


def intermediates(program: Program, inputs: Mapping[str, ArrayLike]) -> list[Array]:
    """The value of every instruction, in order.

    inputs: a matrix for each of the program's data, weights and coordinates, of its shape there.
    Raises ProgramError if one is missing or has another shape.
    """
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for instruction in program.instructions:
            values.append(_value(instruction, values, inputs))
    return values


def evaluate(program: Program, inputs: Mapping[str, ArrayLike], matmul: Product = np.matmul) -> tuple[Array, ...]:
    """The program's outputs, each a matrix. Inputs and errors as for `intermediates`; what is no longer needed is
    let go of on the way. matmul: how products of matrices are computed.
    """
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for instruction, finished in zip(program.instructions, program.last_uses, strict=True):
            if instruction.op == "matmul":
                values.append(matmul(*(values[a] for a in instruction.args)))
            else:
                values.append(_value(instruction, values, inputs))
            for argument in finished:
                values[argument] = _GONE
    return tuple(values[output] for output in program.outputs)


_GONE: Array = np.empty((0, 0))


def _value(instruction: Instruction, values: list[Array], inputs: Mapping[str, ArrayLike]) -> Array:
    if instruction.op == "constant":
        return instruction.value
    if instruction.op not in LEAVES:
        arguments = (values[a] for a in instruction.args)
        return operation(instruction.op).numpy(*arguments, **dict(instruction.attributes))
    return _input(instruction.name, instruction.shape, inputs)


def _input(name: str, shape: tuple[int, int], inputs: Mapping[str, ArrayLike]) -> Array:
    if name not in inputs:
        raise ProgramError(f"no value was given for {name}")
    value = np.asarray(inputs[name], dtype=np.float64)
    if value.ndim < 2:
        value = value.reshape(shape) if value.size == shape[0] * shape[1] else np.atleast_2d(value)
    if value.shape != shape:
        raise ProgramError(f"{name} is {value.shape}, the program wants {shape}")
    return value
