"""What the colours, the heights and the lines of a surface mean is what the look says."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps

from atlas_fast.arguments import ArgumentError
from atlas_fast.surface import Surface

Made = Callable[..., Any]


@pytest.fixture(autouse=True)
def _viewer(egl: None) -> None:
    """The viewer's modules are imported by the tests themselves."""


def hill(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """From 0.03 to 500 or so, a hundred times higher in a corner than over most of the rest."""
    return np.exp(0.9 * a + 1.1 * b) + 200 * np.exp(9 * (a + b - 3.9))


def places(surface: Surface) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = np.meshgrid(np.arange(5, 55, 7), np.arange(5, 75, 8), indexing="ij")
    loss = surface.loss[rows.ravel(), columns.ravel()].astype(float)
    return surface.a[columns.ravel()], surface.b[rows.ravel()], loss


def with_derivatives(surface: Surface) -> Surface:
    """The surface a^2 + 3 b^2 - a b with all that can be computed of it."""
    a, b = np.meshgrid(surface.a, surface.b)
    gradient = np.stack([2 * a - b, 6 * b - a])
    curvature = np.stack([np.full(a.shape, 2.0) * a, np.full(a.shape, -1.0), 6 * b])
    return replace(surface, gradient=gradient, curvature=curvature, gradient_norm=3 * np.hypot(*gradient))


def valley(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a * a + 3 * b * b - a * b


@pytest.mark.parametrize("kind", ["linear", "log", "clipped"])
def test_a_loss_has_its_colour_on_every_scale(surface_of: Made, scene_of: Made, colours_at: Made, kind: str) -> None:
    from atlas_fast.look import Look

    surface = surface_of(hill, dtype="float64")
    a, b, loss = places(surface)
    scene = scene_of(surface, Look(heights=kind, contours=False))
    scene.look(scene.above)
    seen = colours_at(scene, a, b, loss)
    low, high = surface.loss.min(), surface.loss.max()
    assert scene.heights.cut == (kind == "clipped")
    if kind == "clipped":
        high = scene.heights.top
        assert 2 < high < 100
    share = np.log(loss / low) / np.log(high / low) if kind == "log" else (loss - low) / (high - low)
    shown = loss < high
    assert shown.sum() > 60
    # Half a pixel may be a hundredth of the scale, which is 0.03 of a colour where the surface is steep.
    expected = colormaps["viridis"](share)[:, :3]
    off = np.abs(seen - expected)[shown].max(axis=1)
    assert np.median(off) < 0.02
    assert off.max() < 0.12
    np.testing.assert_allclose(seen[~shown], np.tile((0.93, 0.91, 0.84), ((~shown).sum(), 1)), atol=0.01)


@pytest.mark.parametrize("kind", ["linear", "log", "clipped"])
def test_the_colour_bar_tells_the_colour_that_the_surface_has(surface_of: Made, kind: str) -> None:
    from atlas_fast.look import Look
    from atlas_fast.viewer.drawing.heights import heights

    shown = heights(surface_of(hill, dtype="float64"), 8192, Look(heights=kind))
    losses = np.geomspace(shown.low, shown.top, 30)
    np.testing.assert_allclose(np.asarray(shown.scale.norm(losses)), shown.scaled(losses), atol=1e-12)
    ticks = shown.scale.ticks(7)
    assert len(ticks.values) == len(ticks.texts) >= 3
    placed = shown.scaled(ticks.values)
    assert placed.min() >= -1e-9 and placed.max() <= 1 + 1e-9


def test_a_limit_cuts_there(surface_of: Made) -> None:
    from atlas_fast.look import Look
    from atlas_fast.viewer.drawing.heights import heights

    surface = surface_of(hill, dtype="float64")
    assert heights(surface, 8192, Look(limit=3.0)).top == 3.0
    with pytest.raises(ArgumentError, match="limit is -1, more than the surface's lowest loss"):
        heights(surface, 8192, Look(limit=-1.0))
    with pytest.raises(ArgumentError, match="leave one of them out"):
        Look(heights="log", limit=3.0)


def test_a_logarithm_of_nothing_is_drawn_at_the_foot_and_one_of_less_refused(surface_of: Made) -> None:
    from atlas_fast.look import Look
    from atlas_fast.viewer.drawing.heights import heights

    zero = surface_of(lambda a, b: np.maximum(a + b, 0.0) + 0 * b, dtype="float64")
    shown = heights(zero, 8192, Look(heights="log"))
    assert shown.low > 0
    assert (shown.z[zero.loss == 0] == 0).all()
    assert "the lowest is 0" in " ".join(shown.notes)
    with pytest.raises(ArgumentError, match="the loss goes down to -3: heights='log' wants positive losses"):
        heights(surface_of(lambda a, b: a + b), 8192, Look(heights="log"))


@pytest.mark.parametrize("kind", ["slope", "gradient_norm", "curvature"])
def test_colours_tell_how_steep_or_curved_it_is(surface_of: Made, scene_of: Made, colours_at: Made, kind: str) -> None:
    from atlas_fast.look import Look

    surface = with_derivatives(surface_of(valley))
    scene = scene_of(surface, Look(colouring=kind, contours=False))
    scene.look(scene.above)
    a, b, loss = places(surface)
    seen = colours_at(scene, a, b, loss)
    slope = np.hypot(2 * a - b, 6 * b - a)
    values = {"slope": slope, "gradient_norm": 3 * slope, "curvature": a + 3 * b}[kind]
    scale = scene.shown.scale
    assert scale.low == (-scale.top if kind == "curvature" else pytest.approx(0.0, abs=1.0))
    expected = colormaps[scene.shown.colours](np.clip((values - scale.low) / (scale.top - scale.low), 0, 1))[:, :3]
    off = np.abs(seen - expected).max(axis=1)
    assert np.median(off) < 0.03
    assert off.max() < 0.12


@pytest.mark.parametrize(
    ("look", "named"),
    [
        ({"colouring": "slope"}, "gradient=True"),
        ({"colouring": "gradient_norm"}, "gradient_norm=True"),
        ({"colouring": "curvature"}, "curvature=True"),
        ({"arrows": True}, "gradient=True"),
        ({"streamlines": True}, "gradient=True"),
    ],
)
def test_what_a_surface_lacks_is_said_and_the_scene_stays(
    surface_of: Made, scene_of: Made, look: dict[str, Any], named: str
) -> None:
    from atlas_fast.look import Look

    scene = scene_of(surface_of(valley))
    before = scene.picture()
    with pytest.raises(ArgumentError, match=named):
        scene.dress(Look(theme="dark", **look))
    assert (scene.picture() == before).all()


def test_a_look_of_no_meaning_is_refused() -> None:
    from atlas_fast.look import Look

    for wrong in ({"heights": "sqrt"}, {"colouring": "height"}, {"theme": "pink"}, {"colours": "no such"}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            Look(**wrong)


def test_dressing_is_undone_by_dressing_again(surface_of: Made, scene_of: Made) -> None:
    from atlas_fast.look import Look

    scene = scene_of(with_derivatives(surface_of(valley)))
    before = scene.picture()
    others = [
        Look(heights="linear", contours=False),
        Look(colouring="curvature"),
        Look(theme="dark"),
        Look(colours="greys"),
        Look(arrows=True),
        Look(streamlines=True),
    ]
    for other in others:
        scene.dress(other)
        assert (np.abs(scene.picture().astype(int) - before) > 8).any(axis=2).mean() > 0.002
    scene.dress(Look())
    assert (scene.picture() == before).all()


@pytest.mark.parametrize("what", ["arrows", "streamlines"])
def test_lines_of_descent_are_seen_on_the_surface_and_nowhere_else(surface_of: Made, scene_of: Made, what: str) -> None:
    from atlas_fast.look import Look

    scene = scene_of(with_derivatives(surface_of(lambda a, b: 1e-3 * valley(a, b))), Look(colours="greys"))
    scene.look(scene.above)
    before = scene.picture().astype(int)
    scene.dress(Look(colours="greys", **{what: True}))
    darker = before - scene.picture() > 60
    corners = scene.pixel(scene.box.points([-2, 2], [-1, 2], [0, 0]))
    (left, bottom), (right, top) = np.round(corners).astype(int)
    inside = darker[top:bottom, left:right].any(axis=2)
    assert 0.01 < inside.mean() < 0.3
    # Only the note above the surface is new beside it.
    assert not darker[bottom + 3 :].any()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_can_be_read_on_a_surface_of_their_own_colour(surface_of: Made, scene_of: Made, theme: str) -> None:
    from matplotlib.colors import to_rgb

    from atlas_fast.look import Look
    from atlas_fast.viewer.drawing.furniture import furniture

    look = Look(theme=theme)
    surface = surface_of(lambda a, b: a * a + b * b)
    scene = scene_of(surface)
    drawn = furniture(surface, scene.heights, scene.shown, (), look, (640, 480), 1.0).astype(float)
    title, alpha = drawn[:70, 100:540, :3] / 255, drawn[:70, 100:540, 3:] / 255
    text, ground = np.array(to_rgb(look.dressing.text)), np.array(to_rgb(look.dressing.background))
    seen = alpha * title + (1 - alpha) * text  # over the colour of the text itself
    around = np.abs(seen - ground).max(axis=2) < 0.1
    letters = np.abs(seen - text).max(axis=2) < 0.1
    assert around.sum() > 300
    # Between the first and the last column of the halo there are letters again.
    columns = np.flatnonzero(around.any(axis=0))
    assert letters[around.any(axis=1)][:, columns[0] : columns[-1]].sum() > 300
