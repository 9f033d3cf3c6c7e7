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
from typing import TYPE_CHECKING, Any

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
    from .drawing.pose import Pose

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
    run: Run | Mapping[str, Run] | None = None,
    transparent: bool = False,
    look: Look | None = None,
    **choices: Any,
) -> None:
    """Write what the window would show to a PNG file of `size` (width, height) pixels; no display is needed.

    size: at most 8192 along a side. run: another run than the surface's own ones, or several as a dict of names, each
    in a colour of its own. transparent: without a background.

    choices, as the window has them: `heights` ("clipped", "linear", "log"), `limit`, the loss at which "clipped" cuts,
    `colouring` ("loss", "gradient_norm", "slope", "curvature"), which the surface must have been computed with,
    `colours`, a colour map of matplotlib or "greys", `contours` (True), `arrows`, `streamlines`, `theme` ("light",
    "dark"), `legend` (True). look: a Look, which they change.
    From where: `above`, as a map, flat and from straight above; or `azimuth`, degrees round the surface, 0: with a to
    the right, 90: from its right side, and `elevation`, degrees above it; `zoom` (1.0). When: `moment` (1.0), the share
    of their steps up to which paths are drawn.

    Raises DeviceError without VisPy or OpenGL, ArgumentError for a surface of one line, or without what its colours are
    to show, a size that cannot be drawn and other choices, StoreError where the file cannot be written.
    """
    surface = _checked(surface, run)
    from .offscreen import write_picture

    look, pose = _chosen(look, choices)
    write_picture(surface, path, size, pose, look, transparent=transparent)


def turntable(
    surface: Surface,
    path: str | os.PathLike[str],
    seconds: float = 8.0,
    frames_per_second: float = 25.0,
    size: tuple[int, int] = (960, 720),
    run: Run | Mapping[str, Run] | None = None,
    look: Look | None = None,
    progress: Progress = None,
    **choices: Any,
) -> None:
    """Write a film that goes once round the surface, to be repeated without a seam; no display is needed.

    path: a .gif, or an .mp4, for which the extra `film` brings ffmpeg. size: (width, height) in pixels, of an .mp4 even
    numbers. run: another run than the surface's own ones, or several as a dict of names, each in a colour of its own.
    progress: as problem.surface has it; one that says stop leaves the frames up to then. look, choices: as `picture`
    has them; the film begins where they say.

    Raises DeviceError without VisPy, OpenGL or ffmpeg, ArgumentError for what cannot be drawn, StoreError where the
    file cannot be written.
    """
    surface = _checked(surface, run)
    from .animation import Reel, write_turntable

    look, pose = _chosen(look, choices)
    write_turntable(surface, (), Reel.of(path, seconds, frames_per_second, size), progress, look, pose)


def training_film(
    surface: Surface,
    path: str | os.PathLike[str],
    seconds: float = 8.0,
    frames_per_second: float = 25.0,
    size: tuple[int, int] = (960, 720),
    run: Run | Mapping[str, Run] | None = None,
    look: Look | None = None,
    progress: Progress = None,
    **choices: Any,
) -> None:
    """Write a film of the run, or the runs, as they train, step by step; arguments and errors are those of turntable.

    Each path is drawn up to the same share of its steps. Raises ArgumentError where there is no run, and for a
    `moment`, too: the film shows all of them.
    """
    surface = _checked(surface, run)
    from .animation import Reel, write_training

    if "moment" in choices:
        from ..arguments import ArgumentError

        raise ArgumentError("a training film shows every moment of its runs: leave moment out")
    look, pose = _chosen(look, choices)
    write_training(surface, (), Reel.of(path, seconds, frames_per_second, size), progress, look, pose)


def _chosen(look: Look | None, choices: Mapping[str, Any]) -> tuple[Look, Pose]:
    """A look with the choices that are of one, and the pose of the others. Raises ArgumentError for what is neither."""
    from ..arguments import ArgumentError
    from ..errors import nearest
    from ..look import FIELDS, Look
    from .drawing.pose import CHOICES, Pose

    known = (*FIELDS, *CHOICES)
    for name in choices:
        if name not in known:
            meant = nearest(name, known)
            raise ArgumentError(
                f"there is no choice {name}: {f'did you mean {meant}?' if meant else 'there are ' + ', '.join(known)}"
            )
    worn = (look or Look()).changed(**{name: value for name, value in choices.items() if name in FIELDS})
    return worn, Pose(**{name: value for name, value in choices.items() if name in CHOICES})


def _checked(surface: Surface, run: Run | Mapping[str, Run] | None) -> Surface:
    """The surface with the run, or the runs, to show."""
    from ..arguments import ArgumentError
    from ..errors import named_type
    from ..surface import Surface

    if not isinstance(surface, Surface):
        raise ArgumentError(f"surface is {named_type(surface)}, what problem.surface(..) returned is wanted")
    if len(surface.b) == 1:
        raise ArgumentError("the surface is a line, of one scalar weight: surface.plot() draws it as a curve")
    return surface if run is None else surface.showing(run)
