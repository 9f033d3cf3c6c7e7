"""The driver: progress, cancellation, and threads."""

import numpy as np
import pytest
from networks import classifier

from atlas_fast.kernels import execution
from atlas_fast.kernels.cpu import driver
from atlas_fast.kernels.execution import BoundPlane

A = np.linspace(-1.0, 1.0, 70)
B = np.linspace(-1.0, 1.0, 50)
POINTS = A.size * B.size


@pytest.fixture(params=["cpu", "numpy"])
def bound(request: pytest.FixtureRequest) -> BoundPlane:
    dtype = "float32" if request.param == "cpu" else "float64"
    return classifier().case().bound(dtype, gradient=False, backend=request.param)


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of a few tiles, so that a small grid has many of them."""
    monkeypatch.setattr(driver, "FIRST_GROUP", 1)
    monkeypatch.setattr(driver, "WORTH_A_THREAD", 0)
    monkeypatch.setattr(execution, "GROUP_SECONDS", 1e-9)


def test_progress_grows_to_the_total(bound: BoundPlane) -> None:
    seen: list[tuple[int, int]] = []
    bound(A, B, progress=lambda done, total: seen.append((done, total)))
    assert {total for _, total in seen} == {POINTS}
    done = [count for count, _ in seen]
    assert len(done) > 3
    assert done == sorted(done) and done[0] > 0 and done[-1] == POINTS
    assert bound.complete


def test_only_false_cancels(bound: BoundPlane) -> None:
    """A callable that returns nothing, or 0 for what it printed, goes on."""
    for answer in (None, 0, True, ""):
        result = bound(A[:9], B[:3], progress=lambda done, total, answer=answer: answer)  # type: ignore[misc]
        assert bound.complete and np.isfinite(result).all()


def test_a_cancelled_grid_is_nan_where_it_was_not_computed(bound: BoundPlane) -> None:
    whole = bound(A, B)
    calls: list[int] = []

    def second(done: int, total: int) -> bool:
        calls.append(done)
        return len(calls) < 2

    part = bound(A, B, progress=second)
    assert not bound.complete
    assert len(calls) == 2
    computed = ~np.isnan(part)
    assert calls[-1] == np.count_nonzero(computed) or abs(calls[-1] - np.count_nonzero(computed)) <= 64 * 4
    assert 0 < np.count_nonzero(computed) < POINTS
    np.testing.assert_array_equal(part[computed], whole[computed])


def test_a_cancelled_kernel_can_be_called_again(bound: BoundPlane) -> None:
    bound(A, B, progress=lambda done, total: False)
    assert not bound.complete
    assert np.isfinite(bound(A, B)).all()
    assert bound.complete


def test_cancelling_at_the_end_is_too_late(bound: BoundPlane) -> None:
    result = bound(A, B, progress=lambda done, total: done < total)
    assert bound.complete and np.isfinite(result).all()


def test_a_gradient_is_cancelled_whole() -> None:
    bound = classifier().case().bound("float32", gradient=True)
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


def test_no_more_threads_than_tiles() -> None:
    tiles = driver.Tiles(0, np.zeros(1, dtype=np.int64), 64, 8, 1, 1, 1e9)
    assert tiles.total == 1 and tiles.threads == 1


def test_tiles_cover_rows_that_are_no_whole_number_of_tiles() -> None:
    tiles = driver.Tiles(0, np.zeros(1, dtype=np.int64), 64, 8, 19, 5, 1e9)
    assert tiles.total == 5 * 3
