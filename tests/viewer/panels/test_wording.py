"""Messages of the library in the words of the panel."""

from __future__ import annotations

from typing import Any

import pytest

IRIS = {part: {"dataset": "iris", "part": part} for part in "XY"}


@pytest.mark.parametrize(
    ("loss", "data", "expected"),
    [
        ("||A*relu(B*X + C) + D - Y||_2", IRIS, "give B the shape 10 × ?"),
        ("||A*relu(B*relu(C*X)) - Y||_2", IRIS, "give B the shape 10 × ?, C the shape 20 × ?"),
        ("||A*relu(BX+C)||_2", {}, "load data BX, declare BX as a weight, or write a product out with *"),
    ],
)
def test_what_is_wanted_is_said_as_one_does_it_here(told: Any, loss: str, data: Any, expected: str) -> None:
    told.panel.show_document({"loss": "x^2", "data": data} if data else {"loss": "x^2"}, None)
    told.panel.loss.editor.setPlainText(loss)
    told.panel.loss.editor.commit()
    error = told.panel._finding.error
    said = f"{error.message} {error.hint}"
    assert expected in said and "[weights]" not in said and "[data" not in said


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('where A is a weight, give its shape: weights={"A": (20, 30)}', "give its shape: 20 × 30"),
        ('sizes are not determined: give data={"X": .., "Y": ..}', "give data X, data Y"),
        ('a.csv line 7 is missing: give missing="drop" to leave out rows with one', "tick Leave out rows with gaps"),
        ('begins as UTF-16 does: give encoding="utf-16"', 'give encoding = "utf-16"'),
    ],
)
def test_keys_of_a_file_become_parts_of_the_panel(extra: None, message: str, expected: str) -> None:
    from atlas_fast.viewer.panels.wording import worded

    assert worded(message).endswith(expected)
