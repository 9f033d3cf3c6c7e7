"""A window on a display of its own, driven by a script inside its process with QTest's mouse and keys.

Each script has a process of its own, the child of one that has imported what a window needs, and has neither an
application nor a thread.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PARENT = """
import json, os, sys
import PySide6.QtTest, PySide6.QtWidgets
import atlas_fast.viewer.drawing.scene, atlas_fast.viewer.window.application, atlas_fast.viewer.window.tab

for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child == 0:
        break
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()

# The child goes on, and ends as a process of its own does.
os.environ.clear()
os.environ.update(asked["environment"])
os.chdir(asked["folder"])
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
for stream, name in ((1, "out"), (2, "err")):
    os.dup2(os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
sys.argv = ["-c", *asked["arguments"]]
exec(asked["code"])
"""

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


class Parent:
    """The process whose children drive windows."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def run(self, asked: dict[str, Any], seconds: float) -> int:
        """The status that a child ends with."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        child = int(self.process.stdout.readline())
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            os.kill(child, signal.SIGKILL)
        return int(self.process.stdout.readline())

    def end(self) -> None:
        self.process.communicate(timeout=10)


@pytest.fixture(scope="session")
def parent(extra: None) -> Iterator[Parent]:
    found = Parent()
    yield found
    found.end()


@pytest.fixture
def driven(display: str, parent: Parent, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Driven:
    """Runs a script in a process with a window; returns what it put into `told`."""
    environment = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "EGL_PLATFORM")}
    environment.update(DISPLAY=display, QT_LOGGING_RULES="*=false", XDG_CONFIG_HOME=str(tmp_path / "settings"))
    said = tmp_path_factory.mktemp("said")
    out, err = said / "out", said / "err"

    def run(code: str, *arguments: str, seconds: float = 120) -> dict[str, Any]:
        asked = {"code": DRIVE + code, "arguments": arguments, "environment": environment, "folder": str(tmp_path)}
        status = parent.run({**asked, "out": str(out), "err": str(err)}, seconds)
        assert status == 0, err.read_text()
        assert not err.read_text(), err.read_text()
        found: dict[str, Any] = json.loads(out.read_text().splitlines()[-1])
        return found

    return run
