"""What is seen after Stop, after Clear and after another problem: that which is there, whole, and nothing of before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import atlas_fast as af

Driven = Callable[..., dict[str, Any]]

NEAR = """
from dataclasses import replace
from atlas_fast.viewer.window import jobs
bowl = {
    "loss": "x^2 + y^2", "weights": {"x": -1.5, "y": 1.0},
    "training": {"optimizer": "SGD", "lr": 0.05, "epochs": 40}, "surface": {"resolution": 64, "extent": 2.0},
}
long = {"training": {"optimizer": "SGD", "lr": 1e-6, "epochs": 5_000_000}}

def come_near(tab):
    view = tab.canvas.scene.seen
    tab.canvas.see(view._replace(across=view.across / 4))
    until(lambda: tab.following.near and not tab.work.busy, "nothing is made again")

def go_home(window, tab):
    window.menu_actions["reset"].trigger()
    until(lambda: not tab.canvas.flying.isActive(), "it flies on")

def train_and_stop(tab):
    heard = []
    tab.work.found.connect(heard.append)
    tab.panel.train.click()
    until(lambda: any(getattr(found, "what", "") == "training" for found in heard), "no progress")
    tab.panel.stop.click()
    until(lambda: any(isinstance(found, jobs.Trained) for found in heard) and not tab.work.busy, "it goes on")
    turn(0.1)

window, tab = opened()
tab.open(bowl)
tab.panel.train.click()
made(tab)
scene = tab.canvas.scene
"""


def test_after_training_was_stopped_the_whole_comes_back_and_is_read(driven: Driven) -> None:
    told = driven(
        NEAR
        + """
come_near(tab)
tab.open({**bowl, **long})
train_and_stop(tab)
told["near"] = scene.box.extent[0] > -2.0
go_home(window, tab)
told["whole"] = list(scene.box.extent)
told["read"] = hover(window, tab, scene.pixel(scene.box.points([0.5], [-1.0], [1.25]))[0])
come_near(tab)  # and what is seen from near is made again
# A job that fails takes nothing away either.
tab.open({**bowl, "surface": {"resolution": 64, "plane": "no plane"}})
tab.make_surface()
until(lambda: not tab.work.busy, "it goes on")
told["failed"] = tab.panel.footer.message.text()
go_home(window, tab)
told["again"] = list(scene.box.extent)
close(window)
ended()
"""
    )
    assert told["near"] and told["failed"]
    assert told["whole"] == told["again"] == [-2.0, 2.0, -2.0, 2.0]
    words = told["read"].split()
    a, b = (float(words[words.index(name) + 1]) for name in ("a", "b"))
    gradient = [float(x) for x in told["read"].split("gradient (")[1].rstrip(")").split(",")]
    assert gradient == pytest.approx([2 * a, 2 * b], abs=0.02)


def test_another_problem_takes_surface_and_runs_of_the_one_before_with_it(driven: Driven) -> None:
    told = driven(
        NEAR
        + """
def listed():
    return [tab.legend.list.item(k).text() for k in range(tab.legend.list.count())]

told["before"] = listed()
tab.open({**bowl, **long, "loss": "x^2 + 3*y^2"})
train_and_stop(tab)
told["stopped"] = [listed(), len(tab.drawn), tab.surface is None, tab.canvas.surface is None]
told["said"] = tab.canvas.empty.text() if tab.canvas.stack.currentWidget() is tab.canvas.empty else ""
# Its own surface, and then that of a third, whose weights are more.
tab.panel.make.click()
made(tab)
told["own"] = [len(tab.drawn), len(scene.lines), listed()]
tab.open({"loss": "(x*y - 1)^2 + z^2", "surface": {"resolution": 32, "plane": "random"}})
tab.panel.make.click()
made(tab)
told["third"] = [len(scene.lines), listed(), tab.player.steps]
close(window)
ended()
"""
    )
    assert told["before"] == ["SGD 0.05"]
    assert told["stopped"] == [["SGD 1e-06"], 0, True, True]
    assert "Surface" in told["said"]
    assert told["own"] == [1, 1, ["SGD 1e-06"]]
    assert told["third"] == [0, [], 0]


@pytest.mark.parametrize("alone", [False, True])
def test_runs_that_were_cleared_stay_away_when_the_whole_comes_back(
    driven: Driven, bowl_file: Path, alone: bool
) -> None:
    told = driven(
        NEAR
        + """
if sys.argv[2] == "True":
    from pathlib import Path
    tab = window.files.open_path(Path(sys.argv[1]))
    until(lambda: tab.canvas.scene is not None, "no scene")
    scene = tab.canvas.scene
told["before"] = len(scene.lines)
for back in ("reset", "widen"):
    come_near(tab)
    tab.clear_runs()
    if back == "reset":
        go_home(window, tab)
    else:
        tab.canvas.see(scene.seen._replace(across=scene.home.across * 8))
        until(lambda: not tab.following.near, "the whole does not come back")
    told[back] = [len(scene.lines), tab.surface.run is not None]
close(window)
ended()
""",
        str(bowl_file),
        str(alone),
    )
    assert told["before"] == 1
    assert told["reset"] == told["widen"] == [0, True]


def test_a_surface_that_was_stopped_says_so_and_a_complete_one_is_kept(driven: Driven, tmp_path: Path) -> None:
    told = driven(
        NEAR
        + """
from pathlib import Path
from atlas_fast import refinement
from atlas_fast.viewer import offscreen
write = offscreen.write_picture

def noting(surface, *rest):
    told["noted"] = surface.message
    write(surface, *rest)

offscreen.write_picture = noting
tiles, slow = refinement.Refinement.tiles, threading.Event()

def tiled(self, report):
    for tile in tiles(self, report):
        yield tile
        while slow.is_set() and report(0, 1):
            time.sleep(0.01)

refinement.Refinement.tiles = tiled
parts = []
tab.work.found.connect(lambda found: parts.append(type(found).__name__))

def stop_it():
    until(lambda: "Part" in parts, "no tiles")
    tab.panel.stop.click()
    until(lambda: not tab.work.busy, "it goes on")
    turn(0.3)
    parts.clear()

large = {**bowl, "surface": {"resolution": 1200, "extent": 2.0}}
tab.open(large)
tab.panel.make.click()
made(tab)
parts.clear()
complete, look = tab.surface, tab.look
slow.set()
tab.dress(replace(look, colouring="curvature"))
stop_it()
told["kept"] = [tab.surface is complete, tab.canvas.coarse, tab.look == look, tab.panel.footer.message.text()]
told["written"] = window.files.write(tab, Path("kept.npz"))
window.files._picture(tab, Path("kept.png"), (160, 120), False)
told["picture"] = [window.statusBar().currentMessage(), told["noted"]]
told["read"] = "gradient" in hover(window, tab, scene.pixel(scene.box.points([0.5], [-1.0], [1.25]))[0])

# Of another extent there is nothing complete.
tab.open({**bowl, "surface": {"resolution": 1200, "extent": 3.0}})
tab.panel.make.click()
stop_it()
told["other"] = [tab.surface is None, tab.canvas.coarse, tab.panel.footer.message.text()]
told["status"] = window.statusBar().currentMessage()
window.files._picture(tab, Path("coarse.png"), (160, 120), False)
told["coarse"] = window.statusBar().currentMessage()
scene = tab.canvas.scene
until(lambda: tab.probe is not None, "nothing tells the gradient")
told["far"] = hover(window, tab, scene.pixel(scene.box.points([2.5], [-2.75], [13.8125]))[0])
close(window)
ended()
"""
    )
    assert told["kept"][:3] == [True, False, True] and "not whole" not in told["kept"][3]
    assert told["written"] and af.load(tmp_path / "kept.npz").loss.shape == (1200, 1200)
    assert "kept.png" in told["picture"][0] and "not whole" not in told["picture"][0] and told["picture"][1] == ""
    assert told["read"]
    assert told["other"][:2] == [True, True]
    for text in (told["other"][2], told["status"], told["coarse"]):
        assert "not whole" in text
    assert told["noted"] == "stopped before its end: in places it is drawn between few vertices"
    # Between few vertices, too, the loss and the gradient under the mouse are those of the point itself.
    words = told["far"].replace(",", "").replace("(", "").replace(")", "").split()
    a, b, loss, along, across = (float(words[k]) for k in (1, 3, 5, 7, 8))
    assert loss == pytest.approx(a * a + b * b, rel=2e-3)
    assert (along, across) == pytest.approx((2 * a, 2 * b), rel=6e-3)
