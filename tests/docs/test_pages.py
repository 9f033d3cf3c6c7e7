"""Every code block of the documentation and of the README runs, and says what it is said to say."""

from __future__ import annotations

import re
from pathlib import Path

import pages
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_a_page_runs(page: Path, empty_folder: Path) -> None:
    pages.run(page, empty_folder)
    for name in re.findall(r'savefig\("([^"]+)"\)', "".join(block.text for block in pages.blocks(page))):
        assert (empty_folder / name).stat().st_size > 10_000, f"{page.name} says that it makes {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_points_at_is_there(page: Path) -> None:
    text = pages.FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), f"{page.name} points at {target}"


def test_an_answer_that_is_not_as_shown_is_found(empty_folder: Path) -> None:
    page = empty_folder / "page.md"
    for wrong in ("```pycon\n>>> 1 + 1\n3\n```\n", "```console\n$ echo one\ntwo\n```\n", "```ruby\nputs 1\n```\n"):
        page.write_text(wrong)
        with pytest.raises(AssertionError, match=r"page\.md:1"):
            pages.run(page, empty_folder)


def test_a_page_that_is_right_passes(empty_folder: Path) -> None:
    page = empty_folder / "page.md"
    page.write_text(
        "```toml file=a.toml\nx = 1\n```\n```python\nn = 2\n```\n```pycon\n>>> n + 1\n3\n```\n"
        "```console\n$ cat a.toml\nx = 1\n$ echo one; echo two\none\n...\n```\n"
    )
    pages.run(page, empty_folder)
