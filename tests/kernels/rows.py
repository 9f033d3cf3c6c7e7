"""The checks of one row of the table of primitives: `check_row`.

Nothing here is compared with the row itself: values come from meanings.py, derivatives from central
differences of those.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from meanings import MEANINGS, Array, Meaning, Shape, reduced_shape

from atlas_fast import kernels
from atlas_fast.kernels import Builder
from atlas_fast.kernels.derivative import gradient, tangents
from atlas_fast.kernels.primitives import PRIMITIVES
from atlas_fast.kernels.program import rebuild

NAMES = ("x", "y", "z")
PINNED = (0.0, 2.5)
"""Numbers put in place of an argument: code for constants is often a path of its own."""


def check_row(name: str) -> None:
    for check in CHECKS:
        check(name, MEANINGS[name])


def check_shape(name: str, meaning: Meaning) -> None:
    row = PRIMITIVES[name]
    assert (row.name, row.arity) == (name, meaning.arity)
    assert row.elementwise == (meaning.elementwise or name == "broadcast")
    for attributes in meaning.attributes:
        for shapes, result in meaning.accepted:
            if "axis" in attributes:
                result = reduced_shape(shapes[0], attributes["axis"])
            assert row.shape(*shapes, **attributes) == result, shapes
        for shapes in meaning.refused:
            assert row.shape(*shapes, **attributes) is None, shapes


def check_numpy(name: str, meaning: Meaning) -> None:
    """The NumPy meaning; all that is asked of its rounding is what NumPy promises."""
    row = PRIMITIVES[name]
    with np.errstate(all="ignore"):
        for shapes, attributes in cases(meaning):
            arguments = drawn(meaning, shapes)
            found, expected = row.numpy(*arguments, **attributes), meaning.evaluate(*arguments, **attributes)
            assert found.shape == expected.shape and found.dtype == np.float64
            np.testing.assert_allclose(found, expected, rtol=1e-14)
        for values, result in meaning.special:
            found = row.numpy(*(np.array([[x]]) for x in values))
            np.testing.assert_equal(found, [[result]], err_msg=f"{name}{values}")


def check_derivative(name: str, meaning: Meaning) -> None:
    """Both modes, against central differences of the formula."""
    random = np.random.default_rng(5)
    for shapes, attributes in cases(meaning):
        arguments = drawn(meaning, shapes)
        directions = [random.normal(size=shape) for shape in shapes]
        weighting = random.normal(size=meaning.evaluate(*arguments, **attributes).shape)
        for number in range(meaning.arity):
            expected = slope(meaning, arguments, number, directions[number], attributes)
            found = forward(name, arguments, {number: directions[number]}, attributes)
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8, err_msg=f"forward {number}")
        together = forward(name, arguments, dict(enumerate(directions)), attributes)
        separate = [slope(meaning, arguments, k, direction, attributes) for k, direction in enumerate(directions)]
        np.testing.assert_allclose(together, sum(separate), rtol=1e-7, atol=1e-7, err_msg="forward, all")
        for number, found in enumerate(reverse(name, arguments, weighting, attributes)):
            expected = pulled_back(meaning, arguments, number, weighting, attributes)
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7, err_msg=f"reverse {number}")


def check_kinks(name: str, meaning: Meaning) -> None:
    for values, derivatives in (*meaning.kinks, *STRUCTURAL_KINKS.get(name, ())):
        arguments = [np.array(x, dtype=float, ndmin=2) for x in values]
        attributes = {"axis": None} if name == "max" else {}
        weighting = np.ones((1, 1))
        for found, expected in zip(reverse(name, arguments, weighting, attributes), derivatives, strict=True):
            np.testing.assert_allclose(found, np.array(expected, ndmin=2), err_msg=f"{name}'{values}")
        ones = {k: np.ones_like(argument) for k, argument in enumerate(arguments)}
        for k, expected in enumerate(derivatives):
            found = forward(name, arguments, {k: ones[k]}, attributes)
            np.testing.assert_allclose(found.sum(), np.sum(expected), err_msg=f"{name}'{values}, forward")


STRUCTURAL_KINKS: dict[str, tuple[tuple[Any, Any], ...]] = {
    # The first of ties, in the order in which a matrix is written.
    "max": (
        (([[2.0, 7.0, 7.0]],), ([[0.0, 1.0, 0.0]],)),
        (([[1.0, 3.0], [3.0, 3.0]],), ([[0.0, 1.0], [0.0, 0.0]],)),
        (([[0.0], [0.0]],), ([[1.0], [0.0]],)),
    )
}


def check_lowering(name: str, meaning: Meaning) -> None:
    if name == "detach":
        # The value itself: it never reaches the emitter.
        lower = PRIMITIVES[name].lower
        assert lower is not None and lower(None, "%x") == "%x"
    for dtype in ("float64", "float32"):
        if meaning.elementwise:
            check_lowered_elements(name, meaning, dtype)
        else:
            check_lowered_matrices(name, meaning, dtype)


def check_lowered_elements(name: str, meaning: Meaning, dtype: str) -> None:
    """One kernel with the primitive on free arguments and with each of them pinned to a number."""
    points = [*zip(*meaning.samples, strict=True), *(a for a, _ in meaning.special)]
    expected = [exact(meaning, arguments, dtype) for arguments in zip(*meaning.samples, strict=True)]
    expected += [result for _, result in meaning.special]
    points += list(MORE.get(name, ()))
    expected += [exact(meaning, arguments, dtype) for arguments in MORE.get(name, ())]
    b = Builder()
    free = [b.weight(NAMES[k], (1, 1)) for k in range(meaning.arity)]
    outputs, pins = [b.emit(name, *free)], []
    for k in range(meaning.arity if meaning.arity > 1 else 0):
        for number in PINNED:
            outputs.append(b.emit(name, *free[:k], b.constant(number), *free[k + 1 :]))
            pins.append((k, number))
    program = b.build(*outputs, *free)
    columns = np.array(points).T.astype(dtype)
    found = kernels.points(program, dtype=dtype).bind({})(
        {NAMES[k]: column.reshape(-1, 1, 1) for k, column in enumerate(columns)}
    )
    assert_within(found[0].ravel(), np.array(expected), meaning, f"{name} in {dtype} of\n{columns}")
    for (k, number), values in zip(pins, found[1:], strict=False):
        pinned = [(*p[:k], number, *p[k + 1 :]) for p in zip(*columns.tolist(), strict=True)]
        wanted = [known(meaning, arguments, dtype) for arguments in pinned]
        rounded = replace(meaning, ulps=max(meaning.ulps, 1.0))
        assert_within(values.ravel(), np.array(wanted), rounded, f"{name} with {number} at {k}")


def check_lowered_matrices(name: str, meaning: Meaning, dtype: str) -> None:
    """The primitive on weights, all cases in one kernel. Streams of samples are test_streams.py's."""
    b, weights = Builder(), dict[str, Array]()
    outputs: list[int] = []
    expected: list[Array] = []
    for number, (shapes, attributes) in enumerate(cases(meaning)):
        arguments = [a.astype(dtype).astype(float) for a in drawn(meaning, shapes)]
        names = [f"{NAMES[k]}{number}" for k in range(len(shapes))]
        weights.update(zip(names, arguments, strict=True))
        values = [b.weight(n, s) for n, s in zip(names, shapes, strict=True)]
        outputs.append(b.emit(name, *values, **attributes))
        expected.append(meaning.evaluate(*arguments, **attributes))
    found = kernels.points(b.build(*outputs), dtype=dtype).bind({})({k: w[None] for k, w in weights.items()})
    for result, wanted in zip(found, expected, strict=True):
        scale = np.abs(wanted).max() * meaning.ulps * np.finfo(dtype).eps
        np.testing.assert_allclose(result[0], wanted, rtol=0, atol=scale, err_msg=f"{name} in {dtype}")


CHECKS: tuple[Callable[[str, Meaning], None], ...] = (
    check_shape,
    check_numpy,
    check_derivative,
    check_kinks,
    check_lowering,
)

BIG, TINY, DENORMAL = 1e30, 1e-30, 1e-40
MORE: dict[str, tuple[tuple[float, ...], ...]] = {
    "add": ((BIG, -1.0), (DENORMAL, DENORMAL), (1e-310, 1e-310), (1.0, TINY)),
    "sub": ((BIG, BIG), (DENORMAL, -DENORMAL), (1.0, 1.0)),
    "mul": ((TINY, 1.0), (-DENORMAL, 1.0), (BIG, TINY)),
    "div": ((TINY, BIG), (1.0, TINY), (DENORMAL, 0.5), (1.0, 3.0)),
    "neg": ((DENORMAL,), (-BIG,)),
    "abs": ((-DENORMAL,), (-BIG,)),
    "less": ((DENORMAL, 0.0), (0.0, DENORMAL), (-BIG, BIG)),
    "equal": ((DENORMAL, 0.0), (BIG, BIG)),
    "maximum": ((DENORMAL, 0.0), (-BIG, -DENORMAL)),
    "minimum": ((DENORMAL, 0.0), (BIG, DENORMAL)),
    "exp": ((88.0,), (-87.0,), (TINY,), (-DENORMAL,), (-103.0,)),
    "log": ((BIG,), (TINY,), (DENORMAL,), (1.0 + 2.0**-20,)),
    "sqrt": ((BIG,), (TINY,), (DENORMAL,), (1e-310,)),
    "tanh": ((TINY,), (-DENORMAL,), (9.5,), (1e-4,)),
    "sigmoid": ((88.0,), (-20.0,), (TINY,), (-DENORMAL,)),
    "softplus": ((BIG,), (-20.0,), (-100.0,), (TINY,), (-DENORMAL,), (17.0,)),
    "sin": ((BIG,), (-1e6,), (1e5,), (TINY,), (-DENORMAL,), (math.pi,)),
    "cos": ((BIG,), (-1e6,), (1e5,), (TINY,), (-DENORMAL,), (math.pi / 2,)),
    "erf": ((BIG,), (3.9,), (TINY,), (-1e-39,), (0.5,)),
    "normal_cdf": ((BIG,), (-4.0,), (TINY,), (-DENORMAL,), (0.5,), (-13.0,)),
    "pow": ((10.0, 3.0), (10.0, -3.0), (1.0001, 1000.0), (-3.0, 2.0), (-1.0, 7.0)),
    "detach": ((BIG,), (DENORMAL,)),
}


def cases(meaning: Meaning) -> list[tuple[tuple[Shape, ...], dict[str, Any]]]:
    return [(shapes, attributes) for shapes, _ in meaning.accepted for attributes in meaning.attributes]


def drawn(meaning: Meaning, shapes: tuple[Shape, ...]) -> list[Array]:
    """Matrices of those shapes, of the meaning's samples where it names some."""
    if not meaning.samples:
        random = np.random.default_rng(7)
        return [random.normal(size=shape) for shape in shapes]
    return [
        np.array(samples)[: rows * columns].reshape(rows, columns)
        for (rows, columns), samples in zip(shapes, meaning.samples, strict=True)
    ]


def known(meaning: Meaning, arguments: tuple[float, ...], dtype: str) -> float:
    """The formula where Python has it, else NaN for "not said": IEEE's answer is in `special` where it matters."""
    for special, result in meaning.special:
        if np.array_equal(np.array(special).astype(dtype), np.array(arguments), equal_nan=True):
            return result
    try:
        return exact(meaning, arguments, dtype)
    except (ZeroDivisionError, ValueError, OverflowError):
        return UNKNOWN


UNKNOWN = -123456.75
"""Marks a result that Python's own arithmetic does not have."""


def exact(meaning: Meaning, arguments: tuple[float, ...], dtype: str) -> float:
    """The formula of arguments that are rounded to the precision."""
    return float(meaning.formula(*(float(np.dtype(dtype).type(x)) for x in arguments)))


def assert_within(found: Array, expected: Array, meaning: Meaning, what: str) -> None:
    """nan and inf exactly; the rest as far as the meaning allows, from the rounded result. A result below the smallest
    normal number may be flushed to zero."""
    with np.errstate(over="ignore", under="ignore"):
        rounded = expected.astype(found.dtype)
    compared = expected != UNKNOWN
    np.testing.assert_array_equal(np.isnan(found)[compared], np.isnan(rounded)[compared], err_msg=what)
    infinite = np.isinf(rounded) & compared
    np.testing.assert_array_equal(found[infinite], rounded[infinite], err_msg=what)
    rest = np.isfinite(rounded) & compared
    unit = np.spacing(np.abs(rounded[rest]))
    # exp says that it is 0 below sqrt(2) times the smallest normal number.
    flushed = 1.4143 * np.finfo(found.dtype).tiny
    small = np.where(np.abs(rounded[rest]) < flushed, flushed, 0)
    allowed = np.maximum(np.maximum(meaning.ulps * unit, small), meaning.absolute * np.finfo(found.dtype).eps)
    error = np.abs(found[rest].astype(float) - rounded[rest].astype(float))
    assert (error <= allowed).all(), f"{what}\n{found[rest]}\n{rounded[rest]}"


def slope(meaning: Meaning, arguments: list[Array], number: int, direction: Array, attributes: Any) -> Array:
    """The directional derivative of the formula along one argument, by central differences."""
    if number in meaning.constant:
        return np.zeros_like(meaning.evaluate(*arguments, **attributes))
    step = 1e-6
    moved = [
        [*arguments[:number], arguments[number] + sign * step * direction, *arguments[number + 1 :]] for sign in (1, -1)
    ]
    ahead, behind = (meaning.evaluate(*m, **attributes) for m in moved)
    return (ahead - behind) / (2 * step)


def pulled_back(meaning: Meaning, arguments: list[Array], number: int, weighting: Array, attributes: Any) -> Array:
    """The derivative of sum(weighting * result) with respect to each entry of an argument."""
    out = np.zeros(arguments[number].shape)
    for index in np.ndindex(*out.shape):
        direction = np.zeros(out.shape)
        direction[index] = 1.0
        out[index] = np.sum(weighting * slope(meaning, arguments, number, direction, attributes))
    return out


def forward(name: str, arguments: list[Array], directions: dict[int, Array], attributes: Any) -> Array:
    """The tangent that the forward pass finds along directions of some of the arguments."""
    b = Builder()
    result = b.emit(name, *(b.weight(NAMES[k], x.shape) for k, x in enumerate(arguments)), **attributes)
    program = b.build(result)
    moved = Builder()
    places = rebuild(moved, program)
    seeds = {NAMES[k]: moved.data(f"d{NAMES[k]}", d.shape) for k, d in directions.items()}
    (found,) = tangents(moved, program, places, seeds, program.outputs[:1])
    if found is None:
        return np.zeros(program.instructions[program.outputs[0]].shape)
    inputs = {NAMES[k]: x for k, x in enumerate(arguments)}
    inputs |= {f"d{NAMES[k]}": d for k, d in directions.items()}
    return kernels.reference.evaluate(moved.build(found), inputs)[0]


def reverse(name: str, arguments: list[Array], weighting: Array, attributes: Any) -> tuple[Array, ...]:
    """The gradient of sum(weighting * result) that the reverse pass finds."""
    b = Builder()
    weights = [b.weight(NAMES[k], x.shape) for k, x in enumerate(arguments)]
    result = b.emit(name, *weights, **attributes)
    if b.shape(result) == (1, 1) and weighting.item() == 1.0:
        loss = result
    else:
        loss = b.emit("sum", b.emit("mul", b.data("c", weighting.shape), result), axis=None)
    inputs = {NAMES[k]: x for k, x in enumerate(arguments)} | {"c": weighting}
    return kernels.reference.evaluate(gradient(b.build(loss)), inputs)[1:]
