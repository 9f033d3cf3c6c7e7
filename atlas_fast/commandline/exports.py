"""What `atlas-fast view --out FILE` writes, by the file's suffix, and the options that say how.

In: a surface, a file and options. Out: the file: a picture, a film, a page, a model, a solid, a grid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..surface import Surface

PICTURE = ".png"
FILMS = (".gif", ".mp4")
SUFFIXES = (PICTURE, *FILMS, ".html", ".glb", ".stl", ".vts", ".vtk")

HELP = (
    "FILE.png: a picture of what the window would show. FILE.gif, .mp4: a film that goes once round the surface. "
    "FILE.html: a page to turn in any browser. FILE.glb: a model for slides. FILE.stl: a solid to print. FILE.vts, "
    ".vtk: for ParaView. A folder: NAME-view.png in it."
)

Size = Annotated[
    str | None, typer.Option("--size", metavar="WxH", help="Pixels of the picture or film, as in 7680x4320.")
]
Transparent = Annotated[bool, typer.Option("--transparent", help="The picture without a background.")]
Film = Annotated[bool, typer.Option("--film", help="A film of the training, in place of one that goes round.")]
Seconds = Annotated[
    float | None, typer.Option("--seconds", metavar="SECONDS", help="How long the film is; 8 without it.")
]


@dataclass(frozen=True)
class Options:
    """How a file is to be written, as given on the command line."""

    size: str | None
    transparent: bool
    film: bool
    seconds: float | None

    def check(self, out: Path | None) -> None:
        """Raise typer's error of wrong usage for an option that says nothing about such a file, or about a window."""
        suffix = "" if out is None else out.suffix.lower()
        for name, given, kinds in (
            ("--size", self.size is not None, (PICTURE, *FILMS)),
            ("--transparent", self.transparent, (PICTURE,)),
            ("--film", self.film, FILMS),
            ("--seconds", self.seconds is not None, FILMS),
        ):
            if given and suffix not in kinds:
                raise typer.BadParameter(f"it is for --out FILE{' or FILE'.join(kinds)}", param_hint=name)
        if self.size is not None:
            _sides(self.size)

    def write(self, surface: Surface, out: Path) -> None:
        """Write the file."""
        from .. import viewer

        asked: dict[str, Any] = {} if self.size is None else {"size": _sides(self.size)}
        suffix = out.suffix.lower()
        if suffix == PICTURE:
            viewer.picture(surface, out, **asked, transparent=self.transparent)
        elif suffix in FILMS:
            asked |= {} if self.seconds is None else {"seconds": self.seconds}
            (viewer.training_film if self.film else viewer.turntable)(surface, out, **asked)
        else:
            surface.export(out)


def _sides(text: str) -> tuple[int, int]:
    """--size as two numbers."""
    found = re.fullmatch(r"(\d+)[x×](\d+)", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text}: width and height in pixels are wanted, as in 1920x1080", param_hint="--size")
    return int(found[1]), int(found[2])
