"""A surface: the loss at the vertices of a grid on a plane through weight space.

In: a problem, a plane, a resolution and an extent. Out: an immutable Surface, which interpolates, places a run's path,
saves and draws itself. Rows follow b and columns a, whatever the grid's shape.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import arguments, kernels
from .arguments import ArgumentError, real, whole
from .errors import named_type
from .path import Path
from .planes import Plane
from .progress import Progress, Report, reporting

if TYPE_CHECKING:
    from .plot import Picture
    from .problem import Problem, Shape
    from .training import Run

Array = NDArray[np.float64]

POINTS_LIMIT = 2**31
"""Vertices of a surface that is held in memory: 8 GiB in float32."""


@dataclass(frozen=True, eq=False)
class Surface:
    """The loss on a grid; loss[i, j] is the loss at b[i], a[j].

    a: (columns,). b: (rows,). loss: (rows, columns). gradient: (2, rows, columns), dL/da and dL/db, or None.
    curvature: (3, rows, columns), the second derivatives L_aa, L_ab and L_bb along the plane, or None.
    gradient_norm: (rows, columns), the L2 norm of the gradient over all weights, or None.
    plane: where the grid lies. method: how it was computed. seconds: how long that took.
    complete: False where it was stopped; vertices that were not computed are nan, or lie between those that were.
    expression, latex: the loss. weights: name -> shape, the order of the plane's vectors.
    run: a run to show: the one saved with it, or the one its plane comes from. runs: all of them, by their names.
    named: those that were given by name, else None; `showing` gives them.

    Made by `problem.surface` or `af.load`.
    """

    a: Array
    b: Array
    loss: NDArray[np.floating[Any]]
    plane: Plane
    expression: str
    latex: str
    weights: Mapping[str, Shape]
    method: str
    gradient: NDArray[np.floating[Any]] | None = None
    complete: bool = True
    seconds: float = 0.0
    curvature: NDArray[np.floating[Any]] | None = None
    gradient_norm: NDArray[np.floating[Any]] | None = None
    named: Mapping[str, Run] | None = None

    def __post_init__(self) -> None:
        for array in (self.a, self.b, self.loss, self.gradient, self.curvature, self.gradient_norm):
            if array is not None:
                array.flags.writeable = False

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """(a0, a1, b0, b1): the first and last coordinates."""
        return float(self.a[0]), float(self.a[-1]), float(self.b[0]), float(self.b[-1])

    @property
    def run(self) -> Run | None:
        """The run that the surface shows, if there is one; of several the one its plane comes from, or the first."""
        return self.plane.run

    @property
    def runs(self) -> Mapping[str, Run]:
        """All runs that the surface shows, by the names that they were given; a single one without a name is called by
        its optimizer."""
        if self.named is not None:
            return self.named
        return {} if self.run is None else {self.run.optimizer: self.run}

    @property
    def overflowed(self) -> int:
        """How many vertices are inf or nan; of a surface that was stopped, those not computed among them."""
        return int(self.loss.size - np.isfinite(self.loss).sum())

    @property
    def message(self) -> str:
        """What a reader of the surface must know, in a line; empty where there is nothing."""
        count, total = self.overflowed, self.loss.size
        if not self.complete and not count:
            return "stopped before its end: in places it is drawn between few vertices"
        if not self.complete:
            return f"stopped before its end: {count:,} of {total:,} vertices hold no finite value"
        if not count:
            return ""
        cure = ", or dtype='float64'," if self.loss.dtype == np.float32 else ""
        return f"{count:,} of {total:,} vertices are inf or nan; if they overflowed, a smaller extent{cure} may mend it"

    def __repr__(self) -> str:
        rows, columns = self.loss.shape
        finite = self.loss[np.isfinite(self.loss)]
        span = f", loss {finite.min():.6g} to {finite.max():.6g}" if finite.size else ""
        told = f"; {self.message}" if self.message else ""
        return f"Surface({rows} x {columns}, {self.loss.dtype}{span}{told})"

    def at(self, a: ArrayLike, b: ArrayLike = 0.0) -> Any:
        """The height at (a, b), interpolated between the vertices round it; nan outside the extent.

        Arrays broadcast. On a line b plays no part. A float for two numbers, an array otherwise.
        Raises ArgumentError for what is no number, and shapes that do not broadcast.
        """
        u, v = arguments.numbers("a", a), arguments.numbers("b", b)
        try:
            u, v = np.broadcast_arrays(u, v)
        except ValueError:
            raise ArgumentError(
                f"a has the shape {u.shape} and b {v.shape}: shapes that broadcast are wanted"
            ) from None
        found = self._interpolated(u.ravel(), v.ravel()).reshape(u.shape)
        return float(found) if found.ndim == 0 else found

    def _interpolated(self, a: Array, b: Array) -> Array:
        columns, across = _cells(self.a, a)
        inside = np.isfinite(across)
        if len(self.b) == 1:
            rows, along = np.zeros(len(a), dtype=np.intp), np.zeros(len(a))
        else:
            rows, along = _cells(self.b, b)
            inside &= np.isfinite(along)
        height = np.zeros(len(a))
        last_row, last_column = self.loss.shape[0] - 1, self.loss.shape[1] - 1
        for down, along_weight in ((0, 1 - along), (1, along)):
            for right, across_weight in ((0, 1 - across), (1, across)):
                weight = along_weight * across_weight
                corner = self.loss[np.minimum(rows + down, last_row), np.minimum(columns + right, last_column)]
                # A vertex of no weight plays no part, even where it is inf or nan.
                with np.errstate(invalid="ignore"):
                    height += np.where(weight == 0, 0.0, weight * corner.astype(np.float64))
        height[~inside] = np.nan
        return height

    def path(self, run: Run | None = None) -> Path:
        """Where the steps of a run (None: the surface's own) fall on the surface; see Path.

        Raises ArgumentError where there is no run, or its weights are not those of the plane.
        """
        run = self.run if run is None else run
        if run is None:
            raise ArgumentError("the surface knows no run: give one, as in surface.path(run)")
        run = self.checked(run)
        coordinates, distance = self.plane.project(run.weights)
        a, b = coordinates[:, 0].copy(), coordinates[:, 1].copy()
        return Path(a, b, self._interpolated(a, b), run.loss, distance, np.arange(len(run.loss)))

    def checked(self, run: Run) -> Run:
        """The run. Raises ArgumentError for what is no run, or one of another problem."""
        run = arguments.run(run)
        if run.weights.shape[1] != self.plane.center.size:
            raise ArgumentError(
                f"the run has {run.weights.shape[1]} scalar weights, the surface's plane {self.plane.center.size}: "
                f"they belong to different problems"
            )
        return run

    def showing(self, run: Run | Mapping[str, Run]) -> Surface:
        """The same surface with a run to show, save and draw, or with several as a dict of names; an empty one: none.

        Raises ArgumentError for what is no run, or one of another problem.
        """
        if not isinstance(run, Mapping):
            return replace(self, plane=self.plane.framing(self.checked(run)), named=None)
        named = {str(name): self.checked(one) for name, one in run.items()}
        if not any(one is self.run for one in named.values()):
            return replace(self, plane=replace(self.plane, run=next(iter(named.values()), None)), named=named or None)
        return replace(self, named=named)

    def save(self, path: str | os.PathLike[str], run: Run | Mapping[str, Run] | None = None) -> None:
        """Write the surface and its runs (or another one, or several as a dict of names) to a .npz file, from which
        `af.load` reads them. Raises StoreError for another suffix and where the file cannot be written."""
        from .storage import save

        save(self if run is None else self.showing(run), path)

    def plot(self, run: Run | Mapping[str, Run] | None = None) -> Picture:
        """A picture: the surface in 3-D beside its contours, with the paths of its runs (or of another one, or several
        as a dict of names)."""
        from .plot import plot

        return plot(self if run is None else self.showing(run))

    def export(self, path: str | os.PathLike[str], run: Run | Mapping[str, Run] | None = None, **options: Any) -> None:
        """Write the surface to a file for another program, which its suffix names.

        .html: a page for any browser, offline, to turn and to point at, the paths on it; `resolution` (512) vertices
        along a side at most; `theme`, "light", "dark", or None, as the reader's browser is set. .glb: a model with the
        colours and the paths, for slides, browsers and Blender; `width` (1.0) of the longer side in metres,
        `resolution` (512). .stl: a watertight solid for a 3-D printer, with walls and a floor, a vertex that is not
        finite as high as what is cut off; `width` (100.0) of the longer side and `base` (3.0) below the lowest height,
        in mm, `resolution` (512). .vts, .vtk: every vertex, for ParaView; loss, gradient (its third component is 0),
        curvature and gradient_norm as computed, in the point data.

        Of how the viewer shows it, all take `heights` ("clipped", "linear", "log") and `limit`, the loss at which
        "clipped" cuts. All but .stl, which has no colours, take `colouring` ("loss", "gradient_norm", "slope",
        "curvature"), which the surface must have been computed with; in a .vts or .vtk it is the active scalars. .html
        and .glb take `colours`, the name of a colour map of matplotlib or "greys"; .html `contours` (True).

        run: another run than the surface's own ones, or several as a dict of names, each then in a colour of its own.
        .html, .glb and .stl need the extra `export`. Raises DeviceError without it, StoreError for another suffix and
        where the file cannot be written, ArgumentError for other options, for a surface without what its colours are
        to show, and for one of one line.
        """
        from .export import export

        export(self, path, run, **options)

    def _repr_png_(self) -> bytes:
        """What a notebook shows: the picture, which takes about a second to draw."""
        return self.plot()._repr_png_()

    def show(self, run: Run | Mapping[str, Run] | None = None) -> None:
        """Open a window with the surface in 3-D and the paths of its runs (or of another one, or several as a dict of
        names), to turn and zoom; return when it is closed.

        Raises DeviceError, in a line with the way out, without the extra `viewer`, a display or OpenGL; ArgumentError
        for a surface of one line.
        """
        from .viewer import show

        show(self, run)


def _cells(grid: Array, x: Array) -> tuple[NDArray[np.intp], Array]:
    """For each x the cell of a rising grid that holds it, and how far along the cell it lies; nan outside."""
    cell = np.clip(np.searchsorted(grid, x, side="right") - 1, 0, len(grid) - 2)
    share = (x - grid[cell]) / (grid[cell + 1] - grid[cell])
    share = np.where(x == grid[cell + 1], 1.0, share)
    return cell, np.where((x >= grid[0]) & (x <= grid[-1]), share, np.nan)


@dataclass(frozen=True, eq=False)
class Grid:
    """A grid on a plane, and the code that computes any part of it: compiled once, bound to data and plane.

    a: (columns,). b: (rows,). The bits of a vertex depend on its coordinates alone, so that parts fit one another.
    """

    problem: Problem
    plane: Plane
    a: Array
    b: Array
    dtype: str
    backend: str
    bound: Any

    def compute(self, rows: slice, columns: slice, report: Report | None = None) -> NDArray[np.floating[Any]]:
        """The outputs of a part, (count, rows, columns), as `Grid.surface` takes them; nan where it was stopped."""
        with arguments.fitting_memory(), np.errstate(over="ignore"):
            found: NDArray[np.floating[Any]] = self.bound(self.a[columns], self.b[rows], progress=report)
            return found.astype(self.dtype, copy=False)  # the oracle computes in float64

    def at(self, a: float, b: float) -> tuple[float, ...]:
        """All outputs at one point of the plane, computed there."""
        found = self.bound(np.array([a]), np.array([b]))
        return tuple(float(value) for value in found.ravel())

    @property
    def outputs(self) -> int:
        """How many arrays a part has: the loss, and derivatives where they were asked for."""
        return int(self.bound.kernel.outputs.count)

    def surface(self, found: NDArray[np.floating[Any]], complete: bool, seconds: float) -> Surface:
        """The surface of all outputs, (count, rows, columns)."""
        parts = {name: found[place] for name, place in self.bound.kernel.outputs.places.items()}
        norm = parts.get("gradient_norm")
        simulated = " (simulated)" if self.backend == "cuda" and kernels.device.is_simulated() else ""
        return Surface(
            a=self.a,
            b=self.b,
            loss=parts["loss"][0],
            plane=self.plane,
            expression=self.problem.expression,
            latex=self.problem.latex(),
            weights=dict(self.problem.weights),
            method=f"direct evaluation of every vertex, {self.dtype}, {self.backend}{simulated}",
            gradient=parts.get("gradient"),
            curvature=parts.get("curvature"),
            gradient_norm=None if norm is None else norm[0],
            complete=complete,
            seconds=seconds,
        )


def grid(
    problem: Problem,
    plane: Plane | None = None,
    resolution: int | tuple[int, int] = 512,
    extent: float | tuple[float, float, float, float] | None = None,
    gradient: bool = False,
    curvature: bool = False,
    gradient_norm: bool = False,
    dtype: str = "float32",
    backend: str = "auto",
) -> Grid:
    """The grid that Problem.surface describes, before anything of it is computed."""
    plane = Plane.default(problem) if plane is None else plane
    if not isinstance(plane, Plane):
        raise ArgumentError(f"plane is {named_type(plane)}, a Plane is wanted, as Plane.pca(run) makes one")
    if plane.center.size != problem.size:
        raise ArgumentError(
            f"the plane lies in {plane.center.size} dimensions, this problem has {problem.size} scalar weights"
        )
    dtype, asked_for, backend = arguments.precision(dtype), backend, arguments.backend(backend, device="always")
    rows, columns = _resolution(resolution, plane.v is None)
    a0, a1, b0, b1 = _extent(plane.reach if extent is None else extent)
    a = np.linspace(a0, a1, columns)
    b = np.zeros(1) if plane.v is None else np.linspace(b0, b1, rows)
    if len(np.unique(a)) < columns or len(np.unique(b)) < rows:
        raise ArgumentError("the extent is too small: neighbouring coordinates of the grid would be equal")
    asked = {"gradient": bool(gradient), "curvature": bool(curvature), "gradient_norm": bool(gradient_norm)}
    kernel = kernels.plane(problem.program, dtype=dtype, backend=backend, **asked)
    if asked_for == "auto" and backend == "cuda" and not kernel.suits_device(rows * columns):
        backend = "cpu"
        kernel = kernels.plane(problem.program, dtype=dtype, backend=backend, **asked)
    directions = (plane.center, plane.u, np.zeros(problem.size) if plane.v is None else plane.v)
    data = {name: problem.data[name] for name in problem.program.data}
    with arguments.fitting_memory():
        bound = kernel.bind(data, *(_held(problem, vector) for vector in directions))
    return Grid(problem, plane, a, b, dtype, backend, bound)


def compute(
    problem: Problem,
    plane: Plane | None = None,
    resolution: int | tuple[int, int] = 512,
    extent: float | tuple[float, float, float, float] | None = None,
    gradient: bool = False,
    curvature: bool = False,
    gradient_norm: bool = False,
    dtype: str = "float32",
    backend: str = "auto",
    progress: Progress = None,
) -> Surface:
    """What Problem.surface calls, where it is described."""
    asked = grid(problem, plane, resolution, extent, gradient, curvature, gradient_norm, dtype, backend)
    began = time.perf_counter()
    with reporting(progress, "surface", f"{len(asked.b):,} x {len(asked.a):,} vertices") as report:
        found = asked.compute(slice(None), slice(None), report)
    return asked.surface(found, bool(asked.bound.complete), time.perf_counter() - began)


def _held(problem: Problem, vector: Array) -> dict[str, Array]:
    """The blocks of the weights that the program holds (folding may have removed one, as in 0 * A)."""
    return {name: block for name, block in problem.unpack(vector).items() if name in problem.program.weights}


def _resolution(resolution: Any, line: bool) -> tuple[int, int]:
    """Rows and columns of the grid."""
    if isinstance(resolution, tuple | list):
        if len(resolution) != 2:
            raise ArgumentError(f"resolution is {resolution!r}, a number or (rows, columns) is wanted")
        rows, columns = (whole("resolution", n, 1 if line and k == 0 else 2) for k, n in enumerate(resolution))
    else:
        rows = columns = whole("resolution", resolution, 2)
    rows = 1 if line else rows
    if rows * columns > POINTS_LIMIT:
        raise ArgumentError(
            f"resolution {rows:,} x {columns:,} would take {rows * columns * 4 / 2**30:,.0f} GiB: "
            f"at most {POINTS_LIMIT:,} vertices are taken"
        )
    return rows, columns


def _extent(extent: Any) -> tuple[float, float, float, float]:
    """The ends of both coordinates."""
    if np.ndim(extent) == 0:
        half = real("extent", extent, above=0)
        return -half, half, -half, half
    if len(extent) != 4:
        raise ArgumentError(f"extent is {extent!r}, (a0, a1, b0, b1) or a half-width is wanted")
    a0, a1, b0, b1 = (real(name, x) for name, x in zip(("a0", "a1", "b0", "b1"), extent, strict=True))
    if not (a0 < a1 and b0 < b1):
        raise ArgumentError(f"extent is ({a0:g}, {a1:g}, {b0:g}, {b1:g}): a0 < a1 and b0 < b1 are wanted")
    return a0, a1, b0, b1
