"""Which values have their cheaper form: those that products alone read, whatever derivatives read of them."""

import numpy as np
import pytest
from networks import classifier

from atlas_fast import kernels
from atlas_fast.kernels import Builder, Program, reference
from atlas_fast.kernels.consumption import with_absolute_forms
from atlas_fast.kernels.derivative import gradient


def operations(program: Program) -> list[str]:
    return [i.op for i in program.instructions]


@pytest.mark.parametrize("op", ["sigmoid", "tanh"])
def test_what_only_a_product_reads(op: str) -> None:
    b = Builder()
    hidden = b.emit(op, b.emit("matmul", b.weight("B", (5, 4)), b.data("X", (4, 9))))
    product = b.emit("matmul", b.weight("A", (1, 5)), hidden)
    consumed = b.build(b.emit("sum", product, axis=None))
    also_summed = b.build(b.emit("add", b.emit("sum", product, axis=None), b.emit("sum", hidden, axis=None)))
    assert f"{op}_absolute" in operations(with_absolute_forms(consumed))
    assert with_absolute_forms(also_summed) is also_summed


def test_an_output_and_a_single_number_keep_theirs() -> None:
    b = Builder()
    output = b.build(b.emit("tanh", b.weight("x", (2, 3))))
    single = b.build(b.emit("matmul", b.weight("w", (1, 1)), b.emit("sigmoid", b.weight("x", (1, 1)))))
    assert with_absolute_forms(output) is output
    assert with_absolute_forms(single) is single


def test_the_meaning_is_the_same() -> None:
    loss = classifier(samples=30)
    case = loss.case()
    inputs = {**case.data, **case.center}
    changed = with_absolute_forms(loss.program)
    assert changed != loss.program
    np.testing.assert_array_equal(reference.evaluate(changed, inputs)[0], reference.evaluate(loss.program, inputs)[0])


def test_the_loss_has_the_same_form_with_its_gradient() -> None:
    """Which reads a layer in other ways than by products."""
    program = classifier().program
    for found in (gradient(program), kernels.plane(program, gradient=True).plan.body.program):
        assert "sigmoid_absolute" in operations(found) and "sigmoid" not in operations(found)
