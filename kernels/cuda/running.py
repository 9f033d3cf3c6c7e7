"""Tiles of a grid on one device or several: uploaded, computed and copied back on two streams of each.

In: code, arrays, and which tiles. Out: the outputs, in their places. While a tile is computed, the one before is copied
back. Several devices take tiles in turn, each from a thread of its own, as Numba wants it; which device computes a
tile makes no difference to it. Where a thread computes a point, a tile that is too small to fill a device has its
samples split over blocks; where a block of threads does, there are as many as a device keeps at a time.

None of this has run on a GPU yet: it is tested in Numba's simulator, where copies do not overlap, and devices are one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any

import numpy as np

from ..uniforms import Array
from .code import BlockCode, DeviceCode, ThreadCode
from .device import is_simulated
from .layout import SIMULATED_THREADS, THREADS
from .limits import WARP, Split, limits_of_device, split_of

Progress = Callable[[int, int], object]
Tile = tuple[slice, slice]
"""Rows and columns of the grid."""

STREAMS = 2

PART_BYTES = 2**28
"""What the parts of split samples may take on the device, for each stream."""

SPACE_BYTES = 2**30
"""What blocks may take on the device for what does not fit into their shared memory, for each stream."""


class Job:
    """A grid to compute: code, inputs, and where the outputs go. None of it is a device's."""

    def __init__(
        self, code: DeviceCode, uniform: Array, a: Array, b: Array, weights: Array | None, tiles: Sequence[Tile]
    ) -> None:
        self.code, self.uniform, self.a, self.b, self.weights = code, uniform, a, b, weights
        self.out = np.full((code.output_size, b.size, a.size), np.nan, a.dtype)
        self.most = max(extent(rows) * extent(columns) for rows, columns in tiles)
        self.waiting: SimpleQueue[Tile] = SimpleQueue()
        for tile in tiles:
            self.waiting.put(tile)

    def run(self, devices: Sequence[int], progress: Progress | None) -> bool:
        """Compute all tiles; False where progress said so before the last one was under way.

        progress(done, total), points: called by this thread.
        """
        total, alone = self.out[0].size, len(devices) == 1
        complete = _Worker(self, devices[0]).run(progress) if alone else self._run_on_all(devices, progress)
        if complete and progress is not None:
            progress(total, total)
        return complete

    def _run_on_all(self, devices: Sequence[int], progress: Progress | None) -> bool:
        total, done, stopped = self.out[0].size, 0, Event()
        told: SimpleQueue[int | None] = SimpleQueue()

        def work(device: int) -> bool:
            landed = 0

            def heard(done: int, total: int) -> bool:
                nonlocal landed
                told.put(done - landed)
                landed = done
                return not stopped.is_set()

            try:
                return _Worker(self, device).run(heard)
            finally:
                told.put(None)

        with ThreadPoolExecutor(len(devices)) as pool:
            workers = [pool.submit(work, device) for device in devices]
            running = len(devices)
            try:
                while running:
                    news = told.get()
                    running -= news is None
                    done += news or 0
                    if news and progress is not None and progress(done, total) is False:
                        stopped.set()
            except BaseException:
                stopped.set()  # who asks for an end by Ctrl-C does not wait for the rest
                raise
            completes = [worker.result() for worker in workers]
        return all(completes)

    def next(self) -> Tile | None:
        try:
            return self.waiting.get_nowait()
        except Empty:
            return None


class _Worker:
    """One device's part of a job. Its memory is taken once: to take more would wait for all that runs there."""

    def __init__(self, job: Job, device: int) -> None:
        from numba import cuda

        self.cuda, self.job, self.code, self.device = cuda, job, job.code, device
        self.lanes: list[_Lane] = []
        self.done = 0

    def run(self, progress: Progress | None) -> bool:
        with self.cuda.gpus[self.device]:
            return self._run(progress)

    def _run(self, progress: Progress | None) -> bool:
        job, total = self.job, self.job.out[0].size
        self.limits = limits_of_device(self.cuda.get_current_device())
        self.a, self.b, self.uniform = (self.cuda.to_device(x) for x in (job.a, job.b, job.uniform))
        self.nothing = self.cuda.to_device(np.zeros(1, job.out.dtype))
        number, tile = 0, job.next()
        try:
            while tile is not None:
                lane = self._lane(number % STREAMS)
                self._land(lane)
                if number and progress is not None and progress(self.done, total) is False:
                    self._land_all(number)
                    return False
                self._launch(lane, tile)
                number, tile = number + 1, job.next()
            self._land_all(number)
        finally:
            # Nothing may write into memory that Python lets go of.
            for lane in self.lanes:
                lane.stream.synchronize()
        return True

    def _lane(self, number: int) -> _Lane:
        while len(self.lanes) <= number:
            self.lanes.append(_Lane(self.cuda, self.code.output_size * self.job.most, self.job.out.dtype))
        return self.lanes[number]

    def _land_all(self, number: int) -> None:
        """In the order in which they were launched."""
        for lane in range(number, number + STREAMS):
            if lane % STREAMS < len(self.lanes):
                self._land(self.lanes[lane % STREAMS])

    def _launch(self, lane: _Lane, tile: Tile) -> None:
        rows, columns = map(extent, tile)
        stream, weights = lane.stream, self.nothing
        if self.job.weights is not None:
            weights = self.cuda.to_device(np.ascontiguousarray(self.job.weights[:, tile[1]]).ravel(), stream=stream)
        arrays = (self.a[tile[1]], self.b[tile[0]], self.uniform, weights, lane.device)
        if isinstance(self.code, BlockCode):
            self._launch_blocks(self.code, lane, arrays, rows, columns)
        else:
            assert isinstance(self.code, ThreadCode)
            self._launch_threads(self.code, lane, arrays, rows, columns)
        size = self.code.output_size * rows * columns
        lane.device[:size].copy_to_host(lane.host[:size], stream=stream)
        lane.tile, lane.kept = tile, weights

    def _launch_threads(self, code: ThreadCode, lane: _Lane, arrays: tuple[Any, ...], rows: int, columns: int) -> None:
        threads = SIMULATED_THREADS if is_simulated() else min(THREADS, -(-columns // WARP) * WARP)
        across = -(-columns // threads)
        arguments = (*arrays, np.uint32(rows), np.uint32(columns), np.uint32(across))
        split = self._split(code, across * rows, threads, rows * columns)
        if split.parts == 1:
            code.kernel[across * rows, threads, lane.stream](*arguments)
            return
        parts = lane.memory("parts", code.part_size * rows * columns)
        *phases, last = code.phases
        for phase in phases:
            phase[(across * rows, split.parts), threads, lane.stream](*arguments, parts, np.uint32(split.share))
        last[across * rows, threads, lane.stream](*arguments, parts, np.uint32(split.share))

    def _launch_blocks(self, code: BlockCode, lane: _Lane, arrays: tuple[Any, ...], rows: int, columns: int) -> None:
        size, shares = self.job.out.itemsize, code.shares
        threads, processors = SIMULATED_THREADS if is_simulated() else THREADS, self.limits.processors
        blocks = processors * (1 if is_simulated() else code.kernel.blocks_of_processor(threads))
        if shares.space:
            blocks = max(1, min(blocks, SPACE_BYTES // (shares.space * size)))
        blocks = min(blocks, rows * columns)
        space = lane.memory("space", max(1, shares.space) * blocks)
        sizes = (np.uint32(rows), np.uint32(columns), np.uint32(blocks))
        code.kernel[blocks, threads, lane.stream](*arrays, space, *sizes)

    def _split(self, code: ThreadCode, blocks: int, threads: int, points: int) -> Split:
        size = self.job.out.itemsize
        if code.sample_tiles < 2 or code.part_size * points * size > PART_BYTES:
            return Split(1, code.sample_tiles)
        return split_of(self.limits, code.layout, size, code.sample_tiles, blocks, threads)

    def _land(self, lane: _Lane) -> None:
        """Wait for what a stream computes and put it in its place."""
        if lane.tile is None:
            return
        lane.stream.synchronize()
        rows, columns = map(extent, lane.tile)
        shape = (self.code.output_size, rows, columns)
        self.job.out[:, *lane.tile] = np.asarray(lane.host[: np.prod(shape)]).reshape(shape)
        self.done += rows * columns
        lane.tile = lane.kept = None


class _Lane:
    """A stream, what it computes into, on the device and here, and the tile that is under way, with its weights."""

    def __init__(self, cuda: Any, size: int, dtype: Any) -> None:
        self.cuda, self.stream = cuda, cuda.stream()
        self.device, self.host = cuda.device_array(size, dtype), cuda.pinned_array(size, dtype)
        self.arrays = dict[str, Any]()
        self.tile: Tile | None = None
        self.kept: Any = None

    def memory(self, name: str, size: int) -> Any:
        """Of the device, for the parts of split samples or for blocks."""
        if name not in self.arrays or self.arrays[name].size < size:
            self.arrays[name] = self.cuda.device_array(size, self.device.dtype)
        return self.arrays[name]


def extent(part: slice) -> int:
    return int(part.stop - part.start)


def devices() -> list[int]:
    """The numbers of all that there are."""
    from numba import cuda

    return [*range(len(cuda.gpus))]
