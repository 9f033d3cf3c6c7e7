"""Plans: loops over any size of matrix are right, and every decision can be read."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from networks import LOSSES, Loss, assert_surface, bowl, centred, classifier, deep, regression

from atlas_fast import kernels
from atlas_fast.kernels import Builder, Program, reference
from atlas_fast.kernels.cpu.emit import emit
from atlas_fast.kernels.derivative import gradient
from atlas_fast.kernels.estimate import CLEARLY, estimate, estimates, faster
from atlas_fast.kernels.outputs import Outputs, on_plane
from atlas_fast.kernels.plan import BLOCK_VECTORS, LARGEST_BLOCK, Across, Plan, Straight, Sweep, make_plan
from atlas_fast.kernels.program import Instruction
from atlas_fast.kernels.streams import split
from atlas_fast.kernels.substitution import by_cotangents, by_tangents, coefficient, substitute

A = np.linspace(-1.0, 1.0, 5)
B = np.array([-0.4, 0.7])


def plan_of(loss: Loss, accumulators: int = 12) -> Plan:
    program = loss.program
    placed = substitute(program, dict.fromkeys(program.weights, (True, True)))
    return make_plan(split(placed, program.data), accumulators)


@pytest.mark.parametrize("hidden", [*range(1, 12), 33, 100])
def test_any_number_of_hidden_units(hidden: int) -> None:
    case = classifier(samples=21, hidden=hidden).case(seed=hidden)
    assert_surface(case, case.bound(gradient=False)(A, B), A, B)


@pytest.mark.parametrize("width", [1, 3, 4, 5, 9, 33])
def test_any_width_of_two_hidden_layers(width: int) -> None:
    case = deep(samples=18, width=width).case(seed=width)
    assert_surface(case, case.bound("float32", gradient=False)(A, B), A, B)


@pytest.mark.parametrize("across", ["points", "samples"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_by_either_kind_of_lane(name: str, dtype: str, across: Across) -> None:
    case = LOSSES[name]().case(seed=3)
    bound = case.bound(dtype, across=across)
    assert (bound.code.plan.sample_lanes > 1) == (across == "samples" and any(bound.code.plan.body.streams))
    assert_surface(case, bound(A, B), A, B)


@pytest.mark.parametrize("samples", [8, 15, 16, 17, 31, 33, 150, 1030])
def test_any_number_of_samples_as_lanes(samples: int) -> None:
    """Vectors that are full, one that is not, and more than a block of them."""
    case = classifier(samples=samples, hidden=9).case(seed=samples)
    for dtype in ("float32", "float64"):
        assert_surface(case, case.bound(dtype, across="samples")(A, B), A, B)


@pytest.mark.parametrize("mode", [by_tangents, by_cotangents])
@pytest.mark.parametrize("name", LOSSES)
def test_derivatives_along_the_plane_by_either_mode(name: str, mode: Callable[[Program], Program]) -> None:
    """Against the reference in reverse mode over all weights, projected on the plane."""
    case = LOSSES[name]().case(seed=4)
    program = mode(substitute(case.loss.program, dict.fromkeys(case.center, (True, True))))
    parts = {"c": case.center, "u": case.u, "v": case.v}
    data = {coefficient(part, n): block for part, blocks in parts.items() for n, block in blocks.items()}
    a, b = 0.3, -0.7
    found = reference.evaluate(program, {**case.data, **data, "a": a, "b": b})
    loss, *slopes = reference.evaluate(gradient(case.loss.program), {**case.data, **case.weights(a, b)})
    expected = [loss, *(sum(np.sum(s * d[n]) for n, s in zip(d, slopes, strict=True)) for d in (case.u, case.v))]
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(got.item(), np.asarray(wanted).item(), rtol=1e-10, atol=1e-12)


def test_lanes_are_samples_where_the_weights_of_a_point_are_many() -> None:
    """By the estimate alone, which knows no machine: a narrow network and a wide one."""
    narrow, wide = (kernels.plane(deep(samples=1000, width=width).program, gradient=True).plan for width in (8, 200))
    assert narrow.sample_lanes == 1 and wide.sample_lanes > 1
    by_points, by_samples = (
        estimate(make_plan(wide.body, 12, sample_lanes=lanes, phases=phases), 4) for lanes, phases in ((1, 1), (8, 2))
    )
    assert by_samples.time < by_points.time and by_samples.memory < by_points.memory


def test_the_estimates_that_are_told_are_those_that_decide() -> None:
    taken = set()
    for width in (8, 40, 80, 120, 200):
        plan = kernels.plane(deep(samples=1000, width=width).program).plan
        told = estimates(plan.body, BLOCK_VECTORS, 4)
        assert faster(told) == ("points" if plan.sample_lanes == 1 else "samples")
        assert (told["samples"].time < CLEARLY * told["points"].time) == (plan.sample_lanes > 1)
        taken.add(plan.sample_lanes == 1)
    assert taken == {False, True}
    assert list(estimates(kernels.plane(bowl().program).plan.body, BLOCK_VECTORS, 4)) == ["points"]


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 5), (5, 1), (3, 37), (2, 64), (1, 65)])
@pytest.mark.parametrize("name", ["classifier", "bowl", "softmax over samples"])
def test_any_grid(name: str, rows: int, columns: int) -> None:
    case = LOSSES[name]().case()
    a, b = np.linspace(-1, 1, columns), np.linspace(-0.5, 1, rows)
    for dtype in ("float64", "float32"):
        found = case.bound(dtype)(a, b)
        assert found.shape == (3, rows, columns) and found.dtype == dtype
        assert_surface(case, found, a, b)


@pytest.mark.parametrize("name", ["classifier", "regression", "bumps", "centred"])
def test_a_points_kernel_has_every_weight_for_itself(name: str) -> None:
    """Loss and gradient by all weights, for one point, a few, and more than fill a vector."""
    loss = LOSSES[name]()
    program, random = gradient(loss.program), np.random.default_rng(0)
    data = loss.draw(loss.program.data, 5)
    bound = kernels.points(program).bind(data)
    for count in (1, 19):
        points = {n: random.normal(size=(count, *shape)) for n, shape in loss.program.weights.items()}
        found = bound(points)
        assert [f.shape for f in found] == [(count, 1, 1), *((count, *s) for s in loss.program.weights.values())]
        for k in range(count):
            own = {n: values[k] for n, values in points.items()}
            np.testing.assert_allclose(found[0][k], loss.formula(**data, **own), rtol=1e-10)
    for slope, (weight, values) in zip(found[1:], own.items(), strict=True):
        index = tuple(random.integers(size) for size in values.shape)
        ahead, behind = values.copy(), values.copy()
        ahead[index] += 1e-5
        behind[index] -= 1e-5
        difference = (
            loss.formula(**data, **{**own, weight: ahead}) - loss.formula(**data, **{**own, weight: behind})
        ) / 2e-5
        np.testing.assert_allclose(slope[count - 1][index], difference, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("shape", [(3, 1, 12), (3, 12), (3, 6, 2)])
def test_points_whose_weights_have_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    """They would be read as if they had the right one: the numbers of other points, or memory beyond them."""
    bound = kernels.points(regression(hidden=1).program).bind({"X": np.ones((3, 30)), "Y": np.ones((1, 30))})
    points = {"A": np.ones((3, 1, 1)), "B": np.ones(shape), "C": np.ones((3, 1, 1)), "D": np.ones((3, 1, 1))}
    with pytest.raises(ValueError, match="B"):
        bound(points)


def test_a_loss_without_weights_is_a_plane_all_the_same() -> None:
    b = Builder()
    loss = b.build(b.emit("sum", b.emit("tanh", b.data("X", (2, 20))), axis=None))
    data = {"X": np.linspace(-1, 2, 40).reshape(2, 20)}
    found = kernels.plane(loss, dtype="float64", gradient=True).bind(data, {}, {}, {})(A, B)
    np.testing.assert_allclose(found[0], np.tanh(data["X"]).sum(), rtol=1e-14)
    assert (found[1:] == 0).all()


def test_a_plan_reads_as_its_stages() -> None:
    plan = plan_of(classifier(samples=150, hidden=6))
    text = str(plan)
    assert "samples in registers" in text.splitlines()[0]
    assert "sweep over 150 samples" in text
    assert text.splitlines()[-1].startswith("cost of a point: ")


def test_the_cost_of_a_point_counts_what_is_left_after_hoisting() -> None:
    """The second layer is 3 x 6 multiply-adds a sample; exp and sigmoid 3 + 6, divisions 3 and the root."""
    cost = plan_of(classifier(samples=150, hidden=6)).cost
    assert cost["fma"] == 3 * 6 * 150
    assert cost["special"] == (3 + 6) * 150
    assert cost["division"] == 3 * 150 + 1


def test_a_loss_without_data_has_no_sweep() -> None:
    assert not any(isinstance(stage, Sweep) for stage in plan_of(bowl()).stages)


@pytest.mark.parametrize("name", ["regression", "classifier"])
def test_what_is_repeated_is_so_in_a_loop_that_took_its_reader_in(name: str) -> None:
    """relu's comparison, read by what a product computes in its own loop and by a later nest."""
    case = LOSSES[name]().case(seed=3)
    presence = tuple((n, True, True) for n in case.center)
    program = on_plane(case.loss.program, presence, Outputs(True, True, True), by_tangents).program
    plan = make_plan(split(program, case.data), 12)
    for stage in plan.stages:
        for nest in stage.nests:
            inside = {*nest.values, *nest.operand, *nest.repeated}
            read = {a for v in inside for a in program_of(plan)[v].args} - inside
            assert all(a in plan.places for a in read), f"{read - {*plan.places}} in\n{plan}"


def program_of(plan: Plan) -> Sequence[Instruction]:
    return plan.body.program.instructions


def test_statistics_that_are_used_again_take_a_sweep_each() -> None:
    """The variance, then the loss; the mean of W X is affine in (a, b) and has become three numbers."""
    assert sum(isinstance(stage, Sweep) for stage in plan_of(centred()).stages) == 2


@pytest.mark.parametrize("name", LOSSES)
def test_the_order_of_arithmetic_does_not_follow_from_the_machine(name: str) -> None:
    """Blocks of samples and the sums that are added up are the same for any number of registers."""
    plans = [plan_of(LOSSES[name](), accumulators) for accumulators in (1, 4, 12, 24)]
    assert len({plan.block for plan in plans}) == 1
    sums = [tuple(stage.sums for stage in plan.stages if isinstance(stage, Sweep)) for plan in plans]
    assert len(set(sums)) == 1


def test_blocks_of_samples_shrink_as_layers_grow() -> None:
    blocks = [plan_of(deep(samples=1000, width=width)).block for width in (2, 8, 32, 128, 512)]
    assert blocks == sorted(blocks, reverse=True)
    assert blocks[0] == LARGEST_BLOCK and blocks[-1] < blocks[0] and blocks[-1] >= 4


def test_every_value_is_computed_in_a_stage_that_comes_after_its_arguments() -> None:
    for make in LOSSES.values():
        plan = plan_of(make())
        program, done = plan.body.program, set()
        leaves = {p for p, i in enumerate(program.instructions) if i.op in ("data", "weight", "coordinate", "constant")}
        done |= leaves
        for stage in plan.stages:
            assert isinstance(stage, Straight | Sweep)
            for nest in stage.nests:
                for value in (*nest.operand, *nest.values):
                    arguments = program.instructions[value].args
                    known = done | set(nest.values) | set(nest.operand)
                    for argument in arguments:
                        if program.instructions[argument].op == "transpose":
                            argument = program.instructions[argument].args[0]
                        assert argument in known, f"%{value} reads %{argument} before it is there\n{plan}"
                done |= set(nest.values) | set(nest.operand)


def test_the_code_does_not_grow_with_the_layers() -> None:
    """Loops over hidden units are loops."""
    sizes = [len(emit(plan_of(deep(samples=50, width=width)), "float32", 8)) for width in (16, 128)]
    assert sizes[1] < 1.5 * sizes[0]
