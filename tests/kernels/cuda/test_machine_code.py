"""What the kernels become for NVIDIA's devices: PTX for each capability, and machine code that stays in registers.

No GPU is needed; the packages of the extras `cuda` and `cuda-check` are (350 MB), without which these are skipped.
"""

import dataclasses
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import sass
from device_cases import losses, plane_of
from training_cases import OPTIMIZERS, code_for, network

import atlas_fast as af
from atlas_fast import kernels
from atlas_fast.kernels import Builder
from atlas_fast.kernels.cuda.code import code_of
from atlas_fast.kernels.cuda.compilation import ptx_of
from atlas_fast.kernels.cuda.lowering import LOWERINGS
from atlas_fast.kernels.outputs import Outputs
from atlas_fast.kernels.primitives import PRIMITIVES
from atlas_fast.optimizers import Optimizer

SLOWEST = 2.0
"""Seconds from text to PTX; on a machine that is not busy it is less than half a second."""

EXAMINED = (8, 0)

needs_numba = pytest.mark.skipif(not kernels.device.is_installed(), reason="numba-cuda is not installed")
needs_tools = pytest.mark.skipif(not sass.is_there(), reason="numba-cuda, ptxas or cuobjdump is not installed")


@needs_numba
@pytest.mark.parametrize("capability", sass.CAPABILITIES, ids=lambda c: f"{c[0]}.{c[1]}")
def test_ptx_for_every_capability(capability: tuple[int, int]) -> None:
    """relu, exp, log, division, a row's own values, sums in tiles: of no float64 in float32."""
    ptx = ptx_of(plane_of(losses()["regression"]).bound("float32", Outputs()).code.source, capability)
    assert f".target sm_{capability[0]}{capability[1]}" in ptx
    assert ".f64" not in ptx and "fma.rn.f32" in ptx
    assert ("max.NaN.f32" in ptx) == (capability >= (8, 0))


DOUBLE = r"\b(add|sub|mul|fma|div|cvt|rcp|sqrt)\S*\.f64"


@needs_numba
def test_no_primitive_brings_float64_into_float32() -> None:
    """All of one kernel; but for sin and cos, which libdevice reduces, beyond 105,615, by one product of float64."""
    b = Builder()
    free = [b.weight(name, (1, 1)) for name in "xyz"]
    names = [name for name in LOWERINGS if PRIMITIVES[name].arity and name not in ("broadcast", "detach")]
    outputs = {name: b.emit(name, *free[: PRIMITIVES[name].arity]) for name in names}
    rest = [output for name, output in outputs.items() if name not in ("sin", "cos")]
    ptx = ptx_of(code_of(b.build(*rest), frozenset(), "float32").source, EXAMINED)
    assert not re.search(DOUBLE, ptx)
    ptx = ptx_of(code_of(b.build(outputs["sin"]), frozenset(), "float32").source, EXAMINED)
    assert re.findall(DOUBLE, ptx).count("mul") == 1


@needs_numba
@pytest.mark.parametrize("name", ["centred", "largest entry"])
def test_derivatives_in_float32_have_no_float64_in_them(name: str) -> None:
    ptx = ptx_of(plane_of(losses()[name]).bound("float32", Outputs(gradient=True)).code.source, EXAMINED)
    assert not re.search(DOUBLE, ptx)


# Training


@needs_numba
@pytest.mark.parametrize("capability", sass.CAPABILITIES, ids=lambda c: f"{c[0]}.{c[1]}")
def test_training_becomes_ptx_for_every_capability(capability: tuple[int, int]) -> None:
    """Batches of 8 samples and of 1, whose gradients are two plans of one kernel."""
    code = code_for(network(9), af.Adam(0.1), "float32", batch_size=8)
    ptx = ptx_of(code.source, capability)
    assert f".target sm_{capability[0]}{capability[1]}" in ptx
    assert ".f64" not in ptx and "fma.rn.f32" in ptx and ".shared" in ptx
    assert ptx.count("bar.red.and.pred") == 1


@needs_numba
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_no_rule_brings_float64_into_float32(optimizer: Optimizer) -> None:
    ptx = ptx_of(code_for(network(3), optimizer, "float32").source, EXAMINED)
    assert ".f64" not in ptx


@needs_numba
def test_training_in_float64_is_float64() -> None:
    ptx = ptx_of(code_for(network(9), af.SGD(0.1), "float64").source, EXAMINED)
    assert "fma.rn.f64" in ptx and "fma.rn.f32" not in ptx and ".shared.f32" not in ptx


# Surfaces and training, whole

KERNELS = [
    k for k in sass.KERNELS if k.dtype == "float32" or (isinstance(k, sass.Kernel) and k.wanted == "derivatives")
]
"""What is compiled here; all are recorded."""


@pytest.fixture(scope="module")
def found() -> dict[str, sass.Found]:
    """While one is compiled, others are taken apart."""
    asked = {}
    with ThreadPoolExecutor(2) as pool:
        for kernel in KERNELS:
            asked[str(kernel)] = pool.submit(sass.of_ptx, *sass.timed_ptx(kernel, EXAMINED))
    return {name: each.result() for name, each in asked.items()}


@needs_tools
@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_a_kernel_stays_in_registers_and_is_as_recorded(
    kernel: sass.Kernel | sass.Points | sass.Training, found: dict[str, sass.Found]
) -> None:
    """Who changes the code for the better, or knowingly for the worse, writes sass.json anew."""
    now = found[str(kernel)]
    assert now.faults(kernel.dtype) == []
    assert now.differences(sass.recorded()[sass.key(kernel, EXAMINED)]) == []
    again = (sass.examined(kernel, EXAMINED).compile_seconds for _ in range(3))  # where other work slowed the first
    assert now.compile_seconds < SLOWEST or min(again) < SLOWEST


@needs_tools
@pytest.mark.parametrize("name", ["iris-small", "digits-tanh"])
def test_kernels_whose_samples_are_split_over_blocks_stay_in_registers(name: str, found: dict[str, sass.Found]) -> None:
    """And the first of them goes through samples as the kernel that is not split does."""
    phases = [sass.of_ptx(ptx_of(source, EXAMINED), EXAMINED) for source in sass.Kernel(name).code().phase_sources]
    assert [phase.faults("float32") for phase in phases] == [[], []]
    assert phases[0].differences(found[str(sass.Kernel(name))]) == []


def test_training_is_recorded_in_shared_memory_and_beyond() -> None:
    """Of a run whose numbers are in shared memory, and of one that is too large for it."""
    beyond = {k.case: k.code().shares.space > 0 for k in sass.KERNELS if isinstance(k, sass.Training)}
    assert beyond == {"iris-small": False, "digits-tanh": True}


def test_every_kernel_is_recorded_for_every_capability_without_faults() -> None:
    recorded = sass.recorded()
    for kernel in sass.KERNELS:
        for capability in sass.CAPABILITIES:
            assert recorded[sass.key(kernel, capability)].faults(kernel.dtype) == []


def test_the_gate_sees_what_it_is_for() -> None:
    row = sass.recorded()[sass.key(sass.Kernel("iris-small"), EXAMINED)]
    for field in ("stack", "spilled", "local", "double"):
        assert dataclasses.replace(row, **{field: 8}).faults("float32") == [f"{field} is 8, not 0"]
    assert dataclasses.replace(row, double=8).faults("float64") == []
    length, *rest = row.loops[0]
    longer = dataclasses.replace(row, loops=((round(length * 1.06), *rest),))
    assert [told.split(":")[0] for told in longer.differences(row)] == [
        "instructions of loops", "share of multiply-adds",
    ]  # fmt: skip
    near = dataclasses.replace(row, loops=((round(length * 1.04), *rest),))
    assert near.differences(row) == []


def test_loops_are_found_in_a_disassembly() -> None:
    lines = [
        "        /*0000*/                   MOV R1, c[0x0][0x28] ;",
        "        /*0010*/                   LDS.128 R4, [R2] ;",
        "        /*0020*/                   FFMA R5, R4, R6, R5 ;",
        "        /*0030*/                   MUFU.EX2 R7, R5 ;",
        "        /*0040*/               @P0 BRA 0x10 ;",
        "        /*0050*/                   FADD R5, R5, R7 ;",
        "        /*0060*/                   STS [R2], R5 ;",
        "        /*0070*/              @!P1 BRA 0x0 ;",
    ]
    ((inside, mix),) = sass._innermost(sass._instructions("\n".join(lines)))
    assert [address for address, _ in inside] == [0x10, 0x20, 0x30, 0x40]
    assert (mix["FFMA"], mix["MUFU"], mix["LDS"], mix["BRA"]) == (1, 1, 1, 1)
