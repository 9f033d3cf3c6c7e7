"""The threads of a block that trains: by turns in several orders, of which none changes a bit, and with no race."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from cuda_check import TOLERANCE
from networks import LOSSES, Loss, classifier, deep, largest_entry, regression
from training_cases import Steps, apart, steps_of
from turns import Block, Watched

from atlas_fast.kernels import Builder
from atlas_fast.kernels.cuda import runs, samples, shares
from atlas_fast.kernels.cuda.targets import function_of
from atlas_fast.kernels.cuda.vectors import PlainRuns
from atlas_fast.kernels.uniforms import Array


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tiles of 4 samples, and sums that are compensated behind each term: few samples then go all ways."""
    monkeypatch.setattr(shares, "TILES", (4,))
    for module in (shares, samples):
        monkeypatch.setattr(module, "CHUNK", 1)
    runs.training_code.cache_clear()
    yield
    runs.training_code.cache_clear()


def swapped() -> Loss:
    """sum(A B + tanh(C)^2): the derivative by A is B, which the step changes, and B's is A."""
    b = Builder()
    product = b.emit("mul", b.weight("A", (2, 3)), b.weight("B", (2, 3)))
    t = b.emit("tanh", b.weight("C", (2, 3)))
    return Loss(b.build(b.emit("sum", b.emit("add", product, b.emit("mul", t, t)), axis=None)), lambda: 0.0)


def sum_and_largest() -> Loss:
    """sum(exp(w X)) + max(w X) in one sweep."""
    b = Builder()
    z = b.emit("matmul", b.weight("W", (1, 3)), b.data("X", (3, 9)))
    loss = b.emit("add", b.emit("sum", b.emit("exp", z), axis=1), b.emit("max", z, axis=1))
    return Loss(b.build(loss), lambda: 0.0)


RACED: dict[str, Loss] = {
    "swapped": swapped(),
    "sum and largest": sum_and_largest(),
    "classifier": classifier(samples=9, hidden=2),
    "as rows": classifier(samples=8, hidden=2, as_rows=True),
    "few samples": regression(samples=5, hidden=3),
    "deep": deep(samples=10, width=3),
    "largest entry": largest_entry(samples=9),
    "softmax over samples": LOSSES["softmax over samples"](),
    "centred": LOSSES["centred"](),
    "two sets": LOSSES["two sets"](),
}


def raced(steps: Steps, dtype: str, order: list[int], shared: bool = True) -> tuple[Array, Array, list[str]]:
    """Two steps of one run by threads that take turns in this order; what was recorded, and races."""
    made = steps.runs(PlainRuns, dtype)
    assert made.code.shares.shared == shared
    block, outputs = Block(order), made._made(2)
    kernel = function_of(made.code.source, "numpy")
    kernel.__globals__["cuda"] = block.cuda(0)
    numbers = np.stack([steps.numbers[name] for name in made.numbers], axis=2).astype(dtype)
    space = np.full(1 if shared else made.code.shares.count, np.nan, dtype)
    watched = [Watched(block, array) for array in made._flat(made.state, *outputs, space)]
    uniform = made._of_all()
    with np.errstate(all="ignore"):
        block.run(lambda: kernel(uniform, None, numbers.reshape(-1), *watched, 0, 2, 0))
    return outputs[0], outputs[1], block.races


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", RACED)
def test_no_order_of_threads_changes_a_bit_and_no_two_of_them_race(name: str, dtype: str) -> None:
    loss = RACED[name]
    shapes = loss.program.weights
    start = np.concatenate([x.reshape(-1) for x in loss.draw(shapes, 5).values()])[np.newaxis]
    steps = Steps(loss, start, np.full((1, 2), 0.01), loss.draw(loss.program.data, 7))
    expected, losses, _ = steps.runs(PlainRuns, dtype).run(2, steps.numbers)
    assert np.isfinite(expected).all() and (np.ptp(expected, axis=1) > 0).any()
    for order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 6, 1, 5, 3, 4]):
        found, starting, races = raced(steps, dtype, order)
        assert races == []
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(starting, losses)


def test_numbers_that_do_not_fit_into_shared_memory_lie_in_the_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "SHARED_BYTES", 0)
    runs.training_code.cache_clear()
    steps = steps_of("regression", runs=1, steps=2)
    assert "cuda.shared" not in steps.runs(PlainRuns, "float64").code.source.text
    found, losses, races = raced(steps, "float64", [1, 0], shared=False)
    runs.training_code.cache_clear()
    assert races == []
    assert apart((found, losses), steps.expected()) < 1e-12


def test_the_watch_sees_a_race() -> None:
    """Two threads, one number; and a barrier between them."""
    for barrier in (False, True):
        block = Block([0, 1])
        held = Watched(block, np.zeros(2))
        cuda = block.cuda(0)

        def kernel(barrier: bool = barrier, held: Watched = held, cuda: object = cuda) -> None:
            held[cuda.threadIdx.x] = 1  # type: ignore[attr-defined]
            if barrier:
                cuda.syncthreads()  # type: ignore[attr-defined]
            held[1 - cuda.threadIdx.x]  # type: ignore[attr-defined]

        block.run(kernel)
        assert bool(block.races) is not barrier
