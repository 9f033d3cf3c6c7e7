"""Pictures without a window.

In: a Surface, a size, and how it is to look. Out: a picture, or a PNG file. On Linux OpenGL comes through EGL, which
needs no display; elsewhere, and where EGL is missing, from a window of Qt that is never shown.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import ArgumentError, whole
from ..errors import DeviceError, StoreError
from . import display

if TYPE_CHECKING:
    from ..look import Look
    from ..surface import Surface
    from .drawing.pose import Pose
    from .drawing.scene import Scene
    from .drawing.track import Track

SHARPNESS = 2
"""A pixel of the picture is the mean of this many squared: smooth edges without a multisampled frame buffer."""

ROOMY = 1200
"""Pixels of a picture's shorter side beyond which texts and lines grow with it."""

PART = 4096
"""Small pixels along a side that are drawn at once at most: more than many cards take would be one part."""

LARGEST = 8192
"""Pixels along a side of a picture."""

SMALLEST = 64

LIBRARIES = "libegl1 libgl1 libgl1-mesa-dri libfontconfig1"
"""Debian packages that drawing off screen needs."""


def write_picture(
    surface: Surface,
    path: str | os.PathLike[str],
    size: tuple[int, int],
    pose: Pose | None = None,
    look: Look | None = None,
    tracks: Sequence[Track] = (),
    transparent: bool = False,
) -> None:
    """Draw the surface as `draw` does, and write it to a PNG file."""
    name = os.fspath(path)
    if not str(name).lower().endswith(".png"):
        raise ArgumentError(f"the picture is written as PNG: its name must end in .png, {name} does not")
    pixels = draw(surface, size, pose, look, tracks, transparent)
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    mark = PngInfo()
    mark.add_text("Software", "Atlas Fast")  # as our other pictures say: the command writes over its own only
    try:
        Image.fromarray(pixels).save(name, pnginfo=mark)
    except OSError as error:
        raise StoreError(f"cannot write {name}: {error.strerror or error}") from None


def draw(
    surface: Surface,
    size: tuple[int, int],
    pose: Pose | None = None,
    look: Look | None = None,
    tracks: Sequence[Track] = (),
    transparent: bool = False,
) -> NDArray[np.uint8]:
    """The picture, (height, width, 3), in a pose or the usual one; transparent: (height, width, 4),
    without a background.

    Raises DeviceError where there is no OpenGL, or its pictures cannot be so large; ArgumentError for a size that is
    not drawn, and as Scene does.
    """
    with still(surface, size, look, tracks) as shown:
        if pose is not None:
            pose.take(shown.scene)
        return shown.picture(transparent)


class Still:
    """A scene off screen, for pictures of one size. scene: to look at it from somewhere, or show something else."""

    def __init__(self, scene: Scene, size: tuple[int, int], part: tuple[int, int]) -> None:
        self.scene = scene
        self._scale = scene.scale / SHARPNESS
        self._size = size
        self._part = part
        self._written: tuple[Any, NDArray[np.uint8]] | None = None

    def picture(self, transparent: bool = False) -> NDArray[np.uint8]:
        """What the scene shows now, (height, width, 3), or (height, width, 4) with straight alpha."""
        from PIL import Image

        width, height = self._size
        # With a clear background, colours come multiplied by their alpha: Pillow's mode "RGBa".
        whole = Image.new("RGBa" if transparent else "RGBX", self._size)
        across, down = (side // SHARPNESS for side in self._part)
        for top in range(0, height, down):
            for left in range(0, width, across):
                self.scene.tile(left * SHARPNESS, top * SHARPNESS)
                ground = (0.0, 0.0, 0.0, 0.0) if transparent else None
                fine = np.ascontiguousarray(self.scene.canvas.render(bgcolor=ground, alpha=True))
                # Each of the four by itself: the mean of what is multiplied by its alpha.
                part = Image.frombuffer("RGBX", self._part, fine, "raw", "RGBX", 0, 1).reduce(SHARPNESS)
                whole.paste(
                    Image.frombuffer(whole.mode, part.size, part.tobytes(), "raw", whole.mode, 0, 1), (left, top)
                )
        furniture = Image.fromarray(self._furniture())
        if transparent:
            return np.asarray(Image.alpha_composite(whole.convert("RGBA"), furniture))
        done = whole.convert("RGB")
        done.paste(furniture, mask=furniture)
        return np.asarray(done)

    def _furniture(self) -> NDArray[np.uint8]:
        """Drawn anew where something else is shown, for it takes as long as the scene: a film shows the same from many
        sides."""
        said = (self.scene.surface, self.scene.dressed, self.scene.tracks)
        if self._written is None or self._written[0] != said:
            self._written = said, self.scene.furniture(self._size, self._scale)
        return self._written[1]


@contextmanager
def still(
    surface: Surface, size: tuple[int, int], look: Look | None = None, tracks: Sequence[Track] = ()
) -> Iterator[Still]:
    """A scene off screen whose pictures have a size, drawn in parts where they are large. Raises as `draw` does."""
    width, height = checked_size(size)
    frame = SHARPNESS * width, SHARPNESS * height
    part = min(frame[0], PART), min(frame[1], PART)
    scale = SHARPNESS * max(1.0, min(width, height) / ROOMY)
    with canvas(part) as drawn:
        from .drawing.scene import Scene

        yield Still(Scene(drawn, surface, scale, look, tracks, frame), (width, height), part)


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


def checked_size(size: Any) -> tuple[int, int]:
    """Width and height of a picture. Raises ArgumentError for what is not drawn."""
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise ArgumentError(f"size is {size!r}, (width, height) in pixels is wanted")
    width, height = (whole("size", side, SMALLEST) for side in size)
    if max(width, height) > LARGEST:
        raise ArgumentError(f"size is {width} x {height} pixels, at most {LARGEST} along a side are taken")
    return width, height
