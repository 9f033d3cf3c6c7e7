"""Workspaces: what a TOML file may say, what it makes, and what is said about a file that cannot be used."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
import tomllib
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
from atlas_fast.optimizers import OPTIMIZERS
from atlas_fast.workspace import document as documents
from atlas_fast.workspace import keys

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


@pytest.fixture
def iris(root: Path) -> af.Workspace:
    return af.Workspace.read(root / "docs" / "examples" / "iris.toml")


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


def test_it_trains_and_tests(iris: af.Workspace) -> None:
    problem = iris.problem()
    assert dict(problem.weights) == {"B": (10, 4), "C": (10, 1), "A": (3, 10), "D": (3, 1)}
    run = iris.train(problem, progress=False)
    assert run is not None
    assert (run.optimizer, run.epochs, run.seed, run.batch_size) == ("Adam(lr=0.05)", 100, 3, None)
    np.testing.assert_array_equal(run.weights, problem.train(af.Adam(lr=0.05), 100, seed=3, progress=False).weights)
    test = iris.test_problem(problem)
    assert test is not None and iris.samples.test is not None
    w, data = problem.unpack(run.final), iris.samples.test
    logits = w["A"] @ np.maximum(w["B"] @ data["X"] + w["C"], 0) + w["D"]
    scores = logits - np.log(np.exp(logits).sum(axis=0))
    assert test.loss(run.final) == pytest.approx(-(scores * data["Y"]).sum(axis=0).mean(), rel=1e-12)


def test_its_surface_is_the_principal_plane_of_the_run(iris: af.Workspace) -> None:
    problem = iris.problem()
    run = iris.train(problem, progress=False)
    assert run is not None
    surface = iris.surface(problem, run, progress=False)
    right = problem.surface(af.Plane.pca(run), resolution=256, progress=False)
    np.testing.assert_array_equal(surface.loss, right.loss)
    assert surface.run is run


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


# Weights, planes, surfaces


def test_weights_are_shapes_or_starting_values() -> None:
    document = {
        **LINE,
        "loss": "mse(P*tanh(w*X + b) + q, Y)",
        "weights": {"w": [3, "?"], "q": -1.5, "P": [[1, 2, 3.5]]},
    }
    problem = parsed(document).problem()
    assert dict(problem.weights) == {"P": (1, 3), "w": (3, 1), "b": (3, 1), "q": (1, 1)}
    start = problem.unpack(problem.init(0))
    assert start["q"] == -1.5
    np.testing.assert_array_equal(start["P"], [[1, 2, 3.5]])


def test_two_scalars_are_shown_on_their_axes_round_their_run() -> None:
    workspace = parsed(
        {**BOWL, "weights": {"x": -1.5, "y": 1.0}, "training": {"optimizer": "SGD", "lr": 0.1, "epochs": 9}}
    )
    problem = workspace.problem()
    run = workspace.train(problem, progress=False)
    surface = workspace.surface(problem, run, progress=False)
    assert surface.plane.labels == ("x", "y")
    a, b = np.meshgrid(surface.a, surface.b)
    np.testing.assert_allclose(surface.loss, a**2 + b**2, rtol=1e-5, atol=1e-6)
    assert surface.extent[0] < -1.5 and surface.extent[3] > 1.0


def test_without_training_it_is_round_the_starting_values() -> None:
    surface = parsed({**BOWL, "weights": {"x": -3.0, "y": 10.0}, "surface": {"resolution": 5}}).surface(progress=False)
    assert surface.extent == (-4.0, -2.0, 9.0, 11.0)
    assert surface.run is None
    document = {**LINE, "weights": {"w": 2.0, "b": 1.0}, "surface": {"plane": "random", "resolution": 3, "seed": 4}}
    del document["training"]
    workspace = parsed(document)
    surface = workspace.surface(progress=False)
    np.testing.assert_array_equal(surface.plane.center, [2.0, 1.0])
    assert surface.loss[1, 1] == pytest.approx(0, abs=1e-6)
    right = af.Plane.random(workspace.problem(), [2.0, 1.0], seed=4)
    np.testing.assert_array_equal(surface.plane.u, right.u)


def test_planes_by_name(iris: af.Workspace) -> None:
    problem = iris.problem()
    run = iris.changed(seed=5).train(problem, progress=False)
    assert run is not None and run.seed == 5

    def shown(**section: Any) -> af.Surface:
        document = {**iris.document, "surface": {"resolution": 4, **section}}
        return af.Workspace.parse(document, iris.folder).surface(problem, run, progress=False)

    pca = shown(plane="pca", components=[0, 2])
    np.testing.assert_array_equal(pca.plane.v, af.Plane.pca(run, (0, 2)).v)
    for normalize, right in (("variable", "variable"), ("filter", "filter"), ("none", None)):
        random = shown(plane="random", normalize=normalize, seed=2)
        np.testing.assert_array_equal(random.plane.u, af.Plane.random(problem, run, 2, right).u)
    axes = shown(plane="axes", axes=["B[0,2]", "D[1,0]"], extent=[-1, 2, -3, 4.5])
    assert axes.plane.labels == ("B[0,2]", "D[1,0]")
    assert axes.extent == (-1, 2, -3, 4.5)
    np.testing.assert_array_equal(axes.plane.center, run.final)
    line = shown(plane="axes", axes=["B[0,2]"])
    assert line.loss.shape == (1, 4)
    np.testing.assert_array_equal(shown(plane="hessian").plane.u, af.Plane.hessian(problem, run).u)
    derivatives = {"gradient": True, "curvature": True, "gradient_norm": True}
    wide = shown(plane="pca", extent=0.5, resolution=[3, 7], dtype="float64", **derivatives)
    assert (wide.loss.shape, wide.loss.dtype, wide.extent) == ((3, 7), np.float64, (-0.5, 0.5, -0.5, 0.5))
    assert wide.gradient is not None and wide.curvature is not None and wide.gradient_norm is not None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_and_every_setting(name: str) -> None:
    for field in dataclasses.fields(OPTIMIZERS[name]):
        value = {"lr": 0.02, "nesterov": True, "betas": (0.8, 0.95)}.get(field.name)
        if value is None:
            value = not field.default if isinstance(field.default, bool) else 0.25
        settings = {"lr": 0.02, field.name: value}
        if field.name in ("nesterov", "dampening"):
            settings["momentum"] = 0.5
        given = {key: list(x) if isinstance(x, tuple) else x for key, x in settings.items()}
        workspace = parsed({**LINE, "training": {"optimizer": name, "epochs": 2, **given}})
        assert workspace.optimizer == OPTIMIZERS[name](**settings)
        run = workspace.train(progress=False)
        assert run is not None and run.steps == 2


def test_batches_and_seeds() -> None:
    document = {**LINE, "training": {**LINE["training"], "batch_size": 2, "seed": 7}}
    workspace = parsed(document)
    run = workspace.train(progress=False)
    assert run is not None
    assert (run.batch_size, run.seed, run.steps) == (2, 7, 40)
    other = workspace.changed(seed=8, resolution=9)
    assert other.document["training"]["seed"] == 8
    assert other.document["surface"] == {"resolution": 9}
    assert workspace.document == document, "the workspace itself stays as it was"
    assert parsed(BOWL).changed(seed=3).document["surface"] == {"seed": 3}


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
    "gradient": [0], "curvature": ["yes"], "gradient_norm": [1], "dtype": ["float16", 32],
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
        ({**BOWL, "weights": {"z": 1.0}}, "z is given as a weight, and the expression does not use it"),
        ({**BOWL, "split": {}}, "[split] test is missing: a number between 0 and 1 is wanted"),
        ({**LINE, "split": {"test": 0.5, "seed": 1}, "data": {"X": {"values": [[1]]}}}, "[split] there is nothing to"),
        ({**BOWL, "training": {"epochs": 3}}, "[training] optimizer is missing"),
        ({**BOWL, "training": {"optimizer": "SGD", "lr": 1}}, "[training] epochs is missing"),
        ({**BOWL, "training": {"optimizer": "SGD", "epochs": 1}}, "[training] lr is missing: SGD wants it"),
        ({**BOWL, "training": {"optimizer": "adam", "epochs": 1}}, '[training] optimizer is "adam": did you me'),
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
    (tmp_path / "w.toml").write_bytes(b'\xef\xbb\xbfloss = """\r\nz = x + 1\r\nz^2 + y^2"""\r\n[weights]\r\nx = 1\r\n')
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


# Round trips

texts = st.text(st.characters(codec="utf-8"), min_size=1)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1)
names = st.from_regex(r"[A-Za-zα-ω][A-Za-z0-9_]{0,5}", fullmatch=True)
matrices = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=1, max_size=4)
)
seeds = st.integers(0, 2**63 - 1)
columns = texts | st.integers(1, 99)
data = (
    st.fixed_dictionaries(
        {"file": texts, "samples": st.sampled_from(["rows", "columns"])},
        optional={
            "columns": columns | st.lists(columns, min_size=1, max_size=3),
            "header": st.booleans(), "delimiter": texts, "encoding": texts, "array": texts,
            "missing": st.sampled_from(["error", "drop"]), "scale": st.sampled_from(["standardize", "unit"]),
        },
    )
    | st.fixed_dictionaries({"dataset": texts, "part": st.sampled_from("XY")})
    | st.fixed_dictionaries({"values": matrices}, optional={"scale": st.just("unit")})
)  # fmt: skip
sizes = st.integers(1, 99) | st.just("?")
workspaces = st.fixed_dictionaries(
    {"loss": texts},
    optional={
        "notes": texts,
        "data": st.dictionaries(names, data, max_size=3),
        "weights": st.dictionaries(
            names, st.lists(sizes, min_size=2, max_size=2) | st.just("?") | numbers | matrices, max_size=3
        ),
        "split": st.fixed_dictionaries({"test": st.floats(0.01, 0.99)}, optional={"seed": seeds}),
        "training": st.fixed_dictionaries(
            {"optimizer": st.just("Adam"), "lr": st.floats(1e-300, 1e300), "epochs": st.integers(1, 2**40)},
            optional={"betas": st.lists(st.floats(0, 0.99), min_size=2, max_size=2), "seed": seeds},
        ),
        "surface": st.fixed_dictionaries(
            {}, optional={"extent": st.floats(1e-9, 1e9), "gradient": st.booleans(), "resolution": st.integers(2, 9)}
        ),
    },
)


@given(workspaces)
def test_toml_reads_back_to_the_same(document: dict[str, Any]) -> None:
    workspace = parsed(document)
    assert workspace.document == document
    again = documents.parsed(workspace.toml(), "again")
    assert again == document
    exactly = json.dumps(again, sort_keys=True), json.dumps(document, sort_keys=True)
    assert exactly[0] == exactly[1], "also whether a number is whole, and the sign of zero"
    assert parsed(again).toml() == workspace.toml()


def test_toml_is_readable(iris: af.Workspace) -> None:
    text = parsed({**iris.document, "data": {"X": {"values": [[1.0, 2.0], [3.0, 4.0]]}}}).toml()
    assert text.startswith('loss = """H = relu(B*X + C)\ncross_entropy(A*H + D, Y)\n"""\n')
    assert "values = [\n    [1.0, 2.0],\n    [3.0, 4.0],\n]" in text
    assert '\n[training]\noptimizer = "Adam"\nlr = 0.05\n' in text


def test_the_page_has_every_key_and_value(root: Path) -> None:
    page = (root / "docs" / "workspace.md").read_text(encoding="utf-8")
    tables = [*keys.ORIGINS.values(), *keys.SECTIONS.values()]
    for key in {name for table in tables for name in table} | set(keys.TOP) - set(keys.TABLES):
        assert f"`{key}`" in page, key
    for choice in re.findall(r'"(\w+)"', " ".join(key.wanted for table in tables for key in table.values())):
        assert f'"{choice}"' in page, choice
    for name in datasets.NAMES:
        assert f'`"{name}"`' in page


# Saving


def test_a_workspace_is_saved_with_its_data(tmp_path: Path, iris: af.Workspace) -> None:
    whole = iris.matrices()
    document = iris.document
    document["data"] = {
        "X": {"values": whole["X"].tolist(), "scale": "standardize"},
        "Y": {"values": [[1.0] * 150]},
    }
    document["loss"] = "mse(w*X + b, Y)"
    del document["weights"]
    written = parsed(document).save(tmp_path / "mine.toml")
    assert written == [tmp_path / "mine.toml", tmp_path / "mine-data.npz"]
    found = af.Workspace.read(tmp_path / "mine.toml")
    np.testing.assert_array_equal(found.matrices()["X"], whole["X"])
    np.testing.assert_array_equal(found.samples.train["X"], parsed(document).samples.train["X"])
    said = tomllib.loads((tmp_path / "mine.toml").read_text())["data"]
    assert said["X"] == {"file": "mine-data.npz", "array": "X", "samples": "columns", "scale": "standardize"}
    assert said["Y"] == {"values": [[1.0] * 150]}
    with pytest.raises(af.StoreError, match=r"mine\.toml is there already: name another"):
        parsed(document).save(tmp_path / "mine.toml")
    with pytest.raises(af.StoreError, match="there is no folder"):
        parsed(document).save(tmp_path / "none" / "mine.toml")
    with pytest.raises(af.ArgumentError, match=r"ends in \.toml"):
        parsed(document).save(tmp_path / "mine.txt")


def test_files_are_found_from_where_a_workspace_is_saved(tmp_path: Path, iris: af.Workspace) -> None:
    written = iris.save(tmp_path / "copy.toml")
    assert written == [tmp_path / "copy.toml"]
    np.testing.assert_array_equal(af.Workspace.read(written[0]).matrices()["Y"], iris.matrices()["Y"])
