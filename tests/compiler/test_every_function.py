"""Every function of the table by itself: machine code in both precisions against JAX, in value and gradient."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jax_peer import evaluate, jax_maths
from numpy.typing import NDArray

from atlas_fast import kernels
from atlas_fast.language import Shapes, infer, lower, parse
from atlas_fast.language.functions import FUNCTIONS

Array = NDArray[Any]

SHAPE = (3, 5)
RANDOM = np.random.default_rng(11)
WEIGHTING = RANDOM.standard_normal(SHAPE)
TARGETS = np.eye(3)[[0, 2, 1, 1, 0]].T
SIGNS = np.where(RANDOM.standard_normal(SHAPE) > 0, 1.0, -1.0)
SECOND = {"hinge": SIGNS, "cross_entropy": TARGETS, "binary_cross_entropy": TARGETS}

OF_TWO = ("max", "min")
ALONG = [f"{name}(x, axis={axis})" for name, row in FUNCTIONS.items() if row.has_axis for axis in (0, 1)]
CALLS = [
    *(
        f"{name}(x, y)" if sum(not a.optional for a in row.arguments) == 2 else f"{name}(x)"
        for name, row in FUNCTIONS.items()
        if name != "onehot"
    ),
    *(f"{name}(x, y)" for name in OF_TWO),
    *ALONG,
    "leaky_relu(x, 0.3)",
    "elu(x, 0.4)",
    "huber(x, y, 0.5)",
    "norm(x, 1)",
    "norm(x, inf)",
]
"""Labels of onehot have no derivative."""

inputs = arrays(np.float64, SHAPE, elements=st.floats(-6, 6, width=32))


@cache
def compiled(call: str) -> tuple[Callable[[Array], Any], dict[str, Callable[[Array], tuple[Array, Array]]]]:
    """Loss and gradient of a call weighted and summed: by JAX in float64, and by a kernel of each precision."""
    import jax

    jax.config.update("jax_enable_x64", True)
    name = call.split("(")[0]
    y = SECOND.get(name, RANDOM.standard_normal(SHAPE).astype(np.float32).astype(float))
    data = {"y": y} if "y" in call.removeprefix(name) else {}
    size = shape_of(call, data)
    data["r"] = np.resize(WEIGHTING, size).astype(np.float32).astype(float)
    if name in ("log", "sqrt"):
        # Of what is above 0; the square has no kink there.
        call = call.replace("(x", "(0.1 + x^2")
    tree = parse(f"sum(r .* {call})", ["x", *data])
    shapes = infer(tree, {key: array.shape for key, array in data.items()}, {"x": SHAPE})
    gradient = kernels.derivative.gradient(lower(tree, shapes))

    def by_kernel(dtype: str) -> Callable[[Array], tuple[Array, Array]]:
        bound = kernels.points(gradient, dtype=dtype).bind({key: data[key] for key in gradient.data})

        def loss_and_slope(x: Array) -> tuple[Array, Array]:
            loss, slope = bound({"x": x[None].astype(dtype)})
            assert loss.dtype == slope.dtype == dtype
            return loss[0], slope[0]

        return loss_and_slope

    peer = jax.jit(jax.value_and_grad(lambda x: evaluate(tree.root, data, {"x": x}, jax_maths("float64"))))
    return peer, {dtype: by_kernel(dtype) for dtype in ("float64", "float32")}


def shape_of(call: str, data: dict[str, Array]) -> tuple[int, int]:
    given = {"x": SHAPE, **dict.fromkeys(data, SHAPE)}
    program = lower(parse(call, given), Shapes(given, {}))
    return program.instructions[program.outputs[0]].shape


@pytest.mark.parametrize("call", CALLS)
def test_value_and_gradient_are_jax_s(call: str) -> None:
    pytest.importorskip("jax")
    peer, ours = compiled(call)

    @settings(max_examples=20)
    @given(inputs)
    def check(x: Array) -> None:
        expected, slope = (np.asarray(part) for part in peer(x))
        size = np.abs(slope).max() * 6 + np.abs(expected)
        for dtype, share in (("float64", 1e-13), ("float32", 5e-6)):
            found, found_slope = ours[dtype](x)
            allowed = share * (1 + size)
            np.testing.assert_allclose(found.item(), expected, rtol=share, atol=allowed, err_msg=f"{call} in {dtype}")
            np.testing.assert_allclose(found_slope, slope, rtol=share, atol=allowed, err_msg=f"{call}' in {dtype}")

    check()
