"""What the tests of exports share: surfaces of known heights, with and without a run, and a trained one."""

from collections.abc import Callable

import numpy as np
import pytest

from atlas_fast.planes import Plane
from atlas_fast.surface import Surface
from atlas_fast.training import Run

SurfaceOf = Callable[..., Surface]


def a_run(points: np.ndarray, loss: np.ndarray) -> Run:
    """A run of two weights through some points."""
    return Run(points, loss, epochs=(len(points) - 1) // 2, steps_per_epoch=2, optimizer="SGD(lr=0.1)", seed=0)


@pytest.fixture
def surface_of() -> SurfaceOf:
    """Surfaces whose heights are a function of (a, b), with derivatives of it, if they are given."""

    def made(
        height: Callable[..., np.ndarray],
        shape: tuple[int, int] = (30, 40),
        extent: tuple[float, float, float, float] = (-2.0, 2.0, -1.0, 2.0),
        dtype: str = "float32",
        **more: np.ndarray | str,
    ) -> Surface:
        a, b = np.linspace(*extent[:2], shape[1]), np.linspace(*extent[2:], shape[0])
        loss = np.broadcast_to(height(a[None, :], b[:, None]), shape).astype(dtype)
        plane = Plane(
            np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]), explained=(0.75, 0.2), labels=("PC 1", "PC 2")
        )
        weights: dict[str, tuple[int, ...]] = {"x": (1, 1), "y": (1, 1)}
        return Surface(a, b, loss, plane, "x^2 + y^2", "x^2 + y^2", weights, "a formula", **more)  # type: ignore[arg-type]

    return made


@pytest.fixture
def bowl(surface_of: SurfaceOf) -> Surface:
    """x^2 + y^2 with the path of a run from (-1.5, 1.5) towards the middle, off the plane by nothing."""
    surface = surface_of(lambda a, b: a * a + b * b)
    points = np.outer(0.8 ** np.arange(21), [-1.5, 1.5])
    return surface.showing(a_run(points, (points**2).sum(axis=1)))
