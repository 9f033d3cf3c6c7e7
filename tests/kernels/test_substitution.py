"""The plane w = c + a u + b v: the same numbers as putting the weights in, and a first layer that is not a layer."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from networks import LOSSES, Array, Case, assert_surface, classifier

from atlas_fast import kernels
from atlas_fast.kernels import Builder, Program, polynomial, reference
from atlas_fast.kernels.primitives import PRIMITIVES
from atlas_fast.kernels.streams import split
from atlas_fast.kernels.substitution import coefficient, substitute, with_gradient

POINTS = ((0.0, 0.0), (0.3, -0.7), (-1.5, 2.0))


def everywhere(program: Program) -> dict[str, tuple[bool, bool]]:
    return dict.fromkeys(program.weights, (True, True))


def on_plane(program: Program, case: Case, a: float, b: float) -> tuple[float, ...]:
    """The outputs of a substituted program at a point."""
    parts = {"c": case.center, "u": case.u, "v": case.v}
    inputs: dict[str, Array] = {coefficient(part, name): w for part, ws in parts.items() for name, w in ws.items()}
    inputs |= case.data | {"a": np.array([[a]]), "b": np.array([[b]])}
    return tuple(value.item() for value in kernels.reference.evaluate(program, inputs))


def varying_left_operands(program: Program) -> list[str]:
    """The left operands of products whose left operand depends on a or b."""
    varies: list[bool] = []
    for i in program.instructions:
        varies.append(i.op == "coordinate" or any(varies[a] for a in i.args))
    return [str(i) for i in program.instructions if i.op == "matmul" and varies[i.args[0]]]


def products(program: Program) -> list[tuple[int, int]]:
    return [i.shape for i in program.instructions if i.op == "matmul"]


@pytest.mark.parametrize("name", LOSSES)
def test_a_plane_is_its_weights_put_in(name: str) -> None:
    case = LOSSES[name]().case()
    placed = substitute(case.loss.program, everywhere(case.loss.program))
    for a, b in POINTS:
        np.testing.assert_allclose(on_plane(placed, case, a, b), case.formula(a, b), rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_slopes_along_the_plane_are_central_differences(name: str) -> None:
    case = LOSSES[name]().case(seed=3)
    program = with_gradient(substitute(case.loss.program, everywhere(case.loss.program)))
    assert [program.instructions[o].shape for o in program.outputs] == [(1, 1)] * 3
    for a, b in POINTS:
        expected = case.surface(np.array([a]), np.array([b])).ravel()
        np.testing.assert_allclose(on_plane(program, case, a, b), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("moves", list(itertools.product((True, False), repeat=2)))
@pytest.mark.parametrize("name", ["classifier", "regression", "bowl", "quadratic form"])
def test_a_direction_of_zeros_is_left_out_and_changes_nothing(name: str, moves: tuple[bool, bool]) -> None:
    """The first weight moves as told, all others along both directions."""
    case = LOSSES[name]().case()
    first = next(iter(case.loss.program.weights))
    for direction, moved in ((case.u, moves[0]), (case.v, moves[1])):
        direction[first] = direction[first] * moved
    placed = substitute(case.loss.program, everywhere(case.loss.program) | {first: moves})
    assert (coefficient("u", first) in placed.data) == moves[0]
    assert (coefficient("v", first) in placed.data) == moves[1]
    for a, b in POINTS:
        np.testing.assert_allclose(on_plane(placed, case, a, b), case.formula(a, b), rtol=1e-12)


@pytest.mark.parametrize("moved", ["first along u, the rest along v", "all along v", "last along both"])
@pytest.mark.parametrize("name", ["classifier", "deep", "centred"])
def test_compiled_planes_along_which_only_some_weights_move(name: str, moved: str) -> None:
    """What then depends on b alone, a whole layer it may be, is computed once a row of the grid."""
    case = LOSSES[name]().case(seed=4)
    names = list(case.center)
    along_u = {"first": names[:1], "all": [], "last": names[-1:]}[moved.split()[0]]
    along_v = {"first": names[1:], "all": names, "last": names[-1:]}[moved.split()[0]]
    for direction, moving in ((case.u, along_u), (case.v, along_v)):
        for weight in set(names) - set(moving):
            direction[weight] = np.zeros_like(direction[weight])
    a, b = np.linspace(-1, 1, 9), np.array([-0.3, 0.0, 0.8])
    assert_surface(case, case.bound()(a, b), a, b)


@pytest.mark.parametrize("gradient", [False, True])
def test_a_plane_on_which_nothing_moves_is_a_constant(gradient: bool) -> None:
    case = classifier().case()
    for direction in (case.u, case.v):
        for name in direction:
            direction[name] = np.zeros_like(direction[name])
    surface = case.bound(gradient=gradient)([-1.0, 0.0, 2.0], [0.0, 1.0])
    np.testing.assert_allclose(surface[0], case.formula(0, 0), rtol=1e-13)
    assert (surface[1:] == 0).all()


def test_the_first_layer_is_three_matrices_made_once() -> None:
    """B X + C becomes k0 + a ka + b kb: no product with a weight of B is left for each point."""
    program = classifier(samples=40, hidden=6).program
    body = split(substitute(program, everywhere(program)), program.data)
    hoisted = products(body.prologue)
    assert hoisted == [(6, 40)] * 3
    assert products(body.program) == [(3, 40)], "the second layer alone is left"
    assert len(varying_left_operands(body.program)) == 1
    assert "coordinate" not in {i.op for i in body.prologue.instructions}


def test_a_first_layer_beyond_the_limit_is_computed_at_each_point(
    forget_compiled: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By blocks of samples, from the data alone, to the same values."""
    case = classifier(samples=200, hidden=7).case()
    hoisted = case.bound(gradient=True)
    # The three matrices of the layer are 3 x 7 x 200 numbers.
    monkeypatch.setattr(polynomial, "AFFINE_LIMIT", 3 * 7 * 200 - 1)
    forget_compiled()
    at_points = case.bound(gradient=True)
    first = max(shape[0] * shape[1] for shape in at_points.code.plan.body.program.data.values())
    assert first == 4 * 200 < max(r * c for r, c in hoisted.code.plan.body.program.data.values())
    a, b = np.linspace(-1, 1, 9), np.linspace(0, 1, 3)
    np.testing.assert_allclose(at_points(a, b), hoisted(a, b), rtol=1e-11, atol=1e-11)
    assert_surface(case, at_points(a, b), a, b)


@pytest.mark.parametrize("gradient", [False, True])
@pytest.mark.parametrize("as_rows", [False, True])
def test_one_layer_has_no_product_left_at_all(as_rows: bool, gradient: bool) -> None:
    b = Builder()
    if as_rows:
        z = b.emit("matmul", b.data("X", (30, 4)), b.weight("W", (4, 3)))
    else:
        z = b.emit("matmul", b.weight("W", (3, 4)), b.data("X", (4, 30)))
    loss = b.build(b.emit("sum", b.emit("sigmoid", z), axis=None))
    placed = substitute(loss, everywhere(loss))
    body = split(with_gradient(placed) if gradient else placed, loss.data)
    assert products(body.program) == []
    assert len(products(body.prologue)) == 3


def test_a_row_of_the_grid_shares_what_depends_on_b_alone() -> None:
    """The affine form is put together as (k0 + b kb) + a ka."""
    b = Builder()
    z = b.emit("matmul", b.weight("W", (3, 4)), b.data("X", (4, 30)))
    loss = b.build(b.emit("sum", b.emit("tanh", z), axis=None))
    placed = substitute(loss, everywhere(loss))
    depends: list[set[str]] = []
    for i in placed.instructions:
        own = {i.name} if i.op == "coordinate" else set()
        depends.append(own.union(*(depends[a] for a in i.args)))
    alone = [i.op for i, on in zip(placed.instructions, depends, strict=True) if on == {"b"}]
    assert sorted(alone) == ["add", "coordinate", "mul"]
    assert "row loop over 3 x 30" in str(kernels.plane(loss).plan)


@pytest.mark.parametrize("op", ["sum", "transpose", "neg"])
def test_linear_primitives_carry_the_coefficients(op: str) -> None:
    """sum(W X) and its like are linear too: the whole loss is three numbers, and the body is two products."""
    b = Builder()
    z = b.emit("matmul", b.weight("W", (3, 4)), b.data("X", (4, 30)))
    z = z if op == "sum" else b.emit(op, z)
    loss = b.build(b.emit("sum", b.emit("div", b.emit("mul", z, b.constant(2.0)), b.constant(7.0)), axis=None))
    body = split(substitute(loss, everywhere(loss)), loss.data)
    assert all(i.shape == (1, 1) for i in body.program.instructions)
    assert [i.op for i in body.program.instructions if i.op in ("mul", "add")] == ["mul", "add"] * 2


def test_an_entry_by_entry_product_of_two_weights_is_quadratic_and_right() -> None:
    """Affine forms must not be multiplied with one another as if one were constant."""
    b = Builder()
    w, v = b.weight("w", (2, 3)), b.weight("v", (2, 3))
    loss = b.build(b.emit("sum", b.emit("div", b.emit("mul", w, v), b.emit("add", v, b.constant(50.0))), axis=None))
    placed, random = substitute(loss, everywhere(loss)), np.random.default_rng(0)
    draw = [{name: random.normal(size=(2, 3)) for name in "wv"} for _ in range(3)]
    for a, at in POINTS:
        w_, v_ = (draw[0][name] + a * draw[1][name] + at * draw[2][name] for name in "wv")
        inputs = {coefficient(p, n): part[n] for p, part in zip("cuv", draw, strict=True) for n in "wv"}
        found = kernels.reference.evaluate(placed, inputs | {"a": [[a]], "b": [[at]]})[0].item()
        np.testing.assert_allclose(found, np.sum(w_ * v_ / (v_ + 50.0)), rtol=1e-13)


def hoistable() -> list[str]:
    return [name for name, row in PRIMITIVES.items() if row.linear is not None]


ARGUMENTS = {"sum": {"axis": 0}, "broadcast": {"shape": (3, 4)}}


def left_in_the_body(name: str) -> int:
    """How often the primitive, applied to a weight and where it takes two to data, is left for each point."""
    b = Builder()
    weight, data = b.weight("W", (1, 4) if name == "broadcast" else (3, 4)), b.data("X", (4, 4))
    other = data if name == "matmul" else b.data("Y", (3, 4))
    args = (weight, other)[: PRIMITIVES[name].arity]
    value = b.emit("exp", b.emit(name, *args, **ARGUMENTS.get(name, {})))
    program = b.build(b.emit("max", value, axis=None))
    body = split(substitute(program, {"W": (True, True)}), program.data).program
    return sum(instruction.op == name for instruction in body.instructions)


def check_hoisted(name: str) -> None:
    # (k0 + b kb) + a ka puts the value together: two sums and two products.
    assert left_in_the_body(name) == {"add": 2, "mul": 2}.get(name, 0)


@pytest.mark.parametrize("name", hoistable())
def test_what_is_linear_is_hoisted(name: str) -> None:
    check_hoisted(name)


@pytest.mark.parametrize("name", [name for name in hoistable() if name != "transpose"])  # only ever a view
def test_a_row_that_hides_that_it_is_linear_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRIMITIVES, name, replace(PRIMITIVES[name], linear=None))
    with pytest.raises(AssertionError):
        check_hoisted(name)


@pytest.mark.parametrize("name", ["exp", "sqrt", "abs", "pow", "maximum"])
def test_a_row_that_claims_to_be_linear_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is hoisted wrongly computes something else."""
    b = Builder()
    weight = b.weight("W", (1, 1))
    args = (weight, b.constant(2.5))[: PRIMITIVES[name].arity]
    program = b.build(b.emit(name, *args))
    places = {"W.c": [[2.0]], "W.u": [[0.5]], "W.v": [[3.0]], "a": [[2.0]], "b": [[-2.0]], "W": [[-3.0]]}
    expected = reference.evaluate(program, places)[0]
    monkeypatch.setitem(PRIMITIVES, name, replace(PRIMITIVES[name], linear="together"))
    found = reference.evaluate(substitute(program, {"W": (True, True)}), places)[0]
    assert not np.array_equal(found, expected, equal_nan=True)
