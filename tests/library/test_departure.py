"""Where a run leaves for good, and what that spares planes and frames."""

import warnings

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast.departure import distances, left_out, records_before, rise, trajectory


def run(losses: list[float], places: list[float] | None = None) -> af.Run:
    """A run of one weight with these losses at these places (0, 1, 2 ..)."""
    weights = np.arange(len(losses), dtype=np.float64) if places is None else np.array(places, np.float64)
    bad = [number for number, loss in enumerate(losses) if not np.isfinite(loss)]
    return af.Run(
        weights=weights[:, None],
        loss=np.array(losses, np.float64),
        epochs=len(losses) - 1,
        steps_per_epoch=1,
        optimizer="by hand",
        seed=0,
        diverged_at=bad[0] if bad else None,
    )


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([4, 3, 2, 1], 4),
        ([4, 41, 3, 2], 4),  # a leap that comes back
        ([4, 3, 60, 70, 80], 2),  # above 3 + 10 times 4
        ([4, 3, 43, 44], 3),
        ([4, 50, 60], 1),
        ([4, 3, 60, np.inf], 2),
        ([4, 3, np.nan], 2),
        ([np.inf], 0),
        ([-4, -5, -6, 90, 1e9], 3),  # above -6 + 10 times 4
        ([-4, -5, -6, 30, 1e9], 4),
        ([0, 1, 1e9], 3),  # nothing to measure with
        ([0, -1, 5, 1e9], 3),  # above -1 + 10 times 1
    ],
)
def test_a_run_leaves_after_its_last_loss_that_is_not_far(losses: list[float], expected: int) -> None:
    assert records_before(run(losses)) == expected


def test_the_lowest_loss_may_be_another_runs() -> None:
    # A start of -1 is 1 in size and 0 above its own lowest; 99 above another run's.
    assert records_before(run([-1, 800])) == 1
    assert records_before(run([-1, 800]), lowest=-100) == 2


def test_a_run_leaves_after_its_last_place_that_is_not_far() -> None:
    away = run([4, 3, 3, 3], [0, 5, 51, 60])
    assert records_before(away) == 4
    assert records_before(away, way=5) == 2
    np.testing.assert_array_equal(distances(away), [0, 5, 51, 60])


def test_the_trajectory_of_a_diverged_run_ends_where_it_leaves() -> None:
    np.testing.assert_array_equal(trajectory(run([4, 3, 60, 70])).ravel(), [0, 1, 2, 3])
    np.testing.assert_array_equal(trajectory(run([4, 3, 60, 70, np.inf])).ravel(), [0, 1])
    np.testing.assert_array_equal(trajectory(run([4, 60, 70, np.inf])).ravel(), [0, 1])
    np.testing.assert_array_equal(trajectory(run([4, np.inf])).ravel(), [0])


def test_the_plane_of_a_diverged_run_shows_where_it_went_before() -> None:
    """Without the last steps of a run to 1e150 the principal components are those of a run that was ended in time."""
    problem = af.Problem("x^2 + 3*y^2 + x*y + z^2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lost = problem.train(af.SGD(lr=0.45), 999, start=[1.0, 0.1, -0.5])
    assert lost.diverged_at is not None
    assert np.abs(lost.final).max() > 1e150
    count = records_before(lost)
    assert 3 < count < 20
    ended = problem.train(af.SGD(lr=0.45), count - 1, start=[1.0, 0.1, -0.5])
    plane, other = af.Plane.pca(lost), af.Plane.pca(ended)
    np.testing.assert_array_equal(plane.center, ended.final)
    np.testing.assert_allclose([plane.u, plane.v], [other.u, other.v])
    assert plane.reach == other.reach
    surface = problem.surface(plane, resolution=32)
    assert surface.overflowed == 0
    assert surface.loss.max() < 1e3
    axes = af.Plane.axes(problem, "x", "y").framing(lost)
    assert axes.reach < 10


@pytest.mark.parametrize(
    ("losses", "shown", "expected"),
    [
        ([4, 3, 2], 3, ""),
        ([4, 3, 60], 2, "far off from step 2 on"),
        ([4, 3, np.inf], 2, ""),
        ([4, 3, 60, np.inf], 2, "far off from step 2 on"),
        ([np.inf], 0, ""),
    ],
)
def test_what_is_left_out_is_said(losses: list[float], shown: int, expected: str) -> None:
    assert left_out(run(losses), shown) == expected


def test_a_picture_of_a_diverged_run_says_what_it_leaves_out() -> None:
    problem = af.Problem("x^2 + 3*y^2 + x*y + z^2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lost = problem.train(af.SGD(lr=0.45), 999, start=[1.0, 0.1, -0.5])
    figure = problem.surface(af.Plane.pca(lost), resolution=8).plot()
    assert any(f"far off from step {len(trajectory(lost))} on" in text.get_text() for text in figure.texts)


def test_a_finite_run_that_explodes_spares_its_plane_and_says_so() -> None:
    problem = af.Problem("x^2 + 2*y^2")
    exploded = problem.train(af.SGD(lr=1.2), 200, start={"x": 1.0, "y": 1.0})
    assert exploded.diverged_at is None and exploded.loss[-1] > 1e100
    assert exploded.message.startswith("the loss rose from 3 to ")
    assert "a smaller lr" in exploded.message
    assert np.abs(af.Plane.pca(exploded).center).max() < 1e3
    assert not problem.train(af.SGD(lr=0.1), 20, start={"x": 1.0, "y": 1.0}).message


def test_a_run_from_its_minimum_has_not_exploded() -> None:
    assert rise(np.array([0.0, 0.0])) == ""
    assert rise(np.array([1.0, 9.0])) == ""
    assert rise(np.array([-1.0, 12.0])) != ""
    assert trajectory(run([1e-9, 1e-8, 1e-7])).shape == (3, 1)
