"""Run in a process of its own with NUMBA_ENABLE_CUDASIM=1, tests/kernels and benchmarks on its path.

Prints a JSON object: name of a check -> what it found.

Numba reads that variable when it is imported, and this process may have it already.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from cuda_check import EVERYTHING, A, Array, B, Plane, error_of, generated
from device_cases import RACED, WIDE, losses, plane_of, row_error, row_of
from networks import classifier
from training_cases import MANY, OPTIMIZERS, SEEDS, network, runs_apart, statistics

import atlas_fast as af
from atlas_fast.examples import EXAMPLES
from atlas_fast.kernels.cuda import compilation, engine, lanes, limits, running, runs, trial
from atlas_fast.kernels.cuda.code import code_of
from atlas_fast.kernels.cuda.engine import BoundProgram
from atlas_fast.kernels.cuda.limits import Limits
from atlas_fast.kernels.outputs import Outputs
from atlas_fast.kernels.primitives import PRIMITIVES
from atlas_fast.optimizers import Optimizer

Check = Callable[[], Any]


def primitive(name: str, dtype: str) -> float:
    row = row_of(name, dtype)
    bound = BoundProgram(code_of(row.program, frozenset(), dtype), {})
    return row_error(row, bound.points(row.weights, len(next(iter(row.weights.values())))), name, dtype)


def loss(name: str, dtype: str, outputs: Outputs) -> float:
    rows = 1 if name in ("blocks", "unheld") else 2 if name in WIDE else 3
    return _error(plane_of(losses()[name]), dtype, outputs, A, B[:rows])


def _error(plane: Plane, dtype: str, outputs: Outputs, a: Array, b: Array, by_blocks: bool = False) -> float:
    expected, largest = plane.expected(outputs, a, b)
    found, complete = plane.bound(dtype, outputs, by_blocks).grid(a, b, None)
    assert complete and found.dtype == dtype
    return error_of(found, expected, largest)


def blocks(name: str, dtype: str) -> dict[str, Any]:
    """A block of threads for each of 4 points, all of whose derivatives are wanted; and the same by 3 blocks, one of
    which has two of them."""
    plane, outputs = plane_of(RACED[name]), Outputs(gradient=True, gradient_norm=True)
    expected, largest = plane.expected(outputs, A[:2], B[:2])
    bound = plane.bound(dtype, outputs, by_blocks=True)
    kernel = bound.code.__dict__["kernel"] = Counted(bound.code.kernel)
    whole, _ = bound.grid(A[:2], B[:2], None)
    real, running.limits_of_device = running.limits_of_device, lambda device: Limits(3, 1, 1, 1, 1)
    again, _ = bound.grid(A[:2], B[:2], None)
    running.limits_of_device = real
    return {
        "error": error_of(whole, expected, largest), "same": bool((again == whole).all()), "blocks": kernel.blocks,
    }  # fmt: skip


def texts() -> dict[str, list[float]]:
    """Generated ones, whose numbers stay within float32."""
    found: dict[str, list[float]] = {"float32": [], "float64": []}
    for _, plane in generated(range(240)):
        expected, largest = plane.expected(Outputs(), A[:3], B[:2])
        if np.isfinite(expected).all() and largest.max() < 1e6:
            for dtype, errors in found.items():
                got, _ = plane.bound(dtype, Outputs()).grid(A[:3], B[:2], None)
                errors.append(error_of(got, expected, largest))
    return found


def tiles() -> dict[str, Any]:
    """A grid in tiles of rows, and of parts of rows: the same bits as in one, and progress that adds up."""
    bound = plane_of(classifier(samples=9, hidden=3)).bound("float32", Outputs(gradient=True))
    a, b, whole = np.linspace(-1, 1, 20), B[:5], engine.TILE_POINTS
    expected, _ = bound.grid(a, b, None)
    told: dict[str, Any] = {}
    for most in (40, 8):
        engine.TILE_POINTS, engine.THREADS = most, 8
        steps: list[tuple[int, int]] = []
        found, complete = bound.grid(a, b, lambda done, total, steps=steps: steps.append((done, total)))
        told[str(most)] = {"same": bool((found == expected).all()), "complete": complete, "steps": steps}
        engine.TILE_POINTS = whole
    engine.TILE_POINTS = 20
    found, complete = bound.grid(a, b, lambda done, total: done < 20)
    told["stopped"] = {
        "complete": complete,
        "computed": int(np.isfinite(found[0]).sum()),
        "same": bool((found == expected)[np.isfinite(found)].all()),
    }
    engine.TILE_POINTS = whole
    return told


def split() -> dict[str, Any]:
    """Samples split over blocks, as a grid of 16 points asks for, and each point's by one thread: the same bits."""
    told: dict[str, Any] = {}
    for name in ("tiles", "softmax over samples"):
        bound = plane_of(losses()[name]).bound("float32", Outputs(gradient=True))
        launches = [Counted(kernel) for kernel in bound.code.phases]
        bound.code.__dict__["phases"] = launches
        parts, _ = bound.grid(A[:4], B[:2], None)
        whole, running.PART_BYTES = running.PART_BYTES, 0
        expected, _ = bound.grid(A[:4], B[:2], None)
        running.PART_BYTES = whole
        told[name] = {"same": bool((parts == expected).all()), "blocks": [launch.blocks for launch in launches]}
    return told


class Counted:
    """A kernel that keeps of how many blocks it was launched, and is launched by one thread at a time, as the simulator
    wants it."""

    lock = threading.Lock()

    def __init__(self, kernel: Any) -> None:
        self.kernel, self.blocks, self.threads = kernel, list[Any](), set[int]()

    def __getitem__(self, place: Any) -> Callable[..., None]:
        def launch(*arguments: Any) -> None:
            with self.lock:
                self.blocks.append(place[0])
                self.threads.add(threading.get_ident())
                self.kernel[place](*arguments)

        return launch


def devices() -> dict[str, Any]:
    """Two devices, both of them the simulator's: the same bits as of one, and progress that adds up."""
    bound = plane_of(classifier(samples=9, hidden=3)).bound("float32", Outputs(gradient=True))
    a, b = np.linspace(-1, 1, 20), B[:6]
    expected, _ = bound.grid(a, b, None)
    kernel = bound.code.__dict__["kernel"] = Counted(bound.code.kernel)
    whole, worth, engine.TILE_POINTS, engine.WORTH_ANOTHER = engine.TILE_POINTS, engine.WORTH_ANOTHER, 20, 1.0
    engine.devices = lambda: [0, 0]
    steps: list[tuple[int, int]] = []

    def both(done: int, total: int) -> None:
        steps.append((done, total))
        time.sleep(0.05)

    found, complete = bound.grid(a, b, both)
    stopped, ended = bound.grid(a, b, lambda done, total: False)
    try:
        bound.grid(a, b, lambda done, total: 1 // 0)
        raised = False
    except ZeroDivisionError:
        raised = True
    engine.TILE_POINTS, engine.WORTH_ANOTHER, engine.devices = whole, worth, running.devices
    return {
        "same": bool((found == expected).all()), "complete": complete, "steps": steps, "threads": len(kernel.threads),
        "stopped": not ended, "computed": float(np.isfinite(stopped[0]).mean()),
        "right": bool((stopped == expected)[np.isfinite(stopped)].all()), "raised": raised,
    }  # fmt: skip


def tried() -> dict[str, Any]:
    """A device that passes its trial, and one whose values are off by a thousandth."""
    passed, real = trial.fault(((2, 8), (3, 3))), BoundProgram.grid

    def off(bound: BoundProgram, *arguments: Any) -> Any:
        found, complete = real(bound, *arguments)
        found[1] *= 1.001
        return found, complete

    BoundProgram.grid = off  # type: ignore[method-assign, assignment]
    failed = trial.fault(((2, 8),))
    BoundProgram.grid = real  # type: ignore[method-assign]
    return {"passed": passed, "failed": failed}


def library() -> dict[str, Any]:
    """The same through the library: a surface with all that it may have, batched losses and gradients."""
    random = np.random.default_rng(0)
    data = {"X": random.normal(size=(3, 12)), "Y": random.normal(size=(2, 12))}
    problem = af.Problem("||A*sigmoid(B*X + C) - Y||_2", data, {"B": (4, None)})
    plane = af.Plane.random(problem, problem.init(1), seed=2)
    asked: dict[str, Any] = {"resolution": (4, 6), "dtype": "float64", "gradient": True, "curvature": True}
    ours, oracle = (
        problem.surface(plane, gradient_norm=True, progress=False, backend=name, **asked) for name in ("cuda", "numpy")
    )
    points = random.normal(size=(5, problem.size))
    told: dict[str, Any] = {
        name: float(np.abs(getattr(ours, name) - getattr(oracle, name)).max())
        for name in ("loss", "gradient", "curvature", "gradient_norm")
    }
    told["method"] = ours.method
    told["auto"] = problem.surface(plane, 3, progress=False).method
    told["points"] = float(np.abs(problem.loss(points, backend="cuda") - problem.loss(points, backend="numpy")).max())
    whole, engine.TILE_POINTS = engine.TILE_POINTS, 2
    threads, engine.THREADS = engine.THREADS, 2
    told["tiles"] = float(np.abs(problem.loss(points, backend="cuda") - problem.loss(points, backend="numpy")).max())
    engine.TILE_POINTS, engine.THREADS = whole, threads
    told["one"] = abs(problem.loss(points[0], backend="cuda") - problem.loss(points[0], backend="numpy"))
    slopes = [problem.gradient(points, backend=name) for name in ("cuda", "numpy")]
    told["slopes"] = float(np.abs(slopes[0] - slopes[1]).max())
    return told


def example(name: str, dtype: str) -> float:
    """A few points of an example, on all its data."""
    problem = EXAMPLES[name].problem()
    plane = af.Plane.random(problem, problem.init(1), seed=2) if problem.size > 2 else af.Plane.default(problem)
    ours, oracle = (
        problem.surface(plane, 2, dtype=kind, progress=False, backend=backend).loss
        for kind, backend in ((dtype, "cuda"), ("float64", "numpy"))
    )
    return float(np.abs(ours - oracle).max() / np.abs(oracle).max())


def training(optimizer: Optimizer, dtype: str) -> float:
    """A run of 3 steps on 3 samples."""
    found, expected = (
        network(3).train(optimizer, 3, seed=6, dtype=kind, backend=backend, progress=False)
        for kind, backend in ((dtype, "cuda"), ("float64", "cpu"))
    )
    return runs_apart([found], [expected])


def many(problem: af.Problem, batch_size: int | None, dtype: str) -> float:
    """Four runs at once, of two kinds of rule, each against itself alone."""
    how: dict[str, Any] = {"batch_size": batch_size, "progress": False}
    found = problem.train_many(MANY, 2, SEEDS, dtype=dtype, backend="cuda", **how)
    return runs_apart(found, [problem.train(o, 2, s, **how) for o, s in zip(MANY, SEEDS, strict=True)])


def shared(batch_size: int | None) -> dict[str, Any]:
    """Five runs on one device, and two and three of them on two, both of them the simulator's: the same bits."""
    problem, launches = network(), list[Counted]()

    def launchable(source: Any) -> Counted:
        launches.append(Counted(compilation.launchable(source)))
        return launches[-1]

    def train() -> tuple[list[Any], Counted]:
        runs.training_code.cache_clear()
        found = problem.train_many(af.Adam(0.05), 2, range(5), None, batch_size, "float32", "cuda", progress=False)
        return [array for run in found for array in (run.weights, run.loss)], launches[-1]

    few = limits.Limits(processors=2, threads=1024, blocks=16, registers=65536, shared=65536)
    runs.launchable, lanes.limits_of_device = launchable, lambda device: few  # type: ignore[attr-defined]
    expected, alone = train()
    lanes.devices = lambda: [0, 0]  # type: ignore[attr-defined]
    found, both = train()
    runs.launchable, lanes.limits_of_device = compilation.launchable, limits.limits_of_device  # type: ignore[attr-defined]
    lanes.devices = running.devices  # type: ignore[attr-defined]
    return {
        "same": all((x == y).all() for x, y in zip(found, expected, strict=True)),
        "moved": all(np.ptp(x, axis=0).all() for x in found), "threads": [len(x.threads) for x in (alone, both)],
        "blocks": [sorted({*x.blocks}) for x in (alone, both)],
    }  # fmt: skip


def diverging() -> dict[str, Any]:
    """One of two runs ends early, the other goes on."""
    problem = af.Problem("x^4", weights={"x": (1, 1)})
    found = problem.train_many([af.SGD(0.01), af.SGD(1e9)], 5, start=[[1.0], [1.0]], backend="cuda", progress=False)
    expected = [problem.train(o, 5, start=[1.0], progress=False) for o in (af.SGD(0.01), af.SGD(1e9))]
    return {
        "diverged": [run.diverged_at for run in found],
        "expected": [run.diverged_at for run in expected],
        "apart": runs_apart(found[:1], expected[:1]),
    }


class Allocations(dict[Any, Any]):
    """The shared arrays of a block, by the line that asks for them. Numba's simulator looks for one and puts it there
    in two steps, between which another thread may do the same and have an array of its own: here the first to find
    none holds the others up until it is there."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def get(self, line: Any, default: Any = None) -> Any:
        self.lock.acquire()
        found = super().get(line)
        if found is not None:
            self.lock.release()
        return found

    def __setitem__(self, line: Any, array: Any) -> None:
        super().__setitem__(line, array)
        self.lock.release()


def share_arrays() -> None:
    from numba.cuda.simulator.kernelapi import FakeCUDAShared

    begin = FakeCUDAShared.__init__

    def begun(self: Any, size: int) -> None:
        begin(self, size)
        self._allocations = Allocations()

    FakeCUDAShared.__init__ = begun


def checks() -> Iterator[tuple[str, Check]]:
    for dtype in ("float32", "float64"):
        for name in PRIMITIVES:
            yield f"primitive {name} {dtype}", lambda n=name, t=dtype: primitive(n, t)  # type: ignore[misc]
        for name in losses():
            outputs = Outputs(gradient=name not in ("wide tiles", "formed", "unheld", "blocks"))
            yield f"loss {name} {dtype}", lambda n=name, t=dtype, o=outputs: loss(n, t, o)  # type: ignore[misc]
    for name in ("regression", "softmax over samples"):
        yield f"all {name}", lambda n=name: _error(plane_of(losses()[n]), "float64", EVERYTHING, A, B[:3])  # type: ignore[misc]
    for dtype in ("float32", "float64"):
        for optimizer in OPTIMIZERS:
            name = type(optimizer).__name__
            yield f"training {name} {dtype}", lambda o=optimizer, t=dtype: training(o, t)  # type: ignore[misc]
        yield f"many whole {dtype}", lambda t=dtype: many(network(), None, t)  # type: ignore[misc]
        yield f"many batches {dtype}", lambda t=dtype: many(network(), 3, t)  # type: ignore[misc]
        yield f"many statistics {dtype}", lambda t=dtype: many(statistics(5), 3, t)  # type: ignore[misc]
        for name in EXAMPLES:
            yield f"example {name} {dtype}", lambda n=name, t=dtype: example(n, t)  # type: ignore[misc]
    for dtype in ("float32", "float64"):
        for name in RACED:
            yield f"blocks {name} {dtype}", lambda n=name, t=dtype: blocks(n, t)  # type: ignore[misc]
    for size in (None, 3):
        yield f"shared {size}", lambda n=size: shared(n)  # type: ignore[misc]
    yield "diverging", diverging
    yield "texts", texts
    yield "tiles", tiles
    yield "split", split
    yield "devices", devices
    yield "tried", tried
    yield "library", library


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    share_arrays()
    # The simulator asks its threads again and again whether they wait, and lets none of them go on meanwhile.
    sys.setswitchinterval(1e-4)
    print(json.dumps({name: check() for name, check in checks()}))
