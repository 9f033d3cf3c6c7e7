"""What a command leaves behind: a surface in a .npz file, a picture, a line or a JSON object about them.

In: a surface and the files to write. A file that is named with --out is written over. One that the command names
itself is written over only where Atlas Fast wrote it, for anything else may be dear to somebody.
"""

from __future__ import annotations

import json
import math
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ..surface import Surface
    from ..training import Run

SURFACE = ".npz"
PICTURES = (".png", ".svg", ".pdf")

MARK = "Atlas Fast"
"""How our pictures name the program that made them."""


@dataclass(frozen=True)
class Targets:
    """The files to write, each with its directory; named: whether by the user, not by the
    command, as where --out is a folder."""

    paths: tuple[Path, ...]
    named: bool

    def check(self, inputs: Sequence[Path] = ()) -> None:
        """Raise StoreError, before any work, for a file that cannot or must not be written."""
        from ..errors import StoreError
        from ..storage import check_folder

        for path in self.paths:
            check_folder(path)
            if any(path.resolve() == other.resolve() for other in inputs):
                raise StoreError(f"cannot write {path}: it is read by the workspace; name another with --out")
            if not self.named and path.exists() and not _ours(path):
                raise StoreError(f"{path} is there already, and not written by Atlas Fast: name another with --out")

    def write(self, surface: Surface) -> None:
        """Write the surface, and its picture."""
        for path in self.paths:
            if path.suffix.lower() == SURFACE:
                surface.save(path)
            else:
                _draw(surface, path)

    def __str__(self) -> str:
        return ", ".join(map(str, self.paths))


def _given(text: str | Path) -> Path:
    """--out as a path. A slash at its end says that it is a folder, which a path forgets."""
    if not str(text):
        raise typer.BadParameter("the name is empty: name a file, or a folder that is there")
    path = Path(text)
    if str(text).endswith(("/", os.sep)) and not path.is_dir():
        raise typer.BadParameter(f"there is no folder {text}")
    return path


def out_option(help: str) -> Any:
    """The option --out."""
    return typer.Option(parser=_given, metavar="PATH", help=help)


def is_folder(path: Path) -> bool:
    """Whether --out names a folder that is to hold the files. One with a file's suffix is in the file's way."""
    return path.is_dir() and path.suffix.lower() not in (SURFACE, *PICTURES)


def check_suffix(path: Path, *suffixes: str) -> None:
    """Raise typer's error of wrong usage for a file of another kind."""
    if path.suffix.lower() not in suffixes:
        raise typer.BadParameter(f"{path} must end in {' or '.join(suffixes)}", param_hint="--out")


def _draw(surface: Surface, path: Path) -> None:
    from ..storage import write

    figure, kind = surface.plot(), path.suffix.lower()[1:]
    key = "Software" if kind == "png" else "Creator"
    write(path, lambda file: figure.savefig(file, format=kind, metadata={key: MARK}))


def _ours(path: Path) -> bool:
    from ..errors import StoreError
    from ..storage import load

    if path.suffix.lower() == SURFACE:
        try:
            load(path)
        except StoreError:
            return False
        return True
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return picture.info.get("Software") == MARK
    except OSError:
        return False


@contextmanager
def without_warnings() -> Iterator[None]:
    """Silence what a run's or a surface's message says, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def tell_messages(run: Run | None, surface: Surface) -> None:
    """Say on the standard error stream what a reader of the surface must know."""
    for text in messages(run, surface):
        print(f"atlas-fast: {text}", file=sys.stderr)


def messages(run: Run | None, surface: Surface) -> list[str]:
    """What a reader of the surface must know."""
    from ..workspace.wording import worded

    return [worded(text) for text in ("" if run is None else run.message, surface.message) if text]


def sizes(surface: Surface) -> str:
    """How large a surface is and how long it took."""
    rows, columns = surface.loss.shape
    return f"{rows:,} x {columns:,} vertices, surface {surface.seconds:.2f} s"


def print_object(told: Mapping[str, Any]) -> None:
    """Print one JSON object; JSON has no nan or inf, null stands for them."""
    finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in told.items()}
    print(json.dumps(finite, allow_nan=False))
