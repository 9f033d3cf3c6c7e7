"""The machine code that kernels become for NVIDIA's devices: registers, spills, and what their loops are made of.

    python -m benchmarks.sass                 # compares with sass.json, and prints both
    python -m benchmarks.sass --keep          # writes sass.json anew: a change of the code that is meant

No GPU is needed, and none has run any of this: the text becomes PTX by NVVM, ptxas makes machine code of
it and cuobjdump text of that. `pip install 'atlas-fast[cuda,cuda-check]'` brings them all; ptxas must be of NVVM's
release.

A loop is what lies between a branch that goes back and where it goes. The work of a kernel lies in its innermost loops:
over samples, and where these go in groups over hidden units.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from cases import CASES

import atlas_fast as af
from atlas_fast import kernels, optimizers
from atlas_fast.kernels.cuda.code import DeviceCode, code_of, plane_code
from atlas_fast.kernels.cuda.compilation import ptx_of
from atlas_fast.kernels.cuda.runs import TrainingCode, training_code
from atlas_fast.kernels.cuda.source import Source
from atlas_fast.kernels.derivative import gradient
from atlas_fast.kernels.outputs import Outputs

Capability = tuple[int, int]

CAPABILITIES = ((7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (10, 0), (12, 0))

RECORDED = Path(__file__).with_name("sass.json")

WITHIN = 0.05
"""Share by which counts may differ from those recorded."""

INSTRUCTION = re.compile(r"^\s*/\*([0-9a-f]{4,})\*/\s+(.*?);")


OUTPUTS = {
    "loss": Outputs(),
    "derivatives": Outputs(gradient=True),
    "curvature": Outputs(gradient=True, curvature=True),
    "gradient norm": Outputs(gradient_norm=True),
}


@dataclass(frozen=True)
class Kernel:
    """What is compiled: a case of cases.py in a precision, the loss alone or what more is wanted, as in OUTPUTS."""

    case: str
    dtype: str = "float32"
    wanted: str = "loss"

    def __str__(self) -> str:
        return f"{self.case}{'' if self.wanted == 'loss' else f' with {self.wanted}'}, {self.dtype}"

    def code(self) -> DeviceCode:
        program = CASES[self.case].problem().program
        presence = tuple((name, True, True) for name in program.weights)
        return plane_code(program, presence, OUTPUTS[self.wanted], self.dtype)

    @property
    def source(self) -> Source:
        return self.code().source


@dataclass(frozen=True)
class Points:
    """A case at many points, each with its own weights: the loss, or its gradient by all of them."""

    case: str
    dtype: str = "float32"
    gradient: bool = False

    def __str__(self) -> str:
        return f"{'gradients' if self.gradient else 'losses'} of {self.case}, {self.dtype}"

    def code(self) -> DeviceCode:
        program = CASES[self.case].problem().program
        program = gradient(program) if self.gradient else program
        return code_of(program, frozenset(program.data), self.dtype)

    @property
    def source(self) -> Source:
        return self.code().source


@dataclass(frozen=True)
class Training:
    """The kernel that trains a case with Adam on all samples, a block a run."""

    case: str
    dtype: str = "float32"

    def __str__(self) -> str:
        return f"training {self.case}, {self.dtype}"

    def code(self) -> TrainingCode:
        program, state = CASES[self.case].problem().program, tuple(optimizers.RULES[af.Adam].state)
        rule = optimizers.program(af.Adam(0.1))
        return training_code((gradient(program),), tuple(program.weights.items()), rule, state, None, self.dtype)

    @property
    def source(self) -> Source:
        return self.code().source


CASES_KEPT = tuple(CASES)

KERNELS: tuple[Kernel | Points | Training, ...] = (
    *(Kernel(case, dtype, wanted) for dtype in ("float32", "float64") for wanted in OUTPUTS for case in CASES_KEPT),
    *(Points(case, gradient=slopes) for slopes in (False, True) for case in ("iris-relu", "iris-small", "digits-relu")),
    Training("iris-small"),
    Training("digits-tanh"),
)
"""Kernels that are to stay in registers, whole."""


@dataclass(frozen=True)
class Found:
    """registers: a thread's. stack, spilled: bytes. local: loads and stores of a thread's own memory. double: float64
    instructions. loops: innermost ones that have arithmetic and put nothing into shared memory, in order:
    (instructions, FFMA, MUFU, loads of shared memory, loads of the device's). compile_seconds: text to PTX."""

    registers: int
    stack: int
    spilled: int
    local: int
    double: int
    instructions: int
    loops: tuple[tuple[int, int, int, int, int], ...]
    compile_seconds: float = 0.0

    @property
    def loop_instructions(self) -> int:
        return sum(loop[0] for loop in self.loops)

    @property
    def share(self) -> float:
        """Of multiply-adds among the loops' instructions."""
        return sum(loop[1] for loop in self.loops) / max(1, self.loop_instructions)

    @property
    def special(self) -> int:
        return sum(loop[2] for loop in self.loops)

    def faults(self, dtype: str) -> list[str]:
        """What no kernel of KERNELS may have."""
        told = {"stack": self.stack, "spilled": self.spilled, "local": self.local}
        if dtype == "float32":
            told["double"] = self.double
        return [f"{name} is {n}, not 0" for name, n in told.items() if n]

    def differences(self, recorded: Found) -> list[str]:
        """Counts that are not those recorded, by more than WITHIN."""
        pairs = {
            "instructions of loops": (self.loop_instructions, recorded.loop_instructions),
            "share of multiply-adds": (self.share, recorded.share),
            "special functions": (self.special, recorded.special),
        }
        return [
            f"{name}: {now:.4g}, recorded {before:.4g}"
            for name, (now, before) in pairs.items()
            if abs(now - before) > WITHIN * abs(before)
        ]


def tool(name: str) -> str | None:
    """A program of the CUDA toolkit: of the packages of the extra, or on the path."""
    for folder in map(Path, sys.path):
        for found in sorted((folder / "nvidia").glob(f"cu*/bin/{name}")):
            return str(found)
    return shutil.which(name)


def is_there() -> bool:
    return kernels.device.is_installed() and tool("ptxas") is not None and tool("cuobjdump") is not None


def examined(kernel: Kernel | Points | Training, capability: Capability) -> Found:
    return of_ptx(*timed_ptx(kernel, capability))


def timed_ptx(kernel: Kernel | Points | Training, capability: Capability) -> tuple[str, Capability, float]:
    """PTX, the capability, and seconds from the text to it."""
    source = kernel.source
    began = time.perf_counter()
    ptx = ptx_of(source, capability)
    return ptx, capability, time.perf_counter() - began


def of_ptx(ptx: str, capability: Capability, seconds: float = 0.0) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder, "kernel.ptx"), Path(folder, "kernel.cubin")
        source.write_text(ptx)
        target = f"sm_{capability[0]}{capability[1]}"
        told = _run("ptxas", "-v", "--gpu-name", target, str(source), "-o", str(binary)).stderr
        code = _instructions(_run("cuobjdump", "-sass", str(binary)).stdout)

    def number(pattern: str) -> int:
        return sum(map(int, re.findall(pattern, told)))

    every = _mix(code, 0, 1 << 60)
    return Found(
        registers=number(r"Used (\d+) registers"),
        stack=number(r"(\d+) bytes stack frame"),
        spilled=number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads"),
        local=every["LDL"] + every["STL"],
        double=sum(every[op] for op in ("DADD", "DMUL", "DFMA", "DSETP", "F2F.F64.F32", "F2F.F32.F64")),
        instructions=len(code),
        loops=tuple(
            (len(inside), mix["FFMA"] + mix["DFMA"], mix["MUFU"], mix["LDS"], mix["LDG"])
            for inside, mix in _innermost(code)
        ),
        compile_seconds=seconds,
    )


def _run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    found = tool(name)
    assert found is not None, f"{name} is not installed"
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {(done.stderr or done.stdout)[:500]}")
    return done


Code = list[tuple[int, str]]


def _instructions(text: str) -> Code:
    """(address, instruction without its predicate)"""
    found = []
    for line in text.splitlines():
        match = INSTRUCTION.match(line)
        if match:
            found.append((int(match[1], 16), re.sub(r"^@!?U?P\w+\s+", "", match[2].lstrip("{ ").strip())))
    return found


def _mix(code: Code, low: int, high: int) -> Counter[str]:
    mix: Counter[str] = Counter()
    for address, text in code:
        if low <= address <= high:
            op = text.split()[0]
            mix[op if op.startswith("F2F.F") else op.split(".")[0]] += 1
    return mix


def _innermost(code: Code) -> list[tuple[Code, Counter[str]]]:
    loops = []
    for address, text in code:
        match = re.search(r"0x([0-9a-f]+)", text) if text.startswith("BRA") else None
        if match and int(match[1], 16) < address:
            loops.append((int(match[1], 16), address))
    found = []
    for low, high in sorted(loops):
        if any(other != (low, high) and low <= other[0] and other[1] <= high for other in loops):
            continue
        mix = _mix(code, low, high)
        if mix["FFMA"] + mix["DFMA"] + mix["FADD"] + mix["DADD"] and not mix["STS"]:
            found.append(([one for one in code if low <= one[0] <= high], mix))
    return found


def recorded() -> dict[str, Found]:
    """ "kernel, capability" -> what was found when it was last written."""
    rows = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    return {name: Found(**{**row, "loops": tuple(map(tuple, row["loops"]))}) for name, row in rows.items()}


def key(kernel: Kernel | Points | Training, capability: Capability) -> str:
    return f"{kernel}, {capability[0]}.{capability[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(description="the machine code of kernels for NVIDIA's devices; no GPU is needed")
    parser.add_argument("--keep", action="store_true", help="write sass.json anew")
    parser.add_argument("--capability", action="append", help="such as 9.0; default: all")
    parser.add_argument("--kernels", help="part of their names, such as iris-small")
    asked = parser.parse_args()
    if not is_there():
        sys.exit("numba-cuda, ptxas or cuobjdump is missing: pip install 'atlas-fast[cuda,cuda-check]'")
    chosen = [c for c in CAPABILITIES if not asked.capability or f"{c[0]}.{c[1]}" in asked.capability]
    before, rows = recorded(), {}
    for kernel in (k for k in KERNELS if (asked.kernels or "") in str(k)):
        for capability in chosen:
            name = key(kernel, capability)
            found = rows[name] = examined(kernel, capability)
            known = before.get(name)
            told = found.faults(kernel.dtype) + ([] if known is None else found.differences(known))
            lengths = ", ".join(str(loop[0]) for loop in found.loops) or "none"
            counts = f"{found.registers} registers, loops of {lengths}, FFMA {found.share:.2f}"
            print(f"{name}: {counts}, {found.compile_seconds:.1f} s", "; ".join(told), sep=" | ", flush=True)
    if asked.keep:
        kept = {**json.loads(RECORDED.read_text())} if RECORDED.exists() else {}
        for name, found in rows.items():
            row = asdict(found)
            del row["compile_seconds"]
            kept[name] = row
        lines = (f"{json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(kept.items()))
        RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
