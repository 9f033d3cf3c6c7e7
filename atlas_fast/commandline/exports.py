"""What `atlas-fast view --out FILE` writes, by the file's suffix, and the options that say how.

In: a surface, a file and options. Out: the file: a picture, a film, a page, a model, a solid, a grid; and which
derivatives of the surface it takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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

PANEL = "How it looks"


def _choice(name: str, help: str, metavar: str | None = None) -> Any:
    return typer.Option(name, help=help, metavar=metavar, rich_help_panel=PANEL)


Heights = Annotated[str | None, _choice("--heights", "clipped, linear or log.", "SCALE")]
Limit = Annotated[float | None, _choice("--limit", "The loss at which clipped heights are cut.", "LOSS")]
Colouring = Annotated[
    str | None, _choice("--colouring", "What colours show: loss, gradient_norm, slope or curvature.", "WHAT")
]
Colours = Annotated[str | None, _choice("--colours", "A colour map of matplotlib, or greys.", "MAP")]
Theme = Annotated[str | None, _choice("--theme", "light or dark.", "THEME")]
NoContours = Annotated[bool, _choice("--no-contours", "Without lines of equal loss.")]
Arrows = Annotated[bool, _choice("--arrows", "Arrows of steepest descent.")]
Streamlines = Annotated[bool, _choice("--streamlines", "Lines of steepest descent.")]
Above = Annotated[bool, _choice("--above", "As a map: flat, from straight above.")]
Azimuth = Annotated[float | None, _choice("--azimuth", "Round the surface, 0: with a to the right.", "DEGREES")]
Elevation = Annotated[float | None, _choice("--elevation", "Above the surface.", "DEGREES")]
Zoom = Annotated[float | None, _choice("--zoom", "How much larger than usual.", "FACTOR")]
Moment = Annotated[float | None, _choice("--moment", "Paths up to this share of their steps, 0 to 1.", "SHARE")]


@dataclass(frozen=True)
class Options:
    """How a file is to be written, as given on the command line. choices: of how it looks, by their names in the
    library, those that were given."""

    size: str | None
    transparent: bool
    film: bool
    seconds: float | None
    choices: dict[str, Any] = field(default_factory=dict)

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
        for choice in self.choices:
            suited = self._kinds(choice)
            if suffix not in suited:
                name = "--no-contours" if choice == "contours" else f"--{choice}"
                raise typer.BadParameter(f"it is for --out FILE{' or FILE'.join(suited)}", param_hint=name)
        self._check_values()

    def _check_values(self) -> None:
        from ..arguments import ArgumentError

        try:
            if self.size is not None:
                from ..viewer.offscreen import checked_size

                checked_size(_sides(self.size))
            if self.choices:
                _ = self.derivatives  # which says what cannot be had
        except ArgumentError as error:
            raise typer.BadParameter(str(error)) from None

    def _kinds(self, choice: str) -> tuple[str, ...]:
        """The suffixes of what a choice says something about."""
        from ..export import FORMATS

        films = () if self.film and choice == "moment" else FILMS
        others = [suffix for suffix, made in FORMATS.items() if choice in made.carries]
        return (PICTURE, *films, *others, *([".html"] if choice == "theme" else []))

    @property
    def derivatives(self) -> dict[str, bool]:
        """Those that the surface is to have, as problem.surface takes them. Raises ArgumentError for choices that
        cannot be had."""
        from ..look import FIELDS, Look
        from ..viewer.drawing.pose import CHOICES, Pose

        Pose(**{name: value for name, value in self.choices.items() if name in CHOICES})
        return Look().changed(**{name: value for name, value in self.choices.items() if name in FIELDS}).derivatives

    def write(self, surface: Surface, out: Path) -> None:
        """Write the file."""
        from .. import viewer

        asked = dict(self.choices) if self.size is None else {"size": _sides(self.size), **self.choices}
        suffix = out.suffix.lower()
        if suffix == PICTURE:
            viewer.picture(surface, out, **asked, transparent=self.transparent)
        elif suffix in FILMS:
            asked |= {} if self.seconds is None else {"seconds": self.seconds}
            (viewer.training_film if self.film else viewer.turntable)(surface, out, **asked)
        else:
            surface.export(out, **asked)


def _sides(text: str) -> tuple[int, int]:
    """--size as two numbers."""
    found = re.fullmatch(r"(\d+)[x×](\d+)", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text}: width and height in pixels are wanted, as in 1920x1080", param_hint="--size")
    return int(found[1]), int(found[2])
