"""Data frames of pandas and polars, as tables and given to a problem as they stand."""

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import atlas_fast as af

LIBRARIES = ["pandas", "polars"]


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> Any:
    return pytest.importorskip(request.param)


def message(action: Any) -> str:
    with pytest.raises(af.AtlasError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_numbers_of_a_frame(library: Any) -> None:
    frame = library.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "c": [True, False, True]})
    table = af.Table.of(frame)
    assert (table.names, table.rows, table.source) == (("a", "b", "c"), 3, "the data frame")
    np.testing.assert_array_equal(table.matrix(), [[1, 2, 3], [0.5, 1.5, 2.5], [1, 0, 1]])
    np.testing.assert_array_equal(table.matrix(["c", 1], samples="columns"), [[1, 1], [0, 2], [1, 3]])


def test_labels_of_a_frame(library: Any) -> None:
    frame = library.DataFrame({"kind": ["b", "a", "b"], "n": [10, 9, 10], "x": [1.0, 2.0, 3.0]})
    table = af.Table.of(frame, source="flowers")
    np.testing.assert_array_equal(table.onehot("kind").matrix, [[0, 1, 0], [1, 0, 1]])
    assert table.onehot("n").classes == ("9", "10")
    assert message(table.matrix).startswith(
        "flowers row 0 (counted from 0), column 1 (kind) holds 'b', a number is wanted"
    )
    assert "flowers row 1 (counted from 0), column 1 (kind) holds 'a', which is none of" in message(
        lambda: table.onehot("kind", ["b"])
    )


def test_missing_entries_of_a_frame(library: Any) -> None:
    frame = library.DataFrame(
        {"a": [1, 2, None], "b": [0.5, None, 2.5], "c": ["x", None, "y"], "d": [True, None, None]}
    )
    table = af.Table.of(frame)
    drop = {"pandas": "dropna()", "polars": "drop_nulls() and drop_nans()"}[library.__name__]
    assert message(lambda: table.matrix(["a", "b"])) == (
        f"the data frame row 1 (counted from 0), column 2 (b) is missing (the first of 2): leave out rows with one by "
        f"{drop}, or fill them in"
    )
    assert "row 1 (counted from 0), column 3 (c) is missing:" in message(lambda: table.onehot("c"))
    assert "row 1 (counted from 0), column 4 (d) is missing (the first of 2)" in message(lambda: table.matrix("d"))
    whole = af.Table.of(frame.dropna() if library.__name__ == "pandas" else frame.drop_nulls())
    np.testing.assert_array_equal(whole.matrix(["a", "b", "d"]), [[1], [0.5], [1]])


def test_dates_decimals_and_large_numbers(library: Any) -> None:
    frame = library.DataFrame(
        {
            "day": [datetime.date(2020, 1, 31)] * 2,
            "time": [datetime.datetime(2020, 1, 31, 12)] * 2,
            "price": [Decimal("1.5"), Decimal("2.25")],
            "inf": [1.0, -np.inf],
        }
    )
    table = af.Table.of(frame)
    np.testing.assert_array_equal(table.matrix("price"), [[1.5, 2.25]])
    assert "row 0 (counted from 0), column 1 (day) holds '2020-01-31', a number is wanted" in message(table.matrix)
    assert "column 2 (time) holds '2020-01-31 12:00:00'" in message(lambda: table.matrix("time"))
    assert "row 1 (counted from 0), column 4 (inf) holds -inf: drop or replace" in message(lambda: table.matrix("inf"))


def test_a_series_is_a_column(library: Any) -> None:
    series = (
        library.Series("rings", [3, 1, 2]) if library.__name__ == "polars" else library.Series([3, 1, 2], name="rings")
    )
    table = af.Table.of(series)
    assert table.names == ("rings",)
    np.testing.assert_array_equal(table.matrix("rings"), [[3, 1, 2]])


def test_what_is_no_frame(library: Any) -> None:
    assert message(lambda: af.Table.of(library.DataFrame())) == "the data frame is empty (0 x 0)"
    for thing in (np.ones((2, 2)), {"a": [1]}, "iris.csv", None, library, library.DataFrame({"a": [1]}).__class__):
        assert "a data frame or a series is wanted: give one of pandas or polars" in message(
            lambda thing=thing: af.Table.of(thing)
        )


def test_a_lazy_frame_has_to_be_collected() -> None:
    polars = pytest.importorskip("polars")
    lazy = polars.LazyFrame({"a": [1]})
    assert message(lambda: af.Table.of(lazy)).endswith("wanted: call collect() first")
    assert message(lambda: af.Problem("sum(X)", {"X": lazy})).startswith(
        "X is a LazyFrame: give an array, a data frame"
    )


def test_pandas_own_types() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "category": pandas.Categorical(["b", "a", None]),
            "whole": pandas.array([1, 2, None], dtype="Int64"),
            "real": pandas.array([0.5, None, 2.5], dtype="Float64"),
            "truth": pandas.array([True, False, None], dtype="boolean"),
            "text": pandas.array(["x", None, "y"], dtype="string"),
            "time": pandas.to_datetime(["2020-01-31", None, "2020-02-01"]),
            "mixed": [1, "2.5", True],
        },
        index=[7, 5, 5],
    )
    table = af.Table.of(frame)
    np.testing.assert_array_equal(table.matrix("mixed"), [[1, 2.5, 1]])
    assert "row 2 (counted from 0), column 2 (whole) is missing:" in message(lambda: table.matrix("whole"))
    assert "row 1 (counted from 0), column 3 (real) is missing:" in message(lambda: table.matrix("real"))
    assert "row 2 (counted from 0), column 4 (truth) is missing:" in message(lambda: table.matrix("truth"))
    assert "row 0 (counted from 0), column 1 (category) holds 'b', a number is wanted" in message(
        lambda: table.matrix("category")
    )
    assert "row 0 (counted from 0), column 6 (time) holds '2020-01-31 00:00:00'" in message(
        lambda: table.matrix("time")
    )
    first = af.Table.of(frame.iloc[:1])
    np.testing.assert_array_equal(first.matrix(["whole", "real", "truth"]), [[1], [0.5], [1]])
    assert (first.onehot("category").classes, first.onehot("text").classes) == (("b",), ("x",))
    assert "row 2 (counted from 0), column 1 (category) is missing" in message(lambda: table.onehot("category"))


def test_pandas_columns_of_one_name_and_of_several_levels() -> None:
    pandas = pytest.importorskip("pandas")
    twice = af.Table.of(pandas.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))
    np.testing.assert_array_equal(twice.matrix(2), [[2, 4]])
    assert "2 columns 'a': choose by number, 1 and 2" in message(lambda: twice.matrix("a"))
    numbered = af.Table.of(pandas.DataFrame([[1, 2], [3, 4]]))
    assert numbered.names == ("0", "1")
    np.testing.assert_array_equal(numbered.matrix("1"), [[2, 4]])
    assert message(lambda: numbered.matrix(1)) == (
        "columns holds 1, and columns of the data frame have numbers for labels: write '1' for the one that is "
        "labelled so"
    )
    assert "has no column '7': its columns are '0', '1'" in message(lambda: numbered.matrix("7"))
    mixed = af.Table.of(pandas.DataFrame([[1, 2], [3, 4]], columns=["a", 2019]))
    np.testing.assert_array_equal(mixed.matrix("2019"), [[2, 4]])
    assert "write '2' for" in message(lambda: mixed.matrix(["a", 2]))
    np.testing.assert_array_equal(af.Table.of(pandas.Series([5, 6])).matrix(1), [[5, 6]])


def test_a_frame_of_one_column_has_no_delimiter(library: Any) -> None:
    table = af.Table.of(library.DataFrame({"a,b": ["1,2", "3,4"]}))
    assert "delimiter" not in message(table.matrix) + message(lambda: table.matrix("b"))


def test_polars_own_types() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {"category": ["b", "a"], "small": [1, None], "list": [[1], [2]], "long": [2**64, -1]},
        schema={
            "category": polars.Categorical,
            "small": polars.Int8,
            "list": polars.List(polars.Int8),
            "long": polars.Int128,
        },
    )
    table = af.Table.of(frame)
    assert table.onehot("category").classes == ("a", "b")
    assert "row 1 (counted from 0), column 2 (small) is missing" in message(lambda: table.matrix("small"))
    np.testing.assert_array_equal(table.matrix("long"), [[2.0**64, -1]])
    assert "row 0 (counted from 0), column 3 (list) holds '[1]', a number is wanted" in message(
        lambda: table.matrix("list")
    )


def test_a_subclass_of_a_frame_is_one() -> None:
    pandas = pytest.importorskip("pandas")

    class Map(pandas.DataFrame):  # type: ignore[name-defined, misc]
        """As geopandas has."""

    np.testing.assert_array_equal(af.Table.of(Map({"a": [1, 2]})).matrix(), [[1, 2]])


def test_a_table_of_numbers_is_the_same_from_a_frame_and_from_its_file(library: Any, tmp_path: Any) -> None:
    random = np.random.default_rng(0)
    frame = library.DataFrame({name: random.normal(size=50) * 10.0 ** random.integers(-30, 30, 50) for name in "abc"})
    if library.__name__ == "pandas":
        frame.to_csv(tmp_path / "x.csv", index=False)
    else:
        frame.write_csv(tmp_path / "x.csv")
    np.testing.assert_array_equal(af.Table.read(tmp_path / "x.csv").matrix(), af.Table.of(frame).matrix())


def test_a_problem_takes_a_frame_as_it_stands(library: Any) -> None:
    # Rows are rows: a frame of samples x features has to be transposed.
    frame = library.DataFrame({"a": [1, 2, 3], "b": [4.5, 5.5, 6.5]})
    np.testing.assert_array_equal(af.Problem("sum(w + X)", {"X": frame}).data["X"], [[1, 4.5], [2, 5.5], [3, 6.5]])
    turned = frame.T if library.__name__ == "pandas" else frame.transpose()
    np.testing.assert_array_equal(af.Problem("sum(w + X)", {"X": turned}).data["X"], [[1, 2, 3], [4.5, 5.5, 6.5]])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["x", "y"], "X holds 'x' at row 0 (counted from 0), column b"),
        ([1.0, None], "X holds nan at row 1 (counted from 0), column b"),
        ([1, None], "X holds nan at row 1 (counted from 0), column b"),
        ([True, None], "X holds nan at row 1 (counted from 0), column b"),
        ([datetime.datetime(2020, 1, 31), None], "X holds "),
    ],
)
def test_a_problem_names_what_it_cannot_take_of_a_frame(library: Any, column: list[Any], expected: str) -> None:
    frame = (
        library.DataFrame({"a": [1, 2], "b": column}) if expected != "X holds " else library.DataFrame({"b": column})
    )
    assert expected in message(lambda: af.Problem("sum(w + X)", {"X": frame}))


def test_a_problem_takes_pandas_own_types() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "whole": pandas.array([1, 2], dtype="Int64"),
            "truth": pandas.array([True, False], dtype="boolean"),
            "category": pandas.Categorical([3, 4]),
        },
        index=["r", "s"],
    )
    np.testing.assert_array_equal(af.Problem("sum(w + X)", {"X": frame}).data["X"], [[1, 1, 3], [2, 0, 4]])
    missing = frame.assign(whole=pandas.array([1, None], dtype="Int64"))
    assert "X holds nan at row 1 (counted from 0), column whole" in message(
        lambda: af.Problem("sum(w + X)", {"X": missing})
    )
    series = pandas.Series([1.5, 2.5], index=[9, 9])
    np.testing.assert_array_equal(af.Problem("sum(w + X)", {"X": series}).data["X"], [[1.5, 2.5]])


def test_a_problem_takes_what_a_table_makes(tmp_path: Any) -> None:
    (tmp_path / "x.csv").write_text("a,kind\n1,x\n2,y\n")
    table = af.Table.read(tmp_path / "x.csv")
    problem = af.Problem("mse(A*X, Y)", {"X": table.matrix("a"), "Y": table.onehot("kind")})
    np.testing.assert_array_equal(problem.data["Y"], [[1, 0], [0, 1]])
    assert message(lambda: af.Problem("sum(X)", {"X": table})) == "X is a Table: give its matrix()"


def test_a_table_and_a_problem_count_the_rows_of_a_frame_alike(library: Any) -> None:
    frame = library.DataFrame({"a": [1.0, 2.0, float("inf")]})
    told = message(af.Table.of(frame).matrix), message(lambda: af.Problem("sum(w .* X)", {"X": frame}))
    assert all("row 2 (counted from 0), column" in text for text in told), told
