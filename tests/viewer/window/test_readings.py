"""What the window tells while other things change: under the mouse, of two sides, of work that has only begun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Driven = Callable[..., dict[str, Any]]

BOWL = """
bowl = {
    "loss": "x^2 + y^2", "weights": {"x": -1.5, "y": 1.0},
    "training": {"optimizer": "SGD", "lr": 0.05, "epochs": 40},
    "surface": {"resolution": 64, "extent": 2.0},
}
"""


def numbers(text: str) -> dict[str, float]:
    words = text.split()
    return {name: float(words[words.index(name) + 1]) for name in ("a", "b", "loss")}


def test_under_a_mouse_that_rests_there_are_no_values_of_before(driven: Driven) -> None:
    told = driven(
        BOWL
        + """
window, tab = opened()
tab.open(bowl)
tab.panel.make.click()
made(tab)
scene = tab.canvas.scene
place = scene.pixel(scene.box.points([0.5], [-0.5], [0.5]))[0]
told["before"] = hover(window, tab, place)
# A loss of the same plane and the same mouse.
tab.open({**bowl, "loss": "3*x^2 + 5*y^2"})
tab.panel.make.click()
made(tab)
until(lambda: window.reading.text() != told["before"] and "gradient" in window.reading.text(), "it reads what was")
told["after"] = window.reading.text()
# The line of a single weight has nothing under the mouse.
tab.open({"loss": "x^2", "surface": {"resolution": 50}})
tab.panel.make.click()
until(lambda: tab.surface is not None and len(tab.surface.b) == 1, "no line")
turn(0.2)
told["line"] = window.reading.text()
close(window)
ended()
"""
    )
    before, after = numbers(told["before"]), numbers(told["after"])
    assert before["loss"] == pytest.approx(before["a"] ** 2 + before["b"] ** 2, abs=5e-3)
    assert after["loss"] == pytest.approx(3 * after["a"] ** 2 + 5 * after["b"] ** 2, abs=2e-2)
    gradient = [float(x) for x in told["after"].split("gradient (")[1].rstrip(")").split(",")]
    assert gradient == pytest.approx([6 * after["a"], 10 * after["b"]], abs=0.05)
    assert told["line"] == ""


def test_at_a_moment_of_the_slider_the_mark_tells_its_step_and_epoch(driven: Driven) -> None:
    told = driven("""
import numpy as np
random = np.random.default_rng(0)
X = random.normal(size=(2, 40))
window, tab = opened()
tab.open({
    "loss": "mse(W*X, Y)",
    "data": {"X": {"values": X.tolist()}, "Y": {"values": (np.array([[1.0, -2.0]]) @ X).tolist()}},
    "training": {"optimizer": "SGD", "lr": 0.02, "epochs": 20, "batch_size": 10},
    "surface": {"resolution": 80},
})
tab.panel.train.click()
made(tab)
run, told["read"] = tab.entries[0].run, []
told["run"] = [run.steps, run.steps_per_epoch, run.loss.tolist()]
scene = tab.canvas.scene
line = scene.path
for moment in (0.25, 0.625, 1.0):
    tab.player.set_moment(moment)
    turn(0.1)
    point = line.at(moment)
    told["read"].append(hover(window, tab, scene.pixel(point[None])[0]))
# Of what is to come at an earlier moment nothing is told.
tab.player.set_moment(0.25)
turn(0.1)
told["later"] = hover(window, tab, scene.pixel(line.at(1.0)[None])[0])
close(window)
ended()
""")
    steps, each, losses = told["run"]
    assert (steps, each) == (80, 4)
    for text, step in zip(told["read"], (20, 50, 80), strict=True):
        name, _, rest = text.partition(" at step ")
        found = int(rest.split()[0])
        # Steps lie closer than pixels at the end.
        assert name.endswith("SGD 0.02, batch 10") and abs(found - step) <= (1 if step < 50 else 8)
        assert f"(epoch {found / each:.4g})" in rest
        assert float(rest.split("true loss ")[1].split(",")[0]) == pytest.approx(losses[found], rel=1e-4)
    assert " at step " not in told["later"]


def test_a_run_is_called_as_it_is_though_its_name_looks_like_markup(driven: Driven) -> None:
    told = driven("""
import numpy as np
import atlas_fast as af
from atlas_fast.training import Run
problem = af.Problem("x^2 + y^2")
run = Run(np.array([[1.0, 0.5], [0.5, 0.2]]), np.array([1.25, 0.29]), 1, 1, "SGD(lr=0.1)", 0)
surface = problem.surface(resolution=32, extent=2.0, progress=False)
window, _ = opened()
tab = window.add_surface(surface.showing({"Ad & <b>am": run}))
made(tab)
scene = tab.canvas.scene
told["read"] = hover(window, tab, scene.pixel(scene.lines[0][1].end[None])[0])
turn(0.1)
# As markup it would be shorter by the tag.
told["wide"] = window.reading.sizeHint().width() - window.reading.fontMetrics().horizontalAdvance(told["read"])
close(window)
ended()
""")
    assert "Ad & <b>am at step 1" in told["read"]
    assert 0 <= told["wide"] < 10


def test_a_look_that_one_side_of_a_comparison_lacks_is_refused_for_both(driven: Driven) -> None:
    told = driven(
        BOWL
        + """
window, tab = opened()
tab.open({**bowl, "surface": {**bowl["surface"], "gradient": True}})
tab.panel.make.click()
made(tab)
other = window.add_workspace()
other.open({**bowl, "loss": "x^2 + 3*y^2"})
other.panel.make.click()
made(other)
window.menu_actions["compare"].trigger()
page = window.page
until(lambda: all(canvas.scene is not None for canvas in page.canvases), "no scenes")
told["holds"] = [canvas.surface.gradient is not None for canvas in page.canvases]
turn(0.2)
pictures = [canvas.scene.picture() for canvas in page.canvases]
window.menu_actions["arrows"].trigger()
told["said"] = window.statusBar().currentMessage()
told["looks"] = [canvas.look.arrows for canvas in page.canvases] + [page.look.arrows]
told["same"] = [bool((canvas.scene.picture() == seen).all()) for canvas, seen in zip(page.canvases, pictures)]
told["busy"] = [each.work.busy for each in (tab, other)]
# And what both can bear is drawn after that.
window.menu_actions["contours"].trigger()
told["contours"] = [canvas.scene.dressed.contours for canvas in page.canvases]
close(window)
ended()
"""
    )
    assert sorted(told["holds"]) == [False, True]
    assert "gradient" in told["said"]
    assert told["looks"] == [False, False, False] and told["same"] == [True, True]
    assert told["busy"] == [False, False]
    assert told["contours"] == [False, False]


def test_stop_pressed_before_work_has_begun(driven: Driven) -> None:
    told = driven(
        BOWL
        + """
window, tab = opened()
tab.open({**bowl, "training": {**bowl["training"], "epochs": 5_000_000}})
tab.panel.train.click()
told["begun"] = [tab.work.busy, tab.panel.stop.isEnabled(), tab.panel.footer.bar.isVisible()]
tab.panel.stop.click()  # before anything is told of it
until(lambda: not tab.work.busy, "it goes on", 5)
turn(0.3)
told["stopped"] = [tab.panel.train.isEnabled(), tab.panel.stop.isEnabled(), tab.panel.footer.bar.isVisible()]
told["runs"] = [entry.run.steps < 5_000_000 for entry in tab.entries]
told["surface"] = tab.surface is None
tab.open(bowl)
tab.clear_runs()
tab.panel.train.click()
made(tab)
told["next"] = [entry.run.steps for entry in tab.entries]
close(window)
ended()
"""
    )
    # The bar is there in the same moment in which the button is pressed.
    assert told["begun"] == [True, True, True]
    assert told["stopped"] == [True, False, False]
    assert all(told["runs"]) and told["surface"]
    assert told["next"] == [40]


def test_how_far_a_part_is_shows_once_it_has_taken_a_moment(driven: Driven) -> None:
    told = driven(
        BOWL
        + """
from atlas_fast.viewer.window import jobs
window, tab = opened()
tab.open(bowl)
tab.panel.make.click()
made(tab)
calm = threading.Event()

def slow(*how):
    def job(order):
        told_so = order.report("detail")
        for done in range(10_000):
            if not told_so(done, 10_000) or calm.is_set():
                return
            time.sleep(0.01)
        yield
    return job

jobs.detail = slow
bar = tab.panel.footer.bar
view = tab.canvas.scene.seen
tab.canvas.see(view._replace(across=view.across / 4))
until(lambda: tab.work.busy, "nothing is made again")
began, early = tab.following._began, []
while time.monotonic() - began < 0.2:
    turn(0.01)
    seen = bar.isVisible()
    early.append(seen and time.monotonic() - began < 0.25)  # a frame may have taken longer
told["early"] = any(early)
until(lambda: bar.isVisible() and bar.value() > 0, "no word of it")
told["after"] = time.monotonic() - began
calm.set()
until(lambda: not tab.work.busy, "it goes on")
told["end"] = bar.isVisible()
close(window)
ended()
"""
    )
    assert not told["early"], "what is soon there needs no bar"
    # The library reports every twentieth of a second, and a frame of software OpenGL may come between.
    assert told["after"] < 0.3 + 0.5
    assert not told["end"]


def test_while_tiles_come_frames_are_coarse_though_the_view_rests(driven: Driven) -> None:
    told = driven(
        BOWL
        + """
from atlas_fast.refinement import Refinement
window, tab = opened()
tab.open({**bowl, "surface": {"resolution": 300, "extent": 2.0}})
workspace = tab.workspace
refinement = Refinement(workspace.grid(workspace.problem(), ()))
canvas, grid = tab.canvas, refinement.grid
canvas.expect(refinement.coarse(), (), grid.a, grid.b)
until(lambda: canvas.scene is not None and canvas.timing.coarse, "frames of all vertices")
canvas.settled.start(0)
turn(0.2)
told["resting"] = [canvas.timing.coarse, canvas.scene.field._detail]
canvas.rest()
until(lambda: not canvas.timing.coarse, "no frame of all vertices")
told["rested"] = canvas.scene.field._detail
close(window)
ended()
"""
    )
    from atlas_fast.viewer.drawing.field import DETAIL
    from atlas_fast.viewer.window.moving import MOVING

    assert told["resting"] == [True, MOVING]
    assert told["rested"] == DETAIL


def test_a_formula_that_cannot_be_read_is_told_in_the_status_bar_too(driven: Driven) -> None:
    told = driven("""
window, tab = opened()
window.statusBar().showMessage("of before")
tab.open({"loss": "x^2 + ", "training": {"optimizer": "SGD", "lr": 0.1, "epochs": 5}})
turn(0.5)
tab.panel.train.click()
told["said"] = window.statusBar().currentMessage()
told["panel"] = tab.panel.footer.message.text()
close(window)
ended()
""")
    assert told["said"] and told["said"] == told["panel"]


def test_of_a_surface_alone_the_gradient_is_read_where_its_loss_is_of_weights_only(driven: Driven) -> None:
    told = driven("""
import numpy as np
import atlas_fast as af
window, _ = opened()

def read(problem):
    surface = problem.surface(af.Plane.axes(problem, "x", "y"), resolution=40, extent=2.0, progress=False)
    surface.save("s.npz")
    tab = window.add_surface(af.load("s.npz"))
    made(tab)
    place = tab.canvas.scene.pixel(tab.canvas.scene.box.points([0.5], [-0.5], [surface.at(0.5, -0.5)]))[0]
    text = hover(window, tab, place)
    until(lambda: not tab.work.busy, "it does not end")
    turn(0.2)
    return window.reading.text()

told["weights"] = read(af.Problem("x^2 + 3*y^2"))
told["data"] = read(af.Problem("mse(x*X + y, Y)", {"X": np.ones((1, 3)), "Y": np.ones((1, 3))}))
close(window)
ended()
""")
    found = numbers(told["weights"])
    gradient = [float(x) for x in told["weights"].split("gradient (")[1].rstrip(")").split(",")]
    assert gradient == pytest.approx([2 * found["a"], 6 * found["b"]], abs=0.02)
    assert told["data"] and "gradient" not in told["data"]
