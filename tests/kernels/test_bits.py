"""The same bits, whatever the threads, the vectors, the tiles, the registers and the process."""

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import LOSSES, Array, Case, Loss, bumps, centred, classifier, deep, regression, softmax_over_samples

from atlas_fast import kernels
from atlas_fast.kernels import Builder, execution
from atlas_fast.kernels.cpu import driver
from atlas_fast.kernels.derivative import gradient
from atlas_fast.kernels.plan import Plan, make_plan
from atlas_fast.kernels.primitives import PRIMITIVES
from atlas_fast.kernels.streams import Body

A = np.linspace(-1.0, 1.0, 45)
B = np.linspace(-0.5, 0.75, 23)

CASES = {
    # 151 samples: whole blocks, whole groups of samples in registers, and what is left over from both.
    "classifier": lambda: classifier(samples=151, hidden=5).case(),
    "regression": lambda: regression(samples=70, hidden=9).case(),
    "centred": lambda: centred(samples=37).case(),
    "softmax over samples": lambda: softmax_over_samples(samples=131).case(),
    "bumps": lambda: bumps().case(),
}

VARIANTS = [("float32", False), ("float32", True), ("float64", False), ("float64", True)]


# Each width is compiled: the programs that take long to compile in half of the variants.
WIDENED = [
    (name, *variant)
    for name in CASES
    for variant in VARIANTS
    if name in ("regression", "bumps") or variant in (("float32", True), ("float64", False))
]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]()


@pytest.fixture
def always_in_parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads for the smallest grid too, on two or more cores."""
    monkeypatch.setattr(driver, "WORTH_A_THREAD", 0)


def assert_same_bits(found: Array, expected: Array) -> None:
    """Equal as whole numbers, and not a number where the other is not."""
    assert found.dtype == expected.dtype and found.shape == expected.shape
    kind = np.int32 if found.dtype == np.float32 else np.int64
    same = (found.view(kind) == expected.view(kind)) | (np.isnan(found) & np.isnan(expected))
    assert same.all(), f"{np.count_nonzero(~same)} of {same.size} differ, the first: {found[~same][0]!r}"


ASKED = [
    dict(zip(("gradient", "curvature", "gradient_norm"), asked, strict=True))
    for asked in itertools.product((False, True), repeat=3)
]


@pytest.mark.parametrize("across", ["points", "samples"])
@pytest.mark.parametrize("name", LOSSES)
def test_an_output_is_the_same_whatever_else_is_asked_for(name: str, across: str) -> None:
    case = LOSSES[name]().case()
    found = []
    for asked in ASKED:
        bound = case.bound("float32", **asked, across=across)
        values = bound(A[:9], B[:3])
        found.append({output: values[place] for output, place in bound.kernel.outputs.places.items()})
    for outputs in found[:-1]:
        for output, values in outputs.items():
            assert_same_bits(values, found[-1][output])


@pytest.mark.usefixtures("always_in_parallel")
def test_threads_tiles_and_widths_of_second_derivatives(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLAS_THREADS", "1")
    alone = case.bound("float32", **ASKED[-1], lanes=4)(A, B)
    monkeypatch.setenv("ATLAS_THREADS", "2")
    assert_same_bits(case.bound("float32", **ASKED[-1])(A, B, tile=8), alone)


@pytest.mark.usefixtures("always_in_parallel")
@pytest.mark.parametrize(("dtype", "slopes"), VARIANTS)
def test_threads_and_tiles(case: Case, dtype: str, slopes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = case.bound(dtype, slopes)
    monkeypatch.setenv("ATLAS_THREADS", "1")
    assert driver.thread_count() == 1
    alone = bound(A, B)
    assert np.isfinite(alone).any()
    for threads in ("1", "2"):
        monkeypatch.setenv("ATLAS_THREADS", threads)
        for tile in (8, 64):
            assert_same_bits(bound(A, B, tile=tile), alone)
            assert_same_bits(bound(A, B, tile=tile, progress=lambda done, total: True), alone)


@pytest.mark.parametrize(("name", "dtype", "slopes"), WIDENED)
def test_vector_widths(name: str, dtype: str, slopes: bool) -> None:
    case = CASES[name]()
    narrow = case.bound(dtype, slopes, lanes=4, across="points")(A, B)
    for lanes in (8, 16):
        assert_same_bits(case.bound(dtype, slopes, lanes=lanes, across="points")(A, B), narrow)


@pytest.mark.parametrize(("name", "dtype", "slopes"), WIDENED)
def test_vector_widths_where_lanes_are_samples(name: str, dtype: str, slopes: bool) -> None:
    """A longer vector of samples is several shorter ones, whose sums are joined in the order of its lanes."""
    case = CASES[name]()
    narrow = case.bound(dtype, slopes, lanes=2, across="samples")(A[:7], B[:5])
    for lanes in (4, 8, 16) if dtype == "float32" else (4, 8):
        assert_same_bits(case.bound(dtype, slopes, lanes=lanes, across="samples")(A[:7], B[:5]), narrow)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", [name for name, row in PRIMITIVES.items() if row.cost == "special" and row.arity == 1])
def test_every_function_at_every_width(op: str, dtype: str) -> None:
    """Also where a part of a vector's lanes leaves the common way, as large numbers do in sin."""
    builder = Builder()
    program = builder.build(builder.emit(op, builder.weight("x", (1, 1))))
    random = np.random.default_rng(2)
    bits = random.integers(0, 2**64, 4_001, dtype=np.uint64).view(dtype)
    x = np.concatenate([bits[~np.isnan(bits)], random.normal(size=4_001), random.normal(size=4_000) * 1e5, [np.nan]])
    zero, one = {"x": np.zeros((1, 1))}, {"x": np.ones((1, 1))}
    narrow, *wider = (
        kernels.plane(program, dtype=dtype, lanes=lanes).bind({}, zero, one, zero)(x, np.zeros(1))
        for lanes in (1, 4, 8, 16)
    )
    assert np.isfinite(narrow).mean() > 0.4
    for found in wider:
        assert_same_bits(found, narrow)


@pytest.mark.usefixtures("forget_compiled")
@pytest.mark.parametrize("make", [classifier, deep, regression])
def test_registers(make: Callable[[int], Loss], monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with fewer registers computes smaller blocks of rows at a time, to the same bits."""
    case, results = make(70).case(), []
    for accumulators in (12, 1, 8, 24):

        def planned(body: Body, _: int, *others: Any, own: int = accumulators) -> Plan:
            return make_plan(body, own, *others)

        monkeypatch.setattr(execution, "make_plan", planned)
        execution.compile_body.cache_clear()
        execution.plane.cache_clear()
        results.append(case.bound("float32", False)(A, B[:3]))
    for result in results[1:]:
        assert_same_bits(result, results[0])


def test_a_part_of_the_grid_is_a_part_of_the_surface(case: Case) -> None:
    """A point's value does not depend on its neighbours, nor on its place in a vector."""
    bound = case.bound("float32")
    whole = bound(A, B)
    assert_same_bits(bound(A[7:12], B[3:5]), np.ascontiguousarray(whole[:, 3:5, 7:12]))
    assert_same_bits(bound(A[::-1], B[::-1]), np.ascontiguousarray(whole[:, ::-1, ::-1]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_point_is_one_of_many(dtype: str) -> None:
    """The trainer's single point runs without vectors, to the same bits."""
    case = regression(samples=70, hidden=9).case()
    program, random = gradient(case.loss.program), np.random.default_rng(0)
    points = {n: random.normal(size=(20, *shape)) for n, shape in case.loss.program.weights.items()}
    bound = kernels.points(program, dtype=dtype).bind(case.data)
    together = bound(points)
    for k in (0, 7, 19):
        for one, many in zip(bound({n: p[k : k + 1] for n, p in points.items()}), together, strict=True):
            assert_same_bits(one, np.ascontiguousarray(many[k : k + 1]))


@pytest.mark.usefixtures("always_in_parallel")
def test_two_threads_of_python_at_once() -> None:
    """Both on the same kernel and on different ones, many times over."""
    cases = [CASES["regression"](), CASES["bumps"]()]
    bounds = [case.bound("float32") for case in cases] * 2
    expected = [bound(A, B) for bound in bounds]
    together = threading.Barrier(len(bounds))

    def repeatedly(bound: Callable[..., Array]) -> list[Array]:
        together.wait()
        return [bound(A, B) for _ in range(10)]

    with ThreadPoolExecutor(len(bounds)) as pool:
        for results, one in zip(pool.map(repeatedly, bounds), expected, strict=True):
            for result in results:
                assert_same_bits(result, one)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.parametrize("threads", ["1", "2"])
def test_after_a_fork(threads: str, tmp_path: Path) -> None:
    """The parent has run in parallel before; the child runs what was compiled, and compiles something new."""
    # In a process of its own: other tests have loaded JAX, whose threads a fork may leave locked.
    script = Path(__file__).with_name("forking.py")
    environment = {**os.environ, "ATLAS_THREADS": threads}
    subprocess.run([sys.executable, str(script), str(tmp_path)], env=environment, check=True, timeout=120)
    for name in ("old", "new"):
        assert_same_bits(np.load(tmp_path / f"child-{name}.npy"), np.load(tmp_path / f"parent-{name}.npy"))


@pytest.mark.parametrize("name", LOSSES)
def test_twice_is_the_same(name: str) -> None:
    case = LOSSES[name]().case()
    bound = case.bound("float32")
    assert_same_bits(bound(A, B), bound(A, B))
