"""Tables: columns chosen, one-hot labels, what is refused, and how much memory a long file takes."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import atlas_fast as af
from atlas_fast.data.columns import MOST_CLASSES


def table(folder: Path, text: str, **arguments: object) -> af.Table:
    path = folder / "flowers.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return af.Table.read(path, **arguments)  # type: ignore[arg-type]


def message(action) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(af.AtlasError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


FLOWERS = "length,width,species\n5.1,3.5,setosa\n7,3.2, virginica\n6.4,3.1,versicolor\n4.9,3,setosa\n"


def test_what_a_table_knows(tmp_path: Path) -> None:
    flowers = table(tmp_path, FLOWERS)
    assert flowers.names == ("length", "width", "species")
    assert (flowers.rows, flowers.source, flowers.dropped) == (4, "flowers.csv", 0)
    assert repr(flowers) == "Table('flowers.csv': 4 rows, columns 'length', 'width', 'species')"
    assert table(tmp_path, "1,2\n", header=False).names == ("1", "2")


def test_samples_may_be_rows_or_columns(tmp_path: Path) -> None:
    found = table(tmp_path, "1,2,3\n4,5,6\n", header=False)
    np.testing.assert_array_equal(found.matrix(), [[1, 4], [2, 5], [3, 6]])
    np.testing.assert_array_equal(found.matrix(samples="columns"), [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(found.matrix([3, 1], samples="columns"), [[3, 1], [6, 4]])
    assert "samples is 'row', it must be one of 'rows', 'columns'" in message(lambda: found.matrix(samples="row"))


def test_rows_that_were_dropped_are_counted(tmp_path: Path) -> None:
    found = table(tmp_path, "a,b\n1,\n2,x\n,y\n3,z\n", missing="drop")
    assert (found.rows, found.dropped) == (2, 2)
    np.testing.assert_array_equal(found.matrix("a"), [[2, 3]])
    assert found.onehot("b").classes == ("x", "z")
    # The line of a row is still that of the file.
    assert "flowers.csv line 5, column 2 (b) holds 'z'" in message(lambda: found.onehot("b", ["x", "y"]))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([], "columns is empty"),
        (True, "columns holds True: a name is wanted, or a number counted from 1"),
        ([1.5], "columns holds 1.5"),
        ([None], "columns holds None"),
        (-1, "no column number -1: its columns are counted from 1 to 3"),
        (["length", 1], "columns has column 1 (length) of flowers.csv twice"),
        ("petal", "flowers.csv has no column 'petal': its columns are 'length', 'width', 'species'"),
        (None, "line 2, column 3 (species) holds 'setosa', a number is wanted"),
    ],
)
def test_columns_that_cannot_be_chosen(tmp_path: Path, columns: object, expected: str) -> None:
    assert expected in message(lambda: table(tmp_path, FLOWERS).matrix(columns))  # type: ignore[arg-type]


def test_labels_become_one_row_each(tmp_path: Path) -> None:
    flowers = table(tmp_path, FLOWERS)
    matrix, classes = flowers.onehot("species")
    assert classes == ("setosa", "versicolor", "virginica")
    np.testing.assert_array_equal(matrix, [[1, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]])
    assert matrix.dtype == np.float64
    assert not matrix.flags.writeable
    given_order = flowers.onehot(3, ["virginica", "setosa", "unseen", "versicolor"])
    np.testing.assert_array_equal(given_order.matrix, [[0, 1, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]])


def test_number_labels_are_sorted_by_their_size(tmp_path: Path) -> None:
    found = table(tmp_path, "y\n10\n9\n-1\n1e1\n0.5\n").onehot("y")
    assert found.classes == ("-1", "0.5", "9", "10")
    np.testing.assert_array_equal(found.matrix.argmax(axis=0), [3, 2, 0, 3, 1])
    assert table(tmp_path, "y\n-0\n0.0\n").onehot("y").classes == ("0",)
    again = table(tmp_path, "y\n10\n9\n").onehot("y", [9, 10.0, "11"])
    assert again.classes == ("9", "10", "11")
    np.testing.assert_array_equal(again.matrix, [[0, 1], [1, 0], [0, 0]])


def test_numbers_before_text_stay_as_they_were_written(tmp_path: Path) -> None:
    # The first 65,536 entries were taken for numbers when the first text comes.
    found = table(tmp_path, "grade\n" + "1.0\n01\n" * 40_000 + "none\n").onehot("grade")
    assert found.classes == ("01", "1.0", "none")
    np.testing.assert_array_equal(found.matrix.sum(axis=1), [40_000, 40_000, 1])


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (["setosa", "versicolour", "virginica"], "line 4, column 3 (species) holds 'versicolor', which is none of the"),
        (["setosa", "versicolour", "virginica"], "did you mean 'versicolour'?"),
        (["setosa", "setosa"], "classes holds 'setosa' twice"),
        ([], "classes has 0 labels"),
        ("setosa", "classes is 'setosa', a list of labels is wanted"),
        (range(MOST_CLASSES + 1), "classes has 1,001 labels"),
    ],
)
def test_classes_that_do_not_fit(tmp_path: Path, classes: object, expected: str) -> None:
    assert expected in message(lambda: table(tmp_path, FLOWERS).onehot("species", classes))  # type: ignore[arg-type]


def test_a_missing_label_is_named(tmp_path: Path) -> None:
    found = table(tmp_path, "y,x\na,1\n?,2\n,3\n")
    assert message(lambda: found.onehot("y")) == (
        'flowers.csv line 3, column 1 (y) is missing (the first of 2): give missing="drop" to leave out rows with '
        "one, or fill them in"
    )
    assert "line 3, column 1 (y) is missing" in message(lambda: table(tmp_path, "y,x\n1,1\n,2\n").onehot("y"))


@pytest.mark.parametrize("entry", ["{}", "user{}"])
def test_as_many_labels_as_rows_are_no_classes(tmp_path: Path, entry: str) -> None:
    text = "id,x\n" + "".join(f"{entry.format(i)},1\n" for i in range(MOST_CLASSES + 1))
    found = table(tmp_path, text)
    assert "flowers.csv, column 1 (id), has more than 1,000 different labels" in message(lambda: found.onehot("id"))
    np.testing.assert_array_equal(found.matrix("x"), np.ones((1, MOST_CLASSES + 1)))
    most = table(tmp_path, text.rsplit("\n", 2)[0]).onehot("id").matrix
    assert most.shape == (MOST_CLASSES, MOST_CLASSES)
    np.testing.assert_array_equal(most.sum(axis=0), np.ones(MOST_CLASSES))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"header": "yes"}, "header is 'yes', it must be True or False"),
        ({"delimiter": ""}, "delimiter is '', it must be one character"),
        ({"delimiter": '"'}, "it must be one character"),
        ({"delimiter": 3}, "delimiter is 3"),
        ({"encoding": "utf-88"}, "encoding is 'utf-88', it must be one of Python's"),
        ({"encoding": "base64"}, "encoding is 'base64'"),
        ({"encoding": None}, "encoding is None"),
        ({"missing": "fill"}, "missing is 'fill', it must be one of 'error', 'drop'"),
        ({"array": "X"}, "array is 'X', but flowers.csv is text"),
    ],
)
def test_other_arguments_are_refused(tmp_path: Path, arguments: dict[str, object], expected: str) -> None:
    assert expected in message(lambda: table(tmp_path, FLOWERS, **arguments))


def test_files_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: object) -> str:
        return message(lambda: af.Table.read(path))  # type: ignore[arg-type]

    (tmp_path / "folder.csv").mkdir()
    assert read(tmp_path / "folder.csv") == f"cannot read {tmp_path / 'folder.csv'}: it is a folder"
    assert "there is no such file" in read(tmp_path / "missing.csv")
    assert "there is no such file" in read("a\0b.csv")
    assert "its name must end in one of .csv .tsv .txt" in read(tmp_path / "iris.xlsx")
    assert "path is an int, the name of a file is wanted" in read(3)

    # The tests may run as root, whom no permission stops.
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    table(tmp_path, FLOWERS)
    monkeypatch.setattr(Path, "open", refuse)
    assert read(tmp_path / "flowers.csv") == f"cannot read {tmp_path / 'flowers.csv'}: Permission denied"


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.integers(1, 5).flatmap(lambda k: st.lists(st.lists(finite, min_size=k, max_size=k), min_size=1, max_size=20)),
    st.sampled_from([",", ";", "\t", "|", " "]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
)
def test_what_csv_writes_is_read_back_bit_by_bit(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[float]],
    delimiter: str,
    newline: str,
    quoting: int,
    encoding: str,
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    path = tmp_path_factory.getbasetemp() / "round.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    found = af.Table.read(path, header=False, delimiter=delimiter, encoding=encoding).matrix()
    # The bits, so that -0.0 is told from 0.0.
    np.testing.assert_array_equal(found.view(np.int64), np.array(rows).T.view(np.int64))


labels = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1).filter(
    lambda text: text.strip() == text and text.lower() not in ("?", "na", "n/a", "#n/a", "nan", "-nan", "null", "<na>")
)


@given(st.lists(labels, min_size=1, max_size=20))
def test_labels_that_csv_writes_are_read_back(tmp_path_factory: pytest.TempPathFactory, entries: list[str]) -> None:
    text = io.StringIO(newline="")
    # A label that is no number makes all of them text.
    csv.writer(text).writerows([["y"], ["no number"], *([entry] for entry in entries)])
    path = tmp_path_factory.getbasetemp() / "labels.csv"
    path.write_bytes(text.getvalue().encode())
    matrix, classes = af.Table.read(path).onehot("y")
    assert classes == tuple(sorted({"no number", *entries}))
    assert [classes[i] for i in matrix.argmax(axis=0)] == ["no number", *entries]


@given(st.binary(max_size=200), st.booleans(), st.sampled_from(["error", "drop"]))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, header: bool, missing: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        found = af.Table.read(path, header=header, missing=missing)
        assert np.isfinite(found.matrix()).all()
    except af.DataError as error:
        assert "\n" not in str(error)


READING = """
import atlas_fast.data.delimited, resource, sys
from atlas_fast.data.table import Table
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
table = Table.read(sys.argv[1])
print(table.rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
def test_a_million_rows_take_the_memory_of_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    block = "".join(f"{i / 7!r},{i},u{i}\n" for i in range(1_000))
    with path.open("w") as file:
        file.write("a,b,user\n")
        for _ in range(1_000):
            file.write(block)
    done = subprocess.run([sys.executable, "-c", READING, str(path)], capture_output=True, text=True, check=True)
    rows, grown = done.stdout.split()
    assert int(rows) == 1_000_000
    # Two columns of float64 and the codes of 1,000 labels are 19 MiB, the text is 27 MiB; as Python's strings it
    # would be 200. 20 MiB are left for a chunk of rows and what the allocator keeps.
    assert float(grown) < 19 + 20


def test_onehot_is_taken_apart_and_is_its_matrix_to_numpy(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,kind\n1,b\n2,a\n3,b\n")
    table = af.Table.read(tmp_path / "t.csv")
    onehot = table.onehot("kind")
    matrix, classes = onehot
    assert matrix is onehot.matrix
    assert classes == onehot.classes == ("a", "b")
    np.testing.assert_array_equal(np.vstack([table.matrix("x"), onehot]), [[1, 2, 3], [0, 1, 0], [1, 0, 1]])
    assert np.asarray(onehot) is onehot.matrix
    copied = np.array(onehot, dtype=np.float32)
    assert copied.dtype == np.float32
    copied[:] = 7
    np.testing.assert_array_equal(onehot.matrix, [[0, 1, 0], [1, 0, 1]])
    np.testing.assert_array_equal(af.Problem("sum(w .* X)", {"X": onehot}).data["X"], onehot.matrix)
