"""A block of threads that take turns between barriers, in an order that a test chooses, and arrays that see races.

Numba's simulator lets threads run as they come: what goes wrong once in a thousand times it may never show. Here each
number of a watched array knows who read and who wrote it since the last barrier.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Block:
    """Runs a function in threads, of which one at a time goes on, up to the next barrier. races: what was seen."""

    def __init__(self, order: Sequence[int]) -> None:
        self.order, self.epoch, self.races = [*order], 0, list[str]()
        self._local = threading.local()
        self._mine = [threading.Semaphore(0) for _ in order]
        self._arrived = threading.Semaphore(0)
        self._votes: dict[int, list[bool]] = {}
        self._shared: Watched | None = None
        self._failed: list[BaseException] = []

    @property
    def thread(self) -> int:
        return int(self._local.number)

    def cuda(self, block: int) -> Any:
        """What `cuda` is to a kernel's text."""
        outer = self

        class Cuda:
            blockIdx = SimpleNamespace(x=block)
            blockDim = SimpleNamespace(x=len(self.order))
            shared = SimpleNamespace(array=self._array)
            local = SimpleNamespace(array=np.empty)
            syncthreads = staticmethod(self._barrier)
            syncthreads_and = staticmethod(self._all)

            @property
            def threadIdx(self) -> Any:
                return SimpleNamespace(x=outer.thread)

        return Cuda()

    def run(self, function: Callable[[], object]) -> None:
        def body(number: int) -> None:
            self._local.number = number
            self._mine[number].acquire()
            try:
                function()
            except BaseException as error:
                self._failed.append(error)
            self._ended.add(number)
            self._arrived.release()

        self._ended: set[int] = set()
        threads = [threading.Thread(target=body, args=(number,), daemon=True) for number in self.order]
        for thread in threads:
            thread.start()
        while len(self._ended) < len(threads) and not self._failed:
            waiting = [number for number in self.order if number not in self._ended]
            if len(waiting) < len(threads) and waiting:
                self.races.append(f"{len(waiting)} of {len(threads)} threads wait at a barrier that others never reach")
                return
            for number in waiting:
                self._mine[number].release()
                self._arrived.acquire()
            self.epoch += 1
        if self._failed:
            raise self._failed[0]

    def _barrier(self) -> None:
        self._arrived.release()
        self._mine[self.thread].acquire()

    def _all(self, mine: Any) -> int:
        votes = self._votes.setdefault(self.epoch, [])
        votes.append(bool(mine))
        self._barrier()
        return int(all(votes))

    def _array(self, size: int, kind: Any) -> Watched:
        self._shared = self._shared or Watched(self, np.full(size, np.nan, kind))
        return self._shared


class Watched:
    """An array of one index. A number that two threads touch between barriers, one of them writing, is a
    race."""

    def __init__(self, block: Block, array: NDArray[Any]) -> None:
        self.block, self.array = block, array
        self._epoch = -1
        self._wrote: dict[Any, int] = {}
        self._read: dict[Any, set[int]] = {}

    def _touch(self, index: Any, writes: bool) -> None:
        if self._epoch != self.block.epoch:
            self._epoch = self.block.epoch
            self._wrote.clear()
            self._read.clear()
        me = self.block.thread
        others = {self._wrote.get(index, me)} | (self._read.get(index, set()) if writes else set())
        if others - {me}:
            self.block.races.append(f"{index}: {me} {'writes' if writes else 'reads'}, {others - {me}} too")
        if writes:
            self._wrote[index] = me
        else:
            self._read.setdefault(index, set()).add(me)

    def __getitem__(self, index: Any) -> Any:
        self._touch(index, False)
        return self.array[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._touch(index, True)
        self.array[index] = value
