"""JAX as a peer: an interpreter of the syntax tree with formulas of its own.

It shares nothing with the compiler behind the syntax tree: neither the table of functions nor the kernels.
With `NUMPY` or `jax_maths()` it is the oracle of the tests; jax_surface.py makes it the peer of the benchmarks.
Importing this module loads no JAX, so that a caller can set XLA_FLAGS first.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import scipy.special

from atlas_fast.language.tree import Node

Array = Any
"""A matrix of NumPy or of JAX, always with two axes."""


@dataclass(frozen=True)
class Maths:
    """An array module and what the formulas below need beside it."""

    xp: Any
    special: Any
    dtype: Any
    stop_gradient: Callable[[Array], Array]
    first_maximum: Callable[[Array, int], Array]
    """The maximum along an axis, kept with size 1, whose derivative goes to the first of ties."""


NUMPY = Maths(np, scipy.special, np.float64, lambda x: x, lambda x, axis: np.max(x, axis=axis, keepdims=True))


@cache
def jax_maths(dtype: str = "float32") -> Maths:
    import jax
    import jax.numpy as jnp
    import jax.scipy.special

    @partial(jax.custom_jvp, nondiff_argnums=(1,))
    def first_maximum(x: Array, axis: int) -> Array:
        return jnp.max(x, axis=axis, keepdims=True)

    @first_maximum.defjvp
    def first_maximum_jvp(axis: int, primals: Any, tangents: Any) -> Any:
        (x,), (tangent,) = primals, tangents
        chosen = jnp.expand_dims(jnp.argmax(x, axis=axis), axis)
        return jnp.max(x, axis=axis, keepdims=True), jnp.take_along_axis(tangent, chosen, axis=axis)

    return Maths(jnp, jax.scipy.special, jnp.dtype(dtype), jax.lax.stop_gradient, first_maximum)


# Formulas. Where a function has a kink, its derivative there is the frameworks' common one.


def softplus(m: Maths, x: Array) -> Array:
    return m.xp.logaddexp(x, 0)


def log_softmax(m: Maths, x: Array, axis: int = 1) -> Array:
    shifted = x - m.stop_gradient(m.xp.max(x, axis=axis, keepdims=True))
    return shifted - m.xp.log(m.xp.sum(m.xp.exp(shifted), axis=axis, keepdims=True))


def softmax(m: Maths, x: Array, axis: int = 1) -> Array:
    raised = m.xp.exp(x - m.stop_gradient(m.xp.max(x, axis=axis, keepdims=True)))
    return raised / m.xp.sum(raised, axis=axis, keepdims=True)


def elu(m: Maths, x: Array, alpha: Array = 1.0) -> Array:
    # expm1 of the negative part alone: where x is large it would overflow and spoil the derivative.
    return m.xp.where(x > 0, x, alpha * m.xp.expm1(m.xp.where(x > 0, 0, x)))


def selu(m: Maths, x: Array) -> Array:
    # Klambauer et al. 2017, section 2.
    return 1.0507009873554805 * elu(m, x, 1.6732632423543772)


def gelu(m: Maths, x: Array) -> Array:
    # Hendrycks and Gimpel 2016, the exact form.
    return 0.5 * x * (1 + m.special.erf(x * math.sqrt(0.5)))


def maximum_of(m: Maths, x: Array, axis: int | None = None) -> Array:
    if axis is None:
        return m.first_maximum(m.xp.reshape(x, (1, -1)), 1)
    return m.first_maximum(x, axis)


def maximum(m: Maths, x: Array, y: Array | None = None, axis: int | None = None) -> Array:
    if y is None:
        return maximum_of(m, x, axis)
    return m.xp.where((x >= y) | m.xp.isnan(x), x, y)


def minimum(m: Maths, x: Array, y: Array | None = None, axis: int | None = None) -> Array:
    if y is None:
        return -maximum_of(m, -x, axis)
    return m.xp.where((x <= y) | m.xp.isnan(x), x, y)


def total(m: Maths, x: Array, axis: int | None = None) -> Array:
    summed = m.xp.sum(x, axis=axis, keepdims=True)
    return m.xp.reshape(summed, (1, 1)) if axis is None else summed


def mean(m: Maths, x: Array, axis: int | None = None) -> Array:
    return total(m, x, axis) / (x.size if axis is None else x.shape[axis])


def absolute(m: Maths, x: Array) -> Array:
    # JAX's own derivative at 0 is 1.
    return m.xp.where(x == 0, 0, m.xp.abs(x))


def norm(m: Maths, x: Array, p: str = "2") -> Array:
    """The entrywise norm; p is 1, 2, F or inf."""
    if p == "1":
        return total(m, absolute(m, x))
    if p == "inf":
        return maximum_of(m, absolute(m, x))
    squares = total(m, x * x)
    # The root's derivative at 0 is infinite, the norm's is 0; nan is not 0 and passes.
    return m.xp.where(squares == 0, 0, m.xp.sqrt(m.xp.where(squares == 0, 1, squares)))


def onehot(m: Maths, labels: Array, k: int) -> Array:
    table = m.xp.arange(k).reshape((-1, 1) if labels.shape[0] == 1 else (1, -1))
    return (labels == table).astype(m.dtype)


def huber(m: Maths, x: Array, y: Array, delta: Array = 1.0) -> Array:
    distance = m.xp.abs(x - y)
    return mean(m, m.xp.where(distance <= delta, distance**2 / 2, delta * (distance - delta / 2)))


def cross_entropy(m: Maths, logits: Array, targets: Array) -> Array:
    return -total(m, targets * log_softmax(m, logits, axis=0)) / logits.shape[1]


def binary_cross_entropy(m: Maths, logits: Array, targets: Array) -> Array:
    return mean(m, softplus(m, logits) - targets * logits)


FORMULAS: dict[str, Callable[..., Array]] = {
    "relu": lambda m, x: m.xp.where(x <= 0, 0, x),
    "leaky_relu": lambda m, x, slope=0.01: m.xp.where(x <= 0, slope * x, x),
    "elu": elu,
    "selu": selu,
    "gelu": gelu,
    "silu": lambda m, x: x * m.special.expit(x),
    "softplus": softplus,
    "sigmoid": lambda m, x: m.special.expit(x),
    "tanh": lambda m, x: m.xp.tanh(x),
    "softmax": softmax,
    "log_softmax": log_softmax,
    "onehot": onehot,
    "exp": lambda m, x: m.xp.exp(x),
    "log": lambda m, x: m.xp.log(x),
    "sqrt": lambda m, x: m.xp.sqrt(x),
    "sin": lambda m, x: m.xp.sin(x),
    "cos": lambda m, x: m.xp.cos(x),
    "tan": lambda m, x: m.xp.tan(x),
    "erf": lambda m, x: m.special.erf(x),
    "abs": absolute,
    "square": lambda m, x: x * x,
    "max": maximum,
    "min": minimum,
    "sum": total,
    "mean": mean,
    "transpose": lambda m, x: x.T,
    "norm": norm,
    "mse": lambda m, x, y: mean(m, (x - y) ** 2),
    "mae": lambda m, x, y: mean(m, absolute(m, x - y)),
    "huber": huber,
    "hinge": lambda m, x, y: mean(m, m.xp.where(x * y >= 1, 0, 1 - x * y)),
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
}
"""Every function of LANGUAGE.md, called as formula(maths, *arguments, **keywords)."""


# The interpreter


def evaluate(root: Node, data: Mapping[str, Array], weights: Mapping[str, Array], maths: Maths = NUMPY) -> Array:
    """The loss, a scalar without axes.

    root: the `root` of a parsed text. data, weights: a matrix a name, of the shapes that the text wants.
    """
    values: dict[Node, Array | float] = {}
    leaves = {**data, **weights}
    pending = [root]
    while pending:
        node = pending[-1]
        missing = [argument for argument in node.args if argument not in values]
        if missing:
            pending.extend(missing)
            continue
        pending.pop()
        if node not in values:
            values[node] = _value(maths, node, [values[argument] for argument in node.args], leaves)
    return _array(maths, values[root]).reshape(())


def _array(m: Maths, value: Array | float) -> Array:
    return m.xp.full((1, 1), value, m.dtype) if isinstance(value, float) else value


def _value(m: Maths, node: Node, args: list[Array | float], leaves: Mapping[str, Array]) -> Array | float:
    """A number stays a Python float, so that JAX sees x^2 as a square and no array of exponents."""
    if node.op == "number":
        return float(node.value)
    if node.op == "constant":
        return {"pi": math.pi}[node.value]
    if node.op == "name":
        return m.xp.asarray(leaves[node.value], m.dtype)
    if node.op == "alias":
        return args[0]
    if all(isinstance(value, float) for value in args) and node.op in ("sum", "product", "power", "negate"):
        in_numpy = [np.full((1, 1), value) for value in args]
        with np.errstate(all="ignore"):
            return float(_operator(NUMPY, node, in_numpy).item())
    if node.op == "call":
        formula = FORMULAS[node.value.name]
        return formula(m, *(_array(m, value) for value in args), **dict(node.value.options))
    return _operator(m, node, args)


def _operator(m: Maths, node: Node, args: list[Any]) -> Array:
    if node.op == "sum":
        result = args[0]
        for sign, term in zip(node.value[1:], args[1:], strict=True):
            result = result + term if sign == "+" else result - term
        return result
    if node.op == "product":
        result = args[0]
        for sign, factor in zip(node.value, args[1:], strict=True):
            result = _product(m, sign, result, factor)
        return result
    if node.op == "power":
        return _power(m, *args)
    if node.op == "negate":
        return -args[0]
    if node.op == "matrix":
        entries = [_array(m, value).reshape(()) for value in args]
        return m.xp.stack(entries).reshape(node.value)
    raise ValueError(f"no meaning for {node!r}")


def _product(m: Maths, sign: str, x: Any, y: Any) -> Array:
    if sign == "/":
        return x / y
    scaling = any(isinstance(factor, float) or factor.size == 1 for factor in (x, y))
    return x * y if sign == ".*" or scaling else m.xp.matmul(x, y)


def _power(m: Maths, base: Any, exponent: Any) -> Array:
    if isinstance(exponent, float):
        return base ** int(exponent) if exponent.is_integer() else m.xp.power(base, exponent)
    return m.xp.power(base, exponent)
