"""Splits: the same samples of all matrices, as many as asked, the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import atlas_fast as af


def test_all_matrices_are_cut_alike_and_every_sample_is_in_one_part() -> None:
    labels = np.arange(150)
    data = {"X": np.stack([labels, labels**2]), "y": labels, "k": 3.5, "C": [[1.0], [2.0]]}
    train, test = af.split(data, test=0.2, seed=4)
    for part in (train, test):
        assert list(part) == ["X", "y", "k", "C"]
        np.testing.assert_array_equal(part["X"][0], part["y"][0])
        np.testing.assert_array_equal(part["X"][1], part["y"][0] ** 2)
        # One column is a constant, not a sample.
        np.testing.assert_array_equal(part["k"], [[3.5]])
        np.testing.assert_array_equal(part["C"], [[1], [2]])
        assert (np.diff(part["y"]) > 0).all()
    assert (train["y"].shape, test["y"].shape) == ((1, 120), (1, 30))
    np.testing.assert_array_equal(np.sort(np.concatenate([train["y"], test["y"]], axis=1))[0], labels)


@given(st.integers(2, 400), st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5, 0.9]))
def test_as_many_as_scikit_learn_takes(samples: int, share: float) -> None:
    from sklearn.model_selection import train_test_split

    try:
        wanted = len(train_test_split(np.arange(samples), test_size=share)[1])
    except ValueError:  # nothing would be left to train on; here one sample is
        wanted = samples - 1
    assert af.split({"x": np.arange(samples)}, test=share)[1]["x"].shape[1] == wanted


def test_a_share_s_rounding_error_adds_no_sample() -> None:
    assert 0.07 * 100 > 7
    assert af.split({"x": np.arange(100)}, test=0.07)[1]["x"].shape[1] == 7


def test_each_part_has_a_sample() -> None:
    for share in (1e-9, 0.999):
        train, test = af.split({"x": [1, 2]}, test=share)
        assert train["x"].shape == test["x"].shape == (1, 1)


def test_the_seed_decides() -> None:
    data = {"x": np.arange(1_000)}
    first, again, other = (af.split(data, seed=seed)[1]["x"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    # A quarter of a quarter is common to two draws of their own: 62.5 of 250, give or take 6.
    common = np.intersect1d(first, other).size
    assert 30 < common < 95


@pytest.mark.parametrize("key", [(), (1,)])
def test_the_draw_is_not_that_of_a_start_or_of_the_first_batch(key: tuple[int, ...]) -> None:
    other = np.random.Generator(np.random.PCG64(np.random.SeedSequence(0, spawn_key=key))).permutation(100)
    assert not np.array_equal(af.split({"x": np.arange(100)}, test=0.5)[1]["x"][0], np.sort(other[:50]))


def test_each_sample_is_tested_as_often_as_any_other() -> None:
    counts = np.zeros(20)
    for seed in range(2_000):
        counts[af.split({"x": np.arange(20)}, test=0.25, seed=seed)[1]["x"].astype(int)] += 1
    # Binomial of 2,000 and 1/4: 500, with a standard deviation of 19.4; five of them.
    assert np.abs(counts - 500).max() < 97


def test_parts_are_read_only_copies() -> None:
    values = np.arange(10.0)
    train, _ = af.split({"x": values})
    before = train["x"].copy()
    values[:] = 0
    np.testing.assert_array_equal(train["x"], before)
    with pytest.raises(ValueError, match="read-only"):
        train["x"][0, 0] = 1


@pytest.mark.parametrize(
    ("data", "arguments", "message"),
    [
        ({"x": [1, 2]}, {"test": 0}, "test is 0, it must be greater than 0"),
        ({"x": [1, 2]}, {"test": 1}, "test is 1, a share between 0 and 1 is wanted"),
        ({"x": [1, 2]}, {"test": 30}, "test is 30, a share between 0 and 1 is wanted"),
        ({"x": [1, 2]}, {"test": "half"}, "test is 'half', a number is wanted"),
        ({"x": [1, 2]}, {"seed": -1}, "seed is -1"),
        ({"x": [1, 2]}, {"seed": 1.5}, "seed is 1.5"),
        ({"X": np.ones((3, 4)), "Y": np.ones((4, 3))}, {}, "X has 4, Y has 3; transpose what stands the other way"),
        ({"x": 1}, {}, "a split needs samples, data with more than one column"),
        ({}, {}, "a split needs samples"),
        ({"x": [1, np.nan]}, {}, "x holds nan at row 0, column 1"),
        ([1, 2], {}, "data is a list, a dict of name -> matrix is wanted"),
    ],
)
def test_what_cannot_be_split(data: dict[str, object], arguments: dict[str, float], message: str) -> None:
    with pytest.raises(af.AtlasError) as caught:
        af.split(data, **arguments)  # type: ignore[arg-type]
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_that_stands_the_wrong_way_round_is_refused() -> None:
    data = {"X": np.arange(20.0).reshape(20, 1), "Y": np.arange(20.0).reshape(1, 20)}
    with pytest.raises(af.DataError, match=r"^X is a column of 20 and Y has 20 samples, which are columns: give X\.T$"):
        af.split(data)
    train, test = af.split({**data, "X": data["X"].T})
    assert (train["X"].shape, test["X"].shape) == ((1, 15), (1, 5))
