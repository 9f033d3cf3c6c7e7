"""From a kernel's text to PTX, and to a kernel that can be launched: the one place where Numba compiles.

In: a `Source`. Out: PTX for a compute capability, which needs no device (but numba-cuda, nvidia-nvvm and
nvidia-cuda-nvrtc); or a launchable kernel, in the simulator where NUMBA_ENABLE_CUDASIM is set.

Fast-math is off: it would drop the compensation of sums, and the tests for nan. Multiplications and additions are still
contracted to fused ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import THREADS
from .source import Source
from .targets import function_of

BOUNDS = (THREADS, 1)
"""Threads of a block, and blocks that must fit at once: with more than one the compiler would rather spill."""


def signature(dtype: str) -> Any:
    from numba import types

    real = types.float32 if np.dtype(dtype) == np.float32 else types.float64
    line = types.Array(real, 1, "C")
    return types.void(line, line, line, line, line, types.uint32, types.uint32)


def training_signature(dtype: str) -> Any:
    """Of descent.py's kernel."""
    from numba import types

    real = types.float32 if np.dtype(dtype) == np.float32 else types.float64
    line, table, cube = (types.Array(real, axes, "C") for axes in (1, 2, 3))
    order, done = (types.Array(types.int32, axes, "C") for axes in (2, 1))
    return types.void(line, order, cube, table, cube, table, done, table, types.uint32, types.uint32)


def ptx_of(source: Source, capability: tuple[int, int], training: bool = False) -> str:
    """training: whether the text is that of descent.py, not that of a surface."""
    from numba import cuda

    function, kind = function_of(source, "device", capability), training_signature if training else signature
    text, _ = cuda.compile_ptx(function, kind(source.dtype), cc=capability, launch_bounds=BOUNDS)
    return str(text)


def launchable(source: Source, training: bool = False) -> Any:
    """kernel[blocks, threads, stream](..)"""
    from numba import config, cuda

    if config.ENABLE_CUDASIM:
        return cuda.jit(function_of(source, "simulator"))
    function = function_of(source, "device", tuple(cuda.get_current_device().compute_capability))
    kind = training_signature if training else signature
    return cuda.jit(kind(source.dtype), launch_bounds=BOUNDS)(function)
