"""Programs: the builder shares and folds, rewrites only what stays exact, and `verify` says what is wrong."""

import math

import numpy as np
import pytest
from networks import LOSSES, Array, classifier

from atlas_fast import kernels
from atlas_fast.kernels import Builder, Program
from atlas_fast.kernels.derivative import gradient
from atlas_fast.kernels.program import FOLD_LIMIT, Instruction, ProgramError

SPECIAL = [0.0, -0.0, 1.0, -2.5, 1e300, -1e-320, math.inf, -math.inf, math.nan]


def operations(program: Program) -> list[str]:
    return [i.op for i in program.instructions if i.op not in ("data", "weight", "coordinate", "constant")]


def number(b: Builder, value: int) -> Array:
    """The matrix of a value that has been folded."""
    folded = b.constant_value(value)
    assert folded is not None
    return folded


def apply(op: str, *arguments: float | str, **attributes: object) -> Array:
    """The value of one operation built on a weight x for the argument "x", for every special number."""
    b = Builder()
    weight = b.weight("x", (1, 1))
    value = b.emit(op, *(weight if a == "x" else b.constant(a) for a in arguments), **attributes)
    program = b.build(value, weight)
    results = [kernels.reference.evaluate(program, {"x": [[x]]})[0].item() for x in SPECIAL]
    return np.array(results)


# Sharing


def test_equal_values_are_one() -> None:
    b = Builder()
    x, y = b.weight("x", (2, 3)), b.data("y", (2, 3))
    assert b.emit("sub", x, y) == b.emit("sub", x, y)
    assert b.emit("sum", x, axis=0) == b.emit("sum", x, axis=0)
    assert b.constant(2.0) == b.constant([[2.0]])
    assert b.weight("x", (2, 3)) == x


def test_sums_and_products_commute_and_nothing_else_does() -> None:
    b = Builder()
    x, y = b.weight("x", (2, 2)), b.weight("y", (2, 2))
    for op in ("add", "mul"):
        assert b.emit(op, x, y) == b.emit(op, y, x)
    for op in ("sub", "div", "pow", "maximum", "minimum", "less", "matmul"):
        assert b.emit(op, x, y) != b.emit(op, y, x)


def test_attributes_tell_values_apart() -> None:
    b = Builder()
    x = b.weight("x", (2, 3))
    assert len({b.emit("sum", x, axis=axis) for axis in (0, 1, None)}) == 3


def test_constants_that_differ_in_their_last_bit_or_sign_of_zero_are_two() -> None:
    b = Builder()
    assert b.constant(1.0) != b.constant(np.nextafter(1.0, 2.0))
    assert b.constant(0.0) != b.constant(-0.0)
    assert b.constant([[1.0, 2.0]]) != b.constant([[1.0], [2.0]])


def test_equal_programs_are_equal_and_hash_alike() -> None:
    first, second = classifier().program, classifier().program
    assert first == second and hash(first) == hash(second)
    assert first != classifier(samples=21).program


# Folding


def test_constants_are_folded() -> None:
    b = Builder()
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
    value = b.emit("exp", b.emit("matmul", b.constant(matrix), b.constant(0.5 * matrix)))
    np.testing.assert_allclose(number(b, value), np.exp(matrix @ (0.5 * matrix)), rtol=1e-15)
    assert operations(b.build(value)) == []


def test_folding_passes_on_what_is_not_a_number() -> None:
    b = Builder()
    zero = b.constant(0.0)
    assert number(b, b.emit("div", b.constant(1.0), zero)) == math.inf
    assert np.isnan(number(b, b.emit("div", zero, zero)))
    assert np.isnan(number(b, b.emit("log", b.constant(-1.0))))


def test_a_large_constant_is_not_stored_in_the_program() -> None:
    b = Builder()
    side = math.isqrt(FOLD_LIMIT) + 1
    value = b.emit("broadcast", b.constant(2.0), shape=(side, side))
    assert b.constant_value(value) is None
    assert (kernels.reference.evaluate(b.build(value), {})[0] == np.full((side, side), 2.0)).all()


# Rewrites


@pytest.mark.parametrize(
    ("op", "arguments"),
    [("mul", ("x", 1.0)), ("mul", (1.0, "x")), ("add", ("x", 0.0)), ("sub", ("x", 0.0)), ("div", ("x", 1.0))],
)
def test_neutral_numbers_vanish(op: str, arguments: tuple[float | str, ...]) -> None:
    b = Builder()
    x = b.weight("x", (1, 1))
    assert b.emit(op, *(x if a == "x" else b.constant(a) for a in arguments)) == x
    np.testing.assert_array_equal(apply(op, *arguments), SPECIAL)


@pytest.mark.parametrize(
    ("op", "arguments"),
    [("mul", ("x", 0.0)), ("sub", (0.0, "x")), ("div", (1.0, "x")), ("div", (0.0, "x")), ("sub", ("x", "x"))],
)
def test_what_is_not_neutral_stays(op: str, arguments: tuple[float | str, ...]) -> None:
    """0 x is nan where x is inf, x - x too."""
    ufunc = {"mul": np.multiply, "sub": np.subtract, "div": np.divide}[op]
    with np.errstate(all="ignore"):
        left, right = (np.array(SPECIAL) if a == "x" else float(a) for a in arguments)
        expected = ufunc(left, right)
    np.testing.assert_array_equal(apply(op, *arguments), expected)


@pytest.mark.parametrize(
    "exponent", [0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 7.0, 16.0, 17.0, -1.0, -2.0, -3.0, 1.5, -0.5, 1 / 3]
)
def test_powers_by_numbers_are_powers(exponent: float) -> None:
    with np.errstate(all="ignore"):
        expected = np.power(np.array(SPECIAL), exponent)
    np.testing.assert_allclose(apply("pow", "x", exponent), expected, rtol=1e-14)


def test_whole_powers_are_few_products() -> None:
    for exponent, most in ((2, 1), (3, 2), (4, 2), (8, 3), (15, 6), (16, 4)):
        b = Builder()
        program = b.build(b.emit("pow", b.weight("x", (2, 2)), b.constant(float(exponent))))
        assert set(operations(program)) == {"mul"} and len(operations(program)) <= most


def test_a_neutral_number_that_widens_its_partner_stays() -> None:
    b = Builder()
    one, x = b.constant(np.ones((2, 3))), b.weight("x", (1, 3))
    product = b.emit("mul", x, one)
    assert b.shape(product) == (2, 3)
    assert b.shape(b.emit("add", x, b.constant(np.zeros((2, 1))))) == (2, 3)


def test_what_undoes_itself_vanishes() -> None:
    b = Builder()
    x = b.weight("x", (2, 3))
    assert b.emit("transpose", b.emit("transpose", x)) == x
    assert b.emit("neg", b.emit("neg", x)) == x
    assert b.emit("broadcast", x, shape=(2, 3)) == x


def test_a_reduction_over_an_axis_of_one_vanishes_and_over_an_axis_of_many_does_not() -> None:
    b = Builder()
    row = b.weight("row", (1, 4))
    for op in ("sum", "max"):
        assert b.emit(op, row, axis=0) == row
        assert b.shape(b.emit(op, row, axis=1)) == (1, 1)
        assert b.shape(b.emit(op, row, axis=None)) == (1, 1)


# Whole programs


def test_build_keeps_only_what_is_needed_and_leaves_in_order_of_appearance() -> None:
    b = Builder()
    x, w, v = b.data("x", (1, 1)), b.weight("w", (1, 1)), b.weight("v", (1, 1))
    b.emit("exp", b.data("unused", (5, 5)))
    program = b.build(b.emit("add", b.emit("mul", v, x), w))
    assert list(program.weights) == ["w", "v"]
    assert program.data == {"x": (1, 1)}
    assert operations(program) == ["mul", "add"]


@pytest.mark.parametrize("name", LOSSES)
def test_the_reference_is_the_formula(name: str) -> None:
    loss = LOSSES[name]()
    case = loss.case()
    found = kernels.reference.evaluate(loss.program.verify(), {**case.data, **case.center})[0].item()
    assert math.isclose(found, loss.formula(**case.data, **case.center), rel_tol=1e-13)


def test_a_missing_input_and_one_of_the_wrong_shape_are_named() -> None:
    program = LOSSES["bowl"]().program
    with pytest.raises(ProgramError, match="no value was given for y"):
        kernels.reference.evaluate(program, {"x": [[1.0]]})
    with pytest.raises(ProgramError, match=r"y is \(1, 2\), the program wants \(1, 1\)"):
        kernels.reference.evaluate(program, {"x": [[1.0]], "y": [[1.0, 2.0]]})


X = Instruction("weight", (), (2, 3), (("name", "x"),))


@pytest.mark.parametrize(
    ("instructions", "outputs", "message"),
    [
        ((X, Instruction("exp", (1,), (2, 3))), (1,), "%1 = exp: an argument comes later than its use"),
        ((X, Instruction("exp", (-1,), (2, 3))), (1,), "%1 = exp: an argument comes later than its use"),
        ((X, Instruction("exp", (0,), (3, 2))), (1,), r"%1 = exp: the shape \(3, 2\) does not follow"),
        ((X, Instruction("cosine", (0,), (2, 3))), (1,), "there is no primitive cosine"),
        ((X, Instruction("add", (0,), (2, 3))), (1,), "add takes 2 arguments, not 1"),
        ((X, Instruction("matmul", (0, 0), (2, 3))), (1,), "matmul does not take 2 x 3 and 2 x 3"),
        ((X, X), (0,), "the name x occurs twice"),
        ((X,), (1,), "an output is not a value of the program"),
        ((X,), (-1,), "an output is not a value of the program"),
    ],
)
def test_verify_names_the_first_thing_that_is_wrong(
    instructions: tuple[Instruction, ...], outputs: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ProgramError, match=message):
        Program(instructions, outputs).verify()


def test_the_builder_refuses_shapes_that_do_not_fit() -> None:
    b = Builder()
    with pytest.raises(ProgramError, match="add does not take 2 x 3 and 3 x 2"):
        b.emit("add", b.weight("x", (2, 3)), b.weight("y", (3, 2)))


def test_a_name_has_one_shape() -> None:
    b = Builder()
    total = b.emit("add", b.weight("x", (2, 1)), b.weight("x", (1, 2)))
    with pytest.raises(ProgramError, match="the name x occurs twice"):
        b.build(total)


def test_a_program_prints_as_people_read_it() -> None:
    b = Builder()
    x, w = b.data("X", (4, 150)), b.weight("W", (3, 4))
    h = b.emit("maximum", b.constant(0.0), b.emit("matmul", w, x))
    assert str(b.build(b.emit("sum", h, axis=None))).splitlines() == [
        "       X : 4 x 150   data",
        "       W : 3 x 4   weight",
        "       0 : 1 x 1   constant",
        "      %3 : 3 x 150 = matmul W, X",
        "      %4 : 3 x 150 = maximum 0, %3",
        "      %5 : 1 x 1 = sum %4, axis=None",
        "  return %5",
    ]


def test_a_program_as_deep_as_twenty_thousand_instructions_is_no_trouble() -> None:
    b = Builder()
    x = value = b.weight("x", (1, 1))
    for k in range(10_000):
        value = b.emit("add", b.emit("mul", value, b.constant(0.5)), b.constant(1 / (k + 1)))
    program = b.build(value)
    assert len(operations(program)) >= 20_000 - 2
    expected, slope = 3.0, 1.0
    for k in range(10_000):
        expected, slope = expected * 0.5 + 1 / (k + 1), slope * 0.5
    loss, found = kernels.reference.evaluate(gradient(program), {"x": [[3.0]]})
    assert loss.item() == expected and found.item() == slope
    assert str(program).count("\n") > 20_000 and hash(program) and program == b.build(value) and x == 0


def test_a_deep_program_compiles() -> None:
    b = Builder()
    value = b.weight("x", (1, 1))
    for _ in range(600):
        value = b.emit("add", b.emit("mul", value, b.constant(0.999)), b.constant(1.0))
    program, expected = b.build(value), 3.0
    for _ in range(600):
        expected = expected * 0.999 + 1
    found = kernels.points(program).bind({})({"x": np.full((1, 1, 1), 3.0)})[0].item()
    assert math.isclose(found, expected, rel_tol=1e-12)
