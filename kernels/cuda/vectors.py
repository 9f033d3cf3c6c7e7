"""A kernel's text run by NumPy: every variable is a vector over all points of the grid, one thread that is all threads.
Training's is run a run at a time, by one thread that is its block.

It checks what the text computes, in the kernel's precision, in milliseconds and without Numba; it says nothing of races
between threads, which the simulator does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..uniforms import Array
from .code import BlockCode, ThreadCode
from .engine import BoundProgram
from .runs import Order, Pending, Runs
from .source import Source
from .targets import function_of


def grid(bound: BoundProgram, a: Array, b: Array, share: int | None = None) -> Array:
    """The outputs at each point of a grid, as BoundProgram.grid gives them: (numbers, rows, columns).

    share: tiles of samples that a block takes where they are split over blocks.
    """
    along_b, along_a = np.meshgrid(b, a, indexing="ij")
    return _run(bound, along_a.ravel(), along_b.ravel(), None, share).reshape(-1, *along_a.shape)


def points(bound: BoundProgram, weights: Mapping[str, Array], count: int) -> Array:
    """The outputs of so many points, as BoundProgram.points gives them: (numbers, count)."""
    return _run(bound, np.zeros(count), np.zeros(count), bound.weight_rows(weights, count), None)


def _run(bound: BoundProgram, a: Array, b: Array, weights: Array | None, share: int | None) -> Array:
    code = bound.code
    lines = [x[None].astype(code.source.dtype) for x in (a, b)]
    out = np.empty((code.output_size, a.size), code.source.dtype)
    if isinstance(code, BlockCode):
        space = np.full((max(1, code.shares.space), a.size), np.nan, code.source.dtype)
        with np.errstate(all="ignore"):
            _kernel(code.source, a.size, 0)(*lines, bound.uniform, weights, out, space, 1, 1, 1)
        return out
    assert isinstance(code, ThreadCode)
    arguments = [*lines, bound.uniform, weights, out, 1, 1, 1]
    with np.errstate(all="ignore"):
        if share is None:
            _kernel(code.source, a.size, 0)(*arguments)
            return out
        parts = np.full((code.part_size, a.size), np.nan, code.source.dtype)
        *phases, last = code.phase_sources
        for phase, block in product(phases, range(-(-code.sample_tiles // share))):
            _kernel(phase, a.size, block)(*arguments, parts, share)
        _kernel(last, a.size, 0)(*arguments, parts, share)
    return out


def _kernel(source: Source, points: int, block: int) -> Callable[..., Any]:
    kernel = function_of(source, "numpy")
    kernel.__globals__["cuda"] = _cuda(points, block)
    return kernel


def _cuda(points: int, block: int) -> SimpleNamespace:
    """What `cuda` is to the text: a thread of a block that has no other, and arrays with an axis of all points behind
    their own."""

    def array(shape: int | tuple[int, ...], real: type) -> NDArray[Any]:
        return np.empty((*((shape,) if isinstance(shape, int) else shape), points), real)

    one, arrays = SimpleNamespace(x=1), SimpleNamespace(array=array)
    thread, place = SimpleNamespace(x=0), SimpleNamespace(x=0, y=block)
    return SimpleNamespace(
        threadIdx=thread, blockIdx=place, blockDim=one, local=arrays, shared=arrays, syncthreads=lambda: None
    )


def block_of(run: int) -> SimpleNamespace:
    """What `cuda` is to the text of training: the only thread of a run's block."""
    return SimpleNamespace(
        threadIdx=SimpleNamespace(x=0),
        blockIdx=SimpleNamespace(x=run),
        blockDim=SimpleNamespace(x=1),
        shared=SimpleNamespace(array=np.empty),
        local=SimpleNamespace(array=np.empty),
        syncthreads=lambda: None,
        syncthreads_and=bool,
    )


class PlainRuns(Runs):
    """Runs whose steps NumPy takes."""

    def _launch(self, uniform: Array, order: Order, numbers: Array, steps: int, begin: int) -> Pending:
        kernel, made = function_of(self.code.source, "numpy"), self._made(steps)
        arguments = self._flat(uniform, order, numbers, self.state, *made, self._space())
        with np.errstate(all="ignore"):
            for run in range(self.count):
                kernel.__globals__["cuda"] = block_of(run)
                kernel(*arguments, order.shape[1], steps, begin)
        return lambda: made
