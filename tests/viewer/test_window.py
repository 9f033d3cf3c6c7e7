"""A real window on a display of its own, with the mouse and the keys of a user."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

OPENED = """
import json, sys, threading, atlas_fast as af
from pathlib import Path
surface = af.load(sys.argv[1])
surface.show()
children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
print(json.dumps({"threads": [t.name for t in threading.enumerate()], "children": children}))
"""

SCREEN = """
import sys
from PySide6.QtGui import QGuiApplication
application = QGuiApplication([])
for path in sys.stdin:
    application.primaryScreen().grabWindow(0).save(path.strip())
    print("saved", flush=True)
"""


RESTING = 0.8
"""Seconds. Between a coarse frame and the whole one, and where a view flies, the same may be seen for less."""


@dataclass
class Session:
    """A user before the window."""

    process: subprocess.Popen[str]
    grabber: subprocess.Popen[str]
    environment: dict[str, str]
    folder: Path

    def do(self, *words: str) -> str:
        """An order to xdotool."""
        done = subprocess.run(["xdotool", *words], env=self.environment, capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    def screen(self) -> np.ndarray:
        """What the screen shows, (rows, columns, 3): once a window is on it and it has shown the same for a while."""
        before, end = self._grabbed(), time.monotonic() + 30
        since = time.monotonic()
        while time.monotonic() < end:
            time.sleep(0.1)
            after = self._grabbed()
            # A display without windows is black, and the scene on the window is not yet there where it is one colour.
            if (after != before).any() or after[200:600, 200:800].std() <= 5:
                before, since = after, time.monotonic()
            elif time.monotonic() > since + RESTING:
                return after
        raise AssertionError("the screen does not come to rest")

    def _grabbed(self) -> np.ndarray:
        path = self.folder / "screen.png"
        assert self.grabber.stdin is not None and self.grabber.stdout is not None
        print(path, file=self.grabber.stdin, flush=True)
        assert self.grabber.stdout.readline() == "saved\n"
        return np.asarray(Image.open(path).convert("RGB")).astype(int)

    def ended(self) -> dict[str, list[str]]:
        """What the process says once its window is closed."""
        told, wrong = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, wrong
        assert not wrong, wrong
        return json.loads(told)


@pytest.fixture
def session(display: str, bowl_file: Path, tmp_path: Path) -> Iterator[Session]:
    environment = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "EGL_PLATFORM")}
    environment.update(DISPLAY=display, QT_LOGGING_RULES="*=false", XDG_CONFIG_HOME=str(tmp_path / "settings"))
    process = subprocess.Popen(
        [sys.executable, "-c", OPENED, str(bowl_file)],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    grabber = subprocess.Popen(
        [sys.executable, "-c", SCREEN], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    opened = Session(process, grabber, environment, tmp_path)
    try:
        until = time.monotonic() + 30
        while not opened.do("search", "--onlyvisible", "--name", "Atlas Fast"):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < until, "no window within 30 s"
            time.sleep(0.1)
        opened.do("mousemove", "500", "450")
        yield opened
    finally:
        grabber.communicate(timeout=10)  # its input ends, and so does it
        if process.poll() is None:
            process.kill()
            process.communicate()


def changed(before: np.ndarray, after: np.ndarray) -> float:
    """The share of pixels that differ."""
    return float((np.abs(before - after).max(axis=2) > 8).mean())


def test_the_window_turns_zooms_resets_looks_down_saves_and_closes(session: Session) -> None:
    first = session.screen()
    # The purple of the bowl's bottom and the green of its sides.
    for colour in ((68, 1, 84), (33, 145, 140)):
        tint = np.array(colour) / np.linalg.norm(colour)
        seen = (first @ tint) / np.maximum(np.linalg.norm(first, axis=2), 1)
        assert (seen > 0.999).mean() > 0.001
    session.do("mousemove", "400", "400", "mousedown", "1", "mousemove", "470", "420", "mousemove", "560", "440")
    session.do("mouseup", "1")
    turned = session.screen()
    assert changed(first, turned) > 0.05
    session.do("click", "--repeat", "4", "4")
    zoomed = session.screen()
    assert changed(turned, zoomed) > 0.05
    # Nearer: the background covers less.
    assert (zoomed.min(axis=2) > 245).mean() < (turned.min(axis=2) > 245).mean() - 0.03
    session.do("key", "t")
    above = session.screen()
    assert changed(zoomed, above) > 0.05
    session.do("key", "r")
    # The status bar tells what is under the mouse by now.
    assert changed(first[:700], session.screen()[:700]) < 0.001
    session.do("key", "s")
    until = time.monotonic() + 20
    while not (session.folder / "atlas-1.png").exists() and time.monotonic() < until:
        time.sleep(0.1)
    session.screen()  # it is shown again, so it is written
    saved = np.asarray(Image.open(session.folder / "atlas-1.png").convert("RGB")).astype(int)
    # Smoothed otherwise, but the same picture, below the menus.
    height, width = saved.shape[:2]
    assert min(np.abs(saved - first[k : k + height, :width]).mean() for k in range(100)) < 4
    session.do("key", "q")
    left = session.ended()
    assert left == {"threads": ["MainThread"], "children": []}


@pytest.mark.parametrize("how", ["escape", "interrupt"])
def test_it_closes_on_escape_and_on_an_interrupt(session: Session, how: str) -> None:
    session.screen()
    if how == "escape":
        session.do("key", "Escape")
    else:
        session.process.send_signal(signal.SIGINT)
    assert session.ended() == {"threads": ["MainThread"], "children": []}
