"""Every field: it changes its own key and nothing else, and keeps what cannot be used, marked."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

import atlas_fast as af
from atlas_fast.examples import EXAMPLES
from atlas_fast.optimizers import OPTIMIZERS
from atlas_fast.optimizers.settings import settings
from atlas_fast.viewer.panels import examples

Type = Callable[[Any, str], None]

FULL: dict[str, Any] = {
    "loss": "||A*relu(BX + C) + D - Y||_2",
    "notes": "a text for people",
    "data": {
        "X": {"dataset": "iris", "part": "X", "scale": "standardize"},
        "Y": {"values": [[float(i % 2) for i in range(150)]]},
    },
    "weights": {"B": [5, "?"], "D": [[0.5]]},
    "split": {"test": 0.2, "seed": 3},
    "training": {
        "optimizer": "adam",
        "lr": 1e-3,
        "betas": [0.8, 0.99],
        "amsgrad": False,
        "epochs": 20,
        "seed": 4,
        "batch_size": 32,
        "dtype": "float32",
    },
    "surface": {
        "plane": "pca",
        "components": [0, 2],
        "extent": [-1.0, 2, -1.5, 1.0],
        "resolution": [64, 96],
        "seed": 1,
        "gradient": True,
        "curvature": False,
        "dtype": "float64",
    },
}
"""A document with most keys."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_the_library_s(name: str) -> None:
    row, workspace = EXAMPLES[name], af.Workspace.parse(examples.document(name))
    problem, wanted = workspace.problem(), row.problem()
    assert workspace.optimizer == row.optimizer
    assert dict(problem.weights) == dict(wanted.weights)
    start = problem.init(0) if row.start is None else problem.start
    assert start is not None
    assert problem.loss(start) == wanted.loss(start)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_comes_back_as_it_was(name: str, told: Any) -> None:
    document = examples.document(name)
    told.panel.show_document(document, None)
    assert told.panel._drafted() == document, "what all fields say"
    assert told.panel._mathematics(told.panel.data.sections) == document
    assert told.panel.commit() and told.documents == []
    assert told.panel.problem is not None


def test_a_document_with_every_key_comes_back_as_it_was(told: Any) -> None:
    told.panel.show_document(FULL, None)
    assert told.panel._drafted() == FULL
    assert told.panel._mathematics(told.panel.data.sections) == FULL
    assert told.panel.commit() and told.documents == []
    assert af.Workspace.parse(told.panel.document).toml() == af.Workspace.parse(FULL).toml()


def test_showing_tells_nothing(told: Any, application: Any) -> None:
    for document in (FULL, *map(examples.document, EXAMPLES), {"loss": "x^2"}, FULL):
        told.panel.show_document(document, None)
        application.processEvents()
    assert (told.documents, told.asked) == ([], [])


CHANGES = [
    ("lr", "training", "lr", "0.25", 0.25),
    ("epochs", "training", "epochs", "1e2", 100),
    ("seed", "training", "seed", "9", 9),
    ("batch_size", "training", "batch_size", "", None),
    ("betas", "training", "betas", "(0.5, 0.9)", [0.5, 0.9]),
    ("eps", "training", "eps", "1e-6", 1e-6),
    ("weight_decay", "training", "weight_decay", "0.1", 0.1),
    ("components", "surface", "components", "1, 0", [1, 0]),
    ("extent", "surface", "extent", "2.5", 2.5),
    ("surface-seed", "surface", "seed", "12", 12),
    ("test", "split", "test", "0.5", 0.5),
    ("split-seed", "split", "seed", "", None),
]
"""Field, section, key, what is typed, the value; None where the key goes."""


@pytest.mark.parametrize(("name", "section", "key", "text", "value"), CHANGES, ids=[row[0] for row in CHANGES])
def test_a_field_changes_its_key_and_nothing_else(
    name: str, section: str, key: str, text: str, value: Any, told: Any, find: Any, type_into: Type
) -> None:
    told.panel.show_document(FULL, None)
    type_into(find(name), text)
    wanted = copy.deepcopy(FULL)
    wanted[section][key] = value
    if value is None:
        del wanted[section][key]
    assert told.documents == [wanted] and told.panel.document == wanted


@pytest.mark.parametrize(
    ("name", "section", "key", "value"),
    [
        ("amsgrad", "training", "amsgrad", True),
        ("gradient", "surface", "gradient", None),
        ("curvature", "surface", "curvature", True),
        ("gradient_norm", "surface", "gradient_norm", True),
    ],
)
def test_a_switch_changes_its_key_there_and_back(
    name: str, section: str, key: str, value: Any, told: Any, find: Any
) -> None:
    told.panel.show_document(FULL, None)
    wanted = copy.deepcopy(FULL)
    wanted[section][key] = value
    if value is None:
        del wanted[section][key]
    find(name).toggle()
    assert told.documents == [wanted]
    find(name).toggle()
    assert told.last == FULL


@pytest.mark.parametrize(
    ("name", "section", "key", "shown", "value"),
    [
        ("dtype", "training", "dtype", "float64", "float64"),
        ("surface-dtype", "surface", "dtype", "float32", "float32"),
        ("resolution", "surface", "resolution", "256", 256),
    ],
)
def test_a_choice_changes_its_key(
    name: str, section: str, key: str, shown: str, value: Any, told: Any, find: Any
) -> None:
    told.panel.show_document(FULL, None)
    find(name).setCurrentText(shown)
    if name == "resolution":
        find(name).commit()
    assert told.documents == [{**FULL, section: {**FULL[section], key: value}}]


def test_every_optimizer_has_its_settings_with_their_defaults(told: Any, find: Any, application: Any) -> None:
    told.panel.show_document(examples.document("iris-relu"), None)
    find("more-training-section").click()
    every = {name for kind in OPTIMIZERS.values() for name in settings(kind)}
    for name, kind in OPTIMIZERS.items():
        find("optimizer").setCurrentText(name)
        application.processEvents()
        assert told.panel.document["training"] == {"optimizer": name, "lr": 0.05, "epochs": 100}
        seen = {setting for setting in every if find(setting).isVisibleTo(told.panel)}
        assert seen == set(settings(kind)), name
        assert (
            find("eps").placeholderText()
            == ("1e-06" if name == "Adadelta" else "1e-10" if name == "Adagrad" else "1e-08")
            or name == "SGD"
        )


def test_a_plane_brings_its_own_fields_and_takes_them_along(
    told: Any, find: Any, type_into: Type, application: Any
) -> None:
    told.panel.show_document({**FULL, "surface": {}}, None)
    own = {"pca": "components", "random": "normalize", "axes": "axes"}
    plane = find("plane")
    for kind in ("pca", "random", "hessian", "axes"):
        plane.setCurrentIndex(plane.findData(kind))
        application.processEvents()
        assert told.last["surface"] == {"plane": kind}
        assert [name for name in own.values() if find(name).isVisibleTo(told.panel)] == [
            own[kind] for _ in "1" if kind in own
        ]
    type_into(find("axes"), "B[0,2], D")
    assert told.last["surface"] == {"plane": "axes", "axes": ["B[0,2]", "D"]}
    plane.setCurrentIndex(plane.findData("random"))
    assert told.last["surface"] == {"plane": "random"}
    plane.setCurrentIndex(plane.findData("axes"))
    assert told.last["surface"]["axes"] == ["B[0,2]", "D"], "what was typed is not lost"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("lr", "fast", "a number is wanted"),
        ("lr", "-1", "lr"),
        ("epochs", "2.5", "a whole number"),
        ("betas", "0.9", "a list of 2 numbers"),
        ("extent", "1, 2, 3", "half-width"),
        ("resolution", "1", "resolution"),
        ("test", "1.5", "between 0 and 1"),
    ],
)
def test_what_cannot_be_used_stays_marked_and_the_last_valid_counts(
    name: str, text: str, says: str, told: Any, find: Any, type_into: Type
) -> None:
    told.panel.show_document(FULL, None)
    field = find(name)
    if name == "resolution":
        field.setEditText(text)
        field.commit()
    else:
        type_into(field, text)
    assert told.documents == [] and told.panel.document == FULL
    shown = field.currentText() if name == "resolution" else field.text()
    assert shown == text and field.property("wrong") and says in field.toolTip()
    section = {"test": "data", "extent": "surface", "resolution": "surface"}.get(name, "training")
    assert says in find(f"{section}-message").text() and "\n" not in find(f"{section}-message").text()
    find("gradient_norm").toggle()
    assert told.documents == [{**FULL, "surface": {**FULL["surface"], "gradient_norm": True}}]
    assert field.property("wrong"), "another field does not take the mark away"
    find("train").click()
    assert told.asked == [] and says in find("message").text()


def test_two_fields_that_need_each_other_come_together(told: Any, find: Any, type_into: Type) -> None:
    told.panel.show_document({"loss": "x^2", "training": {"optimizer": "SGD", "lr": 0.1, "epochs": 3}}, None)
    find("nesterov").toggle()
    assert told.documents == [] and "momentum" in find("training-message").text()
    type_into(find("momentum"), "0.9")
    assert told.last["training"] == {"optimizer": "SGD", "lr": 0.1, "epochs": 3, "nesterov": True, "momentum": 0.9}
    assert not find("training-message").isVisible() and not find("nesterov").property("wrong")


def test_training_can_be_left_out_and_taken_up(told: Any, find: Any) -> None:
    told.panel.show_document({"loss": "x^2 + y^2"}, None)
    find("train").click()
    assert told.asked == [] and "choose an optimizer" in find("message").text()
    assert find("optimizer").hasFocus()
    find("optimizer").setCurrentText("Adam")
    assert told.documents == [{"loss": "x^2 + y^2", "training": {"optimizer": "Adam", "lr": 0.01, "epochs": 100}}]
    find("train").click()
    assert told.asked == ["train"] and not find("message").isVisible()
    find("optimizer").setCurrentIndex(0)
    assert told.last == {"loss": "x^2 + y^2"}


def test_numbers_step_with_the_arrow_keys(told: Any, find: Any, type_into: Type) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    told.panel.show_document(examples.document("bowl"), None)
    seen = []
    for name, keys in (("lr", "UUD"), ("seed", "UD"), ("epochs", "U")):
        for key in keys:
            QTest.keyClick(find(name), Qt.Key.Key_Up if key == "U" else Qt.Key.Key_Down)
            seen.append(told.last["training"].get({"lr": "lr", "seed": "seed", "epochs": "epochs"}[name]))
    assert seen == [0.02, 0.05, 0.02, 1, 0, 100]


def test_the_names_of_axes_are_completed(told: Any, find: Any) -> None:
    told.panel.show_document(examples.document("iris-relu"), None)
    completer = find("axes").completer()
    completer.setCompletionPrefix("B[0,2], C[9")
    assert completer.completionCount() == 1
    assert completer.currentCompletion() == "B[0,2], C[9,0]"


def test_a_resolution_is_typed_or_chosen(told: Any, find: Any) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    told.panel.show_document({"loss": "x^2 + y^2"}, None)
    line = find("resolution").lineEdit()
    QTest.keyClicks(line, "5")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert told.last["surface"] == {"resolution": 5}
    find("resolution").setCurrentIndex(6)
    assert told.last["surface"] == {"resolution": 4096}


def test_notes_are_kept(told: Any, find: Any, type_into: Type) -> None:
    told.panel.show_document({"loss": "x^2"}, None)
    find("notes-section").click()
    told.panel.notes.note.setPlainText("what I found")
    assert told.panel.commit()
    assert told.documents == [{"loss": "x^2", "notes": "what I found"}]
