"""The examples: their networks, data and runs."""

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast import datasets
from atlas_fast.examples import EXAMPLES

LAYERS = {
    "bowl": {"x": (1, 1), "y": (1, 1)},
    "iris-relu": {"A": (3, 10), "B": (10, 4), "C": (10, 1), "D": (3, 1)},
    "iris-sigmoid": {"A": (3, 16), "C": (16, 32), "E": (32, 4), "F": (32, 1), "D": (16, 1), "B": (3, 1)},
    "housing": {"A": (1, 50), "B": (50, 13), "C": (50, 1), "D": (1, 1)},
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_weights_have_the_sizes_of_the_network(name: str) -> None:
    assert dict(EXAMPLES[name].problem().weights) == LAYERS[name]


def iris_relu(data: dict[str, np.ndarray], w: dict[str, np.ndarray]) -> float:
    hidden = np.maximum(w["B"] @ data["X"] + w["C"], 0)
    return float(np.sqrt(((w["A"] @ hidden + w["D"] - data["Y"]) ** 2).sum()))


def iris_sigmoid(data: dict[str, np.ndarray], w: dict[str, np.ndarray]) -> float:
    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    hidden = sigmoid(w["C"] @ sigmoid(w["E"] @ data["X"] + w["F"]) + w["D"])
    logits = (w["A"] @ hidden + w["B"]).T
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return float(np.sqrt(((shares - data["Y"].T) ** 2).sum()))


@pytest.mark.parametrize(
    ("name", "loss"), [("iris-relu", iris_relu), ("iris-sigmoid", iris_sigmoid), ("housing", iris_relu)]
)
def test_losses_agree_with_the_formulas_by_hand(name: str, loss) -> None:  # type: ignore[no-untyped-def]
    problem = EXAMPLES[name].problem()
    for seed in range(3):
        w = problem.init(seed)
        assert problem.loss(w) == pytest.approx(loss(problem.data, problem.unpack(w)), rel=1e-11)


def test_the_bowl_s_start_moves_towards_its_minimum() -> None:
    problem = EXAMPLES["bowl"].problem()
    run = EXAMPLES["bowl"].train(problem)
    # Each step multiplies both weights by 1 - 2 * 0.01.
    np.testing.assert_allclose(run.weights, np.outer(0.98 ** np.arange(81), [-1.5, 1.0]), rtol=1e-12)
    surface = EXAMPLES["bowl"].surface(problem, run, resolution=64)
    assert np.isfinite(surface.path().height).all()


@pytest.mark.parametrize(("name", "bound"), [("iris-relu", 5.5), ("housing", 1.7)])
def test_training_reaches_the_original_s_losses(name: str, bound: float) -> None:
    problem = EXAMPLES[name].problem()
    finals = [EXAMPLES[name].train(problem, seed).loss[-1] for seed in range(5)]
    assert np.median(finals) <= bound


def test_iris_is_features_by_samples() -> None:
    data = datasets.iris()
    assert (data["X"].shape, data["Y"].shape) == ((4, 150), (3, 150))
    # Fisher's first flower, and 50 of each species.
    np.testing.assert_array_equal(data["X"][:, 0], [5.1, 3.5, 1.4, 0.2])
    np.testing.assert_array_equal(data["Y"].sum(axis=1), [50, 50, 50])
    np.testing.assert_array_equal(data["Y"].sum(axis=0), np.ones(150))


def test_boston_housing_is_features_by_samples() -> None:
    data = datasets.boston_housing()
    assert (data["X"].shape, data["Y"].shape) == ((13, 506), (1, 506))
    # The first row of the file of the R package MASS; the mean price in 1000 dollars is 22.53.
    first = [0.00632, 18, 2.31, 0, 0.538, 6.575, 65.2, 4.09, 1, 296, 15.3, 396.9, 4.98]
    np.testing.assert_array_equal(data["X"][:, 0], first)
    assert data["Y"][0, 0] == 24
    assert data["Y"].mean() == pytest.approx(22.53, abs=0.005)


def test_the_housing_example_runs_from_zero_to_one() -> None:
    housing = EXAMPLES["housing"].problem()
    for matrix in housing.data.values():
        np.testing.assert_array_equal(matrix.min(axis=1), np.zeros(len(matrix)))
        np.testing.assert_array_equal(matrix.max(axis=1), np.ones(len(matrix)))


def test_seeds_give_different_starts_and_the_same_seed_the_same_run() -> None:
    problem = EXAMPLES["iris-relu"].problem()
    first, again, other = (EXAMPLES["iris-relu"].train(problem, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.weights, again.weights)
    assert not np.array_equal(first.weights, other.weights)
    assert isinstance(first, af.Run)
