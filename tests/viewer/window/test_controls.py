"""Menus, keys, fields and the tour: what they do, and that they tell the truth about what is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Driven = Callable[..., dict[str, Any]]

BOWL = """
from dataclasses import replace
from PySide6.QtCore import QTimer
bowl = {
    "loss": "x^2 + y^2", "weights": {"x": -1.5, "y": 1.0},
    "training": {"optimizer": "SGD", "lr": 0.05, "epochs": 40}, "surface": {"resolution": 32, "extent": 2.0},
}
"""


def test_every_action_can_be_triggered(driven: Driven) -> None:
    told = driven(
        BOWL
        + """
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog
for name in ("getOpenFileName", "getSaveFileName"):
    setattr(QFileDialog, name, lambda *args: ("", ""))
window, tab = opened()
tab.open(bowl)
tab.panel.train.click()
made(tab)
wrong, dialogs = [], []
sys.excepthook = lambda kind, error, trace: wrong.append(f"{name}: {error!r}")

def shut():
    if QApplication.activePopupWidget() is not None:
        QApplication.activePopupWidget().close()
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog) and widget.isVisible():
            dialogs.append(widget.windowTitle())
            widget.reject()

shutting = QTimer(interval=30)
shutting.timeout.connect(shut)
shutting.start()
for name, action in window.menu_actions.items():
    if name not in ("close", "close_tab"):
        window.pages.setCurrentWidget(tab)
        action.trigger()
        turn(0.05)
told["wrong"], told["dialogs"] = wrong, sorted(set(dialogs))
for page in window.tabs:
    page.stop()
close(window)
ended()
"""
    )
    assert told["wrong"] == []
    assert {"Atlas Fast", "Keyboard shortcuts", "Open link", "Save picture"} <= set(told["dialogs"])


def test_switches_fields_and_keys_tell_what_is_seen(driven: Driven) -> None:
    told = driven(
        BOWL
        + """
import numpy as np
window, tab = opened()
tab.open(bowl)
told["given"] = window.add_workspace(bowl).untouched
window.close_page(1)
tab.panel.train.click()
made(tab)

# Switches of the menu follow the panel's.
tab.appearance.above.click()
told["above"] = [window.menu_actions["from_above"].isChecked()]
tab.canvas.native.setFocus()
QTest.keyClick(tab.canvas.native, Qt.Key.Key_T)
told["above"].append(tab.appearance.above.isChecked())
tab.appearance.contours.click()
told["contours"] = [window.menu_actions["contours"].isChecked()]
QTest.keyClick(tab.canvas.native, Qt.Key.Key_C)
told["contours"].append(tab.look.contours)

# Letters and signs belong to a table while it has the focus.
table, before = tab.panel.weights.table, tab.canvas.scene.seen.across
table.setFocus()
table.setCurrentCell(0, 2)
for key in ("-", "2", ".", "5"):
    QTest.keyClicks(QApplication.focusWidget(), key)
QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
turn()
told["start"] = [tab.panel.weights.given["x"], tab.canvas.scene.seen.across == before]

# The limit.
limit = tab.appearance.limit
told["limits"] = []
for text in ("1,5", "many", ""):
    limit.setFocus()
    limit.selectAll()
    QTest.keyClick(limit, Qt.Key.Key_Delete)
    QTest.keyClicks(limit, text)
    QTest.keyClick(limit, Qt.Key.Key_Return)
    told["limits"].append([tab.look.limit, bool(limit.property("wrong"))])

# One vertex along a side is no surface.
resolution = tab.panel.surface.fields["surface", "resolution"]
resolution.setEditText("1")
resolution.commit()
told["resolution"] = [resolution.message, tab.panel.document["surface"]["resolution"]]
resolution.setEditText("48")
resolution.commit()
told["resolution"] += [resolution.message, tab.panel.document["surface"]["resolution"]]

# A long run is gone through step by step.
run = tab.entries[0].run
long = replace(run, weights=np.zeros((50_001, 2)), loss=np.linspace(1.0, 0.0, 50_001))
tab.player.set_entries((replace(tab.entries[0], run=long),))
tab.canvas.native.setFocus()
QTest.keyClick(tab.canvas.native, Qt.Key.Key_Comma)
told["step"] = round(tab.player.moment * 50_000)
scene = tab.canvas.scene
place = scene.box.points(np.array([0.0]), np.array([0.0]), np.array([0.0]))
told["moved"] = []
until(lambda: not tab.canvas.flying.isActive(), "it still flies")
for name, key in (("Left", Qt.Key.Key_Left), ("Up", Qt.Key.Key_Up)):
    before = scene.pixel(place)[0]
    QTest.keyClick(tab.canvas.native, key, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    turn(0.2)
    told["moved"].append([float(x) for x in scene.pixel(place)[0] - before])
close(window)
ended()
"""
    )
    assert told["given"] is False
    assert (told["above"], told["contours"]) == ([True, False], [False, True])
    assert told["start"] == [-2.5, True]
    assert told["limits"] == [[1.5, False], [1.5, True], [None, False]]
    message, kept, later, new = told["resolution"]
    assert message == "resolution is 1: at least 2 vertices along each side are wanted" and kept == 32
    assert (later, new) == ("", 48)
    assert told["step"] == 49_999
    (across, _), (aside, down) = told["moved"]
    assert across > 20, "what is seen goes to the right where the eye goes to the left"
    assert down > 5 and abs(aside) < 5


def test_a_comparison_is_dressed_as_a_whole_and_tells_its_runs_apart(driven: Driven) -> None:
    told = driven(
        BOWL
        + """
window, tab = opened()
tab.open(bowl)
tab.panel.train.click()
made(tab)
other = window.add_workspace()
other.open({**bowl, "loss": "x^2 + 3*y^2"})
other.panel.train.click()
made(other)
window.menu_actions["compare"].trigger()
page = window.page
until(lambda: all(canvas.scene is not None for canvas in page.canvases), "no scenes")
arrows, contours = window.menu_actions["arrows"], window.menu_actions["contours"]
arrows.trigger()
told["arrows"] = [arrows.isChecked(), page.look.arrows, bool(window.statusBar().currentMessage())]
contours.trigger()
told["contours"] = [contours.isChecked(), *(canvas.look.contours for canvas in page.canvases)]
told["colours"] = len({entry.colour for entry in page.player._entries})
told["drawn"] = len({canvas.tracks[0].colour for canvas in page.canvases})
told["legend"] = page.legend.text().count("SGD 0.05")
page.linked.setFocus()
QTest.keyClick(page.linked, Qt.Key.Key_Space)
told["space"] = [page.linked.isChecked(), page.player.playing]
page.canvases[1].native.setFocus()
before = [canvas.scene.seen.azimuth for canvas in page.canvases]
window.menu_actions["turn_left"].trigger()
told["turned"] = [canvas.scene.seen.azimuth != angle for canvas, angle in zip(page.canvases, before)]
import numpy as np
from types import SimpleNamespace
window.resize(640, 480)
turn(0.5)
right = page.canvases[1]
place = right.scene.pixel(right.scene.box.points(np.array([1.0]), np.array([0.5]), np.array([1.25])))[0]
told["read"] = hover(window, SimpleNamespace(canvas=right), place)
window.pages.setCurrentWidget(tab)
turn(0.1)
told["slider"] = tab.player.slider.width()
tab.open({"loss": "(x - 1)^2", "weights": {"x": -1.0}})
tab.panel.make.click()
until(lambda: tab.canvas.shows_line, "no curve")
told["curve"] = right.empty.text()
close(window)
ended()
"""
    )
    words = told["read"].split("gradient (")
    a, b = (float(words[0].split()[words[0].split().index(name) + 1]) for name in "ab")
    assert [float(x) for x in words[1].split(")")[0].split(",")] == pytest.approx([2 * a, 2 * b], abs=0.05)
    assert told["slider"] >= 60
    assert "curve" in told["curve"]
    assert told["arrows"] == [False, False, True]
    assert told["contours"] == [False, False, False]
    assert (told["colours"], told["drawn"], told["legend"]) == (2, 2, 2)
    assert told["space"] == [False, False]
    assert told["turned"] == [False, True]


def test_the_tour_has_one_card_and_spares_what_was_edited(driven: Driven) -> None:
    told = driven(
        BOWL
        + """
from atlas_fast.viewer.window.tour import TourCard
window, tab = opened()

def cards():
    turn(0.1)
    return [card for tab in window.tabs for card in tab.canvas.findChildren(TourCard) if not card.isHidden()]

window.menu_actions["tour"].trigger()
window.add_workspace()
window.menu_actions["tour"].trigger()
told["cards"] = len(cards())
tab = window.tab
tab._edited({**tab.document, "notes": "mine"})
cards()[0].next.click()
told["edited"] = [tab.document["notes"], window.tab is tab, len(cards()), cards()[0].number]
card = cards()[0]
card.back.setFocus()
QTest.keyClick(card.back, Qt.Key.Key_Return)
told["back"] = card.number
QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
told["escape"] = len(cards())
for page in window.tabs:
    page.stop()
close(window)
ended()
"""
    )
    assert told["cards"] == 1
    assert told["edited"] == ["mine", False, 1, 1]
    assert (told["back"], told["escape"]) == (0, 0)


@pytest.mark.parametrize("debug", [False, True])
def test_what_nobody_catches_is_told(driven: Driven, debug: bool) -> None:
    told = driven(
        f"""
import os
from PySide6.QtCore import QTimer
traces = []
sys.excepthook = lambda kind, error, trace: traces.append(kind.__name__)
debug = "{1 if debug else ""}"
"""
        + """
window = Window()
def look():
    told["said"] = window.statusBar().currentMessage()
    window.interrupt()
def fail():
    QTimer.singleShot(50, look)
    os.environ["ATLAS_DEBUG"] = debug
    raise KeyError("nothing like that")
def fill(window):
    window.add_workspace()
    QTimer.singleShot(50, fail)
window.show_until_closed(fill)
told["traces"] = traces
ended()
"""
    )
    assert told["said"].startswith("something went wrong in Atlas Fast itself, please report it: KeyError")
    assert told["traces"] == (["KeyError"] if debug else [])


def test_tables_dropped_on_the_window_are_data_and_damaged_ones_are_told(driven: Driven) -> None:
    told = driven("""
from pathlib import Path
from PySide6.QtCore import QMimeData, QPointF, QUrl
from PySide6.QtGui import QDropEvent
window, tab = opened()
Path("t.csv").write_text("u,v\\n1,2\\n3,4\\n")
content = QMimeData()
content.setUrls([QUrl.fromLocalFile(str(Path("t.csv").resolve()))])
action, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
window.dropEvent(QDropEvent(QPointF(5, 5), action, content, button, keys))
told["table"] = tab.panel.data.dialog.path.name
tab.panel.data.dialog.reject()
turn()
Path("broken.npz").write_bytes(b"PK\\x03\\x04 this is no archive")
tab.panel.data.load(Path("broken.npz"))
told["broken"] = tab.panel.data.dialog.message.text()
tab.panel.data.dialog.reject()
close(window)
ended()
""")
    assert told["table"] == "t.csv"
    assert told["broken"].startswith("broken.npz") and "\n" not in told["broken"]
