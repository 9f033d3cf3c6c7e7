"""The weights: what is inferred, what is given, what is kept while the loss does not use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from atlas_fast.viewer.panels import examples
from atlas_fast.viewer.panels.weights import SHAPE, START, numbers, shape_of, start_of

Type = Callable[[Any, str], None]


def rows(table: Any) -> dict[str, tuple[str, ...]]:
    """Name -> shape, start, scalars, remark."""
    found = [[table.item(row, column).text() for column in range(5)] for row in range(table.rowCount())]
    return {name: tuple(cells) for name, *cells in found}


def enter(table: Any, name: str, column: int, text: str) -> None:
    """Type into a cell as a person does: F2, the text, Return."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QLineEdit

    row = list(rows(table)).index(name)
    table.setFocus()
    table.setCurrentCell(row, column)
    table.editItem(table.item(row, column))
    editor = table.findChild(QLineEdit)
    editor.selectAll()
    QTest.keyClick(editor, Qt.Key.Key_Delete)
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QTest.qWait(1)  # Qt takes it a little later


def test_the_table_says_what_is_inferred(told: Any, find: Any) -> None:
    told.panel.show_document(examples.document("iris-relu"), None)
    assert rows(find("weights")) == {
        "A": ("3 × 10", "", "30", "inferred"),
        "B": ("10 × 4", "", "40", "given"),
        "C": ("10 × 1", "", "10", "bias, starts at 0"),
        "D": ("3 × 1", "", "3", "bias, starts at 0"),
    }


def test_a_shape_is_given_and_taken_back(told: Any, find: Any) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    document = examples.document("iris-relu")
    told.panel.show_document(document, None)
    table = find("weights")
    enter(table, "B", SHAPE, "7 x ?")
    assert told.documents == [{**document, "weights": {"B": [7, "?"]}}]
    assert rows(table)["A"][0] == "3 × 7" and told.panel.problem.weights["B"] == (7, 4)
    table.setFocus()
    table.setCurrentCell(list(rows(table)).index("B"), 0)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert "weights" not in told.last
    assert told.panel.problem is None and rows(table)["B"][3].startswith("size wanted")


def test_a_starting_value_is_given(told: Any, find: Any) -> None:
    told.panel.show_document({"loss": "x^2 + y^2"}, None)
    table = find("weights")
    enter(table, "x", START, "10")
    assert told.last == {"loss": "x^2 + y^2", "weights": {"x": 10.0}}
    assert isinstance(told.last["weights"]["x"], float), "10 could mean a size"
    enter(table, "y", START, "-1.5")
    np.testing.assert_array_equal(told.panel.problem.start, [10.0, -1.5])


def test_what_is_no_shape_stays_marked(told: Any, find: Any) -> None:
    document = examples.document("iris-relu")
    told.panel.show_document(document, None)
    table = find("weights")
    enter(table, "B", SHAPE, "ten")
    assert told.documents == [] and told.panel.document == document
    assert rows(table)["B"][0] == "ten" and find("weights-message").text().count("\n") == 0
    assert find("weights-message").isVisible()
    find("train").click()
    assert told.asked == [] and find("message").isVisible()
    enter(table, "B", SHAPE, "9 x ?")
    assert told.last["weights"] == {"B": [9, "?"]} and not find("weights-message").isVisible()


def test_what_was_given_comes_back_with_its_weight(told: Any, find: Any, type_into: Type) -> None:
    document = examples.document("iris-relu")
    told.panel.show_document(document, None)
    type_into(told.panel.loss.editor, "||A*X+D-Y||_2")
    assert "weights" not in told.last and told.panel.problem.weights == {"A": (3, 4), "D": (3, 1)}
    assert rows(find("weights"))["B"][3] == "not in the loss"
    type_into(told.panel.loss.editor, document["loss"])
    assert told.last == document


def test_a_name_of_several_letters_is_declared(told: Any, find: Any, type_into: Type) -> None:
    told.panel.show_document({"loss": "||A*X - Y||_2", "data": examples.document("iris-relu")["data"]}, None)
    find("declare-weight").setText("bias")
    find("declare").click()
    assert told.documents == [] and rows(find("weights"))["bias"][3] == "not in the loss"
    type_into(told.panel.loss.editor, "||A*X + bias - Y||_2")
    assert told.last["weights"] == {"bias": "?"} and rows(find("weights"))["bias"][0] == "3 × 1"


@pytest.mark.parametrize(
    ("text", "value"),
    [("10 x ?", [10, "?"]), ("10×4", [10, 4]), ("[3, 2]", [3, 2]), ("?", "?"), ("ten", "ten"), ("3", "3")],
)
def test_shapes_are_read(text: str, value: Any) -> None:
    assert shape_of(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10.0),
        ("1, 2; 3, 4", [[1.0, 2.0], [3.0, 4.0]]),
        ("[[1, 2], [3, 4]]", [[1.0, 2.0], [3.0, 4.0]]),
        ("a", "a"),
    ],
)
def test_starting_values_are_read(text: str, value: Any) -> None:
    assert start_of(text) == value
    if value != "a":
        assert start_of(numbers(value)) == value
