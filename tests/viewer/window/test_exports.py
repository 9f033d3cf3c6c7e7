"""What the window writes: films of what is seen, and what is said where that fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
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
window.resize(window.minimumSizeHint())  # a small scene is soon drawn
moving = QTimer(interval=40)
moving.timeout.connect(lambda: tab.canvas.turn(1.0))  # frames of the window between those of the film
moving.start()
tab.player.set_moment(0.1)
told["written"] = [window.files.write(tab, Path("train.gif")), window.files.write(tab, Path("round.gif"), True)]

files.SECONDS = 300.0
def cancel():
    shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, QProgressDialog) and w.isVisible()]
    shown[0].findChild(QPushButton).click() if shown and shown[0].value() > 0 else QTimer.singleShot(20, cancel)
QTimer.singleShot(20, cancel)
told["cancelled"] = window.files.write(tab, Path("long.gif"))
moving.stop()

class Broken:
    def save(self, path, run):
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
    # One shows every moment, the other the slider's, where the path is short and pale.
    late = [max(((frame[..., 0] > 170) & (frame[..., 2] < 100)).sum() for frame in frames) for frames in shown.values()]
    assert late[0] > late[1] + 20
    assert told["said"] == ["cannot write broken.npz: the disk is on fire"]


def test_pages_and_models_look_as_the_window_does(driven: Driven, tmp_path: Path) -> None:
    trimesh = pytest.importorskip("trimesh")
    pytest.importorskip("plotly")
    told = driven(
        TRAINED
        + """
window.menu_actions["dark"].trigger()
for box, value in ((tab.appearance.heights, "log"), (tab.appearance.colouring, "slope")):
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())
    until(lambda: not tab.work.busy, "it is still made again")
turn(0.3)
told["look"] = [tab.canvas.look.heights, tab.canvas.look.colouring, tab.canvas.look.theme]
told["written"] = [window.files.write(tab, Path(f"s.{suffix}")) for suffix in ("html", "glb", "vts", "stl")]
tab.legend.list.item(0).setCheckState(Qt.CheckState.Unchecked)
turn()
window.files.write(tab, Path("bare.glb"))
told["colour"] = tab.entries[0].colour
close(window)
ended()
"""
    )
    assert told["look"] == ["log", "slope", "dark"]
    assert told["written"] == [True] * 4
    text = (tmp_path / "s.html").read_text()
    assert '"logarithmic":true' in text and '"name":"slope"' in text and 'data-theme="dark"' in text
    assert f'"color":"{told["colour"]}"' in text
    assert b'Scalars="slope"' in (tmp_path / "s.vts").read_bytes()
    scene = trimesh.load(tmp_path / "s.glb")
    mesh = scene.geometry[scene.graph["surface"][1]]
    light = np.asarray(mesh.visual.vertex_attributes["color"])[:, :3] / 255
    lowest, steepest = light[mesh.vertices[:, 1].argmin()], light[mesh.vertices[:, 1].argmax()]
    # cividis from blue to yellow, and not viridis: in the valley the slope is least, in the corner it is greatest.
    assert lowest[2] > lowest[0] and steepest[0] > 0.9 and steepest[2] < 0.2
    assert any(name.startswith("path") for name in scene.graph.nodes_geometry)
    bare = trimesh.load(tmp_path / "bare.glb")
    assert list(bare.graph.nodes_geometry) == ["surface"]


def test_a_picture_shows_what_the_window_shows(driven: Driven, tmp_path: Path) -> None:
    driven(
        TRAINED
        + """
import numpy as np
from PIL import Image
tab.player.set_moment(0.25)
for above in (False, True):
    tab.look_from_above(above)
    turn(0.8)
    name = f"{'above' if above else 'relief'}-{{}}.png".format
    window.files._picture(tab, Path(name("file")), window.files._size(tab), False)
    tab.canvas.canvas.set_current()
    Image.fromarray(tab.canvas.scene.picture()).save(name("window"))
    tab.canvas.show_moment(1.0)
    Image.fromarray(tab.canvas.scene.picture()).save(name("whole"))
    tab.canvas.show_moment(0.25)
close(window)
ended()
"""
    )
    for name in ("relief", "above"):
        file, window, whole = (
            np.asarray(Image.open(tmp_path / f"{name}-{kind}.png").convert("RGB")).astype(int)
            for kind in ("file", "window", "whole")
        )
        # The window's pixels are not the mean of four: a line's rim differs, what is drawn does not.
        assert (np.abs(file - window).max(axis=2) > 100).mean() < 0.01
        later = np.abs(window - whole).max(axis=2) > 100
        assert later.sum() > 100
        assert (np.abs(file - window).max(axis=2) < 60)[later].mean() > 0.9


def test_a_name_without_a_suffix_replaces_no_file_unasked(driven: Driven, tmp_path: Path) -> None:
    told = driven(
        TRAINED
        + """
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox
from atlas_fast.viewer.window import pictures
pictures.PictureDialog.exec = lambda self: QDialog.DialogCode.Accepted
kinds = {"save_as": ".toml", "save_surface": ".npz", "save_picture": ".png", "export": ".vts"}
answers, asked = {}, []
def answer(parent, title, text):
    asked.append(text.split()[0])
    return answers["now"]
QMessageBox.question = answer
told["kept"], told["written"] = [], []
for name, suffix in kinds.items():
    path = Path("mine" + suffix)
    path.write_text("precious")
    QFileDialog.getSaveFileName = lambda *args: ("mine", f"Some (*{suffix})")
    answers["now"] = QMessageBox.StandardButton.No
    window.menu_actions[name].trigger()
    told["kept"].append(path.read_bytes() == b"precious")
    answers["now"] = QMessageBox.StandardButton.Yes
    window.menu_actions[name].trigger()
    told["written"].append(path.read_bytes() != b"precious")
told["asked"] = asked[:]
# Of a name that is whole the dialog itself has asked.
QFileDialog.getSaveFileName = lambda *args: ("mine.vts", "Some (*.vts)")
window.menu_actions["export"].trigger()
told["whole"] = len(asked) - len(told["asked"])
close(window)
ended()
"""
    )
    assert told["kept"] == told["written"] == [True] * 4
    assert told["asked"] == [f"mine{suffix}" for suffix in (".toml", ".npz", ".png", ".vts") for _ in range(2)]
    assert told["whole"] == 0
