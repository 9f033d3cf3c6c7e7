"""A coarse surface becomes a fine one tile by tile, and nothing but the tile changes."""

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atlas_fast.arguments import ArgumentError

Made = Callable[..., Any]


@pytest.fixture(autouse=True)
def _viewer(egl: None) -> None:
    """The viewer's modules are imported by the tests themselves."""


def waves(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return 0.4 * a + 0.3 * b + np.sin(3 * a) * np.cos(4 * b)


def resident() -> float:
    """MiB of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def region(scene: Any, columns: slice, rows: slice) -> tuple[slice, slice]:
    """Where a part of the surface is seen from above: rows and columns of the picture."""
    surface = scene.surface
    a, b = surface.a[[columns.start, columns.stop - 1]], surface.b[[rows.start, rows.stop - 1]]
    (left, low), (right, high) = scene.pixel(scene.box.points(a, b, [0.0, 0.0]))
    return slice(int(high), int(low) + 1), slice(int(left), int(right) + 1)


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(slice(96, 160), slice(32, 96)), (slice(0, 64), slice(0, 64)), (slice(192, 256), slice(128, 192))],
    ids=["inside", "first corner", "rim"],
)
def test_a_tile_changes_its_own_pixels_and_no_others(
    surface_of: Made, scene_of: Made, rows: slice, columns: slice
) -> None:
    whole = surface_of(waves, shape=(256, 192))
    scene = scene_of(whole)
    scene.look(scene.above)
    before = scene.picture().astype(int)
    scene.refine(rows, columns, np.asarray(1.0 - 0.5 * whole.loss[rows, columns]))
    changed = np.abs(scene.picture() - before).max(axis=2) > 6
    down, right = region(scene, columns, rows)
    assert changed[down, right].mean() > 0.8
    # A vertex reaches to its neighbours, two pixels here; contour lines ask the pixel beside them.
    changed[max(down.start - 4, 0) : down.stop + 4, max(right.start - 4, 0) : right.stop + 4] = False
    assert not changed.any()
    # The surface that was given is somebody else's.
    assert scene.surface.loss[rows, columns].mean() == pytest.approx(1.0 - 0.5 * whole.loss[rows, columns].mean(), 1e-5)
    assert whole.loss[rows, columns].max() == pytest.approx(waves(whole.a[None, columns], whole.b[rows, None]).max())


def test_when_all_tiles_have_come_it_is_the_surface(surface_of: Made, scene_of: Made) -> None:
    fine = surface_of(waves, shape=(130, 100))
    low, high = fine.loss.min(), fine.loss.max()
    coarse = surface_of(waves, shape=(14, 11))
    loss = coarse.loss.copy()
    loss[0, 0], loss[-1, -1] = low, high  # of one scale with the fine one
    scene = scene_of(surface_of(lambda a, b: a + b))
    scene.expect(replace(coarse, loss=loss), fine.a, fine.b)
    first = scene.picture().astype(int)
    assert scene.reading(320, 300) is not None
    for row in range(0, 130, 50):
        for column in range(0, 100, 50):
            rows, columns = slice(row, row + 50), slice(column, column + 50)
            scene.refine(rows, columns, fine.loss[rows, columns])
    refined = scene.picture().astype(int)
    assert (scene.surface.loss == fine.loss).all()
    scene.show_surface(fine)
    whole = scene.picture().astype(int)
    assert np.abs(refined - whole).max() <= 2
    assert (np.abs(first - whole).max(axis=2) > 20).mean() > 0.01


def test_what_is_expected_is_between_the_coarse_heights(surface_of: Made, scene_of: Made) -> None:
    plane = surface_of(lambda a, b: a + 2 * b, shape=(5, 4))
    scene = scene_of(plane)
    fine = surface_of(lambda a, b: a + 2 * b, shape=(77, 99))
    scene.expect(plane, fine.a, fine.b)
    np.testing.assert_allclose(scene.surface.loss, fine.loss, atol=1e-5)
    assert scene.surface.loss.shape == (77, 99)


def test_a_gap_comes_and_goes_with_its_tile(surface_of: Made, scene_of: Made) -> None:
    whole = surface_of(lambda a, b: a + b, shape=(100, 100))
    scene = scene_of(whole)
    scene.look(scene.above)
    before = scene.picture()
    tile = slice(40, 60)
    scene.refine(tile, tile, np.full((20, 20), np.nan))
    down, right = region(scene, tile, tile)
    assert (scene.picture()[down, right].min(axis=2) > 190).mean() > 0.9
    scene.refine(tile, tile, whole.loss[tile, tile])
    assert (scene.picture() == before).all()


def test_a_surface_that_is_thinned_takes_the_vertices_that_are_drawn(surface_of: Made) -> None:
    from atlas_fast.viewer.drawing.heights import heights

    surface = surface_of(waves, shape=(50, 101))
    shown = heights(surface, 40)
    other = surface.loss[::-1, ::-1]
    for row in range(0, 50, 16):
        for column in range(0, 101, 16):
            rows, columns = slice(row, min(row + 16, 50)), slice(column, min(column + 16, 101))
            shown.change(*shown.part(rows, columns, other[rows, columns], (50, 101)))
    rows, columns = np.searchsorted(surface.b, shown.b), np.searchsorted(surface.a, shown.a)
    np.testing.assert_allclose(shown.z, shown.scaled(other[np.ix_(rows, columns)]), atol=1e-6)


def test_a_tile_of_another_size_is_refused(surface_of: Made, scene_of: Made) -> None:
    scene = scene_of(surface_of(waves))
    with pytest.raises(ArgumentError, match=r"loss has the shape \(8, 8\), these rows and columns have \(4, 8\)"):
        scene.refine(slice(56, 64), slice(0, 8), np.zeros((8, 8)))


def test_4096_by_4096_heights_take_little_more_than_the_card_does(surface_of: Made) -> None:
    import tracemalloc

    from atlas_fast.viewer.drawing.heights import heights

    surface = surface_of(lambda a, b: a * a + b, shape=(4096, 4096))
    tracemalloc.start()
    start = time.perf_counter()
    shown = heights(surface, 8192)
    taken = time.perf_counter() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # float32 heights, a byte each for where they are known, and some rows in float64.
    assert shown.rimmed.nbytes + shown.known.nbytes < peak < 1.5 * shown.rimmed.nbytes
    assert taken < 3.0


def test_frames_tiles_moments_and_surfaces_leave_nothing_behind(surface_of: Made, scene_of: Made, run_of: Made) -> None:
    from atlas_fast.look import Look

    run = run_of(np.column_stack([np.linspace(-1, 1, 50)] * 2), waves)
    one, two = (surface_of(waves, shape=(side, side)).showing(run) for side in (200, 230))
    scene = scene_of(one, size=(160, 120))
    tile = slice(64, 128)

    def work(count: int) -> None:
        for k in range(count):
            scene.camera.azimuth += 1.0
            scene.show_moment(k / count)
            scene.refine(tile, tile, one.loss[tile, tile])
            if k % 25 == 0:
                scene.show_surface(two if k % 50 else one)
                scene.dress(Look(heights="linear" if k % 50 else "clipped"))
            scene.picture()

    work(40)
    gc.collect()
    before = resident()
    work(40)
    gc.collect()
    # A surface, and what is kept of it, is half a MiB.
    assert resident() - before < 4.0


def test_a_coarse_surface_is_shown_by_its_own_vertices_before_its_grid_is_filled(
    surface_of: Made, scene_of: Made, colours_at: Made
) -> None:
    from atlas_fast.look import Look

    coarse, whole = (surface_of(waves, shape=shape) for shape in ((16, 20), (150, 200)))
    scene = scene_of(surface_of(lambda a, b: a * a + b * b, shape=(30, 30)))
    scene.begin(coarse, look=Look(colouring="slope"))
    assert scene.surface.loss.shape == (16, 20) and scene.dressed.colouring == "slope"
    first = scene.picture()
    scene.expect(coarse, whole.a, whole.b)
    assert scene.surface.loss.shape == (150, 200)
    # Straight between the same vertices: only the light on the creases is another.
    assert np.abs(first.astype(int) - scene.picture()).mean() < 6
    scene.refine(slice(0, 150), slice(0, 200), whole.loss)
    assert np.abs(first.astype(int) - scene.picture()).mean() > 0.5


def test_what_stands_round_the_scene_is_drawn_once_for_what_is_shown(
    surface_of: Made, scene_of: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atlas_fast.look import Look

    scene = scene_of(surface_of(waves))
    scene.picture()
    drawn = []
    real = scene.furniture
    monkeypatch.setattr(scene, "furniture", lambda *size: drawn.append(size) or real(*size))
    before = scene.picture()
    assert scene.written and not drawn
    scene.show_surface(surface_of(lambda a, b: a * a + b * b))
    scene.dress(Look(heights="linear"))
    scene.show_tracks(())
    assert not scene.written and not drawn, "nobody has seen it"
    after = scene.picture()
    assert scene.written and len(drawn) == 1
    # The numbers of the colour bar, at the right, are others.
    assert (before[150:330, 560:] != after[150:330, 560:]).any()
