"""Pictures of any size, in one part or in many, with a background or without."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps

Made = Callable[..., Any]


@pytest.fixture(autouse=True)
def _viewer(egl: None) -> None:
    """The viewer's modules are imported by the tests themselves."""


def waves(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return 0.4 * a + 0.3 * b + np.sin(3 * a) * np.cos(4 * b)


def test_a_picture_of_parts_is_the_picture(surface_of: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    from atlas_fast.viewer import offscreen

    surface = surface_of(waves)
    whole = offscreen.draw(surface, (500, 370)).astype(int)
    monkeypatch.setattr(offscreen, "PART", 256)
    parts = offscreen.draw(surface, (500, 370)).astype(int)
    # At the rim of a part a contour line asks the pixels beside it, which another part has.
    assert (np.abs(parts - whole).max(axis=2) > 3).mean() < 1e-3
    assert np.abs(parts - whole).mean() < 0.05


def test_without_a_background_it_lies_on_any(surface_of: Made) -> None:
    from atlas_fast.look import THEMES
    from atlas_fast.viewer import offscreen

    surface = surface_of(waves)
    clear = offscreen.draw(surface, (320, 240), transparent=True)
    plain = offscreen.draw(surface, (320, 240)).astype(float)
    assert clear.shape == (240, 320, 4)
    assert plain.shape == (240, 320, 3)
    alpha = clear[..., 3:] / 255.0
    assert (alpha[:3] == 0).all() and (alpha[130, 160] == 1).all()
    ground = np.array([int(THEMES["light"].background[k : k + 2], 16) for k in (1, 3, 5)])
    laid = clear[..., :3] * alpha + ground * (1 - alpha)
    assert np.abs(laid - plain).max() < 4


def test_a_still_is_drawn_as_often_as_it_is_asked(surface_of: Made) -> None:
    from atlas_fast.viewer import offscreen

    with offscreen.still(surface_of(waves), (200, 150)) as still:
        first = still.picture()
        still.scene.look(still.scene.above)
        assert (still.picture() != first).any()
        still.scene.look(still.scene.home)
        assert (still.picture() == first).all()


def test_at_8k_known_heights_have_their_colours(surface_of: Made) -> None:
    from atlas_fast.look import Look
    from atlas_fast.viewer import offscreen

    surface = surface_of(waves)
    a, b = (x.ravel() for x in np.meshgrid(surface.a[5:-5:7], surface.b[5:-5:7]))
    with offscreen.still(surface, (7680, 4320), Look(contours=False)) as still:
        still.scene.look(still.scene.above)
        picture = still.picture()
        still.scene.tile(0, 0)
        places = still.scene.pixel(still.scene.box.points(a, b, surface.at(a, b))) / offscreen.SHARPNESS
    assert picture.shape == (4320, 7680, 3)
    columns, rows = np.floor(places).astype(int).T
    # Over several parts.
    assert len(np.unique(columns // 2048)) > 1 and len(np.unique(rows // 2048)) > 1
    low, high = surface.loss.min(), surface.loss.max()
    expected = colormaps["viridis"]((surface.at(a, b) - low) / (high - low))[:, :3]
    np.testing.assert_allclose(picture[rows, columns] / 255, expected, atol=0.02)


def test_a_size_beyond_the_largest_is_refused(surface_of: Made) -> None:
    from atlas_fast.arguments import ArgumentError
    from atlas_fast.viewer import offscreen

    with pytest.raises(ArgumentError, match="at most 8192 along a side"):
        offscreen.draw(surface_of(waves), (9000, 100))
