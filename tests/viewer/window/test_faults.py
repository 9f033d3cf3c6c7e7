"""What a person may do at an unlucky moment, or with a loss that does not suit: the window says so and goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Driven = Callable[..., dict[str, Any]]


def test_a_table_loaded_into_a_new_workspace_can_be_used(driven: Driven, tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(20, 2))
    (tmp_path / "p.csv").write_text("one,two\n" + "\n".join(f"{a},{b}" for a, b in rows) + "\n")
    told = driven("""
from pathlib import Path
window, tab = opened()
tab.panel.data.load(Path("p.csv").resolve())
told["asks"] = tab.panel.data.dialog is not None
tab.panel.data.dialog.accept()
turn(0.2)
typed(tab, "mse(A*X + C, Y)")
tab.panel.make.click()
made(tab)
told["shape"] = list(tab.surface.loss.shape)
window.files.copy_link()
told["link"] = application.clipboard().text()[:60]
close(window)
ended()
""")
    assert told["asks"]
    assert told["shape"][1] > 1
    assert told["link"].startswith("atlas:")


def test_a_look_that_does_not_suit_is_refused_and_starts_nothing(driven: Driven) -> None:
    told = driven("""
from dataclasses import replace
window, tab = opened()
tab.open({"loss": "x^2 + y^2 - 3", "surface": {"resolution": 60, "extent": 2.0}})
tab.panel.make.click()
made(tab)
jobs = []
start = tab.work.start
tab.work.start = lambda job: (jobs.append(job), start(job))
told["refused"] = []
for change in ({"heights": "log"}, {"limit": -5.0}):
    tab.dress(replace(tab.look, **change))
    told["refused"].append([tab.look.heights, tab.look.limit, tab.appearance.look == tab.look])
    told["refused"][-1].append(tab.panel.footer.message.text())
told["jobs"] = len(jobs)
# A look that suited the surface before, and does not suit the next.
tab.open({"loss": "x^2 + y^2", "surface": {"resolution": 60, "extent": 2.0}})
tab.panel.make.click()
made(tab)
tab.dress(replace(tab.look, heights="log"))
told["suits"] = tab.canvas.scene.dressed.heights
tab.open({"loss": "x^2 + y^2 - 3", "surface": {"resolution": 300, "extent": 2.0}})
tab.panel.make.click()
made(tab)
told["later"] = [tab.look.heights, tab.canvas.scene.dressed.heights, tab.panel.footer.message.text(), len(jobs)]
close(window)
ended()
""")
    for heights, limit, shown, message in told["refused"]:
        assert (heights, limit, shown) == ("clipped", None, True)
        assert "-2.99" in message
    assert told["jobs"] == 0
    assert told["suits"] == "log"
    assert told["later"][:2] == ["clipped", "clipped"] and "log" in told["later"][2] and told["later"][3] == 2


def test_a_look_chosen_before_the_first_surface_or_while_it_trains_is_drawn_in_the_end(driven: Driven) -> None:
    told = driven("""
from dataclasses import replace
window, tab = opened()
tab.open({
    "loss": "x^2 + y^2", "weights": {"x": -1.5, "y": 1.0}, "surface": {"resolution": 300},
    "training": {"optimizer": "SGD", "lr": 1e-6, "epochs": 3_000_000},
})
tab.dress(replace(tab.look, arrows=True, colouring="curvature"))
tab.panel.make.click()
made(tab)
scene = tab.canvas.scene
told["first"] = [scene.dressed.arrows, scene.dressed.colouring, scene.surface.curvature is not None]
tab.panel.train.click()
until(lambda: tab.panel.footer.bar.value() > 20, "no progress")
order = tab.work._order
tab.dress(replace(tab.look, colouring="gradient_norm"))
told["trains"] = tab.work._order is order
until(lambda: not tab.work.busy, "it trains on")
told["then"] = [len(tab.entries), scene.dressed.colouring, scene.surface.gradient_norm is not None]
close(window)
ended()
""")
    assert told["first"] == [True, "curvature", True]
    assert told["trains"]
    assert told["then"] == [1, "gradient_norm", True]


def test_a_run_that_diverged_is_told_to_the_end(driven: Driven) -> None:
    told = driven("""
import warnings
warnings.simplefilter("ignore")
window, tab = opened()
tab.open({
    "loss": "x^4 + y^4", "weights": {"x": -1.5, "y": 1.0}, "surface": {"resolution": 60},
    "training": {"optimizer": "SGD", "lr": 5.0, "epochs": 30},
})
tab.panel.train.click()
made(tab)
message = tab.panel.footer.message
told["message"] = [message.text(), message.property("error")]
pixels = message.grab().toImage()
colours = [pixels.pixelColor(x, y) for x in range(pixels.width()) for y in range(pixels.height())]
told["reddest"] = max(colour.red() - colour.blue() for colour in colours)
close(window)
ended()
""")
    assert "diverged at step" in told["message"][0] and "vertices" in told["message"][0]
    assert told["message"][1]
    assert told["reddest"] > 80, "it is told in the colour of faults"


def test_a_line_takes_the_size_and_the_colours_of_the_window(driven: Driven) -> None:
    told = driven("""
window, tab = opened()
tab.open({"loss": "x^2 + y^2", "surface": {"resolution": 900}})
tab.panel.make.click()
turn(0.3)
tab.open({"loss": "x^2", "surface": {"resolution": 400}})
tab.make_surface()
until(lambda: tab.surface is not None and tab.surface.loss.shape == (1, 400), "no line")
turn(0.2)
line = tab.canvas.line
told["shown"] = [tab.canvas.stack.currentWidget() is line, tab.canvas._grid is None]
told["smallest"] = window.minimumSizeHint().height()
picture = line.grab().toImage()
told["size"] = [picture.width() == line.width(), line.width() < 800]
told["light"] = picture.pixelColor(3, 3).name()
window.menu_actions["dark"].trigger()
turn(0.2)
picture = line.grab().toImage()
picture.save("line.png")
told["dark"] = picture.pixelColor(3, 3).name()
close(window)
ended()
""")
    assert told["shown"] == [True, True]
    assert told["smallest"] < 780
    assert told["size"] == [True, True]
    assert (told["light"], told["dark"]) == ("#fbfbfc", "#15171c")


def test_a_part_that_was_stopped_or_failed_is_not_begun_again_by_itself(driven: Driven) -> None:
    told = driven("""
from dataclasses import replace
from atlas_fast.viewer.window import following, jobs
from atlas_fast.errors import AtlasError
window, tab = opened()
tab.open({"loss": "x^2 + y^2", "surface": {"resolution": 200, "extent": 2.0}})
tab.panel.make.click()
made(tab)
view, began = tab.canvas.scene.seen, []
detail = jobs.detail

def fails(*arguments):
    def job(order):
        began.append(1)
        raise AtlasError("it cannot be made")
        yield
    return job

jobs.detail = fails
tab.canvas.see(view._replace(across=view.across / 4))
turn(1.2)
told["failed"] = len(began)
jobs.detail = detail
tab.canvas.see(view._replace(across=view.across / 5))
until(lambda: tab.following.near and not tab.work.busy, "nothing is made again")
told["before"] = list(tab.canvas.scene.surface.extent)
tab.dress(replace(tab.look, arrows=True))
until(lambda: tab.canvas.scene.surface.gradient is not None and tab.following.near and not tab.work.busy, "no arrows")
told["after"] = list(tab.canvas.scene.surface.extent)
# However often a key is pressed, the eye stays where something is to be seen.
scene = tab.canvas.scene
tab.canvas.see(scene.seen._replace(across=1e-30))
told["nearest"] = scene.seen.across
for _ in range(60):
    tab.canvas.turn(nearer=1 / 1.2)
told["furthest"] = scene.seen.across
close(window)
ended()
""")
    assert told["failed"] == 1
    assert told["after"] == pytest.approx(told["before"], abs=0.2)
    assert told["after"][1] - told["after"][0] < 1.5
    assert told["nearest"] > 1e-5
    assert told["furthest"] < 100
