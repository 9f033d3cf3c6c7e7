"""Code for AArch64, emitted here and read: the main loops are vector multiply-adds on NEON registers."""

import re

import pytest
from networks import LOSSES

from atlas_fast.kernels import Builder
from atlas_fast.kernels.cpu.compiler import assembly
from atlas_fast.kernels.cpu.emit import emit
from atlas_fast.kernels.cpu.machine import NEON
from atlas_fast.kernels.plan import make_plan
from atlas_fast.kernels.streams import split
from atlas_fast.kernels.substitution import substitute, with_gradient

VECTOR = {"float32": ".4s", "float64": ".2d"}
SCALAR_REGISTER = {"float32": "s", "float64": "d"}


def neon(name: str, dtype: str, gradient: bool) -> str:
    """The assembly of a loss's tile for a machine with NEON."""
    program = LOSSES[name]().program
    placed = substitute(program, dict.fromkeys(program.weights, (True, True)))
    plan = make_plan(split(with_gradient(placed) if gradient else placed, program.data), NEON.accumulators("points"))
    assert NEON.lanes(dtype) == {"float32": 4, "float64": 2}[dtype]
    return assembly(emit(plan, dtype, NEON.lanes(dtype)), NEON)


def count(pattern: str, text: str) -> int:
    return len(re.findall(pattern, text))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "gradient"), [("classifier", False), ("regression", True), ("softmax over samples", False)]
)
def test_the_multiply_adds_are_vectors(name: str, gradient: bool, dtype: str) -> None:
    text, kind = neon(name, dtype, gradient), re.escape(VECTOR[dtype])
    vectors = count(rf"\bfml[as]\s+v\d+{kind}", text)
    scalars = count(r"\bfn?m(?:add|sub)\s+[sd]\d+", text)
    assert vectors > 20
    assert vectors > scalars


def test_a_product_reads_its_other_factor_from_a_register_lane_or_a_vector() -> None:
    """fmla v0.4s, v1.4s, v2.4s or v2.s[1]: no move between for each factor."""
    assert re.search(r"\bfmla\s+v\d+\.4s, v\d+\.4s, v\d+\.(?:4s|s\[\d\])", neon("classifier", "float32", False))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_elementary_functions_are_inline(dtype: str) -> None:
    """No call of exp, log or tanh is left: a call would be made lane by lane."""
    for name in ("classifier", "deep", "bumps"):
        calls = set(re.findall(r"\bbl\s+(\S+)", neon(name, dtype, False)))
        assert calls <= {"memset", "memcpy"}, calls


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sin_and_erf_are_inline_and_only_large_numbers_leave_the_line(dtype: str) -> None:
    b = Builder()
    program = b.build(b.emit("add", b.emit("sin", b.weight("x", (1, 1))), b.emit("erf", b.weight("y", (1, 1)))))
    body = split(substitute(program, dict.fromkeys(program.weights, (True, True))), {})
    text = assembly(emit(make_plan(body, NEON.accumulators("points")), dtype, NEON.lanes(dtype)), NEON)
    kind = VECTOR[dtype].removeprefix(".")
    lanes = {"4s": "v4f32", "2d": "v2f64"}[kind]
    assert set(re.findall(r"\bbl\s+(\S+)", text)) == {f"far0.{lanes}", "far0"}
    assert count(rf"\bfml[as]\s+v\d+\.{kind}", text) > 20
