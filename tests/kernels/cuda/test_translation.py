"""A kernel's text translated to LLVM IR: run by this machine's processor, and what may not be translated."""

import numpy as np
import pytest
from cuda_check import EVERYTHING, TOLERANCE, A, B, error_of, generated, scale_of, stays_small
from device_cases import losses, plane_of, row_error, row_of
from networks import deep

from atlas_fast.kernels.cuda import host
from atlas_fast.kernels.cuda.code import code_of
from atlas_fast.kernels.cuda.engine import BoundProgram
from atlas_fast.kernels.cuda.host import Host
from atlas_fast.kernels.cuda.translation import TranslationError, module_of
from atlas_fast.kernels.outputs import Outputs
from atlas_fast.kernels.primitives import PRIMITIVES


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive(name: str, dtype: str) -> None:
    row = row_of(name, dtype)
    count = len(next(iter(row.weights.values())))
    found = host.points(BoundProgram(code_of(row.program, frozenset(), dtype), {}), row.weights, count)
    assert row_error(row, found, name, dtype) < TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", losses())
def test_every_loss(name: str, dtype: str) -> None:
    plane, a, b = plane_of(losses()[name]), A[::3], B[::3]
    expected, largest = plane.expected(Outputs(gradient=True), a, b)
    found = host.grid(plane.bound(dtype, Outputs(gradient=True)), a, b)
    assert error_of(found, expected, largest) < TOLERANCE[dtype]


def test_all_outputs() -> None:
    plane = plane_of(losses()["softmax over samples"])
    expected, largest = plane.expected(EVERYTHING, A[:3], B[:2])
    found = host.grid(plane.bound("float64", EVERYTHING), A[:3], B[:2])
    assert error_of(found, expected, largest) < 10 * TOLERANCE["float64"]


def test_generated_texts() -> None:
    compared = 0
    for _, plane in generated(range(40)):
        expected, largest = plane.expected(Outputs(gradient=True), A[:2], B[:2])
        if stays_small(expected, largest):
            compared += 1
            found = host.grid(plane.bound("float64", Outputs(gradient=True)), A[:2], B[:2])
            assert error_of(found, expected, scale_of(expected, largest)) < 4 * TOLERANCE["float64"]
    assert compared > 25


HEAD = "def kernel(a: line, n: uint32):\n    "


@pytest.mark.parametrize(
    "line",
    [
        "a[0] = 1.0",  # a float64
        "a[0] = n",  # an index is no number
        "a[0] = a[0] + n",
        "x = missing",
        "x = a",
        "a[0] = unknown(a[0])",
        "a[0, 1] = a[0]",
        "for i in range(3): a[i] = a[0]",
        "x = n / n",
        "x = choose(a[0] < a[1], n, n)",
        "x = a[0] if n < 3 else a[1]",
    ],
)
def test_what_a_text_may_not_hold_is_refused_and_never_guessed_at(line: str) -> None:
    with pytest.raises(TranslationError, match="no kernel's text may hold"):
        module_of(HEAD + line, Host("float32"), {})


def test_a_variable_keeps_its_kind() -> None:
    with pytest.raises(TranslationError, match="x is u32, and real is put into it"):
        module_of(f"{HEAD}x = n\n    x = a[0]", Host("float32"), {})


def test_a_loop_is_unrolled_as_often_as_it_asks() -> None:
    """And whole where its counter says which element of a thread's own array is meant."""
    loop = "i = uint32(0)\n    while i < {}:\n        {}\n        i = uint32(i + 1)"
    for count, body, note in (
        ("n", "unroll(3)", 'unroll.count", i32 3}'),
        ("4", "unroll(1)", 'unroll.count", i32 1}'),
        ("4", "d[i] = a[i]", 'unroll.full"}'),
        ("n", "d[i] = a[i]", None),
        ("4", "a[i] = a[0]", None),
    ):
        text = f"{HEAD}d = cuda.local.array(4, real)\n    {loop.format(count, body)}"
        ir = module_of(text, Host("float32"), {})
        assert f'!101 = !{{!"llvm.loop.{note}' in ir if note else "llvm.loop" not in ir


def test_a_constant_has_all_its_digits() -> None:
    for dtype, bits in (("float32", "0x3FB99999A0000000"), ("float64", "0x3FB999999999999A")):
        assert Host(dtype).number(0.1) == bits
    assert Host("float32").number(float("inf")) == "0x7FF0000000000000"
    assert np.signbit(np.float64(-0.0)) and Host("float32").number(-0.0) == "0x8000000000000000"


@pytest.mark.parametrize("name", losses())
def test_samples_that_are_split_over_blocks_give_the_same_bits(name: str) -> None:
    """Whatever the number of parts, and in whatever order they are computed."""
    for dtype in ("float32", "float64"):
        bound = plane_of(losses()[name]).bound(dtype, Outputs(gradient=True))
        whole = host.grid(bound, A[:2], B[:2])
        for share in (1, 2):
            np.testing.assert_array_equal(host.grid(bound, A[:2], B[:2], share), whole)


@pytest.mark.parametrize("width", [20, 34, 47, 63, 127, 300])
def test_a_second_layer_of_any_width(width: int) -> None:
    """Rows that blocks divide well, badly and not at all."""
    plane = plane_of(deep(samples=11, width=width))
    expected, largest = plane.expected(Outputs(gradient=True), A[:2], B[:1])
    found = host.grid(plane.bound("float64", Outputs(gradient=True)), A[:2], B[:1])
    assert error_of(found, expected, largest) < TOLERANCE["float64"]
