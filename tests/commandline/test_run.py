"""`atlas-fast run` and `explain`: from a workspace file to a surface and a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import image

import atlas_fast as af
from atlas_fast.commandline import run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_the_example_becomes_a_surface_and_a_picture(
    root: Path, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["run", str(root / "docs" / "examples" / "iris.toml"), "--resolution", "32"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    first, last = told.out.splitlines()
    assert first.startswith("iris.toml: loss 1.227 -> 0.039")
    assert first.endswith(" on the 30 samples kept for testing")
    assert last.startswith("iris.npz, iris.png: 32 x 32 vertices, surface ")
    assert names(empty_folder) == ["iris.npz", "iris.png"]
    surface = af.load("iris.npz")
    assert surface.loss.shape == (32, 32)
    assert surface.run is not None and surface.run.seed == 3
    assert np.ptp(image.imread("iris.png")[..., :3]) > 0.5


def test_a_csv_of_ones_own(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "\n".join(f"{i},{(2 * i + 1):.1f}" for i in range(20))
    Path("mine.csv").write_text(f"time,height\n{rows}\n")
    Path("mine.toml").write_text(
        'loss = "mse(w*X + b, Y)"\n'
        '[data.X]\nfile = "mine.csv"\nsamples = "rows"\ncolumns = "time"\n'
        '[data.Y]\nfile = "mine.csv"\nsamples = "rows"\ncolumns = "height"\n'
        '[training]\noptimizer = "SGD"\nlr = 0.005\nmomentum = 0.9\nepochs = 900\n'
        "[surface]\nresolution = 24\n"
    )
    assert run(["run", "mine.toml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["final_loss"] < 1e-8
    assert told["test_loss"] is None
    surface = af.load(told["file"])
    assert surface.run is not None
    # The line that the data lie on: w = 2, b = 1.
    np.testing.assert_allclose(surface.run.final, [2, 1], atol=1e-3)
    assert image.imread(told["picture"]).size > 1000


def test_json_is_one_object(bowl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(bowl), "--json", "--seed", "5", "--resolution", "8"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.pop("seconds") >= told.pop("surface_seconds")
    assert told.pop("final_loss") == pytest.approx(3.25 * 0.8**40)
    assert told == {
        "workspace": str(bowl), "seed": 5, "epochs": 20, "test_loss": None, "resolution": [8, 8],
        "file": "bowl.npz", "picture": "bowl.png", "messages": [],
    }  # fmt: skip


def test_a_run_that_diverges_is_told_and_stays_json(bowl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def strict(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    bowl.write_text(bowl.read_text().replace("0.1", "1e200"))
    assert run(["run", str(bowl), "--json"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out, parse_constant=strict)
    assert found["final_loss"] is None
    assert "diverged" in found["messages"][0]
    assert told.err == ""
    assert run(["run", str(bowl)]) == 0
    assert capsys.readouterr().err.startswith("atlas-fast: the run diverged at step")


@pytest.mark.parametrize(
    ("out", "written"),
    [
        ("s.npz", ["s.npz", "s.png"]),
        ("s.svg", ["s.npz", "s.svg"]),
        ("s.PNG", ["s.PNG", "s.npz"]),
        ("s.pdf", ["s.npz", "s.pdf"]),
        ("s", ["s.npz", "s.png"]),
    ],
)
def test_out_names_the_surface_and_the_picture(
    out: str, written: list[str], bowl: Path, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["run", str(bowl), "--out", out]) == 0
    assert names(empty_folder) == written
    assert sorted(capsys.readouterr().out.splitlines()[-1].partition(":")[0].split(", ")) == written


@pytest.mark.parametrize("out", [".", "..", "workspaces", "workspaces/"])
def test_a_folder_takes_both_files(
    out: str, bowl: Path, empty_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty_folder / "here").mkdir()
    monkeypatch.chdir(empty_folder / "here")
    (empty_folder / "here" / "workspaces").mkdir()
    folder = Path(out).resolve()
    before = names(folder)
    assert run(["run", str(empty_folder / bowl), "--out", out]) == 0
    assert names(folder) == [*before, "bowl.npz", "bowl.png"]
    assert f"{Path(out) / 'bowl.npz'}, " in capsys.readouterr().out
    # As without --out, the command named the file, so that what is not ours stays.
    (folder / "bowl.png").write_bytes(b"dear to somebody")
    assert run(["run", str(empty_folder / bowl), "--out", out]) == 1
    assert (folder / "bowl.png").read_bytes() == b"dear to somebody"


@pytest.mark.parametrize("command", ["run", "explain", "share", "view"])
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.npz", b"PK\x03\x04\xff", "a surface is shown by atlas-fast view a.npz, data are named in a workspace"),
        ("clean.csv", b"a,b\n1,2\n", 'data are named in a workspace, as in [data.X] file = "clean.csv"'),
        ("t.npy", b"\x93NUMPY", 'data are named in a workspace, as in [data.X] file = "t.npy"'),
    ],
)
def test_a_file_of_another_kind_is_told_what_to_do_with(
    command: str, name: str, content: bytes, told: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(content)
    assert run([command, name]) == 1
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    if (command, name) != ("view", "a.npz"):
        assert err.startswith(f"atlas-fast: cannot read {name}: a workspace (.toml) is wanted; {told}")


def test_an_error_of_the_loss_names_the_workspace_and_its_keys(bowl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bowl.write_text('loss = """\nH = B*X\nmse(A*H, Y)\n"""\ndata.X.values = [[1, 2]]\ndata.Y.values = [[3, 4]]\n')
    assert run(["run", str(bowl)]) == 1
    first = capsys.readouterr().err.splitlines()[0]
    assert first.startswith("atlas-fast: bowl.toml: B's rows = A's columns")
    assert first.endswith('give [weights] B = [10, "?"] (line 1 of the loss)')


def test_what_a_surface_says_is_in_the_workspace_s_words(bowl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bowl.write_text('loss = "exp(x) + y"\nweights = {x = 3.0, y = 4.0}\nsurface = {resolution = 9, extent = 1e4}\n')
    assert run(["run", str(bowl)]) == 0
    assert 'a smaller extent, or dtype = "float64", may mend it' in capsys.readouterr().err


def test_without_training_it_is_the_surface_round_the_start(bowl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bowl.write_text('loss = "x^2 + y^2"\nweights = {x = 3.0, y = 4.0}\nsurface = {resolution = 9}\n')
    assert run(["run", str(bowl)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "bowl.toml: 2 scalar weights, not trained"
    assert af.load("bowl.npz").extent == (2, 4, 3, 5)
    assert run(["run", str(bowl), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["seed"], told["epochs"], told["final_loss"]) == (None, None, None)


def test_what_it_wrote_is_written_over_and_nothing_else(bowl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(bowl)]) == 0
    assert run(["run", str(bowl), "--resolution", "8"]) == 0
    assert af.load("bowl.npz").loss.shape == (8, 8)
    for name in ("bowl.npz", "bowl.png"):
        before = Path(name).read_bytes()
        Path(name).write_bytes(b"dear to somebody")
        assert run(["run", str(bowl)]) == 1
        assert f"{name} is there already, and not written by Atlas Fast" in capsys.readouterr().err
        assert Path(name).read_bytes() == b"dear to somebody"
        Path(name).write_bytes(before)


def test_its_own_data_are_never_written_over(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("d.npz", X=np.ones((1, 3)))
    before = Path("d.npz").read_bytes()
    Path("d.toml").write_text('loss = "mse(w, X)"\ndata.X = {file = "d.npz", samples = "columns"}\n')
    for out in ([], ["--out", "d.npz"], ["--out", "d.png"]):
        assert run(["run", "d.toml", *out]) == 1
        assert "d.npz: it is read by the workspace" in capsys.readouterr().err
    assert Path("d.npz").read_bytes() == before


@pytest.mark.parametrize("command", ["run", "explain", "share", "view"])
def test_a_workspace_that_cannot_be_used_is_one_line(
    command: str, bowl: Path, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bowl.write_text('loss = "x^2\n')
    assert run([command, str(bowl)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("atlas-fast: bowl.toml, line 1")
    assert len(told.err.splitlines()) == 1
    assert run([command, "none.toml"]) == 1
    assert capsys.readouterr().err == "atlas-fast: cannot read none.toml: No such file or directory\n"
    assert names(empty_folder) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "Missing argument 'WORKSPACE'"),
        (["run", "w.toml", "--out", "s.gif"], "s.gif must end in .npz or .png or .svg or .pdf"),
        (["run", "w.toml", "--out", ""], "the name is empty: name a file, or a folder that is there"),
        (["run", "w.toml", "--out", "none/"], "there is no folder none/"),
        (["view", "w.toml", "--out", ""], "the name is empty"),
        (["example", "bowl", "--out", ""], "the name is empty"),
        (["open", "-", "--out", ""], "the name is empty"),
        (["run", "w.toml", "--resolution", "0"], "0 vertices along each side: from 2 to 8,192 are wanted"),
        (["run", "w.toml", "--seed", "-4"], "the seed is -4: 0 or more is wanted"),
        (["explain"], "Missing argument 'WORKSPACE'"),
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert message in " ".join(told.err.replace("│", " ").split())
    assert told.out == ""


def test_explain_shows_the_program(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / "docs" / "examples" / "iris.toml"
    assert run(["explain", str(path), "--no-measure"]) == 0
    text = capsys.readouterr().out
    assert text.rstrip("\n") == af.Problem.from_file(path).explain(measure=False).rstrip("\n")
    assert run(["explain", str(path), "--no-measure", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["weights"] == {"B": [10, 4], "C": [10, 1], "A": [3, 10], "D": [3, 1]}
    assert told["data"] == {"X": [4, 120], "Y": [3, 120]}
    assert (told["size"], told["explanation"]) == (83, text.rstrip("\n"))


def test_explain_measures_and_shows_code_and_derivatives(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / "docs" / "examples" / "iris.toml"
    assert run(["explain", str(path)]) == 0
    measured = capsys.readouterr().out
    assert "% of the roofline" in measured and "define void @tile" not in measured
    assert run(["explain", str(path), "--code", "--gradient", "--no-measure"]) == 0
    text = capsys.readouterr().out
    expected = af.Problem.from_file(path).explain(measure=False, code=True, gradient=True)
    assert text.rstrip("\n") == expected.rstrip("\n")
    assert "define void @tile" in text and "% of the roofline" not in text
