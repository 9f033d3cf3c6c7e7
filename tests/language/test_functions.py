"""Every row of the table of functions against SciPy or a formula by hand, and that each check would notice."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import scipy.special
from numpy.typing import NDArray

from atlas_fast.errors import ShapeError
from atlas_fast.kernels import Program, derivative, reference
from atlas_fast.language import Shapes, infer, lower, parse
from atlas_fast.language.functions import FUNCTIONS, Function

Array = NDArray[np.float64]

RANDOM = np.random.default_rng(7)
X = RANDOM.standard_normal((3, 5)) * 2
Y = RANDOM.standard_normal((3, 5)) * 2
X[0, 0], Y[1, 1] = 0.0, X[1, 1]
AWAY = RANDOM.standard_normal((3, 5)) * 2
"""No entry is near a kink."""
SPECIAL = np.array([[0.0, -0.0, 1e-300, -1e-20, 40.0], [-40.0, 800.0, -800.0, np.inf, -np.inf], [np.nan, 1, -1, 2, 3]])
TARGETS = np.eye(3)[[0, 2, 1, 1, 0]].T
LABELS = np.array([[0.0, 2.0, 1.0, 1.0, 0.0]])


@dataclass(frozen=True)
class Case:
    """A call, the formula of its value, and at which inputs: by default X and Y, and the special values as x."""

    call: str
    formula: Callable[..., Any]
    inputs: tuple[dict[str, Array], ...] = ({"x": X, "y": Y}, {"x": SPECIAL, "y": Y})


POSITIVE = ({"x": np.abs(X) + 0.1, "y": Y}, {"x": np.array([[0.0, np.inf, 1e-300, np.nan, -1.0]]), "y": Y})
FINITE = ({"x": X, "y": Y}, {"x": X * 300, "y": Y})
CLASSES = ({"x": X, "y": TARGETS}, {"x": X * 400, "y": TARGETS})


def elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def huber(x: Array, y: Array, delta: float = 1.0) -> Any:
    return scipy.special.huber(delta, x - y).mean()


CASES: dict[str, tuple[Case, ...]] = {
    "relu": (Case("relu(x)", lambda x, y: np.maximum(x, 0)),),
    "leaky_relu": (
        Case("leaky_relu(x)", lambda x, y: np.where(x > 0, x, 0.01 * x)),
        Case("leaky_relu(x, 0.2)", lambda x, y: np.where(x > 0, x, 0.2 * x)),
    ),
    "elu": (Case("elu(x)", lambda x, y: elu(x)), Case("elu(x, 0.3)", lambda x, y: elu(x, 0.3))),
    # Klambauer et al. 2017: the fixed point of mean 0 and variance 1.
    "selu": (Case("selu(x)", lambda x, y: 1.0507009873554804934 * elu(x, 1.6732632423543772848)),),
    "gelu": (Case("gelu(x)", lambda x, y: x * scipy.special.ndtr(x)),),
    "silu": (Case("silu(x)", lambda x, y: x * scipy.special.expit(x)),),
    "softplus": (Case("softplus(x)", lambda x, y: np.logaddexp(0, x)),),
    "sigmoid": (Case("sigmoid(x)", lambda x, y: scipy.special.expit(x)),),
    "tanh": (Case("tanh(x)", lambda x, y: np.tanh(x)),),
    "softmax": (
        Case("softmax(x)", lambda x, y: scipy.special.softmax(x, axis=1), FINITE),
        Case("softmax(x, axis=1)", lambda x, y: scipy.special.softmax(x, axis=1), FINITE),
        Case("softmax(x, axis=0)", lambda x, y: scipy.special.softmax(x, axis=0), FINITE),
    ),
    "log_softmax": (
        Case("log_softmax(x)", lambda x, y: scipy.special.log_softmax(x, axis=1), FINITE),
        Case("log_softmax(x, axis=0)", lambda x, y: scipy.special.log_softmax(x, axis=0), FINITE),
    ),
    "onehot": (
        Case("onehot(x, 3)", lambda x: np.array([[1, 0, 0, 0, 1], [0, 0, 1, 1, 0], [0, 1, 0, 0, 0]]), ({"x": LABELS},)),
        Case("onehot(x', 4)", lambda x: np.eye(4)[[0, 2, 1, 1, 0]], ({"x": LABELS},)),
    ),
    "exp": (Case("exp(x)", lambda x, y: np.exp(x)),),
    "log": (Case("log(x)", lambda x, y: np.log(x), POSITIVE),),
    "sqrt": (Case("sqrt(x)", lambda x, y: np.sqrt(x), POSITIVE),),
    # Of a complex exponential: what NumPy calls sin is what the reference calls.
    "sin": (Case("sin(x)", lambda x, y: np.exp(1j * x).imag),),
    "cos": (Case("cos(x)", lambda x, y: np.exp(1j * x).real),),
    "tan": (Case("tan(x)", lambda x, y: np.tan(x)),),
    "erf": (Case("erf(x)", lambda x, y: scipy.special.erf(x)),),
    "abs": (Case("abs(x)", lambda x, y: np.abs(x)), Case("|x|", lambda x, y: np.abs(x))),
    "square": (Case("square(x)", lambda x, y: x**2),),
    "max": (
        Case("max(x)", lambda x, y: x.max()),
        Case("max(x, axis=0)", lambda x, y: x.max(axis=0, keepdims=True)),
        Case("max(x, axis=1)", lambda x, y: x.max(axis=1, keepdims=True)),
        Case("max(x, y)", lambda x, y: np.maximum(x, y)),
        Case("max(x, 1)", lambda x, y: np.maximum(x, 1)),
    ),
    "min": (
        Case("min(x)", lambda x, y: x.min()),
        Case("min(x, axis=0)", lambda x, y: x.min(axis=0, keepdims=True)),
        Case("min(x, axis=1)", lambda x, y: x.min(axis=1, keepdims=True)),
        Case("min(x, y)", lambda x, y: np.minimum(x, y)),
    ),
    "sum": (
        Case("sum(x)", lambda x, y: x.sum()),
        Case("sum(x, axis=0)", lambda x, y: x.sum(axis=0, keepdims=True)),
        Case("sum(x, axis=1)", lambda x, y: x.sum(axis=1, keepdims=True)),
    ),
    "mean": (
        Case("mean(x)", lambda x, y: x.mean()),
        Case("mean(x, axis=0)", lambda x, y: x.mean(axis=0, keepdims=True)),
        Case("mean(x, axis=1)", lambda x, y: x.mean(axis=1, keepdims=True)),
    ),
    "transpose": (Case("transpose(x)", lambda x, y: x.T), Case("x'", lambda x, y: x.T)),
    "norm": (
        Case("norm(x)", lambda x, y: np.linalg.norm(x)),
        Case("norm(x, 2)", lambda x, y: np.linalg.norm(x)),
        Case("||x||_F", lambda x, y: np.linalg.norm(x)),
        Case("norm(x, 1)", lambda x, y: np.abs(x).sum()),
        Case("||x||_inf", lambda x, y: np.abs(x).max()),
        Case("||x - x||", lambda x, y: np.linalg.norm(x - x)),
    ),
    "mse": (Case("mse(x, y)", lambda x, y: np.mean((x - y) ** 2)),),
    "mae": (Case("mae(x, y)", lambda x, y: np.mean(np.abs(x - y))),),
    "huber": (Case("huber(x, y)", huber, FINITE), Case("huber(x, y, 0.5)", lambda x, y: huber(x, y, 0.5), FINITE)),
    "hinge": (
        Case("hinge(x, y)", lambda x, y: np.mean(np.maximum(0, 1 - x * y)), ({"x": X, "y": np.sign(Y + 1e-9)},)),
    ),
    "cross_entropy": (
        Case(
            "cross_entropy(x, y)",
            lambda x, y: -np.mean(np.sum(y * (x - scipy.special.logsumexp(x, axis=0, keepdims=True)), axis=0)),
            CLASSES,
        ),
    ),
    "binary_cross_entropy": (
        Case(
            "binary_cross_entropy(x, y)",
            lambda x, y: np.mean(-y * scipy.special.log_expit(x) - (1 - y) * scipy.special.log_expit(-x)),
            CLASSES,
        ),
    ),
}


def entries(call: str, inputs: dict[str, Array]) -> Array:
    """The matrix that a call computes, by the reference."""
    program = lower(parse(call, inputs), Shapes({name: array.shape for name, array in inputs.items()}, {}))
    return reference.evaluate(program, {name: inputs[name] for name in program.data})[0]


def check_shape(call: str, inputs: dict[str, Array], shape: tuple[int, int]) -> None:
    """Raise where inference does not say that the call has this shape: a loss wants its arguments' shapes equal."""
    shapes = {name: array.shape for name, array in inputs.items()}
    infer(parse(f"mse({call}, wanted)", [*shapes, "wanted"]), {**shapes, "wanted": shape})


def check_derivative(call: str, inputs: dict[str, Array]) -> None:
    """Raise where the derivative along a direction is not what central differences say."""
    random = np.random.default_rng(3)
    cotangent = random.standard_normal(entries(call, inputs).shape)
    data = {"y": inputs["y"], "r": cotangent}
    tree = parse(f"sum(r .* {call})", ["x", *data])
    shapes = infer(tree, {name: array.shape for name, array in data.items()}, {"x": inputs["x"].shape})
    program = lower(tree, shapes)
    gradient = derivative.gradient(program)
    direction = random.standard_normal(inputs["x"].shape)

    def evaluate(program: Program, x: Array) -> Array:
        given = {"x": x, **data}
        return reference.evaluate(program, {name: given[name] for name in [*program.weights, *program.data]})[-1]

    step = 1e-6
    above, below = (evaluate(program, inputs["x"] + sign * step * direction).item() for sign in (1, -1))
    slope = (evaluate(gradient, inputs["x"]) * direction).sum()
    np.testing.assert_allclose(slope, (above - below) / (2 * step), rtol=1e-6, atol=1e-7)


def check_other_derivatives(call: str, inputs: dict[str, Array]) -> None:
    """Raise where the derivative by an argument after the first is not what central differences say."""
    random = np.random.default_rng(4)
    tree = parse(f"sum(r .* {call})", [*inputs, "r"])
    shape = entries(call, inputs).shape
    shapes = infer(tree, {"r": shape}, {name: array.shape for name, array in inputs.items()})
    program = lower(tree, shapes)
    gradient, data = derivative.gradient(program), {"r": random.standard_normal(shape)}
    slopes = reference.evaluate(gradient, {**inputs, **data})[1:]
    for name, slope in zip(program.weights, slopes, strict=True):
        direction, step = random.standard_normal(inputs[name].shape), 1e-6
        above, below = (
            reference.evaluate(program, {**inputs, name: inputs[name] + sign * step * direction, **data})[0].item()
            for sign in (1, -1)
        )
        np.testing.assert_allclose(
            (slope * direction).sum(), (above - below) / (2 * step), rtol=1e-6, atol=1e-7, err_msg=f"{call} by {name}"
        )


def check_row(name: str) -> None:
    """Raise where the function's row does not do what its formulas say, in value, shape or derivative."""
    for case in CASES[name]:
        for inputs in case.inputs:
            with np.errstate(all="ignore"):
                expected = np.atleast_2d(np.asarray(case.formula(**inputs), dtype=float))
            check_shape(case.call, inputs, expected.shape)
            np.testing.assert_allclose(entries(case.call, inputs), expected, rtol=1e-13, atol=2e-16)
        if name != "onehot" and case.call != "||x - x||":
            smooth = {**case.inputs[0], "x": np.abs(AWAY) if case.inputs is POSITIVE else AWAY}
            check_derivative(case.call, smooth)
            if "y" in case.call:
                check_other_derivatives(case.call, smooth)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_row(name: str) -> None:
    check_row(name)


def spoiled_value(row: Function) -> Function:
    def expand(b: Any, *values: int, **options: Any) -> int:
        return b.emit("add", row.expand(b, *values, **options), b.constant(1e-9))

    return replace(row, expand=expand)


def spoiled_derivative(row: Function) -> Function:
    def expand(b: Any, *values: int, **options: Any) -> int:
        return b.emit("detach", row.expand(b, *values, **options))

    return replace(row, expand=expand)


def spoiled_shape(row: Function) -> Function:
    def shape(relations: Any, *values: Any, **options: Any) -> Any:
        rows, columns = row.shape(relations, *values, **options)
        return (columns, rows) if (rows, columns) != relations.scalar else values[0]

    return replace(row, shape=shape)


SPOILED = [
    (name, spoil)
    for name in FUNCTIONS
    for spoil in (spoiled_value, spoiled_derivative, spoiled_shape)
    if name != "onehot" or spoil is not spoiled_derivative  # labels are data: they have no derivative
]


@pytest.mark.parametrize(("name", "spoil"), SPOILED)
def test_spoiling_a_row_is_noticed(name: str, spoil: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FUNCTIONS, name, spoil(FUNCTIONS[name]))
    with pytest.raises((AssertionError, ShapeError)):
        check_row(name)


KINKS = [
    # call, x, the derivative of its sum
    ("relu(x)", [[0.0]], [[0.0]]),
    ("leaky_relu(x)", [[0.0]], [[0.01]]),
    ("elu(x, 0.5)", [[0.0]], [[0.5]]),
    ("|x|", [[0.0]], [[0.0]]),
    ("mae(x, [1, 2])", [[1.0, 2.0]], [[0.0, 0.0]]),
    ("||x||_2", [[0.0, 0.0]], [[0.0, 0.0]]),
    ("||x||_1", [[0.0, 2.0]], [[0.0, 1.0]]),
    ("||x||_2^2", [[0.0, 2.0]], [[0.0, 4.0]]),
    ("max(x)", [[1.0, 2.0], [2.0, 2.0]], [[0.0, 1.0], [0.0, 0.0]]),
    ("min(x)", [[2.0, 1.0], [1.0, 1.0]], [[0.0, 1.0], [0.0, 0.0]]),
    ("sum(max(x, axis=0))", [[2.0, 1.0], [2.0, 1.0]], [[1.0, 1.0], [0.0, 0.0]]),
    ("max(x, 0)", [[0.0]], [[1.0]]),
    ("max(0, x)", [[0.0]], [[0.0]]),
    ("min(x, 0)", [[0.0]], [[1.0]]),
    ("softplus(x)", [[0.0]], [[0.5]]),
    ("binary_cross_entropy(x, [0])", [[0.0]], [[0.5]]),
    ("hinge(x, [1])", [[1.0]], [[0.0]]),
    ("sum(softplus(x))", [[800.0, -800.0]], [[1.0, 0.0]]),
    ("sum(elu(x))", [[800.0, -800.0]], [[1.0, 0.0]]),
]


@pytest.mark.parametrize(("text", "x", "expected"), KINKS)
def test_derivatives_at_kinks_and_far_out(text: str, x: Any, expected: Any) -> None:
    point = np.array(x)
    program = lower(tree := parse(text, ["x"]), infer(tree, {}, {"x": point.shape}))
    found = reference.evaluate(derivative.gradient(program), {"x": point})[1]
    np.testing.assert_array_equal(found, np.array(expected))


DEFINED = [name for name, row in FUNCTIONS.items() if row.definition]


@pytest.mark.parametrize("name", DEFINED)
def test_the_definition_in_the_language_is_the_function(name: str) -> None:
    row, given = FUNCTIONS[name], CASES[name][0].inputs[0]
    values = [a.name for a in row.arguments if a.kind == "value"]
    inputs = {value: given["xy"[place]] for place, value in enumerate(values)}
    defaults = {a.name: np.array([[float(a.default)]]) for a in row.arguments if a.default is not None}
    found = entries(row.definition, {**inputs, **defaults})
    np.testing.assert_allclose(found, entries(f"{name}({', '.join(values)})", inputs), rtol=1e-12, atol=1e-15)


def test_gelu_keeps_its_digits_far_to_the_left() -> None:
    """Its relative error grows as x^2, as that of e^(-x^2/2) does when x^2 is rounded."""
    x = np.linspace(-36, -1, 36)[None]
    np.testing.assert_allclose(entries("gelu(x)", {"x": x}), x * scipy.special.ndtr(x), rtol=2e-13)


def test_the_table_is_complete() -> None:
    assert CASES.keys() == FUNCTIONS.keys()
    for name, row in FUNCTIONS.items():
        assert name == row.name
        assert row.help
        assert not row.help.endswith(".")
        assert row.signature.startswith(f"{name}(")
    assert FUNCTIONS["huber"].signature == "huber(x, y, delta=1)"
    assert FUNCTIONS["softmax"].signature == "softmax(x, axis=0|1)"
    assert FUNCTIONS["norm"].signature == "norm(x, p=2)"
    assert FUNCTIONS["max"].signature == "max(x, axis=0|1) or max(x, y)"


def test_no_name_means_two_functions() -> None:
    others = [other for row in FUNCTIONS.values() for other in row.also]
    assert len(set(others)) == len(others)
    assert not set(others) & FUNCTIONS.keys()
