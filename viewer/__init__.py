"""The viewer: a surface and its path on the screen, or in a picture made off screen.

    atlas_fast.viewer.show(surface)                       opens a window, returns when it is closed
    atlas_fast.viewer.start()                             the same with an empty workspace, or a file's
    atlas_fast.viewer.picture(surface, "picture.png")     needs no display

VisPy and Qt come with `pip install 'atlas-fast[viewer]'`. Nothing here computes a loss: `drawing` puts a surface and
its paths on a canvas, `window` and `offscreen` show it, `panels` edit a workspace, `opening` and `display` find out
whether a window can be had.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if __name__ != "atlas_fast.viewer":
    raise ImportError(
        "this folder is installed as atlas_fast.viewer; a plain `import viewer` from the project's root "
        "would load a second copy of it: import atlas_fast.viewer"
    )

if TYPE_CHECKING:
    from ..problem import Problem
    from ..surface import Surface
    from ..training import Run

__all__ = ["edit", "picture", "show", "start"]


def show(surface: Surface, run: Run | None = None) -> None:
    """Open a window with the surface and the path of its run (or another one); return when it is closed.

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
) -> None:
    """Write what the window would show to a PNG file of `size` (width, height) pixels; no display is needed.

    Raises DeviceError without VisPy or OpenGL, ArgumentError for a surface of one line or a size that cannot be
    drawn, StoreError where the file cannot be written.
    """
    from .offscreen import write_picture

    write_picture(_checked(surface, run), path, size)


def _checked(surface: Surface, run: Run | None) -> Surface:
    """The surface with the run to show."""
    from ..arguments import ArgumentError
    from ..surface import Surface

    if not isinstance(surface, Surface):
        raise ArgumentError(f"surface is a {type(surface).__name__}, what problem.surface(..) returned is wanted")
    if len(surface.b) == 1:
        raise ArgumentError("the surface is a line, of one scalar weight: surface.plot() draws it as a curve")
    return surface if run is None else surface.showing(run)
