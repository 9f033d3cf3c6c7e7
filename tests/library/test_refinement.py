"""A surface that comes part by part is, in the end, the one that comes at once: bit by bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast.refinement import COARSE_SIDES, Refinement, outward, problem_of
from atlas_fast.surface import grid


@pytest.fixture(scope="module")
def network() -> af.Problem:
    random = np.random.default_rng(3)
    data = {"X": random.normal(size=(4, 50)), "Y": random.normal(size=(2, 50))}
    return af.Problem("||A*tanh(BX+C)+D-Y||_2", data, {"B": (7, None)})


@pytest.mark.parametrize("resolution", [(150, 203), 97, (2, 70)])
@pytest.mark.parametrize("asked", [{}, {"gradient": True, "curvature": True, "gradient_norm": True}])
def test_the_tiles_have_the_bits_of_the_whole(
    network: af.Problem, resolution: int | tuple[int, int], asked: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atlas_fast.refinement.TILE_SIDES", (32,))
    plane = af.Plane.random(network, network.init(1), seed=2)
    extent = (-1.3, 0.9, -0.7, 1.1)
    whole = network.surface(plane, resolution, extent, progress=False, **asked)
    refinement = Refinement(grid(network, plane, resolution, extent, **asked))
    seen = np.zeros(whole.loss.shape, dtype=int)
    for tile in refinement.tiles():
        assert tile.loss.tobytes() == whole.loss[tile.rows, tile.columns].tobytes()
        assert not tile.loss.flags.writeable
        seen[tile.rows, tile.columns] += 1
    assert (seen == 1).all()
    made = refinement.surface()
    assert made.complete and made.extent == whole.extent
    for name in ("a", "b", "loss", "gradient", "curvature", "gradient_norm"):
        one, other = getattr(made, name), getattr(whole, name)
        assert (one is None and other is None) or one.tobytes() == other.tobytes()


def test_a_polynomial_too() -> None:
    problem = af.Problem("(x - 1)^2 + 3 * y^2")
    whole = problem.surface(resolution=300, extent=2, progress=False)
    refinement = Refinement(grid(problem, None, 300, 2))
    for tile in refinement.tiles():
        assert tile.loss.tobytes() == whole.loss[tile.rows, tile.columns].tobytes()
    assert refinement.surface().loss.tobytes() == whole.loss.tobytes()


def test_the_first_look_has_the_same_extent_and_few_vertices(network: af.Problem) -> None:
    plane = af.Plane.random(network, network.init(1), seed=2)
    refinement = Refinement(grid(network, plane, 400, (-1.0, 2.0, -3.0, 0.5)))
    coarse = refinement.coarse()
    assert coarse is not None
    assert coarse.extent == (-1.0, 2.0, -3.0, 0.5)
    assert max(coarse.loss.shape) <= COARSE_SIDES[0]
    again = network.surface(plane, coarse.loss.shape, coarse.extent, progress=False)
    assert coarse.loss.tobytes() == again.loss.tobytes()
    assert Refinement(grid(network, plane, 8, 1.0)).coarse() is None


def test_tiles_come_from_the_centre_outward() -> None:
    tiles = outward(100, 140, 20)
    middles = [((down.start + down.stop) / 2, (right.start + right.stop) / 2) for down, right in tiles]
    away = [np.hypot(row - 50, column - 70) for row, column in middles]
    assert away == sorted(away)
    assert away[0] < 20


def test_it_ends_when_told_to_and_keeps_what_it_has(network: af.Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atlas_fast.refinement.TILE_SIDES", (32,))
    plane = af.Plane.random(network, network.init(1), seed=2)
    refinement = Refinement(grid(network, plane, 128, 1.0))
    told: list[tuple[int, int]] = []

    def report(done: int, total: int) -> bool:
        told.append((done, total))
        return done < 5 * 32 * 32

    assert len(list(refinement.tiles(report))) == 5
    assert {total for _, total in told} == {128 * 128}
    made = refinement.surface()
    assert not made.complete
    assert np.isfinite(made.loss).sum() == 5 * 32 * 32


def test_a_workspace_s_grid_is_that_of_its_surface() -> None:
    workspace = af.Workspace.parse(
        {
            "loss": "(x - 1)^2 + 2 * y^2",
            "weights": {"x": -1.5, "y": 1.0},
            "training": {"optimizer": "SGD", "lr": 0.05, "epochs": 20},
            "surface": {"resolution": 40, "dtype": "float64"},
        }
    )
    problem = workspace.problem()
    run = workspace.train(problem)
    assert run is not None
    whole, asked = workspace.surface(problem, run), workspace.grid(problem, [run])
    assert asked.a.tobytes() == whole.a.tobytes() and asked.b.tobytes() == whole.b.tobytes()
    assert asked.compute(slice(None), slice(None))[0].tobytes() == whole.loss.tobytes()
    other = problem.train(af.Adam(lr=0.2), 20, start=problem.start)
    shared = af.compare(problem, [af.SGD(lr=0.05), af.Adam(lr=0.2)], 20, start=problem.start, progress=False)
    both = workspace.grid(problem, [run, other])
    assert (both.a[0], both.a[-1]) == pytest.approx((shared.surface.a[0], shared.surface.a[-1]))
    assert both.plane.run is other


def test_a_grid_tells_what_is_at_one_point() -> None:
    problem = af.Problem("(x - 1)^2 + 3 * y^2")
    probe = grid(problem, None, 2, 2.0, gradient=True, dtype="float64")
    assert probe.at(0.25, -0.5) == pytest.approx((0.5625 + 0.75, -1.5, -3.0), rel=1e-12)


def test_the_problem_of_a_surface_is_made_of_its_text_where_that_is_all_of_it() -> None:
    surface = af.Problem("A'*A + sum(B) ^ 2", weights={"A": (3, 1), "B": (2, 2)}).surface(
        af.Plane(np.ones(7), np.arange(7.0) + 1, np.ones(7)), resolution=9
    )
    found = problem_of(surface)
    assert found is not None
    w = surface.plane.at(surface.a[2], surface.b[5])
    assert found.loss(w) == pytest.approx(float(surface.loss[5, 2]), rel=1e-5)
    # Another loss at the corners, or a text that is not all.
    assert problem_of(replace(surface, loss=surface.loss * 1.01)) is None
    data = af.Problem("mse(w*X + b, Y)", {"X": np.ones((1, 5)), "Y": np.zeros((1, 5))})
    assert problem_of(data.surface(resolution=5)) is None
