"""Runs on a surface: each in its colour, paler before, up to a moment."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

Made = Callable[..., Any]


@pytest.fixture(autouse=True)
def _viewer(egl: None) -> None:
    """The viewer's modules are imported by the tests themselves."""


def bowl(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return 0.3 * a * a + 0.3 * b * b


ALONG = np.column_stack([np.linspace(-1.6, 1.6, 21), np.full(21, 1.5)])
UPWARDS = np.column_stack([np.full(11, -1.0), np.linspace(-0.8, 1.0, 11)])


def at(scene: Any, track: int, moment: float) -> np.ndarray:
    """The picture's colour where a track is at a moment."""
    line = scene.lines[track][1]
    column, row = np.floor(scene.pixel(line.at(moment))[0]).astype(int)
    return scene.picture()[row, column] / 255.0


@pytest.mark.parametrize("above", [True, False])
def test_each_run_has_its_colour_paler_at_its_start(
    surface_of: Made, scene_of: Made, run_of: Made, above: bool
) -> None:
    from atlas_fast.viewer.drawing.track import COLOURS, tracks_of

    tracks = tracks_of({"one": run_of(ALONG, bowl), "two": run_of(UPWARDS, bowl)})
    scene = scene_of(surface_of(bowl), tracks=tracks)
    scene.look(scene.above if above else scene.home)
    for number in range(2):
        for moment in (0.3, 0.7, 1.0):
            white = 0.65 * (1 - moment)
            expected = white + (1 - white) * np.array(COLOURS[number])
            np.testing.assert_allclose(at(scene, number, moment), expected, atol=0.04)


def test_a_moment_shows_a_share_of_the_steps_and_a_mark_at_the_present_one(
    surface_of: Made, scene_of: Made, run_of: Made
) -> None:
    from atlas_fast.viewer.drawing.track import tracks_of

    scene = scene_of(surface_of(bowl))
    scene.look(scene.above)
    bare = scene.picture().astype(int)
    scene.show_tracks(tracks_of({"one": run_of(ALONG, bowl)}))
    whole = scene.picture()
    line = scene.lines[0][1]
    places = np.floor(scene.pixel(line.points)).astype(int)

    def changed(picture: np.ndarray) -> np.ndarray:
        """The times at which the path is seen."""
        seen = np.abs(picture - bare).max(axis=2) > 20
        return line.time[seen[places[:, 1], places[:, 0]]]

    assert changed(whole).max() == 1.0
    for moment in (0.25, 0.6):
        scene.show_moment(moment)
        part = changed(scene.picture())
        # The mark's radius of 7 pixels is 0.04 of a path of some 200.
        assert moment <= part.max() < moment + 0.06
        assert (np.diff(part) < 0.01).all()
        # The mark is wider than the path.
        column, row = np.floor(scene.pixel(line.at(moment))[0]).astype(int)
        assert np.abs(scene.picture()[row + 4, column].astype(int) - bare[row + 4, column]).max() > 20
    scene.show_moment(1.0)
    assert (scene.picture() == whole).all()


def test_a_track_that_is_not_visible_leaves_no_trace(surface_of: Made, scene_of: Made, run_of: Made) -> None:
    from atlas_fast.viewer.drawing.track import tracks_of

    one, two = tracks_of({"one": run_of(ALONG, bowl), "two": run_of(UPWARDS, bowl)})
    scene = scene_of(surface_of(bowl), tracks=[one])
    alone = scene.picture()
    scene.show_tracks([one, two])
    assert (scene.picture() != alone).any()
    scene.show_tracks([one, replace(two, visible=False)])
    assert (scene.picture() == alone).all()


def test_a_surface_shows_its_own_run_where_no_tracks_are_given(surface_of: Made, scene_of: Made, run_of: Made) -> None:
    surface = surface_of(bowl)
    run = run_of(ALONG, bowl)
    scene = scene_of(surface.showing(run))
    assert [track.run for track in scene.tracks] == [run]
    scene.look(scene.above)
    # Yellow to red.
    np.testing.assert_allclose(at(scene, 0, 0.5), (1.0, 0.5, 0.0), atol=0.05)


def test_a_run_of_another_problem_is_refused_and_the_scene_stays(
    surface_of: Made, scene_of: Made, run_of: Made
) -> None:
    from atlas_fast.arguments import ArgumentError
    from atlas_fast.viewer.drawing.track import tracks_of

    scene = scene_of(surface_of(bowl))
    before = scene.picture()
    other = run_of(np.zeros((3, 5)), lambda *weights: np.zeros(3))
    with pytest.raises(ArgumentError, match="different problems"):
        scene.show_tracks(tracks_of({"other": other}))
    assert (scene.picture() == before).all()
    assert scene.tracks == ()


def test_flat_it_is_the_map_from_above(surface_of: Made, scene_of: Made, run_of: Made) -> None:
    from atlas_fast.viewer.drawing.track import tracks_of

    scene = scene_of(surface_of(bowl), tracks=tracks_of({"one": run_of(ALONG, bowl)}))
    scene.look(scene.above)
    high = scene.picture().astype(int)
    scene.rise(0.0)
    flat = scene.picture().astype(int)
    # Without perspective heights play no part; edges of the outline are smoothed by what lies below them.
    assert (np.abs(high - flat).max(axis=2) > 12).mean() < 2e-3
    # Aslant, a flat surface is where its floor is, and the path is on top of it.
    scene.look(scene.home)
    floor = scene.box.points(np.array([-1.9, 1.9]), np.array([-0.9, 1.9]), np.array([0.0, 0.0]))
    top = scene.box.points(np.array([-1.9, 1.9]), np.array([-0.9, 1.9]), np.array([9.0, 9.0]))
    np.testing.assert_allclose(scene.pixel(floor), scene.pixel(top), atol=1e-9)
    blue = np.array(scene.tracks[0].colour)
    np.testing.assert_allclose(at(scene, 0, 1.0), blue, atol=0.04)
    # Between the two it is lower than in full.
    corner = scene.box.points([2.0], [2.0], [2.4])
    scene.rise(0.5)
    half = scene.pixel(corner)[0, 1]
    scene.rise(1.0)
    assert scene.pixel(corner)[0, 1] < half < scene.pixel(corner * (1, 1, 0))[0, 1]


def test_of_a_very_long_run_only_the_steps_that_are_drawn_are_projected(
    surface_of: Made, scene_of: Made, run_of: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atlas_fast.planes import Plane
    from atlas_fast.viewer.drawing.track import tracks_of
    from atlas_fast.viewer.drawing.trajectory import STEPS

    projected = []
    project = Plane.project

    def counted(plane: Plane, weights: Any) -> Any:
        projected.append(len(weights))
        return project(plane, weights)

    monkeypatch.setattr(Plane, "project", counted)
    steps = 300_000
    run = run_of(np.column_stack([np.linspace(-1.6, 1.6, steps + 1), np.full(steps + 1, 1.5)]), bowl, 100)
    scene = scene_of(surface_of(bowl), tracks=tracks_of({"long": run}))
    assert projected and max(projected) <= STEPS
    line = scene.lines[0][1]
    assert (line.path.step[0], line.path.step[-1]) == (0, steps)
    for moment in (0.0, 0.3, 1.0):
        point = line.at(moment)
        found = scene.reading(*scene.pixel(point)[0])
        # A pixel is some 1/300 of the way.
        assert found.step == pytest.approx(moment * steps, abs=0.01 * steps)
        assert found.epoch == found.step / 100
        np.testing.assert_allclose((found.a, found.b), run.weights[found.step], atol=1e-12)
        assert (found.true_loss, found.distance) == (run.loss[found.step], 0.0)
