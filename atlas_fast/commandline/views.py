"""`atlas-fast view`: a surface in the viewer's window, or in a file, see exports.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import exports
from .output import SURFACE, Targets, check_suffix, is_folder, out_option, tell_messages
from .workspaces import landscape

if TYPE_CHECKING:
    from ..surface import Surface


def view(
    what: Annotated[
        Path | None,
        typer.Argument(
            metavar="[WORKSPACE | SURFACE]",
            help="A workspace file, or a surface such as iris.npz; none: an empty workspace, and a tour at first.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        out_option(exports.HELP),
    ] = None,
    size: exports.Size = None,
    transparent: exports.Transparent = False,
    film: exports.Film = False,
    seconds: exports.Seconds = None,
    heights: exports.Heights = None,
    limit: exports.Limit = None,
    colouring: exports.Colouring = None,
    colours: exports.Colours = None,
    theme: exports.Theme = None,
    no_contours: exports.NoContours = False,
    arrows: exports.Arrows = False,
    streamlines: exports.Streamlines = False,
    above: exports.Above = False,
    azimuth: exports.Azimuth = None,
    elevation: exports.Elevation = None,
    zoom: exports.Zoom = None,
    moment: exports.Moment = None,
) -> None:
    """Open the viewer: on a surface, to turn and zoom, or on a workspace, which is trained; or write a surface to a
    file."""
    given = {
        "heights": heights, "limit": limit, "colouring": colouring, "colours": colours, "theme": theme,
        "contours": False if no_contours else None, "arrows": arrows or None, "streamlines": streamlines or None,
        "above": above or None, "azimuth": azimuth, "elevation": elevation, "zoom": zoom, "moment": moment,
    }  # fmt: skip
    chosen = {name: value for name, value in given.items() if value is not None}
    options = exports.Options(size, transparent, film, seconds, chosen)
    if out is not None:
        if what is None:
            raise typer.BadParameter("a workspace or a surface is wanted: there is nothing to draw", param_hint="--out")
        named = not is_folder(out)
        out = out if named else out / f"{what.stem}-view.png"  # NAME.png is the picture of `run`
        check_suffix(out, *exports.SUFFIXES)
        Targets((out,), named).check([what])
    options.check(out)
    if out is not None and what is not None:
        options.write(_surface(what, options.derivatives), out)
        print(out)
        return
    from .. import viewer

    if what is not None and what.suffix.lower() == SURFACE:
        viewer.show(_surface(what))
    else:
        viewer.start(what)


def _surface(what: Path, also: Mapping[str, bool] | None = None) -> Surface:
    """The surface of a file, or of a workspace, then with these derivatives besides its own."""
    from ..storage import load
    from ..workspace import Workspace

    if what.suffix.lower() == SURFACE:
        return load(what)
    made = landscape(Workspace.read(what), also=also)
    tell_messages(made.run, made.surface)
    return made.surface
