"""Numbers that the elementary functions are made of, to the last bit: coefficients of polynomials, parts of constants.

Polynomials interpolate at Chebyshev points. Values, interpolation and constants are computed with decimals or
fractions of so many digits that only the last rounding, to float64, is left; each is computed when it is first needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import cache

import numpy as np

DIGITS = 60
"""Digits of the decimals; interpolation at 22 points loses some ten of them."""

Coefficients = tuple[float, ...]
"""Of a polynomial, lowest first."""


def fitted(function: Callable[[Decimal], Decimal], degree: int, low: float, high: float) -> Coefficients:
    """The polynomial that equals the function at the Chebyshev points of an interval."""
    with localcontext(Context(prec=DIGITS)):
        middle, half = (Decimal(high) + Decimal(low)) / 2, (Decimal(high) - Decimal(low)) / 2
        points = [middle + half * Decimal(math.cos(math.pi * (k + 0.5) / (degree + 1))) for k in range(degree + 1)]
        # Newton's divided differences, then multiplied out.
        differences = [function(point) for point in points]
        for order in range(1, degree + 1):
            for k in range(degree, order - 1, -1):
                differences[k] = (differences[k] - differences[k - 1]) / (points[k] - points[k - order])
        total = [differences[degree]]
        for k in range(degree - 1, -1, -1):
            shifted = [Decimal(0), *total]
            total = [shifted[i] - (points[k] * total[i] if i < len(total) else 0) for i in range(len(shifted))]
            total[0] += differences[k]
        return tuple(float(c) for c in total)


# Powers and logarithms


@cache
def exponential(degree: int) -> Coefficients:
    """e^r, exact at r = 0, where |r| <= ln(2)/2."""
    half = math.log(2.0) / 2
    return 1.0, *fitted(lambda r: (r.exp() - 1) / r if r else Decimal(1), degree - 1, -half, half)


@cache
def halves(even: int, odd: int) -> tuple[Coefficients, Coefficients]:
    """(Q, R), polynomials in r^2 of those degrees, R with the leading coefficient 1, such that 2^r is
    (Q + r R) / (Q - r R) where |r| <= 1/2.

    Equal to tanh(r ln(2) / 2) = r R / Q at the Chebyshev points of an odd error, which are linear equations.
    """
    with localcontext(Context(prec=DIGITS)):
        count, equations = even + odd + 1, []
        for k in range(count):
            r = Decimal(math.cos(math.pi * (k + 0.5) / (2 * count + 1))) / 2
            power, square = Decimal(2) ** r, r * r
            half = (power - 1) / (power + 1)
            row = [half * square**i for i in range(even + 1)] + [-r * square**i for i in range(odd)]
            equations.append([*row, r * square**odd])
        solved = [float(c) for c in _solved(equations)]
        return tuple(solved[: even + 1]), (*solved[even + 1 :], 1.0)


def _solved(rows: list[list[Decimal]]) -> list[Decimal]:
    """Of linear equations, each with its right-hand side last, by elimination; their pivots are not 0."""
    for k in range(len(rows)):
        pivot = [entry / rows[k][k] for entry in rows[k]]
        rows = [
            pivot if i == k else [x - row[k] * y for x, y in zip(row, pivot, strict=True)] for i, row in enumerate(rows)
        ]
    return [row[-1] for row in rows]


@cache
def tanh_near(degree: int, end: float) -> Coefficients:
    """(tanh x - x) / x^3 in x^2, where |x| <= end."""

    def rest(square: Decimal) -> Decimal:
        x = square.sqrt()
        power = (2 * x).exp()
        return ((power - 1) / (power + 1) / x - 1) / square

    return fitted(rest, degree, 0.0, end * end)


@cache
def logarithm_rest(degree: int) -> Coefficients:
    """(log(1 + t) - t) / t^2 in t - 1/2, where 0 <= t <= 1. In t itself its terms would alternate and be as large as
    their sum."""

    def rest(beyond_half: Decimal) -> Decimal:
        t = beyond_half + Decimal("0.5")
        return ((1 + t).ln() - t) / (t * t)

    return fitted(rest, degree, -0.5, 0.5)


@cache
def log2_parts(bits: int) -> tuple[float, float]:
    """ln 2 as a leading part of so many bits, small multiples of which are exact, and the rest."""
    exact = sum((Fraction(1, k * 2**k) for k in range(1, 120)), Fraction(0))  # ln 2 = sum of 1 / (k 2^k)
    high = Fraction(math.floor(exact * 2**bits), 2**bits)
    return float(high), float(exact - high)


# The circle


@cache
def pi_bits(bits: int) -> int:
    """floor(pi 2^bits), by Machin's pi = 16 arctan(1/5) - 4 arctan(1/239)."""
    one = 1 << (bits + 32)

    def arctangent_of_inverse(n: int) -> int:
        total, power, k = 0, one // n, 0
        while power:
            total += (-1) ** k * (power // (2 * k + 1))
            power //= n * n
            k += 1
        return total

    return (16 * arctangent_of_inverse(5) - 4 * arctangent_of_inverse(239)) >> 32


def two_over_pi(bits: int) -> int:
    """floor(2^bits 2/pi)"""
    more = bits + 64
    return (2 << (bits + more)) // pi_bits(more)


@cache
def quarter_turn_parts(single: bool) -> Coefficients:
    """pi/2 as a sum of three numbers of a format, float32 where `single`."""
    left, parts = Fraction(pi_bits(300), 2**301), []
    for _ in range(3):
        parts.append(float(np.float32(float(left))) if single else float(left))
        left -= Fraction(parts[-1])
    return tuple(parts)


def _alternating(first: int) -> Callable[[Decimal], Decimal]:
    """1/first! - z/(first + 2)! + z^2/(first + 4)! - .."""

    def series(z: Decimal) -> Decimal:
        return sum(((-z) ** k / math.factorial(first + 2 * k) for k in range(25)), Decimal(0))

    return series


@cache
def sine(degree: int) -> Coefficients:
    """(sin r - r) / r^3 in r^2, where |r| <= pi/4 and a little more."""
    return tuple(-c for c in fitted(_alternating(3), degree, 0.0, 0.617))


@cache
def cosine(degree: int) -> Coefficients:
    """(cos r - 1) / r^2 in r^2, where |r| <= pi/4 and a little more; -1/2 at 0."""
    return -0.5, *fitted(_alternating(4), degree - 1, 0.0, 0.617)


# The error function


def _root_of_pi() -> Decimal:
    return (Decimal(pi_bits(240)) / 2**240).sqrt()


def _erf_over_x(square: Decimal) -> Decimal:
    """erf(x) / x by its Taylor series in x^2."""
    total, term, k = Decimal(1), Decimal(1), 0
    while abs(term) > Decimal(10) ** -DIGITS:
        k += 1
        term *= -square / k
        total += term / (2 * k + 1)
    return 2 * total / _root_of_pi()


@cache
def erf_near(degree: int) -> Coefficients:
    """erf(x) / x - 1 in x^2, where |x| <= 1."""
    return fitted(lambda square: _erf_over_x(square) - 1, degree, 0.0, 1.0)


def _scaled_tail(t: Decimal) -> Decimal:
    """e^(t^2 / 2) times the normal distribution function of -t: by the series, for larger t by Laplace's continued
    fraction (DLMF 7.9.1)."""
    if t < 4:
        return (t * t / 2).exp() * (1 - t / Decimal(2).sqrt() * _erf_over_x(t * t / 2)) / 2
    fraction = t
    for k in range(160, 0, -1):
        fraction = t + k / fraction
    return 1 / (Decimal(2).sqrt() * _root_of_pi() * fraction)


@cache
def normal_tail(degree: int, center: float, farthest: float) -> Coefficients:
    """(t + c) e^(t^2 / 2) times the normal distribution function of -t in s = (t - c)/(t + c), for t from 0 to
    `farthest`; c is the center."""

    def tail(s: Decimal) -> Decimal:
        t = Decimal(center) * (1 + s) / (1 - s)
        return (t + Decimal(center)) * _scaled_tail(t)

    return fitted(tail, degree, -1.0, (farthest - center) / (farthest + center))
