"""Pictures without a window.

In: a Surface and a path. Out: a PNG file. On Linux OpenGL comes through EGL, which needs no display; elsewhere, and
where EGL is missing, from a window of Qt that is never shown.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import ArgumentError, whole
from ..errors import DeviceError, StoreError
from . import display

if TYPE_CHECKING:
    from ..surface import Surface
    from .drawing.scene import View

SHARPNESS = 2
"""A pixel of the picture is the mean of this many squared: smooth edges without a multisampled frame buffer."""

LARGEST = 8192
"""Pixels along a side of a picture."""

SMALLEST = 64

LIBRARIES = "libegl1 libgl1 libgl1-mesa-dri libfontconfig1"
"""Debian packages that drawing off screen needs."""


def write_picture(
    surface: Surface, path: str | os.PathLike[str], size: tuple[int, int], view: View | None = None
) -> None:
    """Draw the surface, as seen from a view or from the usual place, and write it to a PNG file."""
    name = os.fspath(path)
    if not str(name).lower().endswith(".png"):
        raise ArgumentError(f"the picture is written as PNG: its name must end in .png, {name} does not")
    width, height = _size(size)
    pixels = draw(surface, (width, height), view)
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    mark = PngInfo()
    mark.add_text("Software", "Atlas Fast")  # as our other pictures say: the command writes over its own only
    try:
        Image.fromarray(pixels).save(name, pnginfo=mark)
    except OSError as error:
        raise StoreError(f"cannot write {name}: {error.strerror or error}") from None


def draw(surface: Surface, size: tuple[int, int], view: View | None = None) -> NDArray[np.uint8]:
    """The picture, (height, width, 3)."""
    width, height = size
    with canvas((SHARPNESS * width, SHARPNESS * height)) as drawn:
        from .drawing.scene import Scene

        scene = Scene(drawn, surface, scale=SHARPNESS)
        if view is not None:
            scene.look(view)
        fine = scene.picture()
    parts = fine.reshape(height, SHARPNESS, width, SHARPNESS, 3)
    return parts.mean(axis=(1, 3)).round().astype(np.uint8)


@contextmanager
def canvas(size: tuple[int, int]) -> Iterator[Any]:
    """A canvas that is on no screen. Raises DeviceError where there is no OpenGL."""
    display.require_extra()
    opened = _open(size)
    try:
        yield opened
    finally:
        opened.close()


def _open(size: tuple[int, int]) -> Any:
    from vispy import app, scene

    reason = ""
    if sys.platform.startswith("linux"):
        try:
            with _surfaceless():
                # Its first import asks EGL for a display, and keeps it.
                application = app.Application("egl")
                return scene.SceneCanvas(app=application, size=size, show=False, keys=None)
        except Exception as error:  # EGL, drivers and VisPy fail in ways of their own
            reason = " ".join(str(error).split())
    try:
        display.require_window()
        application = app.Application("pyside6")
        return scene.SceneCanvas(app=application, size=size, show=False, keys=None)
    except DeviceError:
        if not reason:
            raise
        raise DeviceError(
            f"nothing can be drawn off screen, EGL does not answer ({reason}): on Debian and Ubuntu install "
            f"{LIBRARIES}; surface.plot() draws without OpenGL"
        ) from None


@contextmanager
def _surfaceless() -> Iterator[None]:
    """EGL without a display, unless the user chose otherwise: the one that the environment names may be gone."""
    # VisPy takes them from the process, and where EGL fails does not give them back.
    named = {name: os.environ[name] for name in display.NAMES if name in os.environ}
    chosen = "EGL_PLATFORM" in os.environ
    if not chosen:
        os.environ["EGL_PLATFORM"] = "surfaceless"
        for name in named:
            del os.environ[name]
    try:
        yield
    finally:
        if not chosen:
            del os.environ["EGL_PLATFORM"]
        os.environ.update(named)


def _size(size: Any) -> tuple[int, int]:
    """Width and height of a picture."""
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise ArgumentError(f"size is {size!r}, (width, height) in pixels is wanted")
    width, height = (whole("size", side, SMALLEST) for side in size)
    if max(width, height) > LARGEST:
        raise ArgumentError(f"size is {width} x {height} pixels, at most {LARGEST} along a side are taken")
    return width, height
