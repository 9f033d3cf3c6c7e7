"""Kernels that callers hold: a program compiled for many points, or for a plane, and bound to data.

`points`: every point has weights of its own. `plane`: the points are a grid on w = center + a u + b v. A kernel
compiles when it is first needed, for the lanes or the zero directions at hand, and keeps what it compiled.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import debug, reference, reuse
from .cpu import waiting
from .estimate import VECTOR_BYTES, estimates, faster
from .lazily import cached_property
from .outputs import Outputs, at_point, on_plane
from .plan import BLOCK_VECTORS, Across, Plan, make_plan
from .program import Program, ProgramError
from .streams import split
from .substitution import coefficient
from .table import table_of
from .uniforms import Array, Inputs, uniforms

if TYPE_CHECKING:
    from .cpu.driver import Tiles
    from .cuda.engine import BoundProgram

Progress = Callable[[int, int], object]
Presence = tuple[tuple[str, bool, bool], ...]
Backend = Literal["cpu", "cuda", "numpy"]

POINTS_BLOCK_VECTORS = 4096
"""Streamed values a block may hold where points come few at a time: 32 KiB of single float64 numbers."""

SCRATCH_LIMIT = 4 * 2**30
"""Bytes of scratch for all threads: values that do not fit here are samples x samples, which do not stream."""

DEFAULT_TILE = 64
"""Points in a tile, at least: short enough to keep two cores busy."""

LEAST_TILE_WORK = 4000
"""Operations on vectors, a microsecond, of a tile where a row has as many: to take one costs a tenth of that."""


@dataclass(frozen=True)
class Code:
    """A compiled plan."""

    plan: Plan
    weights: tuple[str, ...]
    """The weights' names in the order of the table of addresses."""
    uniforms: tuple[tuple[int, bool], ...]
    """For each uniform array of the table which output of the prologue it is, and whether it is streamed."""
    dtype: str
    lanes: int
    scratch_bytes: int
    output_size: int
    address: int
    seconds: float
    cached: bool
    engine: object

    @property
    def points(self) -> int:
        """How many a block holds."""
        return self.lanes if self.plan.sample_lanes == 1 else 1

    @property
    def ir(self) -> str:
        """The code as LLVM IR, emitted anew."""
        from .cpu.emit import emit

        return emit(self.plan, self.dtype, self.lanes)


@lru_cache(maxsize=256)
def compile_body(
    program: Program,
    sampled: frozenset[str],
    dtype: str,
    lanes: int | None,
    block_vectors: int,
    first: Program | None = None,
    across: Across | None = "points",
) -> Code:
    """Split, plan, emit and compile a program for this machine; lanes None: as wide as its vectors.

    first: a program of the first output alone, which then has the same bits in both. across: what the lanes of a vector
    are, None for what takes less time; samples only where any are streamed.
    """
    from .cpu.compiler import compile_module
    from .cpu.emit import emit, layout_of
    from .cpu.machine import host

    started = time.perf_counter()
    machine = host()
    body, block, layout_of_samples = split(program, sampled), None, (1, 1)
    leading = body if first is None or first == program else split(first, sampled)
    if across is None:
        across = faster(estimates(leading, block_vectors, np.dtype(dtype).itemsize))
    if across == "samples":
        lanes = lanes or machine.lanes(dtype) if any(body.streams) else 1
        layout_of_samples = (lanes, max(1, VECTOR_BYTES // np.dtype(dtype).itemsize // lanes)) if lanes > 1 else (1, 1)
    lanes = lanes or machine.lanes(dtype)
    accumulators = machine.accumulators(across)
    if leading is not body:
        block = make_plan(leading, accumulators, block_vectors, *layout_of_samples).block
    plan = make_plan(body, accumulators, block_vectors, *layout_of_samples, block)
    layout = layout_of(plan, dtype, lanes)
    debug.say(3, "plan", lambda: str(plan))
    debug.say(4, "code", lambda: emit(plan, dtype, lanes))
    decisions = repr((dtype, lanes, [(each.name, getattr(plan, each.name)) for each in fields(plan)]))
    compiled = compile_module(lambda: emit(plan, dtype, lanes), decisions, machine)
    seconds = time.perf_counter() - started
    leaves = [*enumerate(plan.body.program.instructions)]
    return Code(
        plan,
        tuple(i.name for _, i in leaves if i.op == "weight"),
        tuple((int(i.name[1:]), plan.body.streams[p] is not None) for p, i in leaves if i.op == "data"),
        dtype,
        layout.lanes,
        layout.scratch_bytes,
        layout.output_size,
        compiled.address,
        seconds,
        compiled.cached,
        compiled.engine,
    )


def _blocked(values: Array, count: int, lanes: int, dtype: str) -> Array:
    """(k, ..) -> (blocks, elements, lanes), the last block filled up with copies of the last point."""
    with np.errstate(over="ignore"):
        flat = np.asarray(values, dtype=dtype).reshape(count, -1)
    if lanes == 1:
        return np.ascontiguousarray(flat)
    padded = -(-count // lanes) * lanes
    if padded > count:
        flat = np.concatenate([flat, np.repeat(flat[-1:], padded - count, axis=0)])
    return np.ascontiguousarray(flat.reshape(-1, lanes, flat.shape[1]).transpose(0, 2, 1))


@lru_cache(maxsize=1)
def _tiles() -> type[Tiles]:
    """The driver, which brings LLVM: asked for when something is compiled."""
    from .cpu.driver import Tiles

    return Tiles


class PointsKernel:
    """A program whose weights differ from point to point; its data are shared."""

    def __init__(self, program: Program, dtype: str, backend: Backend) -> None:
        self.program, self.dtype, self.backend = program, dtype, backend

    def code(self, lanes: int | None = None) -> Code:
        return compile_body(self.program, frozenset(self.program.data), self.dtype, lanes, POINTS_BLOCK_VECTORS)

    def step_code(self) -> Code:
        """The code for one point at a time, as training wants it: lanes are samples where there are any."""
        return compile_body(
            self.program, frozenset(self.program.data), self.dtype, None, BLOCK_VECTORS, across="samples"
        )

    @property
    def plan(self) -> Plan:
        return self.code().plan

    def bind(self, data: Inputs) -> BoundPoints:
        """Ready for points. data: a matrix for each of the program's data."""
        return BoundPoints(self, data)


class BoundPoints:
    def __init__(self, kernel: PointsKernel, data: Inputs) -> None:
        self.kernel = kernel
        self._data = {name: np.asarray(data[name], dtype=np.float64) for name in kernel.program.data}
        self._uniform: list[Array] | None = None

    def __call__(self, points: Mapping[str, ArrayLike]) -> tuple[Array, ...]:
        """points: (k, rows, columns) for each weight. Returns (k, rows, columns) for each output."""
        arrays = {name: np.asarray(points[name]) for name in self.kernel.program.weights}
        count = len(next(iter(arrays.values())))
        for name, shape in self.kernel.program.weights.items():
            if arrays[name].shape != (count, *shape) or not count:
                raise ProgramError(f"{name} has the shape {arrays[name].shape}, {(count or 1, *shape)} is wanted")
        if self.kernel.backend == "numpy":
            return self._by_reference(arrays, count)
        if self.kernel.backend == "cuda":
            return self._outputs(self._on_device.points(arrays, count).T)
        kernel = self.kernel
        code = kernel.code(1 if count == 1 else None)
        if self._uniform is None:
            self._uniform = uniforms(code.plan, code.uniforms, self._data, kernel.dtype)
        weights = [_blocked(arrays[name], count, code.lanes, kernel.dtype) for name in code.weights]
        blocks = -(-count // code.lanes)
        coordinates = np.zeros(blocks * code.lanes + 1, dtype=kernel.dtype)
        out = np.empty((blocks, code.output_size, code.lanes), dtype=kernel.dtype)
        arguments, stop = [*self._uniform, *weights, coordinates, coordinates, out], waiting.flag()
        table = table_of(arguments, blocks, (code.output_size * code.lanes, code.lanes), stop)
        tile = max(1, DEFAULT_TILE // code.lanes)
        _tiles()(code.address, table, arguments, stop, code.scratch_bytes, tile, blocks, 1, code.plan.operations).run()
        return self._outputs(out.transpose(0, 2, 1).reshape(blocks * code.lanes, -1)[:count])

    @cached_property
    def _on_device(self) -> BoundProgram:
        from .cuda.code import code_of
        from .cuda.engine import BoundProgram

        program = self.kernel.program
        return BoundProgram(code_of(program, frozenset(program.data), self.kernel.dtype), self._data)

    def _outputs(self, flat: Array) -> tuple[Array, ...]:
        parts, start = [], 0
        for output in self.kernel.program.outputs:
            rows, columns = self.kernel.program.instructions[output].shape
            parts.append(flat[:, start : start + rows * columns].reshape(-1, rows, columns))
            start += rows * columns
        return tuple(parts)

    def _by_reference(self, arrays: Mapping[str, Array], count: int) -> tuple[Array, ...]:
        rows = [
            reference.evaluate(self.kernel.program, {**self._data, **{n: a[k] for n, a in arrays.items()}})
            for k in range(count)
        ]
        return tuple(np.stack(output) for output in zip(*rows, strict=True))


class PlaneKernel:
    """A loss on planes w = center + a u + b v, with other outputs of each point."""

    def __init__(
        self,
        program: Program,
        dtype: str,
        outputs: Outputs,
        backend: Backend,
        lanes: int | None,
        across: Across | None,
    ) -> None:
        self.program, self.dtype, self.outputs, self.backend = program, dtype, outputs, backend
        self.lanes, self.across = lanes, across
        self._codes: dict[Presence, Code] = {}

    def code(self, presence: Presence | None = None) -> Code:
        """The code for a plane; presence: weight, whether u and v move it. None: all weights move along both."""
        presence = presence or self._everywhere
        if presence not in self._codes:
            self._codes[presence] = self._compiled(presence)
        return self._codes[presence]

    def _compiled(self, presence: Presence) -> Code:
        program = on_plane(self.program, presence, self.outputs).program
        loss = on_plane(self.program, presence, Outputs()).program
        sampled = frozenset(self.program.data)
        return compile_body(program, sampled, self.dtype, self.lanes, BLOCK_VECTORS, loss, self.across)

    def suits_device(self, points: int) -> bool:
        """Whether so many points are worth a device's time, and the device has shown in this process that it computes
        what the CPU does; where it has not, a warning says so."""
        from .cuda import trial
        from .cuda.code import plane_code
        from .cuda.engine import WORTH_A_DEVICE

        code = plane_code(self.program, self._everywhere, self.outputs, self.dtype)
        if points * code.plan.operations < WORTH_A_DEVICE:
            return False
        reason = trial.fault()
        if reason is not None:
            warnings.warn(f"the CPU computes what a GPU could: {reason}", RuntimeWarning, stacklevel=2)
        return reason is None

    @property
    def _everywhere(self) -> Presence:
        return tuple((name, True, True) for name in self.program.weights)

    @property
    def plan(self) -> Plan:
        return self.code().plan

    @property
    def notes(self) -> tuple[str, ...]:
        """Which values are computed once, or from coefficients of a polynomial in (a, b), and why."""
        return on_plane(self.program, self._everywhere, self.outputs).notes

    def bind(self, data: Inputs, center: Inputs, u: Inputs, v: Inputs) -> BoundPlane:
        """Ready for a grid. data, and for each weight its matrix in the centre and in both directions."""
        return BoundPlane(self, data, center, u, v)


class BoundPlane:
    """complete: whether the last grid was computed to its end."""

    def __init__(self, kernel: PlaneKernel, data: Inputs, center: Inputs, u: Inputs, v: Inputs) -> None:
        self.kernel, self.complete = kernel, True
        self._data = {name: np.asarray(data[name], dtype=np.float64) for name in kernel.program.data}
        names = kernel.program.weights
        self._parts = {
            coefficient(part, name): np.asarray(source[name], dtype=np.float64)
            for part, source in (("c", center), ("u", u), ("v", v))
            for name in names
        }
        presence = tuple((n, self._moves("u", n), self._moves("v", n)) for n in names)
        if kernel.backend == "cpu":
            self.code = kernel.code(presence)
            self._uniform = uniforms(self.code.plan, self.code.uniforms, {**self._data, **self._parts}, kernel.dtype)
        elif kernel.backend == "cuda":
            from .cuda.code import plane_code
            from .cuda.engine import BoundProgram

            code = plane_code(kernel.program, presence, kernel.outputs, kernel.dtype)
            self._on_device = BoundProgram(code, {**self._data, **self._parts})

    def _moves(self, part: str, name: str) -> bool:
        return bool(self._parts[coefficient(part, name)].any())

    def __call__(self, a: ArrayLike, b: ArrayLike, progress: Progress | None = None, tile: int | None = None) -> Array:
        """The loss and the other outputs, as kernel.outputs.places has them: (count, rows, columns), rows along b.

        progress(done, total), points: called by this thread now and then, and at the end; False cancels, and what was
        not computed is nan. tile: points in a tile, which changes nothing but the time; None for what suits.
        """
        a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
        self.complete = True
        if self.kernel.backend == "numpy":
            return self._by_reference(a, b, progress)
        if self.kernel.backend == "cuda":
            found, self.complete = self._on_device.grid(a, b, progress)
            return found
        code, dtype = self.code, self.kernel.dtype
        blocks = -(-a.size // code.points)
        width = blocks * code.points
        padded, rows = np.empty(width, dtype), np.empty(b.size, dtype)
        with np.errstate(over="ignore"):  # a plane of a run that diverged may reach beyond float32
            padded[: a.size], padded[a.size :], rows[:] = a, a[-1], b
        out = reuse.empty((code.output_size, b.size, width), dtype)
        arguments, stop = [*self._uniform, padded, rows, out], waiting.flag()
        table = table_of(arguments, blocks, (code.points, b.size * width), stop)
        size, operations = a.size * b.size, code.plan.operations
        tile = max(1, (tile or DEFAULT_TILE) // code.points, 0 if tile else LEAST_TILE_WORK // operations)
        tiles = _tiles()(code.address, table, arguments, stop, code.scratch_bytes, tile, blocks, b.size, operations)
        missing = tiles.run(progress and (lambda done, total: progress(done * size // total, size)))
        self.complete = not missing
        by_blocks = out.reshape(code.output_size, b.size, blocks, code.points)
        for part in missing:
            by_blocks[:, *part] = np.nan
        if progress is not None and self.complete:
            progress(size, size)
        return out if width == a.size else np.ascontiguousarray(out[:, :, : a.size])

    def weights_at(self, a: float, b: float) -> dict[str, NDArray[np.float64]]:
        parts = self._parts
        return {
            name: parts[coefficient("c", name)] + a * parts[coefficient("u", name)] + b * parts[coefficient("v", name)]
            for name in self.kernel.program.weights
        }

    def _by_reference(self, a: Array, b: Array, progress: Progress | None) -> Array:
        """Point by point in NumPy."""
        names = self.kernel.program.weights
        directions = [{name: self._parts[coefficient(part, name)] for name in names} for part in "uv"]
        out = np.full((self.kernel.outputs.count, b.size, a.size), np.nan)
        for i in range(b.size):
            for j in range(a.size):
                inputs = {**self._data, **self.weights_at(float(a[j]), float(b[i]))}
                out[:, i, j] = at_point(self.kernel.program, self.kernel.outputs, inputs, *directions)
            if progress is not None and progress((i + 1) * a.size, out[0].size) is False and i + 1 < b.size:
                self.complete = False
                break
        return out


@lru_cache(maxsize=256)
def points(program: Program, dtype: str = "float64", backend: Backend = "cpu") -> PointsKernel:
    """The kernel of a program whose weights differ from point to point."""
    return PointsKernel(program, dtype, backend)


@lru_cache(maxsize=256)
def plane(
    program: Program,
    dtype: str = "float32",
    gradient: bool = False,
    backend: Backend = "cpu",
    lanes: int | None = None,
    curvature: bool = False,
    gradient_norm: bool = False,
    across: Across | None = None,
) -> PlaneKernel:
    """The kernel of a program's one output, a loss, on planes. lanes: points in a vector, None for the machine's.
    across: what the lanes are, None for what the planner takes."""
    return PlaneKernel(program, dtype, Outputs(gradient, curvature, gradient_norm), backend, lanes, across)
