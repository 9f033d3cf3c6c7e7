"""`atlas-fast example`: what it prints where, the files it writes."""

import json
from pathlib import Path

import pytest
from matplotlib import image

import atlas_fast as af
from atlas_fast.commandline import run
from atlas_fast.examples import EXAMPLES


def test_no_name_lists_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["example"]) == 0
    told = capsys.readouterr().out
    assert [line.split()[0] for line in told.splitlines()] == ["bowl", "iris-relu", "iris-sigmoid", "housing"]
    assert run(["example", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == list(EXAMPLES)


def test_a_picture_is_written_and_named(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["example", "bowl", "--resolution", "32"]) == 0
    told = capsys.readouterr()
    assert "bowl.png: 32 x 32 vertices" in told.out
    assert told.out.rstrip().endswith("s in all")
    assert told.err == ""
    assert image.imread(empty_folder / "bowl.png").shape[2] in (3, 4)
    assert [p.name for p in empty_folder.iterdir()] == ["bowl.png"]


def test_a_surface_is_written_with_its_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s.npz"
    status = run(["example", "iris-relu", "--resolution", "16", "--seed", "3", "--out", str(out), "--json"])
    assert status == 0
    told = json.loads(capsys.readouterr().out)
    surface = af.load(out)
    assert surface.loss.shape == (16, 16)
    assert surface.run is not None
    assert surface.run.seed == told["seed"] == 3
    assert told["final_loss"] == surface.run.loss[-1]
    assert (told["file"], told["resolution"], told["messages"]) == (str(out), [16, 16], [])


@pytest.mark.parametrize(
    ("name", "begins"), [("b.PNG", b"\x89PNG"), ("b.svg", b"<?xml"), ("b.pdf", b"%PDF"), ("b.NPZ", b"PK")]
)
def test_the_suffix_chooses_the_kind_in_capitals_too(name: str, begins: bytes, empty_folder: Path) -> None:
    assert run(["example", "bowl", "--resolution", "8", "--out", name]) == 0
    assert (empty_folder / name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["example", "bowll"], "there is no example bowll: bowl, iris-relu, iris-sigmoid, housing"),
        (["example", "bowl", "--out", "picture.gif"], "picture.gif must end in .png or .svg or .pdf or .npz"),
        (["example", "bowl", "--resolution", "1"], "1 vertices along each side: from 2 to 8,192 are wanted"),
        (["example", "bowl", "--resolution", "0"], "0 vertices along each side: from 2 to 8,192 are wanted"),
        (["example", "bowl", "--resolution", "many"], "many is no whole number"),
        (["example", "bowl", "--seed", "-1"], "the seed is -1: 0 or more is wanted"),
        (["example", "bowl", "--colour"], "--colour"),
    ],
)
def test_wrong_usage_is_status_2_without_a_traceback(
    arguments: list[str], message: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert message in " ".join(told.err.replace("│", " ").split())
    assert "Traceback" not in told.err
    assert told.out == ""
    assert not list(empty_folder.iterdir())


def test_a_failure_is_status_1_and_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["example", "bowl", "--out", str(tmp_path / "none" / "bowl.png")]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("atlas-fast: cannot write")
    assert len(told.err.splitlines()) == 1


def test_a_folder_in_the_way_is_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bowl.png").mkdir()
    assert run(["example", "bowl", "--resolution", "8", "--out", str(tmp_path / "bowl.png")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["bowl.png"]


def test_a_folder_takes_the_picture(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty_folder / "sub").mkdir()
    for out in (".", "sub/"):
        assert run(["example", "bowl", "--resolution", "8", "--out", out]) == 0
        assert (empty_folder / out / "bowl.png").read_bytes().startswith(b"\x89PNG")


def test_only_our_own_picture_is_written_over_unasked(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = empty_folder / "bowl.png"
    picture.write_bytes(b"a photograph")
    assert run(["example", "bowl", "--resolution", "8"]) == 1
    assert "bowl.png is there already, and not written by Atlas Fast" in capsys.readouterr().err
    assert picture.read_bytes() == b"a photograph"
    assert run(["example", "bowl", "--resolution", "8", "--out", "bowl.png"]) == 0
    first = picture.read_bytes()
    assert run(["example", "bowl", "--resolution", "16"]) == 0
    assert picture.read_bytes() != first
