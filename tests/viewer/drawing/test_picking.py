"""What is under the mouse is what is seen there."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

Made = Callable[..., Any]


@pytest.fixture(autouse=True)
def _viewer(egl: None) -> None:
    """The viewer's modules are imported by the tests themselves."""


def slope(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """It hides nothing of itself from its front or from above."""
    return a + 2.5 * b + 0.4 * a * b + 0.3 * b * b


@pytest.mark.parametrize("where", ["home", "above", "zoomed", "flat"])
@pytest.mark.parametrize("kind", ["linear", "log"])
def test_the_pixel_of_a_point_reads_that_point(surface_of: Made, scene_of: Made, where: str, kind: str) -> None:
    from atlas_fast.look import Look

    surface = surface_of(lambda a, b: 10 + slope(a, b), dtype="float64")
    a, b = np.meshgrid(surface.a, surface.b)
    surface = replace(surface, gradient=np.stack([1 + 0.4 * b, 2.5 + 0.4 * a + 0.6 * b]))
    scene = scene_of(surface, Look(heights=kind))
    view = scene.above if where == "above" else scene.home
    scene.look(view._replace(across=0.6 * view.across) if where == "zoomed" else view)
    scene.rise(0.0 if where == "flat" else 1.0)
    points = np.array([(-1.2, -0.4), (0.3, 0.9), (1.3, 1.4), (-0.5, 0.2), (0.0, -0.7)])
    loss = surface.at(*points.T)
    for (p, q), height, (x, y) in zip(points, loss, scene.pixel(scene.box.points(*points.T, loss)), strict=True):
        found = scene.reading(x, y)
        # Between vertices 0.05 apart it is the logarithms that are drawn straight: a chord's height off its curve.
        off = 1e-6 if kind == "linear" or where in ("above", "flat") else 1e-3
        assert found.a == pytest.approx(p, abs=off)
        assert found.b == pytest.approx(q, abs=off)
        assert found.loss == pytest.approx(height, abs=10 * off)
        np.testing.assert_allclose(found.gradient, (1 + 0.4 * q, 2.5 + 0.4 * p + 0.6 * q), atol=10 * off)
        assert found.track is None


def test_what_a_hill_hides_is_not_read(surface_of: Made, scene_of: Made) -> None:
    from atlas_fast.look import Look

    surface = surface_of(lambda a, b: np.exp(-8 * (a * a + (b - 0.5) ** 2)), shape=(200, 200))
    scene = scene_of(surface, Look(heights="linear"))
    scene.look(scene.home._replace(azimuth=0.0, elevation=20.0))
    behind = scene.box.points([0.0], [1.4], [surface.at(0.0, 1.4)])
    found = scene.reading(*scene.pixel(behind)[0])
    assert found.b < 0.7
    # The same point, seen from there.
    again = scene.pixel(scene.box.points([found.a], [found.b], [found.loss]))
    np.testing.assert_allclose(again, scene.pixel(behind), atol=0.5)


def test_beside_the_surface_and_through_a_gap_nothing_is_read(surface_of: Made, scene_of: Made) -> None:
    surface = surface_of(slope)
    loss = surface.loss.copy()
    loss[20:40, 30:50] = np.nan
    scene = scene_of(replace(surface, loss=loss))
    scene.look(scene.above)
    assert scene.reading(3, 3) is None
    middle = scene.box.points([surface.a[40]], [surface.b[30]], [0.0])
    assert scene.reading(*scene.pixel(middle)[0]) is None
    beside = scene.box.points([surface.a[40]], [surface.b[15]], [0.0])
    assert scene.reading(*scene.pixel(beside)[0]).b == pytest.approx(surface.b[15])


def test_a_path_reads_its_step_with_the_loss_that_was_measured(surface_of: Made, scene_of: Made, run_of: Made) -> None:
    from atlas_fast.viewer.drawing.track import tracks_of

    points = np.column_stack([np.linspace(-1.5, 1.5, 31), np.full(31, 0.5)])
    run = run_of(points, lambda a, b: 100 + a, steps_per_epoch=2)
    scene = scene_of(surface_of(slope), tracks=tracks_of({"first": run}))
    line = scene.lines[0][1]
    x, y = scene.pixel(line.at(20 / 30))[0]
    found = scene.reading(x + 3, y)
    assert (found.track, found.step, found.epoch) == ("first", 20, 10.0)
    assert found.true_loss == pytest.approx(100.5)
    assert found.distance == pytest.approx(0.0, abs=1e-12)
    assert (found.a, found.b) == pytest.approx((0.5, 0.5))
    assert found.loss == pytest.approx(slope(np.array(0.5), np.array(0.5)), abs=2e-3)
    # What is not drawn is not read.
    scene.show_moment(0.5)
    assert scene.reading(x + 3, y).track is None
    scene.show_moment(1.0)
    scene.show_tracks([replace(track, visible=False) for track in scene.tracks])
    assert scene.reading(x + 3, y).track is None


def test_a_part_shown_by_finer_vertices_stays_where_it_was(surface_of: Made, scene_of: Made) -> None:
    whole = surface_of(slope, extent=(-2.0, 2.0, -2.0, 2.0), shape=(90, 90))
    part = surface_of(slope, extent=(0.0, 1.0, -1.0, 0.0), shape=(90, 90))
    scene = scene_of(whole)
    places = [(0.2, -0.8), (0.7, -0.3)]
    floor = scene.box.points(*np.array(places).T, [0.0, 0.0]) * (1, 1, 0)
    scene.look(scene.above._replace(across=0.8, centre=(0.5, -0.5, 0.0)))
    before = scene.pixel(floor)
    scene.show_surface(part, follow=True)
    after = scene.pixel(scene.box.points(*np.array(places).T, [0.0, 0.0]) * (1, 1, 0))
    np.testing.assert_allclose(after, before, atol=1e-6)


@pytest.mark.parametrize("elevation", [12.0, 32.0, 90.0])
def test_reading_one_of_4096_by_4096_vertices_goes_through_none_but_those_on_its_line(
    surface_of: Made, scene_of: Made, elevation: float
) -> None:
    scene = scene_of(surface_of(lambda a, b: np.sin(5 * a) * np.cos(4 * b), shape=(4096, 4096)))
    scene.look(scene.home._replace(elevation=elevation))
    scene.reading(300, 260)
    tracemalloc.start()
    for x, y in np.random.default_rng(0).uniform((100, 120), (500, 400), (40, 2)):
        scene.reading(x, y)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4096 * 4096  # a byte a vertex: 16 MiB, where a pass over them all in float64 takes 128
