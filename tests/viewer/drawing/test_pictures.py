"""Pictures by what is on them: known heights have the colour map's colours where the camera puts them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

import atlas_fast as af
from atlas_fast.surface import Surface

Made = Callable[..., Surface]

SIZE = (640, 480)


@pytest.fixture(autouse=True)
def _viewer(egl: None) -> None:
    """The viewer's modules are imported by the tests themselves."""


@contextmanager
def drawn(surface: Surface) -> Iterator[Any]:
    """A scene off screen, without the supersampling of a picture: a pixel is a pixel."""
    from atlas_fast.viewer import offscreen
    from atlas_fast.viewer.drawing.scene import Scene

    with offscreen.canvas(SIZE) as canvas:
        yield Scene(canvas, surface, scale=1.0)


def colours(scene: Any, a: np.ndarray, b: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """The picture's colours (k, 3) where the points (a, b, loss) are seen, in [0, 1]."""
    places = scene.pixel(scene.box.points(a, b, loss))
    columns, rows = np.floor(places).astype(int).T
    assert (columns >= 0).all() and (columns < SIZE[0]).all() and (rows >= 0).all() and (rows < SIZE[1]).all()
    return scene.picture()[rows, columns] / 255.0


def saddle(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """No symmetry of the square maps it to itself, and it does not hide itself from above or from the front."""
    return a + 2.5 * b + 0.4 * a * b + 0.3 * b * b


def points(surface: Surface) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices inside the surface, far from its rim and from contour lines."""
    rows, columns = np.meshgrid(np.arange(6, 54, 4), np.arange(6, 74, 5), indexing="ij")
    a, b = surface.a[columns.ravel()], surface.b[rows.ravel()]
    return a, b, saddle(a, b)


def test_from_above_the_colours_are_those_of_the_colour_map(surface_of: Made) -> None:
    surface = surface_of(saddle)
    a, b, loss = points(surface)
    low, high = float(surface.loss.min()), float(surface.loss.max())
    with drawn(surface) as scene:
        scene.look(scene.above)
        seen = colours(scene, a, b, loss)
    expected = colormaps["viridis"]((loss - low) / (high - low))[:, :3]
    off = np.abs(seen - expected).max(axis=1)
    # A pixel may lie half of its own width from the point, where the height is another by at most 1 % of the scale:
    # viridis changes by 0.03 there. One of six or so lies under a contour line, which is a quarter white.
    assert np.median(off) < 0.02
    assert (off < 0.04).mean() > 0.75
    assert off.max() < 0.3


def test_in_three_dimensions_light_changes_how_bright_a_colour_is_and_not_its_tint(surface_of: Made) -> None:
    surface = surface_of(saddle)
    a, b, loss = points(surface)
    low, high = float(surface.loss.min()), float(surface.loss.max())
    with drawn(surface) as scene:
        seen = colours(scene, a, b, loss)
    expected = colormaps["viridis"]((loss - low) / (high - low))[:, :3]
    cosine = (seen * expected).sum(axis=1) / (np.linalg.norm(seen, axis=1) * np.linalg.norm(expected, axis=1))
    # 0.999 are 2.6 degrees between two colours; contour lines are the exceptions.
    assert (cosine > 0.999).mean() > 0.75
    bright = np.linalg.norm(seen, axis=1) / np.linalg.norm(expected, axis=1)
    assert (bright > 0.45).all()


def test_rows_are_b_and_columns_a_with_a_to_the_right_and_b_upwards(surface_of: Made) -> None:
    surface = surface_of(lambda a, b: np.where((a > 1) & (b < -0.4), 1.0, 0.0) + 0 * a * b, shape=(40, 90))
    with drawn(surface) as scene:
        scene.look(scene.above)
        picture = scene.picture().astype(int)
        corner = scene.pixel(scene.box.points([-2, 2, -2, 2], [-1, -1, 2, 2], [0, 0, 0, 0]))
    yellow = colormaps["viridis"](1.0)[:3]
    rows, columns = np.nonzero(np.abs(picture / 255 - yellow).max(axis=2) < 0.03)
    across = (columns - corner[0, 0]) / (corner[1, 0] - corner[0, 0])
    upwards = (rows - corner[0, 1]) / (corner[2, 1] - corner[0, 1])
    inside = (across > 0) & (across < 1) & (upwards > 0) & (upwards < 1)
    assert corner[1, 0] > corner[0, 0]
    assert corner[2, 1] < corner[0, 1]
    # a > 1 of -2 .. 2 is the last quarter, b < -0.4 of -1 .. 2 the first fifth; a cell is 1/89 and 1/39 of a side.
    assert across[inside].min() == pytest.approx(0.75, abs=0.03)
    assert upwards[inside].max() == pytest.approx(0.2, abs=0.04)
    assert inside.sum() > 500


def test_a_gap_shows_the_background_and_its_rim_does_not(surface_of: Made) -> None:
    surface = surface_of(lambda a, b: 0.1 * a + b)
    loss = surface.loss.copy()
    loss[25:35, 35:50] = np.nan
    loss[30, 40] = np.inf
    with drawn(replace(surface, loss=loss)) as scene:
        scene.look(scene.above)
        inside = colours(scene, surface.a[[38, 42, 46]], surface.b[[28, 30, 32]], np.zeros(3))
        beside = colours(scene, surface.a[[30, 55, 42]], surface.b[[30, 30, 40]], np.zeros(3))
    # Where there is no height, the background or a grid line of the floor.
    assert (inside > 0.75).all()
    assert (beside.min(axis=1) < 0.6).all()


def test_a_cut_corner_has_a_colour_that_no_height_has(surface_of: Made) -> None:
    from atlas_fast.heights import BEYOND

    surface = surface_of(lambda a, b: saddle(a, b) + np.exp(40 * (a + b - 3)), dtype="float64")
    with drawn(surface) as scene:
        scene.look(scene.above)
        seen = colours(scene, np.array([1.9]), np.array([1.9]), np.array([scene.heights.top]))
    np.testing.assert_allclose(seen[0], BEYOND, atol=0.01)


def test_the_path_is_where_the_run_went_from_yellow_to_red(bowl_file: Path) -> None:
    surface = af.load(bowl_file)
    path = surface.path()
    with drawn(surface) as scene:
        for view in (scene.home, scene.above):
            scene.look(view)
            picture = scene.picture() / 255.0
            count = len(scene.path.points)
            for share, green in ((0.0, 1.0), (0.5, None), (1.0, 0.0)):
                place = round(share * (count - 1))
                column, row = np.floor(scene.pixel(scene.path.points[place])[0]).astype(int)
                red, seen_green, blue = picture[row, column]
                wanted = 1 - scene.path.time[place] if green is None else green
                assert red > 0.95
                assert blue < 0.05
                # The path's end lies under 80 steps that hardly differ: the last of them is on top.
                assert seen_green == pytest.approx(wanted, abs=0.06)
        start = scene.box.points(path.a[:1], path.b[:1], path.height[:1])
    # Lifted, and not elsewhere.
    np.testing.assert_allclose(scene.path.points[0, :2], start[0, :2], atol=1e-12)
    assert 0 < scene.path.points[0, 2] - start[0, 2] < 0.02


def test_a_hill_hides_the_path_behind_it(bowl_file: Path) -> None:
    surface = af.load(bowl_file)
    hill = replace(surface, loss=(20 - surface.loss).astype(np.float32))
    with drawn(hill) as scene:
        # Seen from b's far side at the height of the floor, all of the path is behind the top or below its rim.
        view = scene.home._replace(azimuth=0.0, elevation=2.0)
        scene.look(view)
        hidden = scene.picture() / 255.0
    # The path's own yellow is nowhere: where it is hidden, it is faint.
    start = np.array([1.0, 1.0, 0.0])
    with drawn(surface) as scene:
        shown = scene.picture() / 255.0
    left = slice(0, SIZE[0] - 150)  # without the colour bars
    count = [(np.abs(picture[:, left] - start).max(axis=2) < 0.02).sum() for picture in (hidden, shown)]
    assert count[1] > 30
    assert count[0] < count[1]


def test_a_picture_has_its_size_and_the_run_it_was_given(bowl_file: Path, tmp_path: Path) -> None:
    from atlas_fast.viewer import picture

    surface = af.load(bowl_file)
    bare = replace(surface, plane=replace(surface.plane, run=None))
    picture(bare, tmp_path / "bare.png", size=(320, 240))
    picture(bare, tmp_path / "path.png", size=(320, 240), run=surface.run)
    plain, path = (np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB")) for name in ("bare", "path"))
    assert plain.shape == path.shape == (240, 320, 3)
    assert (plain != path).any()
    assert plain.std() > 10


@pytest.mark.parametrize(
    "height",
    [lambda a, b: np.nan * a * b, lambda a, b: 7.0 + 0 * a * b, lambda a, b: 1e300 * a * b],
    ids=["nan", "constant", "huge"],
)
def test_odd_surfaces_are_drawn(surface_of: Made, tmp_path: Path, height: Callable[..., np.ndarray]) -> None:
    from atlas_fast.viewer import picture

    picture(surface_of(height, shape=(2, 300), dtype="float64"), tmp_path / "odd.png", size=(200, 150))
    assert (tmp_path / "odd.png").stat().st_size > 1000
