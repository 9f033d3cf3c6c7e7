"""The pictures of the viewer's window, taken of the real one: docs/viewer.md and the README show them.

python docs/screenshots.py [NAME ...] [--out docs/pictures]        on a display; without one, xvfb-run -a -s
                                                                   "-screen 0 1600x1000x24" before it
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

SIZE = (1440, 900)

PATIENCE = 300.0
"""Seconds that a picture may take; OpenGL in software is slow."""


def until(done: Callable[[], bool]) -> None:
    """Let the window work until something is so."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("the window is not done")
        QApplication.processEvents()
        time.sleep(0.002)


def rest(seconds: float = 0.6) -> None:
    """Let it finish what it draws."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


def trained(tab: Any, document: dict[str, Any]) -> None:
    """Train a workspace in a tab, and wait for its surface."""
    tab.open(document)
    tab.panel.train.click()
    until(lambda: tab.surface is not None and not tab.work.busy and tab.canvas.scene is not None)
    rest()


def example(name: str, **training: Any) -> dict[str, Any]:
    """An example's document, trained in another way."""
    from atlas_fast.viewer.panels.examples import document

    found = document(name)
    if training:
        found["training"] = training
    return found


def workspace(window: Any) -> None:
    """The whole window after a training."""
    trained(window.add_workspace(), example("iris-sigmoid"))


def contours(window: Any) -> None:
    """From above, dark, with the ways of steepest descent."""
    document = example("iris-relu")
    document["surface"] = {"gradient": True}
    trained(window.add_workspace(), document)
    for name in ("dark", "from_above", "streamlines"):
        window.menu_actions[name].trigger()
        rest()


def optimizers(window: Any) -> None:
    """Three runs on one surface, half way, heights on a log scale."""
    tab = window.add_workspace()
    valley = {"loss": "(1 - x)^2 + 5*(y - x^2)^2", "weights": {"x": -1.3, "y": 1.9}, "surface": {"gradient": True}}
    for training in (
        {"optimizer": "SGD", "lr": 0.01, "epochs": 120},
        {"optimizer": "SGD", "lr": 0.01, "momentum": 0.8, "epochs": 120},
        {"optimizer": "Adam", "lr": 0.15, "epochs": 120},
    ):
        trained(tab, {**valley, "training": training})
    tab.dress(replace(tab.look, heights="log"))
    tab.player.set_moment(0.6)
    rest()


def detail(window: Any) -> None:
    """Near the end of the path: what is seen has been made anew with all vertices."""
    tab = window.add_workspace()
    trained(tab, example("iris-relu"))
    scene = tab.canvas.scene
    seen = scene.seen
    tab.canvas.see(seen._replace(centre=tuple(float(x) for x in scene.path.end), across=0.18 * seen.across))
    tab.canvas.rested.emit()
    until(lambda: tab.following.near and not tab.work.busy)
    rest()


PICTURES = {"workspace": workspace, "contours": contours, "optimizers": optimizers, "detail": detail}


def main() -> None:
    parser = argparse.ArgumentParser(description="pictures of the viewer's window")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(PICTURES)}")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in PICTURES]
    if unknown:
        parser.error(f"there is no picture {unknown[0]}: there are {', '.join(PICTURES)}")
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication([])
    from atlas_fast.viewer.window.application import Window

    for name in chosen.names or PICTURES:
        with tempfile.TemporaryDirectory() as settings:
            os.environ["XDG_CONFIG_HOME"] = settings  # nobody's own, and the same for each
            window = Window()
            window.resize(*SIZE)
            window.show()
            PICTURES[name](window)
            rest()
            chosen.out.mkdir(parents=True, exist_ok=True)
            path = chosen.out / f"viewer-{name}.png"
            window.grab().save(str(path))
            print(path, flush=True)
            for tab in window.tabs:
                tab.finish()
            window.interrupt()
            rest(0.1)
    del application


if __name__ == "__main__":
    main()
