"""Data sets of the examples, as matrices of features x samples."""

from __future__ import annotations

import csv
from importlib import resources

import numpy as np

from .matrices import Matrix


def iris() -> dict[str, Matrix]:
    """Fisher's iris: X 4 x 150 (centimetres), Y 3 x 150 (one-hot species). From scikit-learn."""
    from sklearn.datasets import load_iris

    features, labels = load_iris(return_X_y=True)
    return {"X": np.asarray(features, np.float64).T, "Y": np.eye(3)[labels].T}


def boston_housing() -> dict[str, Matrix]:
    """Harrison and Rubinfeld (1978): X 13 x 506 (census tracts), Y 1 x 506 (median price in 1000 dollars).

    scikit-learn removed its copy in version 1.2, over the column `black`, which the authors made from the
    share of Black residents on the assumption that segregation raises prices. It is here because the example
    of the 2019 paper that this project follows uses it; for anything else take another data set. The file is
    the R package MASS's.
    """
    text = (resources.files("atlas_fast") / "data" / "boston_housing.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines()))[1:]
    table = np.array([[float(entry) for entry in row] for row in rows]).T
    return {"X": table[:-1].copy(), "Y": table[-1:].copy()}


def scaled(matrix: Matrix) -> Matrix:
    """A matrix with each row (feature) moved and scaled to [0, 1]; a row of equal entries becomes 0."""
    low, high = matrix.min(axis=1, keepdims=True), matrix.max(axis=1, keepdims=True)
    return (matrix - low) / np.where(high > low, high - low, 1.0)
