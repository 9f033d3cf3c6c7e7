"""Whether a device computes what it should: a small loss with its derivatives, beside the reference.

In: nothing. Out: what is wrong, in a line, or None. backend='auto' takes no device that has not passed it in this
process, and `atlas-fast doctor` tells of it. It is no proof: it finds a driver, a compiler or a launch that does not do
what is said of it, and not a mistake in one kernel of many.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..outputs import Outputs, at_point
from ..program import Builder, Program
from ..substitution import coefficient
from ..uniforms import Array
from . import DeviceFault
from .code import plane_code
from .engine import BoundProgram
from .running import devices

GRIDS = ((8, 16), (600, 512))
"""Rows and columns. So few points that samples are split over blocks, and so many that they are not; or, where a block
of threads computes a point, at most as many as there are blocks, and many for each."""

COMPARED = 5
"""Points of a grid along each axis that are compared."""

TOLERANCE = 1e-4
"""Of the largest value of an output; float32 is off by a hundredth of it."""


@lru_cache(maxsize=4)
def fault(grids: tuple[tuple[int, int], ...] = GRIDS) -> str | None:
    """Why what the devices of this machine compute is not to be trusted."""
    try:
        for device in devices():
            for rows, columns in grids:
                for by_blocks in (False, True):
                    error = _error(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows), device, by_blocks)
                    if not error <= TOLERANCE:
                        return f"GPU {device} computes other values than the CPU: {error:.1e} of the largest apart"
    except DeviceFault as reason:
        return str(reason)
    except Exception as reason:  # whatever it is, nobody has asked for this device by name
        return (
            f"{type(reason).__name__} in a small surface: {str(reason).strip().splitlines()[0] if str(reason) else ''}"
        )
    return None


def _loss() -> Program:
    """sum((A tanh(B X))^2), of 100 samples."""
    b = Builder()
    hidden = b.emit("tanh", b.emit("matmul", b.weight("B", (5, 3)), b.data("X", (3, 100))))
    found = b.emit("matmul", b.weight("A", (2, 5)), hidden)
    return b.build(b.emit("sum", b.emit("mul", found, found), axis=None))


def _error(a: Array, b: Array, device: int, by_blocks: bool) -> float:
    """The largest difference, as a share of the largest value of each output; inf where one is not a number."""
    program, outputs, random = _loss(), Outputs(gradient=True, gradient_norm=by_blocks), np.random.default_rng(0)
    data = {name: random.normal(size=shape) for name, shape in program.data.items()}
    center, u, v = ({name: random.normal(size=shape) for name, shape in program.weights.items()} for _ in range(3))
    parts = {
        coefficient(part, name): x for part, way in zip("cuv", (center, u, v), strict=True) for name, x in way.items()
    }
    presence = tuple((name, True, True) for name in program.weights)
    bound = BoundProgram(plane_code(program, presence, outputs, "float32", by_blocks), {**data, **parts})
    found, _ = bound.grid(a, b, None, [device])
    columns, rows = (np.linspace(0, x.size - 1, COMPARED).astype(int) for x in (a, b))
    got = found[:, rows][:, :, columns].astype(np.float64)
    wanted = np.empty_like(got)
    for i, j in np.ndindex(wanted.shape[1:]):
        x, y = a[columns[j]], b[rows[i]]
        weights = {name: center[name] + x * u[name] + y * v[name] for name in program.weights}
        wanted[:, i, j] = at_point(program, outputs, {**data, **weights}, u, v)
    if not np.isfinite(got).all():
        return float("inf")
    return float((np.abs(got - wanted).max((1, 2)) / np.abs(wanted).max((1, 2))).max())
