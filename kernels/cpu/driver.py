"""The driver: runs a compiled tile over the tiles of a grid, on all cores, by its address.

One generic pair of Numba functions, compiled once and cached on disk, serves every kernel. Each worker takes the
next tile from a shared counter, so that a slow core does fewer; what a tile computes does not depend on who runs it.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.extending import intrinsic

from ..execution import SCRATCH_LIMIT

WORTH_A_THREAD = 1_000_000
"""Operations on vectors, some 300 us, below which starting a second thread takes longer than it saves."""

FIRST_GROUP = 30_000_000
"""Operations on vectors, some 10 ms, that run before progress is first reported."""

# Under Numba's workqueue layer two threads that enter a parallel function abort the process: one at a time.
_entering = threading.Lock()
_forked = False


def _after_fork() -> None:
    # GNU OpenMP ends a forked child that enters it, so a child runs the same workers on plain threads.
    global _entering, _forked
    _entering, _forked = threading.Lock(), True


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)


@intrinsic
def _call_tile(typing_context, address, table, row, first, count, scratch):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        pointer, word = ir.IntType(8).as_pointer(), ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [pointer, word, word, word, pointer])
        address_, table_, row_, first_, count_, scratch_ = args
        function = builder.inttoptr(address_, kind.as_pointer())
        pointers = [builder.inttoptr(p, pointer) for p in (table_, scratch_)]
        builder.call(function, [pointers[0], row_, first_, count_, pointers[1]])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 6), generate


@intrinsic
def _take_next(typing_context, counter):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        word = ir.IntType(64)
        pointer = builder.inttoptr(args[0], word.as_pointer())
        return builder.atomic_rmw("add", pointer, ir.Constant(word, 1), "monotonic")

    return types.int64(types.int64), generate


@njit(nogil=True, cache=True)
def _work(address, table, scratch, counter, stop, tile, row_blocks):  # type: ignore[no-untyped-def]
    tiles_a_row = (row_blocks + tile - 1) // tile
    while True:
        number = _take_next(counter)
        if number >= stop:
            return
        first = (number % tiles_a_row) * tile
        count = min(tile, row_blocks - first)
        _call_tile(address, table, number // tiles_a_row, first, count, scratch)


@njit(parallel=True, nogil=True, cache=True)
def _work_in_parallel(address, table, scratch, stride, workers, counter, stop, tile, row_blocks):  # type: ignore[no-untyped-def]
    for worker in prange(workers):
        _work(address, table, scratch + worker * stride, counter, stop, tile, row_blocks)


def thread_count() -> int:
    """ATLAS_THREADS, or as many as Numba finds cores."""
    wanted = os.environ.get("ATLAS_THREADS", "")
    available = int(numba.config.NUMBA_NUM_THREADS)
    return max(1, min(int(wanted), available)) if wanted.isdecimal() else available


class Tiles:
    """A grid's tiles, ready to run: `run(start, stop)` computes those numbers.

    table: int64 addresses as the tile wants them (kept alive by the caller). scratch_bytes: a thread. tile: blocks
    of points in a tile. row_blocks, rows: the grid in blocks of points. work: operations on vectors, about.
    first_group: how many tiles to run before asking whether to go on.
    """

    def __init__(
        self,
        address: int,
        table: np.ndarray,
        scratch_bytes: int,
        tile: int,
        row_blocks: int,
        rows: int,
        work: float,
    ) -> None:
        self.address, self.table, self.tile, self.row_blocks = address, table, tile, row_blocks
        self.total = rows * (-(-row_blocks // tile))
        self.first_group = self.total if work < FIRST_GROUP else max(4, int(self.total * FIRST_GROUP / work))
        self.threads = 1 if work < WORTH_A_THREAD else min(thread_count(), self.total)
        self.stride = scratch_bytes + 64
        if self.threads * self.stride > SCRATCH_LIMIT:
            raise MemoryError(
                f"each thread needs {self.stride / 2**30:.1f} GiB for one vector of grid points: the loss holds a "
                "matrix as large as samples x samples or weights; use fewer samples, or write it without that matrix"
            )
        self._scratch = np.empty(self.threads * self.stride + 64, dtype=np.uint8)
        self._aligned = -(-self._scratch.ctypes.data // 64) * 64

    def run(self, start: int, stop: int) -> None:
        counter = np.array([start], dtype=np.int64)
        ends = (counter.ctypes.data, stop, self.tile, self.row_blocks)
        workers = min(self.threads, stop - start)
        if workers <= 1:
            _work(self.address, self.table.ctypes.data, self._aligned, *ends)
        elif _forked:
            with ThreadPoolExecutor(workers) as pool:
                places = (self._aligned + worker * self.stride for worker in range(workers))
                begun = [pool.submit(_work, self.address, self.table.ctypes.data, own, *ends) for own in places]
            for future in begun:
                future.result()
        else:
            with _entering:
                _work_in_parallel(
                    self.address, self.table.ctypes.data, self._aligned, self.stride, workers, *ends
                )  # fmt: skip
