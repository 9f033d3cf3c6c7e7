"""The text of training, run by NumPy and translated for this machine: the steps of the CPU."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from cuda_check import TOLERANCE, generated, stays_small
from device_cases import WIDE
from generate import Seeded, draw_weights, generate
from networks import LOSSES, Loss, regression
from training_cases import (
    MANY,
    OPTIMIZERS,
    SEEDS,
    Steps,
    apart,
    network,
    runs_apart,
    statistics,
    steps_of,
)

import atlas_fast as af
from atlas_fast import optimizers
from atlas_fast.kernels import Builder, device
from atlas_fast.kernels.cuda import engine, persample, runs, vectors
from atlas_fast.kernels.cuda.host import HostRuns
from atlas_fast.kernels.cuda.vectors import PlainRuns
from atlas_fast.kernels.derivative import gradient
from atlas_fast.kernels.outputs import Outputs
from atlas_fast.kernels.program import ProgramError
from atlas_fast.language.functions import FUNCTIONS
from atlas_fast.optimizers import Optimizer


@pytest.fixture
def by_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's backend="cuda" with NumPy for a device."""
    monkeypatch.setattr(device, "fault", lambda: None)
    monkeypatch.setattr(runs, "Runs", PlainRuns)
    monkeypatch.setattr(engine.BoundProgram, "points", vectors.points)


# The steps


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", [*LOSSES, *WIDE])
def test_every_loss_takes_the_steps_of_numpy(name: str, dtype: str) -> None:
    steps = steps_of(name)
    record, losses, done = steps.runs(PlainRuns, dtype).run(3, steps.numbers)
    assert record.dtype == losses.dtype == dtype and done.tolist() == [3, 3]
    assert apart((record, losses), steps.expected()) < TOLERANCE[dtype]


@pytest.mark.usefixtures("by_numpy")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch_size", [None, 3, 8])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_every_optimizer_takes_the_steps_of_the_cpu(optimizer: Optimizer, batch_size: int | None, dtype: str) -> None:
    """3 of 8 samples: batches of 3, 3 and 2."""
    found, expected = (
        network().train(optimizer, 2, seed=6, batch_size=batch_size, dtype=kind, backend=backend)
        for kind, backend in ((dtype, "cuda"), ("float64", "cpu"))
    )
    assert found.steps == expected.steps == (6 if batch_size == 3 else 2)
    assert (found.optimizer, found.batch_size, found.dtype) == (repr(optimizer), batch_size, dtype)
    assert runs_apart([found], [expected]) < TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", [*LOSSES, *WIDE])
def test_every_loss_takes_the_same_steps_translated(name: str, dtype: str) -> None:
    steps = steps_of(name)
    record, losses, done = steps.runs(HostRuns, dtype).run(3, steps.numbers)
    assert done.tolist() == [3, 3]
    assert apart((record, losses), steps.expected()) < TOLERANCE[dtype]


@pytest.mark.usefixtures("by_numpy")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_every_optimizer_takes_the_same_steps_translated(
    optimizer: Optimizer, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In batches, whose sample numbers are an array of indices, the last of them smaller."""
    monkeypatch.setattr(runs, "Runs", HostRuns)
    found = network(20).train_many(optimizer, 2, range(2), batch_size=9, dtype=dtype, backend="cuda")
    assert runs_apart(found, network(20).train_many(optimizer, 2, range(2), batch_size=9)) < TOLERANCE[dtype]


@pytest.mark.usefixtures("by_numpy")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("samples", [1, 7, 8, 33, 150, 300])
def test_any_number_of_samples_in_batches_or_whole(samples: int, dtype: str) -> None:
    """Few samples lie in a matrix as they are, 8 or more are gone through in tiles; so are those of a batch."""
    problem = network(samples)
    for batch_size in {None, min(samples, 20), -(-samples // 2)} if samples > 1 else {None}:
        found, expected = (
            problem.train(af.SGD(0.1), 1, seed=6, batch_size=batch_size, dtype=kind, backend=backend)
            for kind, backend in ((dtype, "cuda"), ("float64", "cpu"))
        )
        assert runs_apart([found], [expected]) < TOLERANCE[dtype]


@pytest.mark.usefixtures("by_numpy")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch_size", [None, 1, 3])
def test_many_runs_are_the_runs_one_by_one(batch_size: int | None, dtype: str) -> None:
    """Two of the four have the same seed, but another optimizer."""
    found = network().train_many(MANY, 2, SEEDS, batch_size=batch_size, dtype=dtype, backend="cuda")
    expected = [network().train(o, 2, s, batch_size=batch_size) for o, s in zip(MANY, SEEDS, strict=True)]
    assert [run.optimizer for run in found] == [repr(optimizer) for optimizer in MANY]
    assert [run.seed for run in found] == SEEDS
    assert runs_apart(found, expected) < TOLERANCE[dtype]


@pytest.mark.usefixtures("by_numpy")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_what_is_computed_of_a_batch_alone_is_that_of_each_batch(batch_size: int, dtype: str) -> None:
    problem = statistics()
    found, expected = (
        [problem.train(af.SGD(0.1), 2, seed, batch_size=batch_size, dtype=kind, backend=backend) for seed in (0, 1)]
        for kind, backend in ((dtype, "cuda"), ("float64", "cpu"))
    )
    assert runs_apart(found, expected) < TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_how_steps_are_cut_into_launches_changes_no_bit(dtype: str) -> None:
    steps = steps_of("classifier", steps=4)
    whole, cut = (steps.runs(PlainRuns, dtype) for _ in range(2))
    record, losses, _ = whole.run(4, steps.numbers)
    parts = [
        cut.run(n, {name: x[:, first : first + n] for name, x in steps.numbers.items()})
        for first, n in ((0, 1), (1, 3))
    ]
    np.testing.assert_array_equal(record, np.concatenate([part[0] for part in parts], axis=1))
    np.testing.assert_array_equal(losses, np.concatenate([part[1] for part in parts], axis=1))


@pytest.mark.usefixtures("by_numpy")
def test_batches_cut_into_launches_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    def trained() -> list[af.Run]:
        return network().train_many(af.Adam(0.05), 5, range(3), batch_size=3, backend="cuda")

    expected = trained()
    for most in (1, 1500):
        monkeypatch.setattr("atlas_fast.ensemble.LAUNCH_BYTES", most)
        for run, other in zip(trained(), expected, strict=True):
            np.testing.assert_array_equal(run.weights, other.weights)


def test_generated_texts() -> None:
    """One step of each loss of the grammar whose numbers stay within float32."""
    compared = 0
    for seed, plane in generated(range(60)):
        expected, largest = plane.expected(Outputs(gradient=True), np.zeros(1), np.zeros(1))
        if not stays_small(expected, largest):
            continue
        start = np.concatenate([plane.center[n].reshape(-1) for n in plane.program.weights])[np.newaxis]
        steps = Steps(Loss(plane.program, lambda: 0.0), start, np.full((1, 1), 0.01), plane.data)
        weights, losses = steps.expected()
        scale = max(1.0, float(largest.max()), float(np.abs(weights - start).max()) / 0.01)
        for dtype, tolerance in TOLERANCE.items():
            record, starting, _ = steps.runs(PlainRuns, dtype).run(1, steps.numbers)
            assert np.abs(record - weights).max() < 4 * tolerance * scale, (seed, dtype)
            assert np.abs(starting - losses).max() < 4 * tolerance * scale, (seed, dtype)
        compared += 1
    assert compared > 40


@pytest.mark.usefixtures("by_numpy")
def test_generated_texts_in_batches() -> None:
    """Statistics of a batch, samples as rows, data that are one number for all: two steps of batches of 3."""
    compared = 0
    for seed in range(40):
        loss = generate(Seeded(seed), tuple(FUNCTIONS))
        try:
            problem = af.Problem(loss.text, loss.data, dict(loss.weights))
        except af.DataError:
            continue  # a function that wants labels
        drawn = draw_weights(loss, np.random.default_rng(seed))
        how = {"optimizer": af.SGD(1e-3), "epochs": 1, "start": {n: drawn[n] for n in problem.weights}, "batch_size": 3}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                expected = problem.train(**how)
            except af.ArgumentError:
                continue  # weights that are tied to the number of samples, or no samples
            found = problem.train(**how, backend="cuda")
        assert found.diverged_at == expected.diverged_at, seed
        moved = np.abs(np.diff(expected.weights, axis=0)).max(initial=0) / 1e-3
        scale = max(1.0, np.abs(expected.weights).max(), np.abs(expected.loss).max(), moved)
        if np.isfinite(scale):
            assert np.abs(found.weights - expected.weights).max() < 1e-11 * scale, seed
            compared += 1
    assert compared > 15


# Its end


@pytest.mark.usefixtures("by_numpy")
@pytest.mark.parametrize("batch_size", [None, 4])
def test_a_run_that_diverges_ends_where_it_does_on_the_cpu_and_the_others_go_on(batch_size: int | None) -> None:
    problem = af.Problem("sum((W*X)^4)", {"X": np.random.default_rng(0).normal(size=(3, 8))}, {"W": (1, 3)})
    chosen, starts = [af.SGD(1e-3), af.SGD(1e3), af.SGD(30.0)], np.ones((3, 3))
    with pytest.warns(RuntimeWarning, match=r"2 of 3 runs diverged, the first of them \[1\]: the run diverged at step"):
        found = problem.train_many(chosen, 9, start=starts, batch_size=batch_size, backend="cuda")
    for run, optimizer in zip(found, chosen, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            expected = problem.train(optimizer, 9, start=starts[0], batch_size=batch_size)
        assert run.diverged_at == expected.diverged_at and run.message == expected.message
        np.testing.assert_allclose(run.weights, expected.weights, rtol=1e-9)
        np.testing.assert_allclose(run.loss, expected.loss, rtol=1e-9)
    assert [run.diverged_at is None for run in found] == [True, False, False]


@pytest.mark.usefixtures("by_numpy")
def test_progress_is_told_and_an_answer_of_false_stops_all_runs() -> None:
    told: list[tuple[int, int]] = []

    def report(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 6

    found = network().train_many(af.SGD(0.1), 50, range(2), backend="cuda", progress=report)
    expected = network().train(af.SGD(0.1), 50, 1).weights
    assert told[0] == (2, 100) and told[-1][0] >= 6
    steps = told[-1][0] // 2
    for run in found:
        # A second launch takes eight steps at most.
        assert run.steps == steps <= 9 and run.message == f"stopped at step {steps} of 50"
        assert np.isfinite(run.loss).all()
    np.testing.assert_allclose(found[1].weights, expected[: steps + 1], rtol=1e-12)


# What the text is


@pytest.mark.parametrize("name", LOSSES)
def test_the_text_holds_no_number_with_a_point(name: str) -> None:
    """A literal 1.0 is a float64, and makes one of each float32 that it meets."""
    text = steps_of(name).runs(PlainRuns, "float32").code.source.text
    assert not re.search(r"\d\.|\de[-+]?\d", text)
    assert "range(" not in text


def test_a_longer_text_is_none_for_more_samples() -> None:
    few, many = (steps_for(n).runs(PlainRuns, "float32").code.source.text for n in (3000, 30_000))
    assert len(many.splitlines()) == len(few.splitlines())


def steps_for(samples: int) -> Steps:
    loss = regression(samples=samples)
    size = sum(rows * columns for rows, columns in loss.program.weights.values())
    return Steps(loss, np.ones((1, size)), np.ones((1, 1)), loss.draw(loss.program.data, 7))


def test_a_sum_in_float32_is_compensated() -> None:
    """The mean of 20,000 equal terms, which a plain sum of so many in each of 32 parts would lose digits of."""
    b = Builder()
    term = b.emit("exp", b.emit("mul", b.weight("W", (1, 1)), b.data("X", (1, 20_000))))
    loss = Loss(b.build(b.emit("sum", term, axis=None)), lambda: 0.0)
    steps = Steps(loss, np.full((1, 1), 0.3), np.full((1, 1), 0.0), {"X": np.ones((1, 20_000))})
    _, losses, _ = steps.runs(PlainRuns, "float32").run(1, steps.numbers)
    assert abs(losses[0, 0] / (20_000 * float(np.exp(np.float32(0.3)))) - 1) < 2e-7


# What is computed of all samples once


def test_what_is_each_samples_own_is_told_from_what_mixes_them() -> None:
    b = Builder()
    x, c = b.data("X", (3, 5)), b.data("c", (3, 1))
    own = [
        b.emit("exp", x),
        b.emit("add", x, c),
        b.emit("transpose", x),
        b.emit("sum", x, axis=0),
        b.emit("matmul", b.emit("transpose", c), x),
        b.emit("matmul", b.emit("transpose", x), c),
        b.emit("gram", b.emit("transpose", x), b.emit("transpose", c)),
        b.emit("mul", c, c),
        b.emit("add", x, b.emit("broadcast", c, shape=(3, 5))),
        b.emit("add", x, b.constant(np.ones((3, 5)))),
    ]
    assert persample.sample_axes(b.build(*own), {"X"}, 5) == [1, 1, 0, 1, 1, 0, 0, None, 1, 1]
    places = b.constant(np.arange(5.0).reshape(1, 5))
    for mixed in (
        b.emit("sum", x, axis=1),
        b.emit("sum", x, axis=None),
        b.emit("max", x, axis=1),
        b.emit("matmul", x, b.emit("transpose", x)),
        b.emit("matmul", b.emit("transpose", x), x),
        b.emit("sub", x, b.emit("sum", x, axis=1)),
        b.emit("add", x, places),
        b.emit("matmul", x, b.constant(np.ones((5, 2)))),
    ):
        assert persample.sample_axes(b.build(mixed), {"X"}, 5) is None


def test_weights_of_a_gradient_that_are_not_the_first_of_those_trained_are_refused() -> None:
    steps = steps_of("deep")
    shapes = dict(reversed([*steps.loss.program.weights.items()]))
    program, rule = gradient(steps.loss.program), optimizers.program(af.SGD(lr=1.0))
    with pytest.raises(ProgramError, match="not, in order, the first"):
        PlainRuns([program], steps.data, rule, shapes, steps.starts, [{"velocity": 0.0}] * 2, "float64")
