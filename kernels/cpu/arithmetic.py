"""Vectors of numbers in LLVM IR: formats, values, arithmetic and comparisons.

An `Arithmetic` emits operations on one type, <lanes x float> or <lanes x double> (a plain number for one lane). Every
operation rounds as IEEE 754 says and none is marked fast, so that a result has the same bits whatever the width.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .code import Code


@dataclass(frozen=True, slots=True)
class Constant:
    """A number known when the code is made."""

    value: float


@dataclass(frozen=True, slots=True)
class Mask:
    """The result of a comparison, one bit a lane; 1.0 or 0.0 where a number is asked for."""

    name: str


Value = str | Constant | Mask


@dataclass(frozen=True, slots=True)
class Format:
    """A floating-point format: LLVM's names, bytes, bits of the fraction, exponent bias, and what the elementary
    functions need for it."""

    name: str
    suffix: str
    integer: str
    size: int
    fraction: int
    bias: int
    exp_degree: int
    """The degree of e^x, in sigmoid too."""
    halves: tuple[int, int]
    """Degrees in r^2 of the two halves of e^r (see coefficients.halves)."""
    absolute_halves: tuple[int, int]
    """The same where only the absolute error counts."""
    tanh_degree: int
    """The degree in x^2 of what tanh adds to x near 0."""
    saturation: float
    """tanh(x) rounds to 1 for x beyond it."""
    log_terms: int
    softplus_degree: int
    """The degree in t of what log(1 + t) adds to t, of t^2."""
    sine_degree: int
    """The degree in r^2 of what sin and cos add to r and 1."""
    whole_turns: float
    """Up to it sin and cos reduce their argument by three numbers of the format."""
    erf_degree: int
    normal_degree: int
    normal_end: float
    """The normal distribution function of -x rounds to 0 for x beyond it."""


FLOAT32 = Format(
    "float", "f32", "i32", 4, 23, 127,
    exp_degree=6, halves=(1, 1), absolute_halves=(1, 0), tanh_degree=4, saturation=10.0, log_terms=5, softplus_degree=9,
    sine_degree=3, whole_turns=1e5, erf_degree=6, normal_degree=10, normal_end=14.5,
)  # fmt: skip
FLOAT64 = Format(
    "double", "f64", "i64", 8, 52, 1023,
    exp_degree=13, halves=(2, 2), absolute_halves=(2, 2), tanh_degree=10, saturation=20.0, log_terms=12,
    softplus_degree=21, sine_degree=8, whole_turns=1e9, erf_degree=11, normal_degree=23, normal_end=38.6,
)  # fmt: skip
FINER = replace(
    FLOAT64, exp_degree=6, log_terms=7, normal_degree=10, normal_end=FLOAT32.normal_end
)  # fmt: skip
"""float64 with as many terms as the last bit of a float32 wants."""
FORMATS = {"float32": FLOAT32, "float64": FLOAT64}


class Arithmetic:
    def __init__(self, code: Code, form: Format, lanes: int) -> None:
        self.code, self.form, self.lanes = code, form, lanes
        self.type = form.name if lanes == 1 else f"<{lanes} x {form.name}>"
        self.integer = form.integer if lanes == 1 else f"<{lanes} x {form.integer}>"
        self.overload = form.suffix if lanes == 1 else f"v{lanes}{form.suffix}"

    # Values

    def literal(self, x: float) -> str:
        if self.form is FLOAT32:
            with np.errstate(over="ignore"):
                x = float(np.float32(x))
        bits = f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"
        return bits if self.lanes == 1 else f"splat ({self.form.name} {bits})"

    def integer_literal(self, n: int) -> str:
        return str(n) if self.lanes == 1 else f"splat ({self.form.integer} {n})"

    def real(self, x: Value) -> str:
        """The operand as LLVM text."""
        if isinstance(x, Constant):
            return self.literal(x.value)
        if isinstance(x, Mask):
            bits = "i1" if self.lanes == 1 else f"<{self.lanes} x i1>"
            return self.code.let(f"uitofp {bits} {x.name} to {self.type}")
        return x

    def splat(self, scalar: str) -> str:
        """A number in every lane."""
        if self.lanes == 1:
            return scalar
        kind = self.type
        first = self.code.once(f"insertelement {kind} poison, {self.form.name} {scalar}, i64 0")
        return self.code.once(f"shufflevector {kind} {first}, {kind} poison, <{self.lanes} x i32> zeroinitializer")

    def folded(self, x: str, op: str) -> str:
        """The sum or maximum ("max") of all lanes, one half with the other until one number is left: the same order
        whatever the machine."""
        if self.lanes == 1:
            return x
        half = type(self)(self.code, self.form, self.lanes // 2)
        low, high = (self._lanes_from(x, start, half.lanes) for start in (0, half.lanes))
        return half.folded(half.real(half.maximum(low, high) if op == "max" else half.add(low, high)), op)

    def _lanes_from(self, x: str, start: int, count: int) -> str:
        if count == 1:
            return self.code.let(f"extractelement {self.type} {x}, i64 {start}")
        places = ", ".join(f"i32 {k}" for k in range(start, start + count))
        return self.code.let(f"shufflevector {self.type} {x}, {self.type} poison, <{count} x i32> <{places}>")

    def first_lanes(self, count: str) -> Mask:
        """The lanes whose number is below an i64 from 1 to 2^31 - 1."""
        code, kind = self.code, f"<{self.lanes} x i32>"
        word = code.let(f"trunc i64 {count} to i32")
        limit = code.let(f"insertelement {kind} poison, i32 {word}, i64 0")
        limits = code.let(f"shufflevector {kind} {limit}, {kind} poison, {kind} zeroinitializer")
        numbers = ", ".join(f"i32 {k}" for k in range(self.lanes))
        return Mask(code.let(f"icmp ult {kind} <{numbers}>, {limits}"))

    # Arithmetic

    def _two(self, op: str, x: Value, y: Value) -> str:
        left, right = self.real(x), self.real(y)
        return self.code.let(f"{op} {self.type} {left}, {right}")

    def add(self, x: Value, y: Value) -> Value:
        return self._two("fadd", x, y)

    def sub(self, x: Value, y: Value) -> Value:
        return self._two("fsub", x, y)

    def mul(self, x: Value, y: Value) -> Value:
        return self._two("fmul", x, y)

    def div(self, x: Value, y: Value) -> Value:
        return self._two("fdiv", x, y)

    def neg(self, x: Value) -> Value:
        return Constant(-x.value) if isinstance(x, Constant) else self.code.let(f"fneg {self.type} {self.real(x)}")

    def _intrinsic(self, name: str, *xs: Value) -> str:
        arguments = [(self.type, self.real(x)) for x in xs]
        return self.code.call(self.type, f"llvm.{name}.{self.overload}", *arguments)

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """x y + z, rounded once."""
        return self._intrinsic("fma", x, y, z)

    def abs(self, x: Value) -> Value:
        return self._intrinsic("fabs", x)

    def sqrt(self, x: Value) -> Value:
        return self._intrinsic("sqrt", x)

    # Comparisons

    def compare(self, predicate: str, x: Value, y: Value) -> Mask:
        left, right = self.real(x), self.real(y)
        return Mask(self.code.let(f"fcmp {predicate} {self.type} {left}, {right}"))

    def less(self, x: Value, y: Value) -> Value:
        return self.compare("olt", x, y)

    def equal(self, x: Value, y: Value) -> Value:
        return self.compare("oeq", x, y)

    def select(self, mask: Value, x: Value, y: Value) -> Value:
        if not isinstance(mask, Mask):
            mask = self.compare("une", mask, Constant(0.0))
        bits = "i1" if self.lanes == 1 else f"<{self.lanes} x i1>"
        left, right = self.real(x), self.real(y)
        return self.code.let(f"select {bits} {mask.name}, {self.type} {left}, {self.type} {right}")

    def at_least(self, low: float, x: Value) -> Value:
        """max(low, x), where nan stays nan: one instruction on x86."""
        bound = Constant(low)
        return self.select(self.compare("ogt", bound, x), bound, x)

    def at_most(self, high: float, x: Value) -> Value:
        bound = Constant(high)
        return self.select(self.compare("olt", bound, x), bound, x)

    def maximum(self, x: Value, y: Value) -> Value:
        return self._extreme("ogt", self.at_least, x, y)

    def minimum(self, x: Value, y: Value) -> Value:
        return self._extreme("olt", self.at_most, x, y)

    def _extreme(self, predicate: str, against: Callable[[float, Value], Value], x: Value, y: Value) -> Value:
        """As NumPy's: nan where either is nan."""
        for constant, other in ((x, y), (y, x)):
            if isinstance(constant, Constant) and not math.isnan(constant.value):
                return against(constant.value, other)
        chosen = self.select(self.compare(predicate, x, y), x, y)
        return self.select(self.compare("uno", x, x), x, chosen)

    # Pieces of the elementary functions

    def polynomial(self, coefficients: tuple[float, ...], x: Value) -> Value:
        """By Horner's rule; coefficients lowest first."""
        total: Value = Constant(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            one = total == Constant(1.0)
            total = self.add(x, Constant(coefficient)) if one else self.fma(total, x, Constant(coefficient))
        return total

    def bits(self, x: Value) -> str:
        """A number's bits as an integer."""
        return self.code.let(f"bitcast {self.type} {self.real(x)} to {self.integer}")

    def of_bits(self, bits: str) -> str:
        return self.code.let(f"bitcast {self.integer} {bits} to {self.type}")

    def integers(self, op: str, bits: str, n: int | str) -> str:
        """An operation on integers of the numbers' size, with a known one or another."""
        return self.code.let(f"{op} {self.integer} {bits}, {self.integer_literal(n) if isinstance(n, int) else n}")

    def widened(self, x: Value, wide: Arithmetic) -> Value:
        if self.form is FLOAT64 or isinstance(x, Constant):
            return x
        return self.code.let(f"fpext {self.type} {self.real(x)} to {wide.type}")

    def narrowed(self, x: Value, wide: Arithmetic) -> Value:
        if self.form is FLOAT64:
            return x
        return self.code.let(f"fptrunc {wide.type} {wide.real(x)} to {self.type}")
