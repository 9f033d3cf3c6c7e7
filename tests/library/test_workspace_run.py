"""Workspaces: the problem, the run and the surface that they make."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast.optimizers import OPTIMIZERS

BOWL: dict[str, Any] = {"loss": "x^2 + y^2"}

LINE: dict[str, Any] = {
    "loss": "mse(w*X + b, Y)",
    "data": {"X": {"values": [[0.0, 1.0, 2.0, 3.0]]}, "Y": {"values": [[1.0, 3.0, 5.0, 7.0]]}},
    "training": {"optimizer": "SGD", "lr": 0.1, "epochs": 20},
}


def parsed(document: dict[str, Any], folder: Path | None = None) -> af.Workspace:
    return af.Workspace.parse(document, folder, "w.toml")


def test_it_trains_and_tests(iris: af.Workspace) -> None:
    problem = iris.problem()
    assert dict(problem.weights) == {"B": (10, 4), "C": (10, 1), "A": (3, 10), "D": (3, 1)}
    run = iris.train(problem, progress=False)
    assert run is not None
    assert (run.optimizer, run.epochs, run.seed, run.batch_size) == ("Adam(lr=0.05)", 100, 3, None)
    np.testing.assert_array_equal(run.weights, problem.train(af.Adam(lr=0.05), 100, seed=3, progress=False).weights)
    test = iris.test_problem(problem)
    assert test is not None and iris.samples.test is not None
    w, data = problem.unpack(run.final), iris.samples.test
    logits = w["A"] @ np.maximum(w["B"] @ data["X"] + w["C"], 0) + w["D"]
    scores = logits - np.log(np.exp(logits).sum(axis=0))
    assert test.loss(run.final) == pytest.approx(-(scores * data["Y"]).sum(axis=0).mean(), rel=1e-12)


def test_its_surface_is_the_principal_plane_of_the_run(iris: af.Workspace) -> None:
    problem = iris.problem()
    run = iris.train(problem, progress=False)
    assert run is not None
    surface = iris.surface(problem, run, progress=False)
    right = problem.surface(af.Plane.pca(run), resolution=256, progress=False)
    np.testing.assert_array_equal(surface.loss, right.loss)
    assert surface.run is run


def test_weights_are_shapes_or_starting_values() -> None:
    document = {
        **LINE,
        "loss": "mse(P*tanh(w*X + b) + q, Y)",
        "weights": {"w": [3, "?"], "q": -1.5, "P": [[1, 2, 3.5]]},
    }
    problem = parsed(document).problem()
    assert dict(problem.weights) == {"P": (1, 3), "w": (3, 1), "b": (3, 1), "q": (1, 1)}
    start = problem.unpack(problem.init(0))
    assert start["q"] == -1.5
    np.testing.assert_array_equal(start["P"], [[1, 2, 3.5]])


def test_two_scalars_are_shown_on_their_axes_round_their_run() -> None:
    workspace = parsed(
        {**BOWL, "weights": {"x": -1.5, "y": 1.0}, "training": {"optimizer": "SGD", "lr": 0.1, "epochs": 9}}
    )
    problem = workspace.problem()
    run = workspace.train(problem, progress=False)
    surface = workspace.surface(problem, run, progress=False)
    assert surface.plane.labels == ("x", "y")
    a, b = np.meshgrid(surface.a, surface.b)
    np.testing.assert_allclose(surface.loss, a**2 + b**2, rtol=1e-5, atol=1e-6)
    assert surface.extent[0] < -1.5 and surface.extent[3] > 1.0


def test_without_training_it_is_round_the_starting_values() -> None:
    surface = parsed({**BOWL, "weights": {"x": -3.0, "y": 10.0}, "surface": {"resolution": 5}}).surface(progress=False)
    assert surface.extent == (-4.0, -2.0, 9.0, 11.0)
    assert surface.run is None
    document = {**LINE, "weights": {"w": 2.0, "b": 1.0}, "surface": {"plane": "random", "resolution": 3, "seed": 4}}
    del document["training"]
    workspace = parsed(document)
    surface = workspace.surface(progress=False)
    np.testing.assert_array_equal(surface.plane.center, [2.0, 1.0])
    assert surface.loss[1, 1] == pytest.approx(0, abs=1e-6)
    right = af.Plane.random(workspace.problem(), [2.0, 1.0], seed=4)
    np.testing.assert_array_equal(surface.plane.u, right.u)


def test_planes_by_name(iris: af.Workspace) -> None:
    problem = iris.problem()
    run = iris.changed(seed=5).train(problem, progress=False)
    assert run is not None and run.seed == 5

    def shown(**section: Any) -> af.Surface:
        document = {**iris.document, "surface": {"resolution": 4, **section}}
        return af.Workspace.parse(document, iris.folder).surface(problem, run, progress=False)

    pca = shown(plane="pca", components=[0, 2])
    np.testing.assert_array_equal(pca.plane.v, af.Plane.pca(run, (0, 2)).v)
    for normalize, right in (("variable", "variable"), ("filter", "filter"), ("none", None)):
        random = shown(plane="random", normalize=normalize, seed=2)
        np.testing.assert_array_equal(random.plane.u, af.Plane.random(problem, run, 2, right).u)
    axes = shown(plane="axes", axes=["B[0,2]", "D[1,0]"], extent=[-1, 2, -3, 4.5])
    assert axes.plane.labels == ("B[0,2]", "D[1,0]")
    assert axes.extent == (-1, 2, -3, 4.5)
    np.testing.assert_array_equal(axes.plane.center, run.final)
    line = shown(plane="axes", axes=["B[0,2]"])
    assert line.loss.shape == (1, 4)
    np.testing.assert_array_equal(shown(plane="hessian").plane.u, af.Plane.hessian(problem, run).u)
    derivatives = {"gradient": True, "curvature": True, "gradient_norm": True}
    wide = shown(plane="pca", extent=0.5, resolution=[3, 7], dtype="float64", **derivatives)
    assert (wide.loss.shape, wide.loss.dtype, wide.extent) == ((3, 7), np.float64, (-0.5, 0.5, -0.5, 0.5))
    assert wide.gradient is not None and wide.curvature is not None and wide.gradient_norm is not None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_and_every_setting(name: str) -> None:
    for field in dataclasses.fields(OPTIMIZERS[name]):
        value = {"lr": 0.02, "nesterov": True, "betas": (0.8, 0.95)}.get(field.name)
        if value is None:
            value = not field.default if isinstance(field.default, bool) else 0.25
        settings = {"lr": 0.02, field.name: value}
        if field.name in ("nesterov", "dampening"):
            settings["momentum"] = 0.5
        given = {key: list(x) if isinstance(x, tuple) else x for key, x in settings.items()}
        workspace = parsed({**LINE, "training": {"optimizer": name, "epochs": 2, **given}})
        assert workspace.optimizer == OPTIMIZERS[name](**settings)
        run = workspace.train(progress=False)
        assert run is not None and run.steps == 2


def test_an_optimizer_may_be_named_in_small_letters() -> None:
    workspace = parsed({**LINE, "training": {"optimizer": "rmsprop", "lr": 0.5, "centered": True, "epochs": 2}})
    assert workspace.optimizer == af.RMSProp(lr=0.5, centered=True)


def test_batches_and_seeds() -> None:
    document = {**LINE, "training": {**LINE["training"], "batch_size": 2, "seed": 7}}
    workspace = parsed(document)
    run = workspace.train(progress=False)
    assert run is not None
    assert (run.batch_size, run.seed, run.steps) == (2, 7, 40)
    other = workspace.changed(seed=8, resolution=9)
    assert other.document["training"]["seed"] == 8
    assert other.document["surface"] == {"resolution": 9}
    assert workspace.document == document, "the workspace itself stays as it was"
    assert parsed(BOWL).changed(seed=3).document["surface"] == {"seed": 3}
