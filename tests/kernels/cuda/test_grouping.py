"""How many samples a thread takes together, and how many rows of a product, by an estimate of registers."""

from collections import Counter

import pytest
import sass
from device_cases import WIDE, plane_of
from networks import classifier, deep

from atlas_fast.kernels.cuda.code import ThreadCode
from atlas_fast.kernels.cuda.grouping import divisors, grouping_of, single_of
from atlas_fast.kernels.cuda.layout import GROUPED_REGISTERS
from atlas_fast.kernels.outputs import Outputs
from atlas_fast.kernels.plan import Sweep


def code(name: str, gradient: bool = False) -> ThreadCode:
    return plane_of(WIDE[name]).bound("float32", Outputs(gradient=gradient)).code


def test_divisors() -> None:
    assert [*divisors(12)] == [1, 2, 3, 4, 6, 12] and [*divisors(7)] == [1, 7]


@pytest.mark.parametrize("name", ["formed", "formed, two layers", "blocks", "wide tiles"])
def test_less_room_is_less_of_both_and_never_more_than_there_is(name: str) -> None:
    made = code(name, gradient=True)
    found = [grouping_of(made.plan, made.layout.formed, 20, budget, 8) for budget in (300, 192, 120, 80)]
    assert all(20 + grouping.live <= budget for grouping, budget in zip(found, (300, 192, 120, 80), strict=True))
    costs = [grouping.cost for grouping in found]
    assert costs == sorted(costs) and costs[0] < costs[-1]


def test_without_room_a_thread_takes_one_sample_and_a_row() -> None:
    made = code("blocks")
    least = grouping_of(made.plan, made.layout.formed, 20, 10, 8)
    assert least.group == 1 and {*least.blocks.values()} == {1}


def test_a_block_divides_the_rows() -> None:
    for width in (20, 34, 47, 63, 96, 127):
        layout = plane_of(deep(samples=9, width=width)).bound("float32", Outputs()).code.layout
        assert all((width + 1) % block == 0 for block in layout.blocks.values())
        assert layout.local <= GROUPED_REGISTERS[4]


def test_what_comes_behind_the_last_product_is_held_of_one_sample() -> None:
    """The three classes' exponentials and their sum, but not the three sums of products that they are made of."""
    plan = plane_of(classifier(samples=21, hidden=70)).bound("float32", Outputs()).code.plan
    ops = Counter(plan.body.program.instructions[value].op for value in single_of(plan))
    assert ops["exp"] == 1 and ops["matmul"] == 0
    (sweep,) = [stage for stage in plan.stages if isinstance(stage, Sweep)]
    products = next(
        nest for nest in sweep.nests if any(plan.body.program.instructions[v].op == "matmul" for v in nest.values)
    )
    assert not products.stored & single_of(plan)


@pytest.mark.parametrize("gradient", [False, True])
def test_a_second_layer_is_never_stored(gradient: bool) -> None:
    """Of 64-128-128-10 no thread holds 128 numbers of a sample: it goes through the second layer by blocks of rows,
    computes the first again for each, and hands the rows on to the third."""
    made = sass.Kernel("digits-relu", wanted="derivatives" if gradient else "loss").code()
    instructions = made.plan.body.program.instructions
    (sweep,) = [stage for stage in made.plan.stages if isinstance(stage, Sweep)]
    points = [nest for nest in sweep.nests if nest.level == "point"]
    assert max(instructions[value].shape[0] for nest in points for value in nest.stored) == 10
    assert points[0].rows == 128 and len(points[0].pushed) == (5 if gradient else 1)
    (block,) = made.layout.blocks.values()
    assert 1 < block <= 16 and {*made.layout.tiled.values()} == {block}
