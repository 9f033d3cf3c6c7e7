"""Vectors of numbers in LLVM IR: arithmetic, comparisons and the elementary functions as inline polynomials.

A `Vector` emits operations on one type, <lanes x float> or <lanes x double> (a plain number for one lane). Every
operation rounds as IEEE 754 says and none is marked fast, so that a result has the same bits whatever the width.

exp and its kin: x = n ln 2 + r with |r| <= ln(2)/2, a polynomial for e^r, and 2^n put together from bits
(W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980). The polynomials interpolate at
Chebyshev points, computed here when they are first needed, so that no coefficient stands in the code.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

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
    """A floating-point format: LLVM's names, bytes, bits of the fraction, exponent bias, and how long the polynomials
    must be for it: degrees for e^x and tanh, for sigmoid, terms for log."""

    name: str
    suffix: str
    integer: str
    size: int
    fraction: int
    bias: int
    exp_degree: int
    sigmoid_degree: int
    log_terms: int
    saturation: float
    """tanh(x) rounds to 1 for x beyond it."""


FLOAT32 = Format("float", "f32", "i32", 4, 23, 127, exp_degree=6, sigmoid_degree=5, log_terms=5, saturation=10.0)
FLOAT64 = Format("double", "f64", "i64", 8, 52, 1023, exp_degree=13, sigmoid_degree=13, log_terms=12, saturation=20.0)
FORMATS = {"float32": FLOAT32, "float64": FLOAT64}

TAYLOR = 12
"""The degree from which on a polynomial is Taylor's."""


@cache
def _slope(base: float, degree: int) -> tuple[float, ...]:
    """Coefficients, lowest first, of (base^r - 1) / r where |r ln base| <= ln(2)/2.

    Up to degree TAYLOR the interpolant at Chebyshev points, off by at most 2 (h/2)^(d+1) / (d+2)! with
    h = ln(2)/2: 6e-7 r at degree 4. From there on Taylor's series, since fitting in float64 loses digits that such a
    degree is there to keep: off by at most h^(d+1) / (d+2)!, 3e-17 r at degree 12.
    """
    rate = math.log(base)
    series = [rate ** (k + 1) / math.factorial(k + 1) for k in range(TAYLOR + 3)]
    if degree >= TAYLOR:
        return tuple(series[: degree + 1])
    half = math.log(2.0) / 2 / rate
    fitted = Chebyshev.interpolate(Polynomial(series), degree, domain=[-half, half])
    return tuple(float(c) for c in fitted.convert(kind=Polynomial).coef)


def _power(base: float, degree: int) -> tuple[float, ...]:
    """Coefficients of base^r, exact at r = 0."""
    return 1.0, *_slope(base, degree - 1)


@cache
def _log2_parts(bits: int) -> tuple[float, float]:
    """ln 2 as a leading part of so many bits, small multiples of which are exact, and the rest."""
    exact = sum((Fraction(1, k * 2**k) for k in range(1, 120)), Fraction(0))  # ln 2 = sum of 1 / (k 2^k)
    high = Fraction(math.floor(exact * 2**bits), 2**bits)
    return float(high), float(exact - high)


class Vector:
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
        first = self.code.let(f"insertelement {kind} poison, {self.form.name} {scalar}, i64 0")
        return self.code.let(f"shufflevector {kind} {first}, {kind} poison, <{self.lanes} x i32> zeroinitializer")

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

    # Elementary functions

    def _polynomial(self, coefficients: tuple[float, ...], x: Value) -> Value:
        total: Value = Constant(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            total = self.fma(total, x, Constant(coefficient))
        return total

    def _split_exponent(self, x: Value, bias: int) -> tuple[Value, Value]:
        """x = n ln 2 + r: (2^(n + bias - the format's bias), r). Adding 1.5 * 2^fraction rounds to a whole number
        and leaves it in the low bits."""
        form, log2 = self.form, math.log(2.0)
        magic = math.ldexp(1.5, form.fraction) + bias
        high, low = _log2_parts(form.fraction - 8)
        shifted = self.fma(x, Constant(1 / log2), Constant(magic))
        n = self.sub(shifted, Constant(magic))
        r = self.fma(n, Constant(-high), x)
        r = self.fma(n, Constant(-low), r)
        return self._power_of_two(shifted), r

    def exp(self, x: Value) -> Value:
        """inf beyond the format's range; 0 below sqrt(2) times the smallest normal number. The polynomial is 2 e^r and
        the scale 2^(n - 1), so that n may be as large as the largest exponent plus one."""
        form = self.form
        log2 = math.log(2.0)
        x = self.at_least(-(form.bias - 1) * log2, self.at_most((form.bias + 1.4) * log2, x))
        scale, r = self._split_exponent(x, form.bias - 1)
        doubled = tuple(2 * c for c in _power(math.e, form.exp_degree))
        return self.mul(self._polynomial(doubled, r), scale)

    def tanh(self, x: Value) -> Value:
        """E / (E + 2) with E = e^2x - 1 = 2^n (e^r - 1) + (2^n - 1), which keeps every digit near 0."""
        form = self.form
        x = self.at_least(-form.saturation, self.at_most(form.saturation, x))
        scale, r = self._split_exponent(self.add(x, x), form.bias)
        inner = self.mul(r, self._polynomial(_slope(math.e, form.exp_degree), r))
        e = self.fma(scale, inner, self.sub(scale, Constant(1.0)))
        return self.div(e, self.add(e, Constant(2.0)))

    def sigmoid(self, x: Value) -> Value:
        """1 / (1 + e^-x), with e^-x reduced by one constant instead of two: its relative error is then that of x
        itself rounded, and one more rounding is saved by adding 1 in the same step as the scale."""
        form, log2 = self.form, math.log(2.0)
        # At the lower end 2^n becomes inf, and the quotient 0.
        x = self.at_least(-(form.bias + 1) * log2, self.at_most((form.bias - 2) * log2, x))
        magic = Constant(math.ldexp(1.5, form.fraction) + form.bias)
        shifted = self.fma(x, Constant(-1 / log2), magic)
        n = self.sub(shifted, magic)
        r = self.fma(x, Constant(-1 / log2), self.neg(n))
        e = self._polynomial(_power(2.0, form.sigmoid_degree), r)
        return self.div(Constant(1.0), self.fma(e, self._power_of_two(shifted), Constant(1.0)))

    def _power_of_two(self, shifted: Value) -> Value:
        """2^k from a number whose low bits hold k + bias."""
        form = self.form
        bits = self.code.let(f"bitcast {self.type} {self.real(shifted)} to {self.integer}")
        bits = self.code.let(f"shl {self.integer} {bits}, {self.integer_literal(form.fraction)}")
        return self.code.let(f"bitcast {self.integer} {bits} to {self.type}")

    def log(self, x: Value) -> Value:
        """x = 2^e m with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh(f), f = (m - 1)/(m + 1), as its series."""
        form, code, kind = self.form, self.code, self.integer
        lift = math.ldexp(1.0, form.fraction)
        tiny = self.compare("olt", x, Constant(math.ldexp(1.0, 1 - form.bias)))
        lifted = self.select(tiny, self.mul(x, Constant(lift)), x)
        root = struct.unpack("<i" if form is FLOAT32 else "<q", self._packed(math.sqrt(0.5)))[0]
        bits = code.let(f"bitcast {self.type} {self.real(lifted)} to {kind}")
        offset = code.let(f"sub {kind} {bits}, {self.integer_literal(root)}")
        exponent = code.let(f"ashr {kind} {offset}, {self.integer_literal(form.fraction)}")
        fraction = code.let(f"and {kind} {offset}, {self.integer_literal((1 << form.fraction) - 1)}")
        mantissa = code.let(f"add {kind} {fraction}, {self.integer_literal(root)}")
        m: Value = code.let(f"bitcast {kind} {mantissa} to {self.type}")
        e: Value = code.let(f"sitofp {kind} {exponent} to {self.type}")
        e = self.select(tiny, self.sub(e, Constant(float(form.fraction))), e)
        f = self.div(self.sub(m, Constant(1.0)), self.add(m, Constant(1.0)))
        square = self.mul(f, f)
        series = self._polynomial(tuple(2.0 / (2 * k + 3) for k in range(form.log_terms)), square)
        high, low = _log2_parts(form.fraction - 12)
        # 2 f is exact and the largest term: add it to the exponent's last.
        small = self.fma(self.mul(f, square), series, self.mul(e, Constant(low)))
        total = self.fma(e, Constant(high), self.fma(f, Constant(2.0), small))
        return self._log_ends(x, total)

    def pow(self, x: Value, y: Value) -> Value:
        """e^(y log |x|) in float64, so that float32 is right to its last bit or so and float64 to |y log x| ulp;
        negative for a negative x to an odd power, nan for one to a power that is not whole. As in C, x^0 = 1^y = 1.
        """
        wide = Vector(self.code, FLOAT64, self.lanes)
        base, power, magnitude = self._widened(x, wide), self._widened(y, wide), self.abs(x)
        size: Value = self._narrowed(wide.exp(wide.mul(power, wide.log(wide.abs(base)))), wide)
        size = self.select(self.compare("oeq", magnitude, Constant(1.0)), Constant(1.0), size)
        whole = self.compare("oeq", y, self._intrinsic("nearbyint", y))
        half = self.mul(y, Constant(0.5))
        odd = self.compare("une", half, self._intrinsic("nearbyint", half))
        root = self.select(self.compare("oeq", magnitude, Constant(math.inf)), size, Constant(math.nan))
        signed = self.select(whole, self.select(odd, self.neg(size), size), root)
        result = self.select(self.compare("olt", x, Constant(0.0)), signed, size)
        return self.select(self.compare("oeq", y, Constant(0.0)), Constant(1.0), result)

    def _widened(self, x: Value, wide: Vector) -> Value:
        if self.form is FLOAT64 or isinstance(x, Constant):
            return x
        return self.code.let(f"fpext {self.type} {self.real(x)} to {wide.type}")

    def _narrowed(self, x: Value, wide: Vector) -> Value:
        if self.form is FLOAT64:
            return x
        return self.code.let(f"fptrunc {wide.type} {wide.real(x)} to {self.type}")

    def _packed(self, x: float) -> bytes:
        return struct.pack("<f" if self.form is FLOAT32 else "<d", x)

    def _log_ends(self, x: Value, total: Value) -> Value:
        total = self.select(self.compare("ueq", x, Constant(math.inf)), x, total)
        total = self.select(self.compare("olt", x, Constant(0.0)), Constant(math.nan), total)
        return self.select(self.compare("oeq", x, Constant(0.0)), Constant(-math.inf), total)
