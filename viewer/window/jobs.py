"""What a workspace's thread does: train, make a surface, make the seen part of one again.

In: a Workspace. Out: generators of what they found, in the order in which a window shows it. No Qt here, and nothing
numerical: the library does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from .work import Job, Order

if TYPE_CHECKING:
    from ...planes import Plane
    from ...problem import Problem
    from ...refinement import Refinement, Tile
    from ...surface import Grid, Surface
    from ...training import Run
    from ...workspace import Workspace

Extent = tuple[float, float, float, float]

Asked = Mapping[str, bool]
"""Of gradient, curvature and gradient_norm, those that a surface is to have for the way it is drawn."""

FINE = 2.0**-18
"""The step of a grid, as a share of its largest coordinate, below which it is computed in float64: float32 tells 2^-24
apart, and what is seen is the difference of two losses."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A run, complete or stopped."""

    problem: Problem
    run: Run


@dataclass(frozen=True, eq=False)
class Begun:
    """A surface whose parts are to come on a grid, and how it looks with few vertices. detail: it is a part of one that
    is there."""

    coarse: Surface
    grid: Grid
    detail: bool = False


@dataclass(frozen=True, eq=False)
class Part:
    """A tile of the surface that was begun."""

    tile: Tile
    detail: bool = False


@dataclass(frozen=True, eq=False)
class Made:
    """The surface that was begun, complete."""

    surface: Surface
    problem: Problem
    detail: bool = False


@dataclass(frozen=True, eq=False)
class Probed:
    """What tells loss and gradient anywhere on the plane of the surface that was made."""

    probe: Grid


Keep = Callable[["Problem"], Sequence["Run"]]
"""Of a problem, the earlier runs that its surface shows, too."""


def warm(order: Order) -> Iterator[object]:
    """Load what the first surface needs, while a person is still looking round."""
    for name in ("sklearn.decomposition", "atlas_fast.comparison", "atlas_fast.refinement"):
        if not order.stopping.is_set():
            import_module(name)
    yield from ()


def train(workspace: Workspace, keep: Keep, asked: Callable[[], Asked]) -> Job:
    """Train, then make the surface of the new run and of those to keep, with the derivatives that are then asked
    for."""

    def job(order: Order) -> Iterator[object]:
        problem = workspace.problem()
        if order.stopping.is_set():
            return
        run = workspace.train(problem, progress=order.report("training"))
        runs = list(keep(problem))
        if run is not None:
            runs.append(run)
            yield Trained(problem, run)
        if not order.stopping.is_set():
            yield from _whole(workspace, problem, runs, asked(), order)

    return job


def surface(workspace: Workspace, keep: Keep, asked: Callable[[], Asked]) -> Job:
    """Make the surface round the runs that are there."""

    def job(order: Order) -> Iterator[object]:
        problem = workspace.problem()
        if not order.stopping.is_set():
            yield from _whole(workspace, problem, list(keep(problem)), asked(), order)

    return job


def detail(problem: Problem, whole: Surface, extent: Extent, asked: Asked) -> Job:
    """Make a part of a surface, seen from near, with as many vertices as the whole has."""

    def job(order: Order) -> Iterator[object]:
        from ...refinement import Refinement
        from ...surface import grid

        dtype = "float64" if _fine(extent, whole.loss.shape) else str(whole.loss.dtype)
        rows, columns = whole.loss.shape
        found = grid(
            problem,
            whole.plane,
            (rows, columns),
            extent,
            gradient=asked.get("gradient", False),
            curvature=asked.get("curvature", False),
            gradient_norm=asked.get("gradient_norm", False),
            dtype=dtype,
        )
        yield from _parts(Refinement(found), True, order)

    return job


def probe(surface: Surface) -> Job:
    """Find out what tells loss and gradient anywhere of a surface alone, where its text says what it is of."""

    def job(order: Order) -> Iterator[object]:
        from ...refinement import problem_of

        problem = problem_of(surface)
        if problem is not None and not order.stopping.is_set():
            yield _probed(problem, surface.plane, surface.extent)

    return job


def _fine(extent: Extent, shape: tuple[int, ...]) -> bool:
    """Whether neighbouring coordinates of a grid differ by less than float32 can tell well."""
    steps = ((extent[1] - extent[0]) / shape[1], (extent[3] - extent[2]) / shape[0])
    reach = max(abs(x) for x in extent)
    return min(steps) < FINE * reach


def _whole(workspace: Workspace, problem: Problem, runs: Sequence[Run], asked: Asked, order: Order) -> Iterator[object]:
    from ...refinement import Refinement

    found = workspace.grid(problem, runs, progress=order.report("plane"), **asked)
    lacking = len(found.b) > 1
    for made in _parts(Refinement(found), False, order):
        yield made
        # After the first tile: what is seen comes before what the mouse may ask for, and a surface may be stopped.
        if lacking and not isinstance(made, Begun) and not order.stopping.is_set():
            lacking = False
            extent = float(found.a[0]), float(found.a[-1]), float(found.b[0]), float(found.b[-1])
            yield _probed(problem, found.plane, extent)


def _probed(problem: Problem, plane: Plane, extent: Extent) -> Probed:
    from ...surface import grid

    found = grid(problem, plane, 2, extent, gradient=True, dtype="float64")
    found.at(0.0, 0.0)  # compiled here, not where the mouse waits
    return Probed(found)


def _parts(refinement: Refinement, detail: bool, order: Order) -> Iterator[object]:
    if order.stopping.is_set():
        return
    coarse = refinement.coarse()
    if coarse is not None and not order.stopping.is_set():
        yield Begun(coarse, refinement.grid, detail)
    for tile in refinement.tiles(order.report("detail" if detail else "surface")):
        if coarse is not None:
            yield Part(tile, detail)
    made = refinement.surface()
    if made.complete:
        yield Made(made, refinement.grid.problem, detail)
