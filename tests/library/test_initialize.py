"""Where weights start: which are biases, and the spread of the others."""

import numpy as np
import pytest

import atlas_fast as af

WIDE = {"X": np.ones((60, 2)), "Y": np.ones((9, 2))}
DATA = {"X": np.ones((40, 7)), "Y": np.ones((30, 7))}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("mse(A*tanh(B*X + C) + D, Y)", {"C", "D"}),
        ("mse(A*tanh(C + B*X) - D, Y)", {"C", "D"}),
        ("mse(A*tanh((C + F) + B*X), Y)", {"C", "F"}),
        ("mse(A*tanh(B*X - (C - F)), Y)", {"C", "F"}),
        ("H = B*X + C\nmse(A*tanh(H), Y)", {"C"}),
        ("mse(A*tanh(B*X + C), Y) + 0.1*sum(C^2)", set()),
        ("mse(A*tanh(B*X + 2*C), Y)", set()),
        ("mse(A*tanh(B*X + relu(C)), Y)", set()),
    ],
)
def test_biases_are_only_terms_of_sums_with_data(expression: str, expected: set[str]) -> None:
    weights = {"B": (20, 40), "C": (20, 1)}
    if "F" in expression:
        weights["F"] = (20, 1)
    problem = af.Problem(expression, DATA, weights)
    assert problem.biases == expected
    start = problem.unpack(problem.init(1))
    for name, block in start.items():
        assert block.any() == (name not in expected), name


def test_glorot_normal_has_variance_two_over_rows_and_columns() -> None:
    problem = af.Problem("mse(A*tanh(B*X + C), Y)", WIDE, {"B": (300, 60)})
    block = problem.unpack(problem.init(2))["B"]
    # 18,000 draws: the standard deviation of the estimate is 0.5 %.
    assert block.std() == pytest.approx(np.sqrt(2 / 360), rel=0.03)
    assert abs(block.mean()) < 4 * np.sqrt(2 / 360 / block.size)


def test_normal_is_standard_normal_for_all() -> None:
    problem = af.Problem("mse(A*tanh(B*X + C), Y)", WIDE, {"B": (300, 60)})
    start = problem.init(2, scheme="normal")
    assert start.std() == pytest.approx(1, rel=0.03)
    np.testing.assert_array_equal(start, np.random.Generator(np.random.PCG64(2)).standard_normal(problem.size))


def test_without_data_all_weights_are_standard_normal() -> None:
    found = af.Problem("x^2 + (y - 3)^2").init(4)
    np.testing.assert_array_equal(found, np.random.Generator(np.random.PCG64(4)).standard_normal(2))


def test_the_seed_decides() -> None:
    problem = af.Problem("x^2 + y^2")
    np.testing.assert_array_equal(problem.init(1), problem.init(1))
    assert not np.array_equal(problem.init(1), problem.init(2))
    np.testing.assert_array_equal(problem.init(), problem.init(0))


def test_other_schemes_and_seeds_are_refused() -> None:
    problem = af.Problem("x^2 + y^2")
    with pytest.raises(af.ArgumentError, match=r"scheme is 'he', it must be one of 'glorot', 'normal'"):
        problem.init(scheme="he")
    with pytest.raises(af.ArgumentError, match=r"seed is 1\.5, a whole number is wanted"):
        problem.init(1.5)  # type: ignore[arg-type]
