"""Curvature along a plane, the norm of the gradient and products with the Hessian: generated texts and networks,
in machine code of both precisions and in the reference, against JAX's own derivatives in float64."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from generate import Seeded, draw_weights, generate
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jax_peer import evaluate, jax_maths
from numpy.typing import NDArray

import atlas_fast as af
from atlas_fast import kernels
from atlas_fast.hessian import product
from atlas_fast.language import infer, lower, parse
from atlas_fast.language.functions import FUNCTIONS

Array = NDArray[Any]
Arrays = dict[str, Array]

A, B = np.linspace(-1.0, 1.0, 4), np.linspace(-0.5, 0.5, 3)
PLACES = {"gradient": slice(1, 3), "curvature": slice(3, 6), "gradient_norm": slice(6, 7)}

RANDOM = np.random.default_rng(5)
DATA = {"X": RANDOM.normal(size=(4, 37)), "Y": RANDOM.normal(size=(3, 37))}
NETWORKS = {
    "tanh": "mse(A*tanh(B*X + C) + D, Y)",
    "relu": "||A*relu(B*X + C) + D - Y||_2",
    "two layers": "mse(A*sigmoid(E*silu(B*X + C)) + D, Y)",
    "softmax": "cross_entropy(A*gelu(B*X + C) + D, softmax(Y, axis=0))",
    "quadratic": "||B*X - Y||_2^2",
}


def in_jax(root: Any, data: Arrays, center: Arrays, u: Arrays, v: Arrays) -> Array:
    """(7, rows, columns) in the order of the kernel's outputs, in float64."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    maths = jax_maths("float64")

    def loss(weights: Arrays) -> Any:
        return evaluate(root, data, weights, maths)

    def at(point: Any) -> Any:
        return loss({name: center[name] + point[0] * u[name] + point[1] * v[name] for name in center})

    def everything(point: Any) -> Any:
        weights = {name: center[name] + point[0] * u[name] + point[1] * v[name] for name in center}
        bend = jax.hessian(at)(point)
        norm = jnp.sqrt(sum(jnp.sum(slope**2) for slope in jax.grad(loss)(weights).values()))
        along = jax.grad(at)(point)
        return jnp.stack([at(point), *along, bend[0, 0], bend[0, 1], bend[1, 1], norm])

    grid = np.stack(np.broadcast_arrays(A[None, :], B[:, None]), axis=-1).reshape(-1, 2)
    return np.asarray(jax.jit(jax.vmap(everything))(grid)).T.reshape(7, len(B), len(A))


def ours(program: Any, data: Arrays, plane: tuple[Arrays, ...], dtype: str, backend: str = "cpu") -> Array:
    kernel = kernels.plane(program, dtype, True, backend, curvature=True, gradient_norm=True)
    assert {name: kernel.outputs.places[name] for name in PLACES} == PLACES
    parts = ({name: part[name] for name in program.weights} for part in plane)
    return np.asarray(kernel.bind({name: data[name] for name in program.data}, *parts)(A, B), np.float64)


def assert_near(found: Array, expected: Array, tolerance: float) -> None:
    """Each output to a share of its largest number."""
    for values, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(values, right, rtol=0, atol=tolerance * (np.abs(right).max() + 1e-3))


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_against_jax(name: str) -> None:
    problem = af.Problem(NETWORKS[name], DATA, {"B": (5 if "A" in NETWORKS[name] else None, None)} | (
        {"E": (6, None)} if "E*" in NETWORKS[name] else {}
    ))  # fmt: skip
    plane = tuple(problem.unpack(vector) for vector in np.random.default_rng(2).normal(size=(3, problem.size)))
    root = parse(problem.expression, [*problem.data, *problem.weights]).root
    expected = in_jax(root, DATA, *plane)
    assert_near(ours(problem.program, DATA, plane, "float64"), expected, 1e-11)
    assert_near(ours(problem.program, DATA, plane, "float64", "numpy"), expected, 1e-11)
    # Rounding of float32, 6e-8, through sums of terms some hundred times the result.
    assert_near(ours(problem.program, DATA, plane, "float32"), expected, 1e-4)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_generated_texts_against_jax(seed: int) -> None:
    loss = generate(Seeded(seed), tuple(FUNCTIONS))
    shapes = {name: (array.shape[0], array.shape[1]) for name, array in loss.data.items()}
    tree = parse(loss.text, [*loss.data, *loss.weights])
    program = lower(tree, infer(tree, shapes, dict(loss.weights)))
    random = np.random.default_rng(1)
    plane = tuple(draw_weights(loss, random) for _ in range(3))
    expected = in_jax(tree.root, loss.data, *plane)
    assume(np.isfinite(expected).all() and np.abs(expected).max() < 1e8)
    # At a kink or a cancellation the two lie as far apart as rounding of the largest number in the text makes them.
    largest = np.abs(expected).max()
    assert_near(ours(program, loss.data, plane, "float64"), expected, 1e-9 * max(1.0, largest))
    assert_near(ours(program, loss.data, plane, "float64", "numpy"), expected, 1e-9 * max(1.0, largest))


@cache
def hessian(text: str) -> tuple[af.Problem, Array, Array]:
    import jax

    jax.config.update("jax_enable_x64", True)
    problem = af.Problem(
        text, {name: DATA[name] for name in DATA if name in text}, {"B": (9, None)} if "A" in text else {}
    )
    center = np.random.default_rng(4).normal(size=problem.size)
    root = parse(problem.expression, [*problem.data, *problem.weights]).root

    def loss(vector: Any) -> Any:
        weights, start = {}, 0
        for name, (rows, columns) in problem.weights.items():
            weights[name] = vector[start : start + rows * columns].reshape(rows, columns)
            start += rows * columns
        return evaluate(root, dict(problem.data), weights, jax_maths("float64"))

    return problem, center, np.asarray(jax.jit(jax.hessian(loss))(center))


TEXTS = [NETWORKS["tanh"], NETWORKS["relu"], NETWORKS["softmax"], "x^2 + 3*x*y + exp(y)", "2*exp(x)"]


@pytest.mark.parametrize("text", TEXTS)
def test_products_with_the_hessian_against_jax(text: str) -> None:
    problem, center, expected = hessian(text)
    directions = np.random.default_rng(6).normal(size=(3, problem.size))
    found = product(problem, center)(directions)
    np.testing.assert_allclose(found, directions @ expected, rtol=1e-9, atol=1e-11 * np.abs(expected).max())


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("dense", [0, 1000])
def test_the_plane_of_the_hessian_against_jax(text: str, dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, center, expected = hessian(text)
    monkeypatch.setattr("atlas_fast.hessian.DENSE", max(dense, 2))
    values, vectors = np.linalg.eigh(expected)
    order = np.argsort(-np.abs(values))[:2]
    plane, again = af.Plane.hessian(problem, center), af.Plane.hessian(problem, center)
    np.testing.assert_array_equal(plane.center, center)
    for k, direction in enumerate((plane.u, plane.v)[: problem.size]):
        assert direction is not None
        assert np.linalg.norm(direction) == pytest.approx(1)
        assert direction[np.abs(direction).argmax()] > 0
        assert abs(direction @ vectors[:, order[k]]) == pytest.approx(1, abs=1e-8)
        assert plane.labels[k] == f"eigenvector {k + 1} (eigenvalue {values[order[k]]:.4g})"
    np.testing.assert_array_equal(again.u, plane.u)
    assert (plane.v is None) == (problem.size == 1)
