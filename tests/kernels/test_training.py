"""The loop of training against the same steps taken one by one in NumPy, and however they are cut into calls."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Loss, bumps, classifier, regression, softmax_over_samples
from numpy.typing import NDArray

from atlas_fast import kernels
from atlas_fast.kernels import Builder, Descent, Program, execution
from atlas_fast.kernels.cpu.machine import host
from atlas_fast.kernels.derivative import gradient
from atlas_fast.kernels.plan import SAMPLE_VECTORS

Array = NDArray[np.float64]

LOSSES = {
    # 151 samples: vectors that are full, and one that is filled up. 32: none is filled up. 9: less than a vector.
    "classifier": lambda: classifier(samples=151, hidden=5),
    "full vectors": lambda: classifier(samples=32, hidden=5),
    "less than a vector": lambda: regression(samples=9, hidden=3),
    "many blocks": lambda: regression(samples=2500, hidden=9),
    "softmax over samples": lambda: softmax_over_samples(samples=131),
    "no samples": bumps,
}


def momentum() -> Program:
    """v' = m v + g, w' = w - lr v', with lr and m numbers of the step, and lr halved before anything is computed."""
    b = Builder()
    w, g, v = (b.weight(name, (1, 1)) for name in "wgv")
    lr, m = (b.data(name, (1, 1)) for name in ("lr", "m"))
    velocity = b.emit("add", b.emit("mul", m, v), g)
    half = b.emit("mul", lr, b.constant(0.5))
    return b.build(b.emit("sub", w, b.emit("mul", half, velocity)), velocity)


def start_of(loss: Loss) -> Array:
    drawn = loss.draw(loss.program.weights, 5)
    return np.concatenate([drawn[name].reshape(-1) for name in loss.program.weights])


def numbers(steps: int, lr: float = 0.02) -> dict[str, Array]:
    return {"lr": lr / np.arange(1, steps + 1), "m": np.full(steps, 0.9)}


def descend(
    loss: Loss, dtype: str, backend: str, cuts: tuple[int, ...] = (12,), lr: float = 0.02
) -> tuple[Array, Array, float]:
    """Weights after each step, the loss each starts from, and the last one's own."""
    descent = Descent(momentum(), loss.program.weights, start_of(loss), {"v": 0.0}, dtype, backend)
    slope = descent.slope(gradient(loss.program), loss.draw(loss.program.data, 7))
    given, found, first = numbers(sum(cuts), lr), [], 0
    for steps in cuts:
        found.append(descent.run([slope], {name: each[first : first + steps] for name, each in given.items()}))
        first += steps
    weights, losses = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return weights, losses, descent.loss(slope)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-11), ("float32", 2e-4)])
def test_the_loop_takes_the_steps_that_numpy_takes(name: str, dtype: str, tolerance: float) -> None:
    # Tolerances: 12 steps, each of which carries on the rounding of sums over the samples, eps times their number.
    loss = LOSSES[name]()
    weights, losses, last = descend(loss, dtype, "cpu")
    expected, expected_losses, expected_last = descend(loss, "float64", "numpy")
    scale = np.abs(expected).max()
    np.testing.assert_allclose(weights, expected, rtol=0, atol=tolerance * scale)
    np.testing.assert_allclose(losses, expected_losses, rtol=tolerance)
    np.testing.assert_allclose(last, expected_last, rtol=tolerance)


@pytest.mark.parametrize("name", ["classifier", "no samples"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_how_steps_are_cut_into_calls_changes_no_bit(name: str, dtype: str) -> None:
    whole, cut = (descend(LOSSES[name](), dtype, "cpu", cuts) for cuts in ((12,), (1, 1, 7, 3)))
    np.testing.assert_array_equal(whole[0], cut[0])
    np.testing.assert_array_equal(whole[1], cut[1])
    assert whole[2] == cut[2]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_registers_and_vectors_of_the_machine_change_no_bit(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = descend(LOSSES["classifier"](), dtype, "cpu")
    monkeypatch.setenv("ATLAS_VECTOR_BITS", "128")
    made = execution.make_plan
    monkeypatch.setattr(execution, "make_plan", lambda body, accumulators, *rest: made(body, 1, *rest))
    for kept in (execution.compile_body, execution.points):
        kept.cache_clear()
    try:
        found = descend(LOSSES["classifier"](), dtype, "cpu")
    finally:
        for kept in (execution.compile_body, execution.points):
            kept.cache_clear()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("backend", ["cpu", "numpy"])
def test_the_loop_ends_behind_the_first_step_that_is_not_finite(backend: str) -> None:
    weights, losses, _ = descend(LOSSES["less than a vector"](), "float64", backend, (400,), lr=1e9)
    assert 0 < len(weights) == len(losses) < 400
    assert np.isfinite(weights[:-1]).all() and np.isfinite(losses[:-1]).all()
    assert not (np.isfinite(weights[-1]).all() and np.isfinite(losses[-1]))


def test_each_step_may_have_data_and_a_program_of_its_own() -> None:
    wide, narrow = (regression(samples=count, hidden=4) for count in (40, 17))
    found = []
    for backend in ("cpu", "numpy"):
        descent = Descent(momentum(), wide.program.weights, start_of(wide), {"v": 0.0}, "float64", backend)
        slopes = [
            descent.slope(gradient(loss.program), loss.draw(loss.program.data, seed))
            for seed, loss in enumerate((wide, wide, narrow, wide, narrow))
        ]
        found.append(descent.run(slopes, numbers(5)))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=0, atol=1e-12 * np.abs(found[1][0]).max())
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-12)


def test_samples_are_lanes_where_there_are_any() -> None:
    code = kernels.points(gradient(classifier(samples=151, hidden=5).program), dtype="float32").step_code()
    lanes = min(16, host().lanes("float32"))
    assert (code.lanes, code.plan.sample_lanes, code.plan.phases) == (lanes, lanes, 16 // lanes)
    assert code.plan.group == SAMPLE_VECTORS * code.plan.phases
    assert f"sweep over {-(-151 // lanes)} vectors of {lanes} samples" in str(code.plan)
    assert kernels.points(gradient(bumps().program), dtype="float32").step_code().lanes == 1


def test_a_gradient_by_other_weights_is_refused() -> None:
    loss = regression(samples=9, hidden=3)
    shapes = dict(reversed(loss.program.weights.items()))
    descent = Descent(momentum(), shapes, start_of(loss), {"v": 0.0}, "float64", "cpu")
    with pytest.raises(kernels.program.ProgramError, match="not, in order"):
        descent.slope(gradient(loss.program), loss.draw(loss.program.data, 7))
