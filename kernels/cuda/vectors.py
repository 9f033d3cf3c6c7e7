"""A kernel's text run by NumPy: every variable is a vector over all points of the grid, one thread that is all threads.

It checks what the text computes, in the kernel's precision, in milliseconds and without Numba; it says nothing of races
between threads, which the simulator does.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..uniforms import Array
from .engine import BoundProgram
from .targets import function_of


def grid(bound: BoundProgram, a: Array, b: Array) -> Array:
    """The outputs at each point of a grid, as BoundProgram.grid gives them: (numbers, rows, columns)."""
    along_b, along_a = np.meshgrid(b, a, indexing="ij")
    return _run(bound, along_a.ravel(), along_b.ravel(), None).reshape(-1, *along_a.shape)


def points(bound: BoundProgram, weights: Mapping[str, Array], count: int) -> Array:
    """The outputs of so many points, as BoundProgram.points gives them: (numbers, count)."""
    return _run(bound, np.zeros(count), np.zeros(count), bound.weight_rows(weights, count))


def _run(bound: BoundProgram, a: Array, b: Array, weights: Array | None) -> Array:
    source = bound.code.source
    kernel = function_of(source, "numpy")
    kernel.__globals__["cuda"] = _cuda(a.size)
    out = np.empty((bound.code.output_size, a.size), source.dtype)
    lines = (x[None].astype(source.dtype) for x in (a, b))
    with np.errstate(all="ignore"):
        kernel(*lines, bound.uniform, weights, out, 1, 1, 1)
    return out


def _cuda(points: int) -> SimpleNamespace:
    """What `cuda` is to the text: the first thread of the first block, and arrays with an axis of all points behind
    their own."""

    def array(shape: int | tuple[int, ...], real: type) -> NDArray[Any]:
        return np.empty((*((shape,) if isinstance(shape, int) else shape), points), real)

    here, arrays = SimpleNamespace(x=0), SimpleNamespace(array=array)
    return SimpleNamespace(threadIdx=here, blockIdx=here, local=arrays, shared=arrays, syncthreads=lambda: None)
