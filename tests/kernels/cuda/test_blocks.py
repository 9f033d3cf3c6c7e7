"""A block of threads for each point: the same numbers, whatever they share and in whatever order, and no race."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from cuda_check import EVERYTHING, TOLERANCE, A, B, Plane, error_of, generated, scale_of, stays_small
from device_cases import RACED, WIDE, forget, losses, plane_of, row_error, row_of
from networks import classifier
from turns import Block, Watched

import atlas_fast as af
from atlas_fast.kernels import reference
from atlas_fast.kernels.cuda import engine, host, patches, shares, vectors
from atlas_fast.kernels.cuda.code import BlockCode, ThreadCode, code_of
from atlas_fast.kernels.cuda.engine import BoundProgram
from atlas_fast.kernels.cuda.layout import MOST_HELD
from atlas_fast.kernels.cuda.patches import Patch, parts_of_gram, parts_of_sum, patch_of
from atlas_fast.kernels.cuda.targets import function_of
from atlas_fast.kernels.derivative import gradient
from atlas_fast.kernels.outputs import Outputs
from atlas_fast.kernels.primitives import PRIMITIVES
from atlas_fast.kernels.uniforms import Array

GRADIENT = Outputs(gradient=True)

NORM = Outputs(gradient_norm=True)


@pytest.fixture(params=[32, 1], ids=["as on a device", "large patches"])
def warps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Threads of a warp, by which patches are chosen: where they are few, larger ones are, not full at the edges."""
    monkeypatch.setattr(patches, "WARP", request.param)
    forget()
    yield request.param
    forget()


# The numbers


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", losses())
def test_every_loss(name: str, dtype: str, warps: int) -> None:
    """By NumPy, and as it is on a device translated for this machine; with derivatives, and all outputs of those that
    are not wide."""
    plane, a, b = plane_of(losses()[name]), A[::4], B[::3]
    for outputs in (GRADIENT, EVERYTHING):
        if outputs == EVERYTHING and name in WIDE:
            continue
        expected, largest = plane.expected(outputs, a, b)
        bound = plane.bound(dtype, outputs, by_blocks=True)
        assert isinstance(bound.code, BlockCode)
        more = 10 if outputs == EVERYTHING else 1
        for run in (vectors.grid, host.grid) if warps == patches.WARP == 32 else (vectors.grid,):
            found = run(bound, a, b)
            assert found.dtype == dtype
            assert error_of(found, expected, largest) < more * TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_of_many_points(name: str, dtype: str) -> None:
    row = row_of(name, dtype)
    count = len(next(iter(row.weights.values())))
    bound = BoundProgram(code_of(row.program, frozenset(), dtype, by_blocks=True), {})
    for found in (vectors.points(bound, row.weights, count), host.points(bound, row.weights, count)):
        assert row_error(row, found, name, dtype) < TOLERANCE[dtype]


@pytest.mark.usefixtures("warps")
@pytest.mark.parametrize("samples", [1, 7, 8, 9, 31, 32, 33, 64, 65, 150, 300])
def test_any_number_of_samples(samples: int) -> None:
    for hidden in (5, 70):
        plane = plane_of(classifier(samples=samples, hidden=hidden))
        expected, largest = plane.expected(NORM, A[:2], B[:2])
        found = host.grid(plane.bound("float64", NORM, by_blocks=True), A[:2], B[:2])
        assert error_of(found, expected, largest) < 1e-12


def test_generated_texts() -> None:
    compared = 0
    for seed, plane in generated(range(200)):
        expected, largest = plane.expected(GRADIENT, A[:2], B[:2])
        if not stays_small(expected, largest):
            continue
        compared += 1
        for dtype, tolerance in TOLERANCE.items():
            found = vectors.grid(plane.bound(dtype, GRADIENT, by_blocks=True), A[:2], B[:2])
            assert error_of(found, expected, scale_of(expected, largest)) < 4 * tolerance, (seed, dtype)
    assert compared > 150


def test_a_sum_in_float32_is_compensated() -> None:
    """100,000 equal terms that a plain float32 sum would lose digits of: its parts are as long as 3,000."""
    problem = af.Problem("sum(exp(w*X))", {"X": np.ones((1, 100_000))}, {"w": (1, 1)})
    one = np.full((1, 1), 0.1)
    plane = Plane(problem.program, {"X": np.ones((1, 100_000))}, *({"w": x * one} for x in (1, 1, 2)))
    found = host.grid(plane.bound("float32", Outputs(), by_blocks=True), np.array([0.3]), np.array([0.7]))[0, 0, 0]
    w = np.float32(np.float32(0.1) + np.float32(0.3) * np.float32(0.1) + np.float32(0.7) * np.float32(0.2))
    assert abs(found / (100_000 * float(np.exp(w))) - 1) < 1e-6


# Which losses


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_what_no_thread_can_hold_a_block_computes(dtype: str) -> None:
    """All weights' derivatives of a wide net are more numbers than a thread has registers."""
    plane = plane_of(losses()["wide tiles"])
    assert isinstance(plane.bound(dtype, GRADIENT).code, ThreadCode)
    bound = plane.bound(dtype, NORM)
    assert isinstance(bound.code, BlockCode)
    expected, largest = plane.expected(NORM, A[:3], B[:2])
    assert error_of(host.grid(bound, A[:3], B[:2]), expected, largest) < TOLERANCE[dtype]


def test_data_lie_as_threads_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples side by side, as they are copied; where there is no room for a copy, and only sums of products of samples
    read them, sample after sample."""
    for room, lies in ((shares.SHARED_BYTES, False), (0, True)):
        monkeypatch.setattr(shares, "SHARED_BYTES", room)
        forget()
        code = plane_of(losses()["classifier"]).bound("float32", NORM, by_blocks=True).code
        (places,) = code.shares.plans
        assert bool(places.by_sample) is lies and bool(places.copied) is not lies
        assert any(by_sample for _, by_sample in code.wanted) is lies
    forget()


def test_what_is_computed_by_threads_stays_in_registers() -> None:
    for name, loss in losses().items():
        code = plane_of(loss).bound("float64", EVERYTHING if name not in WIDE else GRADIENT).code
        assert isinstance(code, BlockCode) or code.layout.registers <= max(MOST_HELD.values()), name


def test_a_tile_has_points_for_all_blocks_of_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many operations each of them is."""
    monkeypatch.setattr(engine, "TILE_OPERATIONS", 1.0)
    plane = plane_of(losses()["classifier"])
    for by_blocks, least in ((False, 1), (True, engine.LEAST_POINTS - 200)):
        bound = plane.bound("float32", GRADIENT, by_blocks)
        sizes = [(r.stop - r.start) * (c.stop - c.start) for r, c in bound._tiles(200, 200)]
        assert sum(sizes) == 200 * 200 and min(sizes) >= least
    assert len(sizes) == 40


# Threads


def raced(bound: BoundProgram, given: list[Array], shape: tuple[int, int], order: list[int], blocks: int) -> Array:
    """Rows x columns points by blocks of threads that take turns in this order, and never race."""
    dtype = bound.code.source.dtype
    assert isinstance(bound.code, BlockCode)
    out = np.full((bound.code.output_size, *shape), np.nan, dtype)
    space = np.full(blocks * max(1, bound.code.shares.space), np.nan, dtype)
    kernel = function_of(bound.code.source, "numpy")
    for number in range(blocks):
        block = Block(order)
        kernel.__globals__["cuda"] = block.cuda(number)
        a, b, w, *watched = [*given, *(Watched(block, x.reshape(-1)) for x in (out, space))]
        with np.errstate(all="ignore"):
            block.run(lambda arrays=(a, b, bound.uniform, w, *watched): kernel(*arrays, *shape, blocks))  # type: ignore[misc]
        assert block.races == []
    return out


ORDERS = (([0, 1, 2], 1), ([4, 1, 3, 0, 2], 2))
"""Of threads, and how many blocks."""


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("room", ["all in shared memory", "some of it", "none of it"])
@pytest.mark.parametrize("name", RACED)
def test_no_order_of_threads_changes_a_bit_and_no_two_of_them_race(
    name: str, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "SHARED_BYTES", {"all": 1 << 20, "some": 400, "none": 0}[room.split()[0]])
    plane = plane_of(RACED[name])
    for outputs in (GRADIENT, NORM) if room == "some of it" else (NORM,):
        expected, largest = plane.expected(outputs, A[:3], B[:2])
        bound = plane.bound("float32", outputs, by_blocks=True)
        given = [A[:3].astype("float32"), B[:2].astype("float32"), np.zeros(1)]
        found = raced(bound, given, (2, 3), [0], 1)
        assert error_of(found, expected, largest) < 4 * TOLERANCE["float32"]
        for order, blocks in ORDERS:
            np.testing.assert_array_equal(raced(bound, given, (2, 3), order, blocks), found)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", RACED)
def test_many_points_with_their_own_weights_have_their_gradients(name: str) -> None:
    """Outputs that are matrices, which threads store that did not compute them."""
    loss = RACED[name]
    program, data = gradient(loss.program), loss.draw(loss.program.data, 7)
    bound = BoundProgram(code_of(program, frozenset(program.data), "float64", by_blocks=True), data)
    drawn = [loss.draw(loss.program.weights, seed) for seed in range(3)]
    weights = {name: np.stack([each[name] for each in drawn]) for name in loss.program.weights}
    given = [np.zeros(3), np.zeros(1), bound.weight_rows(weights, 3).reshape(-1)]
    found = raced(bound, given, (1, 3), [0], 1)
    for point, each in enumerate(drawn):
        wanted = reference.evaluate(program, {**data, **each})
        flat = np.concatenate([x.reshape(-1) for x in wanted])
        assert np.abs(found[:, 0, point] - flat).max() < 1e-12 * np.abs(flat).max()
    for order, blocks in ORDERS:
        np.testing.assert_array_equal(raced(bound, given, (1, 3), order, blocks), found)


# Patches


def test_a_patch_reads_less_for_each_multiplication_where_there_are_elements_for_all_threads() -> None:
    assert patch_of(3, 4, 1, "float32") == Patch(1, 1)
    assert patch_of(128, 128, 1, "float32").size == 32
    assert patch_of(128, 128, 1, "float64").size == patch_of(128, 128, 2, "float32").size == 16
    assert patch_of(2, 4096, 1, "float32").rows == 2


def test_samples_are_split_where_a_sum_has_few_elements() -> None:
    patch, parts = parts_of_gram(64, 64, 64, 1797, "float32")
    assert patch.size == 32 and parts == 1
    patch, parts = parts_of_gram(3, 4, 75, 150, "float32")
    assert patch == Patch(1, 1) and parts > 1
    patch, parts = parts_of_sum(1, 0, 0, 75, 150, "float32")
    assert patch == Patch(1, 1) and 1 < parts <= 32
    assert parts_of_sum(1, 0, 0, 1, 1, "float32") == (Patch(1, 1), 1)
