"""`atlas-fast share` and `open`: a workspace goes to somebody else and comes out the same."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast.commandline import run


@pytest.fixture
def link(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The link of the example workspace."""
    assert run(["share", str(root / "docs" / "examples" / "iris.toml")]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    (line,) = told.out.splitlines()
    assert line.startswith("atlas://w/1/")
    return line


def test_what_is_shared_opens_with_its_data(
    link: str, root: Path, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["open", link]) == 0
    written = [Path("workspace.toml"), Path("workspace-data.npz")]
    assert capsys.readouterr().out == f"{written[0]}, {written[1]}: written; next: atlas-fast run workspace.toml\n"
    shared, opened = af.Workspace.read(root / "docs" / "examples" / "iris.toml"), af.Workspace.read(written[0])
    for name, matrix in shared.matrices().items():
        np.testing.assert_array_equal(opened.matrices()[name], matrix)
        np.testing.assert_array_equal(opened.samples.train[name], shared.samples.train[name])
    for section in ("loss", "weights", "split", "training", "surface"):
        assert opened.document[section] == shared.document[section]
    assert run(["run", "workspace.toml", "--resolution", "16"]) == 0


def test_a_link_is_read_from_the_standard_input(link: str, empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"  {link}\n"))
    assert run(["open", "-", "--out", "mine.toml"]) == 0
    assert sorted(path.name for path in empty_folder.iterdir()) == ["mine-data.npz", "mine.toml"]


def test_small_data_stand_in_the_file(bowl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["share", str(bowl)]) == 0
    small = capsys.readouterr().out.strip()
    assert run(["open", small, "--out", "workspaces"]) == 0
    assert [path.name for path in Path("workspaces").iterdir() if path.stem == "workspace"] == ["workspace.toml"]
    assert af.Workspace.read("workspaces/workspace.toml").document["weights"] == {"x": -1.5, "y": 1.0}


def test_links_and_files_are_told_as_json(root: Path, empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = root / "docs" / "examples" / "iris.toml"
    assert run(["share", str(example), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"workspace": str(example), "link": af.share(af.Workspace.read(example))}
    assert run(["open", told["link"], "--out", "mine.toml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"files": ["mine.toml", "mine-data.npz"]}
    assert all(Path(name).exists() for name in ("mine.toml", "mine-data.npz"))


def test_nothing_is_written_over(link: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("workspace.toml").write_text("mine")
    assert run(["open", link]) == 1
    assert capsys.readouterr().err == "atlas-fast: workspace.toml is there already: name another\n"
    assert [path.name for path in empty_folder.iterdir()] == ["workspace.toml"]
    assert Path("workspace.toml").read_text() == "mine"


@pytest.mark.parametrize("damaged", ["", "http://example.org", "atlas://w/1/AAAA", "atlas://w/9/AAAA"])
def test_a_link_that_is_none_is_one_line(damaged: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["open", damaged]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert not list(empty_folder.iterdir())


def test_another_suffix_is_wrong_usage(link: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["open", link, "--out", "w.json"]) == 2
    assert "w.json must end in .toml, or be a folder that is there" in " ".join(
        capsys.readouterr().err.replace("│", " ").split()
    )
