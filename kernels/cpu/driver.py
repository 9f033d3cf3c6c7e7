"""The driver: runs a compiled tile over the tiles of a grid, on all cores, by its address.

One small function in LLVM IR, the same for every kernel, takes the next tile from a shared counter until none is
left, so that a slow core does fewer; what a tile computes does not depend on who runs it. Each thread is a plain one
of Python's, started for the surface and ended with it: nothing is shared between surfaces, so that they may be
asked for from several threads, after a fork, and beside any threads of other libraries. A thread that starts late
is not waited for: a surface is complete when its tiles are.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..execution import SCRATCH_LIMIT
from ..table import address as address_of
from . import waiting
from .compiler import Compiled, compile_module
from .machine import host

WORTH_A_THREAD = 1_600_000
"""Operations on vectors, some 0.4 ms, that a thread should have to do: before one computes, 0.2 ms have passed on a
virtual machine."""

TILE_WORK = 3_000_000
"""Operations on vectors, some 1 ms, beyond which a tile is cut smaller, so that the last one keeps nobody waiting."""

ENTRY = "work"

FIELDS = ("tile", "table", "scratch", "counter", "stop", "total", "tile_blocks", "row_blocks", "unfinished", "finished")
"""What a worker is told, an int64 each. tile, table, scratch, counter, stop, finished: addresses. total: tiles.
counter, finished: how many were taken, and done. unfinished: written by a worker that was stopped, the number of the
tile it was at, else -1."""

WORK = f"""
define void @{ENTRY}(ptr %job) {{
entry:
  %p1 = getelementptr i64, ptr %job, i64 1
  %p2 = getelementptr i64, ptr %job, i64 2
  %p3 = getelementptr i64, ptr %job, i64 3
  %p4 = getelementptr i64, ptr %job, i64 4
  %p5 = getelementptr i64, ptr %job, i64 5
  %p6 = getelementptr i64, ptr %job, i64 6
  %p7 = getelementptr i64, ptr %job, i64 7
  %unfinished = getelementptr i64, ptr %job, i64 8
  %p9 = getelementptr i64, ptr %job, i64 9
  %tile = load ptr, ptr %job
  %table = load ptr, ptr %p1
  %scratch = load ptr, ptr %p2
  %counter = load ptr, ptr %p3
  %stop = load ptr, ptr %p4
  %total = load i64, ptr %p5
  %blocks = load i64, ptr %p6
  %row_blocks = load i64, ptr %p7
  %finished = load ptr, ptr %p9
  %short = add i64 %row_blocks, %blocks
  %round = sub i64 %short, 1
  %a_row = udiv i64 %round, %blocks
  br label %next
next:
  %number = atomicrmw add ptr %counter, i64 1 monotonic
  %more = icmp slt i64 %number, %total
  br i1 %more, label %run, label %done
run:
  %row = udiv i64 %number, %a_row
  %column = urem i64 %number, %a_row
  %first = mul i64 %column, %blocks
  %left = sub i64 %row_blocks, %first
  %last = icmp ult i64 %left, %blocks
  %count = select i1 %last, i64 %left, i64 %blocks
  call void %tile(ptr %table, i64 %row, i64 %first, i64 %count, ptr %scratch)
  %counted = atomicrmw add ptr %finished, i64 1 release
  %stopped = load atomic i64, ptr %stop monotonic, align 8
  %go_on = icmp eq i64 %stopped, 0
  br i1 %go_on, label %next, label %dropped
dropped:
  store i64 %number, ptr %unfinished
  ret void
done:
  ret void
}}
"""

JOB = 16
"""Numbers from one job to the next, two lines of a cache: what threads write lies on lines of its own."""

Part = tuple[slice, slice]
"""A part of a grid: its rows, and its blocks of points along a row."""


@lru_cache(maxsize=1)
def _worker() -> tuple[Callable[[int], None], Compiled]:
    """The function of a worker, which releases the interpreter's lock, and what keeps its code alive."""
    found = compile_module(lambda: WORK, WORK, host(), ENTRY)
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(found.address), found


def thread_count() -> int:
    """ATLAS_THREADS, no more than there are: NUMBA_NUM_THREADS, or the cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    available = _asked("NUMBA_NUM_THREADS", cores)
    return max(1, min(_asked("ATLAS_THREADS", available), available))


def _asked(variable: str, otherwise: int) -> int:
    text = os.environ.get(variable, "")
    return int(text) if text.isdecimal() else otherwise


class Tiles:
    """A grid's tiles, ready to run.

    table: int64 addresses as the tile wants them, of `arrays`. stop: the flag that the table names.
    scratch_bytes: a thread. tile: blocks of points in a tile, at most. row_blocks, rows: the grid in blocks of points.
    operations: on vectors, of a block, about.
    """

    def __init__(
        self,
        address: int,
        table: NDArray[np.int64],
        arrays: Sequence[object],
        stop: waiting.Flag,
        scratch_bytes: int,
        tile: int,
        row_blocks: int,
        rows: int,
        operations: int,
    ) -> None:
        self.address, self.table, self.stop, self.row_blocks = address, table, stop, row_blocks
        self._arrays = arrays
        self.tile = max(1, min(tile, TILE_WORK // operations))
        self.tiles_a_row = -(-row_blocks // self.tile)
        self.total = rows * self.tiles_a_row
        self.work = rows * row_blocks * operations
        worth = int(self.work / WORTH_A_THREAD) if WORTH_A_THREAD else self.total
        # Counting threads asks the system, which takes longer than the smallest surfaces.
        self.threads = min(thread_count(), self.total, worth) if worth > 1 else 1
        stride = -(-scratch_bytes // 64) * 64 + 64
        if self.threads * stride > SCRATCH_LIMIT:
            raise MemoryError(
                f"each thread needs {stride / 2**30:.1f} GiB for one vector of grid points: the loss holds a "
                "matrix as large as samples x samples or weights; use fewer samples, or write it without that matrix"
            )
        self._scratch = np.empty(self.threads * stride + 64, dtype=np.uint8)
        aligned = -(-address_of(self._scratch) // 64) * 64
        self._places = range(aligned, aligned + self.threads * stride, stride)

    def run(self, report: Callable[[int, int], object] | None = None) -> list[Part]:
        """Compute the tiles; return the parts of the grid that were not, which are none unless it was stopped.

        report(done, total), tiles: called by this thread now and then while the work is long; False stops it.
        """
        # A row each: how many tiles are taken, how many done, and a job a thread.
        memory = np.zeros((2 + self.threads, JOB), dtype=np.int64)
        taken, finished, *jobs = range(address_of(memory), address_of(memory) + memory.nbytes, memory.strides[0])
        counter, done = memory[0], memory[1]
        table, stop = address_of(self.table), address_of(self.stop)
        fields = (taken, stop, self.total, self.tile, self.row_blocks, -1, finished)
        for row, place in enumerate(self._places, 2):
            memory[row, : len(FIELDS)] = (self.address, table, place, *fields)
        function, _ = _worker()

        def tick() -> object:
            return None if report is None else report(max(0, min(int(counter[0]), self.total) - len(jobs)), self.total)

        # Each keeps all that compiled code reads and writes, should its caller be interrupted while it waits.
        calls = [lambda job=job, _kept=(self, memory): function(job) for job in jobs]
        if waiting.run(calls, self.stop, self.work, tick, lambda: bool(done[0] == self.total)):
            return []
        return self._missing(int(counter[0]), memory[2:, FIELDS.index("unfinished")].tolist())

    def _missing(self, taken: int, unfinished: Sequence[int]) -> list[Part]:
        """Tiles that were begun and not finished, what is left of the row of the next tile, and the rows below."""
        parts = [
            (slice(row, row + 1), slice(column * self.tile, (column + 1) * self.tile))
            for row, column in (divmod(number, self.tiles_a_row) for number in unfinished if number >= 0)
        ]
        if taken < self.total:
            row, column = divmod(taken, self.tiles_a_row)
            parts += [(slice(row, row + 1), slice(column * self.tile, None)), (slice(row + 1, None), slice(None))]
        return parts
