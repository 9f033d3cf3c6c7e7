"""Surfaces on an NVIDIA GPU: right, and how fast beside JAX and PyTorch there; without one, what a model says.

    python -m benchmarks.gpu [--cases iris-small ..] [--resolutions 256 1024 4096] [--rounds 5] [--runs 1000]

With a device: each plan of each case against the reference at some points, then times, from NumPy arrays to NumPy
arrays, compilation apart; then the training of iris-small, many runs at once, beside the CPU, one after the other.
Neither this part nor the engine has run on a device yet. Without one: the least time that a device as fast as an H200
needs, by counts alone: of multiply-adds, of special functions (2^x, 1/x and the like), of the instructions that its
processors can start, and of bytes. A bound is no measurement.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cases
import contest
import jax_surface
import numpy as np
import sass

import atlas_fast as af
from atlas_fast import kernels, optimizers
from atlas_fast.kernels.cuda.code import BlockCode, DeviceCode, ThreadCode, plane_code
from atlas_fast.kernels.cuda.engine import BoundProgram
from atlas_fast.kernels.cuda.patches import READ
from atlas_fast.kernels.cuda.runs import TrainingCode, training_code
from atlas_fast.kernels.cuda.shares import Places
from atlas_fast.kernels.outputs import Outputs
from atlas_fast.kernels.plan import Plan, Sweep
from atlas_fast.kernels.substitution import coefficient

CHUNKS = (1024, 4096, 16384, 65536)
"""Points that JAX and PyTorch are given at once; the fastest counts."""

CHECKED = 8
"""Points along each axis at which a plan is compared with the reference."""


@dataclass(frozen=True)
class Device:
    """What a device can do in a second: float32 multiply-adds, special functions, instructions of a thread, bytes of
    its memory written and read."""

    name: str
    multiply_adds: float
    special: float
    instructions: float
    bytes: float


H200 = Device("H200", 33.45e12, 4.18e12, 3.35e13, 4.8e12)
"""By its data sheet: 132 processors at 1.98 GHz, each with 128 float32 lanes, 16 special ones, 4 warps a cycle."""

CAPABILITY = (9, 0)

FEWER_LANES = ((7, 5), (8, 0))
"""Capabilities whose processors have 64 float32 lanes, not 128: NVIDIA's programming guide, arithmetic throughput."""


def at_hand(device: Any) -> Device:
    """What a device of Numba's can do, by the clocks (kHz) and the width of the bus (bits) that its driver tells."""
    name = device.name.decode() if isinstance(device.name, bytes) else device.name
    lanes = 64 if tuple(device.compute_capability) in FEWER_LANES else 128
    clock = 1e3 * device.CLOCK_RATE * device.MULTIPROCESSOR_COUNT
    read = 2 * 1e3 * device.MEMORY_CLOCK_RATE * device.GLOBAL_MEMORY_BUS_WIDTH / 8
    return Device(name, lanes * clock, 16 * clock, 128 * clock, read)


@dataclass(frozen=True)
class Bound:
    """The least milliseconds of a grid, by each count. special, instructions: of the innermost loops alone, where a
    thread computes a point; shared: of what products read from shared memory, where a block does; else nan."""

    multiply_adds: float
    special: float
    instructions: float
    shared: float
    bytes: float

    @property
    def largest(self) -> float:
        return float(np.nanmax([self.multiply_adds, self.special, self.instructions, self.shared, self.bytes]))


def bound(kernel: sass.Kernel, points: int, device: Device = H200) -> Bound:
    code = kernel.code()
    turns, found = turns_of_loops(code), sass.recorded().get(sass.key(kernel, CAPABILITY))
    a_point = {"instructions": float("nan"), "special": float("nan")}
    if found is not None and len(found.loops) == len(turns):
        for name, which in (("instructions", 0), ("special", 2)):
            a_point[name] = sum(loop[which] * n for loop, n in zip(found.loops, turns, strict=True))
    # What is formed once for a group, and hoisted, is not counted: a bound.
    multiply_adds = code.plan.cost["fma"]
    written = code.output_size * np.dtype(kernel.dtype).itemsize
    shared = reads_of(code.plan, code.shares.plans[0]) if isinstance(code, BlockCode) else float("nan")
    milliseconds = 1e3 * points
    return Bound(
        multiply_adds * milliseconds / device.multiply_adds,
        a_point["special"] * milliseconds / device.special,
        a_point["instructions"] * milliseconds / device.instructions,
        READ * shared * milliseconds / device.multiply_adds,
        written * milliseconds / device.bytes,
    )


def turns_of_loops(code: DeviceCode) -> list[float]:
    """How often a point goes through each innermost loop, where it is a thread's: one a sweep, over samples, or over
    the terms of a product whose weights are formed, for each block of its rows."""
    if not isinstance(code, ThreadCode):
        return []
    found, layout, instructions = [], code.layout, code.plan.body.program.instructions
    for sweep in (stage for stage in code.plan.stages if isinstance(stage, Sweep)):
        groups = -(-sweep.length // layout.group)
        rolled = [
            instructions[instructions[value].args[0]].shape[1] * nest.rows // layout.blocks.get(value, nest.rows)
            for nest in sweep.nests
            if nest.level == "point" and nest.operand
            for value in nest.values
            if instructions[value].op == "matmul" and instructions[value].args[0] in layout.formed
        ]
        found.append(groups * (max(rolled) if rolled else 1))
    return [float(n) for n in found]


def reads_of(plan: Plan, places: Places) -> float:
    """Numbers that the products of a point, or of a step, read where threads of a block share them: of a patch its rows
    and its columns for each term, once for all products of a loop."""
    found, instructions = 0.0, plan.body.program.instructions
    for nest, patch in places.patches.items():
        products = [instructions[v] for v in nest.values if instructions[v].op in ("matmul", "gram")]
        if products:
            rows, columns = products[0].shape
            elements = rows * columns * instructions[products[0].args[0]].shape[1]
            lefts, rights = ({product.args[side] for product in products} for side in (0, 1))
            found += elements * (len(lefts) / patch.columns + len(rights) / patch.rows)
    return found


def model(names: Sequence[str], resolutions: Sequence[int]) -> None:
    print(f"not yet run on a device: {kernels.device.fault() or 'the simulator stands in for one'}\n")
    print(f"The least time of a surface on a {H200.name}, ms, by counts (a model, no measurement):\n")
    print("| case | grid | multiply-adds | special | instructions | read | written | bound |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name in names:
        for wanted in sass.OUTPUTS:
            kernel = sass.Kernel(name, wanted=wanted)
            for resolution in resolutions:
                found = bound(kernel, resolution * resolution)
                counts = (found.multiply_adds, found.special, found.instructions, found.shared, found.bytes)
                parts = (*counts, found.largest)
                told = " | ".join("-" if np.isnan(x) else f"{x:.3g}" for x in parts)
                print(f"| {kernel} | {resolution:,} | {told} |")


TRAINED = "iris-small"

STEPS = 1000

BATCHES = (None, 32)

COMPARED = 10
"""Runs that the CPU trains to compare with, and steps after which weights are compared: rounding grows with steps."""


def training_bound(runs: int, device: Device = H200) -> dict[str, float]:
    """The least milliseconds of STEPS steps of so many runs on the full batch, by each count."""
    code, milliseconds = trained_code(), 1e3 * runs * STEPS
    plan, recorded = code.gradients[0].plan, 4 * (code.shares.size + 1) * milliseconds / device.bytes
    read = READ * reads_of(plan, code.shares.plans[0]) * milliseconds / device.multiply_adds
    return {
        "multiply-adds": plan.cost["fma"] * milliseconds / device.multiply_adds,
        "shared memory": read,
        "recorded": recorded,
    }


def trained_code() -> TrainingCode:
    program, optimizer = cases.CASES[TRAINED].problem().program, af.Adam(lr=0.01)
    rule, state = optimizers.program(optimizer), tuple(optimizers.RULES[af.Adam].state)
    shapes = tuple(program.weights.items())
    return training_code((kernels.derivative.gradient(program),), shapes, rule, state, None, "float32")


def training_model(runs: int) -> None:
    told = ", ".join(f"{name} {found:.3g}" for name, found in training_bound(runs).items())
    print(f"\nTraining {TRAINED}, {runs:,} runs of {STEPS:,} steps: not yet run on a device; by counts, ms: {told}")


# On a device


def check(place: contest.Landscape, dtype: str) -> float:
    """The largest difference of all outputs from NumPy in float64, relative to the largest value of each: of the plan
    that is taken, and of a block of threads for each point."""
    a, b = (x[:: max(1, len(x) // CHECKED)] for x in (place.a, place.b))
    given, every = (place.data, place.center, place.u, place.v), {"curvature": True, "gradient_norm": True}
    oracle = kernels.plane(place.program, gradient=True, backend="numpy", dtype="float64", **every).bind(*given)(a, b)
    presence = tuple((name, True, True) for name in place.program.weights)
    parts = {coefficient(part, name): x for part, way in zip("cuv", given[1:], strict=True) for name, x in way.items()}
    worst = 0.0
    for by_blocks in (False, True):
        code = plane_code(place.program, presence, Outputs(True, True, True), dtype, by_blocks)
        found, _ = BoundProgram(code, {**place.data, **parts}).grid(a, b, None)
        for got, wanted in zip(found, oracle.reshape(found.shape), strict=True):
            worst = max(worst, float(np.abs(got - wanted).max() / np.abs(wanted).max()))
    return worst


def ours(place: contest.Landscape, gradient: bool) -> Callable[[], Any]:
    kernel = kernels.plane(place.program, dtype="float32", gradient=gradient, backend="cuda")
    return lambda: kernel.bind(place.data, place.center, place.u, place.v)(place.a, place.b)


def jax_on_gpu(place: contest.Landscape, gradient: bool) -> list[Callable[[], Any]]:
    """Nothing where JAX is not installed, or has no GPU."""
    try:
        import jax

        if not jax.devices("gpu"):
            return []
    except (ImportError, RuntimeError):
        return []
    modes: Sequence[jax_surface.Mode] = ("forward", "reverse") if gradient else ("loss",)
    chunks = [chunk for chunk in CHUNKS if chunk <= len(place.a) * len(place.b)]
    surfaces = [contest.rival(place, jax_surface.Variant(chunk, 1, mode)) for chunk in chunks for mode in modes]
    return [surface.values for surface in surfaces]


def torch_on_gpu(place: contest.Landscape, gradient: bool) -> list[Callable[[], Any]]:
    """Of iris-small, whose loss engines.py has in PyTorch, without derivatives."""
    if place.name != "iris-small" or gradient:
        return []
    try:
        import torch
    except ImportError:
        return []
    if not torch.cuda.is_available():
        return []
    from engines import _torch_loss

    def tensor(array: contest.Array) -> Any:
        return torch.tensor(np.asarray(array), dtype=torch.float32, device="cuda")

    plane = {n: tuple(tensor(part[n]) for part in (place.center, place.u, place.v)) for n in place.center}
    loss = _torch_loss(torch, {name: tensor(array) for name, array in place.data.items()}, plane)
    a, b = np.meshgrid(place.a, place.b)
    points = tensor(np.stack([a.ravel(), b.ravel()], axis=-1))

    def surface(chunk: int) -> Any:
        with torch.no_grad():
            return torch.cat([loss(part) for part in torch.split(points, chunk)]).cpu().numpy()

    return [lambda chunk=chunk: surface(chunk) for chunk in CHUNKS if chunk <= len(points)]  # type: ignore[misc]


def measure(names: Sequence[str], resolutions: Sequence[int], rounds: int) -> None:
    from numba import cuda

    device = at_hand(cuda.get_current_device())
    print(f"on {device.name}, in float32, ms from NumPy to NumPy; of the bound: the least time by counts, as a share\n")
    print("| case | grid | first | ours | of the bound | JAX | torch | apart, float32 | float64 |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name in names:
        for gradient in (False, True):
            for resolution in resolutions:
                place = cases.landscape(cases.CASES[name].problem(), name, resolution)
                compute = ours(place, gradient)
                began = time.perf_counter()
                compute()
                first = time.perf_counter() - began
                groups = [jax_on_gpu(place, gradient), torch_on_gpu(place, gradient)]
                for function in (function for group in groups for function in group):
                    function()
                (own,), others = contest.in_turn([compute], groups, rounds)
                told = [f"{1e3 * min(t.median for t in group):.3g}" if group else "-" for group in others]
                apart = " | ".join(f"{check(place, dtype):.1e}" for dtype in ("float32", "float64"))
                what = f"{name}{' with derivatives' if gradient else ''}"
                kernel = sass.Kernel(name, wanted="derivatives" if gradient else "loss")
                share = bound(kernel, resolution * resolution, device).largest / (1e3 * own.median)
                print(f"| {what} | {resolution:,} | {1e3 * first:.3g} | {1e3 * own.median:.3g} | {share:.2f} | "
                      f"{told[0]} | {told[1]} | {apart} |", flush=True)  # fmt: skip


def measure_training(runs: int, rounds: int) -> None:
    """Seconds for all runs; the CPU's are those of COMPARED runs, as many times."""
    problem = cases.CASES[TRAINED].problem()
    print(f"\n{TRAINED}, {runs:,} runs of Adam in float32, s, all that is recorded on the host\n")
    print("| batch | steps | first | ours | CPU, one after the other | apart |")
    print("|---|--:|--:|--:|--:|--:|")
    for batch_size in BATCHES:
        epochs = STEPS if batch_size is None else STEPS // -(-problem.data["X"].shape[1] // batch_size)

        def train(backend: str, count: int, epochs: int = epochs, batch_size: int | None = batch_size) -> list[af.Run]:
            return problem.train_many(
                af.Adam(lr=0.01), epochs, range(count), None, batch_size, "float32", backend, progress=False
            )

        first, _ = seconds(lambda: train("cuda", runs))
        (own, found) = min((seconds(lambda: train("cuda", runs)) for _ in range(rounds)), key=lambda each: each[0])
        processor, expected = seconds(lambda: train("cpu", COMPARED))
        apart = max(
            float(np.abs(x.weights[:COMPARED] - y.weights[:COMPARED]).max())
            for x, y in zip(found, expected, strict=False)
        )
        print(f"| {batch_size or 'all'} | {found[0].steps:,} | {first:.3g} | {own:.3g} | "
              f"{processor * runs / COMPARED:.3g} | {apart:.1e} |", flush=True)  # fmt: skip


def seconds(work: Callable[[], list[af.Run]]) -> tuple[float, list[af.Run]]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def main() -> None:
    parser = argparse.ArgumentParser(description="surfaces on a GPU beside JAX and PyTorch, or a model's bounds")
    parser.add_argument("--cases", nargs="+", default=list(cases.CASES), choices=list(cases.CASES))
    parser.add_argument("--resolutions", nargs="+", type=int, default=[256, 1024, 4096])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=1000, help="that are trained at once")
    asked = parser.parse_args()
    if kernels.device.is_found():
        measure(asked.cases, asked.resolutions, asked.rounds)
        measure_training(asked.runs, asked.rounds)
    else:
        model(asked.cases, asked.resolutions)
        training_model(asked.runs)


if __name__ == "__main__":
    main()
