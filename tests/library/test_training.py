"""Training: what a run records, batches, divergence."""

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import atlas_fast as af
from atlas_fast import training
from atlas_fast.optimizers import Optimizer

RANDOM = np.random.default_rng(11)
X, Y = RANDOM.normal(size=(2, 10)), RANDOM.normal(size=(1, 10))


def linear() -> af.Problem:
    return af.Problem("mse(w*X + b, Y)", {"X": X, "Y": Y})


def slope(w: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """The gradient of the mean squared error of w1 x1 + w2 x2 + b, by hand."""
    residual = w[:2] @ x + w[2] - y[0]
    return 2 / len(residual) * np.append(x @ residual, residual.sum())


def error(w: NDArray[np.float64]) -> float:
    return float(np.mean((w[:2] @ X + w[2] - Y[0]) ** 2))


def test_every_step_is_recorded_with_its_loss() -> None:
    run = linear().train(af.SGD(lr=0.1), epochs=25, seed=4)
    assert run.weights.shape == (26, 3)
    assert run.loss.shape == (26,)
    w = linear().init(4)
    for step in range(26):
        np.testing.assert_allclose(run.weights[step], w, rtol=1e-12)
        np.testing.assert_allclose(run.loss[step], error(w), rtol=1e-12)
        w = w - 0.1 * slope(w, X, Y)
    np.testing.assert_array_equal(run.final, run.weights[-1])
    assert (run.epochs, run.steps, run.diverged_at, run.message) == (25, 25, None, "")


def test_the_same_seed_gives_the_same_run() -> None:
    first, second = (linear().train(af.Adam(lr=0.1), 30, seed=5, batch_size=3) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.loss, second.loss)
    other = linear().train(af.Adam(lr=0.1), 30, seed=6, batch_size=3, start=first.weights[0])
    assert not np.array_equal(first.weights, other.weights)


def test_batches_are_shuffled_every_epoch_and_use_each_sample_once() -> None:
    # Each step's batch is found as the only one that explains it: 10 samples in batches of 4, 4 and 2.
    run = linear().train(af.SGD(lr=0.1), epochs=3, seed=2, batch_size=4)
    assert (run.steps, run.steps_per_epoch, run.batch_size) == (9, 3, 4)
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(2, spawn_key=(1,))))
    w, orders = run.weights[0], []
    for epoch in range(3):
        order = random.permutation(10)
        orders.append(tuple(order))
        for number, batch in enumerate((order[:4], order[4:8], order[8:])):
            w = w - 0.1 * slope(w, X[:, batch], Y[:, batch])
            np.testing.assert_allclose(run.weights[3 * epoch + number + 1], w, rtol=1e-11)
    assert len(set(orders)) == 3


def test_with_batches_the_loss_recorded_is_that_of_all_the_data() -> None:
    run = linear().train(af.SGD(lr=0.1), epochs=2, seed=2, batch_size=4)
    np.testing.assert_allclose(run.loss, [error(w) for w in run.weights], rtol=1e-12)


def test_a_batch_as_large_as_the_data_is_the_full_batch() -> None:
    whole = linear().train(af.SGD(lr=0.1), epochs=5)
    batched = linear().train(af.SGD(lr=0.1), epochs=5, batch_size=64)
    np.testing.assert_allclose(batched.weights, whole.weights, rtol=1e-10)


def test_data_of_one_column_belong_to_every_batch() -> None:
    shift = np.array([[0.5]])
    problem = af.Problem("mse(w*X + s, Y)", {"X": X, "Y": Y, "s": shift})
    run = problem.train(af.SGD(lr=0.1), epochs=1, batch_size=5, seed=0)
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(0, spawn_key=(1,))))
    batch = random.permutation(10)[:5]
    w = run.weights[0]
    residual = w @ X[:, batch] + 0.5 - Y[0, batch]
    np.testing.assert_allclose(run.weights[1], w - 0.1 * 2 / 5 * X[:, batch] @ residual, rtol=1e-11)


def test_float32_training_stays_near_float64() -> None:
    single, double = (linear().train(af.Adam(lr=0.05), 50, dtype=dtype) for dtype in ("float32", "float64"))
    assert single.weights.dtype == np.float64
    np.testing.assert_allclose(single.weights, double.weights, atol=1e-4)
    assert not np.array_equal(single.weights, double.weights)


def test_a_start_may_be_a_vector_or_a_dict() -> None:
    vector = linear().train(af.SGD(lr=0.1), 3, start=[1.0, 2.0, 3.0])
    named = linear().train(af.SGD(lr=0.1), 3, start={"w": [[1.0, 2.0]], "b": 3.0})
    np.testing.assert_array_equal(vector.weights, named.weights)
    np.testing.assert_array_equal(vector.weights[0], [1, 2, 3])


def test_starting_values_of_the_problem_are_where_training_starts() -> None:
    problem = af.Problem("mse(w*X + b, Y)", {"X": X, "Y": Y}, {"w": np.array([[4.0, 5.0]])})
    np.testing.assert_array_equal(problem.train(af.SGD(lr=0.1), 1).weights[0], [4, 5, 0])


def test_a_run_that_diverges_says_where_and_keeps_its_steps() -> None:
    # x is multiplied by 1 - 2 * 1e3 = -1999 a step: x^2 overflows where 1999^(2 k) > 1.8e308, at k = 47.
    problem = af.Problem("x^2 + y^2")
    with pytest.warns(RuntimeWarning, match="diverged at step 47 of 200"):
        run = problem.train(af.SGD(lr=1e3), epochs=200, start=[1.0, 1e-3])
    assert run.diverged_at == 47
    assert run.weights.shape == (48, 2)
    assert not np.isfinite(run.loss[-1])
    assert np.isfinite(run.loss[:-1]).all()
    np.testing.assert_array_equal(run.final, run.weights[46])
    assert "smaller lr" in run.message


def test_a_diverged_run_gives_the_plane_of_its_finite_steps() -> None:
    problem = af.Problem("x^2 + 2*y^2 + z^2")
    with pytest.warns(RuntimeWarning):
        run = problem.train(af.SGD(lr=1e3), epochs=200, start=[1.0, 1.0, 1.0])
    plane = af.Plane.pca(run)
    # Its first step multiplies x by -1999: all after that is further away than anything else.
    np.testing.assert_array_equal(plane.center, run.weights[1])
    assert plane.reach < 1e4


def test_a_start_without_a_finite_loss_diverges_at_step_0() -> None:
    with pytest.warns(RuntimeWarning, match="diverged at step 0: at the start the loss is"):
        run = af.Problem("log(x)^2").train(af.SGD(lr=0.1), 10, start=[0.0])
    assert (run.diverged_at, run.steps) == (0, 0)


def test_negative_and_zero_losses_are_losses_like_others() -> None:
    # x^2 - 4 from 2: the first loss is 0, all others are negative.
    run = af.Problem("x^2 - 4").train(af.SGD(lr=0.1), 20, start=[2.0])
    np.testing.assert_allclose(run.loss, (2 * 0.8 ** np.arange(21)) ** 2 - 4, atol=1e-12)
    assert run.diverged_at is None


def test_training_stops_when_the_callback_says_so() -> None:
    seen = []

    def report(done: int, total: int) -> bool:
        seen.append((done, total))
        return done < 40

    run = linear().train(af.SGD(lr=0.1), epochs=100, progress=report)
    assert seen[-1] == (run.steps, 100)
    assert 40 <= run.steps < 100
    assert run.weights.shape == (run.steps + 1, 3)
    assert "stopped at step" in run.message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": 0.1, "epochs": 5}, "optimizer is 0.1, one such as Adam"),
        ({"epochs": 0}, "epochs is 0, it must be 1 or more"),
        ({"epochs": 2.5}, "epochs is 2.5, a whole number is wanted"),
        ({"epochs": True}, "epochs is True, a whole number is wanted"),
        ({"epochs": 5, "seed": -1}, "seed is -1, it must be 0 or more"),
        ({"epochs": 5, "batch_size": 0}, "batch_size is 0, it must be 1 or more"),
        ({"epochs": 5, "dtype": "int8"}, "dtype is 'int8', it must be 'float32' or 'float64'"),
        ({"epochs": 5, "backend": "abacus"}, "backend is 'abacus', it must be one of"),
        ({"epochs": 5, "start": [1.0]}, r"start has the shape \(1,\), a vector of the 3 scalar weights"),
        ({"epochs": 5, "start": [1.0, np.nan, 0.0]}, r"start\[1\] is nan"),
        ({"epochs": 5, "start": {"w": [[1, 2]]}}, "b is missing: the weights are w, b"),
        ({"epochs": 10**12}, r"recording 1,000,000,000,000 steps of 3 weights takes 29,802.3 GiB"),
        ({"epochs": 5, "progress": "yes"}, "progress is 'yes', it must be True, False, None or a function"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(af.AtlasError, match=message):
        linear().train(**{"optimizer": af.SGD(lr=0.1), **arguments})  # type: ignore[arg-type]


def test_batches_need_samples() -> None:
    with pytest.raises(af.ArgumentError, match="batch_size needs samples"):
        af.Problem("x^2 + y^2").train(af.SGD(lr=0.1), 1, batch_size=2)


def test_batches_need_columns_that_are_the_samples() -> None:
    problem = af.Problem(
        "sum((w*X)^2) + sum((v*Z)^2)", {"X": X, "Z": np.ones((3, 7))}, {"w": (1, None), "v": (1, None)}
    )
    with pytest.raises(af.ArgumentError, match="X has 10, Z has 7"):
        problem.train(af.SGD(lr=0.1), 1, batch_size=2)


def test_a_weight_tied_to_the_number_of_samples_wants_the_full_batch() -> None:
    problem = af.Problem("sum((X + W)^2)", {"X": X}, {"W": (2, 10)})
    with pytest.raises(af.ArgumentError, match="a batch of 4 samples does not fit the expression"):
        problem.train(af.SGD(lr=0.1), 1, batch_size=4)


def test_memory_is_half_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(training, "main_memory", lambda: 4096)
    linear().train(af.SGD(lr=0.1), epochs=63)  # 64 records of 4 numbers of 8 bytes: 2048
    with pytest.raises(af.ArgumentError, match="train for fewer epochs"):
        linear().train(af.SGD(lr=0.1), epochs=64)


OPTIMIZERS = [
    af.SGD(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    af.Adam(lr=0.05, amsgrad=True),
    af.AdamW(lr=0.05),
    af.RMSProp(lr=0.01, centered=True, momentum=0.5),
    af.Adagrad(lr=0.1, lr_decay=0.1),
    af.Adadelta(lr=1.0),
    af.Adamax(lr=0.05),
    af.NAdam(lr=0.05),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("batch_size", [None, 4])
def test_the_compiled_loop_takes_the_steps_of_numpy(optimizer: Optimizer, batch_size: int | None) -> None:
    # 15 steps in float64, whose sums are rounded in another order: some eps each, which the rules' quotients of small
    # numbers raise.
    found, expected = (
        linear().train(optimizer, 5, seed=3, batch_size=batch_size, backend=backend) for backend in ("cpu", "numpy")
    )
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-9)


@pytest.mark.parametrize("batch_size", [None, 3])
def test_how_often_progress_is_told_changes_no_bit(batch_size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = linear().train(af.Adam(lr=0.05), 60, batch_size=batch_size)
    monkeypatch.setattr(training, "CALL_BYTES", 1000)
    seen: list[int] = []
    found = linear().train(af.Adam(lr=0.05), 60, batch_size=batch_size, progress=lambda done, total: seen.append(done))
    assert len(seen) > 3 and seen[-1] == found.steps
    np.testing.assert_array_equal(found.weights, expected.weights)
    np.testing.assert_array_equal(found.loss, expected.loss)


def test_a_weight_that_folding_removed_is_trained_like_the_others() -> None:
    # Its derivative is zero, and its decay is not: 0.1 * 0.5 of it goes each step.
    problem = af.Problem("0 * v + (w - 1)^2", weights={"v": (1, 1), "w": (1, 1)})
    run = problem.train(af.SGD(lr=0.1, weight_decay=0.5), 4, start=[2.0, 3.0])
    w, expected = np.array([2.0, 3.0]), []
    for _ in range(5):
        expected.append(w)
        w = w - 0.1 * (np.array([0.0, 2 * (w[1] - 1)]) + 0.5 * w)
    np.testing.assert_allclose(run.weights, expected, rtol=1e-14)


def test_a_long_run_answers_a_cancel_within_a_fifth_of_a_second() -> None:
    times: list[float] = []

    def report(done: int, total: int) -> bool:
        times.append(time.perf_counter())
        return len(times) < 12

    run = linear().train(af.Adam(lr=0.001), 3_000_000, progress=report)
    assert run.steps < 3_000_000
    # The median: a machine that does other work as well may take longer now and then.
    assert np.median(np.diff(times)) < 0.2
