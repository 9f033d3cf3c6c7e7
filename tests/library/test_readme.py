"""The README's Python runs as it stands and leaves the picture that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from atlas_fast.language import FUNCTIONS

README = Path(__file__).parents[2] / "README.md"


def test_the_ten_lines_of_the_readme_make_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks, "the README shows Python"
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        exec(compile(block, str(README), "exec"), {})
    assert (tmp_path / "landscape.png").stat().st_size > 10_000


def test_every_picture_of_the_readme_is_there() -> None:
    for name in re.findall(r"\]\((benchmarks/pictures/[^)]*)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / name).is_file(), name


def test_the_readme_lists_the_functions_of_the_table() -> None:
    listed = re.search(r"Functions: (.*?)\.\n", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert listed is not None
    assert re.findall(r"`(\w+)`", listed[1]) == sorted(FUNCTIONS)
