"""Pictures and films are dressed as one says, and taken from where and when one says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

import atlas_fast as af
from atlas_fast.surface import Surface
from atlas_fast.viewer import picture, training_film, turntable

Made = Callable[..., Any]

SIZE = (480, 360)


@pytest.fixture(autouse=True)
def _viewer(egl: None) -> None:
    """The viewer's modules are imported by the tests themselves."""


def slanted(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.exp(0.9 * a + 0.5 * b)


def seen(path: Path) -> np.ndarray:
    with Image.open(path) as found:
        return np.asarray(found.convert("RGB")).astype(int)


def at(surface: Surface, a: Any, b: Any, **pose: Any) -> np.ndarray:
    """Where points of a surface are on a picture of SIZE, rows and columns."""
    from atlas_fast.look import Look
    from atlas_fast.viewer.drawing.pose import Pose
    from atlas_fast.viewer.offscreen import SHARPNESS, still

    with still(surface, SIZE, Look(heights="log")) as shown:
        Pose(**pose).take(shown.scene)
        shown.scene.tile(0, 0)
        points = shown.scene.box.points(a, b, surface.at(a, b))
        return np.floor(shown.scene.pixel(points) / SHARPNESS).astype(int)[:, ::-1]


def test_a_picture_is_dressed_and_taken_from_above_as_one_says(surface_of: Made, tmp_path: Path) -> None:
    surface = surface_of(slanted, dtype="float64")
    a, b = (x.ravel() for x in np.meshgrid(np.linspace(-1.8, 1.8, 7), np.linspace(-0.8, 1.8, 5)))
    choices: dict[str, Any] = {"heights": "log", "colours": "magma", "contours": False, "theme": "dark"}
    picture(surface, tmp_path / "s.png", SIZE, above=True, **choices)
    pixels = seen(tmp_path / "s.png")
    rows, columns = at(surface, a, b, above=True).T
    # As on a map: a to the right, b upwards, and no perspective.
    np.testing.assert_array_equal(np.sign(np.diff(columns.reshape(5, 7), axis=1)), 1)
    np.testing.assert_array_equal(np.sign(np.diff(rows.reshape(5, 7), axis=0)), -1)
    assert (np.ptp(columns.reshape(5, 7), axis=0) <= 1).all()
    share = (0.9 * a + 0.5 * b + 2.3) / 5.1
    expected = colormaps["magma"](share)[:, :3] * 255
    assert np.abs(pixels[rows, columns] - expected).max(axis=1).max() < 12
    assert pixels[3, 3].max() < 40


def test_it_is_seen_from_where_one_says(surface_of: Made, tmp_path: Path) -> None:
    surface = surface_of(slanted, dtype="float64")
    ends = np.array([-1.5, 1.5]), np.array([0.5, 0.5])
    front, right = (at(surface, *ends, azimuth=angle, elevation=20) for angle in (0, 90))
    assert front[1, 1] > front[0, 1] + 50  # a runs to the right
    assert abs(right[1, 1] - right[0, 1]) < 30  # and then towards the reader
    near, far = (np.ptp(at(surface, *ends, azimuth=0, zoom=zoom)[:, 1]) for zoom in (2.0, 1.0))
    assert 1.7 < near / far < 2.4
    pixels = {}
    for zoom in (1.0, 2.0):
        picture(surface, tmp_path / "s.png", SIZE, azimuth=0, zoom=zoom, heights="log", contours=False)
        rows, columns = at(surface, np.array([0.2]), np.array([0.6]), azimuth=0, zoom=zoom).T
        pixels[zoom] = seen(tmp_path / "s.png")[rows, columns][0]
    # The same place has the same colour, wherever it is then.
    assert np.abs(pixels[1.0] - pixels[2.0]).max() < 12


def test_paths_are_drawn_up_to_a_moment(surface_of: Made, run_of: Made, tmp_path: Path) -> None:
    run = run_of(np.column_stack([np.linspace(-1.5, 1.5, 41), np.full(41, 0.5)]), slanted)
    surface = surface_of(slanted, dtype="float64").showing({"one": run})
    early, late = at(surface, np.array([-1.0, 1.0]), np.array([0.5, 0.5]), above=True)
    shown = []
    for moment in (0.5, 1.0):
        picture(surface, tmp_path / "s.png", SIZE, above=True, heights="log", moment=moment)
        pixels = seen(tmp_path / "s.png")
        # Vermilion, pale at first, on viridis: more red than blue by far.
        shown.append([int((pixels[row, column] @ (1, 0, -1)) > 40) for row, column in (early, late)])
    # Where it is pale, it is bright.
    assert [when[1] for when in shown] == [0, 1]
    assert pixels[tuple(early)].min() > 120
    turntable(
        surface, tmp_path / "s.gif", 0.2, 10, SIZE, heights="log", above=True, moment=0.5, theme="dark", progress=False
    )
    assert seen(tmp_path / "s.gif")[2, 2].max() < 60
    assert seen(tmp_path / "s.gif")[tuple(late)] @ (1, 0, -1) < 40


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"elevaton": 3}, "there is no choice elevaton: did you mean elevation?"),
        ({"above": True, "azimuth": 3}, "above=True looks straight down"),
        ({"moment": 1.5}, "moment is 1.5, a share of the steps from 0 to 1"),
        ({"zoom": 0}, "zoom is 0, it must be greater than 0"),
        ({"elevation": 91}, "elevation is 91, degrees from -90 to 90"),
        ({"colouring": "slope"}, r"no gradient: compute it with problem\.surface\(\.\., gradient=True\)"),
    ],
)
def test_what_cannot_be_had_is_told_in_a_line(surface_of: Made, tmp_path: Path, choices: Any, told: str) -> None:
    with pytest.raises(af.ArgumentError, match=told.replace("?", r"\?")):
        picture(surface_of(slanted), tmp_path / "s.png", SIZE, **choices)
    assert list(tmp_path.iterdir()) == []


def test_a_film_of_the_training_shows_every_moment(surface_of: Made, run_of: Made, tmp_path: Path) -> None:
    surface = surface_of(slanted).showing(run_of([[-1, 0], [1, 1]], slanted))
    with pytest.raises(af.ArgumentError, match="leave moment out"):
        training_film(surface, tmp_path / "s.gif", moment=0.5)
