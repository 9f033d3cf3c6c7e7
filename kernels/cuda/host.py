"""A kernel's text, translated as for a device, run by this machine: one thread that is all threads of a block.

What translation.py makes of a text is thereby run and not only read: its indices, loops and arithmetic. It says nothing
of races between threads, which the simulator does, nor of a device's own instructions, which stand for themselves.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from ..cpu.machine import host
from ..uniforms import Array
from .code import BlockCode, ThreadCode
from .dialects import Dialect, Do, Fresh, Lines, let
from .engine import BoundProgram
from .runs import Order, Pending, Runs
from .source import ENTRY, Source
from .translation import module_of

PLACES = {"cuda.threadIdx.x": "0", "cuda.blockDim.x": "1", "cuda.blockIdx.x": "%block.x", "cuda.blockIdx.y": "%block.y"}

LIBRARY = ("exp", "log", "log1p", "sqrt", "tanh", "sin", "cos", "erf", "pow", "fabs", "erfc")


@dataclass(frozen=True)
class Host(Dialect):
    """Blocks are told by two more parameters."""

    def pointer(self, kind: str, space: int = 0) -> str:
        return "ptr"

    def shared(self, name: str, kind: str) -> tuple[str, str]:
        return f"@{name}", f"@{name} = internal global {kind} zeroinitializer"

    def place(self, name: str, do: Do, fresh: Fresh, module: Lines) -> str:
        return PLACES[name]

    def statement(self, name: str, module: Lines) -> str:
        return f"; {name}"

    def vote(self, name: str, mine: str, do: Do, fresh: Fresh, module: Lines) -> str:
        return mine

    def call(self, name: str, arguments: list[str], do: Do, fresh: Fresh, module: Lines) -> str | None:
        def one(function: str, *values: str) -> str:
            return self.external(function + "f" * self.single, [*values], do, fresh, module)

        def two(op: str, x: str, y: str) -> str:
            return let(do, fresh, f"{op} {self.real} {x}, {y}")

        if name in ("larger", "smaller"):
            return self.extreme("ogt" if name == "larger" else "olt", arguments, do, fresh)
        if name == "divide":
            return two("fdiv", *arguments)
        if name == "tanh_absolute":
            return one("tanh", *arguments)
        if name == "sigmoid_absolute":
            power = one("exp", two("fsub", self.number(0.0), *arguments))
            return two("fdiv", self.number(1.0), two("fadd", self.number(1.0), power))
        if name == "normal_cdf":
            (x,) = arguments
            return two("fmul", self.number(0.5), one("erfc", two("fmul", self.number(-(0.5**0.5)), x)))
        function = {"power": "pow", "size": "fabs"}.get(name, name)
        return one(function, *arguments) if function in LIBRARY else None

    def module(self, name: str, parameters: list[str], body: list[str], lines: Lines) -> str:
        more = ", ".join([*parameters, "i32 %block.x", "i32 %block.y"])
        return "\n".join([*lines.values(), f"define void @{name}({more}) {{", "entry:", *body, "}", ""])


def grid(bound: BoundProgram, a: Array, b: Array, share: int | None = None) -> Array:
    """The outputs at each point of a grid, as BoundProgram.grid gives them: (numbers, rows, columns).

    share: tiles of samples that a block takes where they are split over blocks.
    """
    return _run(bound, a, b, None, share)


def points(bound: BoundProgram, weights: Mapping[str, Array], count: int) -> Array:
    """The outputs of so many points, as BoundProgram.points gives them: (numbers, count)."""
    return _run(bound, np.zeros(count), np.zeros(1), bound.weight_rows(weights, count), None)[:, 0]


class HostRuns(Runs):
    """Runs whose steps this machine's translation takes."""

    def _launch(self, uniform: Array, order: Order, numbers: Array, steps: int, begin: int) -> Pending:
        made = self._made(steps)
        arguments = self._flat(uniform, order, numbers, self.state, *made, self._space())
        for run in range(self.count):
            _Kernel.of(self.code.source)(*arguments, order.shape[1], steps, begin, run, 0)
        return lambda: made


def _run(bound: BoundProgram, a: Array, b: Array, weights: Array | None, share: int | None) -> Array:
    code = bound.code
    dtype = np.dtype(code.source.dtype)
    out = np.full((code.output_size, b.size, a.size), np.nan, dtype)
    lines = [x.astype(dtype) for x in (a, b)]
    arguments = [*lines, bound.uniform, np.zeros(1, dtype) if weights is None else weights, out, b.size, a.size, a.size]
    blocks = range(a.size * b.size)
    if isinstance(code, BlockCode):
        # Two of them, that each take some points.
        space = np.full(2 * max(1, code.shares.space), np.nan, dtype)
        for block in range(2):
            _Kernel.of(code.source)(*arguments[:5], space, b.size, a.size, 2, block, 0)
        return out
    assert isinstance(code, ThreadCode)
    if share is None:
        for block in blocks:
            _Kernel.of(code.source)(*arguments, block, 0)
        return out
    parts = np.full(code.part_size * len(blocks), np.nan, dtype)
    *phases, last = code.phase_sources
    for phase in phases:
        # The last parts first: their order is not to matter.
        for part, block in product(reversed(range(-(-code.sample_tiles // share))), blocks):
            _Kernel.of(phase)(*arguments, parts, share, block, part)
    for block in blocks:
        _Kernel.of(last)(*arguments, parts, share, block, 0)
    return out


class _Kernel:
    """Keeps the memory that the code lies in."""

    def __init__(self, source: Source) -> None:
        ir = module_of(source.text, Host(source.dtype), source.names)
        self.engine: Any = llvm.create_mcjit_compiler(llvm.parse_assembly(ir), host().target())
        self.engine.finalize_object()
        self.address = self.engine.get_function_address(ENTRY)

    @staticmethod
    @lru_cache(maxsize=64)
    def of(source: Source) -> _Kernel:
        return _Kernel(source)

    def __call__(self, *arguments: Array | int) -> None:
        packed = [ctypes.c_uint32(x) if isinstance(x, int) else ctypes.c_void_p(x.ctypes.data) for x in arguments]
        ctypes.CFUNCTYPE(None, *map(type, packed))(self.address)(*packed)
