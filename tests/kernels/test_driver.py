"""The driver: progress, cancellation, and threads."""

import _thread
import threading

import numpy as np
import pytest
from networks import classifier

from atlas_fast.kernels.cpu import driver, waiting
from atlas_fast.kernels.execution import BoundPlane

A = np.linspace(-1.0, 1.0, 70)
B = np.linspace(-1.0, 1.0, 50)
POINTS = A.size * B.size


@pytest.fixture(params=["cpu", "numpy"])
def bound(request: pytest.FixtureRequest) -> BoundPlane:
    """On A x B it takes compiled code a tenth of a second at the least: long enough to be stopped half-way."""
    if request.param == "cpu":
        return classifier(samples=20_000).case().bound("float32", gradient=False)
    return classifier().case().bound("float64", gradient=False, backend="numpy")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads for the smallest grid, and progress every millisecond."""
    monkeypatch.setattr(driver, "WORTH_A_THREAD", 0)
    monkeypatch.setattr(waiting, "SHORT", 0)
    monkeypatch.setattr(waiting, "TICK", 1e-3)


def test_progress_grows_to_the_total(bound: BoundPlane) -> None:
    seen: list[tuple[int, int]] = []
    bound(A, B, progress=lambda done, total: seen.append((done, total)))
    assert {total for _, total in seen} == {POINTS}
    done = [count for count, _ in seen]
    assert len(done) > 3
    assert done == sorted(done) and done[0] >= 0 and done[-1] == POINTS
    assert bound.complete


def test_progress_is_told_by_the_thread_that_asked(bound: BoundPlane) -> None:
    tellers = set()
    bound(A, B, progress=lambda done, total: tellers.add(threading.get_ident()))
    assert tellers == {threading.get_ident()}


def test_only_false_cancels(bound: BoundPlane) -> None:
    """A callable that returns nothing, or 0 for what it printed, goes on."""
    for answer in (None, 0, True, ""):
        result = bound(A[:9], B[:3], progress=lambda done, total, answer=answer: answer)  # type: ignore[misc]
        assert bound.complete and np.isfinite(result).all()


def test_a_cancelled_grid_is_nan_where_it_was_not_computed(bound: BoundPlane) -> None:
    whole = bound(A, B)
    done = []

    def to_a_quarter(count: int, total: int) -> bool:
        done.append(count)
        return count < total // 4

    part = bound(A, B, progress=to_a_quarter)
    assert not bound.complete
    assert done[-1] >= POINTS // 4
    computed = ~np.isnan(part[0])
    # What was told of is there, but for what each thread was at when it stopped.
    assert done[-1] - 64 * driver.thread_count() <= np.count_nonzero(computed) < POINTS
    np.testing.assert_array_equal(part[0][computed], whole[0][computed])


def test_a_cancelled_kernel_can_be_called_again(bound: BoundPlane) -> None:
    bound(A, B, progress=lambda done, total: False)
    assert not bound.complete
    assert np.isfinite(bound(A, B)).all()
    assert bound.complete


def test_cancelling_at_the_end_is_too_late(bound: BoundPlane) -> None:
    result = bound(A, B, progress=lambda done, total: done < total)
    assert bound.complete and np.isfinite(result).all()


def test_a_gradient_is_cancelled_whole() -> None:
    bound = classifier(samples=20_000).case().bound("float32", gradient=True)
    part = bound(A, B, progress=lambda done, total: False)
    assert not bound.complete
    missing = np.isnan(part)
    assert missing.any() and (missing[0] == missing[1]).all() and (missing[0] == missing[2]).all()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_progress_raises_comes_out(bound: BoundPlane, error: type[BaseException]) -> None:
    def interrupted(done: int, total: int) -> None:
        raise error

    with pytest.raises(error):
        bound(A, B, progress=interrupted)
    assert np.isfinite(bound(A, B)).all(), "and the kernel still works"


@pytest.mark.parametrize(("wanted", "count"), [("1", 1), ("0", 1), ("100000", None), ("", None), ("two", None)])
def test_the_number_of_threads_is_asked_for(wanted: str, count: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATLAS_THREADS", raising=False)
    all_cores = driver.thread_count()
    monkeypatch.setenv("ATLAS_THREADS", wanted)
    assert driver.thread_count() == (count or all_cores)


def test_numbas_number_of_threads_is_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    monkeypatch.delenv("ATLAS_THREADS", raising=False)
    assert driver.thread_count() == 3
    monkeypatch.setenv("ATLAS_THREADS", "5")
    assert driver.thread_count() == 3


def tiles(tile: int, row_blocks: int, rows: int, operations: int) -> driver.Tiles:
    return driver.Tiles(0, np.zeros(1, dtype=np.int64), [], waiting.flag(), 64, tile, row_blocks, rows, operations)


def test_no_more_threads_than_tiles() -> None:
    found = tiles(8, 1, 1, 10**9)
    assert found.total == 1 and found.threads == 1


def test_no_more_threads_than_there_is_work_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "WORTH_A_THREAD", 1000)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "64")
    monkeypatch.delenv("ATLAS_THREADS", raising=False)
    assert [tiles(1, 100, 1, operations).threads for operations in (5, 30, 10**4)] == [1, 3, 64]


def test_tiles_cover_rows_that_are_no_whole_number_of_tiles() -> None:
    assert tiles(8, 19, 5, 1).total == 5 * 3


def test_a_dear_tile_is_cut_smaller() -> None:
    assert tiles(8, 19, 5, driver.TILE_WORK // 2).tile == 2
    assert tiles(8, 19, 5, 10 * driver.TILE_WORK).tile == 1


def test_a_system_that_grants_no_thread_computes_all_the_same(
    bound: BoundPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bound(A[:9], B[:3])

    def refused(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    np.testing.assert_array_equal(bound(A[:9], B[:3]), whole)
    monkeypatch.setattr(waiting, "SHORT", float("inf"))
    monkeypatch.setattr(_thread, "start_new_thread", refused)
    np.testing.assert_array_equal(bound(A[:9], B[:3]), whole)


def short(monkeypatch: pytest.MonkeyPatch) -> BoundPlane:
    """A surface of less than a millisecond that two threads share."""
    monkeypatch.setattr(waiting, "SHORT", float("inf"))
    monkeypatch.setattr(driver, "thread_count", lambda: 2)
    return classifier().case().bound("float32", gradient=False)


def test_a_thread_that_starts_late_is_not_waited_for_and_touches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bound, late = short(monkeypatch), []
    monkeypatch.setattr(_thread, "start_new_thread", lambda job, _: late.append(job))
    found = bound(A, B)
    assert len(late) == 1 and np.isfinite(found).all()
    before = found.copy()
    found[:] = 0
    late[0]()
    assert not found.any(), "it found no tile left"
    np.testing.assert_array_equal(bound(A, B), before)


def test_short_work_is_complete_when_it_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    bound, ours = short(monkeypatch), threading.get_ident()
    tellers, native = set(), driver._worker()

    def told(job: int) -> None:
        tellers.add(threading.get_ident())
        native[0](job)

    monkeypatch.setattr(driver, "_worker", lambda: (told, native[1]))
    whole = bound(A, B)
    for _ in range(300):
        np.testing.assert_array_equal(bound(A, B), whole)
    assert ours in tellers and len(tellers) > 1
