"""Generated texts, all the way: reference, machine code in both precisions, and JAX agree.

Hypothesis draws the texts from the typed grammar in benchmarks/grammar.py. Each is evaluated on a small
grid of a plane, the loss and its two derivatives. The reference's derivatives are taken in reverse mode
over all weights and projected on the plane, the kernels' along the plane in the mode that takes fewer operations,
JAX's by JAX.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
from generate import Loss, Seeded, draw_weights, generate
from grammar import KNOWN_FUNCTIONS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jax_peer import FORMULAS, NUMPY, evaluate, jax_maths
from numpy.typing import NDArray

from atlas_fast import kernels
from atlas_fast.language import infer, lower, parse
from atlas_fast.language.functions import FUNCTIONS
from atlas_fast.language.tree import Node, postorder

Array = NDArray[Any]

A = np.linspace(-1.0, 1.0, 5)
B = np.linspace(-0.5, 0.5, 3)

EPS32 = float(np.finfo(np.float32).eps)
LARGEST32 = float(np.finfo(np.float32).max)


class Drawn:
    """Choices from Hypothesis, which can shrink them."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return int(self._draw(st.integers(low, high)))


@st.composite
def shrinkable(draw: Any) -> Loss:
    """Every choice is Hypothesis's own: it leans to small texts and to odd ones, and shrinks what fails."""
    return generate(Drawn(draw), tuple(FUNCTIONS))


def seeded(seed: int) -> Loss:
    """Hypothesis draws only the seed: texts of every depth alike."""
    return generate(Seeded(seed), tuple(FUNCTIONS))


losses = st.one_of(shrinkable(), st.integers(0, 2**32 - 1).map(seeded))


@dataclass(frozen=True)
class Case:
    """A generated loss, read by the compiler, on a plane of its own."""

    loss: Loss
    root: Node
    program: kernels.Program
    center: dict[str, Array]
    u: dict[str, Array]
    v: dict[str, Array]

    def weights(self, a: Any, b: Any) -> dict[str, Any]:
        return {name: self.center[name] + a * self.u[name] + b * self.v[name] for name in self.center}


def read(loss: Loss) -> Case:
    shapes = {name: (array.shape[0], array.shape[1]) for name, array in loss.data.items()}
    tree = parse(loss.text, [*loss.data, *loss.weights])
    program = lower(tree, infer(tree, shapes, dict(loss.weights)))
    random = np.random.default_rng(1)
    center, u, v = (draw_weights(loss, random) for _ in range(3))
    return Case(loss, tree.root, program, center, u, v)


@dataclass(frozen=True)
class Expected:
    """The reference: (3, rows, columns) of the loss, dL/da and dL/db, and the largest intermediate of each
    point."""

    values: Array
    largest: Array

    @property
    def finite(self) -> bool:
        """Also in float32, whose largest number is 3e38."""
        return bool(np.isfinite(self.values).all() and (self.largest < 1e-3 * LARGEST32).all())


def reference(case: Case) -> Expected:
    gradient = kernels.derivative.gradient(case.program)
    names = list(case.program.weights)
    values, largest = np.empty((3, len(B), len(A))), np.empty((len(B), len(A)))
    for i, b in enumerate(B):
        for j, a in enumerate(A):
            inputs = {**case.loss.data, **case.weights(a, b)}
            found = kernels.reference.intermediates(gradient, inputs)
            loss, *slopes = (found[output] for output in gradient.outputs)
            values[0, i, j] = loss.item()
            for k, direction in ((1, case.u), (2, case.v)):
                parts = (slope * direction[name] for name, slope in zip(names, slopes, strict=True))
                values[k, i, j] = sum(part.sum() for part in parts)
            finite = [np.abs(array[np.isfinite(array)]).max(initial=0) for array in found]
            directions = [np.abs(slope).max() for slope in (*case.u.values(), *case.v.values())]
            largest[i, j] = max(finite) * max(1.0, *directions)
    return Expected(values, largest)


def by_kernel(case: Case, dtype: str, across: Literal["points", "samples"] | None = None) -> Array:
    kernel = kernels.plane(case.program, dtype=dtype, gradient=True, backend="cpu", across=across)
    used = case.program.weights
    parts = ({name: part[name] for name in used} for part in (case.center, case.u, case.v))
    bound = kernel.bind({name: case.loss.data[name] for name in case.program.data}, *parts)
    return np.asarray(bound(A, B), dtype=np.float64)


def by_jax(case: Case, dtype: str) -> Array:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def at(point: Any) -> Any:
        parts = ({n: jnp.asarray(p[n], dtype) for n in p} for p in (case.center, case.u, case.v))
        c, u, v = parts
        weights = {name: c[name] + point[0] * u[name] + point[1] * v[name] for name in c}
        return evaluate(case.root, case.loss.data, weights, jax_maths(dtype))

    grid = np.stack(np.broadcast_arrays(A[None, :], B[:, None]), axis=-1).reshape(-1, 2)
    loss, slopes = jax.jit(jax.vmap(jax.value_and_grad(at)))(jnp.asarray(grid, dtype))
    assert loss.dtype == slopes.dtype == dtype
    return np.concatenate([np.asarray(loss)[:, None], slopes], axis=1).T.reshape(3, len(B), len(A)).astype(float)


def assert_equal_in_float64(what: str, case: Case, found: Array, expected: Expected) -> None:
    allowed = 1e-10 * np.abs(expected.values) + 1e-13 * expected.largest
    wrong = ~(np.abs(found - expected.values) <= allowed)
    assert not wrong.any(), (
        f"{what} deviates by {np.abs(found - expected.values)[wrong].max():.2g}, "
        f"allowed {allowed[wrong].min():.2g}\n{case.loss.text}\n{found[wrong]}\n{expected.values[wrong]}"
    )


def assert_equal_in_float32(case: Case, found: Array, expected: Expected) -> None:
    """To 1e-5 and some last digits of the largest number, or, where JAX is asked too, to four times its error."""
    for k in range(3):
        error = np.abs(found[k] - expected.values[k])
        allowed = 1e-5 * np.ptp(expected.values[k]) + 8 * EPS32 * expected.largest
        if (error <= allowed).all():
            continue  # JAX takes long to compile a text
        others = np.abs(by_jax(case, "float32")[k] - expected.values[k])
        assert (error <= np.maximum(allowed, 4 * others.max())).all(), (
            f"float32 output {k} deviates by {error.max():.2g}, JAX by {others.max():.2g}\n{case.loss.text}\n"
            f"{found[k]}\n{expected.values[k]}"
        )


@pytest.mark.parametrize("table", [FORMULAS, KNOWN_FUNCTIONS], ids=["peer", "generator"])
def test_every_function_of_the_language_is_known(table: Collection[str]) -> None:
    assert set(FUNCTIONS) <= set(table)


def test_the_generator_uses_every_function_and_operator() -> None:
    functions: set[str] = set()
    operators: set[str] = set()
    lines: set[str] = set()
    for seed in range(400):
        loss = seeded(seed)
        tree = parse(loss.text, [*loss.data, *loss.weights])
        for node in postorder(tree.root):
            operators.add(node.op)
            if node.op == "call":
                functions.add(node.value.name)
            if node.op in ("sum", "product"):
                operators.update(node.value)
        lines.update("function" if s.parameters else "binding" for s in tree.statements)
    assert functions == set(FUNCTIONS)
    assert {"sum", "product", "power", "negate", "matrix", "name", "number"} <= operators
    assert {"+", "-", "*", ".*", "/"} <= operators
    assert lines == {"function", "binding"}


def test_the_reference_means_what_the_peer_means() -> None:
    """Many texts, losses only, in NumPy: quick, and independent of every expansion into primitives."""
    discarded, count = 0, 300
    for seed in range(count):
        case = read(seeded(seed))
        inputs = {**case.loss.data, **case.center}
        found = kernels.reference.intermediates(case.program, inputs)
        expected = found[case.program.outputs[0]].item()
        if not np.isfinite(expected):
            discarded += 1
            continue
        with np.errstate(all="ignore"):
            peer = float(evaluate(case.root, case.loss.data, case.center, NUMPY))
        largest = max(np.abs(array[np.isfinite(array)]).max(initial=0) for array in found)
        assert abs(peer - expected) <= 1e-10 * abs(expected) + 1e-13 * largest, case.loss.text
    assert discarded < 0.2 * count


def test_generated_texts_agree_everywhere() -> None:
    pytest.importorskip("jax")
    drawn, discarded = [], []

    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    @given(losses)
    def check(loss: Loss) -> None:
        drawn.append(loss.text)
        case = read(loss)
        expected = reference(case)
        if not expected.finite:
            discarded.append(loss.text)
            return
        assert_equal_in_float64("JAX", case, by_jax(case, "float64"), expected)
        for across in ("points", "samples"):
            assert_equal_in_float64(f"{across} as lanes", case, by_kernel(case, "float64", across), expected)
        assert_equal_in_float32(case, by_kernel(case, "float32"), expected)

    check()
    assert len(discarded) < 0.2 * len(drawn), discarded
