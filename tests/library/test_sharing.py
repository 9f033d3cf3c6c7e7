"""Sharing: a problem, a run or a workspace goes through a link and comes back the same."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import atlas_fast as af
from atlas_fast.links import decode, encode, open_workspace

numbers = st.floats(-1e6, 1e6) | st.decimals(-99, 99, places=1).map(float)
matrices = hnp.arrays(np.float64, st.tuples(st.integers(2, 5), st.integers(2, 6)), elements=numbers)


def assert_same(one: af.Problem, other: af.Problem) -> None:
    assert one.expression == other.expression
    assert list(one.weights.items()) == list(other.weights.items())
    assert one.biases == other.biases
    for these, those in ((one.data, other.data), (one.given, other.given)):
        assert list(these) == list(those)
        for name in these:
            assert these[name].shape == those[name].shape
            assert these[name].tobytes() == those[name].tobytes()
    assert one.init(3).tobytes() == other.init(3).tobytes()


@given(matrices, st.booleans(), st.booleans(), st.data())
def test_a_problem_comes_back_to_the_bit(x: Any, bias: bool, labelled: bool, data: st.DataObject) -> None:
    rows, columns = x.shape
    start = data.draw(hnp.arrays(np.float64, (3, rows), elements=numbers))
    text = "||A*relu(B*X + C) - Y||_2" if bias else "# a comment\nH = B*X\n||A*H - Y||_2"
    given = {"X": x, "Y": np.arange(2.0 * columns).reshape(2, columns)}
    problem = af.Problem(text, given, {"B": start if labelled else (3, None)})
    link = af.share(problem)
    found = af.open_link(link)
    assert_same(found, problem)
    assert af.share(found) == link


def test_a_problem_without_data_and_with_every_start() -> None:
    problem = af.Problem("x^2 + y^2", weights={"x": [[-1.5]], "y": [[-0.0]]})
    found = af.open_link(af.share(problem))
    assert_same(found, problem)
    assert found.start is not None
    assert str(found.start[1]) == "-0.0"


def test_a_run_goes_along_with_how_it_was_made() -> None:
    problem = af.Problem("mse(A*tanh(B*X + C), Y)", {"X": np.eye(3, 8), "Y": np.ones((1, 8))}, {"B": (4, None)})
    run = problem.train(af.Adam(lr=0.02, betas=(0.8, 0.99)), epochs=6, seed=5, batch_size=3)
    workspace = open_workspace(af.share(problem, run))
    assert workspace.document["training"] == {
        "optimizer": "Adam",
        "lr": 0.02,
        "betas": [0.8, 0.99],
        "epochs": 6,
        "seed": 5,
        "batch_size": 3,
    }
    again = workspace.train()
    assert again is not None
    assert again.weights.tobytes() == run.weights.tobytes()


@pytest.mark.parametrize(
    "optimizer",
    [
        af.SGD(lr=0.1, momentum=0.9, nesterov=True),
        af.Adagrad(lr=0.1, initial_accumulator_value=0.1),
        af.Adadelta(lr=1.0, rho=0.95),
        af.RMSProp(lr=1e-3, centered=True),
        af.AdamW(lr=0.1, weight_decay=0.25),
        af.Adamax(lr=0.1),
        af.NAdam(lr=0.1, eps=1e-7),
    ],
    ids=repr,
)
def test_every_optimizer_goes_along(optimizer: Any) -> None:
    problem = af.Problem("x^2 + y^2")
    run = problem.train(optimizer, epochs=2)
    assert open_workspace(af.share(problem, run)).optimizer == optimizer


@pytest.mark.parametrize("start", [None, [0.1, -0.0]])
def test_a_run_of_float32_comes_back_as_one(start: Any) -> None:
    problem = af.Problem("(x - 0.1)^2 + sin(x*y)")
    run = problem.train(af.Adam(lr=0.1), epochs=20, dtype="float32", start=start)
    workspace = open_workspace(af.share(problem, run))
    assert workspace.document["training"]["dtype"] == "float32"
    assert ("x" in workspace.problem().given) == (start is not None)
    again = workspace.train()
    assert again is not None
    assert again.dtype == "float32"
    assert again.weights.tobytes() == run.weights.tobytes()
    assert again.weights.tobytes() != problem.train(af.Adam(lr=0.1), epochs=20, start=start).weights.tobytes()


def test_starting_values_of_a_workspace_go_as_numbers(tmp_path: Path) -> None:
    start = np.random.default_rng(0).normal(size=(3, 2))
    document = {
        "loss": "||A*X|| + b^2",
        "data": {"X": {"values": [[1, 2], [3, 4]]}},
        "weights": {"A": start.tolist(), "b": 0.5},
    }
    workspace = af.Workspace.parse(document)
    found, matrices = decode(af.share(workspace))
    assert found["weights"] == {"A": [3, 2], "b": 0.5}
    assert matrices["A"].tobytes() == start.tobytes()
    opened = open_workspace(af.share(workspace))
    assert opened.document == workspace.document
    assert opened.changed(seed=4).document["surface"] == {"seed": 4}
    assert af.Workspace.parse(opened.document).toml() == opened.toml()
    (written,) = opened.save(tmp_path / "w.toml")
    assert_same(af.Workspace.read(written).problem(), workspace.problem())
    assert af.share(opened) == af.share(workspace)
    opened.document["weights"]["A"][0][0] = 99.0
    assert opened.document == workspace.document, "what is handed out is a copy"


def test_numbers_that_stand_in_the_text_of_a_link_are_read() -> None:
    document = {"loss": "||A*X||", "data": {"X": {"values": [[1.5], [2]]}}, "weights": {"A": [[1, -0.5]]}}
    problem = af.open_link(encode(document, {}))
    assert problem.data["X"].tolist() == [[1.5], [2.0]]
    assert problem.given["A"].tolist() == [[1.0, -0.5]]


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"loss": "x", "weights": {"x": [1, 1], "y": [1, 1]}}, "the link: y is given as a weight, and the expression"),
        ({"loss": "x", "data": {"x": {"values": [[1]]}}, "weights": {"x": [1, 1]}}, "the link: x is given as data and"),
        ({"loss": "x", "weights": {"x": "no"}}, 'the link: \\[weights\\] x is "no"'),
    ],
)
def test_a_link_whose_names_do_not_fit_is_refused_as_a_link(document: dict[str, Any], why: str) -> None:
    with pytest.raises(af.StoreError, match=why):
        af.open_link(encode(document, {}))


def test_a_start_that_no_seed_gives_goes_along() -> None:
    problem = af.Problem("x^2 + y^2")
    run = problem.train(af.SGD(lr=0.1), epochs=3, start=[1 / 3, -0.0])
    again = open_workspace(af.share(problem, run)).train()
    assert again is not None
    assert again.weights.tobytes() == run.weights.tobytes()


def test_a_workspace_goes_with_its_files_as_numbers(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b,c\n1,2.5,1\n3,4.25,0\n5,6,1\n7,8,0\n")
    (tmp_path / "w.toml").write_text(
        """
        loss = "mse(A*X + b, Y)"
        [data.X]
        file = "rows.csv"
        samples = "rows"
        columns = ["a", "b"]
        scale = "standardize"
        [data.Y]
        file = "rows.csv"
        samples = "rows"
        columns = "c"
        [weights]
        A = [1, "?"]
        b = 0.5
        [split]
        test = 0.25
        seed = 3
        [training]
        optimizer = "SGD"
        lr = 0.125
        epochs = 4
        [surface]
        resolution = 7
        """
    )
    workspace = af.Workspace.read(tmp_path / "w.toml")
    link = af.share(workspace)
    document, matrices = decode(link)
    assert document["data"] == {"X": {"scale": "standardize"}, "Y": {}}
    assert matrices["X"].tolist() == [[1, 3, 5, 7], [2.5, 4.25, 6, 8]]  # before scaling, samples as columns
    found = open_workspace(link)
    for section in ("loss", "weights", "split", "training", "surface"):
        assert found.document[section] == workspace.document[section]
    assert_same(found.problem(), workspace.problem())
    assert_same(af.open_link(link), workspace.problem())
    assert af.share(found) == link


def test_a_link_does_not_read_files(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    document = {"loss": "||A*X||", "data": {"X": {"file": str(tmp_path / "secret.csv"), "samples": "rows"}}}
    workspace = af.Workspace.parse(document, tmp_path)
    assert "secret" not in str(open_workspace(af.share(workspace)).document)


def test_what_cannot_be_shared_says_why() -> None:
    problem = af.Problem("x^2 + y^2")
    run = problem.train(af.SGD(lr=0.1), epochs=1)
    with pytest.raises(af.ArgumentError, match="the run is of 2 scalar weights, the problem has 3"):
        af.share(af.Problem("x^2 + y^2 + z^2"), run)
    with pytest.raises(af.ArgumentError, match="a str cannot be shared"):
        af.share("x^2")  # type: ignore[arg-type]
    with pytest.raises(af.ArgumentError, match="leave run out"):
        af.share(open_workspace(af.share(problem)), run)
    noise = np.random.default_rng(0).normal(size=(1, 200_000))
    with pytest.raises(af.StoreError, match="send the workspace with its files"):
        af.share(af.Problem("||a*X||", {"X": noise}, {"a": (1, 1)}))


@pytest.mark.parametrize(
    "text",
    ["", "SGD", "SGD(0.1)", "SGD(lr=x)", "SGD(lr=__import__('os'))", "os.system(a=1)", "Adamant(lr=1)", "(" * 999],
)
def test_a_run_whose_optimizer_cannot_be_read_is_refused(text: str) -> None:
    problem = af.Problem("x^2 + y^2")
    run = problem.train(af.SGD(lr=0.1), epochs=1)
    other = af.Run(run.weights, run.loss, 1, 1, text, 0)
    with warnings.catch_warnings(), pytest.raises(af.StoreError, match="cannot be shared: leave it out"):
        af.share(problem, other)


def test_weights_of_any_size_cost_nothing_to_open() -> None:
    with pytest.raises(af.AtlasError):
        af.open_link(af.share(af.Problem("||A||", weights={"A": (2, 2)}))).train(af.SGD(lr=0.1), epochs=0)
    problem = af.open_link(af.share(af.Problem("||A||", weights={"A": (10**9, 10**9)})))
    assert problem.size == 10**18
