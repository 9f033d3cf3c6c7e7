"""The machine that code is made for: LLVM's target, its vectors and registers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm

from ..plan import Across
from .arithmetic import FORMATS


@dataclass(frozen=True, slots=True)
class Machine:
    """triple, cpu and features as LLVM names them; vector_bits of its widest float vectors; their registers."""

    triple: str
    cpu: str
    features: str
    vector_bits: int
    registers: int

    def lanes(self, dtype: str) -> int:
        return self.vector_bits // (8 * FORMATS[dtype].size)

    def accumulators(self, across: Across) -> int:
        """Vectors that sums may hold: three registers of four where a weight is a number, half of them where it is a
        vector as well, and what follows a product is computed beside its sums (measured with 16 registers)."""
        return 3 * self.registers // 4 if across == "samples" else self.registers // 2

    def target(self) -> llvm.TargetMachine:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        return llvm.Target.from_triple(self.triple).create_target_machine(
            cpu=self.cpu, features=self.features, opt=3, jit=True
        )


NEON = Machine("aarch64-unknown-linux-gnu", "generic", "+neon", 128, 32)
"""For looking at what an AArch64 would run; its code is emitted here and not run."""


@cache
def host() -> Machine:
    """The machine this runs on. ATLAS_VECTOR_BITS (128, 256, 512) narrows the vectors, for comparison."""
    found = llvm.get_host_cpu_features()
    triple = llvm.get_process_triple()
    wide, middle = found.get("avx512f", False), found.get("avx2", False) or found.get("avx", False)
    bits, registers = (512, 32) if wide else (256, 16) if middle else (128, 16)
    if triple.startswith(("aarch64", "arm64")):
        bits, registers = 128, 32
    wanted = os.environ.get("ATLAS_VECTOR_BITS")
    if wanted in ("128", "256", "512"):
        bits = int(wanted)
    features = found.flatten()
    if wide:
        # LLVM prefers 256-bit vectors on many machines unless it is told that wider ones are wanted.
        features += ",-prefer-256-bit"
    return Machine(triple, llvm.get_host_cpu_name(), features, bits, registers)
