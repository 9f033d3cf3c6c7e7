"""The engine: a device's kernels over grids and over points.

In: code (code.py), its inputs, and a grid or weights. Out: the outputs as NumPy arrays. A grid is cut into tiles, each
as much as a device computes in some hundredths of a second, so that a surface may be larger than its memory, and is
told of and stopped between tiles (running.py).

None of this has run on a GPU yet: it is tested in Numba's simulator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..uniforms import Array, Inputs, uniforms
from .code import BlockCode, DeviceCode
from .compilation import answered
from .layout import THREADS
from .running import Job, Progress, devices

TILE_POINTS = 2**22
"""Points of a tile at most."""

TILE_OPERATIONS = 2e11
"""Operations of a tile, some hundredths of a second on a device of 10 TFLOP/s."""

LEAST_POINTS = 2**10
"""Points of a tile where a block of threads computes each: as many as a large device computes at a time, or more."""

TILE_BYTES = 2**28
"""What a tile's outputs and weights may take on the device; there are two at a time."""

WORTH_A_DEVICE = 1e11
"""Operations of a grid from which backend='auto' takes a device: about a second of a few cores."""

WORTH_ANOTHER = 4e11
"""Operations of a grid for each device that takes a part of it: some tenths of a second, and it must be woken."""


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
        worth = TILE_OPERATIONS / code.plan.operations
        if isinstance(code, BlockCode):
            worth = max(worth, LEAST_POINTS)
        most = min(TILE_POINTS, worth, TILE_BYTES / code.bytes_of_point)
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
