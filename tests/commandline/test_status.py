"""The command as a whole: exit statuses, pipes and terminals, Ctrl-C, completion, the time it takes to start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import atlas_fast as af
from atlas_fast.commandline import COMMANDS, examples, run

COMMAND = [sys.executable, "-m", "atlas_fast"]


def test_the_commands_are_those_of_the_public_surface(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(COMMANDS) == ["example", "run", "view", "explain", "share", "open", "functions", "doctor"]
    assert run(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f" {name} " in told for name in COMMANDS)
    for name in COMMANDS:
        assert run([name, "--help"]) == 0
        assert "Usage: atlas-fast" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"atlas-fast {af.__version__}\n"


def test_no_command_and_no_such_command_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["paint"]) == 2
    told = capsys.readouterr()
    assert "paint" in told.err and told.out == ""
    assert run([]) == 2


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (KeyboardInterrupt(), 130, "stopped"),
        (MemoryError(), 1, "out of memory: take a lower --resolution, or fewer samples"),
        (af.DataError("X is empty"), 1, "X is empty"),
    ],
)
def test_failures_are_one_line(
    error: BaseException, status: int, told: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_folder: Path,
) -> None:  # fmt: skip
    def failing(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(examples, "_make", failing)
    assert run(["example", "bowl"]) == status
    assert capsys.readouterr().err == f"atlas-fast: {told}\n"


def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "example", "iris-sigmoid", "--resolution", "4096"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "ATLAS_DEBUG": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert process.stderr is not None
    # The text is parsed: what is left is work, seconds of it.
    assert process.stderr.readline() == "-- syntax tree\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    # CPython ends itself by the signal where the interrupt met a text in exec, as in an import: a shell's 130, too.
    assert process.returncode in (130, -signal.SIGINT), err
    assert err.splitlines()[-1] == "atlas-fast: stopped"
    assert out == ""
    assert not list(tmp_path.iterdir())


def test_a_reader_that_has_seen_enough_is_no_failure_to_explain(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "functions"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 1


def test_nothing_but_text_goes_into_a_pipe(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "example", "bowl", "--resolution", "8"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


def test_a_terminal_sees_bars_and_an_estimate_and_the_pipe_only_the_result(tmp_path: Path, on_a_terminal) -> None:  # type: ignore[no-untyped-def]
    # Any work is long here, so that the estimate is shown without minutes of work.
    code = (
        "from atlas_fast import progress; progress.LONG, progress.MEASURED = 0.0, 1e-3\n"
        "from atlas_fast.commandline import main; main()"
    )
    status, out, seen = on_a_terminal("-c", code, "example", "housing", "--resolution", "256", "--json")
    assert status == 0, seen
    assert "training" in seen and "%" in seen and "\x1b" in seen
    assert "training: about " in seen and " s for 100 steps" in seen
    assert "surface: about " in seen and " s for 256 x 256 vertices" in seen
    assert out.count("\n") == 1 and out.startswith("{")


def completions(words: str, tmp_path: Path) -> list[str]:
    """What bash is told for a line whose last word is not finished."""
    environment = {**os.environ, "_ATLAS_FAST_COMPLETE": "complete_bash", "COMP_WORDS": words}
    environment["COMP_CWORD"] = str(len(words.split(" ")) - 1)
    done = subprocess.run(COMMAND, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.stderr == ""
    return done.stdout.split()


def test_shells_complete_commands_examples_and_functions(tmp_path: Path) -> None:
    assert completions("atlas-fast ex", tmp_path) == ["example", "explain"]
    assert completions("atlas-fast example iris", tmp_path) == ["iris-relu", "iris-sigmoid"]
    assert completions("atlas-fast functions soft", tmp_path) == ["softmax", "softplus"]


@pytest.mark.parametrize(
    ("shell", "sign"), [("bash", "complete -o default"), ("zsh", "#compdef"), ("fish", "complete")]
)
def test_completion_is_shown_for_the_shell_that_is_named(shell: str, sign: str, tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND, "--show-completion", shell], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sign in done.stdout
    assert "_ATLAS_FAST_COMPLETE" in done.stdout


def test_bash_accepts_the_completion(tmp_path: Path) -> None:
    script = subprocess.run([*COMMAND, "--show-completion", "bash"], capture_output=True, text=True).stdout
    (tmp_path / "completion.sh").write_text(script)
    check = subprocess.run(
        ["bash", "-c", "source completion.sh && complete -p atlas-fast"], cwd=tmp_path, capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr
    assert "atlas-fast" in check.stdout


def test_completion_is_installed_where_bash_looks(tmp_path: Path) -> None:
    home = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run([*COMMAND, "--install-completion", "bash"], capture_output=True, text=True, env=home)
    assert done.returncode == 0, done.stderr
    assert "atlas-fast.sh" in (tmp_path / ".bashrc").read_text()
    assert (tmp_path / ".bash_completions" / "atlas-fast.sh").is_file()


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
