"""Functions and losses at the ends of the range, in machine code: nothing overflows whose true value does not, in value
or in gradient. The expected numbers are worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from atlas_fast import kernels
from atlas_fast.language import infer, lower, parse

Array = NDArray[Any]

TYPES = ("float32", "float64")


def value_and_gradient(text: str, dtype: str, of: str = "x", **arrays: Any) -> tuple[float, list[list[float]]]:
    """A loss, and its gradient with respect to one of its arguments; the others are data."""
    inputs = {name: np.array(entries, dtype=float) for name, entries in arrays.items()}
    weight = inputs.pop(of)
    tree = parse(text, list(arrays))
    shapes = infer(tree, {name: array.shape for name, array in inputs.items()}, {of: weight.shape})
    program = kernels.derivative.gradient(lower(tree, shapes))
    bound = kernels.points(program, dtype=dtype).bind({name: inputs[name] for name in program.data})
    found = bound({of: weight[None].astype(dtype)})
    assert found[0].dtype == dtype
    return found[0].item(), found[1][0].tolist()


def largest(dtype: str) -> float:
    return float(np.finfo(dtype).max)


def entry(name: str, x: float, dtype: str) -> tuple[float, float]:
    """A function of one number, and its derivative."""
    value, gradient = value_and_gradient(f"{name}(x)", dtype, x=[[x]])
    return value, gradient[0][0]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("name", "right", "left"),
    [("softplus", (1.0, 1.0), (0.0, 0.0)), ("gelu", (1.0, 1.0), (0.0, 0.0)), ("silu", (1.0, 1.0), (0.0, 0.0))],
)
def test_activations_of_the_largest_numbers_are_x_or_0(
    name: str, right: tuple[float, float], left: tuple[float, float], dtype: str
) -> None:
    top = largest(dtype)
    for share in (1.0, 1e-3, 1e-20):
        assert entry(name, share * top, dtype) == (np.dtype(dtype).type(share * top * right[0]), right[1])
        assert entry(name, -share * top, dtype) == left


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("name", "ends"), [("sigmoid", (0.0, 1.0)), ("tanh", (-1.0, 1.0)), ("erf", (-1.0, 1.0))])
def test_bounded_activations_of_the_largest_numbers_are_flat(name: str, ends: tuple[float, float], dtype: str) -> None:
    for end, sign in zip(ends, (-1, 1), strict=True):
        for size in (1e3, largest(dtype), math.inf):
            assert entry(name, sign * size, dtype) == (end, 0.0)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("x", [-10.0, -16.5, -30.0, -60.0, -85.0])
def test_softplus_and_sigmoid_keep_their_digits_far_to_the_left(x: float, dtype: str) -> None:
    """log(1 + e^x) and 1/(1 + e^-x) are e^x (1 - e^x/2 ..) and e^x (1 - e^x ..); so are their derivatives."""
    grown, share = math.exp(x), 3 * float(np.finfo(dtype).eps)
    soft, slope = entry("softplus", x, dtype)
    assert soft == pytest.approx(math.log1p(grown), rel=share)
    assert slope == pytest.approx(grown / (1 + grown), rel=share)
    value, bend = entry("sigmoid", x, dtype)
    assert value == pytest.approx(grown / (1 + grown), rel=share)
    assert bend == pytest.approx(grown / (1 + grown) ** 2, rel=2 * share)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("x", [-1.0, -3.0, -6.0, -12.0])
def test_gelu_keeps_its_digits_to_the_left(x: float, dtype: str) -> None:
    """x erfc(-x/sqrt 2)/2, and its derivative erfc(-x/sqrt 2)/2 + x e^(-x^2/2)/sqrt(2 pi)."""
    below = math.erfc(-x / math.sqrt(2)) / 2
    value, slope = entry("gelu", x, dtype)
    assert value == pytest.approx(x * below, rel=2e-14 if dtype == "float64" else 3e-7)
    # The derivative is a difference of two terms, the second of which carries the rounding of x^2.
    bell = x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    assert slope == pytest.approx(below + bell, abs=abs(bell) * (1 + x * x) * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("dtype", TYPES)
def test_cross_entropy_of_logits_further_apart_than_the_largest_number(dtype: str) -> None:
    """The right class has the larger logit: the loss is 0, though the other's log_softmax overflows."""
    top = 0.9 * largest(dtype)
    for logits, targets in (([[top], [-top]], [[1], [0]]), ([[-top], [top]], [[0], [1]])):
        loss, gradient = value_and_gradient("cross_entropy(x, y)", dtype, x=logits, y=targets)
        assert loss == 0
        assert gradient == [[0.0], [0.0]]


@pytest.mark.parametrize("dtype", TYPES)
def test_cross_entropy_is_finite_where_its_true_value_is_and_inf_where_it_is_not(dtype: str) -> None:
    top = largest(dtype)
    loss, gradient = value_and_gradient("cross_entropy(x, y)", dtype, x=[[0.4 * top], [-0.4 * top]], y=[[0.5], [0.5]])
    assert loss == pytest.approx(0.4 * top, rel=1e-6)
    assert gradient == [[0.5], [-0.5]]
    loss, gradient = value_and_gradient("cross_entropy(x, y)", dtype, x=[[0.9 * top], [-0.9 * top]], y=[[0], [1]])
    assert loss == math.inf
    assert gradient == [[1.0], [-1.0]]


@pytest.mark.parametrize("dtype", TYPES)
def test_cross_entropy_moves_with_targets_of_0(dtype: str) -> None:
    """d/dy is -log_softmax, whatever y is; for logits further apart than any number, the lowest float32."""
    x, y = [[1.0], [3.0], [-2.0]], [[0.0], [1.0], [0.0]]
    _, gradient = value_and_gradient("cross_entropy(x, y)", dtype, of="y", y=y, x=x)
    total = math.log(sum(math.exp(entry) for (entry,) in x))
    np.testing.assert_allclose(gradient, [[total - entry] for (entry,) in x], rtol=1e-6)
    top = 0.9 * largest(dtype)
    _, gradient = value_and_gradient("cross_entropy(x, y)", dtype, of="y", y=[[1.0], [0.0]], x=[[top], [-top]])
    assert gradient == [[0.0], [float(np.finfo(np.float32).max)]]


@pytest.mark.parametrize("dtype", TYPES)
def test_softmax_and_its_logarithm_of_logits_at_both_ends(dtype: str) -> None:
    top = largest(dtype)
    for first, second in ((top, -top), (top, 0.0), (0.0, -top)):
        x = [[first], [second]]
        for row, expected in ((0, 1.0), (1, 0.0)):
            picked = [[1.0 - row], [float(row)]]
            value, gradient = value_and_gradient("sum(r .* softmax(x, axis=0))", dtype, x=x, r=picked)
            assert (value, gradient) == (expected, [[0.0], [0.0]])
    value, gradient = value_and_gradient("sum(log_softmax(x, axis=0))", dtype, x=[[top / 2], [-top / 2]])
    assert value == -np.dtype(dtype).type(top)
    assert gradient == [[-1.0], [1.0]]
    value, gradient = value_and_gradient("sum(log_softmax(x, axis=0))", dtype, x=[[top], [top]])
    assert value == pytest.approx(-2 * math.log(2.0), rel=1e-6)
    assert gradient == [[0.0], [0.0]]


@pytest.mark.parametrize("dtype", TYPES)
def test_binary_cross_entropy_of_sure_answers(dtype: str) -> None:
    top = largest(dtype)
    for logit, target, loss, slope in (
        (top, 1, 0.0, 0.0),
        (-top, 0, 0.0, 0.0),
        (top, 0, top, 1.0),
        (-top, 1, top, -1.0),
    ):
        found, gradient = value_and_gradient("binary_cross_entropy(x, y)", dtype, x=[[logit]], y=[[target]])
        assert (found, gradient) == (np.dtype(dtype).type(loss), [[slope]])
