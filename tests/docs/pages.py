"""The documentation's fenced blocks, and how each kind is run.

    ```python                 runs; a page's blocks share their names and run in order
    ```pycon                  a session with >>>, whose answers must be as shown
    ```console                lines with $ run in the shell; what follows must be what they print
    ```toml file=NAME         is written to a file, as is ```csv file=NAME and ```text file=NAME
    ```text                   is only shown

"..." stands for anything, as in doctest. All of a page runs in one folder of its own, in which the files of
docs/examples lie.
"""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```[ ]*$", flags=re.DOTALL | re.MULTILINE)
KINDS = ("python", "pycon", "console", "toml", "csv", "text")
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """kind: one of KINDS. file: where its text is written, if it says so. line: where it stands in the page."""

    kind: str
    file: str | None
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    found, source = [], page.read_text(encoding="utf-8")
    for fence in FENCE.finditer(source):
        kind, _, rest = fence[1].strip().partition(" ")
        file = rest.removeprefix("file=") if rest.startswith("file=") else None
        found.append(Block(kind, file, fence[2], source.count("\n", 0, fence.start()) + 1))
    return found


def run(page: Path, folder: Path) -> None:
    """Run a page's blocks in a folder, which is the working folder already. Raises AssertionError."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for example in EXAMPLES.glob("*"):
        shutil.copy(example, folder)
    for block in blocks(page):
        where = f"{page.name}:{block.line}"
        assert block.kind in KINDS, f"{where}: a block of {block.kind or 'no kind'}, one of {KINDS} is wanted"
        if block.file is not None:
            (folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
        elif block.kind == "pycon":
            _session(block, names, where)
        elif block.kind == "console":
            _console(block, folder, where)


def _session(block: Block, names: dict[str, Any], where: str) -> None:
    told: list[str] = []
    test = doctest.DocTestParser().get_doctest(block.text, names, where, None, block.line)
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    runner.run(test, out=told.append, clear_globs=False)
    names.update(test.globs)
    assert not runner.failures, f"{where}\n{''.join(told)}"


def _console(block: Block, folder: Path, where: str) -> None:
    bin_folder = Path(sys.executable).parent
    for command, wanted in re.findall(r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", block.text, flags=re.MULTILINE):
        done = subprocess.run(
            ["bash", "-c", f'PATH="{bin_folder}:$PATH"; {command}'], cwd=folder, capture_output=True, text=True
        )
        shown = done.stdout + done.stderr
        checker = doctest.OutputChecker()
        assert checker.check_output(wanted, shown, FLAGS) or not wanted.strip(), (
            f"{where}: $ {command}\nwanted\n{wanted}\ngot\n{shown}"
        )
        assert done.returncode == 0 or wanted.strip(), f"{where}: $ {command}\nstatus {done.returncode}\n{shown}"
