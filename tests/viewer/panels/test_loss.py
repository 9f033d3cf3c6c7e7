"""The loss as it is typed: the document, the mathematics, and faults at their places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from atlas_fast.viewer.panels import examples

Type = Callable[[Any, str], None]


def underlined(editor: Any) -> list[str]:
    """The texts with a wavy line."""
    from PySide6.QtGui import QTextCharFormat

    return [
        selection.cursor.selectedText()
        for selection in editor.extraSelections()
        if selection.format.underlineStyle() == QTextCharFormat.UnderlineStyle.WaveUnderline
    ]


def wait_for(holds: Callable[[], bool], milliseconds: int) -> bool:
    """Let Qt work until something holds."""
    from PySide6.QtTest import QTest

    for _ in range(milliseconds // 20):
        if holds():
            return True
        QTest.qWait(20)
    return holds()


def ink(view: Any) -> np.ndarray[Any, Any]:
    """The alpha channel of the formula."""
    image = view.pixmap.toImage().convertToFormat(view.pixmap.toImage().Format.Format_RGBA8888)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 3].copy()


def test_typing_a_loss_gives_a_document_once_it_is_left(told: Any, application: Any) -> None:
    from PySide6.QtTest import QTest

    editor = told.panel.loss.editor
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "(x - 1)^2 + 3*y^2")
    assert told.documents == [], "it is still being typed"
    assert wait_for(lambda: told.panel.problem.loss([1.0, 2.0]) == 12.0, 2000), "it is read while one types"
    assert wait_for(lambda: bool(told.documents), 3000)
    assert told.documents == [{"loss": "(x - 1)^2 + 3*y^2"}]


def test_the_mathematics_is_typeset_and_greyed_while_the_text_is_broken(told: Any, type_into: Type) -> None:
    view = told.panel.loss.formula
    type_into(told.panel.loss.editor, "sqrt(x) + y^2")
    first = ink(view)
    assert r"\sqrt" in view.rows[-1] and not view.greyed
    assert (first > 200).sum() > 50
    type_into(told.panel.loss.editor, "sqrt(x + y^2")
    assert view.greyed and np.array_equal(ink(view), first)
    type_into(told.panel.loss.editor, "r = x - 1\nr^2 + y^2")
    assert not view.greyed and len(view.rows) == 2
    assert ink(view).shape[0] > first.shape[0], "a line more"


@pytest.mark.parametrize("inside", ["x", "x y", "x_{i}"])
def test_brackets_are_as_high_as_capitals(application: Any, inside: str) -> None:
    from atlas_fast.viewer.panels.formula import inked

    brackets, capital = inked(rf"$\left({inside}\right)$", 14.0, 96.0), inked("$X$", 14.0, 96.0)
    assert brackets is not None and capital is not None
    left = brackets[:, :4].max(axis=1)
    assert np.count_nonzero(left > 30) >= np.count_nonzero(capital.max(axis=1) > 30)


def test_a_long_formula_shrinks_to_the_width(told: Any, type_into: Type, application: Any) -> None:
    view = told.panel.loss.formula
    type_into(told.panel.loss.editor, " + ".join(f"sin(x{i})^2" for i in range(4)))
    short = view.pixmap.deviceIndependentSize()
    type_into(told.panel.loss.editor, " + ".join(f"sin(x{i})^2" for i in range(6)))
    shrunk = view.pixmap.deviceIndependentSize()
    assert shrunk.width() <= view.viewport().width() and shrunk.height() < short.height()
    told.panel.resize(700, 720)
    application.processEvents()
    assert view.pixmap.deviceIndependentSize().height() >= short.height(), "there is room again"
    type_into(told.panel.loss.editor, " + ".join(f"sin(x{i})^2" for i in range(20)))
    assert view.pixmap.deviceIndependentSize().width() > view.viewport().width()
    assert view.horizontalScrollBar().isVisible() and not view.verticalScrollBar().isVisible()


def test_the_field_is_as_high_as_its_lines(told: Any) -> None:
    editor = told.panel.loss.editor
    low = editor.height()
    for text in ("a\n+ b\n+ c\n+ d\n+ e\n+ f", " + ".join("abcdefghijklmnopqrstuvwxyz" * 2)):
        editor.setPlainText(text)
        assert wait_for(lambda: editor.height() > low and not editor.verticalScrollBar().isVisible(), 1000)
        editor.setPlainText("x^2")
        assert wait_for(lambda: editor.height() == low, 1000)


def test_a_fault_is_underlined_at_its_span_and_the_last_valid_document_stays(
    told: Any, type_into: Type, find: Any
) -> None:
    panel = told.panel
    panel.show_document(examples.document("iris-relu"), None)
    before, held = panel.document, panel.problem
    type_into(panel.loss.editor, "||A*rleu(BX+C)+D-Y||_2")
    assert underlined(panel.loss.editor) == ["rleu"]
    message = find("loss-message")
    assert message.isVisible() and "relu" in message.text()
    assert "^^^^" in panel.loss.editor.toolTip() and "||A*rleu" in panel.loss.editor.toolTip()
    assert told.documents == [] and panel.document == before and panel.problem is held
    assert panel.loss.editor.text == "||A*rleu(BX+C)+D-Y||_2", "what was typed stays"
    type_into(panel.loss.editor, "||A*relu(BX+C)+D-Y||_1")
    assert underlined(panel.loss.editor) == [] and not message.isVisible()
    assert told.documents == [{**before, "loss": "||A*relu(BX+C)+D-Y||_1"}]


def test_other_fields_count_while_the_loss_is_broken(told: Any, type_into: Type, find: Any) -> None:
    panel = told.panel
    panel.show_document(examples.document("iris-relu"), None)
    before = panel.document
    type_into(panel.loss.editor, "||A*relu(BX+C")
    type_into(find("lr"), "0.5")
    assert told.documents == [{**before, "training": {**before["training"], "lr": 0.5}}]
    find("train").click()
    assert told.asked == [], "what is seen is not what would be trained"
    assert find("message").text() and find("message").isVisible()


@pytest.mark.parametrize(
    ("text", "place"),
    [("a + 𝒳 $ b", "$"), ("x +\n(y", "("), ("x + ", "+"), ("x ) y", ")")],
    ids=["beyond-16-bits", "second-line", "at-the-end", "stray"],
)
def test_places_are_found_in_any_text(text: str, place: str, told: Any) -> None:
    editor = told.panel.loss.editor
    editor.setPlainText(text)
    editor.commit()
    assert [found.strip() for found in underlined(editor)] == [place]


def test_shapes_that_are_not_determined_are_asked_for_in_the_weights(told: Any, type_into: Type, find: Any) -> None:
    panel = told.panel
    panel.show_document(examples.document("iris-relu"), None)
    type_into(panel.loss.editor, "||A*relu(BX+C)+D-Y||_2 + ||E*F||_2")
    assert panel.problem is None
    assert len(underlined(panel.loss.editor)) == 1
    name = underlined(panel.loss.editor)[0]
    table = find("weights")
    remarks = {table.item(row, 0).text(): table.item(row, 4).text() for row in range(table.rowCount())}
    assert [weight for weight, remark in remarks.items() if remark.startswith("size wanted")] == [name]


def test_an_unknown_name_can_be_declared_at_its_place(told: Any, type_into: Type, find: Any) -> None:
    panel = told.panel
    panel.show_document({"loss": "||A*X - Y||_2", "data": examples.document("iris-relu")["data"]}, None)
    type_into(panel.loss.editor, "||A*X + bias - Y||_2")
    button = find("declare-hinted")
    assert underlined(panel.loss.editor) == ["bias"] and button.isVisible() and "bias" in button.text()
    button.click()
    assert told.last["loss"] == "||A*X + bias - Y||_2" and told.last["weights"] == {"bias": "?"}
    assert panel.problem.weights["bias"] == (3, 1)


def test_names_are_coloured_by_what_they_are() -> None:
    from atlas_fast.viewer.panels.highlighting import bound, roles

    text = "H = relu(BX + C) # hidden"
    found = {(text[a:b], role) for (a, b), role in roles(text, {"X"}, {"X", "B", "C"}, bound(text, {"X"}))}
    assert found == {
        ("relu", "function"),
        ("B", "weight"),
        ("X", "data"),
        ("C", "weight"),
        ("# hidden", "comment"),
    }


def test_function_names_are_completed(told: Any, application: Any) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    editor = told.panel.loss.editor
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "sig")
    popup = editor.completer.popup()
    assert popup.isVisible() and editor.completer.currentCompletion() == "sigmoid"
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert editor.text == "sigmoid("
    assert not popup.isVisible()


def test_the_loss_is_legible_in_the_dark(application: Any, told: Any) -> None:
    from PySide6.QtGui import QColor, QPalette

    from atlas_fast.viewer.panels import colours

    light, dark = QPalette(QColor("#f0f0f0")), QPalette(QColor("#202124"))
    assert not colours.is_dark(light) and colours.is_dark(dark)
    for palette in (light, dark):
        ground = palette.color(QPalette.ColorRole.Base)
        for role in colours.LIGHT:
            assert contrast(colours.of(role, palette), ground) > 4.3, role


def contrast(first: Any, second: Any) -> float:
    """WCAG 2's contrast ratio of two colours."""

    def luminance(colour: Any) -> float:
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
        return float(np.dot(parts, [0.2126, 0.7152, 0.0722]))

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)
