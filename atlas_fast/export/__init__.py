"""Surfaces as files for other programs, each kind of them a row of FORMATS.

In: a Surface, its runs, how it is to look, and a file's name, whose suffix says what is wanted. Out: the file, written
whole or not at all. vtk: for ParaView. solid: for a 3-D printer. model: for what shows 3-D models. page: for a browser.
They draw with relief (a surface as it is seen) and trails (the paths on it).
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import arguments
from ..arguments import ArgumentError
from ..errors import DeviceError, StoreError, nearest

if TYPE_CHECKING:
    from ..look import Look
    from ..surface import Surface
    from ..training import Run


@dataclass(frozen=True)
class Format:
    """module, function: what makes it, of (surface, runs, look, **options), whose answer writes to an open file.
    carries: the fields of a Look that it holds. others: what becomes of the rest of them."""

    module: str
    function: str
    carries: tuple[str, ...]
    others: str


HEIGHTS = ("heights", "limit")

GRID = "colour maps and lines are chosen in the program that opens it"

FORMATS = {
    ".vts": Format("vtk", "structured", (*HEIGHTS, "colouring"), GRID),
    ".vtk": Format("vtk", "legacy", (*HEIGHTS, "colouring"), GRID),
    ".stl": Format("solid", "solid", HEIGHTS, "it has a shape and no colours"),
    ".glb": Format("model", "model", (*HEIGHTS, "colouring", "colours"), "it has no lines but paths, and no backdrop"),
    ".html": Format("page", "page", (*HEIGHTS, "colouring", "colours", "contours"), "plotly draws no such lines"),
}
"""What a surface can be written as, by suffix."""


class Shown(NamedTuple):
    """A run and its colour; None: that of its place among several, or of time."""

    run: Run
    colour: str | None


Runs = Mapping[str, Shown]
"""Runs of one problem by what they are called; a single one by the empty text."""


def export(
    surface: Surface,
    path: str | os.PathLike[str],
    run: Run | Mapping[str, Run] | None = None,
    look: Look | None = None,
    tints: Mapping[str, str] | None = None,
    **options: Any,
) -> None:
    """What Surface.export calls, where it is described. look: the format takes of it what it can hold; options go
    before it. tints: colours of the runs, by their names."""
    from ..storage import check_folder, write

    target = arguments.file("path", path)
    suffix = target.suffix.lower()
    if suffix not in FORMATS:
        raise StoreError(f"cannot export to {target}: the name must end in {', '.join(list(FORMATS)[:-1])} or .html")
    if len(surface.b) == 1:
        raise ArgumentError("the surface is a line, of one scalar weight: surface.plot() draws it as a curve")
    runs, made = _runs(surface, run, tints or {}), FORMATS[suffix]
    maker: Callable[..., Any] = getattr(import_module(f".{made.module}", __name__), made.function)
    own = [name for name in inspect.signature(maker).parameters if name not in ("surface", "runs", "look")]
    _check_options(suffix, own, options)
    check_folder(target)
    if look is not None and "theme" in own:
        options.setdefault("theme", look.theme)
    worn = _worn(made, look, {name: options.pop(name) for name in made.carries if name in options})
    write(target, maker(surface, runs, worn, **options))


def _runs(surface: Surface, run: Run | Mapping[str, Run] | None, tints: Mapping[str, str]) -> Runs:
    """The runs by name, each one of the surface's own problem."""
    if run is None:
        run = surface.named or surface.run or {}
    named = run if isinstance(run, Mapping) else {"": run}
    return {str(name): Shown(surface.checked(one), tints.get(str(name))) for name, one in named.items()}


def _worn(made: Format, look: Look | None, choices: Mapping[str, Any]) -> Look:
    """What a format can hold of a look, and choices in its place."""
    from ..look import Look

    return Look(**{name: getattr(look, name) for name in made.carries if look is not None}).changed(**choices)


def _check_options(suffix: str, own: list[str], options: Mapping[str, Any]) -> None:
    """Raise ArgumentError for one that a format does not have; own: those of its maker."""
    from ..look import FIELDS

    known = [*own, *FORMATS[suffix].carries]
    for name in options:
        if name in known:
            continue
        if name in FIELDS:
            others = FORMATS[suffix].others
            raise ArgumentError(f"{suffix} has no {name}: {others}; of a look it takes {', '.join(known[len(own) :])}")
        meant = nearest(name, known)
        told = f"did you mean {meant}?" if meant else f"there are {', '.join(known)}"
        raise ArgumentError(f"{suffix} has no option {name}: {told}")


def needed(package: str, suffix: str) -> Any:
    """A package of the extra `export`. Raises DeviceError where it is not installed."""
    try:
        return import_module(package)
    except ImportError:
        name = package.partition(".")[0]
        raise DeviceError(f"{suffix} needs {name}, which is not installed: pip install 'atlas-fast[export]'") from None
