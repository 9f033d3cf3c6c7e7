"""One surface computed by Atlas Fast and by JAX, in turn in one process, and the answers compared.

Call `prepare()` before anything imports JAX.
"""

import atexit
import math
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import jax_peer
import jax_surface
import numpy as np
from numpy.typing import NDArray

from atlas_fast import kernels
from atlas_fast.kernels import execution
from atlas_fast.language.tree import Node

Array = NDArray[Any]
Weights = Mapping[str, Array]
Result = TypeVar("Result")


SETTLING = 0.05
"""Seconds for which a short call is repeated each time that it is measured."""

PAUSE = 0.02
"""Seconds of rest before a program's turn."""

LONG = 10.0
"""Seconds of a call that is not worth more than two rounds."""

TRIAL = 16
"""Layouts of JAX are first tried on one part in so many of the grid's rows."""

PROMISING = 1.4
"""How many times as long as the best a layout may take there for a point to be measured on the whole grid."""


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
class Times:
    """Seconds of a call: the median, and the least, which another process on the machine disturbs less."""

    median: float
    least: float


@dataclass(frozen=True)
class Pair:
    """One output of a surface (the loss, or the loss with derivatives), ours and JAX's best."""

    ours: Times
    jax: Times
    variant: jax_surface.Variant
    first_ours: float
    first_jax: float
    """First calls in seconds, which compile."""
    deviation: float
    """The largest difference of ours and JAX's on the whole surface, relative to the largest value."""

    @property
    def ratio(self) -> float:
        return self.jax.median / self.ours.median

    @property
    def least_ratio(self) -> float:
        """JAX's least time over our least, beside `ratio`, that of the medians."""
        return self.jax.least / self.ours.least


def prepare() -> int:
    """A device a core for JAX, which must not be imported yet; returns the number of devices."""
    # A BLAS chosen for another machine would slow everything that NumPy does.
    os.environ.pop("OPENBLAS_CORETYPE", None)
    forget_kernels()
    return jax_surface.use_devices()


def forget_kernels() -> None:
    """Make the next kernel compile: nothing is kept in memory, and the cache on disk is a new, empty folder."""
    for kept in (execution.compile_body, execution.plane):
        kept.cache_clear()
    folder = tempfile.mkdtemp(prefix="atlas-benchmark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["ATLAS_CACHE_DIR"] = folder


def vector_bits() -> int:
    """Bits of the vectors that our kernels use on this machine."""
    from atlas_fast.kernels.cpu.machine import host

    return host().vector_bits


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


def first(function: Callable[[], Result]) -> tuple[float, Result]:
    """The seconds of a call, and what it returned."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def settled(function: Callable[[], Any]) -> float:
    """The seconds of a call that follows some of its own kind, where those cost little: the first after another
    program's meets that one's threads, which wait for work for a while, and caches that it filled. A pause comes
    before, for all alike: XLA's threads wait by spinning, on the cores that are measured."""
    time.sleep(PAUSE)
    times = [timed(function)]
    while sum(times) < SETTLING and len(times) < 50:
        times.append(timed(function))
    return statistics.median(times[1:] or times)


def in_turn(
    ours: Sequence[Callable[[], Any]],
    rivals: Sequence[Sequence[Callable[[], Any]]],
    rounds: int,
    seconds: float = math.inf,
) -> tuple[list[Times], list[list[Times]]]:
    """The times of each function. A round runs each once, so that a change of the machine's pace meets all.

    rivals: groups of which only the best counts: after the first round those stop that took twice as long as the best
    of their group, after the second those that took 1.25 times. What takes LONG stops after two rounds. seconds:
    after so many no new round starts once there are two.
    """
    groups = [list(ours), *(list(group) for group in rivals)]
    times: list[list[list[float]]] = [[[] for _ in group] for group in groups]
    running = [list(range(len(group))) for group in groups]
    start = time.perf_counter()
    for number in range(rounds):
        if number >= 2 and time.perf_counter() - start > seconds:
            break
        for which, (group, found, still) in enumerate(zip(groups, times, running, strict=True)):
            for index in still:
                found[index].append(settled(group[index]))
            if which > 0:
                best = min((min(found[index]) for index in still), default=0.0)
                still[:] = [index for index in still if min(found[index]) <= (2 if number == 0 else 1.25) * best]
            if number > 0:
                still[:] = [index for index in still if found[index][-1] < LONG]
    mine, *theirs = [[_times(found) for found in group] for group in times]
    return mine, theirs


def _times(found: Sequence[float]) -> Times:
    return Times(statistics.median(found), min(found))


def surface(place: Landscape, **outputs: bool) -> Callable[[], Array]:
    """A function that computes our float32 surface with these outputs: what is computed once for the plane, too."""

    def compute() -> Array:
        kernel = kernels.plane(place.program, dtype="float32", **outputs)
        return kernel.bind(place.data, place.center, place.u, place.v)(place.a, place.b)

    return compute


def rival(place: Landscape, variant: jax_surface.Variant) -> jax_surface.Surface:
    """JAX's surface, not compiled yet."""
    maths = jax_peer.jax_maths("float32")
    return jax_surface.Surface(
        lambda weights: jax_peer.evaluate(place.root, place.data, weights, maths),
        place.center, place.u, place.v, place.a, place.b, variant,
    )  # fmt: skip


def trial(place: Landscape, variants: Sequence[jax_surface.Variant]) -> list[jax_surface.Variant]:
    """The variants that are worth measuring on the whole grid, by their time a point on a part of it."""
    part = replace(place, b=place.b[: -(-len(place.b) // TRIAL)])
    tried = [rival(part, variant) for variant in variants]
    for each in tried:
        each.compute()
    _, (times,) = in_turn([], [[each.compute for each in tried]], rounds=2)
    a_point = [found.least / each.points for found, each in zip(times, tried, strict=True)]
    return [variant for variant, seconds in zip(variants, a_point, strict=True) if seconds <= PROMISING * min(a_point)]


def compete(place: Landscape, variants: Sequence[jax_surface.Variant], rounds: int) -> Pair:
    """Both surfaces of the loss in float32 with everything compiled."""
    forget_kernels()
    ours = surface(place)
    first_ours = timed(ours)
    variants = trial(place, variants)
    rivals = [rival(place, variant) for variant in variants]
    first_jax = [timed(each.compute) for each in rivals]
    (mine,), (theirs,) = in_turn([ours], [[each.compute for each in rivals]], rounds)
    best = fastest(theirs)
    apart = deviation(ours()[:1], rivals[best].values())
    return Pair(mine, theirs[best], variants[best], first_ours, first_jax[best], apart)


def fastest(times: Sequence[Times]) -> int:
    return min(range(len(times)), key=lambda index: times[index].median)


def deviation(ours: Array, theirs: Array) -> float:
    """The largest difference, relative to the largest value. Where both overflow they agree."""
    with np.errstate(invalid="ignore"):
        apart = np.where(np.isfinite(ours) | np.isfinite(theirs), np.abs(ours - theirs), 0)
    return float(apart.max() / np.abs(ours[np.isfinite(ours)]).max(initial=1e-30))
