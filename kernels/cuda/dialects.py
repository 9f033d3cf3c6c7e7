"""What the functions of a kernel's text are in LLVM IR: what a dialect must say, and NVVM's, for NVIDIA's devices.

exp, log and the rest are libdevice's, without its fast forms. divide: of float32, off by 2 ulp at most, over the whole
range. sigmoid_absolute, tanh_absolute: of float32, from the hardware's 2^x and 1/x. Those are off by 2^-22.5 and 2^-23
of their values, says NVIDIA, and x log2(e) by 2^-24 of x, where e^-|x| |x| is at most 0.37: less than 2^-22 in all for
sigmoid and 2^-21 for tanh, as on the CPU. larger, smaller: with nan where either is. reread: no instruction, but what
lies in shared memory is read again behind it and not kept in registers.
"""

from __future__ import annotations

import math
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Do = Callable[[str], None]
Fresh = Callable[[], str]
Lines = dict[str, str]

NAN_CAPABILITY = (8, 0)
"""From it on a device has an instruction for the larger of two float32 that keeps nan."""

SHARED_SPACE = 3

SHARED_ALIGNMENT = 16

DATA_LAYOUT = (
    "e-p:64:64:64-i1:8:8-i8:8:8-i16:16:16-i32:32:32-i64:64:64-i128:128:128-f32:32:32-f64:64:64-v16:16:16-v32:32:32-"
    "v64:64:64-v128:128:128-n16:32:64"
)

PLACES = {
    "cuda.threadIdx.x": "tid.x",
    "cuda.blockDim.x": "ntid.x",
    "cuda.blockIdx.x": "ctaid.x",
    "cuda.blockIdx.y": "ctaid.y",
}

LIBDEVICE = {
    "power": "pow", "size": "fabs", "exp": "exp", "log": "log", "log1p": "log1p", "sqrt": "sqrt", "tanh": "tanh",
    "sin": "sin", "cos": "cos", "erf": "erf", "normal_cdf": "normcdf",
}  # fmt: skip


@dataclass(frozen=True)
class Dialect(ABC):
    dtype: str

    shared_space = 0

    @property
    def single(self) -> bool:
        return self.dtype == "float32"

    @property
    def real(self) -> str:
        return "float" if self.single else "double"

    def number(self, x: float) -> str:
        """As LLVM writes it: the bits of a float64, also of a float32."""
        with np.errstate(over="ignore"):
            rounded = float(np.float32(x)) if self.single else float(x)
        return f"0x{struct.unpack('>Q', struct.pack('>d', rounded))[0]:016X}"

    @abstractmethod
    def pointer(self, kind: str, space: int = 0) -> str: ...

    @abstractmethod
    def shared(self, name: str, kind: str) -> tuple[str, str]:
        """The name of an array that a block has in common, and the line that makes it."""

    @abstractmethod
    def place(self, name: str, do: Do, fresh: Fresh, module: Lines) -> str:
        """cuda.threadIdx.x and its kin."""

    @abstractmethod
    def statement(self, name: str, module: Lines) -> str:
        """cuda.syncthreads(), reread()"""

    @abstractmethod
    def vote(self, name: str, mine: str, do: Do, fresh: Fresh, module: Lines) -> str:
        """cuda.syncthreads_and(mine): a barrier, behind which each thread knows whether it holds in all of them."""

    @abstractmethod
    def call(self, name: str, arguments: list[str], do: Do, fresh: Fresh, module: Lines) -> str | None:
        """A function of reals, and None for one that is unknown."""

    @abstractmethod
    def module(self, name: str, parameters: list[str], body: list[str], lines: Lines) -> str: ...

    def external(self, function: str, arguments: list[str], do: Do, fresh: Fresh, module: Lines) -> str:
        kinds = ", ".join([self.real] * len(arguments))
        module.setdefault(function, f"declare {self.real} @{function}({kinds})")
        return let(do, fresh, f"call {self.real} @{function}({', '.join(f'{self.real} {x}' for x in arguments)})")

    def extreme(self, predicate: str, arguments: list[str], do: Do, fresh: Fresh) -> str:
        """The larger or the smaller of two, nan where either is: as NumPy's."""
        x, y = arguments
        beyond = let(do, fresh, f"fcmp {predicate} {self.real} {x}, {y}")
        unknown = let(do, fresh, f"fcmp uno {self.real} {x}, {x}")
        taken = let(do, fresh, f"or i1 {beyond}, {unknown}")
        return let(do, fresh, f"select i1 {taken}, {self.real} {x}, {self.real} {y}")


def let(do: Do, fresh: Fresh, instruction: str) -> str:
    name = f"%{fresh()}"
    do(f"{name} = {instruction}")
    return name


@dataclass(frozen=True)
class Nvvm(Dialect):
    """For a compute capability. threads: of a block at most. ir_version: of NVVM's IR, as the library at hand wants
    it."""

    threads: int
    capability: tuple[int, int]
    ir_version: tuple[int, int, int, int]

    shared_space = SHARED_SPACE

    def pointer(self, kind: str, space: int = 0) -> str:
        return f"{kind} addrspace({space})*" if space else f"{kind}*"

    def shared(self, name: str, kind: str) -> tuple[str, str]:
        made = f"internal addrspace({SHARED_SPACE}) global {kind} undef, align {SHARED_ALIGNMENT}"
        return f"@{name}", f"@{name} = {made}"

    def place(self, name: str, do: Do, fresh: Fresh, module: Lines) -> str:
        function = f"llvm.nvvm.read.ptx.sreg.{PLACES[name]}"
        module.setdefault(function, f"declare i32 @{function}()")
        return let(do, fresh, f"call i32 @{function}()")

    def statement(self, name: str, module: Lines) -> str:
        if name == "reread":
            return 'call void asm sideeffect "", "~{memory}"()'
        if name != "cuda.syncthreads":
            raise KeyError(name)
        module.setdefault(name, "declare void @llvm.nvvm.barrier0()")
        return "call void @llvm.nvvm.barrier0()"

    def vote(self, name: str, mine: str, do: Do, fresh: Fresh, module: Lines) -> str:
        if name != "cuda.syncthreads_and":
            raise KeyError(name)
        module.setdefault(name, "declare i32 @llvm.nvvm.barrier0.and(i32)")
        number = let(do, fresh, f"zext i1 {mine} to i32")
        found = let(do, fresh, f"call i32 @llvm.nvvm.barrier0.and(i32 {number})")
        return let(do, fresh, f"icmp ne i32 {found}, 0")

    def call(self, name: str, arguments: list[str], do: Do, fresh: Fresh, module: Lines) -> str | None:
        if name in LIBDEVICE:
            return self.external(f"__nv_{LIBDEVICE[name]}{'f' * self.single}", arguments, do, fresh, module)
        if name in ("larger", "smaller"):
            if self.single and self.capability >= NAN_CAPABILITY:
                return self.instruction(f"{'max' if name == 'larger' else 'min'}.NaN.f32", arguments, do, fresh)
            return self.extreme("ogt" if name == "larger" else "olt", arguments, do, fresh)
        if name == "divide" and not self.single:
            return let(do, fresh, f"fdiv {self.real} {arguments[0]}, {arguments[1]}")
        if name == "divide":
            return self.instruction("div.full.f32", arguments, do, fresh)
        if name == "sigmoid_absolute":
            return self.inverse_of_power(arguments[0], -1.0, do, fresh)
        if name == "tanh_absolute":
            inverse = self.inverse_of_power(arguments[0], 2.0, do, fresh)
            doubled = let(do, fresh, f"fmul float {inverse}, {self.number(-2.0)}")
            return let(do, fresh, f"fadd float {doubled}, {self.number(1.0)}")
        return None

    def instruction(self, text: str, arguments: list[str], do: Do, fresh: Fresh) -> str:
        """An instruction of float32 that LLVM does not know."""
        operands = ", ".join(f"${n + 1}" for n in range(len(arguments)))
        constraints = ",".join(["=f"] + ["f"] * len(arguments))
        values = ", ".join(f"float {x}" for x in arguments)
        return let(do, fresh, f'call float asm "{text} $0, {operands};", "{constraints}"({values})')

    def inverse_of_power(self, x: str, times: float, do: Do, fresh: Fresh) -> str:
        """1 / (1 + 2^(times x log2 e))"""
        exponent = let(do, fresh, f"fmul float {x}, {self.number(times * float(np.float32(1 / math.log(2.0))))}")
        power = self.instruction("ex2.approx.ftz.f32", [exponent], do, fresh)
        more = let(do, fresh, f"fadd float {power}, {self.number(1.0)}")
        return self.instruction("rcp.approx.ftz.f32", [more], do, fresh)

    def module(self, name: str, parameters: list[str], body: list[str], lines: Lines) -> str:
        kinds = ", ".join(parameter.split()[0] for parameter in parameters)
        kernel = f"void ({kinds})* @{name}"
        version = ", ".join(f"i32 {n}" for n in self.ir_version)
        return "\n".join([
            'target triple = "nvptx64-nvidia-cuda"', f'target datalayout = "{DATA_LAYOUT}"', *lines.values(),
            f"define void @{name}({', '.join(parameters)}) {{", "entry:", *body, "}",
            "!nvvm.annotations = !{!0, !1, !2}", "!nvvmir.version = !{!3}", f'!0 = !{{{kernel}, !"kernel", i32 1}}',
            # One block at a time at least: with more the compiler would rather spill.
            f'!1 = !{{{kernel}, !"maxntidx", i32 {self.threads}}}', f'!2 = !{{{kernel}, !"minctasm", i32 1}}',
            f"!3 = !{{{version}}}", "",
        ])  # fmt: skip
