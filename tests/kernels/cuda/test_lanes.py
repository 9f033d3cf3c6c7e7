"""Runs on several devices, with launches under way while others are copied back: the same bits as all at once.

Devices are those of deferred.py, and what they compute is the kernel's text by NumPy.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from deferred import Devices
from training_cases import network, statistics

import atlas_fast as af
from atlas_fast.kernels import device
from atlas_fast.kernels.cuda import engine, lanes, runs, shares, vectors
from atlas_fast.kernels.cuda.vectors import PlainRuns

Use = Callable[[Devices], Devices]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Iterator[Use]:
    """Puts devices in the place of Numba's."""
    pytest.importorskip("numba.cuda")
    monkeypatch.setattr(device, "fault", lambda: None)
    monkeypatch.setattr(engine.BoundProgram, "points", vectors.points)

    def put(found: Devices) -> Devices:
        monkeypatch.setattr("numba.cuda", found)
        monkeypatch.setattr(runs, "launchable", found.launchable)
        runs.training_code.cache_clear()
        return found

    yield put
    runs.training_code.cache_clear()


def by_one_thread(train: Callable[[], list[af.Run]], monkeypatch: pytest.MonkeyPatch) -> list[af.Run]:
    with monkeypatch.context() as patched:
        patched.setattr(runs, "Runs", PlainRuns)
        return train()


def same(found: list[af.Run], expected: list[af.Run]) -> None:
    for run, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(run.weights, other.weights)
        np.testing.assert_array_equal(run.loss, other.loss)
        assert (run.seed, run.diverged_at, run.message) == (other.seed, other.diverged_at, other.message)


@pytest.mark.parametrize("inside", [True, False], ids=["shared memory", "device memory"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("problem", "batch_size"), [(network(), None), (network(), 3), (statistics(), 3)], ids=["whole", "batches", "own"]
)
def test_how_many_devices_train_changes_no_bit(
    problem: af.Problem, batch_size: int | None, dtype: str, inside: bool, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven runs, which neither two devices nor three share evenly, in launches of several steps, and of one."""

    def train() -> list[af.Run]:
        return problem.train_many(af.Adam(0.05), 5, range(7), None, batch_size, dtype, "cuda", progress=False)

    if not inside:
        monkeypatch.setattr(shares, "SHARED_BYTES", 0)
    use(Devices(1))
    expected = by_one_thread(train, monkeypatch)
    for count, blocks in ((1, [7]), (2, [3, 4]), (3, [2, 2, 3])):
        for most in (2**28, 1):
            monkeypatch.setattr("atlas_fast.ensemble.LAUNCH_BYTES", most)
            there = use(Devices(count))
            same(train(), expected)
            assert [{*each.blocks} for each in there.gpus] == [{n} for n in blocks]
            assert most > 1 or all(each.overlapped > 2 for each in there.gpus)


def test_each_device_has_a_thread_of_its_own_that_ends(use: Use) -> None:
    there, before = use(Devices(3)), threading.active_count()
    network().train_many(af.SGD(0.1), 5, range(5), backend="cuda", progress=False)
    assert all(len(each.threads) == 1 for each in there.gpus)
    assert len({*there.gpus[0].threads, *there.gpus[1].threads, *there.gpus[2].threads, threading.get_ident()}) == 4
    assert threading.active_count() == before


@pytest.mark.parametrize("batch_size", [None, 4])
def test_a_run_that_diverges_early_on_one_device_ends_and_the_others_go_on(
    batch_size: int | None, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = af.Problem("sum((W*X)^4)", {"X": np.random.default_rng(0).normal(size=(3, 8))}, {"W": (1, 3)})
    rates = (1e-3, 1e3, 2e-3, 30.0, 3e-3)

    def train() -> list[af.Run]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return problem.train_many(
                [*map(af.SGD, rates)], 30, 0, np.ones((5, 3)), batch_size, backend="cuda", progress=False
            )

    use(Devices(2))
    expected = by_one_thread(train, monkeypatch)
    assert [run.diverged_at is None for run in expected] == [True, False, True, False, True]
    for count in (1, 2):
        for most in (2**28, 1):
            monkeypatch.setattr("atlas_fast.ensemble.LAUNCH_BYTES", most)
            use(Devices(count))
            same(train(), expected)


@pytest.mark.parametrize("batch_size", [None, 3])
def test_runs_that_are_stopped_end_at_one_step_with_its_loss(
    batch_size: int | None, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though a later launch is under way."""
    monkeypatch.setattr("atlas_fast.ensemble.LAUNCH_BYTES", 1)
    use(Devices(2))

    def train(progress: object) -> list[af.Run]:
        how = {"batch_size": batch_size, "backend": "cuda", "progress": progress}
        return network().train_many(af.SGD(0.1), 20, range(3), **how)  # type: ignore[arg-type]

    expected, found = train(False), train(lambda done, total: done < 12)
    for run, whole in zip(found, expected, strict=True):
        assert run.steps == 4 and run.message.startswith("stopped at step 4 of ")
        np.testing.assert_array_equal(run.weights, whole.weights[:5])
        np.testing.assert_array_equal(run.loss, whole.loss[:5])


def test_an_error_of_one_device_is_one_error_in_a_line(use: Use) -> None:
    from numba.cuda.cudadrv.driver import CudaAPIError

    before = threading.active_count()
    there = use(Devices(3, faults={1: CudaAPIError(719, "Call to cuLaunchKernel results in UNKNOWN")}))
    with pytest.raises(af.DeviceError) as refused:
        network().train_many(af.SGD(0.1), 9, range(7), backend="cuda", progress=False)
    assert "\n" not in str(refused.value) and "cuLaunchKernel results in UNKNOWN" in str(refused.value)
    assert len(there.gpus[1].blocks) == 1
    assert threading.active_count() == before


def test_an_interrupt_ends_the_threads(use: Use) -> None:
    use(Devices(2))
    before = threading.active_count()

    def interrupted(done: int, total: int) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        network().train_many(af.SGD(0.1), 9, range(7), backend="cuda", progress=interrupted)
    assert threading.active_count() == before


def test_memory_is_taken_for_the_first_launches_alone(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atlas_fast.ensemble.LAUNCH_BYTES", 1)
    there = use(Devices(1))
    network().train_many(af.SGD(0.1), 3, range(2), backend="cuda", progress=False)
    (first,) = there.gpus
    there = use(Devices(1))
    network().train_many(af.SGD(0.1), 30, range(2), backend="cuda", progress=False)
    (second,) = there.gpus
    assert second.taken == first.taken
    assert len(second.blocks) == 31 > len(first.blocks)


@pytest.mark.parametrize(("count", "used"), [(1, 1), (131, 1), (263, 1), (264, 2), (395, 2), (1000, 4)])
def test_a_device_more_takes_a_part_where_each_processor_has_a_run(count: int, used: int, use: Use) -> None:
    use(Devices(4, processors=132))
    assert lanes.devices_for(count) == [*range(used)]
