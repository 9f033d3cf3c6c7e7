"""Lines and arrows of descent lead where the gradient says."""

from dataclasses import replace

import numpy as np
import pytest

from atlas_fast.arguments import ArgumentError
from atlas_fast.descent_lines import descent_arrows, descent_lines
from atlas_fast.planes import Plane
from atlas_fast.steepness import gradient_norm, mean_curvature, slope
from atlas_fast.surface import Surface
from atlas_fast.upsampling import upsampled


def surface(shape: tuple[int, int] = (70, 90), steep: float = 3.0) -> Surface:
    """a^2 + steep b^2 with its gradient and its curvature."""
    a, b = np.linspace(-2, 2, shape[1]), np.linspace(-1, 1.5, shape[0])
    x, y = np.meshgrid(a, b)
    plane = Plane(np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    second = np.stack([np.full(shape, 2.0), np.zeros(shape), np.full(shape, 2 * steep)])
    return Surface(
        a, b, x * x + steep * y * y, plane, "x", "x", {}, "a formula",
        gradient=np.stack([2 * x, 2 * steep * y]), curvature=second,
    )  # fmt: skip


def test_lines_keep_to_the_curves_of_steepest_descent() -> None:
    lines = descent_lines(surface())
    assert len(lines) > 20
    for line in lines:
        loss = line[:, 0] ** 2 + 3 * line[:, 1] ** 2
        assert (np.diff(loss) < 0.02).all()
        assert loss[-1] < loss[0]
        # By hand: da/a = db/(3 b), so that b / a^3 is the same all along. Away from the axes, where it is 0 / 0.
        apart = (np.abs(line) > 0.25).all(axis=1)
        if apart.sum() > 3:
            constant = line[apart, 1] / line[apart, 0] ** 3
            np.testing.assert_allclose(constant, constant[0], rtol=0.12)


def test_arrows_are_unit_vectors_downhill_and_leave_out_level_ground() -> None:
    arrows = descent_arrows(surface((21, 21)), 21)
    assert len(arrows.points) == 21 * 21 - 1  # the lowest vertex is level
    down = -np.column_stack([2 * arrows.points[:, 0], 6 * arrows.points[:, 1]])
    np.testing.assert_allclose(arrows.directions * arrows.steepness[:, None], down, atol=1e-12)
    np.testing.assert_allclose(np.hypot(*arrows.directions.T), 1.0)
    level = replace(surface(), gradient=np.zeros((2, 70, 90)))
    assert not len(descent_arrows(level, 10).points)
    assert descent_lines(level) == []


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_the_size_of_a_gradient_plays_no_part(scale: float) -> None:
    plain = surface()
    scaled = replace(plain, gradient=plain.gradient * scale)
    assert len(descent_lines(scaled)) == len(descent_lines(plain))


def test_gaps_end_lines_and_hold_no_arrows() -> None:
    whole = surface()
    holed = whole.gradient.copy()
    holed[:, :, :45] = np.nan
    part = replace(whole, gradient=holed)
    assert (descent_arrows(part, 20).points[:, 0] > 0).all()
    lines = descent_lines(part)
    assert lines
    assert all((line[:, 0] > -0.06).all() for line in lines)


def test_steepness_by_hand() -> None:
    made = surface()
    x, y = np.meshgrid(made.a, made.b)
    np.testing.assert_allclose(slope(made), np.sqrt(4 * x * x + 36 * y * y))
    np.testing.assert_allclose(mean_curvature(made), 4.0)
    huge = replace(made, curvature=np.full((3, 70, 90), 1.5e308))
    assert np.isfinite(mean_curvature(huge)).all()


def test_what_was_not_computed_is_named_with_the_way_out() -> None:
    bare = replace(surface(), gradient=None, curvature=None)
    for wanted, way in (
        (slope, "gradient=True"),
        (mean_curvature, "curvature=True"),
        (gradient_norm, "gradient_norm=True"),
        (descent_lines, "gradient=True"),
        (lambda made: descent_arrows(made, 5), "gradient=True"),
    ):
        with pytest.raises(ArgumentError, match=way):
            wanted(bare)


def test_a_finer_grid_lies_between_the_coarse_vertices() -> None:
    coarse = surface((7, 9))
    a, b = np.linspace(-2, 2, 301), np.linspace(-1, 1.5, 520)
    fine = upsampled(coarse, a, b)
    np.testing.assert_allclose(fine.loss, coarse.at(a[None, :], b[:, None]), atol=1e-12)
    assert fine.gradient is None
    assert "interpolated from 7 x 9 vertices" in fine.method


def test_a_gap_stays_a_gap_and_does_not_spread_beyond_its_cells() -> None:
    coarse = surface((6, 6))
    loss = coarse.loss.copy()
    loss[2, 3] = np.inf
    a, b = np.linspace(-2, 2, 501), np.linspace(-1, 1.5, 501)
    fine = upsampled(replace(coarse, loss=loss), a, b)
    inside = (np.abs(a[None, :] - coarse.a[3]) < 0.8 - 1e-9) & (np.abs(b[:, None] - coarse.b[2]) < 0.5 - 1e-9)
    assert (np.isnan(fine.loss) == inside).all()
