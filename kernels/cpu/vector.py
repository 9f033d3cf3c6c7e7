"""The elementary functions of vectors, as inline polynomials.

exp and its kin: x = n ln 2 + r with |r| <= ln(2)/2, a polynomial for e^r, and 2^n put together from bits
(W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980). sin and cos are in circle.py.
"""

from __future__ import annotations

import math
import struct

from . import circle, coefficients
from .arithmetic import FLOAT32, FLOAT64, Arithmetic, Constant, Value

ERFC_CENTER = 3.0
"""c of the tail of erfc: measured to want the fewest terms of 2, 3 and 4."""


class Vector(Arithmetic):
    def _split_exponent(self, x: Value, bias: int) -> tuple[Value, Value]:
        """x = n ln 2 + r: (2^(n + bias - the format's bias), r). Adding 1.5 * 2^fraction rounds to a whole number
        and leaves it in the low bits."""
        form, log2 = self.form, math.log(2.0)
        magic = math.ldexp(1.5, form.fraction) + bias
        high, low = coefficients.log2_parts(form.fraction - 8)
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
        doubled = tuple(2 * c for c in coefficients.power(math.e, form.exp_degree))
        return self.mul(self.polynomial(doubled, r), scale)

    def tanh(self, x: Value) -> Value:
        """E / (E + 2) with E = e^2x - 1 = 2^n (e^r - 1) + (2^n - 1), which keeps every digit near 0."""
        form = self.form
        x = self.at_least(-form.saturation, self.at_most(form.saturation, x))
        scale, r = self._split_exponent(self.add(x, x), form.bias)
        inner = self.mul(r, self.polynomial(coefficients.slope(math.e, form.exp_degree), r))
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
        e = self.polynomial(coefficients.power(2.0, form.sigmoid_degree), r)
        return self.div(Constant(1.0), self.fma(e, self._power_of_two(shifted), Constant(1.0)))

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
        """e^(y log |x|) in float64, so that float32 is right to its last bit or so and float64 to |y log x| ulp;
        negative for a negative x to an odd power, nan for one to a power that is not whole. As in C, x^0 = 1^y = 1.
        """
        wide = Vector(self.code, FLOAT64, self.lanes)
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

    def _log_ends(self, x: Value, total: Value) -> Value:
        total = self.select(self.compare("ueq", x, Constant(math.inf)), x, total)
        total = self.select(self.compare("olt", x, Constant(0.0)), Constant(math.nan), total)
        return self.select(self.compare("oeq", x, Constant(0.0)), Constant(-math.inf), total)

    def sin(self, x: Value) -> Value:
        return circle.sine(self, x)

    def cos(self, x: Value) -> Value:
        return circle.cosine(self, x)

    def erf(self, x: Value) -> Value:
        """x + x p(x^2) up to 1/2, from there on 1 - erfc |x| with the sign of x."""
        size = self.abs(x)
        far = self._intrinsic("copysign", self.sub(Constant(1.0), self._erfc_tail(size)), x)
        return self.select(self.compare("olt", size, Constant(0.5)), self._erf_near(x), far)

    def erfc(self, x: Value) -> Value:
        """1 - erf x up to 1/2; from there on its tail, or 2 less that of -x. The tail is 0 with exp's e^(-x^2)."""
        size = self.abs(x)
        tail, one = self._erfc_tail(size), Constant(1.0)
        far = self.select(self.compare("olt", x, Constant(0.0)), self.sub(Constant(2.0), tail), tail)
        return self.select(self.compare("olt", size, Constant(0.5)), self.sub(one, self._erf_near(x)), far)

    def _erf_near(self, x: Value) -> Value:
        return self.fma(x, self.polynomial(coefficients.erf_near(self.form.erf_degree), self.mul(x, x)), x)

    def _erfc_tail(self, t: Value) -> Value:
        """erfc t = e^(-t^2) p(s) / (t + c) with s = (t - c)/(t + c), t >= 1/2. What t^2 loses when it is rounded is put
        back as a factor."""
        form, center, back = self.form, Constant(ERFC_CENTER), Constant(-ERFC_CENTER)
        t = self.at_most(form.erfc_end, t)
        inverse = self.div(Constant(1.0), self.add(t, center))
        # Each of the two quotients is put right by what it leaves over.
        s = self.mul(self.sub(t, center), inverse)
        left = self.fma(self.neg(s), t, self.fma(self.add(s, Constant(1.0)), back, t))
        s = self.fma(left, inverse, s)
        series = self.polynomial(coefficients.erfc_tail(form.erfc_degree, ERFC_CENTER, form.erfc_end), s)
        scaled = self.mul(series, inverse)
        left = self.fma(self.neg(scaled), t, self.fma(scaled, back, series))
        scaled = self.fma(left, inverse, scaled)
        square = self.mul(t, t)
        lost = self.fma(t, t, self.neg(square))
        return self.mul(self.exp(self.neg(square)), self.fma(self.neg(lost), scaled, scaled))
