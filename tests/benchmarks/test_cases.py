"""The benchmarks' cases: the sizes that the table names, and a plane that is the same for all who measure."""

import cases
import numpy as np
import pytest

SIZES = {
    "bowl": {"x": (1, 1), "y": (1, 1)},
    "linear": {"w": (1, 10), "b": (1, 1)},
    "deep": {"A": (1, 8), "B": (8, 8), "C": (8, 10)},
    "iris-relu": {"A": (3, 10), "B": (10, 4), "C": (10, 1), "D": (3, 1)},
    "iris-small": {"A": (3, 10), "C": (10, 10), "E": (10, 4), "F": (10, 1), "D": (10, 1), "B": (3, 1)},
    "iris-sigmoid": {"A": (3, 16), "C": (16, 32), "E": (32, 4), "F": (32, 1), "D": (16, 1), "B": (3, 1)},
    "housing": {"A": (1, 50), "B": (50, 13), "C": (50, 1), "D": (1, 1)},
    "digits-tanh": {"A": (10, 64), "B": (64, 64), "C": (64, 1), "D": (10, 1)},
    "digits-relu": {"A": (10, 128), "B": (128, 128), "E": (128, 64), "F": (128, 1), "C": (128, 1), "D": (10, 1)},
    "synthetic": {"A": (10, 128), "B": (128, 784), "C": (128, 1), "D": (10, 1)},
}


@pytest.mark.parametrize("name", cases.CASES)
def test_a_case_has_the_sizes_that_it_is_named_for(name: str) -> None:
    assert dict(cases.CASES[name].problem().weights) == SIZES[name]


@pytest.mark.parametrize("name", ["bowl", "linear", "iris-small", "housing"])
def test_every_weight_moves_along_both_directions(name: str) -> None:
    place = cases.landscape(cases.CASES[name].problem(), name, 3)
    assert all(place.u[weight].any() and place.v[weight].any() for weight in place.center)


def test_a_plane_comes_from_its_seeds_alone() -> None:
    first, second = (cases.landscape(cases.CASES["iris-small"].problem(), "iris-small", 3) for _ in range(2))
    for name in first.center:
        np.testing.assert_array_equal(first.center[name], second.center[name])
        assert not np.array_equal(first.u[name], first.v[name])


def test_diabetes_is_standardized() -> None:
    data = cases.diabetes()
    assert data["X"].shape == (10, 442)
    for matrix in data.values():
        np.testing.assert_allclose(matrix.mean(axis=1), 0, atol=1e-12)
        np.testing.assert_allclose(matrix.std(axis=1), 1, rtol=1e-12)


def test_activations_are_the_outputs_of_all_products() -> None:
    assert cases.activations(cases.CASES["digits-tanh"].problem().program) == 4 * 1797 * (64 + 10)
