"""Heights are scaled before they lose digits, and a corner that diverges does not flatten the rest."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from atlas_fast.surface import Surface

Made = Callable[..., Surface]


@pytest.fixture(autouse=True)
def _viewer(egl: None) -> None:
    """The viewer's modules are imported by the tests themselves."""


def test_ripples_of_a_thousandth_on_a_million_keep_their_shape(surface_of: Made) -> None:
    from atlas_fast.viewer.drawing.heights import heights

    surface = surface_of(lambda a, b: 1e6 + 1e-3 * np.sin(a) * np.cos(b), dtype="float64")
    shape = np.sin(surface.a)[None, :] * np.cos(surface.b)[:, None]
    expected = (shape - shape.min()) / (shape.max() - shape.min())
    # The spacing of float64 at 1e6 is 1.2e-10, of a range of 2e-3: 6e-8, and float32 rounds as much again.
    np.testing.assert_allclose(heights(surface, 8192).z, expected, atol=3e-7)


def test_a_paraboloid_and_a_quartic_are_shown_whole(surface_of: Made) -> None:
    from atlas_fast.viewer.drawing.heights import heights

    for power in (1, 2):
        shown = heights(surface_of(lambda a, b, p=power: (a * a + b * b) ** p, extent=(-1, 1, -1, 1)), 8192)
        assert not shown.cut
        assert shown.z.max() == 1.0


def test_a_corner_that_diverges_is_cut_and_said_so(surface_of: Made) -> None:
    from atlas_fast.viewer.drawing.heights import heights

    surface = surface_of(lambda a, b: a * a + b * b + np.exp(40 * (a + b - 3)), dtype="float64")
    shown = heights(surface, 8192)
    assert surface.loss.max() > 1e15
    # What does not diverge reaches 4 + 4: it fills the greater part of the scale.
    assert 4 < shown.top < 20
    assert "cut off" in " ".join(shown.notes)
    low = (surface.loss - surface.loss.min()) / (shown.top - surface.loss.min())
    kept = surface.loss < shown.top
    np.testing.assert_allclose(shown.z[kept], low[kept], atol=1e-6)
    assert (shown.z[~kept] >= 1).all()


def test_a_deep_narrow_minimum_is_never_cut(surface_of: Made) -> None:
    from atlas_fast.viewer.drawing.heights import heights

    shown = heights(surface_of(lambda a, b: 1 - 1e4 * np.exp(-200 * (a * a + b * b)), shape=(61, 81)), 8192)
    assert shown.low < -9000
    assert not shown.cut


def test_the_whole_range_of_float64_does_not_overflow(surface_of: Made) -> None:
    from atlas_fast.viewer.drawing.heights import heights

    shown = heights(surface_of(lambda a, b: 8e307 * a + 0 * b, dtype="float64"), 8192)
    np.testing.assert_allclose(shown.z[0], np.linspace(0, 1, 80), atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 3.0, -1e300])
def test_a_constant_lies_halfway_up(surface_of: Made, value: float) -> None:
    from atlas_fast.viewer.drawing.heights import heights

    shown = heights(surface_of(lambda a, b: value + 0 * a * b, dtype="float64"), 8192)
    np.testing.assert_allclose(shown.z, 0.5)


def test_without_a_finite_height_it_says_so(surface_of: Made) -> None:
    from atlas_fast.viewer.drawing.heights import heights

    shown = heights(surface_of(lambda a, b: np.nan * a * b), 8192)
    assert not shown.known.any()
    assert np.isfinite(shown.z).all()
    assert "no vertex" in shown.notes[0]


def test_a_gap_holds_the_heights_of_its_rim(surface_of: Made) -> None:
    from atlas_fast.viewer.drawing.heights import heights

    plane = surface_of(lambda a, b: a + 10.0 * b)
    loss = plane.loss.copy()
    loss[20:30, 30:50] = np.inf
    gap = heights(Surface(plane.a, plane.b, loss, plane.plane, "", "", {}, ""), 8192)
    assert not gap.known[20:30, 30:50].any()
    assert gap.known.sum() == loss.size - 200
    whole = heights(plane, 8192).z
    # A neighbour's mean is at most a vertex away: 3 / 60 of a scale that b alone all but spans.
    assert np.abs(gap.z[20, 30:50] - whole[20, 30:50]).max() < 0.06
    assert (gap.z[20:30, 30:50] >= gap.z.min()).all()


def test_a_surface_larger_than_a_texture_is_thinned_to_its_ends(surface_of: Made) -> None:
    from atlas_fast.viewer.drawing.heights import heights

    surface = surface_of(lambda a, b: a + b, shape=(50, 101))
    shown = heights(surface, 40)
    assert shown.every == 3
    assert max(shown.z.shape) <= 41
    assert shown.a[0] == surface.a[0] and shown.a[-1] == surface.a[-1]
    assert shown.b[-1] == surface.b[-1]
    assert "3 x 3" in shown.notes[0]


def valley(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rosenbrock's, with its zero within."""
    return (1 - a) ** 2 + 5 * (b - a * a) ** 2


def test_a_logarithmic_scale_begins_above_the_tip_of_a_needle(surface_of: Made) -> None:
    from atlas_fast.look import Look
    from atlas_fast.viewer.drawing.heights import heights

    for side in (256, 512, 1024):
        surface = surface_of(valley, shape=(side, side), dtype="float64")
        shown = heights(surface, 8192, Look(heights="log"))
        least = surface.loss.min()
        cut = (surface.loss < shown.low).mean()
        assert 3 * least < shown.low and 0 < cut <= 1e-4 + 1 / side**2
        assert shown.notes == (f"heights below {shown.low:.4g} are drawn there, the lowest is {least:.4g}",)
        # What is left of it is a hundredth of the surface across, whatever the number of vertices.
        assert cut > 0.5e-4


@pytest.mark.parametrize("height", [lambda a, b: 1.5 + a * a + b * b, lambda a, b: np.exp(a + 2 * b)])
def test_a_smooth_valley_keeps_its_bottom_on_a_logarithmic_scale(
    height: Callable[..., np.ndarray], surface_of: Made
) -> None:
    from atlas_fast.look import Look
    from atlas_fast.viewer.drawing.heights import heights

    surface = surface_of(height, shape=(512, 512), dtype="float64")
    shown = heights(surface, 8192, Look(heights="log"))
    assert shown.low == surface.loss.min() and not shown.notes


def test_a_needle_is_whole_on_the_screen(surface_of: Made, scene_of: Callable[..., Any]) -> None:
    from atlas_fast.look import Look

    surface = surface_of(valley, shape=(512, 512))
    scene = scene_of(surface, Look(heights="log", contours=False))
    shown = scene.heights
    row, column = np.unravel_index(surface.loss.argmin(), surface.loss.shape)
    tip = scene.box.points(surface.a[[column]], surface.b[[row]], [shown.low])
    ((x, y),) = np.floor(scene.pixel(tip)).astype(int)
    seen = scene.picture()[y - 60 : y - 2, x - 3 : x + 4].astype(int)
    # Blue and violet, in each row of pixels from the tip upwards; the background is next to white.
    dark = (seen.min(axis=2) < 150).any(axis=1)
    assert dark.all(), np.flatnonzero(~dark)
