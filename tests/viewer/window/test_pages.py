"""Tabs, two of them compared, files, and what the window remembers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import atlas_fast as af

Driven = Callable[..., dict[str, Any]]

BOWL = """
bowl = {
    "loss": "x^2 + y^2", "weights": {"x": -1.5, "y": 1.0},
    "training": {"optimizer": "SGD", "lr": 0.05, "epochs": 40},
    "surface": {"resolution": 64, "extent": 2.0},
}
"""


def test_what_is_seen_from_near_is_made_again_and_the_whole_comes_back(driven: Driven) -> None:
    told = driven(
        BOWL
        + """
window, tab = opened()
tab.open({**bowl, "loss": "x^2 + y^2 + sin(20*x)/9"})
tab.panel.train.click()
made(tab)
scene = tab.canvas.scene
view = scene.seen
tab.canvas.see(view._replace(across=view.across / 4))
until(lambda: tab.following.near and not tab.work.busy, "nothing is made again")
told["near"] = [*scene.box.extent, *scene.surface.loss.shape]
told["values"] = [float(x) for x in (scene.surface.a[10], scene.surface.b[20], scene.surface.loss[20, 10])]
tab.canvas.see(scene.seen._replace(across=view.across * 8))
until(lambda: not tab.following.near, "the whole does not come back")
told["whole"] = list(scene.box.extent)
tab.canvas.see(view._replace(across=view.across / 3))
until(lambda: tab.following.near and not tab.work.busy, "nothing is made again")
window.menu_actions["reset"].trigger()
until(lambda: not tab.canvas.flying.isActive(), "it flies on")
told["reset"] = [*scene.box.extent, scene.seen.across == scene.home.across]
window.menu_actions["from_above"].trigger()
until(lambda: not tab.canvas.flying.isActive(), "it flies on")
told["above"] = [scene.seen.elevation, scene.risen]
close(window)
ended()
"""
    )
    from math import sin

    a0, a1, b0, b1, rows, columns = told["near"]
    assert (rows, columns) == (64, 64)
    assert 0.5 < a1 - a0 < 1.5 and 0.5 < b1 - b0 < 1.5
    a, b, loss = told["values"]
    assert loss == pytest.approx(a * a + b * b + sin(20 * a) / 9, abs=1e-5)
    assert told["whole"] == [-2.0, 2.0, -2.0, 2.0]
    assert told["reset"] == [-2.0, 2.0, -2.0, 2.0, True]
    assert told["above"] == [90.0, 0.0]


def test_two_tabs_are_compared_with_linked_cameras(driven: Driven) -> None:
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
left, right = (canvas.scene for canvas in page.canvases)
told["tops"] = [float(scene.surface.loss.max()) for scene in (left, right)]
page.canvases[0].turn(30, 10)
turn()
told["linked"] = [left.seen.azimuth == right.seen.azimuth, left.seen.elevation == right.seen.elevation]
page.linked.setChecked(False)
page.canvases[1].turn(30)
turn()
told["apart"] = left.seen.azimuth != right.seen.azimuth
page.player.set_moment(0.25)
told["moments"] = [left.moment, right.moment]
window.pages.setCurrentWidget(tab)
tab.clear_runs()
turn()
told["cleared"] = [len(left.tracks), len(right.tracks)]
told["pages"] = window.pages.count()
tab.history.setClean()
window.close_page(window.pages.indexOf(tab))
turn()
told["left"] = [window.pages.count(), window.page is other]
close(window)
ended()
"""
    )
    assert told["tops"] == [16.0, 8.0]
    assert told["linked"] == [True, True]
    assert told["apart"]
    assert told["moments"] == [0.25, 0.25]
    assert told["cleared"] == [1, 0]
    # With a tab the comparison goes that shows it.
    assert (told["pages"], told["left"]) == (3, [1, True])


def test_files_are_opened_saved_exported_and_remembered(driven: Driven, tmp_path: Path) -> None:
    told = driven(
        BOWL
        + """
from pathlib import Path
window, tab = opened()
tab.open(bowl)
tab._edited({**bowl, "notes": "mine"})
told["title"] = window.pages.tabText(0)
window.files._save(tab, Path("mine.toml"))
told["saved"] = window.pages.tabText(0)
tab.panel.train.click()
made(tab)
window.files.write(tab, Path("mine.npz"))
window.files.write(tab, Path("mine.vts"))
window.files._picture(tab, Path("mine.png"), (320, 240), True)
again = window.files.open_path(Path("mine.npz"))
until(lambda: again.canvas.scene is not None, "no scene")
told["alone"] = [again.panel is None, [entry.name for entry in again.entries], again.changed]
window.pages.setCurrentWidget(tab)
tab.panel.train.click()
until(lambda: len(tab.entries) == 2 and not tab.work.busy, "no second run")
turn(0.2)
tab.legend.list.item(0).setCheckState(Qt.CheckState.Unchecked)  # hidden, and saved all the same
window.files.write(tab, Path("two.npz"))
two = window.files.open_path(Path("two.npz"))
until(lambda: two.canvas.scene is not None, "no scene")
told["two"] = [[entry.name, entry.colour] for entry in two.entries], [[e.name, e.colour] for e in tab.entries]
told["tracks"] = [track.name for track in two.canvas.scene.tracks]
told["recent"] = [path.name for path in window.preferences.recent]
window.menu_actions["dark"].trigger()
told["dark"] = [page.look.theme for page in window.tabs]
window.resize(1000, 700)
turn()
close(window)
window, tab = opened()
told["later"] = [window.theme, window.preferences.recent[0].name]
close(window)
ended()
"""
    )
    assert told["title"].endswith("•")
    assert told["saved"] == "mine.toml"
    assert af.Workspace.read(tmp_path / "mine.toml").document["notes"] == "mine"
    assert af.load(tmp_path / "mine.npz").run is not None
    assert (tmp_path / "mine.vts").read_bytes().startswith(b"<?xml")
    with Image.open(tmp_path / "mine.png") as picture:
        assert picture.size == (320, 240) and picture.mode == "RGBA"
        assert picture.getpixel((2, 2))[3] == 0
    assert told["alone"] == [True, ["SGD 0.05"], False]
    assert told["two"][0] == told["two"][1]
    assert told["tracks"] == ["SGD 0.05", "SGD 0.05 (2)"]
    assert len({colour for _, colour in told["two"][0]}) == 2
    assert told["recent"] == ["two.npz", "mine.npz", "mine.toml"]
    assert told["dark"][-1] == "dark"
    assert told["later"] == ["dark", "two.npz"]


def test_a_first_start_begins_with_the_tour(driven: Driven) -> None:
    told = driven("""
from PySide6.QtCore import QTimer
from atlas_fast.viewer.window.tour import STOPS, TourCard
window, seen = Window(), []

def look():
    tab = window.tab
    cards = tab.canvas.findChildren(TourCard) if tab is not None else []
    if cards and tab.surface is not None and not tab.work.busy:
        seen.append([cards[0].heading.text(), tab.panel.document["loss"], len(tab.entries)])
        cards[0].next.click() if len(seen) < 2 else window.interrupt()
    QTimer.singleShot(20, look) if len(seen) < 2 else None

QTimer.singleShot(20, look)
window.show_until_closed(lambda window: window.add_workspace(), toured=False)
told["seen"] = seen
again = Window()
told["toured"] = again.preferences.flag("toured", False)
from atlas_fast.examples import EXAMPLES
told["examples"] = [stop.example for stop in STOPS] == list(EXAMPLES)
ended()
""")
    assert told["seen"] == [["A bowl", "x^2 + y^2", 1], ["A network with ReLU", "||A*relu(BX+C)+D-Y||_2", 1]]
    assert told["toured"] and told["examples"]
    assert told["threads"] == ["MainThread"]


def test_every_command_has_a_method_and_keys_are_used_once(driven: Driven) -> None:
    told = driven("""
window, tab = opened()
keys = [key.toString() for action in window.menu_actions.values() for key in action.shortcuts()]
told["twice"] = sorted({key for key in keys if keys.count(key) > 1})
told["count"] = len(window.menu_actions)
close(window)
ended()
""")
    assert told["twice"] == []
    assert told["count"] > 40


def test_a_surface_alone_is_made_finer_where_its_text_is_enough_and_says_where_not(
    driven: Driven, tmp_path: Path
) -> None:
    af.Problem("sin(9*x)*y + x^2 + y^2").surface(resolution=24, extent=2).save(tmp_path / "text.npz")
    data = {"X": np.ones((1, 5)), "Y": np.zeros((1, 5))}
    af.Problem("mse(w*X + b, Y)", data).surface(resolution=24, extent=2).save(tmp_path / "data.npz")
    told = driven(
        """
from pathlib import Path
window, _ = opened()
for name in ("text", "data"):
    tab = window.files.open_path(Path(f"{name}.npz"))
    until(lambda: tab.canvas.scene is not None, "no scene")
    turn(0.4)
    told[f"{name} far"] = [tab.note.isVisible(), tab.following.near]
    scene = tab.canvas.scene
    tab.canvas.turn(nearer=6.0)
    until(lambda: (tab.following.near and not tab.work.busy) or tab.note.isVisible(), "neither finer nor a word")
    told[name] = [*scene.surface.loss.shape, *scene.box.extent, tab.note.isVisible()]
    a, b = (scene.box.extent[0] + scene.box.extent[1]) / 2, (scene.box.extent[2] + scene.box.extent[3]) / 2
    told[f"{name} loss"] = [a, b, float(scene.surface.at(a, b))]
told["said"] = tab.note.text()
tab.canvas.turn(nearer=1.2)
turn(0.5)
told["after"] = [tab.work.busy, tab.note.isVisible()]
close(window)
ended()
"""
    )
    assert told["text far"] == told["data far"] == [False, False]
    rows, columns, a0, a1, b0, b1, noted = told["text"]
    assert (rows, columns, noted) == (24, 24, False)
    assert a1 - a0 < 1.5 and b1 - b0 < 1.5
    a, b, loss = told["text loss"]
    assert loss == pytest.approx(np.sin(9 * a) * b + a**2 + b**2, abs=0.01)
    assert told["data"] == [24, 24, -2.0, 2.0, -2.0, 2.0, True]
    assert told["said"].startswith("No finer from near")
    assert told["after"] == [False, True]
