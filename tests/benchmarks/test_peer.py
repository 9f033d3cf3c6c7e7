"""What the benchmarks hold our surfaces against: JAX in every mode, and JAX in float64."""

import cases
import contest
import numpy as np
import pytest

from atlas_fast import kernels

pytest.importorskip("jax")

import engines
import jax_surface
import random_texts

OUTPUTS = {"gradient": True, "gradient_norm": True, "curvature": True}


@pytest.fixture(scope="module")
def place() -> contest.Landscape:
    return cases.landscape(cases.CASES["iris-small"].problem(), "iris-small", (3, 5))


@pytest.fixture(scope="module")
def exact(place: contest.Landscape) -> dict[str, contest.Array]:
    a, b = np.meshgrid(place.a, place.b)
    points = np.stack([a.ravel(), b.ravel()], axis=-1)
    found = jax_surface.exactly(place.root, place.data, (place.center, place.u, place.v), points)
    return {name: values.reshape(-1, len(place.b), len(place.a)) for name, values in found.items()}


def test_the_exact_values_are_those_of_a_float64_kernel(
    place: contest.Landscape, exact: dict[str, contest.Array]
) -> None:
    kernel = kernels.plane(place.program, dtype="float64", **OUTPUTS)
    found = kernel.bind(place.data, place.center, place.u, place.v)(place.a, place.b)
    for name, where in kernel.outputs.places.items():
        # Two float64 computations of some 1,500 terms a sum: 1e-10 leaves four digits for rounding.
        np.testing.assert_allclose(found[where], exact[name], rtol=1e-10, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("chunk", [4, 16])
def test_jax_gives_the_loss_and_its_derivatives_whatever_its_mode_and_layout(
    place: contest.Landscape, exact: dict[str, contest.Array], mode: jax_surface.Mode, chunk: int
) -> None:
    found = contest.rival(place, jax_surface.Variant(chunk, 1, mode)).values()
    assert found.dtype == np.float32
    # float32 against float64 over 150 samples: 1e-5 is some 100 roundings.
    np.testing.assert_allclose(found[:1], exact["loss"], rtol=1e-5)
    np.testing.assert_allclose(found[1:], exact["gradient"], rtol=1e-4, atol=1e-5)


def test_layouts_that_would_take_much_memory_or_waste_points_are_left_out() -> None:
    every = jax_surface.variants(2, ("loss",))
    assert [(v.chunk, v.devices) for v in every] == [(c, d) for d in (1, 2) for c in (16, 64, 256, 1024)]
    few = jax_surface.variants(1, ("forward",), points=256)
    assert [v.chunk for v in few] == [16, 64, 256]
    wide = jax_surface.variants(1, ("loss",), a_point=4 * 10_000 * 138)
    assert [v.chunk for v in wide] == [16, 64]


def test_the_first_layer_hoisted_by_hand_gives_the_same_surface(place: contest.Landscape) -> None:
    ours = contest.surface(place)
    measured = engines.hoisted(engines.Task(place, ours, ours()[0], rounds=1, points=1))
    assert measured.apart < 1e-5


def test_numpy_computes_the_same_at_its_points(place: contest.Landscape) -> None:
    ours = contest.surface(place)
    measured = engines.numpy_engine(engines.Task(place, ours, ours()[0], rounds=1, points=7))
    assert measured.apart < 1e-5 and measured.how.startswith("7 points")


def test_an_engine_that_is_not_there_says_so(place: contest.Landscape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.shutil, "which", lambda name: None)
    task = engines.Task(place, contest.surface(place), np.zeros((3, 5)), rounds=1, points=1)
    with pytest.raises(engines.Skipped, match="Node is not installed"):
        engines.tensorflow_js(task)
    shown = [*engines.rows(task, [name for name in engines.ENGINES if name != "original"])]
    assert "| TensorFlow.js, the original's way | | | | skipped: Node is not installed | |" in shown


def test_a_surface_that_numpy_computes_is_not_counted_as_compiled(
    place: contest.Landscape, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert random_texts.compiled(place)
    plane = kernels.plane
    monkeypatch.setattr(kernels, "plane", lambda program, dtype: plane(program, dtype, backend="numpy"))
    assert not random_texts.compiled(place)
