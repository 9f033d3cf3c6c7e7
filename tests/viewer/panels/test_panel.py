"""The panel as a whole: asking, being busy, keys, names, and dark and light."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from atlas_fast.viewer.panels import examples


def shown(widget: Any) -> np.ndarray[Any, Any]:
    """Red, green and blue of a widget's picture."""
    image = widget.grab().toImage()
    image = image.convertToFormat(image.Format.Format_RGBA8888)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].copy()


@pytest.mark.parametrize(("keys", "asked"), [("Return", "train"), ("Shift+Return", "surface")])
@pytest.mark.parametrize("where", ["expression", "lr", "weights"])
def test_keys_ask_from_every_field(keys: str, asked: str, where: str, told: Any, find: Any, application: Any) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    told.panel.show_document(examples.document("bowl"), None)
    told.panel.activateWindow()
    find(where).setFocus()
    modifiers = Qt.KeyboardModifier.ControlModifier
    if "Shift" in keys:
        modifiers |= Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(find(where), Qt.Key.Key_Return, modifiers)
    assert told.asked == [asked]
    assert told.panel.loss.editor.text == "x^2 + y^2", "no line was added"


def test_what_is_still_being_typed_counts_when_one_trains(told: Any, find: Any) -> None:
    from PySide6.QtTest import QTest

    told.panel.show_document(examples.document("bowl"), None)
    editor = told.panel.loss.editor
    editor.setFocus()
    QTest.keyClicks(editor, " + z^2")
    find("lr").setText("0.5")
    find("train").click()
    assert told.asked == ["train"]
    assert "z" in told.last["loss"] and told.last["training"]["lr"] == 0.5
    assert told.panel.problem.size == 3


def test_while_it_is_busy_only_stop_can_be_pressed(told: Any, find: Any, application: Any) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    panel = told.panel
    panel.show_document(examples.document("bowl"), None)
    bar = find("progress")
    assert not bar.isVisible() and not find("stop").isEnabled()
    panel.show_busy("training", 30, 120)
    assert bar.isVisible() and (bar.value(), bar.maximum()) == (30, 120) and bar.text() == "training 25%"
    assert not find("train").isEnabled() and not find("surface").isEnabled()
    QTest.keyClick(panel.loss.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert told.asked == ["stop"]
    panel.show_busy("compiling")
    assert bar.maximum() == 0, "it only moves"
    panel.show_busy("")
    assert not bar.isVisible() and find("train").isEnabled() and not find("stop").isEnabled()
    told.forget()
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert told.asked == []


def test_a_message_is_one_line_in_its_colour(told: Any, find: Any) -> None:
    told.panel.show_message("the link is damaged:\nits end is missing", error=True)
    message = find("message")
    assert message.text() == "the link is damaged: its end is missing" and message.isVisible()
    wrong = message.palette().windowText().color()
    told.panel.show_message("saved")
    assert message.palette().windowText().color() != wrong
    told.panel.show_message("")
    assert not message.isVisible()


def test_every_field_can_be_reached_with_tab_and_says_what_it_is(told: Any, application: Any) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QTableWidget

    told.panel.show_document(examples.document("iris-relu"), None)
    application.processEvents()
    reached, widget = set(), told.panel.loss.editor
    for _ in range(400):
        reached.add(widget)
        widget = widget.nextInFocusChain()
        if widget is told.panel.loss.editor:
            break
    else:
        pytest.fail("the chain does not come round")
    fields = [
        found
        for kind in (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QTableWidget)
        for found in told.panel.findChildren(kind)
        if found.isVisibleTo(told.panel) and not found.objectName().startswith("qt_")
    ]
    assert len(fields) > 20
    for field in fields:
        if isinstance(field.parent(), QComboBox | QTableWidget):
            continue
        name = field.objectName()
        assert name and field.accessibleName() and field.toolTip(), f"{type(field).__name__} {name}"
        assert field.focusPolicy() & Qt.FocusPolicy.TabFocus, name
        assert field in reached, name


def test_no_two_labels_have_the_same_letter(told: Any) -> None:
    from PySide6.QtGui import QKeySequence
    from PySide6.QtWidgets import QAbstractButton, QLabel

    told.panel.show_document(examples.document("iris-relu"), None)
    letters: list[str] = []
    for kind in (QAbstractButton, QLabel):
        for widget in told.panel.findChildren(kind):
            if widget.isVisibleTo(told.panel) and (key := QKeySequence.mnemonic(widget.text()).toString()):
                letters.append(f"{key} {widget.text()}")
    keys = [letter.split()[0] for letter in letters]
    assert len(keys) > 12 and len(set(keys)) == len(keys), sorted(letters)
    assert not {"Alt+F", "Alt+E", "Alt+R", "Alt+V", "Alt+H"} & set(keys), "these are the window's menus"


def test_sections_fold(told: Any, find: Any) -> None:
    told.panel.show_document(examples.document("iris-relu"), None)
    assert find("lr").isVisible()
    find("training-section").click()
    assert not find("lr").isVisible()
    assert told.panel.training.summary.said == "Adam, lr 0.05, 100 epochs"
    find("training-section").click()
    assert find("lr").isVisible()


def test_it_fits_a_narrow_low_window(told: Any, application: Any) -> None:
    told.panel.show_document(examples.document("iris-sigmoid"), None)
    application.processEvents()
    assert told.panel.minimumSizeHint().width() <= 360 and told.panel.minimumSizeHint().height() <= 720
    inside = told.panel.area.widget()
    assert inside.width() <= told.panel.area.viewport().width(), "nothing is cut off at the right"


def test_it_turns_dark_and_light(told: Any, application: Any) -> None:
    from PySide6.QtGui import QColor, QPalette

    told.panel.show_document(examples.document("iris-relu"), None)
    before = application.palette()
    try:
        means = []
        for ground in ("#f0f0f0", "#2b2d31"):
            application.setPalette(QPalette(QColor(ground)))
            application.processEvents()
            formula = shown(told.panel.loss.formula).astype(float)
            ink = np.abs(formula - np.median(formula, axis=(0, 1))).max(axis=2) > 120
            assert ink.sum() > 100, f"the formula does not show on {ground}"
            means.append(formula[ink].mean())
            message = told.panel.loss.summary
            text = message.palette().windowText().color().lightnessF()
            assert abs(text - QColor(ground).lightnessF()) > 0.3
        assert means[0] < 100 < 160 < means[1]
    finally:
        application.setPalette(before)


def test_the_formula_has_the_pixels_of_the_screen() -> None:
    from PySide6.QtGui import QColor

    from atlas_fast.viewer.panels.formula import typeset

    once = typeset(["$x^2 + y^2 + z^2$"], QColor("black"), 96, 1.0, 300)
    twice = typeset(["$x^2 + y^2 + z^2$"], QColor("black"), 96, 2.0, 300)
    assert once is not None and twice is not None
    assert twice.width() == pytest.approx(2 * once.width(), abs=2)
    assert twice.deviceIndependentSize().width() == pytest.approx(once.deviceIndependentSize().width(), abs=1)


class Numbers(list[Any]):
    """A list that counts how often somebody goes through it."""

    read = 0

    def __iter__(self) -> Any:
        self.read += 1
        return super().__iter__()


def test_an_edit_goes_through_no_numbers_that_it_does_not_change(told: Any, find: Any, type_into: Any) -> None:
    numbers = {name: Numbers([[float(k) for k in range(50)]] * rows) for name, rows in (("X", 5), ("Y", 2), ("B", 6))}
    numbers["B"] = Numbers([row[:5] for row in numbers["B"]])
    document = {
        "loss": "mse(A*tanh(B*X), Y)",
        "data": {name: {"values": numbers[name]} for name in ("X", "Y")},
        "weights": {"B": numbers["B"]},
        "training": {"optimizer": "SGD", "lr": 0.1, "epochs": 3},
    }
    panel = told.panel
    panel.show_document(document, None)
    assert panel.problem.weights == {"A": (2, 6), "B": (6, 5)}
    before = panel.problem.given["B"]
    held = panel._finding.reading.workspace
    for each in numbers.values():
        each.read = 0
    type_into(panel.loss.editor, "mse(A*tanh(B*X) + C, Y)")
    type_into(find("lr"), "0.25")
    type_into(find("notes"), "of many numbers")
    panel.show_document(told.documents[0], None)  # as undo does
    assert [each.read for each in numbers.values()] == [0, 0, 0]
    assert len(told.documents) >= 3 and told.last["training"]["lr"] == 0.25
    for found in (*told.documents, panel.document):
        assert found["data"]["X"]["values"] is numbers["X"] and found["weights"]["B"] is numbers["B"]
    assert panel._finding.reading.workspace is held, "the data are not read again"
    assert "C" in panel.problem.weights and (panel.problem.given["B"] == before).all()
    # What is read anew is what has changed.
    other = Numbers([row[::-1] for row in numbers["B"]])
    panel.show_document({**document, "weights": {"B": other}}, None)
    assert panel.problem.given["B"][0, 0] == 4.0


def test_documents_that_are_handed_out_are_ones_own(told: Any) -> None:
    panel = told.panel
    panel.show_document(examples.document("bowl"), None)
    panel.document["training"]["lr"] = 7.0
    del panel.document["loss"]
    assert panel.document == examples.document("bowl")
