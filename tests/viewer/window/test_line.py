"""The curve of one scalar weight in the window: it is read, saved and written as a picture, and not exported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Driven = Callable[..., dict[str, Any]]


def test_a_curve_is_read_saved_and_pictured(driven: Driven, tmp_path: Path) -> None:
    told = driven("""
from pathlib import Path
from PySide6.QtWidgets import QDialog, QFileDialog
from atlas_fast.viewer.window.pictures import PictureDialog
window, tab = opened()
tab.open({"loss": "(x-1)^2", "surface": {"resolution": 101, "extent": 2.0}})
tab.panel.make.click()
until(lambda: tab.surface is not None and tab.canvas.line._drawn is not None, "no curve")
turn(0.2)
line = tab.canvas.line
for x in (line.width() // 2, 2):
    QTest.mouseMove(line, QPoint(x, line.height() // 2))
    turn(0.1)
    told.setdefault("read", []).append(window.reading.text())
PictureDialog.exec = lambda self: self.transparent.setChecked(True) or True
QFileDialog.getSaveFileName = lambda *args: ("curve.png", "Pictures (*.png)")
window.files.save_picture()
window.files.snap()
told["size"] = [line.width(), line.height()]
QFileDialog.getSaveFileName = lambda *args: ("curve.npz", "Surfaces (*.npz)")
window.files.save_surface()
told["saved"] = window.statusBar().currentMessage()
window.files.export()
told["exported"] = window.statusBar().currentMessage()
close(window)
ended()
""")
    from PIL import Image

    import atlas_fast as af

    words = told["read"][0].split()
    assert words[0::2] == ["a", "loss"]
    # In the middle of the axes, which leave 0.11 of the picture free on one side and 0.05 on the other.
    assert float(words[1]) == pytest.approx(4 * (0.5 - 0.11) / 0.84 - 2, abs=0.03)
    assert float(words[3]) == pytest.approx((float(words[1]) - 1) ** 2, abs=2e-3)
    assert told["read"][1] == ""  # beside the axes there is nothing
    width, height = told["size"]
    picture = np.asarray(Image.open(tmp_path / "curve.png"))
    assert picture.shape == (2 * height, 2 * width, 4) and picture[0, 0, 3] == 0
    seen = np.asarray(Image.open(tmp_path / "atlas-1.png").convert("RGB"))
    assert seen.shape == (height, width, 3)
    # The curve's colour, from one side of the axes to the other.
    curve = (np.abs(seen.astype(int) - (0x31, 0x68, 0x8E)).max(axis=2) < 30).any(axis=0)
    assert np.ptp(np.flatnonzero(curve)) > 0.7 * width
    assert told["saved"].startswith("wrote ")
    assert len(af.load(tmp_path / "curve.npz").b) == 1
    assert told["exported"] == "a curve of one scalar weight cannot be exported: save its picture"


def test_runs_on_a_curve_follow_the_slider_and_the_legend(driven: Driven, tmp_path: Path) -> None:
    told = driven("""
from pathlib import Path
import numpy as np
from PySide6.QtCore import Qt
window, tab = opened()
tab.open({
    "loss": "(x-1)^2", "weights": {"x": -1.5}, "surface": {"resolution": 101, "extent": 2.0},
    "training": {"optimizer": "SGD", "lr": 0.1, "epochs": 40},
})
tab.panel.train.click()
line = tab.canvas.line
until(lambda: tab.surface is not None and line._drawn is not None and not tab.work.busy, "no curve")
path = tab.surface.path(tab.entries[0].run)

def colours(moment, steps):
    # What is seen at the places of some steps, the slider at a moment.
    tab.player.set_moment(moment)
    turn(0.2)
    seen = line.grab().toImage()
    places = line._axes.transData.transform(np.column_stack([path.a, path.height])[steps])
    return [seen.pixelColor(round(x), round(line.height() - y)).name() for x, y in places]

told["whole"] = colours(1.0, [0, 1, 40])
told["half"] = colours(0.5, [0, 1, 40])
told["start"] = colours(0.0, [0, 1, 40])
tab.player.set_moment(1.0)
place = line._axes.transData.transform((path.a[1], path.height[1]))
QTest.mouseMove(line, QPoint(round(place[0]), round(line.height() - place[1])))
turn(0.2)
told["read"] = window.reading.text()
line.write(Path("run.png"), (line.width(), line.height()), False)
item = tab.legend.list.item(0)
item.setCheckState(Qt.CheckState.Unchecked)
turn(0.2)
told["hidden"] = colours(1.0, [0, 1])
told["loss"] = float(path.loss[1])
told["place"] = [float(place[0]), float(line.height() - place[1])]
close(window)
ended()
""")
    from matplotlib.colors import to_rgb
    from PIL import Image

    def is_of_the_run(colour: str) -> bool:
        # The run's colour, or a paler one.
        white = 1 - np.array(to_rgb("#d55e00"))
        lacking = 1 - np.array(to_rgb(colour))
        return bool(lacking.max() > 0.2 and np.abs(lacking / lacking.max() - white / white.max()).max() < 0.05)

    assert [is_of_the_run(colour) for colour in told["whole"]] == [True, True, True]
    assert [is_of_the_run(colour) for colour in told["half"]] == [True, True, True]  # near its end it hardly moves
    assert [is_of_the_run(colour) for colour in told["start"]] == [True, False, False]
    assert [is_of_the_run(colour) for colour in told["hidden"]] == [False, False]
    assert told["whole"][2] == "#d55e00"
    assert "at step 1 (epoch 1)" in told["read"] and f"true loss {told['loss']:.5g}" in told["read"]
    assert "b " not in told["read"].split("SGD")[0]
    picture = np.asarray(Image.open(tmp_path / "run.png").convert("RGB"))
    x, y = told["place"]
    assert is_of_the_run("#" + "".join(f"{value:02x}" for value in picture[round(y), round(x)]))
