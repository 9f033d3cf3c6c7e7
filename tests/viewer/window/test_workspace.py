"""What a person does with a workspace, from the first letter to the link, in a real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atlas_fast as af

Driven = Callable[..., dict[str, Any]]

TYPED = """
window, tab = opened()
typed(tab, "(x - 1)^2 + 3*y^2")
document = dict(tab.panel.document)
document["weights"] = {"x": -1.0, "y": 0.5}
document["training"] = {"optimizer": "SGD", "lr": 0.1, "epochs": 30}
document["surface"] = {"resolution": 300, "extent": [-2.0, 3.0, -1.0, 1.0]}
told["loss"] = document["loss"]
tab.open(document)
parts = []
from atlas_fast.viewer.window import jobs
tab.work.found.connect(lambda found: parts.append(type(found).__name__))
QTest.mouseClick(tab.panel.train, Qt.MouseButton.LeftButton)
made(tab)
told["parts"] = parts
told["shape"] = list(tab.surface.loss.shape)
told["names"] = [entry.name for entry in tab.entries]

# Hover over a point whose value is known.
scene = tab.canvas.scene
points = scene.box.points(np.array([0.0]), np.array([0.4]), np.array([1.0 + 3 * 0.16]))
told["read"] = hover(window, tab, scene.pixel(points)[0])

# The path's end, and the path at its middle.
told["end"] = hover(window, tab, scene.pixel(scene.path.end)[0])
QTest.mouseClick(tab.player.curve, Qt.MouseButton.LeftButton, pos=QPoint(58 + (tab.player.curve.width() - 72) // 2, 30))
told["moment"] = tab.player.moment, scene.moment
tab.canvas.native.setFocus()
QTest.keyClick(tab.canvas.native, Qt.Key.Key_Space)
until(lambda: scene.moment > told["moment"][1] + 0.02, "it does not play")
told["playing"] = tab.player.playing, scene.moment
QTest.keyClick(tab.canvas.native, Qt.Key.Key_Space)
told["paused"] = not tab.player.playing
close(window)
ended()
"""


def test_a_loss_is_typed_trained_seen_and_read(driven: Driven) -> None:
    told = driven("import numpy as np\n" + TYPED)
    assert told["loss"] == "(x - 1)^2 + 3*y^2"
    assert told["parts"].index("Trained") < told["parts"].index("Begun") < told["parts"].index("Part")
    assert told["parts"].index("Part") < told["parts"].index("Made")
    assert told["shape"] == [300, 300]
    assert told["names"] == ["SGD 0.1"]
    words = told["read"].split()
    a, b, loss = (float(words[words.index(name) + 1]) for name in ("a", "b", "loss"))
    assert (a, b) == pytest.approx((0.0, 0.4), abs=0.03)
    assert loss == pytest.approx((a - 1) ** 2 + 3 * b**2, abs=5e-3)
    gradient = told["read"].split("gradient (")[1].rstrip(")").split(",")
    assert [float(x) for x in gradient] == pytest.approx([2 * (a - 1), 6 * b], abs=0.05)
    assert "SGD 0.1 at step" in told["end"]
    assert "off the plane" in told["end"]
    assert told["moment"][0] == told["moment"][1] == pytest.approx(0.5, abs=0.02)
    assert told["playing"][0] and told["playing"][1] > told["moment"][1]
    assert told["paused"]
    assert told["threads"] == ["MainThread"]


def test_a_mistyped_loss_shows_where_it_is_wrong(driven: Driven) -> None:
    told = driven("""
window, tab = opened()
typed(tab, "x^2 + relou(y)")
told["error"] = [tab.panel._finding.error.message, tab.panel._finding.error.span]
selections = tab.panel.loss.editor.extraSelections()
told["marks"] = [[s.cursor.selectionStart(), s.cursor.selectionEnd()] for s in selections]
QTest.mouseClick(tab.panel.make, Qt.MouseButton.LeftButton)
turn(0.2)
told["made"] = tab.work.busy or tab.surface is not None
close(window)
ended()
""")
    assert "relou" in told["error"][0]
    start, end = told["error"][1]
    assert "x^2 + relou(y)"[start:end].startswith("relou")
    assert told["error"][1] in told["marks"]
    assert not told["made"]


def test_data_are_loaded_and_a_second_optimizer_adds_a_run(driven: Driven, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(40, 3))
    rows[:, 2] = rows[:, 0] - 2 * rows[:, 1]
    lines = ["one,two,result", *(",".join(f"{x:.6f}" for x in row) for row in rows)]
    (tmp_path / "points.csv").write_text("\n".join(lines) + "\n")
    told = driven("""
from pathlib import Path
window, tab = opened()
tab.open({
    "loss": "mse(W*X, Y)",
    "data": {
        "X": {"file": "points.csv", "samples": "rows", "columns": ["one", "two"]},
        "Y": {"file": "points.csv", "samples": "rows", "columns": "result"},
    },
    "training": {"optimizer": "SGD", "lr": 0.1, "epochs": 40},
    "surface": {"resolution": 80},
}, Path.cwd())
QTest.mouseClick(tab.panel.train, Qt.MouseButton.LeftButton)
made(tab)
told["final"] = float(tab.entries[0].run.loss[-1])
document = tab.panel.document
document["training"] = {"optimizer": "Adam", "lr": 0.2, "epochs": 40}
tab.panel.show_document(document, tab.folder)
tab._edited(document)
told["dirty"] = tab.changed
tab.train()
until(lambda: len(tab.entries) == 2, "no second run")
made(tab)
told["drawn"] = [[track.name, track.visible] for track in tab.canvas.scene.tracks]
item = tab.legend.list.item(0)
item.setCheckState(Qt.CheckState.Unchecked)
turn()
told["hidden"] = [track.visible for track in tab.canvas.scene.tracks]
window.menu_actions["undo"].trigger()
told["undone"] = tab.panel.document["training"]["optimizer"]
window.menu_actions["redo"].trigger()
told["redone"] = tab.panel.document["training"]["optimizer"]
tab.legend.clear.click()
turn()
told["cleared"] = [len(tab.entries), len(tab.canvas.scene.tracks)]
close(window)
ended()
""")
    assert told["final"] < 1e-4
    assert told["dirty"]
    assert told["drawn"] == [["SGD 0.1", True], ["Adam 0.2", True]]
    assert told["hidden"] == [False, True]
    assert (told["undone"], told["redone"]) == ("SGD", "Adam")
    assert told["cleared"] == [0, 0]


def test_a_link_opens_the_same_workspace_in_a_second_window(driven: Driven, tmp_path: Path) -> None:
    document = {
        "loss": "||A*relu(BX+C)+D-Y||_2",
        "data": {part: {"dataset": "iris", "part": part} for part in "XY"},
        "weights": {"B": [10, "?"]},
        "training": {"optimizer": "Adam", "lr": 0.05, "epochs": 100, "seed": 3},
    }
    af.Workspace.parse(document).save(tmp_path / "iris.toml")
    told = driven("""
from pathlib import Path
window, tab = opened()
window.files.open_path(Path("iris.toml"))
window.files.copy_link()
told["link"] = application.clipboard().text()
told["recent"] = [path.name for path in window.preferences.recent]
other, fresh = opened()
from atlas_fast.viewer.window.links import LinkDialog
dialog = LinkDialog(other)
told["pasted"] = dialog.workspace is not None
dialog.field.setText(told["link"][:-40] + "AAAA")
told["damaged"] = [dialog.wrong.text(), dialog.workspace is None]
dialog.field.setText(told["link"])
told["mended"] = [dialog.wrong.text(), dialog.workspace is not None]
found = other.add_workspace(dialog.workspace.document)
told["document"] = found.panel.document
told["problem"] = found.panel.problem.size
close(window)
close(other)
ended()
""")
    assert told["recent"] == ["iris.toml"]
    assert told["pasted"]
    assert "damaged" in told["damaged"][0] and told["damaged"][1]
    assert told["mended"] == ["", True]
    found = told["document"]
    assert {key: found[key] for key in ("loss", "training")} == {key: document[key] for key in ("loss", "training")}
    assert np.array(found["data"]["X"]["values"]).tobytes() == af.datasets.load("iris")["X"].tobytes()
    assert af.open_link(told["link"]).size == told["problem"] == 83
    assert told["threads"] == ["MainThread"]
