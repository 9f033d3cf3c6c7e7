"""The data sets by name: features x samples, and classes as one row each."""

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets as peer

import atlas_fast as af
from atlas_fast.data import datasets

SHAPES = {
    "iris": ((4, 150), (3, 150)),
    "wine": ((13, 178), (3, 178)),
    "diabetes": ((10, 442), (1, 442)),
    "digits": ((64, 1797), (10, 1797)),
    "breast_cancer": ((30, 569), (2, 569)),
    "boston_housing": ((13, 506), (1, 506)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_data_sets_are_features_by_samples(name: str) -> None:
    data = af.datasets.load(name)
    assert (data["X"].shape, data["Y"].shape) == SHAPES[name]
    for matrix in data.values():
        assert matrix.dtype == np.float64
        assert np.isfinite(matrix).all()
        assert matrix.flags.c_contiguous


@pytest.mark.parametrize("name", ["iris", "wine", "diabetes", "digits", "breast_cancer"])
def test_data_sets_are_scikit_learn_s(name: str) -> None:
    data = af.datasets.load(name)
    features, target = getattr(peer, f"load_{name}")(return_X_y=True)
    np.testing.assert_array_equal(data["X"], features.T)
    if name == "diabetes":
        np.testing.assert_array_equal(data["Y"][0], target)
    else:
        np.testing.assert_array_equal(data["Y"].sum(axis=0), np.ones(len(target)))
        np.testing.assert_array_equal(data["Y"].argmax(axis=0), target)


def test_names_are_those_that_load() -> None:
    assert set(af.datasets.NAMES) == set(SHAPES)
    for name in af.datasets.NAMES:
        for first, second in zip(getattr(af.datasets, name)().values(), af.datasets.load(name).values(), strict=True):
            np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("digit", "there is no data set 'digit': did you mean 'digits'?"),
        ("mnist", "there is no data set 'mnist': there are iris, wine, diabetes,"),
        (["iris"], "there is no data set ['iris']"),
    ],
)
def test_another_name_is_refused(name: str, message: str) -> None:
    with pytest.raises(af.DataError) as caught:
        af.datasets.load(name)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["iris", "wine", "digits", "breast_cancer"])
def test_where_scikit_learn_keeps_its_files_elsewhere_it_is_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = datasets.load(name)
    monkeypatch.setattr(Path, "is_file", lambda path: False)
    asked = datasets.load(name)
    assert all((read[key] == asked[key]).all() for key in ("X", "Y"))
