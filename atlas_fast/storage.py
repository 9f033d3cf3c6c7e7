"""Surfaces on disk: a .npz file of plain arrays and one JSON text, without pickle.

In: a Surface with its runs, or a path. Out: a file that is written whole or not at all, or the Surface that it
holds.
"""

from __future__ import annotations

import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from . import arguments
from .errors import AtlasError, StoreError
from .planes import Plane
from .surface import Surface
from .training import Run

FORMAT = "atlas-fast surface"
VERSION = 1

Arrays = dict[str, NDArray[Any]]


def save(surface: Surface, path: str | os.PathLike[str]) -> None:
    """Write a surface, its plane and its runs to a .npz file.

    Raises StoreError for another suffix and where the file cannot be written; a file that was there is then
    kept. ArgumentError for a path that is no text.
    """
    target = arguments.file("path", path)
    if target.suffix.lower() != ".npz":
        raise StoreError(f"cannot save to {target}: the name must end in .npz")
    plane, run = surface.plane, surface.run
    arrays: Arrays = {
        "a": surface.a,
        "b": surface.b,
        "loss": surface.loss,
        "center": plane.center,
        "u": plane.u,
    }
    for name in DERIVATIVES:
        if getattr(surface, name) is not None:
            arrays[name] = getattr(surface, name)
    if plane.v is not None:
        arrays["v"] = plane.v
    if run is not None:
        arrays |= _arrays("run", run)
    for number, other in enumerate((surface.named or {}).values()):
        if other is not run:
            arrays |= _arrays(f"run{number}", other)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "expression": surface.expression,
        "latex": surface.latex,
        "weights": [[name, *shape] for name, shape in surface.weights.items()],
        "method": surface.method,
        "complete": surface.complete,
        "seconds": surface.seconds,
        "plane": {"explained": plane.explained, "labels": plane.labels},
        "run": None if run is None else _described(run),
        "runs": [[name, None if other is run else _described(other)] for name, other in (surface.named or {}).items()],
    }
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    write(target, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))


DERIVATIVES = {"gradient": (2,), "curvature": (3,), "gradient_norm": ()}
"""Arrays beside the loss that a surface may have, and their axes before its rows and columns. A file without them
is a file of the same version, and an older Atlas Fast passes over those that it does not know."""

# `runs` names the run that stands by itself, too, without a description of its own: an older Atlas Fast knows that one
# only, and reads a file with several.
RUN_FIELDS = (
    "epochs",
    "steps_per_epoch",
    "optimizer",
    "seed",
    "batch_size",
    "dtype",
    "diverged_at",
    "message",
)
"""What the header holds of a run; its arrays stand by themselves."""


def _arrays(name: str, run: Run) -> Arrays:
    """A run's arrays, by their names in a file."""
    return {f"{name}_weights": run.weights, f"{name}_loss": run.loss}


def _described(run: Run) -> dict[str, Any]:
    """What the header holds of a run."""
    return {name: getattr(run, name) for name in RUN_FIELDS}


def check_folder(target: Path) -> None:
    """Raise StoreError where the folder that a file is to stand in is not there."""
    if not target.parent.is_dir():
        raise StoreError(f"cannot write {target}: there is no folder {target.parent}")


def write(target: Path, content: Callable[[IO[bytes]], object]) -> None:
    """Write a file whole: beside its place first, then moved there. Raises StoreError where that fails."""
    check_folder(target)
    temporary = target.parent / f".{target.stem}.{secrets.token_hex(8)}{target.suffix}"
    try:
        # A new file with the permissions that the user's mask leaves, as open() would make it.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(handle, "wb") as file:
            content(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreError(f"cannot write {target}: {error.strerror or error}") from None
        raise


def load(path: str | os.PathLike[str]) -> Surface:
    """The surface that a .npz file holds, with its plane and runs.

    Raises StoreError, in one line, for a file that is not there, is damaged, or was not written by `save`;
    ArgumentError for a path that is no text.
    """
    source = arguments.file("path", path)
    if source.suffix.lower() != ".npz":
        raise StoreError(f"cannot load {source}: the name must end in .npz")
    try:
        with np.load(source, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except OSError as error:
        raise StoreError(f"cannot read {source}: {error.strerror or 'it is damaged'}") from None
    except (ValueError, KeyError, EOFError, MemoryError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        raise StoreError(f"cannot read {source}: it is damaged, or no .npz file") from None
    try:
        header = json.loads(arrays.pop("header").tobytes())
        if header["format"] != FORMAT:
            raise KeyError("format")
        newer = int(header["version"]) > VERSION
    except (KeyError, ValueError, TypeError, AttributeError):
        raise StoreError(f"cannot read {source}: it was not written by Atlas Fast") from None
    if newer:
        raise StoreError(f"cannot read {source}: it was written by a newer version of Atlas Fast")
    try:
        return _surface(header, arrays)
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, AtlasError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"cannot read {source}: its parts do not fit one another ({reason})") from None


def _surface(header: Mapping[str, Any], arrays: Arrays) -> Surface:
    """The surface of a header and arrays. Raises whatever comes where they do not fit one another."""
    for name, array in arrays.items():
        if array.dtype not in (np.float32, np.float64):
            raise ValueError(f"{name} is {array.dtype}")
    a, b, loss = arrays["a"], arrays["b"], arrays["loss"]
    if a.ndim != 1 or b.ndim != 1 or loss.shape != (len(b), len(a)):
        raise ValueError(f"loss is {loss.shape}, a {a.shape}, b {b.shape}")
    derivatives = {name: arrays.get(name) for name in DERIVATIVES}
    for name, found in derivatives.items():
        if found is not None and found.shape != (*DERIVATIVES[name], *loss.shape):
            raise ValueError(f"{name} is {found.shape}")
    if len(a) < 2 or not all(np.isfinite(x).all() and (np.diff(x) > 0).all() for x in (a, b)):
        raise ValueError("the coordinates do not rise")
    weights = {str(name): (int(rows), int(columns)) for name, rows, columns in header["weights"]}
    size = sum(rows * columns for rows, columns in weights.values())
    run = None if header["run"] is None else _run(header["run"], arrays, "run", size)
    explained, (first, second) = header["plane"]["explained"], header["plane"]["labels"]
    plane = Plane(
        arrays["center"],
        arrays["u"],
        arrays.get("v"),
        explained=None if explained is None else tuple(float(share) for share in explained),
        labels=(str(first), str(second)),
        run=run,
    )
    if plane.center.size != size:
        raise ValueError(f"center is {plane.center.shape}")
    return Surface(
        a=a,
        b=b,
        loss=loss,
        plane=plane,
        expression=str(header["expression"]),
        latex=str(header["latex"]),
        weights=weights,
        method=str(header["method"]),
        complete=bool(header["complete"]),
        seconds=float(header["seconds"]),
        named=_named(header.get("runs", []), run, arrays, size),
        **derivatives,
    )


def _named(rows: Any, own: Run | None, arrays: Arrays, size: int) -> dict[str, Run] | None:
    """The runs by their names; None where they have none."""
    found = {}
    for number, (name, described) in enumerate(rows):
        run = own if described is None else _run(described, arrays, f"run{number}", size)
        if run is None:
            raise ValueError(f"{name} names no run")
        found[str(name)] = run
    return found or None


def _run(header: Mapping[str, Any], arrays: Arrays, name: str, size: int) -> Run:
    weights, loss = arrays[f"{name}_weights"], arrays[f"{name}_loss"]
    if loss.ndim != 1 or not len(loss) or weights.shape != (len(loss), size):
        raise ValueError(f"{name}_weights is {weights.shape}, {name}_loss {loss.shape}")
    return Run(weights, loss, **{name: header[name] for name in RUN_FIELDS})
