"""A workspace: the document of a TOML file, and what it asks for.

In: a path, or a document. Out: an immutable Workspace, which makes the problem, the run and the surface, and writes
itself as TOML again.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import arguments
from ..arguments import ArgumentError
from ..errors import DataError, ExpressionError, WorkspaceError
from ..optimizers import Optimizer
from . import document as documents
from . import filing
from .document import Document
from .keys import is_shape
from .samples import Samples, files, samples, unscaled
from .wording import in_workspace, worded

if TYPE_CHECKING:
    from ..matrices import Matrix
    from ..planes import Plane
    from ..problem import Problem
    from ..progress import Progress
    from ..surface import Grid, Surface
    from ..training import Run

LARGEST = 64 * 2**20
"""Bytes of a file; data of that size belong into files of their own."""


@dataclass(frozen=True, eq=False)
class Workspace:
    """A loss, its data and weights, how to train it, and the surface to make.

    folder: what file names are relative to; None where there is no file. source: what messages call it.
    Made by `read` or `parse`, which check every key and value.
    """

    _document: Document = field(repr=False)
    folder: Path | None
    source: str

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Workspace:
        """The workspace of a TOML file. Raises WorkspaceError, in one line, for a file that cannot be read, is no
        TOML, or has a key or value that is not wanted; ArgumentError for a path that is no text."""
        file = arguments.file("path", path)
        try:
            with file.open("rb") as stream:
                content = stream.read(LARGEST + 1)
        except OSError as error:
            raise WorkspaceError(f"cannot read {file}: {error.strerror or error}") from None
        if len(content) > LARGEST:
            raise WorkspaceError(f"cannot read {file}: it has more than {LARGEST >> 20} MiB; keep data in other files")
        try:
            text = content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            told = documents.other_kind(file) or f"byte {error.start:,} is no UTF-8; is it a text file?"
            raise WorkspaceError(f"cannot read {file}: {told}") from None
        try:
            document = documents.parsed(text, file.name)
        except WorkspaceError:
            if told := documents.other_kind(file):
                raise WorkspaceError(f"cannot read {file}: {told}") from None
            raise
        return cls.parse(document, file.parent, file.name)

    @classmethod
    def parse(cls, document: Mapping[str, Any], folder: Path | None = None, source: str = "the workspace") -> Workspace:
        """The workspace of a document, as a TOML file would hold it; a matrix in it may be a float64 array as well.
        Raises WorkspaceError as `read` does."""
        documents.checked(document, source)
        return cls(copy.deepcopy(dict(document)), folder, source)

    @property
    def document(self) -> Document:
        """A copy of what the file holds: dicts, lists, texts, numbers and booleans."""
        found: Document = _listed(self._document)
        return found

    @property
    def loss(self) -> str:
        """The text of the loss."""
        return str(self._document["loss"])

    @property
    def files(self) -> list[Path]:
        """The files that its data are read from."""
        return files(self._document, self.folder)

    def toml(self) -> str:
        """The workspace as the text of a TOML file, which reads back to the same document."""
        return documents.written(self.document)

    def changed(self, seed: int | None = None, resolution: int | None = None) -> Workspace:
        """The same with another seed of the training (without one, of the surface), or another resolution."""
        document = copy.deepcopy(self._document)
        if seed is not None:
            document.setdefault("training" if "training" in document else "surface", {})["seed"] = seed
        if resolution is not None:
            document.setdefault("surface", {})["resolution"] = resolution
        return Workspace.parse(document, self.folder, self.source)

    @property
    def optimizer(self) -> Optimizer | None:
        """The optimizer of [training], None without that section."""
        return documents.optimizer(self._document, self.source)

    @cached_property
    def samples(self) -> Samples:
        """The data, read once: for training and for testing, scaled, and the scalings that were fitted."""
        return samples(self._document, self.folder, self.source)

    def with_loss(self, loss: str, weights: Mapping[str, Any]) -> Workspace:
        """The same with another loss and other [weights]. Data that were read serve both, so that a loss can be tried
        as it is typed. Raises WorkspaceError for what cannot be a loss or weights."""
        told = {"loss": loss, "weights": copy.deepcopy(dict(weights))}
        documents.checked(told, self.source)
        found = Workspace({**self._document, **told}, self.folder, self.source)
        if "samples" in vars(self):
            vars(found)["samples"] = self.samples  # where cached_property keeps it
        return found

    def matrices(self) -> dict[str, Matrix]:
        """Name -> all samples of the data, features x samples, before splitting and scaling."""
        return unscaled(self._document, self.folder, self.source)

    def packed(self) -> tuple[Document, dict[str, Matrix]]:
        """The document without its numbers, and those apart, as a link holds them. See `filing.packed`."""
        return filing.packed(self)

    def save(self, path: str | os.PathLike[str], replace: bool = False) -> list[Path]:
        """Write it to a new .toml file, or over one that is there (`replace`), large data to a .npz file beside it;
        return both. See `filing.save`."""
        return filing.save(self, arguments.file("path", path), replace)

    def problem(self) -> Problem:
        """The problem, with its data for training. Raises WorkspaceError for data that cannot be read, and what
        Problem raises."""
        return self._problem(self.samples.train, self._weights())

    def test_problem(self, problem: Problem) -> Problem | None:
        """The same loss and weights with the samples that are kept for testing; None without [split]."""
        if self.samples.test is None:
            return None
        return self._problem(self.samples.test, dict(problem.weights))

    def _problem(self, data: Mapping[str, Matrix], weights: Mapping[str, Any]) -> Problem:
        from ..problem import Problem

        try:
            return Problem(self.loss, data, weights, sources=self.samples.sources)
        except DataError as error:
            raise WorkspaceError(f"{self.source}: {worded(str(error))}") from None
        except ExpressionError as error:
            raise in_workspace(error, self.source) from None

    def _weights(self) -> dict[str, Any]:
        """[weights] as Problem takes them."""
        found: dict[str, Any] = {}
        for name, value in self._document.get("weights", {}).items():
            if is_shape(value):
                found[name] = None if value == "?" else tuple(None if size == "?" else size for size in value)
            else:
                found[name] = value
        return found

    def train(self, problem: Problem | None = None, progress: Progress = None) -> Run | None:
        """Train as [training] says; None without that section. progress: see `Problem.train`."""
        optimizer = self.optimizer
        if optimizer is None:
            return None
        problem = self.problem() if problem is None else problem
        section = self._document["training"]
        how = {key: section[key] for key in ("epochs", "seed", "batch_size", "dtype") if key in section}
        with self._naming("training"):
            return problem.train(optimizer, progress=progress, **how)

    def surface(
        self,
        problem: Problem | None = None,
        run: Run | None = None,
        progress: Progress = None,
        backend: str = "auto",
        **also: bool,
    ) -> Surface:
        """The surface that [surface] asks for, round a run, or round the starting weights where there is none.

        Without `plane` it is the run's principal plane; of one or two scalar weights, their axes. `seed` draws random
        directions, and the starting weights where nothing is trained. backend: as for `Problem.surface`. also:
        derivatives that it is to have besides those of [surface], by their names there. Raises WorkspaceError for a
        plane, extent or resolution that cannot be used.
        """
        problem = self.problem() if problem is None else problem
        with self._naming("surface"):
            plane, extent = self._placed(problem, run, progress)
            settings = {**self._surface_settings(), **also}
            return problem.surface(plane, extent=extent, backend=backend, progress=progress, **settings)

    def grid(self, problem: Problem, runs: Sequence[Run] = (), progress: Progress = None, **also: bool) -> Grid:
        """The grid of that surface with nothing of it computed; for several runs, the last of which it shows, on the
        plane that they share, as `compare` finds it. also: derivatives that it is to have besides those of [surface],
        by their names there. progress: of finding the plane; see `Plane.hessian`. Raises WorkspaceError as `surface`
        does."""
        from ..comparison import framed
        from ..surface import grid

        with self._naming("surface"):
            section, settings = self._document.get("surface", {}), {**self._surface_settings(), **also}
            resolution = settings.pop("resolution", 512)
            if len(runs) < 2:
                plane, extent = self._placed(problem, runs[0] if runs else None, progress)
                return grid(problem, plane, resolution, extent, **settings)
            own = "components" in section or section.get("plane", "pca") != "pca"
            shared, extent, _ = framed(
                problem, runs, self._plane(problem, runs[-1], progress) if own else None, section.get("extent")
            )
            return grid(problem, shared.framing(runs[-1]), resolution, extent, **settings)

    def _surface_settings(self) -> dict[str, Any]:
        """What problem.surface takes by name."""
        kept = ("resolution", "gradient", "curvature", "gradient_norm", "dtype")
        section = self._document.get("surface", {})
        return {key: section[key] for key in kept if key in section}

    def _placed(self, problem: Problem, run: Run | None, progress: Progress) -> tuple[Plane, Any]:
        """The plane and the extent of the surface."""
        plane = self._plane(problem, run, progress)
        extent = self._document.get("surface", {}).get("extent")
        if extent is None and run is None and problem.start is not None:
            # Where coordinates are the weights themselves, the starting values are not at the centre.
            a, b = plane.project(problem.start)[0][0]
            extent = (a - 1, a + 1, b - 1, b + 1)
        return plane, extent

    def _plane(self, problem: Problem, run: Run | None, progress: Progress) -> Plane:
        from ..planes import Plane

        section = self._document.get("surface", {})
        kind = section.get("plane") or ("axes" if run is None or problem.size <= 2 else "pca")
        if kind == "pca":
            if run is None:
                raise ArgumentError('plane = "pca" is that of a run, and there is no [training]')
            return Plane.pca(run, **({"components": tuple(section["components"])} if "components" in section else {}))
        center: Any = problem.init(section.get("seed", 0)) if run is None else run
        if kind == "hessian":
            return Plane.hessian(problem, center, progress)
        if kind == "random":
            normalize = section.get("normalize", "variable")
            return Plane.random(problem, center, section.get("seed", 0), None if normalize == "none" else normalize)
        axes: tuple[str, ...] = tuple(section.get("axes", ()))
        if not axes and problem.size > 2:
            way = "name two of them in axes" if "plane" in section else 'add [training], or plane = "random"'
            raise ArgumentError(f"plane is wanted for a loss of {problem.size:,} scalar weights: {way}")
        if 0 < len(axes) < problem.size:
            return Plane.axes(problem, axes[0], axes[1] if len(axes) > 1 else None, center)
        plane = Plane.axes(problem, *axes) if axes else Plane.default(problem)
        return plane if run is None else plane.framing(run)

    @contextmanager
    def _naming(self, section: str) -> Iterator[None]:
        """Raise WorkspaceError, with the file and the section, for an argument that comes from there."""
        try:
            yield
        except (ArgumentError, DataError) as error:
            raise WorkspaceError(f"{self.source}: [{section}] {worded(str(error))}") from None


def _listed(value: Any) -> Any:
    """A copy of a document's value, with arrays as lists."""
    if isinstance(value, Mapping):
        return {name: _listed(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_listed(entry) for entry in value]
    return value.tolist() if isinstance(value, np.ndarray) else value
