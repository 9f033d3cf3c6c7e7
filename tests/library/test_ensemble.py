"""Many runs of one problem: each is the run that problem.train gives."""

from __future__ import annotations

import numpy as np
import pytest

import atlas_fast as af

RANDOM = np.random.default_rng(11)
X, Y = RANDOM.normal(size=(2, 10)), RANDOM.normal(size=(1, 10))


def linear() -> af.Problem:
    return af.Problem("mse(w*X + b, Y)", {"X": X, "Y": Y})


def same(found: af.Run, expected: af.Run) -> None:
    np.testing.assert_array_equal(found.weights, expected.weights)
    np.testing.assert_array_equal(found.loss, expected.loss)
    assert (found.optimizer, found.seed, found.message) == (expected.optimizer, expected.seed, expected.message)


def test_one_optimizer_and_many_seeds() -> None:
    runs = linear().train_many(af.Adam(0.1), 3, range(4), batch_size=4)
    assert len(runs) == 4
    for seed, run in enumerate(runs):
        same(run, linear().train(af.Adam(0.1), 3, seed, batch_size=4))


def test_one_seed_and_many_optimizers() -> None:
    chosen = [af.SGD(lr) for lr in (0.1, 0.01)]
    for optimizer, run in zip(chosen, linear().train_many(chosen, 3, seed=5), strict=True):
        same(run, linear().train(optimizer, 3, 5))


@pytest.mark.parametrize("kind", ["table", "vectors", "dicts"])
def test_a_start_for_each_run(kind: str) -> None:
    table = RANDOM.normal(size=(3, 3))
    given = {"table": table, "vectors": [*table], "dicts": [linear().unpack(row) for row in table]}[kind]
    for row, run in zip(table, linear().train_many(af.SGD(0.1), 2, start=given), strict=True):
        same(run, linear().train(af.SGD(0.1), 2, start=row))


@pytest.mark.parametrize("start", [[1.0, 2.0, 3.0], {"w": [[1.0, 2.0]], "b": 3.0}])
def test_a_start_for_all_runs(start: object) -> None:
    runs = linear().train_many(af.SGD(0.1), 2, [0, 1], start)  # type: ignore[arg-type]
    assert [run.weights[0].tolist() for run in runs] == [[1.0, 2.0, 3.0]] * 2


def test_what_is_single_is_one_run() -> None:
    (run,) = linear().train_many(af.SGD(0.1), 2)
    same(run, linear().train(af.SGD(0.1), 2))


def test_runs_that_diverge_are_one_warning() -> None:
    chosen = [af.SGD(0.1), af.SGD(1e200), af.SGD(1e300)]
    with pytest.warns(
        RuntimeWarning, match=r"^2 of 3 runs diverged, the first of them \[1\]: the run diverged"
    ) as told:
        runs = linear().train_many(chosen, 50)
    assert len(told) == 1 and told[0].filename == __file__
    assert [run.diverged_at is None for run in runs] == [True, False, False]


def test_an_answer_of_false_stops_the_runs_that_are_left_too() -> None:
    told: list[tuple[int, int]] = []

    def report(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 25

    runs = linear().train_many(af.SGD(0.1), 20, range(3), progress=report)
    assert {total for _, total in told} == {60} and [done for done, _ in told] == sorted(done for done, _ in told)
    assert runs[0].steps == 20 and runs[0].message == ""
    assert runs[1].steps < 20 and runs[1].message.startswith("stopped at step")
    assert runs[2].steps < 3 and runs[2].message.startswith("stopped at step")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"seed": [0, 1, 2], "start": np.zeros((2, 3))},
            "seed holds 3, start holds 2: as many as there are runs are wanted",
        ),
        ({"seed": []}, "seed holds 0: as many as there are runs are wanted"),
        ({"optimizer": [af.SGD(0.1), "SGD"]}, "optimizer is 'SGD', one such as Adam"),
        ({"seed": [0, -1]}, "seed is -1, it must be 0 or more"),
        ({"start": np.zeros((2, 4))}, r"start has the shape \(4,\)"),
        ({"epochs": 0}, "epochs is 0, it must be 1 or more"),
        ({"backend": "tpu"}, "backend is 'tpu'"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(af.AtlasError, match=message) as refused:
        linear().train_many(**{"optimizer": af.SGD(lr=0.1), "epochs": 1, **arguments})  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_memory_for_all_runs_is_half_of_the_machine_where_they_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from atlas_fast import training
    from atlas_fast.kernels import device

    monkeypatch.setattr(device, "fault", lambda: None)
    monkeypatch.setattr(training, "main_memory", lambda: 4096)
    with pytest.raises(af.ArgumentError, match=r"of 3 weights in 9 runs takes .*: train for fewer epochs, fewer runs"):
        linear().train_many(af.SGD(0.1), 8, range(9), backend="cuda")
