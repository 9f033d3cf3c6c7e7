"""`atlas-fast view`: a surface in the viewer's window, or a picture that the viewer makes off screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .output import SURFACE, Targets, check_suffix, is_folder, out_option, tell_messages
from .workspaces import landscape

if TYPE_CHECKING:
    from ..surface import Surface


def view(
    what: Annotated[
        Path, typer.Argument(metavar="WORKSPACE | SURFACE", help="A workspace file, or a surface such as iris.npz.")
    ],
    out: Annotated[
        Path | None,
        out_option("FILE.png: a picture of what the window would show. A folder: NAME-view.png in it."),
    ] = None,
) -> None:
    """Open a surface in the viewer, to turn and zoom; a workspace is trained first."""
    if out is not None:
        named = not is_folder(out)
        out = out if named else out / f"{what.stem}-view.png"  # NAME.png is the picture of `run`
        check_suffix(out, ".png")
        Targets((out,), named).check([what])
    surface = _surface(what)
    from .. import viewer

    if out is None:
        viewer.show(surface)
        return
    viewer.picture(surface, out)
    print(out)


def _surface(what: Path) -> Surface:
    """The surface of a file, or of a workspace."""
    from ..storage import load
    from ..workspace import Workspace

    if what.suffix.lower() == SURFACE:
        return load(what)
    made = landscape(Workspace.read(what))
    tell_messages(made.run, made.surface)
    return made.surface
