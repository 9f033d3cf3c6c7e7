"""The engine: kernels over grids and over points, a tile at a time on two streams.

In: a program, its inputs, and a grid or weights. Out: the outputs as NumPy arrays. A tile is as much as the device
computes in some hundredths of a second, so that a surface may be larger than its memory, and is told of and stopped
between tiles; while one is computed, the one before is copied back.

None of this has run on a GPU yet: it is tested in Numba's simulator, where copies do not overlap.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from .. import debug
from ..outputs import Outputs, on_plane
from ..plan import Plan, make_plan
from ..program import Program
from ..streams import split
from ..substitution import by_cotangents, by_tangents
from ..uniforms import Array, Inputs, uniforms
from . import DeviceFault
from .compilation import launchable
from .device import INSTALL, is_simulated
from .layout import INLINE_ROWS, SIMULATED_THREADS, THREADS, Layout, layout_of
from .source import Source, source_of

Progress = Callable[[int, int], object]

TILE_POINTS = 2**22
"""Points of a tile at most."""

TILE_OPERATIONS = 2e11
"""Operations of a tile, some hundredths of a second on a device of 10 TFLOP/s."""

TILE_BYTES = 2**28
"""What a tile's outputs and weights may take on the device; there are two at a time."""

STREAMS = 2

WORTH_A_DEVICE = 1e11
"""Operations of a grid from which backend='auto' takes a device: about a second of a few cores, and its kernel takes
up to two to compile, which no disk keeps yet."""


@dataclass(frozen=True)
class DeviceCode:
    """A program as a device computes it. wanted: for each uniform array which output of the prologue it is, and whether
    it is streamed. weights: names, in the order in which their values lie."""

    plan: Plan
    layout: Layout
    source: Source
    wanted: tuple[tuple[int, bool], ...]
    weights: tuple[str, ...]
    output_size: int
    weight_size: int

    @cached_property
    def kernel(self) -> Any:
        """Compiled when it is first needed."""
        with _answered():
            return launchable(self.source)

    @property
    def bytes_of_point(self) -> int:
        return (self.output_size + self.weight_size) * np.dtype(self.source.dtype).itemsize


@lru_cache(maxsize=256)
def code_of(program: Program, sampled: frozenset[str], dtype: str) -> DeviceCode:
    plan = make_plan(split(program, sampled), accumulators=1, inline_rows=INLINE_ROWS)
    layout = layout_of(plan, dtype)
    source = source_of(plan, layout, dtype)
    debug.say(4, "code", lambda: source.text)
    leaves = [*enumerate(plan.body.program.instructions)]

    def sizes(values: Sequence[int]) -> int:
        return sum(rows * columns for rows, columns in (leaves[value][1].shape for value in values))

    return DeviceCode(
        plan,
        layout,
        source,
        tuple((int(i.name[1:]), plan.body.streams[p] is not None) for p, i in leaves if i.op == "data"),
        tuple(i.name for _, i in leaves if i.op == "weight"),
        sizes(plan.body.program.outputs),
        sizes([*layout.weights]),
    )


@lru_cache(maxsize=256)
def plane_code(
    program: Program, presence: tuple[tuple[str, bool, bool], ...], outputs: Outputs, dtype: str
) -> DeviceCode:
    """The code of a loss on a plane. Derivatives by the mode that holds fewer numbers at a point, which decides on a
    device, not by the one of fewer operations."""
    sampled = frozenset(program.data)
    modes = (by_tangents, by_cotangents) if outputs.gradient or outputs.curvature else (by_tangents,)
    found, reason = [], None
    for slopes in modes:
        try:
            found.append(code_of(on_plane(program, presence, outputs, slopes).program, sampled, dtype))
        except DeviceFault as fault:
            reason = fault
    if not found:
        assert reason is not None
        raise reason
    return min(found, key=lambda code: code.layout.local)


class BoundProgram:
    """A program with its inputs."""

    def __init__(self, code: DeviceCode, inputs: Inputs) -> None:
        self.code = code
        dtype = code.source.dtype
        arrays = uniforms(code.plan, code.wanted, inputs, dtype)
        # One array for all, so that a kernel has few parameters; never an empty one.
        self.uniform = np.concatenate([*(array.ravel() for array in arrays), np.zeros(1, dtype)])

    def grid(self, a: Array, b: Array, progress: Progress | None) -> tuple[Array, bool]:
        """The outputs at each point: (numbers, rows, columns), and whether all were computed; the others are nan."""
        return self._run(a, b, None, progress)

    def points(self, weights: Mapping[str, Array], count: int) -> Array:
        """The outputs of so many points, each with its own weights (count, ..): (numbers, count)."""
        out, _ = self._run(np.zeros(count), np.zeros(1), self.weight_rows(weights, count), None)
        return out[:, 0]

    def weight_rows(self, weights: Mapping[str, Array], count: int) -> Array:
        """The weights' elements one below the other, the points beside each other."""
        dtype = self.code.source.dtype
        with np.errstate(over="ignore"):
            rows = [np.asarray(weights[name], dtype=dtype).reshape(count, -1).T for name in self.code.weights]
        return np.ascontiguousarray(np.concatenate([*rows, np.zeros((1, count), dtype)]))

    def _tiles(self, rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
        code = self.code
        most = min(TILE_POINTS, TILE_OPERATIONS / code.plan.operations, TILE_BYTES / code.bytes_of_point)
        width = min(columns, max(THREADS, int(most)))
        height = max(1, int(most) // width)
        for row in range(0, rows, height):
            for column in range(0, columns, width):
                yield slice(row, min(row + height, rows)), slice(column, min(column + width, columns))

    def _run(self, a: Array, b: Array, weights: Array | None, progress: Progress | None) -> tuple[Array, bool]:
        dtype = np.dtype(self.code.source.dtype)
        with np.errstate(over="ignore"):  # a plane of a run that diverged may reach beyond float32
            a, b = a.astype(dtype), b.astype(dtype)
        out = np.full((self.code.output_size, b.size, a.size), np.nan, dtype)
        with _answered():
            complete = _Run(self.code, self.uniform, a, b, weights, out).tiles([*self._tiles(b.size, a.size)], progress)
        return out, complete


class _Run:
    """One grid on the device. Its memory is taken once: to take more would wait for all that runs there."""

    def __init__(self, code: DeviceCode, uniform: Array, a: Array, b: Array, weights: Array | None, out: Array) -> None:
        from numba import cuda

        self.cuda, self.code, self.weights, self.out = cuda, code, weights, out
        self.threads = SIMULATED_THREADS if is_simulated() else THREADS
        self.a, self.b, self.uniform = (cuda.to_device(x) for x in (a, b, uniform))
        self.nothing = cuda.to_device(np.zeros(1, out.dtype))
        self.lanes: list[_Lane] = []
        self.done = 0

    def tiles(self, tiles: Sequence[tuple[slice, slice]], progress: Progress | None) -> bool:
        """Compute them in turn; False where progress said so before the last one was under way."""
        total = self.out[0].size
        size = self.code.output_size * max(_extent(rows) * _extent(columns) for rows, columns in tiles)
        self.lanes = [_Lane(self.cuda, size, self.out.dtype) for _ in range(min(STREAMS, len(tiles)))]
        try:
            for number, place in enumerate(tiles):
                lane = self.lanes[number % len(self.lanes)]
                self._land(lane)
                if number and progress is not None and progress(self.done, total) is False:
                    for other in self.lanes:
                        self._land(other)
                    return False
                self._launch(lane, place)
            for lane in self.lanes[len(tiles) % len(self.lanes) :] + self.lanes[: len(tiles) % len(self.lanes)]:
                self._land(lane)
        finally:
            # Nothing may write into memory that Python lets go of.
            for lane in self.lanes:
                lane.stream.synchronize()
        if progress is not None:
            progress(total, total)
        return True

    def _launch(self, lane: _Lane, place: tuple[slice, slice]) -> None:
        rows, columns = map(_extent, place)
        across, stream = -(-columns // self.threads), lane.stream
        weights = self.nothing
        if self.weights is not None:
            weights = self.cuda.to_device(np.ascontiguousarray(self.weights[:, place[1]]).ravel(), stream=stream)
        self.code.kernel[across * rows, self.threads, stream](
            self.a[place[1]],
            self.b[place[0]],
            self.uniform,
            weights,
            lane.device,
            np.uint32(rows),
            np.uint32(columns),
            np.uint32(across),
        )
        size = self.code.output_size * rows * columns
        lane.device[:size].copy_to_host(lane.host[:size], stream=stream)
        lane.place, lane.kept = place, weights

    def _land(self, lane: _Lane) -> None:
        """Wait for what a stream computes and put it in its place."""
        if lane.place is None:
            return
        lane.stream.synchronize()
        rows, columns = map(_extent, lane.place)
        shape = (self.code.output_size, rows, columns)
        self.out[:, *lane.place] = np.asarray(lane.host[: np.prod(shape)]).reshape(shape)
        self.done += rows * columns
        lane.place = lane.kept = None


class _Lane:
    """A stream, what it computes into, on the device and here, and the tile that is under way, with its weights."""

    def __init__(self, cuda: Any, size: int, dtype: Any) -> None:
        self.stream = cuda.stream()
        self.device, self.host = cuda.device_array(size, dtype), cuda.pinned_array(size, dtype)
        self.place: tuple[slice, slice] | None = None
        self.kept: Any = None


def _extent(part: slice) -> int:
    return int(part.stop - part.start)


@contextmanager
def _answered() -> Iterator[None]:
    """Raise DeviceFault, in a line, where the device or its compiler fails."""
    from numba.core.errors import NumbaPerformanceWarning
    from numba.cuda.cudadrv import driver, error, nvvm

    try:
        with warnings.catch_warnings():
            # That a small grid does not fill the device.
            warnings.simplefilter("ignore", NumbaPerformanceWarning)
            yield
    except (driver.CudaAPIError, error.CudaSupportError, nvvm.NvvmSupportError) as fault:
        told = next((line.strip() for line in str(fault).splitlines() if line.strip()), type(fault).__name__)
        raise DeviceFault(f"the GPU does not answer ({told}): use backend='cpu', or try {INSTALL}") from None
