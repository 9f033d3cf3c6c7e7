"""The elementary functions of vectors, as inline polynomials.

exp and its kin: x = n ln 2 + r with |r| <= ln(2)/2, a polynomial for e^r, and 2^n put together from bits
(W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980). sin and cos are in circle.py.
"""

from __future__ import annotations

import math
import struct

from . import circle, coefficients
from .arithmetic import FINER, FLOAT32, Arithmetic, Constant, Value

TAIL_CENTER = 4.0
"""c of the tail of the normal distribution: measured to want few terms in both formats, of 2.5 to 6."""

SIGMOID_SCALE = 1.33
"""What both halves of sigmoid's quotient are multiplied by: its roundings in float32 then add up to the least, where
those of 1 to 1.41 were measured."""

TANH_NEAR = 0.55
"""Up to it tanh is a polynomial; from there on the roundings of 1 - 2 / (1 + e^2x) stay below 2 ulp."""


class Vector(Arithmetic):
    def _split_exponent(self, x: Value, bias: int, sign: int = 1) -> tuple[Value, Value]:
        """sign x = n ln 2 + sign r: (2^(n + bias - the format's bias), r). Adding 1.5 * 2^fraction rounds to a whole
        number and leaves it in the low bits."""
        form, log2 = self.form, math.log(2.0)
        magic = math.ldexp(1.5, form.fraction) + bias
        high, low = coefficients.log2_parts(form.fraction - 8)
        shifted = self.fma(x, Constant(sign / log2), Constant(magic))
        n = self.sub(shifted, Constant(magic))
        r = self.fma(n, Constant(-sign * high), x)
        r = self.fma(n, Constant(-sign * low), r)
        return self._power_of_two(shifted), r

    def exp(self, x: Value) -> Value:
        """inf beyond the format's range; 0 below sqrt(2) times the smallest normal number. The polynomial is 2 e^r and
        the scale 2^(n - 1), so that n may be as large as the largest exponent plus one."""
        form = self.form
        log2 = math.log(2.0)
        x = self.at_least(-(form.bias - 1) * log2, self.at_most((form.bias + 1.4) * log2, x))
        scale, r = self._split_exponent(x, form.bias - 1)
        doubled = tuple(2 * c for c in coefficients.exponential(form.exp_degree))
        return self.mul(self.polynomial(doubled, r), scale)

    def sigmoid(self, x: Value) -> Value:
        """c / (c + c e^-x), c being SIGMOID_SCALE; 0 below 2^-127.5 (float64: 2^-1023.5), where 2^n becomes inf."""
        form, log2, scale = self.form, math.log(2.0), self._rounded(SIGMOID_SCALE)
        x = self.at_least(-(form.bias + 1.4) * log2, self.at_most((form.bias - 2) * log2, x))
        power, r = self._split_exponent(x, form.bias, sign=-1)
        # Of e^-r.
        series = tuple(scale * c * (-1) ** k for k, c in enumerate(coefficients.exponential(form.exp_degree)))
        e = self.polynomial(series, r)
        return self.div(Constant(scale), self.fma(e, power, Constant(scale)))

    def tanh(self, x: Value) -> Value:
        """1 - 2 / (1 + e^2x) for large |x|, x + x^3 p(x^2) for small, and the sign of x."""
        size, form = self.abs(x), self.form
        power, below, above = self._halves(self.at_most(form.saturation, size), 2.0, form.halves)
        far = self.sub(Constant(1.0), self.div(self.add(below, below), self.fma(above, power, below)))
        square = self.mul(size, size)
        series = self.polynomial(coefficients.tanh_near(form.tanh_degree, TANH_NEAR), square)
        near = self.fma(self.mul(size, square), series, size)
        value = self.select(self.compare("olt", size, Constant(TANH_NEAR)), near, far)
        return self._intrinsic("copysign", value, x)

    def sigmoid_absolute(self, x: Value) -> Value:
        """sigmoid for where only its absolute error counts, as where a matrix product consumes it: off by at most
        2^-22 in float32, 2^-51 in float64."""
        form, log2 = self.form, math.log(2.0)
        x = self.at_least(-(form.bias + 1) * log2, self.at_most((form.bias - 2) * log2, x))
        power, below, above = self._halves(x, -1.0, form.absolute_halves)
        return self.div(below, self.fma(above, power, below))

    def tanh_absolute(self, x: Value) -> Value:
        """tanh for where only its absolute error counts: off by at most 2^-21 in float32, 2^-51 in float64."""
        form = self.form
        x = self.at_least(-form.saturation, self.at_most(form.saturation, x))
        power, below, above = self._halves(x, 2.0, form.absolute_halves)
        return self.div(self.fma(above, power, self.neg(below)), self.fma(above, power, below))

    def _halves(self, x: Value, rate: float, degrees: tuple[int, int]) -> tuple[Value, Value, Value]:
        """(2^n, Q - r R, Q + r R), with e^(rate x) = 2^n 2^r and 2^r the quotient of the last two. What is lost when
        1/ln 2 is rounded is left: a relative error of x."""
        factor, magic = Constant(rate / math.log(2.0)), Constant(math.ldexp(1.5, self.form.fraction) + self.form.bias)
        shifted = self.fma(x, factor, magic)
        r = self.fma(x, factor, self.neg(self.sub(shifted, magic)))
        square = self.mul(r, r)
        even, odd = (self.polynomial(half, square) for half in coefficients.halves(*degrees))
        product = r if odd == Constant(1.0) else self.mul(r, odd)
        return self._power_of_two(shifted), self.sub(even, product), self.add(even, product)

    def softplus(self, x: Value) -> Value:
        """max(x, 0) + log(1 + t), t = e^-|x| (0 below 2^-126.5; float64: 2^-1022.5). The logarithm is t + t^2 q(t), to
        which what t lost when it was rounded is added."""
        form = self.form
        down = self.at_least(-form.bias * math.log(2.0), self.neg(self.abs(x)))
        scale, r = self._split_exponent(down, form.bias)
        series = self.polynomial(coefficients.exponential(form.exp_degree)[2:], r)
        grown = self.fma(self.mul(r, r), series, r)
        t = self.fma(scale, grown, scale)
        lost = self.fma(scale, grown, self.sub(scale, t))
        rest = self.polynomial(coefficients.logarithm_rest(form.softplus_degree), self.sub(t, Constant(0.5)))
        # The largest term comes last, so that the others' roundings are finer than the result's.
        small = self.add(self.fma(self.mul(t, t), rest, lost), self.maximum(x, Constant(0.0)))
        return self.add(t, small)

    def normal_cdf(self, x: Value) -> Value:
        """The normal distribution function: its tail, or 1 less that of the other side."""
        v = self._finer()
        x = v.real(self.widened(x, v))
        tail = v._normal_tail(v.abs(x))
        return self.narrowed(v.select(v.compare("olt", x, Constant(0.0)), tail, v.sub(Constant(1.0), tail)), v)

    def _finer(self) -> Vector:
        """What has digits to spare for a float32: an error of half an ulp, subnormal numbers too."""
        return Vector(self.code, FINER, self.lanes) if self.form is FLOAT32 else self

    def _power_of_two(self, shifted: Value) -> Value:
        """2^k from a number whose low bits hold k + bias."""
        return self.of_bits(self.integers("shl", self.bits(shifted), self.form.fraction))

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
        series = self.polynomial(tuple(2.0 / (2 * k + 3) for k in range(form.log_terms)), square)
        high, low = coefficients.log2_parts(form.fraction - 12)
        # 2 f is exact and the largest term: add it to the exponent's last.
        small = self.fma(self.mul(f, square), series, self.mul(e, Constant(low)))
        total = self.fma(e, Constant(high), self.fma(f, Constant(2.0), small))
        return self._log_ends(x, total)

    def pow(self, x: Value, y: Value) -> Value:
        """e^(y log |x|) in float64, so that float32 is right to half an ulp or so and float64 to |y log x| ulp;
        negative for a negative x to an odd power, nan for one to a power that is not whole. As in C, x^0 = 1^y = 1.
        """
        wide = self._finer()
        base, power, magnitude = self.widened(x, wide), self.widened(y, wide), self.abs(x)
        size: Value = self.narrowed(wide.exp(wide.mul(power, wide.log(wide.abs(base)))), wide)
        size = self.select(self.compare("oeq", magnitude, Constant(1.0)), Constant(1.0), size)
        whole = self.compare("oeq", y, self._intrinsic("nearbyint", y))
        half = self.mul(y, Constant(0.5))
        odd = self.compare("une", half, self._intrinsic("nearbyint", half))
        root = self.select(self.compare("oeq", magnitude, Constant(math.inf)), size, Constant(math.nan))
        signed = self.select(whole, self.select(odd, self.neg(size), size), root)
        result = self.select(self.compare("olt", x, Constant(0.0)), signed, size)
        return self.select(self.compare("oeq", y, Constant(0.0)), Constant(1.0), result)

    def _packed(self, x: float) -> bytes:
        return struct.pack("<f" if self.form is FLOAT32 else "<d", x)

    def _rounded(self, x: float) -> float:
        return float(struct.unpack("<f" if self.form is FLOAT32 else "<d", self._packed(x))[0])

    def _log_ends(self, x: Value, total: Value) -> Value:
        total = self.select(self.compare("ueq", x, Constant(math.inf)), x, total)
        total = self.select(self.compare("olt", x, Constant(0.0)), Constant(math.nan), total)
        return self.select(self.compare("oeq", x, Constant(0.0)), Constant(-math.inf), total)

    def sin(self, x: Value) -> Value:
        """Off by 1.5 ulp at most, as cos is, however large x is."""
        return circle.sine(self, x)

    def cos(self, x: Value) -> Value:
        return circle.cosine(self, x)

    def erf(self, x: Value) -> Value:
        """x + x p(x^2) up to 1, from there on 1 less both tails of a normal distribution, with the sign of x."""
        size = self.abs(x)
        tail = self._normal_tail(self.mul(size, Constant(math.sqrt(2.0))))
        far = self._intrinsic("copysign", self.fma(tail, Constant(-2.0), Constant(1.0)), x)
        near = self.fma(x, self.polynomial(coefficients.erf_near(self.form.erf_degree), self.mul(x, x)), x)
        return self.select(self.compare("olt", size, Constant(1.0)), near, far)

    def _normal_tail(self, t: Value) -> Value:
        """The normal distribution function of -t, t >= 0: e^(-t^2 / 2) p(s) / (t + c) with s = (t - c)/(t + c). What
        t^2 loses when it is rounded is put back as a factor. It is 0 where exp gives 0."""
        form, center, back = self.form, Constant(TAIL_CENTER), Constant(-TAIL_CENTER)
        t = self.at_most(form.normal_end, t)
        inverse = self.div(Constant(1.0), self.add(t, center))
        # Each of the two quotients is put right by what it leaves over.
        s = self.mul(self.sub(t, center), inverse)
        left = self.fma(self.neg(s), t, self.fma(self.add(s, Constant(1.0)), back, t))
        s = self.fma(left, inverse, s)
        series = self.polynomial(coefficients.normal_tail(form.normal_degree, TAIL_CENTER, form.normal_end), s)
        scaled = self.mul(series, inverse)
        left = self.fma(self.neg(scaled), t, self.fma(scaled, back, series))
        scaled = self.fma(left, inverse, scaled)
        square = self.mul(t, t)
        lost = self.fma(t, t, self.neg(square))
        half = Constant(-0.5)
        return self.mul(self.exp(self.mul(square, half)), self.fma(self.mul(lost, half), scaled, scaled))
