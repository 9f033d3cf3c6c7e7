"""The oracle: a program evaluated by NumPy in float64, one instruction after the other. Plain, and slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .once import operation
from .program import LEAVES, Instruction, Program, ProgramError

Array = NDArray[np.float64]
Product = Callable[[Array, Array], Array]


class _Step(NamedTuple):
    """One instruction, ready to be carried out. function: of the arguments; None for what is given from outside.
    finished: what nothing needs afterwards."""

    function: Callable[..., Array] | None
    args: tuple[int, ...]
    finished: tuple[int, ...]
    instruction: Instruction


def intermediates(program: Program, inputs: Mapping[str, ArrayLike]) -> list[Array]:
    """The value of every instruction, in order.

    inputs: a matrix for each of the program's data, weights and coordinates, of its shape there.
    Raises ProgramError if one is missing or has another shape.
    """
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for step in _steps(program):
            values.append(_value(step, values, inputs))
    return values


def evaluate(program: Program, inputs: Mapping[str, ArrayLike], matmul: Product = np.matmul) -> tuple[Array, ...]:
    """The program's outputs, each a matrix. Inputs and errors as for `intermediates`; what is no longer needed is
    let go of on the way. matmul: how products of matrices are computed.
    """
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for step in _steps(program):
            if step.instruction.op == "matmul":
                values.append(matmul(*[values[a] for a in step.args]))
            else:
                values.append(_value(step, values, inputs))
            for argument in step.finished:
                values[argument] = _GONE
    return tuple([values[output] for output in program.outputs])


_GONE: Array = np.empty((0, 0))


def _value(step: _Step, values: list[Array], inputs: Mapping[str, ArrayLike]) -> Array:
    if step.function is None:
        return _input(step.instruction.name, step.instruction.shape, inputs)
    return step.function(*[values[a] for a in step.args])


@lru_cache(maxsize=256)
def _steps(program: Program) -> tuple[_Step, ...]:
    each = zip(program.instructions, program.last_uses, strict=True)
    return tuple(_Step(_function(i), i.args, finished, i) for i, finished in each)


def _function(instruction: Instruction) -> Callable[..., Array] | None:
    if instruction.op == "constant":
        value = instruction.value
        return lambda: value
    if instruction.op in LEAVES:
        return None
    attributes, numpy = dict(instruction.attributes), operation(instruction.op).numpy
    return partial(numpy, **attributes) if attributes else numpy


def _input(name: str, shape: tuple[int, int], inputs: Mapping[str, ArrayLike]) -> Array:
    if name not in inputs:
        raise ProgramError(f"no value was given for {name}")
    value = np.asarray(inputs[name], dtype=np.float64)
    if value.ndim < 2:
        value = value.reshape(shape) if value.size == shape[0] * shape[1] else np.atleast_2d(value)
    if value.shape != shape:
        raise ProgramError(f"{name} is {value.shape}, the program wants {shape}")
    return value
