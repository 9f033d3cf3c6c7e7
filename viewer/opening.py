"""Opening the window, where one can be opened.

In: a Surface, a Problem, or a file. Out: nothing, once the window is closed, or a DeviceError of one line.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DeviceError
from . import display

if TYPE_CHECKING:
    from ..problem import Problem
    from ..surface import Surface
    from .window.application import Window


def open_window(surface: Surface) -> None:
    """Show a surface alone until the window is closed."""
    _open(lambda window: window.add_surface(surface), plain=True)


def open_problem(problem: Problem) -> None:
    """Show a problem as a workspace until the window is closed."""

    def fill(window: Window) -> None:
        window.add_workspace(_document(problem))

    _open(fill)


def open_file(path: Path | None) -> None:
    """Show a workspace, which is trained at once, or without a path an empty one, and the tour at a first start."""

    def fill(window: Window) -> None:
        window.add_workspace()
        if path is not None:
            window.files.open_path(path, train=True)

    _open(fill, toured=path is not None)


def _open(fill: Callable[[Window], object], plain: bool = False, toured: bool = True) -> None:
    """Open a window, have it filled, and wait until it is closed."""
    if threading.current_thread() is not threading.main_thread():
        raise DeviceError("a window can only be opened by the main thread of a program")
    with _held() as heard:
        _shown(fill, plain, toured, heard)


@contextmanager
def _held() -> Iterator[list[int]]:
    """Keep Ctrl-C until the end, and raise it then: in the middle of loading Qt it would leave half of it, which
    crashes. A second one is not kept. Gives the signals that were heard."""
    heard: list[int] = []

    def hear(number: int, frame: object) -> None:
        if heard:
            raise KeyboardInterrupt
        heard.append(number)

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        raise KeyboardInterrupt


def _shown(fill: Callable[[Window], object], plain: bool, toured: bool, heard: list[int]) -> None:
    """Show a window until it is closed; not at all where Ctrl-C was heard."""
    display.require_qt()
    from PySide6.QtCore import QCoreApplication, Qt
    from PySide6.QtWidgets import QApplication

    # What a running application shows needs no trial.
    running = QApplication.instance() is not None
    trial = None if running else display.Trial()
    try:
        display.require_extra()
        from .window.application import Window  # VisPy loads while the trial runs

        if trial is not None:
            trial.require()
    finally:
        if trial is not None:
            trial.stop()
    if not running:
        # A surface keeps its textures where its tab moves to another place.
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication.instance() or QApplication(["atlas-fast"])
    window = Window(plain)
    if not heard:
        window.show_until_closed(fill, toured)
    del window, application


def _document(problem: Problem) -> dict[str, object]:
    """A problem as a workspace's document, its data and starting values as matrices."""
    found: dict[str, object] = {"loss": problem.expression}
    if problem.data:
        found["data"] = {name: {"values": matrix.tolist()} for name, matrix in problem.data.items()}
    found["weights"] = {
        name: problem.given[name].tolist() if name in problem.given else list(shape)
        for name, shape in problem.weights.items()
    }
    found["training"] = {"optimizer": "Adam", "lr": 0.01, "epochs": 500}
    return found
