"""Data sets by name, as matrices: X features x samples, Y classes x samples (one-hot) or 1 x samples.

In: a name. Out: name -> read-only float64 matrix. All but the last come with scikit-learn, whose documentation tells
where each is from.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, nearest
from ..matrices import Matrix, matrix
from .table import Table


def load(name: str) -> dict[str, Matrix]:
    """The data set of a name of NAMES. Raises DataError for another one."""
    if not isinstance(name, str) or name not in _LOADERS:
        near = nearest(str(name), _LOADERS)
        hint = f"did you mean {near!r}?" if near else f"there are {', '.join(_LOADERS)}"
        raise DataError(f"there is no data set {name!r}: {hint}")
    return _LOADERS[name]()


def iris() -> dict[str, Matrix]:
    """Fisher's iris: X 4 x 150 (centimetres), Y 3 x 150 (one-hot species)."""
    return _classes("iris", "iris.csv", header=1)


def wine() -> dict[str, Matrix]:
    """Chemical analyses of Italian wines: X 13 x 178, Y 3 x 178 (one-hot growers)."""
    return _classes("wine", "wine_data.csv", header=1)


def diabetes() -> dict[str, Matrix]:
    """Efron et al. (2004): X 10 x 442, Y 1 x 442 (a measure of the disease a year later).

    Each row of X is scaled, as scikit-learn gives it, to mean 0 and a sum of squares of 1.
    """
    from sklearn.datasets import load_diabetes

    features, target = load_diabetes(return_X_y=True)
    return {"X": matrix("X", features.T), "Y": matrix("Y", target)}


def digits() -> dict[str, Matrix]:
    """Handwritten digits: X 64 x 1797 (the grey, 0 to 16, of 8 x 8 pixels, row by row), Y 10 x 1797 (one-hot)."""
    return _classes("digits", "digits.csv.gz", header=0)


def breast_cancer() -> dict[str, Matrix]:
    """Breast cancer of Wisconsin: X 30 x 569 (of cell nuclei), Y 2 x 569 (one-hot: malignant, benign)."""
    return _classes("breast_cancer", "breast_cancer.csv", header=1)


def boston_housing() -> dict[str, Matrix]:
    """Harrison and Rubinfeld (1978): X 13 x 506 (census tracts), Y 1 x 506 (median price in 1000 dollars).

    scikit-learn removed its copy in version 1.2, over the column `black`, which the authors made from the
    share of Black residents on the assumption that segregation raises prices. It is here because the example
    of the 2019 paper that this project follows uses it; for anything else take another data set. The file is
    the R package MASS's.
    """
    with resources.as_file(resources.files(__package__) / "boston_housing.csv") as path:
        table = Table.read(path)
    return {"X": table.matrix(table.names[:-1]), "Y": table.matrix(table.names[-1])}


def _classes(name: str, file: str, header: int) -> dict[str, Matrix]:
    """Samples x features and labels 0 .. k - 1, as features x samples and one-hot k x samples.

    They are read from scikit-learn's file where it lies as ever: importing scikit-learn takes more than a second.
    """
    found = importlib.util.find_spec("sklearn")
    path = Path(found.origin or "").parent / "datasets" / "data" / file if found is not None else Path(file)
    if path.is_file():
        rows = np.loadtxt(path, delimiter=",", skiprows=header)
        features, labels = rows[:, :-1], rows[:, -1].astype(int)
    else:
        features, labels = _by_scikit_learn(name)
    return {"X": matrix("X", features.T), "Y": matrix("Y", np.eye(labels.max() + 1)[:, labels])}


def _by_scikit_learn(name: str) -> tuple[Any, Any]:
    from sklearn import datasets

    loaded: tuple[Any, Any] = getattr(datasets, f"load_{name}")(return_X_y=True)
    return loaded


_LOADERS: dict[str, Callable[[], dict[str, Matrix]]] = {
    loader.__name__: loader for loader in (iris, wine, diabetes, digits, breast_cancer, boston_housing)
}

NAMES = tuple(_LOADERS)
"""The names that `load` knows."""
