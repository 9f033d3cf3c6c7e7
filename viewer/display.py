"""Whether something can be shown here, found out before anything is tried.

In: nothing but the environment. Out: silence, or a DeviceError of one line with the way out. Qt ends the
whole process where it cannot open a window, so that another process tries first.
"""

from __future__ import annotations

import os
import subprocess
import sys

from ..errors import DeviceError

WAY_OUT = (
    "atlas-fast view SURFACE --out picture.png and atlas_fast.viewer.picture(surface, 'picture.png') draw off screen"
)

LIBRARIES = (
    "libegl1 libgl1 libgl1-mesa-dri libfontconfig1 libglib2.0-0 libdbus-1-3 libxkbcommon0 libxkbcommon-x11-0 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
)
"""Debian packages that a window needs."""

TRIAL = """
from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext
application = QGuiApplication([])
context, surface = QOpenGLContext(), QOffscreenSurface()
surface.create()
if not (context.create() and context.makeCurrent(surface)):
    raise SystemExit("Qt finds no OpenGL here")
"""

NAMES = ("DISPLAY", "WAYLAND_DISPLAY")
"""Where the environment of Linux names a display."""

PATIENCE = 30.0
"""Seconds that the trial may take, far more than it does."""


def require_extra() -> None:
    """Raise DeviceError where VisPy or Qt are not installed, or a library of theirs is missing."""
    try:
        import vispy.scene  # noqa: F401
    except ImportError as error:
        if error.name is not None and error.name.split(".")[0] in ("vispy", "freetype"):
            raise DeviceError(
                "the viewer needs VisPy and Qt, which are not installed: pip install 'atlas-fast[viewer]'"
            ) from None
        raise DeviceError(f"the viewer does not load: {first_line(str(error))}") from None
    except (OSError, RuntimeError) as error:
        raise DeviceError(
            f"the viewer does not load, a library is missing ({first_line(str(error))}): on Debian and Ubuntu install "
            f"{LIBRARIES}; surface.plot() draws without OpenGL"
        ) from None


def require_qt() -> None:
    """Raise DeviceError where Qt is not installed."""
    try:
        import PySide6.QtCore  # noqa: F401
    except ImportError as error:
        if error.name is not None and error.name.split(".")[0] == "PySide6":
            raise DeviceError("a window needs Qt, which is not installed: pip install 'atlas-fast[viewer]'") from None
        raise DeviceError(_broken(first_line(str(error)))) from None


def found() -> bool:
    """Whether the environment names a display: always, where windows need no such name."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in NAMES)


class Trial:
    """Another process that opens Qt and OpenGL as a window would; it runs while this one goes on loading."""

    def __init__(self) -> None:
        if not found():
            raise DeviceError(
                f"there is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set): {WAY_OUT}"
            )
        self._process: subprocess.Popen[str] | None = None
        if sys.executable and sys.platform.startswith("linux"):
            self._process = subprocess.Popen(
                [sys.executable, "-c", TRIAL],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )

    def require(self) -> None:
        """Wait for its end. Raises DeviceError where it failed."""
        if self._process is None:
            return
        try:
            _, told = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.stop()
            raise DeviceError(_broken(f"Qt did not answer within {PATIENCE:.0f} seconds")) from None
        if self._process.returncode:
            raise DeviceError(_broken(_reason(told)))

    def stop(self) -> None:
        """End it, whatever it does."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def require_window() -> None:
    """Raise DeviceError where no window could be opened."""
    trial = Trial()
    try:
        require_qt()
        trial.require()
    finally:
        trial.stop()


def _broken(reason: str) -> str:
    return f"no window can be opened: {reason}; on Debian and Ubuntu install {LIBRARIES}; {WAY_OUT}"


def _reason(told: str) -> str:
    """Of what Qt printed, the line that says most."""
    lines = [line.strip().removeprefix("qt.qpa.plugin: ") for line in told.splitlines()]
    lines = [line.removeprefix("qt.qpa.xcb: ") for line in lines if line]
    for word in ("could not connect", "is needed", "cannot open shared object", "no OpenGL", "Could not load"):
        for line in lines:
            if word.lower() in line.lower():
                return first_line(line)
    return first_line(lines[-1]) if lines else "Qt ended without a word"


def first_line(text: str) -> str:
    """The first line of a text, for messages of one line."""
    lines = text.strip().splitlines()
    return lines[0].strip().rstrip(".") if lines else "no reason is given"
