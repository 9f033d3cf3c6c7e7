"""Planes: directions and coordinates against formulas by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import atlas_fast as af
from atlas_fast import planes
from atlas_fast.training import Run

RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=(4, 12)), RANDOM.normal(size=(3, 12))


@pytest.fixture(scope="module")
def network() -> af.Problem:
    return af.Problem("mse(A*tanh(B*X + C) + D, Y)", {"X": X, "Y": Y}, {"B": (5, None)})


def recorded(weights: NDArray[np.float64], loss: NDArray[np.float64] | None = None) -> Run:
    """A run with these weights, as training would record it."""
    loss = np.zeros(len(weights)) if loss is None else loss
    return Run(weights, loss, epochs=len(weights) - 1, steps_per_epoch=1, optimizer="SGD(lr=1)", seed=0)


def test_a_point_is_the_centre_and_a_share_of_both_directions() -> None:
    plane = af.Plane([1, 2, 3], [1, 0, 1], [0, 2, 0])
    np.testing.assert_array_equal(plane.at(2, -1), [3, 0, 5])


def test_projection_finds_the_nearest_point_and_its_distance() -> None:
    # The plane z = 1 in three dimensions, with directions of length 2 and 3.
    plane = af.Plane([1, 1, 1], [2, 0, 0], [0, 3, 0])
    coordinates, distance = plane.project([[5, 7, 1], [1, 1, 4], [3, -2, -1]])
    np.testing.assert_allclose(coordinates, [[2, 2], [0, 0], [1, -1]], atol=1e-12)
    np.testing.assert_allclose(distance, [0, 3, 2], atol=1e-12)


def test_projection_takes_directions_that_are_not_orthogonal() -> None:
    plane = af.Plane([0, 0, 0], [1, 0, 0], [1, 1, 0])
    coordinates, distance = plane.project([3, 2, 5])
    np.testing.assert_allclose(coordinates, [[1, 2]], atol=1e-12)
    np.testing.assert_allclose(distance, [5])


def test_projection_undoes_at(network: af.Problem) -> None:
    plane = af.Plane.random(network, network.init(1), seed=5, normalize=None)
    coordinates, distance = plane.project(plane.at(0.3, -4.0))
    np.testing.assert_allclose(coordinates, [[0.3, -4.0]], rtol=1e-9)
    np.testing.assert_allclose(distance, 0, atol=1e-12)


def test_random_directions_give_every_variable_norm_one(network: af.Problem) -> None:
    plane = af.Plane.random(network, network.init(0), seed=1)
    assert plane.v is not None
    for direction in (plane.u, plane.v):
        for name, block in network.unpack(direction).items():
            assert np.linalg.norm(block) == pytest.approx(1), name
    drawn = np.random.Generator(np.random.PCG64(1)).standard_normal(network.size)
    first = network.unpack(drawn)["A"]
    np.testing.assert_allclose(network.unpack(plane.u)["A"], first / np.sqrt((first**2).sum()), rtol=1e-14)


def test_filter_normalization_gives_each_row_the_norm_of_the_centre_s_row(network: af.Problem) -> None:
    center = np.random.default_rng(2).normal(size=network.size)
    plane = af.Plane.random(network, center, seed=1, normalize="filter")
    for name, block in network.unpack(plane.u).items():
        norms = np.sqrt((network.unpack(center)[name] ** 2).sum(axis=1))
        np.testing.assert_allclose(np.sqrt((block**2).sum(axis=1)), norms, rtol=1e-12)


def test_without_normalization_directions_are_as_drawn(network: af.Problem) -> None:
    plane = af.Plane.random(network, network.init(0), seed=9, normalize=None)
    random = np.random.Generator(np.random.PCG64(9))
    np.testing.assert_array_equal(plane.u, random.standard_normal(network.size))
    np.testing.assert_array_equal(plane.v, random.standard_normal(network.size))


def test_random_directions_of_scalars_are_never_parallel() -> None:
    # Each block is one number, so that directions are (+-1, +-1): half of the draws would be parallel.
    problem = af.Problem("x^2 + y^2")
    for seed in range(20):
        plane = af.Plane.random(problem, [0, 0], seed=seed)
        assert plane.v is not None
        assert plane.u @ plane.v == 0


def test_principal_components_are_the_eigenvectors_of_the_covariance() -> None:
    weights = np.random.default_rng(8).normal(size=(40, 6)) @ np.diag([5, 3, 1, 0.5, 0.2, 0.1])
    plane = af.Plane.pca(recorded(weights))
    values, vectors = np.linalg.eigh(np.cov(weights.T))
    for direction, column in ((plane.u, -1), (plane.v, -2)):
        expected = vectors[:, column] * np.sign(vectors[np.abs(vectors[:, column]).argmax(), column])
        np.testing.assert_allclose(direction, expected, atol=1e-10)
    np.testing.assert_allclose(plane.explained, values[[-1, -2]] / values.sum(), rtol=1e-10)
    np.testing.assert_array_equal(plane.center, weights[-1])


def test_a_large_record_gives_the_same_components(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.random.default_rng(8).normal(size=(60, 30)) @ np.diag(1.5 ** -np.arange(30.0))
    monkeypatch.setattr(planes, "FULL_LIMIT", 0)
    plane = af.Plane.pca(recorded(weights))
    values, vectors = np.linalg.eigh(np.cov(weights.T))
    assert abs(plane.u @ vectors[:, -1]) == pytest.approx(1, abs=1e-12)
    assert plane.v is not None
    assert abs(plane.v @ vectors[:, -2]) == pytest.approx(1, abs=1e-12)
    assert plane.explained == pytest.approx(tuple(values[[-1, -2]] / values.sum()), rel=1e-10)


def test_other_components_can_be_chosen() -> None:
    weights = np.random.default_rng(8).normal(size=(40, 6)) @ np.diag([5, 3, 1, 0.5, 0.2, 0.1])
    plane = af.Plane.pca(recorded(weights), components=(2, 0))
    values, vectors = np.linalg.eigh(np.cov(weights.T))
    assert abs(plane.u @ vectors[:, -3]) == pytest.approx(1)
    assert plane.explained == pytest.approx((values[-3] / values.sum(), values[-1] / values.sum()))
    assert plane.labels == ("PC 3", "PC 1")


def test_the_largest_entry_of_a_component_is_positive() -> None:
    steps = np.linspace(0, 1, 9)[:, None]
    for sign in (1, -1):
        weights = sign * steps * np.array([1.0, -3.0, 2.0]) + steps**2 * np.array([3.0, 1.0, 0.0])
        plane = af.Plane.pca(recorded(weights))
        for direction in (plane.u, plane.v):
            assert direction is not None
            assert direction[np.abs(direction).argmax()] > 0


def test_a_run_along_a_line_still_gives_a_plane() -> None:
    weights = np.outer(np.linspace(1, 0, 20) ** 2, [3.0, 4.0, 0.0])
    plane = af.Plane.pca(recorded(weights))
    np.testing.assert_allclose(plane.u, [0.6, 0.8, 0], atol=1e-12)
    np.testing.assert_allclose(plane.v, [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(plane.explained, [1, 0], atol=1e-12)


def test_enormous_steps_do_not_overflow_the_components() -> None:
    weights = np.outer(10.0 ** np.arange(0, 200, 10), [1.0, 1.0, 0.0]) + np.eye(20, 3)
    plane = af.Plane.pca(recorded(weights))
    np.testing.assert_allclose(plane.u, np.array([1, 1, 0]) / np.sqrt(2), atol=1e-12)


def test_a_run_of_one_scalar_gives_a_line() -> None:
    plane = af.Plane.pca(recorded(np.array([[2.0], [1.0], [0.5]])))
    assert plane.v is None
    np.testing.assert_array_equal(np.abs(plane.u), [1])


def test_axes_are_named_by_weight_and_entry(network: af.Problem) -> None:
    center = np.random.default_rng(2).normal(size=network.size)
    plane = af.Plane.axes(network, "B[1,2]", "D[2, 0]", center)
    moved = network.unpack(plane.at(10, 20) - center)
    expected = {name: np.zeros(shape) for name, shape in network.weights.items()}
    expected["B"][1, 2], expected["D"][2, 0] = 10, 20
    for name, block in moved.items():
        np.testing.assert_allclose(block, expected[name], atol=1e-12)
    assert plane.labels == ("B[1,2]", "D[2,0]")


def test_axes_of_two_scalars_have_the_weights_as_coordinates() -> None:
    problem = af.Problem("x^2 + 10*y^2")
    np.testing.assert_array_equal(af.Plane.axes(problem, "x", "y").at(3, 4), problem.pack({"x": 3, "y": 4}))
    np.testing.assert_array_equal(af.Plane.axes(problem, "y", "x").at(3, 4), problem.pack({"x": 4, "y": 3}))


def test_one_axis_is_a_line() -> None:
    plane = af.Plane.axes(af.Problem("x^2 + y^2"), "y", center=[5, 6])
    assert plane.v is None
    np.testing.assert_array_equal(plane.at(2), [5, 8])


def test_a_plane_through_three_points_holds_them() -> None:
    points = np.random.default_rng(4).normal(size=(3, 7))
    plane = af.Plane.through(*points)
    for point, (a, b) in zip(points, [(0, 0), (1, 0), (0, 1)], strict=True):
        np.testing.assert_allclose(plane.at(a, b), point, atol=1e-14)


def test_the_reach_holds_the_trajectory_with_a_margin() -> None:
    weights = np.array([[4.0, 1.0], [2.0, 0.5], [0.0, 0.0]])
    plane = af.Plane([0, 0], [1, 0], [0, 1]).framing(recorded(weights))
    assert 4 < plane.reach < 5
    assert af.Plane([0, 0], [1, 0], [0, 1]).reach == 1


def test_a_run_as_centre_stands_for_its_final_weights() -> None:
    problem = af.Problem("x^2 + y^2 + z^2")
    run = problem.train(af.SGD(lr=0.1), 10, seed=1)
    plane = af.Plane.random(problem, run)
    np.testing.assert_array_equal(plane.center, run.final)
    assert plane.run is run


def test_the_default_plane_is_that_of_two_scalars() -> None:
    plane = af.Plane.default(af.Problem("||w*X||_2", {"X": X[:2]}, {"w": (1, None)}))
    assert plane.labels == ("w[0,0]", "w[0,1]")
    np.testing.assert_array_equal(plane.at(3, 4), [3, 4])


def test_a_plane_cannot_be_changed() -> None:
    plane = af.Plane([0, 0], [1, 0], [0, 1])
    with pytest.raises(AttributeError):
        plane.u = np.zeros(2)  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        plane.u[0] = 5


SCALARS = {"expression": "x^2 + y^2 + z^2"}


LINE = np.outer(np.arange(6.0), np.ones(7))
"""Steps along a line: one component, and a second direction that explains nothing."""


def test_a_run_has_as_many_components_as_its_steps_span() -> None:
    steps = np.random.default_rng(3).normal(size=(21, 60))
    shares = af.Plane.pca(recorded(steps), (0, 19)).explained
    assert shares is not None and shares[1] > 1e-3
    for which in (20, 50):
        with pytest.raises(af.ArgumentError, match=r"this run has 20 components, counted from 0$"):
            af.Plane.pca(recorded(steps), (0, which))
    assert af.Plane.pca(recorded(LINE)).explained == (pytest.approx(1.0), 0.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: af.Plane([0, 0], [0, 0], [0, 1]), r"the direction u is zero"),
        (lambda p: af.Plane([0, 0], [1, 0], [0, 0]), r"the direction v is zero"),
        (lambda p: af.Plane([0, 0], [1, 2], [-2, -4]), r"u and v are parallel"),
        (lambda p: af.Plane([0, 0], [1, 2, 3], [0, 1]), r"u has the shape \(3,\), a vector of the 2"),
        (lambda p: af.Plane([0, np.inf], [1, 2], [0, 1]), r"center\[1\] is inf"),
        (lambda p: af.Plane(["a", "b"], [1, 2], [0, 1]), r"center is no array of numbers"),
        (lambda p: af.Plane.through([0, 0], [1, 1], [2, 2]), r"the three points lie on a line"),
        (lambda p: af.Plane.random(p, [0, 0]), r"center has the shape \(2,\), a vector of the 3"),
        (lambda p: af.Plane.random(p, [0, 0, 1], normalize="layer"), r"normalize is 'layer', it must be one"),
        (lambda p: af.Plane.random(p, [0, 0, 0], normalize="filter"), r"which are all zero"),
        (lambda p: af.Plane.random(p, [0, 0, 1], normalize="filter"), r"leaves a single direction"),
        (lambda p: af.Plane.random(p, p.init(0), seed=-3), r"seed is -3"),
        (lambda p: af.Plane.random(af.Problem("x^2"), [0]), r"one scalar weight has no plane"),
        (lambda p: af.Plane.axes(p, "x", "x"), r"both axes are x"),
        (lambda p: af.Plane.axes(p, "x", "w"), r"w is no weight: the weights are x, y, z"),
        (lambda p: af.Plane.axes(p, "x", "y[1,0]"), r"y\[1,0\] is not there: y is 1 x 1"),
        (lambda p: af.Plane.axes(p, "x", "y+z"), r"'y\+z' names no scalar weight"),
        (lambda p: af.Plane.pca(recorded(np.ones((5, 3)))), r"the run did not move"),
        (lambda p: af.Plane.pca(recorded(np.eye(5)), components=(1, 1)), r"two different numbers are wanted"),
        (lambda p: af.Plane.pca(recorded(np.eye(5)), components=3), r"two different numbers are wanted"),
        (lambda p: af.Plane.pca(recorded(np.eye(5)), components=(0, 9)), r"this run has 4 components"),
        (lambda p: af.Plane.pca(recorded(LINE), components=(0, 2)), r"this run has 2 components, counted from 0"),
        (lambda p: af.Plane.random(3, [0.0]), r"problem is an int, a Problem is wanted"),
        (lambda p: af.Plane.axes(3, "x"), r"problem is an int, a Problem is wanted"),
        (lambda p: af.Plane([0, 0], [1, 0], [0, 1]).at("a", "b"), r"a is 'a', a number is wanted"),
        (lambda p: af.Plane([0, 0], [1, 0], [0, 1]).at(1, "b"), r"b is 'b', a number is wanted"),
        (lambda p: af.Plane.default(p), r"needs a plane: Plane.pca\(run\) .* Plane.random"),
        (lambda p: p.surface(), r"3 scalar weights needs a plane: Plane.pca\(run\) .* Plane.random"),
    ],
)
def test_directions_that_make_no_plane_are_refused(make: Callable[[af.Problem], object], message: str) -> None:
    with pytest.raises(af.ArgumentError, match=message):
        make(af.Problem(**SCALARS))


def test_a_matrix_needs_an_entry_as_an_axis(network: af.Problem) -> None:
    with pytest.raises(af.ArgumentError, match=r"B is 5 x 4: name one entry of it, as in B\[0,0\]"):
        af.Plane.axes(network, "B", "D[0,0]")


def test_the_plane_of_the_hessian_of_a_run_shows_the_run() -> None:
    problem = af.Problem("x^2 + 5*y^2 - 3*z^2")
    run = problem.train(af.SGD(lr=0.01), 5, seed=1)
    plane = af.Plane.hessian(problem, run)
    np.testing.assert_allclose(plane.u, [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(plane.v, [0, 0, 1], atol=1e-12)
    assert plane.labels == ("eigenvector 1 (eigenvalue 10)", "eigenvector 2 (eigenvalue -6)")
    assert plane.run is run


@pytest.mark.parametrize("size", [3, 300])
def test_a_hessian_without_directions_is_refused(size: int) -> None:
    linear = af.Problem("sum(r .* w)", {"r": np.arange(size)}, {"w": (1, size)})
    with pytest.raises(af.ArgumentError, match="it curves along no direction"):
        af.Plane.hessian(linear, np.zeros(size))
    root = af.Problem("sum(sqrt(w) .* r)", {"r": np.ones(size)}, {"w": (1, size)})
    with pytest.raises(af.ArgumentError, match="second derivatives of the loss are not finite"):
        af.Plane.hessian(root, np.zeros(size))


def test_a_weight_that_plays_no_part_has_no_curvature() -> None:
    plane = af.Plane.hessian(af.Problem("x^2 + 0*y + 2*z^2"), [1, 1, 1])
    np.testing.assert_allclose([plane.u, plane.v], [[0, 0, 1], [1, 0, 0]], atol=1e-12)


def test_the_search_for_the_largest_curvature_stops_when_told_to() -> None:
    from atlas_fast.progress import Stopped

    random = np.random.default_rng(0)
    problem = af.Problem("mse(A*X, Y)", {"X": random.normal(size=(40, 9)), "Y": random.normal(size=(5, 9))})
    told: list[int] = []

    def report(done: int, total: int) -> bool:
        told.append(done)
        return len(told) < 4

    with pytest.raises(Stopped, match="stopped before"):
        af.Plane.hessian(problem, problem.init(0), progress=report)
    assert told == [0, 1, 2, 3]
