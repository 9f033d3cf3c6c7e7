"""sin and cos of vectors: the argument less whole quarter turns, then a polynomial.

Up to the format's `whole_turns` the quarter turns are subtracted in three parts by multiply-adds that round once (Cody
and Waite). Beyond it a function out of line takes each such lane by itself, exactly: the bits of 2/pi that matter
for the number's exponent times its significand, as integers (M. Payne and R. Hanek, Radian Reduction for
Trigonometric Functions, 1983). It is the same for both formats, needs no library, and is entered only where a lane
is that large.
"""

from __future__ import annotations

import math

from . import coefficients
from .arithmetic import FLOAT32, FLOAT64, Arithmetic, Constant, Mask, Value
from .code import Code, Index

WINDOW = 256
"""Bits of 2/pi that the reduction of a large number reads. The first two count half and quarter turns; 53 are lost in
the product; a float64 comes as near as 2^-61 to a multiple of pi/2, and of what is left 64 bits are wanted: 180 do."""

EXPONENT_END = 2 * FLOAT64.bias
"""The exponent field of the largest float64."""

TABLE_BITS = EXPONENT_END - FLOAT64.bias - FLOAT64.fraction + WINDOW - 10
"""Bits after the point of 2/pi that the largest float64 reads: its last bit is worth 2^971, and a window begins within
a byte, so that its last eight bits are not used."""

TABLE_BYTES = (EXPONENT_END - FLOAT64.bias) // 8 + WINDOW // 8
"""Bytes of the table, so that also the smallest number, 1, reads within it."""


def sine(v: Arithmetic, x: Value) -> Value:
    return _circular(v, x, 0)


def cosine(v: Arithmetic, x: Value) -> Value:
    return _circular(v, x, 1)


def _circular(v: Arithmetic, x: Value, quarter: int) -> Value:
    """sin(x + quarter * pi/2)"""
    form, code, size = v.form, v.code, v.abs(x)
    magic = Constant(math.ldexp(1.5, form.fraction))
    shifted = v.fma(size, Constant(2 / math.pi), magic)
    turns, r = v.sub(shifted, magic), size
    for part in coefficients.quarter_turn_parts(form is FLOAT32):
        r = v.fma(turns, Constant(-part), r)
    near = v.real(_on_circle(v, r, v.bits(shifted), x, quarter))
    result = code.slot(v.type)
    code.store(v.type, near, result, form.size)
    code.when(_any(v, _is_far(v, size)), lambda: code.store(v.type, _far(v, x, near, quarter), result, form.size))
    return code.load(v.type, result, form.size)


def _on_circle(v: Arithmetic, r: Value, turns: str, x: Value, quarter: int) -> Value:
    """sin(x + quarter * pi/2) where |x| is r more than a whole number of quarter turns; its last two bits count."""
    degree, bits = v.form.sine_degree, 8 * v.form.size
    if quarter:
        turns = v.integers("add", turns, quarter)
    square = v.mul(r, r)
    sine = v.fma(v.mul(square, r), v.polynomial(coefficients.sine(degree - 1), square), r)
    cosine = v.fma(square, v.polynomial(coefficients.cosine(degree), square), Constant(1.0))
    odd = v.integers("and", turns, 1)
    zero = v.integer_literal(0)
    value = v.select(Mask(v.code.let(f"icmp ne {v.integer} {odd}, {zero}")), cosine, sine)
    sign = v.integers("shl", v.integers("and", turns, 2), bits - 2)
    if not quarter:
        # The sine is odd, and so keeps the sign of a zero.
        sign = v.integers("xor", sign, v.integers("and", v.bits(x), -(1 << (bits - 1))))
    return v.of_bits(v.integers("xor", v.bits(value), sign))


def _is_far(v: Arithmetic, size: Value) -> Mask:
    """Which lanes are beyond the first reduction. An infinite one is not: there it gives nan."""
    beyond, finite = v.compare("ogt", size, Constant(v.form.whole_turns)), v.compare("olt", size, Constant(math.inf))
    bits = "i1" if v.lanes == 1 else f"<{v.lanes} x i1>"
    return Mask(v.code.let(f"and {bits} {beyond.name}, {finite.name}"))


def _any(v: Arithmetic, mask: Mask) -> str:
    if v.lanes == 1:
        return mask.name
    return v.code.call("i1", f"llvm.vector.reduce.or.v{v.lanes}i1", (f"<{v.lanes} x i1>", mask.name))


def _far(v: Arithmetic, x: Value, near: str, quarter: int) -> str:
    """`near`, with the lanes that are far put right by a call."""
    name, kind = f"far{quarter}.{v.overload}", v.type
    v.code.define(kind, name, f"{kind} %x, {kind} %near", lambda code: _each_far_lane(code, v, quarter))
    return v.code.call(kind, name, (kind, v.real(x)), (kind, near))


def _each_far_lane(code: Code, v: Arithmetic, quarter: int) -> str:
    element, wide = Arithmetic(code, v.form, 1), Arithmetic(code, FLOAT64, 1)
    numbers, results, name = code.slot(v.type), code.slot(v.type), v.form.name
    code.store(v.type, "%x", numbers, v.form.size)
    code.store(v.type, "%near", results, v.form.size)

    def lane(k: Index) -> None:
        x = code.load(name, code.address(numbers, k, name), v.form.size)
        far = _is_far(element, element.abs(x))
        code.when(far.name, lambda: exact(k, x))

    def exact(k: Index, x: str) -> None:
        code.define("double", f"far{quarter}", "double %x", lambda inner: _far_from_zero(inner, quarter))
        value = code.call("double", f"far{quarter}", ("double", str(element.widened(x, wide))))
        code.store(name, element.real(element.narrowed(value, wide)), code.address(results, k, name), v.form.size)

    code.for_each(0, v.lanes, 1, lane)
    return code.load(v.type, results, v.form.size)


def _far_from_zero(code: Code, quarter: int) -> str:
    """sin(x + quarter * pi/2) of a float64 with 1 <= |x| < inf."""
    v, let = Arithmetic(code, FLOAT64, 1), code.let
    fraction, i = FLOAT64.fraction, f"i{WINDOW}"
    exponent = v.integers("and", v.integers("lshr", v.bits("%x"), fraction), 2 * FLOAT64.bias + 1)
    significand = v.integers("or", v.integers("and", v.bits("%x"), (1 << fraction) - 1), 1 << fraction)
    table = coefficients.two_over_pi(TABLE_BITS).to_bytes(TABLE_BYTES, "little")
    # The last bit to be read; from its byte on, with the byte's lower bits put off the end.
    start = let(f"sub i64 {EXPONENT_END}, {exponent}")
    place = code.address(code.data("two_over_pi", table), v.integers("lshr", start, 3), "i8")
    skipped = let(f"zext i64 {v.integers('and', start, 7)} to {i}")
    window = let(f"lshr {i} {code.load(i, place, 1)}, {skipped}")
    window = let(f"shl {i} {window}, 8")
    # Quarter turns modulo 4, as a number with two bits before the point.
    significand = let(f"zext i64 {significand} to {i}")
    turns = let(f"mul {i} {window}, {significand}")
    rounded = let(f"add {i} {turns}, {1 << (WINDOW - 3)}")
    rounded = let(f"lshr {i} {rounded}, {WINDOW - 2}")
    whole = let(f"trunc {i} {rounded} to i64")
    rest = let(f"shl {i} {turns}, 2")
    negative = let(f"icmp slt {i} {rest}, 0")
    opposite = let(f"sub {i} 0, {rest}")
    rest = let(f"select i1 {negative}, {i} {opposite}, {i} {rest}")
    # The first 64 bits from the first that is set, times pi/2, rounded once.
    zeros = code.call(i, f"llvm.ctlz.{i}", (i, rest), ("i1", "false"))
    rest = let(f"shl {i} {rest}, {zeros}")
    rest = let(f"lshr {i} {rest}, {WINDOW - 64}")
    leading = let(f"trunc {i} {rest} to i128")
    product = let(f"mul i128 {leading}, {coefficients.pi_bits(62)}")
    product = let(f"lshr i128 {product}, 64")
    product = let(f"trunc i128 {product} to i64")
    angle = let(f"uitofp i64 {product} to double")
    zeros = let(f"trunc {i} {zeros} to i64")
    scale = let(f"sub i64 {FLOAT64.bias - 63}, {zeros}")
    angle = v.real(v.mul(angle, v.of_bits(v.integers("shl", scale, fraction))))
    signed = let(f"select i1 {negative}, double {v.neg(angle)}, double {angle}")
    return v.real(_on_circle(v, signed, whole, "%x", quarter))
