"""Streams: whichever way samples lie, however many there are, and where they cannot be streamed."""

from collections.abc import Callable

import numpy as np
import pytest
from networks import (
    LOSSES,
    Loss,
    assert_surface,
    centred,
    classifier,
    largest_entry,
    mean,
    quadratic_form,
    softmax_over_samples,
    two_sets,
)

from atlas_fast import kernels
from atlas_fast.kernels import Builder
from atlas_fast.kernels.streams import Body, split
from atlas_fast.kernels.substitution import substitute

A = np.linspace(-1.0, 1.0, 5)
B = np.array([-0.4, 0.7])

COUNTS = (1, 2, 3, 7, 8, 9, 63, 64, 65, 150, 151, 1000)


def body(loss: Loss) -> Body:
    program = loss.program
    return split(substitute(program, dict.fromkeys(program.weights, (True, True))), program.data)


def lengths(loss: Loss) -> set[int]:
    """The lengths of the axes that are streamed."""
    return {stream[0] for stream in body(loss).streams if stream is not None}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_its_formula(name: str, dtype: str) -> None:
    case = LOSSES[name]().case()
    assert_surface(case, case.bound(dtype)(A, B), A, B)


@pytest.mark.parametrize("as_rows", [False, True], ids=["columns", "rows"])
@pytest.mark.parametrize("count", COUNTS)
def test_any_number_of_samples(count: int, as_rows: bool) -> None:
    case = classifier(samples=count, hidden=5, as_rows=as_rows).case(seed=count)
    assert_surface(case, case.bound(gradient=count in (9, 65))(A, B), A, B)


@pytest.mark.parametrize("count", COUNTS)
def test_any_number_of_samples_whose_statistics_are_used_again(count: int) -> None:
    case = softmax_over_samples(count).case(seed=count)
    assert_surface(case, case.bound("float32")(A, B), A, B)


def test_samples_as_rows_and_as_columns_are_the_same_program_turned() -> None:
    columns, rows = classifier(samples=70), classifier(samples=70, as_rows=True)
    case = columns.case()
    turned = rows.case()
    for own, other in ((turned.data, case.data), (turned.center, case.center), (turned.u, case.u), (turned.v, case.v)):
        own.update({name: value.T for name, value in other.items()})
    assert lengths(columns) == lengths(rows) == {70}
    np.testing.assert_allclose(
        turned.bound(gradient=False)(A, B), case.bound(gradient=False)(A, B), rtol=1e-13, atol=1e-15
    )


def test_every_streamed_value_lies_with_its_samples_as_columns() -> None:
    for as_rows in (False, True):
        turned = body(classifier(samples=70, as_rows=as_rows))
        for instruction, stream in zip(turned.program.instructions, turned.streams, strict=True):
            if stream is not None:
                assert instruction.shape[1] == stream[0] == 70
                assert instruction.op != "transpose"


def test_the_prologue_does_not_vary_and_the_body_reads_nothing_else() -> None:
    split_ = body(classifier(samples=70))
    assert not any(split_.prologue.varies)
    assert [*split_.program.data] == [f"u{k}" for k in range(len(split_.prologue.outputs))]


@pytest.mark.parametrize(("first", "second"), [(25, 70), (30, 30), (5, 64), (151, 8)])
def test_two_sets_of_samples_of_different_lengths(first: int, second: int) -> None:
    loss = two_sets(first, second)
    assert lengths(loss) == {length for length in (first, second) if length >= 8}
    case = loss.case()
    assert_surface(case, case.bound(gradient=False)(A, B), A, B)


@pytest.mark.parametrize("samples", [3, 13, 40])
def test_samples_by_samples_is_kept_whole_and_right(samples: int) -> None:
    """X^T A X has no axis along which blocks of samples could be read one after the other."""
    loss = quadratic_form(samples)
    assert lengths(loss) == set()
    case = loss.case()
    assert_surface(case, case.bound()(A, B), A, B)


def test_distances_between_activations_of_all_samples() -> None:
    """mean((s_i - s_j)^2) with s = W X: a matrix of samples x samples made by broadcasting."""
    b = Builder()
    s = b.emit("tanh", b.emit("matmul", b.weight("W", (1, 3)), b.data("X", (3, 17))))
    d = b.emit("sub", s, b.emit("transpose", s))
    loss = Loss(b.build(mean(b, b.emit("mul", d, d))), lambda X, W: float(2 * np.var(np.tanh(W @ X))))
    assert lengths(loss) == set()
    case = loss.case()
    assert_surface(case, case.bound()(A, B), A, B)


def test_samples_summed_over_products_are_streamed() -> None:
    """norm of tanh(W X) Y^T: a product that contracts the samples."""
    b = Builder()
    h = b.emit("tanh", b.emit("matmul", b.weight("W", (5, 3)), b.data("X", (3, 90))))
    m = b.emit("matmul", h, b.emit("transpose", b.data("Y", (2, 90))))
    loss = Loss(
        b.build(mean(b, b.emit("mul", m, m))),
        lambda X, Y, W: float(np.mean((np.tanh(W @ X) @ Y.T) ** 2)),
    )
    assert lengths(loss) == {90}
    assert "gram" in {i.op for i in body(loss).program.instructions}
    case = loss.case()
    assert_surface(case, case.bound()(A, B), A, B)


def test_a_covariance_of_activations() -> None:
    """tanh(W X) tanh(W X)^T, both factors varying."""
    b = Builder()
    h = b.emit("tanh", b.emit("matmul", b.weight("W", (6, 3)), b.data("X", (3, 67))))
    m = b.emit("div", b.emit("matmul", h, b.emit("transpose", h)), b.constant(67.0))

    def formula(X: np.ndarray, W: np.ndarray) -> float:
        h = np.tanh(W @ X)
        return float(np.mean((h @ h.T / 67) ** 2))

    case = Loss(b.build(mean(b, b.emit("mul", m, m))), formula).case()
    assert_surface(case, case.bound()(A, B), A, B)


@pytest.mark.parametrize("make", [softmax_over_samples, centred, largest_entry])
def test_statistics_over_samples_are_streamed(make: Callable[[int], Loss]) -> None:
    loss = make(100)
    assert lengths(loss) == {100}
    case = loss.case()
    assert_surface(case, case.bound(gradient=False)(A, B), A, B)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("place", [0, 17, 29])
def test_a_maximum_over_samples_passes_nan_of_one_sample_on(place: int, dtype: str) -> None:
    """max(log(1 + w x)) where x is 1 for one sample and 0 for all others."""
    b = Builder()
    z = b.emit("matmul", b.weight("W", (1, 1)), b.data("X", (1, 30)))
    z = b.emit("log", b.emit("add", b.constant(1.0), z))
    x, one, zero = np.zeros((1, 30)), {"W": np.ones((1, 1))}, {"W": np.zeros((1, 1))}
    x[0, place] = 1
    kernel = kernels.plane(b.build(b.emit("max", z, axis=None)), dtype=dtype)
    found = kernel.bind({"X": x}, zero, one, zero)([0.0, -5.0, -1.0, np.nan, 1.0], [0.0])[0, 0]
    np.testing.assert_allclose(found, [0, np.nan, 0, np.nan, np.log(2)], rtol=1e-6)


def test_an_axis_shorter_than_a_stream_is_computed_whole() -> None:
    assert lengths(classifier(samples=7)) == set()
    assert lengths(classifier(samples=8)) == {8}


def test_samples_stored_as_a_wide_matrix_of_features() -> None:
    """More features than samples: the axis that is streamed is the longer one, legal or not."""
    b = Builder()
    x = b.data("X", (50, 12))
    z = b.emit("tanh", b.emit("matmul", b.weight("W", (2, 50)), x))
    case = Loss(b.build(mean(b, z)), lambda X, W: float(np.mean(np.tanh(W @ X)))).case()
    assert_surface(case, case.bound()(A, B), A, B)
