"""The engine: a program as a device's code, and its kernels over grids and over points.

In: a program, its inputs, and a grid or weights. Out: the outputs as NumPy arrays. A grid is cut into tiles, each as
much as a device computes in some hundredths of a second, so that a surface may be larger than its memory, and is told
of and stopped between tiles (running.py).

None of this has run on a GPU yet: it is tested in Numba's simulator.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from .. import debug
from ..outputs import Outputs, on_plane
from ..plan import Plan, make_plan
from ..program import Program
from ..streams import Body, split
from ..substitution import by_cotangents, by_tangents
from ..uniforms import Array, Inputs, uniforms
from . import DeviceFault
from .compilation import launchable
from .device import INSTALL
from .layout import FORMED, IN_REGISTERS, THREADS, Layout, layout_of
from .running import Job, Progress, devices
from .source import Source, phases_of, source_of
from .sweeps import parts_of, sweeps_of, tiles_of

TILE_POINTS = 2**22
"""Points of a tile at most."""

TILE_OPERATIONS = 2e11
"""Operations of a tile, some hundredths of a second on a device of 10 TFLOP/s."""

TILE_BYTES = 2**28
"""What a tile's outputs and weights may take on the device; there are two at a time."""

WORTH_A_DEVICE = 1e11
"""Operations of a grid from which backend='auto' takes a device: about a second of a few cores."""

WORTH_ANOTHER = 4e11
"""Operations of a grid for each device that takes a part of it: some tenths of a second, and it must be woken."""


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
        with answered():
            return launchable(self.source)

    @cached_property
    def phase_sources(self) -> tuple[Source, ...]:
        """What is launched in turn where samples are split."""
        return phases_of(self.plan, self.layout, self.source.dtype)

    @cached_property
    def phases(self) -> tuple[Any, ...]:
        with answered():
            return tuple(map(launchable, self.phase_sources))

    @property
    def part_size(self) -> int:
        """Numbers that the parts of split samples leave at a point."""
        return parts_of(self.plan, self.layout)

    @property
    def sample_tiles(self) -> int:
        """Of the longest sweep."""
        return max((tiles_of(sweep, self.layout) for sweep in sweeps_of(self.plan)), default=0)

    @property
    def bytes_of_point(self) -> int:
        return (self.output_size + self.weight_size) * np.dtype(self.source.dtype).itemsize


@lru_cache(maxsize=256)
def code_of(program: Program, sampled: frozenset[str], dtype: str) -> DeviceCode:
    plan, layout = _planned(split(program, sampled), dtype)
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


def _planned(body: Body, dtype: str) -> tuple[Plan, Layout]:
    """With all weights in registers where they fit, else with those formed that do not."""
    plan = make_plan(body, accumulators=1, fusion=IN_REGISTERS)
    with suppress(DeviceFault):
        layout = layout_of(plan, dtype)
        if not layout.formed:
            return plan, layout
    plan = make_plan(body, accumulators=1, fusion=FORMED)
    return plan, layout_of(plan, dtype)


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

    def grid(
        self, a: Array, b: Array, progress: Progress | None, on: Sequence[int] | None = None
    ) -> tuple[Array, bool]:
        """The outputs at each point: (numbers, rows, columns), and whether all were computed; the others are nan.

        on: the numbers of the devices that are to compute it; None: as many as it is worth.
        """
        return self._run(a, b, None, progress, on)

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

    def _run(
        self, a: Array, b: Array, weights: Array | None, progress: Progress | None, on: Sequence[int] | None = None
    ) -> tuple[Array, bool]:
        dtype = np.dtype(self.code.source.dtype)
        with np.errstate(over="ignore"):  # a plane of a run that diverged may reach beyond float32
            a, b = a.astype(dtype), b.astype(dtype)
        with answered():
            job = Job(self.code, self.uniform, a, b, weights, [*self._tiles(b.size, a.size)])
            complete = job.run(on or self._devices(a.size * b.size), progress)
        return job.out, complete

    def _devices(self, points: int) -> list[int]:
        found = devices()
        return found[: max(1, int(points * self.code.plan.operations / WORTH_ANOTHER))]


@contextmanager
def answered() -> Iterator[None]:
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
