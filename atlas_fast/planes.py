"""Planes through weight space: a centre and two directions.

In: a problem, a run or vectors. Out: an immutable Plane, whose point (a, b) is centre + a u + b v.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import arguments
from .arguments import ArgumentError, Vector, choice, points, real, vector, whole
from .departure import trajectory
from .entries import entry, position
from .kernels.blas import one_thread
from .progress import Progress, reporting

if TYPE_CHECKING:
    from .problem import Problem
    from .training import Run

PARALLEL = 1e-10
"""The sine of the angle under which two directions count as parallel: float64 leaves 1e-6 of a coordinate there."""

FLAT = 1e-14
"""The share of the variance under which a principal component is rounding noise (float64 squared has 2e-16)."""

FULL_LIMIT = 4_000_000
"""Entries of a run's record up to which all its components are computed (a second); beyond, those asked for."""

DRAWS = 64
"""How often a second random direction is drawn: with few weights of one entry each, half the draws are parallel."""

MARGIN = 0.15
"""What a trajectory gets round it, as a share of its reach."""


@dataclass(frozen=True, eq=False)
class Plane:
    """The points center + a u + b v of weight space; a line where v is None.

    center, u, v: (P,). explained: the directions' shares of a run's variance, where they come from one.
    labels: what the two coordinates are. run: the run whose trajectory the plane is to show.
    Raises ArgumentError for vectors of different lengths, and directions that are zero or parallel.
    """

    center: Vector
    u: Vector
    v: Vector | None = None
    explained: tuple[float, ...] | None = None
    labels: tuple[str, str] = ("a", "b")
    run: Run | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        center = vector("center", self.center)
        u = vector("u", self.u, center.size)
        object.__setattr__(self, "center", center)
        object.__setattr__(self, "u", u)
        if not u.any():
            raise ArgumentError("the direction u is zero: nothing changes along it")
        if self.v is not None:
            v = vector("v", self.v, center.size)
            object.__setattr__(self, "v", v)
            if not v.any():
                raise ArgumentError("the direction v is zero: nothing changes along it")
            if _sine(u, v) < PARALLEL:
                raise ArgumentError("the directions u and v are parallel: they hold a line, not a plane")

    def __repr__(self) -> str:
        told = "" if self.explained is None else ", explained " + ", ".join(f"{s:.1%}" for s in self.explained)
        kind = "a line" if self.v is None else "a plane"
        return f"Plane({kind} in {self.center.size:,} dimensions, along {' and '.join(self.axes_labels)}{told})"

    @property
    def axes_labels(self) -> tuple[str, ...]:
        """What to write at the axes, the share of the variance included."""
        labels = self.labels[: 1 if self.v is None else 2]
        if self.explained is None:
            return labels
        return tuple(
            f"{name} ({share:.1%} of the variance)" for name, share in zip(labels, self.explained, strict=True)
        )

    def at(self, a: float, b: float = 0.0) -> Vector:
        """The weights (P,) at the coordinates (a, b). Raises ArgumentError for what is no finite number."""
        point: Vector = self.center + real("a", a) * self.u
        return point if self.v is None else point + real("b", b) * self.v

    def project(self, ws: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where weights (k, P) fall on the plane: the coordinates (k, 2) of their nearest points, and the distances
        (k,) off the plane. Directions need be neither orthogonal nor of length 1. Of a line the second is zero.

        Raises ArgumentError for weights of another length, or what is no number.
        """
        away = points("ws", ws, self.center.size) - self.center
        basis = np.column_stack([self.u] if self.v is None else [self.u, self.v])
        with np.errstate(all="ignore"), one_thread():
            q, r = np.linalg.qr(basis)
            inside = away @ q
            coordinates = np.linalg.solve(r, inside.T).T
            distances = np.linalg.norm(away - inside @ q.T, axis=1)
        if self.v is None:
            coordinates = np.column_stack([coordinates, np.zeros(len(coordinates))])
        return coordinates, distances

    def framing(self, run: Run) -> Plane:
        """The same plane, showing a run: a surface without an extent then holds the run's trajectory."""
        return replace(self, run=run)

    @property
    def reach(self) -> float:
        """The half-width of the square about the centre that holds the run's trajectory, with a margin; else 1.

        Of a run that diverged, the trajectory before it left for good.
        """
        if self.run is None:
            return 1.0
        coordinates, _ = self.project(trajectory(self.run))
        far = float(np.abs(coordinates).max(initial=0.0))
        return (1 + MARGIN) * far if 0 < far < np.inf else 1.0

    @classmethod
    def random(
        cls, problem: Problem, center: ArrayLike | Run, seed: int = 0, normalize: str | None = "variable"
    ) -> Plane:
        """Two random directions, normal in every weight, through a centre (P,), or a run's final weights.

        normalize "variable": every weight matrix's block of a direction has L2 norm 1. "filter": each row of a block is
        scaled to the norm of that row of the centre (Li et al. 2018, section 4). None: as drawn.

        Raises ArgumentError for arguments that cannot be used, for a problem of one scalar weight, and where the
        normalization leaves no two directions.
        """
        problem = arguments.problem(problem)
        choice("normalize", normalize, ("variable", "filter", None))
        middle, run = _centre(problem, center)
        if problem.size == 1:
            raise ArgumentError("a problem of one scalar weight has no plane: Plane.axes(problem, name) is its line")
        generator = np.random.Generator(np.random.PCG64(whole("seed", seed, 0)))
        u = _scaled(problem, generator.standard_normal(problem.size), middle, normalize)
        for _ in range(DRAWS):
            v = _scaled(problem, generator.standard_normal(problem.size), middle, normalize)
            if not (u.any() and v.any()):
                raise ArgumentError(
                    "normalize='filter' scales by the rows of the centre, which are all zero: "
                    "take another centre, or normalize='variable'"
                )
            if _sine(u, v) >= PARALLEL:
                return cls(middle, u, v, labels=("random direction 1", "random direction 2"), run=run)
        raise ArgumentError(f"normalize={normalize!r} leaves a single direction here: take another normalization")

    @classmethod
    def pca(cls, run: Run, components: tuple[int, int] = (0, 1)) -> Plane:
        """Unit principal components of a run's weights, through run.final.

        components: which two, counted from 0 in order of their variance. Each points where its entry of largest
        magnitude is positive. Where the run's steps lie on a line, the second direction is orthogonal to it, and
        explains nothing. Of a run that diverged, the steps before it left for good are taken, its loss at ten times
        the start's or more (see departure.py), and the plane goes through their last. Raises ArgumentError for a
        run that did not move, and for components it does not have.
        """
        run = arguments.run(run)
        try:
            wanted = tuple(whole("components", which, 0) for which in components)
        except TypeError:
            wanted = ()
        if len(wanted) != 2 or wanted[0] == wanted[1]:
            raise ArgumentError(f"components is {components!r}, two different numbers are wanted, as in (0, 1)")
        steps = trajectory(run)
        return replace(cls.principal(steps, steps[-1:].reshape(-1), (wanted[0], wanted[1])), run=run)

    @classmethod
    def principal(cls, steps: NDArray[np.float64], center: Vector, components: tuple[int, int] = (0, 1)) -> Plane:
        """The plane through a centre (P,) along two principal components of steps (k, P), as `pca` has it; their
        line where P is 1. Raises ArgumentError as `pca` does.
        """
        directions, shares = _principal(steps, max(components) + 1)
        if steps.shape[1] == 1:
            return cls(center, directions[0], explained=(shares[0],), labels=("the weight", ""))
        if max(components) >= len(directions):
            raise ArgumentError(
                f"components is {components!r}, and this run has {len(directions)} components, counted from 0"
            )
        first, second = components
        return cls(
            center,
            directions[first],
            directions[second],
            explained=(shares[first], shares[second]),
            labels=(f"PC {first + 1}", f"PC {second + 1}"),
        )

    @classmethod
    def axes(
        cls, problem: Problem, first: str, second: str | None = None, center: ArrayLike | Run | None = None
    ) -> Plane:
        """The plane along two scalar weights, or the line along one: names such as "x", or "B[0,2]", from 0.

        center: (P,), or a run's final weights; None: the origin where the problem has no other weights, so that
        coordinates are the weights themselves, else problem.init(0).

        Raises ArgumentError for names of no scalar weight, or twice the same, and a centre of another length.
        """
        problem = arguments.problem(problem)
        named = [first] if second is None else [first, second]
        places = [position(problem, name) for name in named]
        if len(set(places)) < len(places):
            raise ArgumentError(f"both axes are {first}: two different scalar weights are wanted")
        if center is None:
            center = np.zeros(problem.size) if problem.size == len(places) else problem.init(0)
        middle, run = _centre(problem, center)
        directions = np.zeros((len(places), problem.size))
        directions[np.arange(len(places)), places] = 1.0
        labels = tuple(entry(problem, place) for place in places)
        v = None if second is None else directions[1]
        return cls(middle, directions[0], v, labels=(labels[0], labels[-1] if second else ""), run=run)

    @classmethod
    def hessian(cls, problem: Problem, center: ArrayLike | Run, progress: Progress = None) -> Plane:
        """The two eigenvectors of the Hessian over all weights whose eigenvalues are largest in magnitude, through a
        centre (P,), or a run's final weights; of a problem of one scalar weight its line.

        They have length 1, and each points where its entry of largest magnitude is positive; the labels say the
        eigenvalues. The Lanczos method of ARPACK on exact products with the Hessian (Pearlmutter 1994); of at most 100
        weights the whole matrix. progress: see `Problem.train`; False raises `Stopped`, for nothing is there before
        the end. Raises ArgumentError where second derivatives are not finite, or all are zero.
        """
        from .hessian import principal

        middle, run = _centre(problem, center)
        with reporting(progress, "plane") as report:
            values, directions = principal(problem, middle, report)
        labels = [f"eigenvector {k} (eigenvalue {value:.4g})" for k, value in enumerate(values, 1)]
        v = directions[1] if len(directions) > 1 else None
        return cls(middle, directions[0], v, labels=(labels[0], labels[-1] if len(labels) > 1 else ""), run=run)

    @classmethod
    def through(cls, w0: ArrayLike, w1: ArrayLike, w2: ArrayLike) -> Plane:
        """The plane that holds three points (P,): w0 at (0, 0), w1 at (1, 0), w2 at (0, 1).

        Raises ArgumentError for points of different lengths, and three that lie on a line.
        """
        start = vector("w0", w0)
        first, second = vector("w1", w1, start.size) - start, vector("w2", w2, start.size) - start
        try:
            return cls(start, first, second)
        except ArgumentError:
            raise ArgumentError("the three points lie on a line: a plane needs three that do not") from None

    @classmethod
    def default(cls, problem: Problem) -> Plane:
        """The axes of a problem of exactly two scalars, the line of a single one.

        Raises ArgumentError for any other problem, naming what makes a plane.
        """
        if problem.size > 2:
            raise ArgumentError(
                f"a problem of {problem.size:,} scalar weights needs a plane: "
                f"Plane.pca(run) of a training run, or Plane.random(problem, center)"
            )
        return cls.axes(problem, *(entry(problem, place) for place in range(problem.size)))


def _centre(problem: Problem, center: Any) -> tuple[Vector, Run | None]:
    """The centre as a vector, and the run it comes from."""
    from .training import Run

    if isinstance(center, Run):
        return vector("center", center.final, problem.size), center
    if isinstance(center, Mapping):
        return problem.pack(center), None
    return vector("center", center, problem.size), None


def _sine(u: Vector, v: Vector) -> float:
    """The sine of the angle between two directions."""
    a, b = u / np.abs(u).max(), v / np.abs(v).max()
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return float(np.linalg.norm(b - (a @ b) * a))


def _scaled(problem: Problem, direction: Vector, center: Vector, normalize: str | None) -> Vector:
    """A direction, its blocks or their rows scaled."""
    if normalize is None:
        return direction
    blocks, centers = problem.unpack(direction), problem.unpack(center)
    for name, block in blocks.items():
        if normalize == "variable":
            block /= np.sqrt(np.square(block).sum())  # not norm(), which is BLAS's
        else:
            block *= np.linalg.norm(centers[name], axis=1, keepdims=True) / np.linalg.norm(block, axis=1, keepdims=True)
    return problem.pack(blocks)


def _principal(steps: NDArray[np.float64], count: int) -> tuple[list[Vector], list[float]]:
    """At most `count` principal directions of steps (k, P), and their shares of the variance.

    There are as many as the steps have; where they lie on a line, a second one that explains nothing.
    """
    from sklearn.decomposition import PCA

    away = steps - steps[:1]
    scale = np.abs(away).max(initial=0.0)
    if not scale > 0:
        raise ArgumentError(
            "the run did not move: all its recorded weights are equal (it started where the gradient is zero, "
            "or diverged at once): train from another start, or with another lr"
        )
    # Scaled, since the squares of a diverging run's steps would overflow.
    away = away / scale
    count = min(count, away.shape[1])
    rank = min(count, *away.shape)
    few = away.size <= FULL_LIMIT or rank >= min(away.shape)
    with one_thread():
        fitted = PCA(n_components=rank, svd_solver="full" if few else "arpack", random_state=0).fit(away)
    shares = [float(share) for share in fitted.explained_variance_ratio_]
    directions: list[Vector] = []
    for direction, share in zip(fitted.components_, shares, strict=True):
        if share > FLAT:
            directions.append(direction * np.sign(direction[np.abs(direction).argmax()]))
    shares = shares[: len(directions)]
    if len(directions) == 1 < count:
        directions.append(_orthogonal(directions))
        shares.append(0.0)
    return directions, shares


def _orthogonal(directions: list[Vector]) -> Vector:
    """A unit vector orthogonal to unit vectors: the coordinate axis that they hold least of, made so."""
    held = sum(direction**2 for direction in directions)
    found = np.zeros_like(directions[0])
    found[np.argmin(held)] = 1.0
    for _ in range(2):  # Gram-Schmidt, twice for the last digits
        for direction in directions:
            found = found - (found @ direction) * direction
    return found / np.linalg.norm(found)
