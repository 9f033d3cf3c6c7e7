"""The viewer: a surface and its path on the screen, or in a picture made off screen.

    atlas_fast.viewer.show(surface)                       opens a window, returns when it is closed
    atlas_fast.viewer.start()                             the same with an empty workspace, or a file's
    atlas_fast.viewer.picture(surface, "picture.png")     needs no display
    atlas_fast.viewer.turntable(surface, "film.gif")      nor does this, once round the surface
    atlas_fast.viewer.training_film(surface, "film.mp4")  nor this, the paths as they grow

VisPy and Qt come with `pip install 'atlas-fast[viewer]'`. Nothing here computes a loss: `drawing` puts a surface and
its paths on a canvas, `window`, `offscreen` and `animation` show it, `panels` edit a workspace, `opening` and `display`
find out whether a window can be had.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if __name__ != "atlas_fast.viewer":
    raise ImportError(
        "this folder is installed as atlas_fast.viewer; a plain `import viewer` from the project's root "
        "would load a second copy of it: import atlas_fast.viewer"
    )

if TYPE_CHECKING:
    from ..look import Look
    from ..problem import Problem
    from ..progress import Progress
    from ..surface import Surface
    from ..training import Run

__all__ = ["edit", "picture", "show", "start", "training_film", "turntable"]


def show(surface: Surface, run: Run | Mapping[str, Run] | None = None) -> None:
    """Open a window with the surface and the paths of its runs (or of another one, or several as a dict of names);
    return when it is closed.

    Drag to turn, wheel to zoom; R resets the view, T looks from above, space plays, S saves a picture, Q closes.
    Raises DeviceError, in a line with the way out, without VisPy and Qt, a display or OpenGL; ArgumentError for a
    surface of one line.
    """
    from .opening import open_window

    open_window(_checked(surface, run))


def start(path: str | os.PathLike[str] | None = None) -> None:
    """Open a window with an empty workspace, or that of a file, which is trained; return when it is closed.

    Raises DeviceError as `show` does, WorkspaceError for a file that cannot be read.
    """
    from pathlib import Path

    from ..workspace import Workspace
    from .opening import open_file

    if path is not None:
        Workspace.read(path)  # what is wrong with it is told here, not in a window
    open_file(None if path is None else Path(path))


def edit(problem: Problem) -> None:
    """Open a window with a problem as a workspace, to train and to look at; return when it is closed.

    Raises DeviceError as `show` does.
    """
    from .opening import open_problem

    open_problem(problem)


def picture(
    surface: Surface,
    path: str | os.PathLike[str],
    size: tuple[int, int] = (1280, 960),
    run: Run | None = None,
    transparent: bool = False,
) -> None:
    """Write what the window would show to a PNG file of `size` (width, height) pixels; no display is needed.

    size: at most 8192 along a side. transparent: without a background.
    Raises DeviceError without VisPy or OpenGL, ArgumentError for a surface of one line or a size that cannot be
    drawn, StoreError where the file cannot be written.
    """
    from .offscreen import write_picture

    write_picture(_checked(surface, run), path, size, transparent=transparent)


def turntable(
    surface: Surface,
    path: str | os.PathLike[str],
    seconds: float = 8.0,
    frames_per_second: float = 25.0,
    size: tuple[int, int] = (960, 720),
    run: Run | Mapping[str, Run] | None = None,
    look: Look | None = None,
    progress: Progress = None,
) -> None:
    """Write a film that goes once round the surface, to be repeated without a seam; no display is needed.

    path: a .gif, or an .mp4, for which the extra `film` brings ffmpeg. size: (width, height) in pixels, of an .mp4 even
    numbers. run: another run than the surface's own, or several as a dict of names, each in a colour of its own.
    look: as the scene is dressed, None for the usual. progress: as problem.surface has it; one that says stop leaves
    the frames up to then.

    Raises DeviceError without VisPy, OpenGL or ffmpeg, ArgumentError for what cannot be drawn, StoreError where the
    file cannot be written.
    """
    surface = _checked(surface, run)
    from .animation import Reel, write_turntable

    write_turntable(surface, (), Reel.of(path, seconds, frames_per_second, size), progress, look)


def training_film(
    surface: Surface,
    path: str | os.PathLike[str],
    seconds: float = 8.0,
    frames_per_second: float = 25.0,
    size: tuple[int, int] = (960, 720),
    run: Run | Mapping[str, Run] | None = None,
    look: Look | None = None,
    progress: Progress = None,
) -> None:
    """Write a film of the run, or the runs, as they train, step by step; arguments and errors are those of turntable.

    Each path is drawn up to the same share of its steps. Raises ArgumentError where there is no run, too.
    """
    surface = _checked(surface, run)
    from .animation import Reel, write_training

    write_training(surface, (), Reel.of(path, seconds, frames_per_second, size), progress, look)


def _checked(surface: Surface, run: Run | Mapping[str, Run] | None) -> Surface:
    """The surface with the run, or the runs, to show."""
    from ..arguments import ArgumentError
    from ..surface import Surface

    if not isinstance(surface, Surface):
        raise ArgumentError(f"surface is a {type(surface).__name__}, what problem.surface(..) returned is wanted")
    if len(surface.b) == 1:
        raise ArgumentError("the surface is a line, of one scalar weight: surface.plot() draws it as a curve")
    return surface if run is None else surface.showing(run)
