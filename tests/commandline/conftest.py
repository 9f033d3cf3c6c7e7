"""What the tests of the commands share: the example workspace, a small one, a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

BOWL = """\
loss = "x^2 + y^2"
[weights]
x = -1.5
y = 1.0
[training]
optimizer = "SGD"
lr = 0.1
epochs = 20
[surface]
resolution = 16
"""


@pytest.fixture
def bowl(empty_folder: Path) -> Path:
    """A small workspace in a folder of its own below the empty working folder."""
    folder = empty_folder / "workspaces"
    folder.mkdir()
    (folder / "bowl.toml").write_text(BOWL)
    return Path("workspaces") / "bowl.toml"


Shown = Callable[..., tuple[int, str, str]]


@pytest.fixture
def on_a_terminal(tmp_path: Path) -> Shown:
    """Run Python with these arguments, its standard error stream a terminal; status, output, what the terminal got."""

    def shown(*arguments: str) -> tuple[int, str, str]:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs, text=True,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
        )  # fmt: skip
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += os.read(ours, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
        os.close(ours)
        out, _ = process.communicate(timeout=60)
        return process.returncode, out, seen.decode()

    return shown
