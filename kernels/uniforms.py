"""What is computed once for a plane, or for all points: the arrays that compiled code reads and never changes.

In: a plan and its inputs. Out: the outputs of the plan's prologue, by NumPy in float64, laid out for the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import blas, reference
from .plan import Plan
from .program import Program

Array = NDArray[np.floating]
Inputs = Mapping[str, ArrayLike]

THREADED_PRODUCT = 4096
"""Multiplications of a product below which no BLAS starts threads: well under OpenBLAS's own least, some 50,000."""

PRODUCT_COLUMNS = 1024
"""Columns of a product that one thread computes at a time. Part of the bits, and so a constant."""

UNIFORM_LIMIT = 8 * 2**30
"""Bytes of float64 that what is computed once for a plane may take."""


def uniforms(plan: Plan, wanted: Sequence[tuple[int, bool]], inputs: Inputs, dtype: str) -> list[Array]:
    """The prologue's outputs, computed in float64 and laid out as the emitted code reads them.

    wanted: for each array which output it is, and whether it is streamed.
    """
    prologue = plan.body.prologue
    _check_memory(prologue)
    if not _is_wide(prologue):
        with blas.one_thread() if _multiplies(prologue) else nullcontext():
            return _laid_out_all(reference.evaluate(prologue, inputs), plan, wanted, dtype, map)
    from .cpu.driver import thread_count

    with blas.one_thread(), ThreadPoolExecutor(thread_count()) as pool:
        values = reference.evaluate(prologue, inputs, lambda x, y: _product(x, y, pool))
        return _laid_out_all(values, plan, wanted, dtype, pool.map)


def _product(x: reference.Array, y: reference.Array, pool: Executor) -> reference.Array:
    """By blocks of columns, whatever the number of threads, so that its bits do not depend on it."""
    if y.shape[1] <= PRODUCT_COLUMNS:
        return np.matmul(x, y)
    found: reference.Array = np.empty((x.shape[0], y.shape[1]))
    starts = range(0, y.shape[1], PRODUCT_COLUMNS)
    blocks = (slice(start, start + PRODUCT_COLUMNS) for start in starts)
    for _ in pool.map(lambda block: np.matmul(x, y[:, block], out=found[:, block]), blocks):
        pass
    return found


def _laid_out_all(
    values: Sequence[reference.Array],
    plan: Plan,
    wanted: Sequence[tuple[int, bool]],
    dtype: str,
    each: Callable[..., Iterable[Any]],
) -> list[Array]:
    def laid_out(number: int, streamed: bool) -> Array:
        if streamed:
            return _laid_out(values[number], plan.sample_lanes, dtype)
        return np.ascontiguousarray(values[number], dtype=dtype)

    with np.errstate(over="ignore"):
        return list(each(lambda one: laid_out(*one), wanted))


def _laid_out(value: Array, sample_lanes: int, dtype: str) -> Array:
    """features x samples -> samples x features, or vectors of samples x features x lanes, the last one filled up."""
    if sample_lanes == 1:
        return np.ascontiguousarray(value.T, dtype=dtype)
    features, samples = value.shape
    padded = np.empty((features, -(-samples // sample_lanes) * sample_lanes), dtype)
    padded[:, :samples], padded[:, samples:] = value, value[:, -1:]
    return np.ascontiguousarray(padded.reshape(features, -1, sample_lanes).swapaxes(0, 1))


@lru_cache(maxsize=256)
def _multiplies(program: Program) -> bool:
    """Whether a program factors a matrix, or has a product of two so large that BLAS may use threads for it."""
    if any(i.op == "triangle" for i in program.instructions):
        return True
    shapes = [(i.shape, program.instructions[i.args[0]].shape[1]) for i in program.instructions if i.op == "matmul"]
    return any(rows * columns * inner >= THREADED_PRODUCT for (rows, columns), inner in shapes)


@lru_cache(maxsize=256)
def _is_wide(program: Program) -> bool:
    """Whether a product is made block by block, so that threads for the blocks are worth their start."""
    return any(i.op == "matmul" and i.shape[1] > PRODUCT_COLUMNS for i in program.instructions)


def _check_memory(prologue: Program) -> None:
    wanted = _memory(prologue)
    if wanted > UNIFORM_LIMIT:
        raise MemoryError(
            f"what does not depend on the point takes {wanted / 2**30:.1f} GiB: the loss holds a matrix as large as "
            "samples x samples, or a first layer of very many units; use fewer samples"
        )


@lru_cache(maxsize=256)
def _memory(prologue: Program) -> int:
    """Bytes of float64 that a program's outputs take, with its largest value beside them."""
    sizes = [rows * columns * 8 for rows, columns in (i.shape for i in prologue.instructions)]
    return sum(sizes[output] for output in prologue.outputs) + max(sizes, default=0)
