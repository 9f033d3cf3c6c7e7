"""Bytes a point, against counts by hand."""

from networks import bowl

from atlas_fast import kernels
from atlas_fast.kernels import Builder, Program
from atlas_fast.kernels.traffic import Traffic, traffic


def network() -> Program:
    """sum((A tanh(B X) - Y)^2): X is 2 x 100, B 7 x 2, A 3 x 7."""
    b = Builder()
    hidden = b.emit("tanh", b.emit("matmul", b.weight("B", (7, 2)), b.data("X", (2, 100))))
    error = b.emit("sub", b.emit("matmul", b.weight("A", (3, 7)), hidden), b.data("Y", (3, 100)))
    return b.build(b.emit("sum", b.emit("mul", error, error), axis=None))


def test_points_of_a_vector_share_what_they_read() -> None:
    """The first layer's three matrices and Y in the sweep, and A's along u before it; its others are once a row."""
    arrays = 4 * (3 * 7 * 100 + 3 * 100 + 3 * 7)
    for lanes in (4, 8):
        plan = kernels.plane(network(), lanes=lanes, across="points").plan
        assert traffic(plan, 4, lanes) == Traffic(arrays / lanes, 4, arrays)


def test_a_point_whose_lanes_are_samples_reads_alone() -> None:
    """All three matrices of A, too: nothing is made once a row."""
    arrays = 4 * (3 * 7 * 100 + 3 * 100 + 3 * 3 * 7)
    plan = kernels.plane(network(), across="samples").plan
    assert traffic(plan, 4, 1) == Traffic(arrays, 4, arrays)


def test_an_array_counts_for_each_sweep_and_once_among_the_arrays() -> None:
    """The sum of (h - sum h)^2, h = tanh(w X), is two sweeps over the three matrices of w X."""
    b = Builder()
    hidden = b.emit("tanh", b.emit("matmul", b.weight("w", (1, 2)), b.data("X", (2, 100))))
    error = b.emit("sub", hidden, b.emit("sum", hidden, axis=None))
    plan = kernels.plane(b.build(b.emit("sum", b.emit("mul", error, error), axis=None)), lanes=8, across="points").plan
    assert traffic(plan, 4, 8) == Traffic(2 * 4 * 3 * 100 / 8, 4, 4 * 3 * 100)


def test_every_output_is_written() -> None:
    """The loss, dL/da, dL/db, three second derivatives and the norm of the gradient."""
    plan = kernels.plane(network(), "float64", gradient=True, curvature=True, gradient_norm=True).plan
    assert traffic(plan, 8, 1).written == 7 * 8


def test_what_is_left_of_no_data_reads_next_to_nothing() -> None:
    """Two coefficients along a."""
    plan = kernels.plane(bowl().program, lanes=8).plan
    assert traffic(plan, 4, 8) == Traffic(1.0, 4, 8)
