"""`atlas-fast share` and `atlas-fast open`: a workspace as a link, and a link as a workspace."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .application import Json
from .output import out_option, print_object
from .workspaces import WorkspaceFile

LONGEST = 4 * 2**20
"""Characters that are read from the standard input; a link is refused far below."""


def share(workspace: WorkspaceFile, as_json: Json = False) -> None:
    """Print a link that holds a workspace with its data."""
    from ..links import share as shared
    from ..workspace import Workspace

    link = shared(Workspace.read(workspace))
    if as_json:
        print_object({"workspace": str(workspace), "link": link})
    else:
        print(link)


def open_(
    link: Annotated[str, typer.Argument(help="A link, in quotes; - reads it from the standard input.")],
    out: Annotated[Path, out_option("FILE.toml, or the folder that is to hold workspace.toml.")] = Path(
        "workspace.toml"
    ),
    as_json: Json = False,
) -> None:
    """Write the workspace of a link to a file; large data go into a .npz file beside it."""
    from ..links import open_workspace

    if out.is_dir():
        out = out / "workspace.toml"
    if out.suffix.lower() != ".toml":
        raise typer.BadParameter(f"{out} must end in .toml, or be a folder that is there", param_hint="--out")
    text = sys.stdin.read(LONGEST) if link == "-" else link
    written = open_workspace(text.strip()).save(out)
    if as_json:
        print_object({"files": [str(path) for path in written]})
    else:
        print(f"{', '.join(map(str, written))}: written; next: atlas-fast run {out}")
