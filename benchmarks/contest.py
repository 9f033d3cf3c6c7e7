"""One surface computed by Atlas Fast and by JAX, in turn in one process, and the answers compared.

Call `prepare()` before anything imports JAX.
"""

import atexit
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax_peer
import numpy as np
from numpy.typing import NDArray

from atlas_fast import kernels
from atlas_fast.kernels import execution
from atlas_fast.language.tree import Node

Array = NDArray[Any]
Weights = Mapping[str, Array]


@dataclass(frozen=True)
class Landscape:
    """A loss and where to look at it. center, u, v: a matrix a weight. a, b: the grid's coordinates."""

    name: str
    root: Node
    program: kernels.Program
    data: Mapping[str, Array]
    center: Weights
    u: Weights
    v: Weights
    a: Array
    b: Array

    def weights(self, a: float, b: float) -> dict[str, Array]:
        return {name: self.center[name] + a * self.u[name] + b * self.v[name] for name in self.center}


@dataclass(frozen=True)
class Outcome:
    """Medians and first calls in seconds; largest deviations, relative to the largest loss compared."""

    ours: float
    jax: float
    least_ratio: float
    """JAX's least time over our least, beside `ratio`, that of the medians."""
    variant: jax_peer.Variant
    first_ours: float
    first_jax: float
    deviation: float
    error_ours: float
    error_jax: float
    operations: int
    """Floating-point operations a point by the plan's own count: a multiply-add is two, an exp or a division one."""

    @property
    def ratio(self) -> float:
        return self.jax / self.ours


def prepare() -> int:
    """A device a core for JAX, which must not be imported yet; returns the number of devices."""
    # A BLAS chosen for another machine would slow everything that NumPy does.
    os.environ.pop("OPENBLAS_CORETYPE", None)
    forget_kernels()
    return jax_peer.use_devices()


def forget_kernels() -> None:
    """Make the next kernel compile: nothing is kept in memory, and the cache on disk is a new, empty folder."""
    execution.compile_body.cache_clear()
    folder = tempfile.mkdtemp(prefix="atlas-benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["ATLAS_CACHE_DIR"] = folder


def start_driver() -> float:
    """Compile the one generic parallel driver, or load it, with a loss of no weight; returns the seconds."""
    start = time.perf_counter()
    builder = kernels.Builder()
    program = builder.build(builder.weight("x", (1, 1)))
    one = {"x": np.ones((1, 1))}
    kernels.plane(program, dtype="float32").bind({}, one, one, one)(np.arange(64.0), np.arange(64.0))
    return time.perf_counter() - start


def timed(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


@dataclass(frozen=True)
class Times:
    """Seconds of a call: the median, and the least, which another process on the machine disturbs less."""

    median: float
    least: float


def in_turn(functions: list[Callable[[], Any]], rounds: int) -> list[Times]:
    """The times of each function. A round runs each once, so that a change of the machine's pace meets
    all.

    After two rounds those that take more than twice as long as the best of JAX (all but the first) stop.
    """
    times: list[list[float]] = [[] for _ in functions]
    running = list(range(len(functions)))
    for number in range(rounds):
        for index in running:
            times[index].append(timed(functions[index]))
        if number == 1:
            best = min(min(found) for found in times[1:])
            running = [index for index in running if index == 0 or min(times[index]) < 2 * best]
    return [Times(statistics.median(found), min(found)) for found in times]


def compete(place: Landscape, variants: list[jax_peer.Variant], rounds: int, samples: int = 64) -> Outcome:
    """Both surfaces in float32 with everything compiled, and how far they are from float64 at some points.

    Our time includes what is computed once for the whole plane, as it would be for a new plane.
    """

    def ours() -> Array:
        bound = kernels.plane(place.program, dtype="float32").bind(place.data, place.center, place.u, place.v)
        return bound(place.a, place.b)[0]

    forget_kernels()
    first_ours = timed(ours)
    rivals, first_jax = [], []
    for variant in variants:
        rival = jax_peer.Surface(
            lambda weights: jax_peer.evaluate(place.root, place.data, weights, jax_peer.jax_maths("float32")),
            place.center, place.u, place.v, place.a, place.b, variant,
        )  # fmt: skip
        first_jax.append(timed(rival.compute))
        rivals.append(rival)
    mine, *theirs = in_turn([ours, *(rival.compute for rival in rivals)], rounds)
    cost = kernels.plane(place.program, dtype="float32").plan.cost
    best = int(np.argmin([times.median for times in theirs]))
    least_ratio = min(times.least for times in theirs) / mine.least
    deviation, error_ours, error_jax = compare(place, ours(), rivals[best].losses(), samples)
    return Outcome(
        ours=mine.median,
        jax=theirs[best].median,
        least_ratio=least_ratio,
        variant=variants[best],
        first_ours=first_ours,
        first_jax=first_jax[best],
        deviation=deviation,
        error_ours=error_ours,
        error_jax=error_jax,
        operations=sum(cost.values()) + cost["fma"],
    )


def compare(place: Landscape, ours: Array, jax: Array, samples: int) -> tuple[float, float, float]:
    """Largest differences of ours and JAX's everywhere, and of each from float64 at some points, each
    relative to the largest loss compared. Where both overflow they agree."""
    with np.errstate(invalid="ignore"):
        apart = np.where(np.isfinite(ours) | np.isfinite(jax), np.abs(ours - jax), 0)
    scale = np.abs(ours[np.isfinite(ours)]).max(initial=1e-30)
    random = np.random.default_rng(0)
    rows, columns = random.integers(0, len(place.b), samples), random.integers(0, len(place.a), samples)
    exact = [
        float(jax_peer.evaluate(place.root, place.data, place.weights(place.a[j], place.b[i])))
        for i, j in zip(rows, columns, strict=True)
    ]
    largest = max(np.abs(exact).max(), 1e-30)
    errors = (np.abs(surface[rows, columns] - exact).max() / largest for surface in (ours, jax))
    return float(apart.max() / scale), *errors
