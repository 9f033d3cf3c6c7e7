"""Workspaces: what a TOML file may say, and what is said about a file that cannot be used."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import atlas_fast as af
from atlas_fast.data import datasets
from atlas_fast.workspace import document as documents
from atlas_fast.workspace import keys
from atlas_fast.workspace.wording import worded

BOWL: dict[str, Any] = {"loss": "x^2 + y^2"}

LINE: dict[str, Any] = {
    "loss": "mse(w*X + b, Y)",
    "data": {"X": {"values": [[0.0, 1.0, 2.0, 3.0]]}, "Y": {"values": [[1.0, 3.0, 5.0, 7.0]]}},
    "training": {"optimizer": "SGD", "lr": 0.1, "epochs": 20},
}


def parsed(document: dict[str, Any], folder: Path | None = None) -> af.Workspace:
    return af.Workspace.parse(document, folder, "w.toml")


def complaint(document: Any, folder: Path | None = None) -> str:
    """What is said about a document that cannot be used: one line, which begins with the file."""
    with pytest.raises(af.WorkspaceError) as caught:
        workspace = parsed(document, folder)
        problem = workspace.problem()
        workspace.surface(problem, workspace.train(problem))
    told = str(caught.value)
    assert told.startswith("w.toml: ")
    assert "\n" not in told
    return told


# The file


def test_the_example_is_what_scikit_learn_has(iris: af.Workspace) -> None:
    features, labels = load_iris(return_X_y=True)
    found = iris.matrices()
    np.testing.assert_array_equal(found["X"], features.T)
    np.testing.assert_array_equal(found["Y"], np.eye(3)[labels].T)


def test_samples_are_split_and_scaled_by_those_for_training(iris: af.Workspace) -> None:
    whole = iris.matrices()
    train, test = af.split(whole, test=0.2, seed=1)
    scaler = StandardScaler().fit(train["X"].T)
    samples = iris.samples
    assert samples.test is not None
    np.testing.assert_allclose(samples.train["X"], scaler.transform(train["X"].T).T, rtol=0, atol=1e-13)
    np.testing.assert_allclose(samples.test["X"], scaler.transform(test["X"].T).T, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(samples.test["Y"], test["Y"])
    np.testing.assert_allclose(samples.scalings["X"].offset[:, 0], scaler.mean_, rtol=1e-14)
    assert list(samples.scalings) == ["X"]
    assert dict(samples.sources) == {"X": "iris.csv", "Y": "iris.csv"}


def test_a_problem_is_read_from_a_file(root: Path, iris: af.Workspace) -> None:
    problem = af.Problem.from_file(root / "docs" / "examples" / "iris.toml")
    assert problem.expression == iris.loss
    assert problem.data["X"].shape == (4, 120)


def test_paths_are_relative_to_the_workspace(tmp_path: Path, empty_folder: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "t.csv").write_text("1,2,3\n4,5,6\n")
    (folder / "w.toml").write_text(
        'loss = "sum(w .* X)"\n[data.X]\nfile = "t.csv"\nsamples = "columns"\nheader = false\n'
    )
    workspace = af.Workspace.read("here/w.toml")
    np.testing.assert_array_equal(workspace.matrices()["X"], [[1, 2, 3], [4, 5, 6]])
    assert workspace.files == [Path("here/t.csv")]


def test_ways_to_read_a_file(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes("größe;a;b;art\n1;2;3;x\n4;?;6;y\n7;8;9;x\n".encode("cp1252"))
    np.savez(tmp_path / "t.npz", P=np.arange(6.0).reshape(2, 3), Q=np.zeros((1, 1)))
    how = {"file": "t.txt", "samples": "rows", "delimiter": ";", "encoding": "cp1252", "missing": "drop"}
    document = {
        "loss": "sum(w*X) + sum(v .* Z) + sum(K) + sum(M)",
        "data": {
            "X": {**how, "columns": ["größe", 3], "scale": "unit"},
            "K": {**how, "columns": ["art"], "onehot": True},
            "Z": {"file": "t.npz", "samples": "columns", "array": "P"},
            "M": {"dataset": "wine", "part": "X"},
        },
        "weights": {"w": [1, "?"], "v": "?"},
    }
    workspace = parsed(document, tmp_path)
    found = workspace.matrices()
    np.testing.assert_array_equal(found["X"], [[1, 7], [3, 9]])
    np.testing.assert_array_equal(found["K"], [[1, 1]])
    np.testing.assert_array_equal(found["Z"], [[0, 1, 2], [3, 4, 5]])
    assert found["M"].shape == (13, 178)
    scaled = MinMaxScaler().fit_transform(found["X"].T).T
    np.testing.assert_allclose(workspace.samples.train["X"], scaled, rtol=1e-15)


def test_a_document_is_a_copy() -> None:
    mine = copy.deepcopy(LINE)
    workspace = parsed(mine)
    mine["data"]["X"]["values"][0][0] = 9.0
    workspace.document["loss"] = "other"
    assert workspace.document == LINE


# Errors

WRONG: dict[str, list[Any]] = {
    "file": [3, ""], "samples": ["row", True], "columns": [[], 1.5, ["a", -1], ""], "header": ["yes", 1],
    "delimiter": [1], "encoding": [8], "missing": ["ignore", 3], "array": [0], "onehot": [1],
    "scale": ["standard", ["unit"]], "dataset": [1], "part": ["Z", 2],
    "values": [3, [], [[]], [1.0], [[1], [1, 2]], [["1"]], [[float("nan")]], [[10**400]], [[True]]],
    "test": [0, 1, "half", 1.5, True], "seed": [-1, 1.0, "1", True, 2**63], "optimizer": [1, ""],
    "epochs": [0, 1.5, True], "batch_size": [0, "all"], "plane": ["PCA", 1],
    "components": [[0], [0, -1], 3, [0.0, 1]], "axes": ["x", [], ["x", "y", "z"], [1, 2]], "normalize": [None, "no"],
    "extent": [0, -1.0, [1, 2], [1, 2, 3, "4"], float("inf")], "resolution": [1, 2.5, [3], [0, 4], "512"],
    "gradient": [0], "curvature": [1], "gradient_norm": ["yes"], "dtype": ["float16", 32, None],
}  # fmt: skip

FILE = {"file": "t.csv", "samples": "rows"}

HOMES: list[tuple[str, str, dict[str, Any]]] = [
    *(("data.X", key, dict(FILE)) for key in keys.ORIGINS["file"]),
    *(("data.X", key, {"dataset": "iris", "part": "X"}) for key in keys.ORIGINS["dataset"]),
    *(("data.X", key, {"values": [[1.0]]}) for key in keys.ORIGINS["values"]),
    *(("split", key, {"test": 0.5}) for key in keys.SECTIONS["split"]),
    *(("training", key, {"optimizer": "SGD", "lr": 0.1, "epochs": 1}) for key in keys.SECTIONS["training"]),
    *(("surface", key, {}) for key in keys.SECTIONS["surface"]),
]


@pytest.mark.parametrize(("section", "key", "rest"), HOMES)
def test_every_key_refuses_what_it_does_not_want(section: str, key: str, rest: dict[str, Any]) -> None:
    for value in WRONG[key]:
        given = {**rest, key: value}
        document = {**BOWL, **({"data": {"X": given}} if section == "data.X" else {section: given})}
        told = complaint(document)
        assert told.startswith(f"w.toml: [{section}] {key} is "), told
        assert "wanted" in told


@pytest.mark.parametrize(("section", "key", "rest"), HOMES)
def test_a_misspelt_key_is_told_the_right_one(section: str, key: str, rest: dict[str, Any]) -> None:
    wrong = f"{key[:-1]}{key[-1]}{key[-1]}"
    given = {**rest, wrong: 1}
    document = {**BOWL, **({"data": {"X": given}} if section == "data.X" else {section: given})}
    told = complaint(document)
    assert f'[{section}] "{wrong}"' in told
    assert told.endswith(f"did you mean {key}?")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "it is a list, a table of keys is wanted"),
        ({}, 'loss is missing: it stands above the first section, as in loss = "x^2 + y^2"'),
        ({"loss": 3}, 'loss is 3, the text of an expression is wanted, as in "x^2 + y^2"'),
        ({"loss": {"f": "x"}}, 'loss is no section: write loss = "x^2 + y^2", with the formula in quotes, above'),
        ({"loss": ""}, 'loss is "", the text of an expression is wanted, as in "x^2 + y^2"'),
        ({**BOWL, "notes": 3}, "notes is 3, a text is wanted"),
        ({**BOWL, "los": "x"}, 'there is no key "los" outside the sections: did you mean loss?'),
        ({**BOWL, "epochs": 5}, "epochs stands outside its section: it belongs to [training]"),
        ({**BOWL, "surfaces": {}}, "there is no section [surfaces]: did you mean [surface]?"),
        ({**BOWL, "zzz": {}}, "there is no section [zzz]: [data], [weights], [split], [training], [surface]"),
        ({**BOWL, "data": 3}, "data is 3, a section [data.NAME] is wanted"),
        ({**BOWL, "surface": "pca"}, 'surface is "pca", a section [surface] is wanted'),
        (
            {**BOWL, "data": {"file": "iris.csv"}},
            '[data] file is "iris.csv", a section is wanted: [data.X] holds the data X of the loss',
        ),
        ({**BOWL, "data": {"2X": {}}}, '[data] "2X" is no name: a letter, then letters, digits and _'),
        (
            {**BOWL, "data": {"X": {}}},
            "[data.X] says not where its numbers come from: one of file, dataset and values is wanted",
        ),
        (
            {**BOWL, "data": {"X": {"file": "a.csv", "values": [[1]]}}},
            "[data.X] has file and values: one of file, dataset and values is wanted",
        ),
        (
            {**BOWL, "data": {"X": {"values": [[1]], "columns": 2}}},
            "[data.X] columns goes with file, and this section has values",
        ),
        (
            {**BOWL, "data": {"X": {"file": "a.csv"}}},
            '[data.X] samples is missing: "rows" where each row of the file is a sample, else "columns"',
        ),
        (
            {**BOWL, "data": {"X": {"dataset": "iris"}}},
            '[data.X] part is missing: "X", the features, or "Y", what is to be learnt',
        ),
        (
            {**BOWL, "data": {"X": {**FILE, "onehot": True}}},
            '[data.X] onehot wants the one column that holds the labels, as in columns = "species"',
        ),
        (
            {**BOWL, "data": {"X": {"file": "t.csv", "samples": "columns", "columns": 1, "onehot": True}}},
            '[data.X] onehot reads a column of labels, a row each: samples = "rows" is wanted',
        ),
        ({**BOWL, "data": {"X": FILE}}, "[data.X] file t.csv cannot be found: this workspace has no folder"),
        ({**BOWL, "data": {"X": {"dataset": "iirs", "part": "X"}}}, "[data.X] there is no data set 'iirs'"),
        ({**BOWL, "weights": {"x": True}}, "[weights] x is true, a shape such as [10, 4]"),
        ({**BOWL, "weights": {"x": [2.5, 1]}}, "[weights] x is [2.5, 1], a shape such as [10, 4]"),
        (
            {**BOWL, "weights": {"x": 10}},
            '[weights] x is 10: write [10, "?"] for a shape with 10 rows, 10.0 for a starting value',
        ),
        ({**BOWL, "weights": {"x": 0}}, "[weights] x is 0: write 0.0 for a starting value"),
        ({**BOWL, "weights": {"z": 1.0}}, "z is given as a weight, and the expression does not use it"),
        ({**BOWL, "split": {}}, "[split] test is missing: a number between 0 and 1 is wanted"),
        ({**LINE, "split": {"test": 0.5, "seed": 1}, "data": {"X": {"values": [[1]]}}}, "[split] a split needs"),
        ({**BOWL, "training": {"epochs": 3}}, "[training] optimizer is missing"),
        ({**BOWL, "training": {"optimizer": "SGD", "lr": 1}}, "[training] epochs is missing"),
        ({**BOWL, "training": {"optimizer": "SGD", "epochs": 1}}, "[training] SGD needs lr, the learning rate, as in"),
        (
            {**BOWL, "training": {"optimizer": "rmsprob", "epochs": 1}},
            "[training] 'rmsprob' is no optimizer: did you mean RMSProp?",
        ),
        (
            {**BOWL, "training": {"optimizer": "SGD", "lr": "fast", "epochs": 1}},
            '[training] lr is "fast", a number is wanted',
        ),
        (
            {**BOWL, "training": {"optimizer": "SGD", "lr": 0.1, "nesterov": 1, "epochs": 1}},
            "[training] nesterov is 1, true or false is wanted",
        ),
        (
            {**BOWL, "training": {"optimizer": "Adam", "lr": 0.1, "betas": [0.9], "epochs": 1}},
            "[training] betas is [0.9], a list of 2 numbers is wanted",
        ),
        (
            {**BOWL, "training": {"optimizer": "SGD", "learning_rate": 1, "epochs": 1}},
            '[training] "learning_rate" is no setting of SGD: did you mean lr?',
        ),
        (
            {**BOWL, "training": {"optimizer": "SGD", "lr": 0.1, "epoch": 300}},
            '[training] "epoch" is no setting of SGD: did you mean epochs?',
        ),
        (
            {**BOWL, "training": {"optimiser": "SGD", "lr": 0.1, "epochs": 3}},
            '[training] "optimiser" is no key of this section: did you mean optimizer?',
        ),
        (
            {**BOWL, "training": {"optimizer": "SGD", "lr": -1, "epochs": 1}},
            "[training] lr is -1, it must be greater than 0",
        ),
        ({**BOWL, "training": {**LINE["training"], "batch_size": 9}}, "[training] batch_size needs samples"),
        ({**BOWL, "surface": {"components": [0, 1]}}, '[surface] components goes with plane = "pca"'),
        ({**BOWL, "surface": {"plane": "pca", "axes": ["x"]}}, '[surface] axes goes with plane = "axes"'),
        ({**BOWL, "surface": {"normalize": "none"}}, '[surface] normalize goes with plane = "random"'),
        ({**BOWL, "surface": {"plane": "pca"}}, '[surface] plane = "pca" is that of a run, and there is no [training]'),
        ({**BOWL, "surface": {"plane": "axes", "axes": ["x", "z"]}}, "[surface] z is no weight"),
        ({**BOWL, "surface": {"extent": [1, 0, 0, 1]}}, "[surface] extent is (1, 0, 0, 1): a0 < a1"),
        ({**BOWL, "surface": {"resolution": [1, 4]}}, "[surface] resolution is 1, it must be 2 or more"),
        ({"loss": "x+y+z"}, '[surface] plane is wanted for a loss of 3 scalar weights: add [training], or plane = "r'),
        ({"loss": "x+y+z", "surface": {"plane": "axes"}}, "[surface] plane is wanted for a loss of 3 scalar weights:"),
    ],
)  # fmt: skip
def test_what_is_said(document: Any, told: str) -> None:
    assert complaint(document).startswith(f"w.toml: {told}")


def test_data_that_cannot_be_read_name_the_section_and_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,x\n")
    document = {"loss": "sum(w*X)", "data": {"X": dict(FILE)}}
    told = complaint(document, tmp_path)
    assert told.startswith("w.toml: [data.X] t.csv line 3, column 2 (b) holds 'x'")
    (tmp_path / "t.csv").write_text("1,2\n3,4\n")
    assert complaint(document, tmp_path).endswith("give header = false if it is data, else names that are no numbers")
    document["data"]["X"]["file"] = "none.csv"
    assert "none.csv: there is no such file" in complaint(document, tmp_path)


def test_shapes_that_do_not_fit_name_the_file(iris: af.Workspace) -> None:
    document = {**iris.document, "weights": {"B": [10, 5]}}
    with pytest.raises(af.ShapeError, match=r"X is 4 x 120 \(iris\.csv\)"):
        af.Workspace.parse(document, iris.folder).problem()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("loss = x^2\n", 'line 1, column 8: invalid value in "loss = x^2"; a text stands in quotes'),
        ("[training]\noptimizer = Adam\n", 'line 2, column 13: invalid value in "optimizer = Adam"; a text stands'),
        ("[data.X]\nonehot = True\n", 'line 2, column 10: invalid value in "onehot = True"; write true'),
        (
            "[weights]\nB = [8, None]\n",
            'line 2, column 9: invalid value in "B = [8, None]"; a size to infer is "?", in quotes',
        ),
        ("[weights]\nB = [8, ?]\n", 'line 2, column 9: invalid value in "B = [8, ?]"; a size to infer is "?"'),
        ("[data.X]\ncolumns = None\n", 'line 2, column 11: invalid value in "columns = None"; leave the key out'),
        (
            "[loss]\nmse(A*X, Y)\n",
            "line 2, column 4: expected '=' after a key in a key/value pair in \"mse(A*X, Y)\"; loss is no section",
        ),
        (
            "[training]\nlr = 0,02\n",
            'line 2, column 7: expected newline or end of document after a statement in "lr = 0,02"; write a decimal '
            "point: 0.02",
        ),
        (
            "[training]\nlr = .5\n",
            'line 2, column 6: invalid value in "lr = .5"; a point has digits on both sides: 0.5',
        ),
        ('loss = "x"\nepochs 3\n', "line 2, column 8: expected '=' after a key in a key/value pair in \"epochs 3\""),
        ('loss = "x\n', "line 1, column 10: "),
        ('loss = "x"\nloss = "y"\n', "line 2, column 11: cannot overwrite a value"),
        ('loss = """x', "line 1: "),
        ("[" * 3000, ""),
        ("x = " + "[" * 3000, "its lists are nested too deeply"),
        ("x = " + "9" * 5000, "it holds a number of too many digits"),
        ("x = \x00", "line 1, column 5: "),
    ],
)
def test_a_file_that_is_no_toml_names_the_line(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_text(text)
    with pytest.raises(af.WorkspaceError) as caught:
        af.Workspace.read(tmp_path / "w.toml")
    assert re.match(r"w\.toml[,:] " + re.escape(told), str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_slip_is_told_once_it_is_one(tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_text('notes = "one" two\n')
    with pytest.raises(af.WorkspaceError) as caught:
        af.Workspace.read(tmp_path / "w.toml")
    assert "a text stands" not in str(caught.value)


@pytest.mark.parametrize(
    ("python", "toml"),
    [
        ('give weights={"B": (10, None), "C": None}', 'give [weights] B = [10, "?"], C = "?"'),
        ('if X is data, give it: data={"X": ..}', "if X is data, give it: [data.X]"),
        ('give data={"X": .., "Y": ..}', "give [data.X], [data.Y]"),
        ("try delimiter=';'", 'try delimiter = ";"'),
        ("try delimiter='\\t'", 'try delimiter = "\\t"'),
        ('give missing="drop" or header=False', 'give missing = "drop" or header = false'),
        ("a smaller batch_size=16, or dtype='float64',", 'a smaller batch_size = 16, or dtype = "float64",'),
        ("take normalize='variable', normalize=None", 'take normalize = "variable", normalize=None'),
        ("weights={oops} axis=0 header=..", "weights={oops} axis=0 header=.."),
    ],
)
def test_the_library_s_advice_is_put_as_toml(python: str, toml: str) -> None:
    assert worded(python) == toml


def test_an_error_of_the_loss_keeps_its_kind_and_its_place() -> None:
    with pytest.raises(af.ShapeError) as caught:
        parsed({"loss": "mse(A*relu(B*X), Y)", "data": LINE["data"]}).problem()
    first, shown, carets = str(caught.value).splitlines()[:3]
    assert first.startswith("w.toml: A's columns = B's rows is not determined")
    assert first.endswith('give [weights] B = [10, "?"]'), "no line is told where there is one only"
    assert shown[carets.index("^")] in "AB"
    with pytest.raises(af.ExpressionError, match=r"^w\.toml: foo is neither") as caught:
        parsed({"loss": "x +\nfoo"}).problem()
    assert str(caught.value).splitlines()[0].endswith("(line 2 of the loss)")


def test_sections_of_one_file_drop_the_same_rows(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i * i},{'' if i in (3, 5) else 1}\n" for i in range(20))
    (tmp_path / "t.csv").write_text(f"a,b,c\n{rows}")
    dropping: dict[str, Any] = {**FILE, "missing": "drop"}
    document: dict[str, Any] = {
        "loss": "mse(w*X + v*Z, Y)",
        "data": {"X": {**dropping, "columns": "a"}, "Y": {**FILE, "columns": "b"}, "Z": {**dropping, "columns": "c"}},
    }
    wanted = (
        "w.toml: [data.X] leaves out 2 rows of t.csv, which [data.Y] keeps, so that their samples differ: "
        'missing = "drop" is wanted there, too'
    )
    assert complaint(document, tmp_path) == wanted
    assert complaint({**document, "split": {"test": 0.25}}, tmp_path) == wanted
    document["data"]["Y"]["missing"] = "drop"
    assert parsed(document, tmp_path).problem().data["Y"].shape == (1, 18)
    # Nothing is missing: nothing is left out, and the sections may differ.
    (tmp_path / "t.csv").write_text("a,b,c\n" + rows.replace(",\n", ",1\n"))
    del document["data"]["Y"]["missing"]
    assert parsed(document, tmp_path).problem().data["Y"].shape == (1, 20)


def test_a_column_as_long_as_the_samples_is_turned_round() -> None:
    document = {**LINE, "split": {"test": 0.25}, "data": {**LINE["data"], "X": {"values": [[1], [2], [3], [4]]}}}
    told = complaint(document)
    assert told.startswith("w.toml: [split] X is a column of 4 and Y has 4 samples, which are columns: turn [data.X]")


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"\xff\xfe\x00", "byte 0 is no UTF-8; is it a text file?"), (b"loss = '\xe9'", "byte 8 is no UTF-8")],
)
def test_a_file_that_is_no_text(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_bytes(content)
    with pytest.raises(af.WorkspaceError, match=re.escape(told)):
        af.Workspace.read(tmp_path / "w.toml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(af.WorkspaceError, match=r"^cannot read .*none\.toml: No such file or directory$"):
        af.Workspace.read(tmp_path / "none.toml")
    with pytest.raises(af.WorkspaceError, match=r"^cannot read .*: Is a directory$"):
        af.Workspace.read(tmp_path)


def test_a_file_of_windows_reads_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_bytes(
        b'\xef\xbb\xbfloss = """\r\nz = x + 1\r\nz^2 + y^2"""\r\n[weights]\r\nx = 1.0\r\n'
    )
    assert af.Workspace.read(tmp_path / "w.toml").loss == "z = x + 1\nz^2 + y^2"


@given(st.text())
def test_any_text_is_a_workspace_or_one_line(text: str) -> None:
    try:
        parsed(documents.parsed(text, "w.toml"))
    except af.WorkspaceError as error:
        assert "\n" not in str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*keys.TOP, "other"]), json_values, max_size=5))
def test_any_document_is_a_workspace_or_one_line(document: dict[str, Any]) -> None:
    try:
        parsed(document)
    except af.WorkspaceError as error:
        assert "\n" not in str(error)


def test_the_page_has_every_key_and_value(root: Path) -> None:
    page = (root / "docs" / "workspace.md").read_text(encoding="utf-8")
    tables = [*keys.ORIGINS.values(), *keys.SECTIONS.values()]
    for key in {name for table in tables for name in table} | set(keys.TOP) - set(keys.TABLES):
        assert f"`{key}`" in page, key
    for choice in re.findall(r'"(\w+)"', " ".join(key.wanted for table in tables for key in table.values())):
        assert f'"{choice}"' in page, choice
    for name in datasets.NAMES:
        assert f'`"{name}"`' in page


@pytest.mark.parametrize("name", ["w" * 1_400_000, "w\n" * 700_000])
def test_a_name_is_clipped_where_it_is_shown(name: str) -> None:
    for document in (
        {**BOWL, "weights": {name: "no"}},
        {**BOWL, "weights": {name: [2, 2]}},
        {**BOWL, "data": {name: {}}},
        {**BOWL, "data": {name: 5}},
        {**BOWL, "data": {name: {"values": 5}}},
        {**BOWL, "data": {name: {"values": [[1]], "scale": name}}},
        {**BOWL, "data": {name: {"file": "x.csv", "samples": "rows"}}},
        {**BOWL, "data": {name: {"values": [[1]]}}, "weights": {name: [1, 1]}},
        {**BOWL, name: {}},
        {**BOWL, name: 1},
        {**BOWL, "training": {"optimizer": name, "epochs": 1}},
        {**BOWL, "training": {"optimizer": "SGD", "lr": 1, "epochs": 1, name: 1}},
        {**BOWL, "weights": {"x": [[1]] * 200_000 + [[1, 2]]}},
    ):
        with pytest.raises(af.WorkspaceError) as caught:
            parsed(document).problem()
        assert len(str(caught.value)) < 400
        assert str(caught.value).isprintable()


def test_training_has_a_dtype() -> None:
    document = {**BOWL, "training": {"optimizer": "SGD", "lr": 0.1, "epochs": 2, "dtype": "float32"}}
    run = parsed(document).train()
    assert run is not None
    assert run.dtype == "float32"


def test_another_loss_takes_the_data_that_were_read(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1,2\n3,4\n")
    section = {"file": "t.csv", "samples": "rows"}
    first = af.Workspace.parse({"loss": "||A*X||_2", "notes": "kept", "data": {"X": section}}, tmp_path)
    held = first.samples
    file.unlink()
    other = first.with_loss("||B*X||_1", {"B": [3, "?"]})
    assert other.samples is held and other.problem().weights == {"B": (3, 2)}
    assert other.document == {"loss": "||B*X||_1", "notes": "kept", "data": {"X": section}, "weights": {"B": [3, "?"]}}
    assert first.document == {"loss": "||A*X||_2", "notes": "kept", "data": {"X": section}}
    with pytest.raises(af.WorkspaceError, match=r"t\.toml: \[weights\] B is 3"):
        af.Workspace.parse({"loss": "x"}, None, "t.toml").with_loss("x + B", {"B": 3})
