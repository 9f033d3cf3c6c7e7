"""Scaling, beside scikit-learn's."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import atlas_fast as af

SETS = [af.datasets.load(name)["X"] for name in ("iris", "wine", "diabetes", "breast_cancer", "digits")]


@pytest.mark.parametrize("values", SETS)
def test_standardize_is_scikit_learn_s(values: np.ndarray) -> None:
    from sklearn.preprocessing import StandardScaler

    peer = StandardScaler().fit(values.T)
    found = af.Scaling.fit("standardize", values)
    # Rounding of a mean of at most 1,797 values; entries of some ten standard deviations.
    np.testing.assert_allclose(found.offset[:, 0], peer.mean_, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.factor[:, 0], peer.scale_, rtol=1e-12)
    np.testing.assert_allclose(found.apply(values), peer.transform(values.T).T, rtol=0, atol=1e-11)


@pytest.mark.parametrize("values", SETS)
def test_unit_is_scikit_learn_s(values: np.ndarray) -> None:
    from sklearn.preprocessing import MinMaxScaler

    peer = MinMaxScaler().fit(values.T)
    found = af.Scaling.fit("unit", values).apply(values)
    np.testing.assert_allclose(found, peer.transform(values.T).T, rtol=0, atol=1e-14)
    assert (found.min(), found.max()) == (0, 1)


def test_by_hand() -> None:
    values = [[1.0, 2.0, 3.0], [10.0, 10.0, 40.0]]
    unit = af.Scaling.fit("unit", values)
    np.testing.assert_array_equal(unit.apply(values), [[0, 0.5, 1], [0, 0, 1]])
    np.testing.assert_array_equal((unit.offset, unit.factor), ([[1], [10]], [[2], [30]]))
    # Fitted values are kept for data to come.
    np.testing.assert_array_equal(unit.apply([[5.0], [-20.0]]), [[2], [-1]])
    standard = af.Scaling.fit("standardize", values)
    np.testing.assert_allclose(standard.offset, [[2], [20]], rtol=1e-15)
    np.testing.assert_allclose(standard.factor, [[(2 / 3) ** 0.5], [200**0.5]], rtol=1e-15)


@pytest.mark.parametrize("kind", ["standardize", "unit"])
@pytest.mark.parametrize("constant", [0.0, 0.1, -7.0, 1e300, 5e-324])
def test_a_constant_becomes_zero(kind: str, constant: float) -> None:
    values = np.array([[constant] * 506, range(506)])
    scaling = af.Scaling.fit(kind, values)
    np.testing.assert_array_equal(scaling.apply(values)[0], np.zeros(506))
    np.testing.assert_array_equal(scaling.undo(scaling.apply(values))[0], values[0])


def test_a_constant_that_was_computed_in_two_ways_is_not_blown_up() -> None:
    values = [[0.1 + 0.2, 0.3, 0.3]]
    for kind in ("standardize", "unit"):
        assert np.abs(af.Scaling.fit(kind, values).apply(values)).max() < 1e-15


def test_sizes_whose_squares_float64_does_not_hold() -> None:
    for size in (1e-307, 1e-200, 1e200):
        found = af.Scaling.fit("standardize", [[size, 3 * size]])
        np.testing.assert_allclose(found.apply([[size, 3 * size]]), [[-1, 1]], rtol=1e-15)
    # Half the smallest number that there is is 0.
    assert np.isfinite(af.Scaling.fit("standardize", [[0, 5e-324]]).apply([[0, 5e-324]])).all()
    with pytest.raises(af.DataError, match="row 1 of the matrix to scale spans more than float64 holds"):
        af.Scaling.fit("unit", [[1.0, 2.0], [-1.5e308, 1.5e308]])


matrices = arrays.arrays(
    np.float64,
    arrays.array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(-1e6, 1e6, allow_subnormal=False),
)


@given(matrices, st.sampled_from(["standardize", "unit"]))
def test_undo_gives_back_what_apply_was_given(values: np.ndarray, kind: str) -> None:
    scaling = af.Scaling.fit(kind, values)
    # Each of the four operations rounds once, relative to the largest value of the feature.
    allowed = 8 * np.finfo(np.float64).eps * np.abs(values).max(axis=1, keepdims=True)
    assert (np.abs(scaling.undo(scaling.apply(values)) - values) <= allowed).all()


def test_what_was_fitted_cannot_be_changed() -> None:
    values = np.array([[1.0, 2.0]])
    scaling = af.Scaling.fit("unit", values)
    values[:] = 7
    np.testing.assert_array_equal(scaling.offset, [[1]])
    for part in (scaling.offset, scaling.factor, scaling.apply([[1.0]]), scaling.undo([[1.0]])):
        with pytest.raises(ValueError, match="read-only"):
            part[0, 0] = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        scaling.kind = "standardize"  # type: ignore[misc]


def test_what_cannot_be_scaled() -> None:
    with pytest.raises(af.ArgumentError, match="kind is 'minmax', it must be one of 'standardize', 'unit'"):
        af.Scaling.fit("minmax", [[1.0]])
    with pytest.raises(af.DataError, match="the matrix to scale holds nan at row 0, column 1"):
        af.Scaling.fit("unit", [[1.0, np.nan]])
    with pytest.raises(af.DataError, match="has 1 rows, the scaling was fitted to 2 features"):
        af.Scaling.fit("unit", [[1.0, 2.0], [3.0, 4.0]]).apply([[1.0, 2.0]])
