"""The threads of a block that trains: by turns in several orders, of which none changes a bit, and with no race."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import pytest
from device_cases import RACED
from training_cases import Steps, apart, network, statistics, steps_of
from turns import Block, Watched

import atlas_fast as af
from atlas_fast import optimizers
from atlas_fast.batches import Batches
from atlas_fast.kernels.cuda import runs, shares
from atlas_fast.kernels.cuda.runs import Cut, Order
from atlas_fast.kernels.cuda.targets import function_of
from atlas_fast.kernels.cuda.vectors import PlainRuns
from atlas_fast.kernels.derivative import gradient
from atlas_fast.kernels.uniforms import Array

ORDERS = ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 6, 1, 5, 3, 4])

Numbers = Mapping[str, Array]


def raced(
    made: PlainRuns, told: Numbers, order: list[int], samples: Order | None = None
) -> tuple[Array, Array, list[str]]:
    """Some steps of one run by threads that take turns in this order; what was recorded, and races."""
    dtype, steps = made.dtype, next(iter(told.values())).shape[1]
    block, outputs = Block(order), made._made(steps)
    kernel = function_of(made.code.source, "numpy")
    kernel.__globals__["cuda"] = block.cuda(0)
    numbers = np.stack([told[name] for name in made.numbers], axis=2).astype(dtype)
    space = np.full(max(1, made.code.shares.space), np.nan, dtype)
    watched = [Watched(block, array) for array in made._flat(made.state, *outputs, space)]
    uniform = made._of_all() if made.code.own == 0 else made._of_steps(steps, samples, 0).reshape(-1)
    drawn, chosen = (0, None) if samples is None else (samples.shape[1], samples.reshape(-1))
    with np.errstate(all="ignore"):
        block.run(lambda: kernel(uniform, chosen, numbers.reshape(-1), *watched, drawn, steps, 0))
    return outputs[0], outputs[1], block.races


ROOM = {"all in shared memory": 1 << 20, "some of it": 400, "none of it": 0}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("dtype", "room"), [*product(["float32"], ROOM), ("float64", "some of it")])
@pytest.mark.parametrize("name", RACED)
def test_no_order_of_threads_changes_a_bit_and_no_two_of_them_race(
    name: str, dtype: str, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "SHARED_BYTES", ROOM[room])
    loss = RACED[name]
    shapes = loss.program.weights
    start = np.concatenate([x.reshape(-1) for x in loss.draw(shapes, 5).values()])[np.newaxis]
    steps = Steps(loss, start, np.full((1, 2), 0.01), loss.draw(loss.program.data, 7))
    expected, losses, _ = steps.runs(PlainRuns, dtype).run(2, steps.numbers)
    assert np.isfinite(expected).all() and (np.ptp(expected, axis=1) > 0).any()
    for order in ORDERS:
        found, starting, races = raced(steps.runs(PlainRuns, dtype), steps.numbers, order)
        assert races == []
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(starting, losses)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("room", ROOM)
@pytest.mark.parametrize("make", [network, statistics])
def test_batches_of_which_the_last_is_smaller(
    make: Callable[[int], af.Problem], room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """9 + 9 + 4 of 22 samples, twice: two gradients over one another in memory, beside the weights and the state."""
    monkeypatch.setattr(shares, "SHARED_BYTES", ROOM[room])
    problem, optimizer = make(22), af.Adam(0.05)
    batches = Batches(problem, 9, 0)
    gradients = [gradient(program) for program in batches.programs.values()]
    cut, state = (
        Cut(batches.samples, batches.cut, tuple(batches.programs)),
        dict.fromkeys(optimizers.RULES[af.Adam].state, 0.0),
    )
    samples = np.stack([np.concatenate([np.random.default_rng(n).permutation(22) for n in (1, 2)])]).astype(np.int32)
    told = {name: np.asarray(x)[np.newaxis] for name, x in optimizers.Schedule(optimizer).take(6).items()}

    def runs_of() -> PlainRuns:
        shapes, starts = problem.program.weights, np.random.default_rng(3).normal(size=(1, problem.size))
        rule = optimizers.program(optimizer)
        return PlainRuns(gradients, problem.data, rule, shapes, starts, [state], "float32", cut)

    expected, losses, done = runs_of().run(6, told, samples)
    assert done.tolist() == [6] and (np.ptp(expected, axis=1) > 0).any()
    for order in ORDERS:
        found, starting, races = raced(runs_of(), told, order, samples)
        assert races == []
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(starting, losses)


def test_numbers_that_do_not_fit_into_shared_memory_lie_in_the_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "SHARED_BYTES", 0)
    runs.training_code.cache_clear()
    steps = steps_of("regression", runs=1, steps=2)
    assert "cuda.shared" not in steps.runs(PlainRuns, "float64").code.source.text
    found, losses, races = raced(steps.runs(PlainRuns, "float64"), steps.numbers, [1, 0])
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
