"""A window on a display of its own, driven by a script inside its process with QTest's mouse and keys."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DRIVE = """
import json, sys, threading, time
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
application = QApplication([])
from atlas_fast.viewer.window.application import Window

told = {}

def turn(seconds=0.05):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        application.processEvents()
        time.sleep(0.002)

def until(done, what, seconds=60):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, what
        turn(0.01)

def opened():
    window = Window()
    window.resize(1000, 700)
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    return window, window.add_workspace()

def made(tab):
    until(lambda: tab.surface is not None and not tab.work.busy, "no surface")
    until(lambda: tab.canvas.scene is not None, "no scene")
    turn(0.2)

def hover(window, tab, place):
    window.reading.clear()
    for aside in (4, 0):
        QTest.mouseMove(tab.canvas.native, QPoint(round(place[0]) + aside, round(place[1])))
        turn(0.1)
    until(window.reading.text, "nothing is read")
    return window.reading.text()

def typed(tab, text):
    editor = tab.panel.loss.editor
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    turn(0.2)
    tab.legend.list.setFocus()  # what is left counts, after a moment
    turn(0.8)

def close(window):
    for tab in window.tabs:
        tab.finish()
    window.interrupt()
    turn()

def ended():
    told["threads"] = sorted(t.name for t in threading.enumerate())
    print(json.dumps(told))
"""

Driven = Callable[..., dict[str, Any]]


@pytest.fixture
def driven(display: str, tmp_path: Path) -> Driven:
    """Runs a script in a process with a window; returns what it put into `told`."""
    environment = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "EGL_PLATFORM")}
    environment.update(DISPLAY=display, QT_LOGGING_RULES="*=false", XDG_CONFIG_HOME=str(tmp_path / "settings"))

    def run(code: str, *arguments: str, seconds: float = 120) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-c", DRIVE + code, *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, done.stderr
        assert not done.stderr, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    return run
