"""What a point of a surface costs: by count, by the planner's model, and on this machine.

In: a problem and its kernel on a plane, in float32. Out: lines of text. A multiply-add is two floating-point
operations; every other is one, an exp and a division, too, so that the roofline is a bound: no point takes less.
"""

from __future__ import annotations

import time
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np

from .kernels.cost import Kind
from .kernels.estimate import CLEARLY, VECTOR_BYTES, Estimate, estimates
from .kernels.execution import Code, PlaneKernel
from .kernels.plan import BLOCK_VECTORS, Across
from .kernels.traffic import traffic
from .planes import Plane

if TYPE_CHECKING:
    from .problem import Problem

SIZE = 4
"""Bytes of a float32."""

RUN_SECONDS = 0.01
"""What a measured grid should take at least: then starting threads is a hundredth of it."""

MEASURING = 0.12
"""Seconds after which no further run is made."""

FEWEST_POINTS, MOST_POINTS = 16, 2**20

KINDS: dict[Kind, tuple[str, str]] = {
    "fma": ("multiply-add of products of matrices, which is two", "multiply-adds of products of matrices, two each"),
    "other": ("sum, product or the like", "sums, products and the like"),
    "special": ("exp or its kin", "exp and its kin"),
    "division": ("division or root", "divisions and roots"),
}
"""What the operations of each kind are called, one and several."""


def counted(code: Code, gradient: bool) -> list[str]:
    """Floating-point operations and bytes of a point, and the planner's estimates, which are the same everywhere."""
    moved, cost = traffic(code.plan, SIZE, code.points), code.plan.cost
    kinds = ", ".join(f"{cost[kind]:,} {names[cost[kind] > 1]}" for kind, names in KINDS.items() if cost[kind])
    of_kinds = f" ({kinds})" if kinds else ""
    shared = f", shared by the {code.points} points of a vector" if code.points > 1 else ""
    reading = f"{_short(moved.read)} read, of {moved.arrays:,} that are computed once{shared}; " if moved.arrays else ""
    lines = [
        f"floating-point operations: {_operations(code):,}{of_kinds}",
        f"bytes: {reading}{moved.written} written",
        f"the planner's estimate, in multiply-adds of a vector of {VECTOR_BYTES} bytes:",
    ]
    found = estimates(code.plan.body, BLOCK_VECTORS, SIZE)
    for across, estimate in found.items():
        told = f"{estimate.time:,.1f} ({estimate.arithmetic:,.1f} arithmetic, {estimate.memory:,.1f} memory)"
        lines.append(f"  lanes = {across}{_mark(code, across)}: {told}")
    if len(found) == 1:
        lines.append("  no samples are left to be lanes")
    else:
        lines.append(f"  samples are taken where their estimate is below {CLEARLY:g} of that of points")
        if gradient:
            lines.append("  the loss alone decides, so that it has the same bits with derivatives")
    return lines


def measured(problem: Problem, kernel: PlaneKernel, code: Code) -> list[str]:
    """This machine's rates, the bounds and estimates of a point by them, and what a point takes."""
    from .kernels.cpu import roofline
    from .kernels.cpu.driver import thread_count

    moved = traffic(code.plan, SIZE, code.points)
    peak, written = roofline.fma_peak(), roofline.write_peak()
    rates = f"{peak / 1e9:,.1f} GFMA/s in float32, {written / 1e9:,.1f} GB/s written to memory"
    bounds = {"arithmetic": _operations(code) / (2 * peak)}
    if moved.arrays:
        rate = roofline.read_peak(moved.arrays)
        rates += f", {rate / 1e9:,.0f} GB/s read again and again of {moved.arrays:,} bytes"
        bounds["reading"] = moved.read / rate
    bounds["writing"] = moved.written / written
    bound = max(bounds, key=lambda name: bounds[name])
    told = ", ".join(f"{_nanoseconds(seconds)} of {name}" for name, seconds in bounds.items())
    lines = [
        f"peak of {thread_count()} threads: {rates}",
        f"roofline: {told}; {bound} bounds it",
        f"estimate: {_by_model(estimates(code.plan.body, BLOCK_VECTORS, SIZE), peak, code)}",
    ]
    try:
        seconds, rows, columns = time_of_a_point(problem, kernel)
    except MemoryError as error:
        return [*lines, f"not measured: {error}"]
    share = bounds[bound] / seconds
    return [*lines, f"measured: {_nanoseconds(seconds)} on a grid of {rows} x {columns}, {share:.0%} of the roofline"]


def _operations(code: Code) -> int:
    return sum((2 if kind == "fma" else 1) * count for kind, count in code.plan.cost.items())


def _mark(code: Code, across: Across) -> str:
    return " (taken)" if (code.plan.sample_lanes > 1) == (across == "samples") else ""


def _by_model(found: dict[Across, Estimate], peak: float, code: Code) -> str:
    """The estimates at this machine's rate. peak: multiply-adds of float32 a second."""
    of_vectors = peak / (VECTOR_BYTES / SIZE)
    return ", ".join(
        f"{_nanoseconds(estimate.time / of_vectors)} with lanes = {across}{_mark(code, across)}"
        for across, estimate in found.items()
    )


def _nanoseconds(seconds: float) -> str:
    return f"{_short(seconds * 1e9)} ns"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def time_of_a_point(problem: Problem, kernel: PlaneKernel) -> tuple[float, int, int]:
    """Seconds a point on the plane of random directions through the starting weights, and the grid's rows and columns:
    the best of a few runs, as the machine's rates are, of a grid that takes long enough to tell."""
    center = problem.init()
    plane = Plane.random(problem, center) if problem.size > 1 else None
    u, v = (np.ones(1), np.ones(1)) if plane is None or plane.v is None else (plane.u, plane.v)
    parts = ({name: problem.unpack(w)[name] for name in kernel.program.weights} for w in (center, u, v))
    bound = kernel.bind(problem.data, *parts)

    def run(rows: int, columns: int) -> float:
        a, b = np.linspace(-1, 1, columns), np.linspace(-1, 1, rows)
        start = time.perf_counter()
        bound(a, b)
        return time.perf_counter() - start

    points, end = FEWEST_POINTS, time.perf_counter() + MEASURING
    while True:
        rows, columns = _sides(points)
        # The better of two: a first run may meet whatever else the machine does.
        seconds = min(run(rows, columns), run(rows, columns))
        if seconds >= RUN_SECONDS or rows * columns >= MOST_POINTS:
            break
        # The first grids tell more of starting than of points: towards a long one in a few steps.
        points = min(MOST_POINTS, int(points * min(16.0, max(2.0, 1.2 * RUN_SECONDS / seconds))))
    while time.perf_counter() < end:
        seconds = min(seconds, run(rows, columns))
    return seconds / (rows * columns), rows, columns


def _sides(points: int) -> tuple[int, int]:
    """A grid of about so many points, as square as full vectors allow."""
    columns = -(-max(FEWEST_POINTS, isqrt(points)) // FEWEST_POINTS) * FEWEST_POINTS
    return max(1, points // columns), columns
