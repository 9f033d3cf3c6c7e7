"""Ctrl-C while the window is only on its way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Driven = Callable[..., dict[str, Any]]

LOADING = """
import json, os, signal, sys, threading
from atlas_fast.viewer import display, opening

told = {"filled": False}
real = display.require_qt

def interrupted():
    real()
    os.kill(os.getpid(), signal.SIGINT)  # as Qt begins to load
    told["heard"] = signal.getsignal(signal.SIGINT) is not before
display.require_qt = interrupted
before = signal.getsignal(signal.SIGINT)
try:
    opening._open(lambda window: told.update(filled=True))
except KeyboardInterrupt:
    told["raised"] = True
told["loaded"] = all(name in sys.modules for name in ("PySide6.QtWidgets", "PySide6.QtGui"))
told["restored"] = signal.getsignal(signal.SIGINT) is before
told["threads"] = sorted(t.name for t in threading.enumerate())
print(json.dumps(told))
"""


def test_while_qt_is_loading_it_is_kept_until_that_is_whole(display: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "EGL_PLATFORM")}
    environment.update(DISPLAY=display, QT_LOGGING_RULES="*=false", XDG_CONFIG_HOME=str(tmp_path / "settings"))
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", LOADING],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    told = json.loads(done.stdout)
    wanted = {"filled": False, "heard": True, "raised": True, "loaded": True, "restored": True}
    assert told == {**wanted, "threads": ["MainThread"]}


def test_before_the_window_waits_it_closes_it_all_the_same(driven: Driven) -> None:
    told = driven(
        """
import os, signal
window = Window()
def fill(window):
    window.add_workspace()
    os.kill(os.getpid(), signal.SIGINT)
    until(lambda: not window.isVisible(), "it stays")
window.show_until_closed(fill)  # and does not wait for a second end
told["visible"] = window.isVisible()
ended()
""",
        seconds=60,
    )
    assert not told["visible"] and told["threads"] == ["MainThread"]
