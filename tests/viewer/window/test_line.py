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
