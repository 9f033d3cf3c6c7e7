"""The command: exit statuses, what it prints where, the files it writes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from matplotlib import image

import atlas_fast as af
from atlas_fast import commandline
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
    ("arguments", "message"),
    [
        (["example", "bowll"], "there is no example bowll: bowl, iris-relu, iris-sigmoid, housing"),
        (["example", "bowl", "--out", "picture.gif"], "picture.gif must end in .png or .npz"),
        (["example", "bowl", "--resolution", "1"], "--resolution"),
        (["example", "bowl", "--resolution", "many"], "--resolution"),
        (["example", "bowl", "--seed", "-1"], "--seed"),
        (["example", "bowl", "--colour"], "--colour"),
        (["paint"], "paint"),
    ],
)
def test_wrong_usage_is_status_2_without_a_traceback(
    arguments: list[str], message: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert message in " ".join(told.err.split())
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


def test_ctrl_c_is_one_line_and_status_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_folder: Path
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commandline, "_run", interrupted)
    assert run(["example", "bowl"]) == 130
    assert capsys.readouterr().err == "atlas-fast: stopped\n"


def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "atlas_fast", "example", "iris-sigmoid"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    # CPython ends itself by the signal where the interrupt met a text in exec, as in an import: a shell's 130, too.
    assert process.returncode in (130, -signal.SIGINT), err
    assert err.splitlines() == ["atlas-fast: stopped"]
    assert out == ""
    assert not list(tmp_path.iterdir())


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"atlas-fast {af.__version__}\n"


def test_help_is_quick(tmp_path: Path) -> None:
    code = (
        "import sys, time; t = time.perf_counter(); from atlas_fast.commandline import run; run(['--help']);"
        "print('numpy' in sys.modules, time.perf_counter() - t)"
    )
    tries = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
        loaded, seconds = done.stdout.split()[-2:]
        assert loaded == "False"
        tries.append(float(seconds))
    assert min(tries) < 0.5


def test_nothing_but_text_goes_into_a_pipe(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "atlas_fast", "example", "bowl", "--resolution", "8"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
