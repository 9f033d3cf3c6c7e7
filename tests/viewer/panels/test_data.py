"""The data: files, data sets and examples, their columns, shapes and faults."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atlas_fast.viewer.panels import examples
from atlas_fast.viewer.panels.columns import columns_of, text_of

Type = Callable[[Any, str], None]

COLUMNS = {"file": "flowers.csv", "samples": "rows", "columns": [1, 2]}


def child(dialog: Any, name: str) -> Any:
    """The widget of a name in the dialog."""
    from PySide6.QtWidgets import QWidget

    (found,) = dialog.findChildren(QWidget, name)
    return found


def opened(told: Any, path: Path, application: Any) -> Any:
    """The dialog on a file."""
    told.panel.data.load(path)
    application.processEvents()
    assert told.panel.data.dialog is not None
    return told.panel.data.dialog


def test_a_csv_is_loaded_with_columns_chosen_and_one_hot(
    told: Any, flowers: Path, find: Any, type_into: Type, application: Any
) -> None:
    told.panel.show_document({"loss": "||A*X + B - Y||_2"}, flowers.parent)
    dialog = opened(told, flowers, application)
    # What it proposes is what most tables are.
    assert dialog.sections == {
        "X": {"file": "flowers.csv", "samples": "rows", "columns": ["length", "width"]},
        "Y": {"file": "flowers.csv", "samples": "rows", "columns": "kind", "onehot": True},
    }
    assert (child(dialog, "table-shape-X").said, child(dialog, "table-shape-Y").said) == ("2 × 4", "3 × 4")
    type_into(child(dialog, "table-columns-X"), "width")
    scale = child(dialog, "table-scale-X")
    scale.setCurrentIndex(scale.findData("standardize"))
    assert child(dialog, "table-shape-X").said == "1 × 4"
    dialog.accept()
    assert told.documents == [
        {
            "loss": "||A*X + B - Y||_2",
            "data": {
                "X": {"file": "flowers.csv", "samples": "rows", "columns": "width", "scale": "standardize"},
                "Y": {"file": "flowers.csv", "samples": "rows", "columns": "kind", "onehot": True},
            },
        }
    ]
    problem = told.panel.problem
    assert problem.weights == {"A": (3, 1), "B": (3, 1)}
    # By hand: width is 2, 5, 2, 1; labels sorted: iris, lily, rose.
    width = np.array([2.0, 5, 2, 1])
    np.testing.assert_allclose(problem.data["X"], [(width - width.mean()) / width.std()])
    np.testing.assert_array_equal(problem.data["Y"], [[0, 0, 0, 1], [0, 1, 0, 0], [1, 0, 1, 0]])
    assert (find("shape-X").said, find("shape-Y").said) == ("1 × 4", "3 × 4")


def test_columns_are_taken_from_the_preview(told: Any, flowers: Path, application: Any) -> None:
    from PySide6.QtCore import QItemSelectionModel

    dialog = opened(told, flowers, application)
    view = child(dialog, "preview")
    model = view.model()
    assert [model.headerData(i, _horizontal()) for i in range(3)] == ["length", "width", "kind"]
    assert [model.data(model.index(1, i)) for i in range(3)] == ["3", "5", "lily"]
    flags = QItemSelectionModel.SelectionFlag
    view.selectionModel().select(model.index(0, 0), flags.ClearAndSelect | flags.Columns)
    child(dialog, "table-take-X").click()
    assert dialog.sections["X"]["columns"] == "length"


def _horizontal() -> Any:
    from PySide6.QtCore import Qt

    return Qt.Orientation.Horizontal


def test_a_preview_has_fifty_rows(told: Any, tmp_path: Path, application: Any) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "1,2\n" * 400)
    dialog = opened(told, path, application)
    assert child(dialog, "preview").model().rowCount() == 50
    assert dialog.amount.said == "400 rows, 2 columns"


def test_samples_in_columns_turn_the_matrix(told: Any, tmp_path: Path, application: Any) -> None:
    np.save(tmp_path / "numbers.npy", np.arange(6.0).reshape(2, 3))
    told.panel.show_document({"loss": "||A*X||_2"}, tmp_path)
    dialog = opened(told, tmp_path / "numbers.npy", application)
    assert child(dialog, "table-shape-X").said == "3 × 2"
    child(dialog, "samples").setCurrentText("columns")
    assert child(dialog, "table-shape-X").said == "2 × 3"
    dialog.accept()
    assert told.last["data"] == {"X": {"file": "numbers.npy", "samples": "columns"}}


def test_arrays_of_a_file_are_chosen_by_name(told: Any, tmp_path: Path, application: Any) -> None:
    np.savez(tmp_path / "two.npz", inputs=np.ones((5, 2)), targets=np.ones((5, 1)))
    told.panel.show_document({"loss": "||A*X - Y||_2"}, tmp_path)
    opened(told, tmp_path / "two.npz", application).accept()
    assert told.last["data"] == {
        "X": {"file": "two.npz", "samples": "rows", "array": "inputs"},
        "Y": {"file": "two.npz", "samples": "rows", "array": "targets"},
    }
    assert told.panel.problem.weights == {"A": (1, 2)}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a;b;c\n1;2;x\n3;4;y\n", {"delimiter": ";"}),
        ("1,2,3\n4,5,6\n", {"header": False}),
        ("1 2 3\n4 5 6\n", {"header": False, "delimiter": " "}),
    ],
    ids=["semicolons", "no-header", "blanks"],
)
def test_how_a_file_is_written_is_found_out(
    text: str, keys: dict[str, Any], told: Any, tmp_path: Path, application: Any
) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(text)
    dialog = opened(told, path, application)
    found = dialog.sections["X"]
    assert {key: found[key] for key in ("header", "delimiter") if key in found} == keys
    assert child(dialog, "table-shape-X").said == "2 × 2"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\n1,2\n3\n", "line 3"),
        (b"", "empty"),
        (b"PK\x03\x04 not a table", "zip"),
        (b"a,b\n1,\n2,3\n", "missing"),
        (b"a,b\n1,caf\xe9\n", "encoding"),
    ],
    ids=["ragged", "empty", "zip", "gap", "encoding"],
)
def test_a_bad_file_is_told_in_one_line(content: bytes, says: str, told: Any, tmp_path: Path, application: Any) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    dialog = opened(told, path, application)
    message = dialog.message.text()
    assert says in message and "\n" not in message and "Traceback" not in message
    assert dialog.message.isVisible()
    dialog.buttons.button(dialog.buttons.StandardButton.Ok).click()
    assert dialog.isVisible() and told.documents == []


def test_a_gap_is_left_out_when_one_says_so(told: Any, tmp_path: Path, application: Any) -> None:
    path = tmp_path / "gap.csv"
    path.write_text("a,b\n1,\n2,3\n4,5\n")
    told.panel.show_document({"loss": "||A*X - Y||_2"}, tmp_path)
    dialog = opened(told, path, application)
    child(dialog, "missing").click()
    assert dialog.message.text() == "" and "1 row left out" in dialog.amount.said
    dialog.accept()
    assert told.last["data"]["X"]["missing"] == told.last["data"]["Y"]["missing"] == "drop"
    assert told.panel.problem.data["X"].shape == (1, 2)


def test_what_is_no_table_is_told_beside_the_field(told: Any, tmp_path: Path, find: Any) -> None:
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    for path, says in ((tmp_path / "report.pdf", "must end in"), (tmp_path / "nowhere.csv", "no such file")):
        told.panel.data.load(path)
        message = find("data-message")
        assert told.panel.data.dialog is None
        assert says in message.text() and "\n" not in message.text() and message.isVisible()


def test_a_file_that_vanished_is_told_in_one_line(told: Any, flowers: Path, find: Any) -> None:
    document = {"loss": "||A*X||_2", "data": {"X": COLUMNS}, "weights": {"A": [1, "?"]}}
    told.panel.show_document(document, flowers.parent)
    assert told.panel.problem is not None
    flowers.unlink()
    told.panel.show_document(document, flowers.parent)
    assert told.panel.problem is None
    message = find("data-message").text()
    assert message.startswith("[data.X]") and "no such file" in message and "\n" not in message
    find("surface").click()
    assert told.asked == [] and "no such file" in find("message").text()


def test_a_file_is_read_again_once_it_changed_and_not_before(told: Any, flowers: Path, type_into: Type) -> None:
    document = {"loss": "||A*X||_2", "data": {"X": COLUMNS}, "weights": {"A": [1, "?"]}}
    told.panel.show_document(document, flowers.parent)
    held = told.panel._finding.reading.workspace.samples
    type_into(told.panel.loss.editor, "||A*X||_1")
    assert told.panel.problem.expression == "||A*X||_1" and told.panel._finding.reading.workspace.samples is held
    flowers.write_text("length,width,kind\n1,2,rose\n")
    os.utime(flowers, (1, 1))
    type_into(told.panel.loss.editor, "||A*X||_2")
    assert told.panel.problem.data["X"].shape == (2, 1)


def test_a_file_is_dropped_onto_the_panel(told: Any, flowers: Path, application: Any) -> None:
    from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
    from PySide6.QtGui import QDropEvent

    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(flowers))])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    assert not told.panel.loss.editor.canInsertFromMimeData(mime), "the loss leaves it to the panel"
    told.panel.dropEvent(event)
    assert event.isAccepted() and told.panel.data.dialog.path == flowers


def test_a_file_is_chosen_in_a_dialog(told: Any, flowers: Path, find: Any, application: Any) -> None:
    find("load-csv").click()
    chooser = told.panel.data._files
    assert chooser.isVisible()
    chooser.fileSelected.emit(str(flowers))
    assert told.panel.data.dialog.path == flowers
    chooser.reject()


def test_a_workspace_without_a_folder_gets_that_of_its_file(told: Any, flowers: Path, application: Any) -> None:
    told.panel.show_document({"loss": "||A*X||_2", "weights": {"A": [1, "?"]}}, None)
    dialog = opened(told, flowers, application)
    dialog.rows[1].removed.emit()
    dialog.accept()
    assert told.panel.folder == flowers.parent
    assert told.last["data"]["X"]["file"] == str(flowers), "in full, so that it is found from any folder"
    assert told.panel.problem.weights["A"][1] == 2
    loaded = told.last
    told.panel.show_document({"loss": "x^2"}, None)
    assert told.panel.folder is None
    told.panel.show_document(loaded, None)
    assert told.panel.problem is not None, "as undo and redo do"


def test_a_file_that_no_person_chose_is_not_read_without_a_folder(told: Any, flowers: Path, find: Any) -> None:
    data = {"X": {"file": str(flowers), "samples": "rows", "columns": [1, 2]}}
    told.panel.show_document({"loss": "||A*X||_2", "data": data, "weights": {"A": [1, "?"]}}, None)
    assert told.panel.problem is None and "no folder" in find("data-message").text()


def test_columns_are_edited_again(told: Any, flowers: Path, find: Any, type_into: Type, application: Any) -> None:
    document = {
        "loss": "||A*X||_2",
        "data": {"X": {"file": "flowers.csv", "samples": "rows", "columns": [1, "width"], "scale": "unit"}},
    }
    told.panel.show_document(document, flowers.parent)
    find("edit-X").click()
    dialog = told.panel.data.dialog
    assert dialog.sections == document["data"], "nothing is lost on the way"
    type_into(child(dialog, "table-columns-X"), "1")
    dialog.accept()
    assert told.last["data"] == {"X": {"file": "flowers.csv", "samples": "rows", "columns": 1, "scale": "unit"}}


def test_data_sets_scales_names_and_removal(told: Any, find: Any, type_into: Type) -> None:
    from PySide6.QtGui import QAction

    panel = told.panel
    panel.findChild(QAction, "dataset-wine").trigger()
    wine = {part: {"dataset": "wine", "part": part} for part in ("X", "Y")}
    assert told.last == {"loss": "x^2 + y^2", "data": wine}
    assert find("shape-X").said == "13 × 178"
    scale = find("scale-X")
    scale.setCurrentIndex(scale.findData("unit"))
    assert told.last["data"] == {**wine, "X": {**wine["X"], "scale": "unit"}}
    type_into(find("data-Y"), "3")
    assert told.last["data"] == {**wine, "X": {**wine["X"], "scale": "unit"}}
    assert find("data-Y").text() == "3" and "no name" in find("data-message").text()
    type_into(find("data-Y"), "Z")
    assert list(told.last["data"]) == ["X", "Z"] and not find("data-message").isVisible()
    find("remove-X").click()
    assert told.last["data"] == {"Z": wine["Y"]}


def test_what_is_kept_for_testing_shows_in_the_shapes(told: Any, find: Any, type_into: Type) -> None:
    told.panel.show_document(examples.document("iris-relu"), None)
    type_into(find("test"), "0.2")
    assert told.last["split"] == {"test": 0.2}
    assert find("shape-X").said == "4 × 120 (+ 30)" and told.panel.problem.data["X"].shape == (4, 120)


@pytest.mark.parametrize("name", ["bowl", "iris-relu", "iris-sigmoid", "housing"])
def test_an_example_fills_the_workspace(name: str, told: Any) -> None:
    from PySide6.QtGui import QAction

    told.panel.show_document({"loss": "||A||_2", "weights": {"A": [2, 2]}}, None)
    told.panel.findChild(QAction, f"example-{name}").trigger()
    assert told.documents == [examples.document(name)]
    assert told.panel.problem is not None


@pytest.mark.parametrize(
    ("text", "columns"),
    [("a", "a"), ("a, b c , 3", ["a", "b c", 3]), ('"x, y", z', ["x, y", "z"]), ("2020, 1", ["2020", 1])],
)
def test_columns_are_written_as_text_and_read_back(text: str, columns: Any) -> None:
    names = ["a", "b c", "x, y", "z", "2020"]
    assert columns_of(text, names) == columns
    assert columns_of(text_of(columns), names) == columns


def test_tab_goes_through_the_data_where_they_stand(told: Any, find: Any, application: Any) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    told.panel.show_document({"loss": "||A*X - Y||_2"}, None)
    told.panel.data.take_dataset("iris")
    application.processEvents()
    find("datasets").setFocus()
    passed = []
    while (here := application.focusWidget()) is not find("test"):
        passed.append(here.objectName())
        assert len(passed) < 20, passed
        QTest.keyClick(here, Qt.Key.Key_Tab)
    assert passed == ["datasets", *(f"{what}-{name}" for name in "XY" for what in ("data", "scale", "remove"))]


def test_many_samples_leave_the_panel_as_wide_as_it_is(told: Any, find: Any, tmp_path: Path, application: Any) -> None:
    np.save(tmp_path / "many.npy", np.ones((1000, 12_345)))
    section = {"file": "many.npy", "samples": "columns", "scale": "standardize"}
    told.panel.show_document({"loss": "sum(A*X)", "data": {"X": section}, "split": {"test": 0.2}}, tmp_path)
    application.processEvents()
    assert find("shape-X").said == "1,000 × 9,876 (+ 2,469)"
    assert told.panel.area.widget().width() <= told.panel.area.viewport().width()
