"""Data: what is taken as a matrix, and messages that name the variable, the entry and the way out."""

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import atlas_fast as af
from atlas_fast.matrices import matrix


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, [[3.0]]),
        (2.5, [[2.5]]),
        ([1, 2, 3], [[1.0, 2.0, 3.0]]),
        (np.arange(4, dtype=np.int8), [[0.0, 1.0, 2.0, 3.0]]),
        ([[1, 2], [3, 4]], [[1.0, 2.0], [3.0, 4.0]]),
        (np.array([True, False]), [[1.0, 0.0]]),
        (np.array([["1", "2.5"]]), [[1.0, 2.5]]),
        (np.array([[1, 2]], dtype=object), [[1.0, 2.0]]),
        (np.ones((2, 3), order="F", dtype=np.float32), [[1.0] * 3] * 2),
        (sparse.csr_array(np.eye(2)), [[1.0, 0.0], [0.0, 1.0]]),
        (np.ma.masked_array([1.0, 2.0], mask=[False, False]), [[1.0, 2.0]]),
    ],
)
def test_what_becomes_a_matrix(value: Any, expected: list[list[float]]) -> None:
    found = matrix("X", value)
    assert found.dtype == np.float64
    assert found.flags.c_contiguous
    assert not found.flags.writeable
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones((2, 3, 4)), r"X has 3 dimensions \(2 x 3 x 4\), a matrix has two: .*X.reshape\(2, -1\)"),
        (np.ones((0, 3)), r"X is empty \(0 x 3\)"),
        ([], r"X is empty \(0\)"),
        ([[1, 2], [3]], r"the rows of X differ in length"),
        ([[1, 2], [3, "red"]], r"X holds 'red' at row 1, column 1, counted from 0, a number is wanted"),
        ([[1, np.nan], [3, np.nan]], r"X holds nan at row 0, column 1, counted from 0 \(2 such entries"),
        ([1, 2, np.inf], r"X holds inf at row 0, column 2"),
        ([1, 10**400], r"X holds inf at row 0, column 1"),
        (range, r"X is a type: give an array, a data frame or a nested list"),
        (np.array([[1, None]], dtype=object), r"X holds nan at row 0, column 1"),
        (np.ma.masked_array([[1.0, 2.0]], mask=[[False, True]]), r"X holds nan at row 0, column 1"),
        (np.array([1 + 2j]), r"X holds complex numbers"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), r"X holds dates or times"),
        (None, r"X is None: give it an array"),
        ("iris.csv", r"X is a str: give an array"),
        ({"a": 1}, r"X is a dict: give an array"),
    ],
)
def test_what_does_not_is_named_with_the_way_out(value: Any, message: str) -> None:
    with pytest.raises(af.DataError, match=message) as caught:
        matrix("X", value)
    assert "\n" not in str(caught.value)


class Frame:
    """What pandas' and polars' data frames offer, without either."""

    def __init__(self, columns: list[str], table: list[list[Any]]) -> None:
        self.columns, self._table = columns, table

    def to_numpy(self) -> np.ndarray:
        return np.array(self._table, dtype=object)


def test_data_frames_are_taken_and_their_columns_named() -> None:
    np.testing.assert_array_equal(matrix("X", Frame(["size", "age"], [[1, 2], [3, 4]])), [[1, 2], [3, 4]])
    with pytest.raises(af.DataError, match=r"X holds 'old' at row 1 \(counted from 0\), column age"):
        matrix("X", Frame(["size", "age"], [[1, 2], [3, "old"]]))
    with pytest.raises(af.DataError, match=r"X holds nan at row 0 \(counted from 0\), column size"):
        matrix("X", Frame(["size", "age"], [[None, 2], [3, 4]]))


def test_frames_of_pandas_and_polars_are_taken() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2], "b": [3.0, 4.0]})
    np.testing.assert_array_equal(matrix("X", table), [[1, 3], [2, 4]])
    np.testing.assert_array_equal(matrix("X", pandas.Series([1, 2])), [[1, 2]])
    polars = pytest.importorskip("polars")
    np.testing.assert_array_equal(matrix("X", polars.DataFrame({"a": [1, 2]})), [[1], [2]])
