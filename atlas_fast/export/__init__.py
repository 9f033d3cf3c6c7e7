"""Surfaces as files for other programs, each kind of them a row of FORMATS.

In: a Surface, its runs and a file's name, whose suffix says what is wanted. Out: the file, written whole or not at
all. vtk: for ParaView. solid: for a 3-D printer. model: for what shows 3-D models. page: for a browser. They draw with
relief (a surface as it is seen) and trails (the paths on it).
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .. import arguments
from ..arguments import ArgumentError
from ..errors import DeviceError, StoreError, nearest

if TYPE_CHECKING:
    from ..surface import Surface
    from ..training import Run

FORMATS = {
    ".vts": ("vtk", "structured"),
    ".vtk": ("vtk", "legacy"),
    ".stl": ("solid", "solid"),
    ".glb": ("model", "model"),
    ".html": ("page", "page"),
}
"""Suffix -> the module and its function, of (surface, runs, **options), whose answer writes to an open file."""

Runs = Mapping[str, "Run"]
"""Runs of one problem by what they are called; a single one by the empty text."""


def export(
    surface: Surface, path: str | os.PathLike[str], run: Run | Mapping[str, Run] | None = None, **options: Any
) -> None:
    """What Surface.export calls, where it is described."""
    from ..storage import check_folder, write

    target = arguments.file("path", path)
    suffix = target.suffix.lower()
    if suffix not in FORMATS:
        raise StoreError(f"cannot export to {target}: the name must end in {', '.join(list(FORMATS)[:-1])} or .html")
    if len(surface.b) == 1:
        raise ArgumentError("the surface is a line, of one scalar weight: surface.plot() draws it as a curve")
    runs = _runs(surface, run)
    module, function = FORMATS[suffix]
    maker: Callable[..., Any] = getattr(import_module(f".{module}", __name__), function)
    _check_options(suffix, maker, options)
    check_folder(target)
    write(target, maker(surface, runs, **options))


def _runs(surface: Surface, run: Run | Mapping[str, Run] | None) -> Runs:
    """The runs by name, each one of the surface's own problem."""
    if run is None:
        return {} if surface.run is None else {"": surface.run}
    named = run if isinstance(run, Mapping) else {"": run}
    return {str(name): surface.showing(one).plane.run for name, one in named.items()}  # type: ignore[misc]


def _check_options(suffix: str, maker: Callable[..., Any], options: Mapping[str, Any]) -> None:
    known = [name for name in inspect.signature(maker).parameters if name not in ("surface", "runs")]
    for name in options:
        if name not in known:
            meant = nearest(name, known)
            told = f"did you mean {meant}?" if meant else f"there are {', '.join(known)}" if known else "it has none"
            raise ArgumentError(f"{suffix} has no option {name}: {told}")


def needed(package: str, suffix: str) -> Any:
    """A package of the extra `export`. Raises DeviceError where it is not installed."""
    try:
        return import_module(package)
    except ImportError:
        name = package.partition(".")[0]
        raise DeviceError(f"{suffix} needs {name}, which is not installed: pip install 'atlas-fast[export]'") from None
