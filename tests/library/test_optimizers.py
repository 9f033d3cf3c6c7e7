"""Optimizers: their update rules against torch.optim, and against formulas by hand where torch is not there."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import atlas_fast as af

STEPS = 200
CASES = {
    "descent": af.SGD(lr=0.05),
    "momentum": af.SGD(lr=0.02, momentum=0.9),
    "nesterov": af.SGD(lr=0.02, momentum=0.9, nesterov=True),
    "adam": af.Adam(lr=0.01),
    "adam, other settings": af.Adam(lr=0.01, betas=(0.8, 0.99), eps=1e-3),
}


@pytest.fixture(scope="module")
def network() -> af.Problem:
    random = np.random.default_rng(7)
    data = {"X": random.normal(size=(3, 20)), "Y": random.normal(size=(2, 20))}
    return af.Problem("mse(A*tanh(B*X + C) + D, Y)", data, {"B": (5, None)})


@pytest.mark.parametrize("name", CASES)
def test_two_hundred_steps_agree_with_torch(network: af.Problem, name: str) -> None:
    torch = pytest.importorskip("torch")
    ours = CASES[name]
    run = network.train(ours, epochs=STEPS, seed=3)
    weights = {n: torch.tensor(w, requires_grad=True) for n, w in network.unpack(run.weights[0]).items()}
    x, y = (torch.tensor(network.data[n].copy()) for n in "XY")
    if isinstance(ours, af.SGD):
        settings = {"lr": ours.lr, "momentum": ours.momentum, "nesterov": ours.nesterov}
        theirs = torch.optim.SGD(weights.values(), **settings)
    else:
        theirs = torch.optim.Adam(weights.values(), lr=ours.lr, betas=ours.betas, eps=ours.eps)
    for step in range(1, STEPS + 1):
        theirs.zero_grad()
        hidden = torch.tanh(weights["B"] @ x + weights["C"])
        ((weights["A"] @ hidden + weights["D"] - y) ** 2).mean().backward()
        theirs.step()
        expected = np.concatenate([weights[n].detach().numpy().ravel() for n in network.weights])
        np.testing.assert_allclose(run.weights[step], expected, rtol=1e-9, atol=1e-9)


def test_defaults_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    parameter = [torch.zeros(1, requires_grad=True)]
    adam = torch.optim.Adam(parameter, lr=0.1).defaults
    assert (af.Adam(0.1).betas, af.Adam(0.1).eps) == (adam["betas"], adam["eps"])
    sgd = torch.optim.SGD(parameter, lr=0.1).defaults
    assert (af.SGD(0.1).momentum, af.SGD(0.1).nesterov) == (sgd["momentum"], sgd["nesterov"])


Vector = NDArray[np.float64]
Step = Callable[[Vector, Vector, list[Vector], int], Vector]


def descent(w: Vector, g: Vector, state: list[Vector], step: int) -> Vector:
    return w - 0.05 * g


def momentum(w: Vector, g: Vector, state: list[Vector], step: int) -> Vector:
    state[0] = 0.9 * state[0] + g
    return w - 0.02 * state[0]


def nesterov(w: Vector, g: Vector, state: list[Vector], step: int) -> Vector:
    state[0] = 0.9 * state[0] + g
    return w - 0.02 * (g + 0.9 * state[0])


def adam(w: Vector, g: Vector, state: list[Vector], step: int) -> Vector:
    # Kingma and Ba (2015), algorithm 1, as printed.
    state[0] = 0.9 * state[0] + 0.1 * g
    state[1] = 0.999 * state[1] + 0.001 * g**2
    mean, square = state[0] / (1 - 0.9**step), state[1] / (1 - 0.999**step)
    return w - 0.01 * mean / (np.sqrt(square) + 1e-8)


@pytest.mark.parametrize(
    ("name", "rule"), [("descent", descent), ("momentum", momentum), ("nesterov", nesterov), ("adam", adam)]
)
def test_two_hundred_steps_agree_with_formulas_by_hand(name: str, rule: Step) -> None:
    # x^2 + 3 y^2 + x y: its gradient is (2x + y, 6y + x).
    problem = af.Problem("x^2 + 3*y^2 + x*y")
    run = problem.train(CASES[name], epochs=STEPS, start=[1.5, -2.0])
    w, state = np.array([1.5, -2.0]), [np.zeros(2), np.zeros(2)]
    for step in range(1, STEPS + 1):
        w = rule(w, np.array([2 * w[0] + w[1], 6 * w[1] + w[0]]), state, step)
        np.testing.assert_allclose(run.weights[step], w, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: af.SGD(lr=0), "lr is 0, it must be greater than 0"),
        (lambda: af.SGD(lr=-0.1), "lr is -0.1, it must be greater than 0"),
        (lambda: af.SGD(lr="fast"), "lr is 'fast', a number is wanted"),
        (lambda: af.SGD(lr=float("nan")), "lr is nan, a finite number is wanted"),
        (lambda: af.SGD(lr=0.1, momentum=-0.5), "momentum is -0.5, it must be 0 or more"),
        (lambda: af.SGD(lr=0.1, momentum=1), "momentum is 1, it must be less than 1"),
        (lambda: af.SGD(lr=0.1, nesterov=True), "nesterov=True needs a momentum"),
        (lambda: af.Adam(lr=0.0), "lr is 0, it must be greater than 0"),
        (lambda: af.Adam(lr=0.1, betas=0.9), "betas is 0.9, two numbers are wanted"),
        (lambda: af.Adam(lr=0.1, betas=(0.9, 1.0)), r"betas\[1\] is 1, it must be less than 1"),
        (lambda: af.Adam(lr=0.1, eps=-1e-8), "eps is -1e-08, it must be 0 or more"),
    ],
)
def test_settings_that_cannot_work_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(af.ArgumentError, match=message):
        make()


def test_the_learning_rate_is_always_given() -> None:
    with pytest.raises(TypeError):
        af.Adam()  # type: ignore[call-arg]


def test_an_optimizer_prints_as_the_call_that_makes_it() -> None:
    assert repr(af.SGD(lr=0.1)) == "SGD(lr=0.1)"
    assert repr(af.SGD(0.1, momentum=0.9, nesterov=True)) == "SGD(lr=0.1, momentum=0.9, nesterov=True)"
    assert repr(af.Adam(0.01, betas=(0.8, 0.9))) == "Adam(lr=0.01, betas=(0.8, 0.9))"
