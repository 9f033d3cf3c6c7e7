"""What the window writes: films of what is seen, and what is said where that fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

Driven = Callable[..., dict[str, Any]]

TRAINED = """
from pathlib import Path
window, tab = opened()
tab.open({
    "loss": "x^2 + y^2", "weights": {"x": -1.5, "y": 1.0},
    "training": {"optimizer": "SGD", "lr": 0.05, "epochs": 40}, "surface": {"resolution": 32, "extent": 2.0},
})
tab.panel.train.click()
made(tab)
from atlas_fast.viewer.window import files
files.SECONDS, files.FILM_SIZE = 0.2, (160, 120)
"""


def test_films_are_made_while_the_window_draws(driven: Driven, tmp_path: Path) -> None:
    told = driven(
        TRAINED
        + """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QProgressDialog, QPushButton
window.menu_actions["dark"].trigger()
moving = QTimer(interval=15)
moving.timeout.connect(lambda: tab.canvas.turn(1.0))  # frames of the window between those of the film
moving.start()
told["written"] = [window.files.write(tab, Path("train.gif")), window.files.write(tab, Path("round.gif"), True)]

files.SECONDS = 300.0
def cancel():
    shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, QProgressDialog) and w.isVisible()]
    shown[0].findChild(QPushButton).click() if shown and shown[0].value() > 0 else QTimer.singleShot(20, cancel)
QTimer.singleShot(20, cancel)
told["cancelled"] = window.files.write(tab, Path("long.gif"))
moving.stop()

class Broken:
    def save(self, path):
        raise RuntimeError("the disk is on fire")
tab.surface = Broken()
from PySide6.QtWidgets import QFileDialog
QFileDialog.getSaveFileName = lambda *args: ("broken.npz", args[-1])
said = []
QMessageBox.warning = lambda parent, title, text: said.append(text)
window.menu_actions["save_surface"].trigger()
told["said"] = said
close(window)
ended()
"""
    )
    assert told["written"] == [True, True]
    assert told["cancelled"] is False
    assert sorted(path.name for path in tmp_path.glob("*.gif")) == ["round.gif", "train.gif"]
    shown = {}
    for name in ("train", "round"):
        with Image.open(tmp_path / f"{name}.gif") as film:
            assert film.size == (160, 120)
            shown[name] = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
        assert len(shown[name]) == 5
        assert shown[name][0][2, 2].max() < 60  # the window's theme, not the usual one
    assert not np.array_equal(shown["train"][2], shown["round"][2])
    assert told["said"] == ["cannot write broken.npz: the disk is on fire"]
