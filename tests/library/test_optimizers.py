"""Optimizers: their update rules against torch.optim, and against formulas by hand where torch is not there."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atlas_fast as af
from atlas_fast.optimizers import OPTIMIZERS, RULES, find, make
from atlas_fast.optimizers.settings import CHECKS, Optimizer, settings

STEPS = 200
LR = {"SGD": 0.03, "Adagrad": 0.05, "Adadelta": 0.5, "RMSProp": 0.002}
"""A learning rate with which each moves visibly in 200 steps; 0.003 for the others. Where a gradient changes its sign
the rules that divide by its size magnify its last digit, the more the larger their steps."""

CHANGED: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.9, "nesterov": True, "dampening": 0.3, "weight_decay": 0.1},
    "Adagrad": {"lr_decay": 0.02, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3},
    "Adadelta": {"rho": 0.8, "eps": 1e-3, "weight_decay": 0.1},
    "RMSProp": {"alpha": 0.97, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.5, "centered": True},
    "Adam": {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True},
    "AdamW": {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.3, "amsgrad": True},
    "Adamax": {"betas": (0.8, 0.98), "eps": 1e-3, "weight_decay": 0.1},
    "NAdam": {
        "betas": (0.8, 0.95),
        "eps": 1e-3,
        "weight_decay": 0.1,
        "momentum_decay": 0.05,
        "decoupled_weight_decay": True,
    },
}
"""Every setting beside lr, at something other than its default, and such that the problem is well conditioned: the last
digit of a start, changed, changes no weight by more than 1e-13 after 200 steps. (With a second beta of 0.95 Adamax
makes 3e-10 of it, where a gradient changes sign and its norm has decayed.)"""

TOGETHER = {
    "SGD": [("momentum", "nesterov", "weight_decay"), ("momentum", "dampening", "weight_decay")],
    "RMSProp": [("momentum", "centered")],
    "NAdam": [("weight_decay", "decoupled_weight_decay")],
}
"""Settings that act on one another; beside these each is changed alone, and all at once."""


def cases() -> Iterator[Optimizer]:
    for name, kind in OPTIMIZERS.items():
        lr, changed = LR.get(name, 0.003), CHANGED[name]
        alone = [(setting,) for setting in changed if setting != "nesterov"]
        whole = [tuple(changed)] if name != "SGD" else []
        for group in [(), *alone, *TOGETHER.get(name, []), *whole]:
            yield kind(lr=lr, **{setting: changed[setting] for setting in group})


@pytest.fixture(scope="module")
def network() -> af.Problem:
    random = np.random.default_rng(7)
    data = {"X": random.normal(size=(3, 20)), "Y": random.normal(size=(2, 20))}
    return af.Problem("mse(A*tanh(B*X + C) + D, Y)", data, {"B": (5, None)})


@pytest.fixture
def torch() -> Iterator[Any]:
    """torch with float64 as its default: NAdam keeps its product of momenta in that type. In one thread: of matrices
    this small no other gets anything, and while it waits it takes a core."""
    found = pytest.importorskip("torch")
    before, threads = found.get_default_dtype(), found.get_num_threads()
    found.set_default_dtype(found.float64)
    found.set_num_threads(1)
    yield found
    found.set_num_threads(threads)
    found.set_default_dtype(before)


def of_torch(torch: Any, name: str) -> Any:
    return getattr(torch.optim, {"RMSProp": "RMSprop"}.get(name, name))


@pytest.mark.parametrize("ours", list(cases()), ids=repr)
def test_two_hundred_steps_agree_with_torch(torch: Any, network: af.Problem, ours: Optimizer) -> None:
    run = network.train(ours, epochs=STEPS, seed=3)
    weights = {n: torch.tensor(w, requires_grad=True) for n, w in network.unpack(run.weights[0]).items()}
    x, y = (torch.tensor(network.data[n].copy()) for n in "XY")
    given = {name: getattr(ours, name) for name in settings(type(ours))}
    theirs = of_torch(torch, type(ours).__name__)(list(weights.values()), **given)
    for step in range(1, STEPS + 1):
        theirs.zero_grad()
        hidden = torch.tanh(weights["B"] @ x + weights["C"])
        ((weights["A"] @ hidden + weights["D"] - y) ** 2).mean().backward()
        theirs.step()
        expected = np.concatenate([weights[n].detach().numpy().ravel() for n in network.weights])
        np.testing.assert_allclose(run.weights[step], expected, rtol=1e-9, atol=1e-11)
    assert np.abs(run.weights[-1] - run.weights[0]).max() > 0.1  # it went somewhere


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_settings_and_defaults_are_those_of_torch(torch: Any, name: str) -> None:
    theirs = of_torch(torch, name)([torch.zeros(1, requires_grad=True)], lr=0.1).defaults
    ways = {"maximize", "foreach", "capturable", "differentiable", "fused"}  # how to compute, or what else to
    ours = {**settings(OPTIMIZERS[name]), "lr": 0.1}
    # Adam(decoupled_weight_decay=True) is AdamW, which has a class of its own.
    other = {"decoupled_weight_decay"} if name in ("Adam", "AdamW") else set()
    assert ours == {key: value for key, value in theirs.items() if key not in ways | other}


def test_every_setting_is_changed_in_some_case() -> None:
    for name, kind in OPTIMIZERS.items():
        assert set(CHANGED[name]) == set(settings(kind)) - {"lr"}
        assert all(CHANGED[name][setting] != settings(kind)[setting] for setting in CHANGED[name])


def test_the_tables_hold_the_same_optimizers() -> None:
    assert list(OPTIMIZERS.values()) == list(RULES)
    assert set(CHECKS) == {setting for kind in RULES for setting in settings(kind)}
    assert all(getattr(af, name) is kind for name, kind in OPTIMIZERS.items())


Vector = NDArray[np.float64]
Step = Callable[[Vector, Vector, list[Any], int], Vector]


def descent(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    return w - 0.05 * g


def momentum(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    state[0] = 0.9 * state[0] + g
    return w - 0.02 * state[0]


def nesterov(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    state[0] = 0.9 * state[0] + g
    return w - 0.02 * (g + 0.9 * state[0])


def adagrad(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    # Duchi et al. (2011), the diagonal matrix of section 1.1.
    state[0] = state[0] + g**2
    return w - 0.1 * g / (1e-10 + np.sqrt(state[0]))


def adadelta(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    # Zeiler (2012), algorithm 1, with rho = 0.9.
    state[0] = 0.9 * state[0] + 0.1 * g**2
    delta = -np.sqrt(state[1] + 1e-6) / np.sqrt(state[0] + 1e-6) * g
    state[1] = 0.9 * state[1] + 0.1 * delta**2
    return w + delta


def rmsprop(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    # Hinton's lecture 6e, slide 29, with torch's alpha = 0.99.
    state[0] = 0.99 * state[0] + 0.01 * g**2
    return w - 0.01 * g / (np.sqrt(state[0]) + 1e-8)


def graves(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    # Graves (2013), equations 38 to 41, with eps outside the root as torch has it.
    state[0] = 0.95 * state[0] + 0.05 * g**2
    state[1] = 0.95 * state[1] + 0.05 * g
    state[2] = 0.9 * state[2] - 1e-4 * g / (np.sqrt(state[0] - state[1] ** 2) + 1e-4)
    return w + state[2]


def adam(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    # Kingma and Ba (2015), algorithm 1, as printed.
    state[0] = 0.9 * state[0] + 0.1 * g
    state[1] = 0.999 * state[1] + 0.001 * g**2
    mean, square = state[0] / (1 - 0.9**step), state[1] / (1 - 0.999**step)
    return w - 0.01 * mean / (np.sqrt(square) + 1e-8)


def adamw(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    # Loshchilov and Hutter (2019), algorithm 2, with torch's lr on the decay, too.
    return adam(w, g, state, step) - 0.01 * 0.2 * w


def adamax(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    # Kingma and Ba (2015), algorithm 2; eps as torch adds it.
    state[0] = 0.9 * state[0] + 0.1 * g
    state[1] = np.maximum(0.999 * state[1], np.abs(g) + 1e-8)
    return w - 0.02 / (1 - 0.9**step) * state[0] / state[1]


def nadam(w: Vector, g: Vector, state: list[Any], step: int) -> Vector:
    # Dozat (2016), algorithm 2, with the schedule of its section 3.
    mu = [0.9 * (1 - 0.5 * 0.96 ** (t * 0.004)) for t in range(1, step + 2)]
    state[0] = 0.9 * state[0] + 0.1 * g
    state[1] = 0.999 * state[1] + 0.001 * g**2
    mean = mu[step] * state[0] / (1 - np.prod(mu)) + (1 - mu[step - 1]) * g / (1 - np.prod(mu[:-1]))
    return w - 0.02 * mean / (np.sqrt(state[1] / (1 - 0.999**step)) + 1e-8)


BY_HAND: dict[str, tuple[Optimizer, Step]] = {
    "descent": (af.SGD(lr=0.05), descent),
    "momentum": (af.SGD(lr=0.02, momentum=0.9), momentum),
    "nesterov": (af.SGD(lr=0.02, momentum=0.9, nesterov=True), nesterov),
    "adagrad": (af.Adagrad(lr=0.1), adagrad),
    "adadelta": (af.Adadelta(lr=1.0), adadelta),
    "rmsprop": (af.RMSProp(lr=0.01), rmsprop),
    "graves": (af.RMSProp(lr=1e-4, alpha=0.95, eps=1e-4, momentum=0.9, centered=True), graves),
    "adam": (af.Adam(lr=0.01), adam),
    "adamw": (af.AdamW(lr=0.01, weight_decay=0.2), adamw),
    "adamax": (af.Adamax(lr=0.02), adamax),
    "nadam": (af.NAdam(lr=0.02), nadam),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_two_hundred_steps_agree_with_formulas_by_hand(name: str) -> None:
    # x^2 + 3 y^2 + x y: its gradient is (2x + y, 6y + x).
    ours, rule = BY_HAND[name]
    run = af.Problem("x^2 + 3*y^2 + x*y").train(ours, epochs=STEPS, start=[1.5, -2.0])
    w, state = np.array([1.5, -2.0]), [np.zeros(2), np.zeros(2), np.zeros(2)]
    for step in range(1, STEPS + 1):
        w = rule(w, np.array([2 * w[0] + w[1], 6 * w[1] + w[0]]), state, step)
        np.testing.assert_allclose(run.weights[step], w, rtol=1e-9, atol=1e-12)


def test_every_optimizer_has_a_formula_by_hand() -> None:
    assert {type(ours) for ours, _ in BY_HAND.values()} == set(RULES)


def test_weight_decay_is_a_penalty_in_the_loss() -> None:
    """Decay through the gradient is descent on the loss with half its weight times the squared norm added."""
    penalty = "x^2 + 3*y^2 + x*y + 0.05*(x^2 + y^2)"
    for name, kind in OPTIMIZERS.items():
        if name == "AdamW":
            continue
        start, lr = [1.5, -2.0], LR.get(name, 0.003)
        decayed = af.Problem("x^2 + 3*y^2 + x*y").train(kind(lr=lr, weight_decay=0.1), 50, start=start)
        penalized = af.Problem(penalty).train(kind(lr=lr, weight_decay=0.0), 50, start=start)
        np.testing.assert_allclose(decayed.weights, penalized.weights, rtol=1e-8)


@pytest.mark.parametrize("ours", list(cases()), ids=repr)
def test_float32_stays_near_float64(network: af.Problem, ours: Optimizer) -> None:
    # 100 steps of weights near 1, each rounded to 6e-8: 5e-6 were measured at most.
    single, double = (network.train(ours, 100, seed=3, dtype=dtype) for dtype in ("float32", "float64"))
    np.testing.assert_allclose(single.weights, double.weights, atol=5e-5)
    assert not np.array_equal(single.weights, double.weights)


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_the_oracle_agrees_with_machine_code(kind: type[Optimizer]) -> None:
    problem = af.Problem("x^2 + 3*y^2 + x*y")
    ours, oracle = (problem.train(kind(lr=0.05), 30, start=[1.5, -2.0], backend=b) for b in ("cpu", "numpy"))
    np.testing.assert_allclose(ours.weights, oracle.weights, rtol=1e-12)


def test_a_gradient_whose_square_overflows_stops_adam_as_it_stops_torch() -> None:
    # g = 2e200, g^2 = inf, m / inf = 0: the largest moment that Adam does not use must not make that nan.
    run = af.Problem("x^2").train(af.Adam(lr=0.1), 5, start=[1e150])
    np.testing.assert_array_equal(run.weights, np.full((6, 1), 1e150))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: af.SGD(lr=0), "lr is 0, it must be greater than 0"),
        (lambda: af.SGD(lr=-0.1), "lr is -0.1, it must be greater than 0"),
        (lambda: af.SGD(lr="fast"), "lr is 'fast', a number is wanted"),
        (lambda: af.Adam("0.1"), "lr is '0.1', a number is wanted"),
        (lambda: af.SGD(lr=True), "lr is True, a number is wanted"),
        (lambda: af.SGD(lr=np.str_("0.1")), "a number is wanted"),
        (lambda: af.SGD(lr=float("nan")), "lr is nan, a finite number is wanted"),
        (lambda: af.SGD(lr=0.1, momentum=-0.5), "momentum is -0.5, it must be 0 or more"),
        (lambda: af.SGD(lr=0.1, momentum=1), "momentum is 1, it must be less than 1"),
        (lambda: af.SGD(lr=0.1, dampening=1), "dampening is 1, it must be less than 1"),
        (lambda: af.SGD(lr=0.1, nesterov=True), "nesterov=True needs a momentum"),
        (lambda: af.SGD(lr=0.1, nesterov="yes"), "nesterov is 'yes', it must be one of True, False"),
        (lambda: af.SGD(0.1, 0.9, nesterov=True, dampening=0.1), "nesterov=True takes no dampening"),
        (lambda: af.Adagrad(lr=0.1, lr_decay=-1), "lr_decay is -1, it must be 0 or more"),
        (lambda: af.Adagrad(lr=0.1, initial_accumulator_value=-1), "initial_accumulator_value is -1, it must be 0"),
        (lambda: af.Adadelta(lr=1.0, rho=1), "rho is 1, it must be less than 1"),
        (lambda: af.RMSProp(lr=0.1, alpha=-0.1), "alpha is -0.1, it must be 0 or more"),
        (lambda: af.RMSProp(lr=0.1, momentum=2), "momentum is 2, it must be less than 1"),
        (lambda: af.RMSProp(lr=0.1, centered=1), "centered is 1, it must be one of True, False"),
        (lambda: af.Adam(lr=0.0), "lr is 0, it must be greater than 0"),
        (lambda: af.Adam(lr=0.1, betas=0.9), "betas is 0.9, two numbers are wanted"),
        (lambda: af.Adam(lr=0.1, betas=(0.9, 1.0)), r"betas\[1\] is 1, it must be less than 1"),
        (lambda: af.Adam(lr=0.1, eps=-1e-8), "eps is -1e-08, it must be 0 or more"),
        (lambda: af.Adam(lr=0.1, amsgrad=None), "amsgrad is None, it must be one of True, False"),
        (lambda: af.AdamW(lr=0.1, weight_decay=-1), "weight_decay is -1, it must be 0 or more"),
        (lambda: af.Adamax(lr=0.1, betas=(0.9, 0.9, 0.9)), "betas is .0.9, 0.9, 0.9., two numbers are wanted"),
        (lambda: af.NAdam(lr=0.1, momentum_decay=-1), "momentum_decay is -1, it must be 0 or more"),
        (lambda: af.NAdam(lr=0.1, decoupled_weight_decay=0), "decoupled_weight_decay is 0, it must be one of"),
    ],
)
def test_settings_that_cannot_work_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(af.ArgumentError, match=message):
        make()


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_the_learning_rate_is_always_given(kind: type[Optimizer]) -> None:
    with pytest.raises(TypeError):
        kind()


def test_an_optimizer_prints_as_the_call_that_makes_it() -> None:
    assert repr(af.SGD(lr=0.1)) == "SGD(lr=0.1)"
    assert repr(af.SGD(0.1, momentum=0.9, nesterov=True)) == "SGD(lr=0.1, momentum=0.9, nesterov=True)"
    assert repr(af.Adam(0.01, betas=(0.8, 0.9))) == "Adam(lr=0.01, betas=(0.8, 0.9))"
    for ours in cases():
        assert eval(repr(ours), dict(OPTIMIZERS)) == ours


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_is_found_by_its_name_in_any_case(name: str) -> None:
    assert find(name) is find(name.lower()) is find(name.upper()) is OPTIMIZERS[name]
    given = {"lr": 0.1, **({} if name == "SGD" else CHANGED[name])}
    given = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
    assert make(name, given) == OPTIMIZERS[name](**given)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("Lion", {"lr": 1}, "'Lion' is no optimizer: there are SGD, Adagrad, .* NAdam$"),
        ("momentum", {"lr": 1}, r"there are SGD, .* NAdam; momentum is SGD\(lr, momentum=0.9\)"),
        ("adam", {"lr": 1, "momentum": 0.9}, "Adam has no setting 'momentum'; it has lr, betas, eps, weight_decay"),
        ("rmsprop", {"alpha": 0.9}, "RMSProp needs lr, the learning rate, as in lr = 0.01"),
        ("sgd", {"lr": -1}, "lr is -1, it must be greater than 0"),
        (3, {"lr": 1}, "3 is no optimizer"),
    ],
)
def test_names_and_settings_that_are_not_there_are_refused(name: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(af.ArgumentError, match=message):
        make(name, given)


def test_training_takes_an_optimizer_and_nothing_else() -> None:
    for other in (af.Adam, "adam", Optimizer()):
        with pytest.raises(af.ArgumentError, match="one such as Adam"):
            af.Problem("x^2").train(other, 1)  # type: ignore[arg-type]


def test_a_switch_may_be_numpy_s() -> None:
    found = af.SGD(lr=0.1, momentum=0.5, nesterov=np.True_)  # type: ignore[arg-type]
    assert found.nesterov is True
    assert repr(found) == "SGD(lr=0.1, momentum=0.5, nesterov=True)"
    assert af.Adam(lr=0.1, amsgrad=np.False_) == af.Adam(lr=0.1)  # type: ignore[arg-type]
