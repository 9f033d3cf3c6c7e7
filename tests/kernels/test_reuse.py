"""Memory that is used again: only what nobody reads, and not much of it."""

import threading

import numpy as np
import pytest

from atlas_fast.kernels import reuse


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    reuse._unused.clear()


def place(array: np.ndarray) -> int:
    return array.ctypes.data


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 700, 500), (1, 512, 512), (2, 3, 4), (0, 9)])
def test_an_array_has_the_shape_and_type_that_are_asked_for_and_can_be_written(
    shape: tuple[int, ...], dtype: str
) -> None:
    found = reuse.empty(shape, dtype)
    found[...] = 1
    assert found.shape == shape and found.dtype == dtype and found.flags.c_contiguous


def test_memory_of_what_is_gone_is_taken_again() -> None:
    first = reuse.empty((1024, 1024), "float32")
    where = place(first)
    del first
    assert place(reuse.empty((1000, 1024), "float32")) == where
    assert place(reuse.empty((512, 1024), "float64")) == where


@pytest.mark.parametrize("part", [lambda x: x[3], lambda x: x.T, lambda x: memoryview(x), lambda x: x.view(np.int32)])
def test_memory_that_anything_lies_in_is_never_taken(part) -> None:  # type: ignore[no-untyped-def]
    first = reuse.empty((1024, 1024), "float32")
    first[...] = 7
    kept, where = part(first), place(first)
    del first
    for _ in range(4):
        other = reuse.empty((1024, 1024), "float32")
        other[...] = 1
        assert place(other) != where
    assert (np.asarray(kept).view(np.float32) == 7).all()
    del kept, other
    assert where in {place(each) for each in [reuse.empty((1024, 1024), "float32") for _ in range(2)]}


def test_no_more_than_a_few_blocks_are_kept_and_none_much_larger_than_is_asked_for() -> None:
    many = [reuse.empty((1024, 1024), "float32") for _ in range(9)]
    del many
    assert sum(block.nbytes for block in reuse._unused) == reuse.COUNT * 2**22
    small = reuse.empty((512, 512), "float32")
    assert small.nbytes == 2**20
    assert len(reuse._unused) == reuse.COUNT
    del small
    assert not any(block.nbytes > reuse.LARGEST for block in reuse._unused)
    huge = reuse.empty((8192, 1024), "float32")
    del huge
    assert not any(block.nbytes > reuse.LARGEST for block in reuse._unused)


def test_threads_never_share_a_block() -> None:
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(200):
            mine = reuse.empty((256, 1024), "float32")
            mine[...] = number
            if (mine != number).any():
                wrong.append(number)
            del mine

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_surface_that_is_kept_is_not_overwritten_by_the_next() -> None:
    import atlas_fast as af

    problem = af.Problem("x^2 + y^2")
    plane = af.Plane.axes(problem, "x", "y") if hasattr(af.Plane, "axes") else af.Plane.random(problem, problem.init(0))
    first = problem.surface(plane, 1024, progress=False)
    before = first.loss.copy()
    for extent in (2.0, 3.0, 4.0):
        problem.surface(plane, 1024, extent, progress=False)
    np.testing.assert_array_equal(first.loss, before)
