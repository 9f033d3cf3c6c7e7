"""The kernel's text, run by NumPy: every primitive, loss and output in either precision, and generated texts."""

import re

import numpy as np
import pytest
from cuda_check import EVERYTHING, TOLERANCE, A, B, Plane, error_of, generated, scale_of, stays_small
from device_cases import WIDE, losses, plane_of, row_error, row_of
from networks import classifier

from atlas_fast.kernels import Builder
from atlas_fast.kernels.cuda import vectors
from atlas_fast.kernels.cuda.code import ThreadCode, code_of
from atlas_fast.kernels.cuda.engine import BoundProgram
from atlas_fast.kernels.cuda.lowering import LOOPS, LOWERINGS
from atlas_fast.kernels.outputs import Outputs
from atlas_fast.kernels.primitives import PRIMITIVES

LOSSES = losses()

SEEDS = [*range(200), 1522]
"""1522: a product that two sweeps compute, in one of them with its operand in its loop."""


def test_every_primitive_has_a_lowering_and_nothing_else_has() -> None:
    assert {*LOWERINGS, *LOOPS} == set(PRIMITIVES)
    assert set(LOWERINGS) == {name for name, row in PRIMITIVES.items() if row.elementwise}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive(name: str, dtype: str) -> None:
    row = row_of(name, dtype)
    count = len(next(iter(row.weights.values())))
    found = vectors.points(BoundProgram(code_of(row.program, frozenset(), dtype), {}), row.weights, count)
    assert found.dtype == dtype
    assert row_error(row, found, name, dtype) < TOLERANCE[dtype]


OUTPUTS = {"loss": Outputs(), "gradient": Outputs(gradient=True), "all": EVERYTHING}


COMPUTED = [
    (name, what, dtype)
    for name in LOSSES
    for what in OUTPUTS
    for dtype in ("float32", "float64")
    if (what, dtype) != ("all", "float64") or name not in WIDE
]


@pytest.mark.parametrize(("name", "what", "dtype"), COMPUTED)
def test_every_loss(name: str, what: str, dtype: str) -> None:
    plane, outputs = plane_of(LOSSES[name]), OUTPUTS[what]
    a, b = A[::3], B[::3]
    expected, largest = plane.expected(outputs, a, b)
    bound = plane.bound(dtype, outputs)
    found = vectors.grid(bound, a, b)
    assert found.dtype == dtype and found.shape == expected.shape
    # A second derivative is a sum of larger terms than it, which `largest` does not see.
    more = 10 if outputs == EVERYTHING else 1
    assert error_of(found, expected, largest) < more * TOLERANCE[dtype]


def test_the_cases_take_the_ways_that_they_are_for() -> None:
    layouts = {name: plane_of(loss).bound("float32", Outputs()).code.layout for name, loss in WIDE.items()}
    assert layouts["formed"].formed and layouts["formed"].held and layouts["formed"].group > 1
    assert layouts["formed, two layers"].formed and layouts["formed, two layers"].group > 1
    assert layouts["unheld"].formed and not layouts["unheld"].held
    (block,) = layouts["blocks"].blocks.values()
    assert 1 < block < 56 and {*layouts["blocks"].tiled.values()} == {block}
    pushed = [n.pushed for s in plane_of(WIDE["blocks"]).bound("float32", Outputs()).code.plan.stages for n in s.nests]
    assert sum(map(len, pushed)) == 1
    assert not layouts["tiles"].formed and layouts["tiles"].tile == 32
    assert layouts["wide tiles"].tile < 32
    assert layouts["wide tiles"].tile % layouts["wide tiles"].group == 0


@pytest.mark.parametrize("samples", [1, 7, 8, 9, 31, 32, 33, 64, 65, 150])
def test_any_number_of_samples(samples: int) -> None:
    for hidden in (5, 70):
        plane = plane_of(classifier(samples=samples, hidden=hidden))
        expected, largest = plane.expected(Outputs(), A[:3], B[:2])
        found = vectors.grid(plane.bound("float64", Outputs()), A[:3], B[:2])
        assert error_of(found, expected, largest) < 1e-13


def test_generated_texts() -> None:
    """Where a number overflows in float32, or a text is made of one that does, nothing is compared."""
    compared = 0
    for seed, plane in generated(SEEDS):
        expected, largest = plane.expected(Outputs(gradient=True), A[:3], B[:2])
        if not stays_small(expected, largest):
            continue
        compared += 1
        for dtype, tolerance in TOLERANCE.items():
            found = vectors.grid(plane.bound(dtype, Outputs(gradient=True)), A[:3], B[:2])
            assert error_of(found, expected, scale_of(expected, largest)) < 4 * tolerance, (seed, dtype)
    assert compared > 0.75 * len(SEEDS)


@pytest.mark.parametrize("name", LOSSES)
def test_the_text_holds_no_number_with_a_point_and_no_branch_on_values(name: str) -> None:
    """A literal 1.0 is a float64, and makes one of each float32 that it meets."""
    for by_blocks in (False, True):
        code = plane_of(LOSSES[name]).bound("float32", Outputs(gradient=True, curvature=True), by_blocks).code
        assert not re.search(r"\d\.|\de[-+]?\d", code.source.text)
        branches = re.findall(r"\bif .*", code.source.text)
        if isinstance(code, ThreadCode):
            assert branches == ["if place < columns:"]
        assert all(re.fullmatch(r"if (place|right|e|i|j) < (columns|count|stop|\d+):", branch) for branch in branches)
        assert "range(" not in code.source.text


def test_a_sum_in_float32_is_compensated_between_tiles() -> None:
    """100,000 equal terms that a plain float32 sum would lose digits of."""
    b = Builder()
    x = b.data("X", (1, 100_000))
    term = b.emit("exp", b.emit("mul", b.weight("W", (1, 1)), x))
    plane = Plane(
        b.build(b.emit("sum", term, axis=None)), {"X": np.ones((1, 100_000))},
        *({"W": np.full((1, 1), w)} for w in (0.1, 0.1, 0.2)),
    )  # fmt: skip
    found = vectors.grid(plane.bound("float32", Outputs()), np.array([0.3]), np.array([0.7]))[0, 0, 0]
    expected = 100_000 * float(
        np.exp(np.float32(0.1) + np.float32(0.3) * np.float32(0.1) + np.float32(0.7) * np.float32(0.2))
    )
    assert abs(found / expected - 1) < 1e-6
    plain = np.float32(0)
    for _ in range(20_000):
        plain += np.float32(expected / 100_000)
    assert abs(plain / (expected / 5) - 1) > 1e-5


def test_a_sum_that_overflows_is_infinite_and_not_nan() -> None:
    b = Builder()
    term = b.emit("exp", b.emit("mul", b.weight("W", (1, 1)), b.data("X", (1, 100))))
    one = {"W": np.ones((1, 1))}
    plane = Plane(b.build(b.emit("sum", term, axis=None)), {"X": np.full((1, 100), 88.0)}, one, one, one)
    found = vectors.grid(plane.bound("float32", Outputs()), np.array([0.0]), np.array([0.0]))
    assert found[0, 0, 0] == np.inf
