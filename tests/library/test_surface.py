"""Surfaces: what stands at which row and column, interpolation, the path, cancellation, overflow."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

import atlas_fast as af

RANDOM = np.random.default_rng(21)
X, Y = RANDOM.normal(size=(3, 30)), RANDOM.normal(size=(2, 30))


@pytest.fixture(scope="module")
def problem() -> af.Problem:
    return af.Problem("mse(A*tanh(B*X + C) + D, Y)", {"X": X, "Y": Y}, {"B": (4, None)})


@pytest.fixture(scope="module")
def run(problem: af.Problem) -> af.Run:
    return problem.train(af.Adam(lr=0.05), epochs=60, seed=2)


def by_hand(problem: af.Problem, w: np.ndarray) -> float:
    v = problem.unpack(w)
    return float(np.mean((v["A"] @ np.tanh(v["B"] @ X + v["C"]) + v["D"] - Y) ** 2))


@pytest.mark.parametrize("backend", ["cpu", "numpy"])
@pytest.mark.parametrize("shape", [(7, 13), (16, 5), (2, 2), (33, 33)])
def test_rows_follow_b_and_columns_a(problem: af.Problem, run: af.Run, shape: tuple[int, int], backend: str) -> None:
    plane = af.Plane.pca(run)
    surface = problem.surface(plane, resolution=shape, extent=(-1, 2, -3, 0.5), dtype="float64", backend=backend)
    assert surface.loss.shape == (len(surface.b), len(surface.a)) == shape
    for i, b in enumerate(surface.b):
        for j, a in enumerate(surface.a):
            assert surface.loss[i, j] == pytest.approx(by_hand(problem, plane.at(a, b)), rel=1e-10)


def test_the_ends_of_the_extent_are_included_and_steps_are_even(problem: af.Problem, run: af.Run) -> None:
    surface = problem.surface(af.Plane.pca(run), resolution=(14, 53), extent=(-0.1, 0.7, 1 / 3, 1.1))
    assert surface.extent == (-0.1, 0.7, 1 / 3, 1.1)
    np.testing.assert_allclose(surface.a, -0.1 + 0.8 * np.arange(53) / 52, atol=1e-15)
    assert (len(surface.b), len(surface.a)) == (14, 53)


def test_float32_is_the_default_and_near_float64(problem: af.Problem, run: af.Run) -> None:
    plane = af.Plane.pca(run)
    single = problem.surface(plane, resolution=20)
    double = problem.surface(plane, resolution=20, dtype="float64")
    assert (single.loss.dtype, double.loss.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(single.loss, double.loss, atol=1e-5 * np.ptp(double.loss))


def test_the_oracle_s_surface_has_the_dtype_asked_for(problem: af.Problem, run: af.Run) -> None:
    assert problem.surface(af.Plane.pca(run), 4, backend="numpy").loss.dtype == np.float32


def test_gradient_is_the_slope_of_the_surface(problem: af.Problem, run: af.Run) -> None:
    plane = af.Plane.pca(run)
    surface = problem.surface(plane, resolution=(5, 9), extent=1.5, gradient=True, dtype="float64")
    assert surface.gradient is not None
    assert surface.gradient.shape == (2, 5, 9)
    h = 1e-5
    for i, b in enumerate(surface.b):
        for j, a in enumerate(surface.a):
            along_a = by_hand(problem, plane.at(a + h, b)) - by_hand(problem, plane.at(a - h, b))
            along_b = by_hand(problem, plane.at(a, b + h)) - by_hand(problem, plane.at(a, b - h))
            np.testing.assert_allclose(
                surface.gradient[:, i, j], [along_a / 2 / h, along_b / 2 / h], rtol=1e-5, atol=1e-8
            )


@pytest.mark.parametrize("backend", ["cpu", "numpy"])
def test_curvature_and_the_norm_of_the_gradient_by_differences(problem: af.Problem, run: af.Run, backend: str) -> None:
    plane = af.Plane.pca(run)
    asked = {"curvature": True, "gradient_norm": True, "dtype": "float64", "backend": backend}
    surface = problem.surface(plane, resolution=(3, 4), extent=1.5, **asked)  # type: ignore[arg-type]
    assert surface.gradient is None and surface.curvature is not None and surface.gradient_norm is not None
    assert (surface.curvature.shape, surface.gradient_norm.shape) == ((3, 3, 4), (3, 4))
    h = 1e-5
    for i, b in enumerate(surface.b):
        for j, a in enumerate(surface.a):
            up, down = problem.gradient(plane.at(a + h, b)), problem.gradient(plane.at(a - h, b))
            right, left = problem.gradient(plane.at(a, b + h)), problem.gradient(plane.at(a, b - h))
            bend = [(up - down) @ plane.u, (up - down) @ plane.v, (right - left) @ plane.v]
            np.testing.assert_allclose(surface.curvature[:, i, j], np.divide(bend, 2 * h), rtol=1e-6, atol=1e-8)
            slope = np.linalg.norm(problem.gradient(plane.at(a, b)))
            assert surface.gradient_norm[i, j] == pytest.approx(slope, rel=1e-12)


def test_kinks_have_the_second_derivatives_of_the_language() -> None:
    surface = af.Problem("relu(x) + |y| + max(x, y)").surface(
        resolution=3, curvature=True, gradient_norm=True, dtype="float64"
    )
    np.testing.assert_array_equal(surface.curvature, np.zeros((3, 3, 3)))
    # At the origin relu' = 0, |y|' = 0, and the maximum goes to x, the first of ties.
    assert surface.gradient_norm is not None and surface.gradient_norm[1, 1] == 1


def test_without_a_plane_two_scalars_are_the_axes() -> None:
    surface = af.Problem("x^2 + 10*y^2").surface(resolution=(3, 5), dtype="float64")
    np.testing.assert_allclose(surface.loss, surface.a**2 + 10 * surface.b[:, None] ** 2, atol=1e-12)
    assert surface.extent == (-1, 1, -1, 1)


def test_one_scalar_gives_a_line() -> None:
    surface = af.Problem("x^2 - x").surface(resolution=9, extent=2, dtype="float64", gradient=True)
    assert surface.loss.shape == (1, 9)
    np.testing.assert_array_equal(surface.b, [0])
    np.testing.assert_allclose(surface.loss[0], surface.a**2 - surface.a, atol=1e-12)
    assert surface.gradient is not None
    np.testing.assert_allclose(surface.gradient, [[2 * surface.a - 1], [0 * surface.a]], atol=1e-12)
    # Linear between the vertices at 1 and 1.5, whatever b.
    assert surface.at(1.2, 77) == pytest.approx(0 + 0.4 * 0.75)


def test_interpolation_agrees_with_scipy(problem: af.Problem, run: af.Run) -> None:
    surface = problem.surface(af.Plane.pca(run), resolution=(6, 11), extent=(-1, 2, -3, 0.5), dtype="float64")
    oracle = RegularGridInterpolator((surface.b, surface.a), surface.loss, bounds_error=False)
    a, b = RANDOM.uniform(-1.3, 2.3, 500), RANDOM.uniform(-3.5, 1, 500)
    np.testing.assert_allclose(surface.at(a, b), oracle(np.column_stack([b, a])), rtol=1e-10)


def test_heights_at_vertices_are_the_vertices(problem: af.Problem, run: af.Run) -> None:
    surface = problem.surface(af.Plane.pca(run), resolution=(6, 11), dtype="float64")
    np.testing.assert_array_equal(surface.at(surface.a, surface.b[:, None]), surface.loss)
    assert isinstance(surface.at(0.0, 0.0), float)
    assert np.isnan(surface.at(surface.a[-1] * 1.01, 0.0))
    assert np.isnan(surface.at(0.0, np.nan))


def test_the_path_has_true_losses_heights_and_distances(problem: af.Problem, run: af.Run) -> None:
    plane = af.Plane.pca(run)
    surface = problem.surface(plane, resolution=400, dtype="float64")
    path = surface.path(run)
    np.testing.assert_array_equal(path.step, np.arange(61))
    np.testing.assert_allclose(path.loss, [by_hand(problem, w) for w in run.weights], rtol=1e-10)
    for k, w in enumerate(run.weights):
        # u and v are orthonormal: coordinates are dot products.
        away = w - plane.center
        a, b = away @ plane.u, away @ plane.v
        assert (path.a[k], path.b[k]) == (pytest.approx(a, abs=1e-12), pytest.approx(b, abs=1e-12))
        assert path.distance[k] == pytest.approx(np.linalg.norm(away - a * plane.u - b * plane.v), abs=1e-9)
        assert path.height[k] == pytest.approx(by_hand(problem, plane.at(a, b)), rel=1e-3)
    assert path.height[-1] == pytest.approx(path.loss[-1], rel=1e-3)


def test_a_path_unpacks_in_the_order_of_its_documentation(problem: af.Problem, run: af.Run) -> None:
    path = problem.surface(af.Plane.pca(run), resolution=8).path(run)
    a, b, height, loss, distance, step = path
    for found, name in zip((a, b, height, loss, distance, step), path._fields, strict=True):
        assert found is getattr(path, name)
    assert path._fields == ("a", "b", "height", "loss", "distance", "step")


def test_the_default_extent_is_a_square_that_holds_the_trajectory(problem: af.Problem, run: af.Run) -> None:
    surface = problem.surface(af.Plane.pca(run), resolution=8)
    a0, a1, b0, b1 = surface.extent
    assert -a0 == a1 == -b0 == b1
    path = surface.path(run)
    assert np.isfinite(path.height).all()
    assert max(np.abs(path.a).max(), np.abs(path.b).max()) < a1 < 1.5 * np.abs(path.a).max()


def test_the_path_is_nan_outside_the_surface(problem: af.Problem, run: af.Run) -> None:
    surface = problem.surface(af.Plane.pca(run), resolution=8, extent=1e-3)
    path = surface.path(run)
    assert np.isnan(path.height[0])
    assert np.isfinite(path.loss[0])


def test_a_surface_shows_the_run_of_its_plane_or_another(problem: af.Problem, run: af.Run) -> None:
    surface = problem.surface(af.Plane.pca(run), resolution=4)
    assert surface.run is run
    other = problem.train(af.SGD(lr=0.1), 3)
    assert surface.showing(other).run is other
    bare = problem.surface(af.Plane.random(problem, run.final), resolution=4)
    with pytest.raises(af.ArgumentError, match=r"the surface knows no run: give one"):
        bare.path()


def test_negative_and_zero_losses_are_kept() -> None:
    surface = af.Problem("x^2 - y^2").surface(resolution=5, dtype="float64")
    np.testing.assert_allclose(surface.loss, surface.a**2 - surface.b[:, None] ** 2, atol=1e-15)
    assert (surface.overflowed, surface.message) == (0, "")


def test_vertices_that_overflow_are_counted_and_said() -> None:
    # exp(a) in float32 is inf from 88.73 on: of -100, -50, 0, 50, 100 the last, in all five rows.
    surface = af.Problem("exp(x) + y^2").surface(resolution=5, extent=100)
    assert surface.overflowed == 5
    assert surface.message.startswith("5 of 25 vertices are inf or nan")
    assert surface.message in repr(surface)
    assert np.isinf(surface.loss[:, -1]).all()
    assert af.Problem("exp(x) + y^2").surface(resolution=5, extent=100, dtype="float64").overflowed == 0


def test_a_vertex_that_is_not_finite_spoils_only_its_own_cells() -> None:
    surface = af.Problem("log(x) + y").surface(resolution=5, dtype="float64")
    assert np.isneginf(surface.loss[:, 2]).all()
    assert np.isnan(surface.loss[:, :2]).all()
    assert surface.at(0.5, 0.25) == pytest.approx(np.log(0.5) + 0.25)
    assert np.isneginf(surface.at(0.25, 0.0))


def test_a_callback_that_answers_false_stops(problem: af.Problem, run: af.Run) -> None:
    seen = []

    def report(done: int, total: int) -> bool:
        seen.append((done, total))
        return False

    surface = problem.surface(af.Plane.pca(run), resolution=2500, progress=report)
    assert not surface.complete
    assert seen[0][1] == 2500 * 2500
    missing = int(np.isnan(surface.loss).sum())
    assert 0 < missing < 2500 * 2500
    assert surface.message == f"stopped before its end: {missing:,} of 6,250,000 vertices hold no finite value"


def test_a_picture_of_what_was_stopped_says_that_it_is_drawn_between_few_vertices() -> None:
    from dataclasses import replace

    from atlas_fast.upsampling import upsampled

    coarse = af.Problem("x^2 + y^2").surface(af.Plane.axes(af.Problem("x^2 + y^2"), "x", "y"), 8)
    fine = upsampled(coarse, np.linspace(coarse.a[0], coarse.a[-1], 50), np.linspace(coarse.b[0], coarse.b[-1], 60))
    assert fine.message == ""
    stopped = replace(fine, complete=False)
    assert stopped.message == "stopped before its end: in places it is drawn between few vertices"
    figure = stopped.plot()
    assert any(stopped.message in text.get_text() for text in figure.texts)


def test_other_answers_do_not_stop(problem: af.Problem, run: af.Run) -> None:
    seen = []
    surface = problem.surface(af.Plane.pca(run), 64, progress=lambda done, total: seen.append(done))
    assert surface.complete
    assert seen[-1] == 64 * 64
    assert seen == sorted(seen)


def test_ctrl_c_ends_the_work(problem: af.Problem, run: af.Run) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        problem.surface(af.Plane.pca(run), 64, progress=interrupt)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resolution": 1}, "resolution is 1, it must be 2 or more"),
        ({"resolution": (3, 1)}, "resolution is 1, it must be 2 or more"),
        ({"resolution": (3, 4, 5)}, r"a number or \(rows, columns\) is wanted"),
        ({"resolution": 2.5}, "resolution is 2.5, a whole number is wanted"),
        ({"resolution": 10**6}, "would take 3,725 GiB"),
        ({"extent": 0}, "extent is 0, it must be greater than 0"),
        ({"extent": (1, 0, 0, 1)}, "a0 < a1 and b0 < b1 are wanted"),
        ({"extent": (0, 1, 2)}, r"\(a0, a1, b0, b1\) or a half-width is wanted"),
        ({"extent": (0, 1, 0, np.inf)}, "b1 is inf, a finite number is wanted"),
        ({"extent": (1, 1 + 1e-15, 0, 1)}, "the extent is too small"),
        ({"dtype": "float16"}, "dtype is 'float16'"),
        ({"backend": "tpu"}, "backend is 'tpu'"),
        ({"plane": "xy"}, "plane is a str, a Plane is wanted"),
        ({"plane": af.Plane([0, 0, 0], [1, 0, 0])}, "lies in 3 dimensions, this problem has 2"),
        ({"progress": 3}, "progress is 3, it must be True, False, None or a function"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(af.ArgumentError, match=message):
        af.Problem("x^2 + y^2").surface(**arguments)  # type: ignore[arg-type]


def test_a_run_of_another_problem_is_refused(problem: af.Problem, run: af.Run) -> None:
    with pytest.raises(af.ArgumentError, match="they belong to different problems"):
        af.Problem("x^2 + y^2").surface(resolution=4).path(run)


def test_a_weight_that_plays_no_part_changes_nothing() -> None:
    problem = af.Problem("x^2 + 0*y")
    surface = problem.surface(resolution=3, dtype="float64", gradient=True)
    np.testing.assert_allclose(surface.loss, np.tile(surface.a**2, (3, 1)), atol=1e-15)
    np.testing.assert_allclose(problem.gradient([3.0, 4.0]), [6, 0])


def test_a_problem_that_does_not_fit_in_memory_is_a_data_error() -> None:
    samples = np.ones((2, 40_000))  # a matrix of samples x samples is 12 GiB, and softmax reads it more than once
    problem = af.Problem("sum(softmax(X'*A*X)^2)", {"X": samples})
    with pytest.raises(af.DataError, match="samples x samples"):
        problem.surface(af.Plane.random(problem, [1.0, 2.0, 3.0, 4.0]), resolution=4)
