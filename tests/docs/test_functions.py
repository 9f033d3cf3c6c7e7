"""docs/functions.md is what the table of functions says, and its formulas can be drawn."""

from pathlib import Path

import pytest
from matplotlib.mathtext import MathTextParser

from atlas_fast.language import FUNCTIONS, listing

PRINT = "python -c \"from atlas_fast.language import listing; print(listing.markdown(), end='')\" > docs/functions.md"


def test_the_page_is_made_from_the_table(root: Path) -> None:
    page = (root / "docs" / "functions.md").read_text(encoding="utf-8")
    assert page == listing.markdown(), f"make it anew: {PRINT}"


def test_every_function_is_listed_once() -> None:
    rows = listing.rows()
    assert sorted(row.name for row in rows) == sorted(FUNCTIONS)
    for row in rows:
        function = FUNCTIONS[row.name]
        assert (row.signature, row.help, row.also) == (function.signature, function.help, function.also)


@pytest.mark.parametrize("row", listing.rows(), ids=lambda row: row.name)
def test_every_entry_says_how_what_and_as_what(row: listing.Row) -> None:
    page = listing.markdown()
    entry = page[page.index(f"### `{row.signature}`\n") :].split("\n### ")[0]
    assert row.help[1:] in entry
    assert f"${row.formula}$" in entry
    assert all(other in entry for other in row.also)
    assert row.definition in entry


@pytest.mark.parametrize("row", listing.rows(), ids=lambda row: row.name)
def test_matplotlib_draws_every_formula(row: listing.Row) -> None:
    assert MathTextParser("path").parse(f"${row.formula}$").width > 0


def test_a_row_of_the_list() -> None:
    row = {row.name: row for row in listing.rows()}["mae"]
    assert row.signature == "mae(x, y)"
    assert row.definition == "mean(|x - y|)"
    assert row.kind == "loss"
    assert r"\left|x - y\right|" in row.formula
