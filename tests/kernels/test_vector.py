"""The elementary functions of compiled code over the whole range of both formats, in units of the last place.

float32 is compared with NumPy and SciPy in float64, float64 with NumPy in the platform's extended precision.
benchmarks/accuracy.py does the same for every float32; the worst that it found are among the numbers here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import accuracy
import numpy as np
import pytest
from meanings import Array
from scipy.special import erf, expit

from atlas_fast import kernels
from atlas_fast.kernels import Builder
from atlas_fast.kernels.primitives import PRIMITIVES


@dataclass(frozen=True)
class Bound:
    """An elementary function, in a precision beyond float64, and the largest error in ulp that is allowed.

    flushed: results in float32 and float64 below so many times the smallest normal number may be 0. worst: the float32
    that benchmarks/accuracy.py found to be worst.
    """

    exact: Callable[[Array], Array]
    float32: float
    float64: float
    flushed: tuple[float, float] = (0.0, 0.0)
    worst: tuple[float, ...] = ()


def sigmoid(x: Array) -> Array:
    return expit(x) if x.dtype == np.float64 else 1 / (1 + np.exp(-x))


def extended_erfc(x: Array) -> Array:
    """erfc in extended precision: Taylor's series, beyond 1/2 the trapezoidal rule, which converges exponentially
    (C. Chiarella and A. Reichel, On the evaluation of integrals related to the error function, 1968)."""
    size, one = np.minimum(np.abs(x), 200), np.longdouble(1)
    pi = 4 * np.arctan(one)
    term = near = np.minimum(size, 0.5)
    for k in range(1, 25):
        term = -term * np.minimum(size, 0.5) ** 2 / k
        near = near + term / (2 * k + 1)
    step, far = one * 2 / 5, np.maximum(size, 0.5)
    total = 1 / far**2 + sum(2 * np.exp(-((k * step) ** 2)) / ((k * step) ** 2 + far**2) for k in range(1, 20))
    pole = np.where(far < pi / step, 2 / np.expm1(2 * pi * far / step), 0)
    far = step * far * np.exp(-(far**2)) / pi * total - pole
    size = np.where(size < 0.5, 1 - 2 * near / np.sqrt(pi), np.where(np.abs(x) < 200, far, 0))
    return np.where(np.isnan(x), x, np.where(x < 0, 2 - size, size))


def extended_erf(x: Array) -> Array:
    size, pi = np.minimum(np.abs(x), 0.5), 4 * np.arctan(np.longdouble(1))
    total = sum((-1) ** k * size ** (2 * k + 1) / (math.factorial(k) * (2 * k + 1)) for k in range(20))
    return np.where(np.abs(x) < 0.5, np.copysign(2 * total / np.sqrt(pi), x), 1 - extended_erfc(x))


def extended_normal_cdf(x: Array) -> Array:
    return extended_erfc(-x * np.sqrt(np.longdouble(0.5))) / 2


BOUNDS = {
    "exp": Bound(np.exp, 1.0, 1.0, flushed=(1.4143, 1.4143), worst=(-48.8659019,)),
    "log": Bound(np.log, 2.0, 2.0, worst=(1.00386178,)),
    "tanh": Bound(np.tanh, 2.0, 2.0, worst=(0.557971299,)),
    "sigmoid": Bound(sigmoid, 2.0, 2.0, flushed=(0.3536, 0.3536), worst=(-10.4007626,)),
    "softplus": Bound(lambda x: np.logaddexp(x, 0), 2.0, 2.0, flushed=(0.7072, 0.7072), worst=(0.00897894707,)),
    "sqrt": Bound(np.sqrt, 0.5, 0.5),
    "sin": Bound(np.sin, 1.5, 1.5),
    "cos": Bound(np.cos, 1.5, 1.5),
    "erf": Bound(lambda x: erf(x) if x.dtype == np.float64 else extended_erf(x), 1.5, 1.5, worst=(-1.02384007,)),
    "normal_cdf": Bound(
        lambda x: accuracy.normal_cdf(x) if x.dtype == np.float64 else extended_normal_cdf(x),
        0.65, 4.0, flushed=(0.0, 0.02), worst=(-10.0899601,),
    ),
}  # fmt: skip
"""tan, gelu and the rest are made of these."""

EPS32 = float(np.finfo(np.float32).eps)
EXTENDED = np.finfo(np.longdouble).eps < 1e-18


def numbers(dtype: str) -> Array:
    """Numbers of every exponent and both signs, the special ones, and a fine grid where the functions bend."""
    if dtype == "float32":
        patterns = np.arange(0, 2**32, 16381, dtype=np.uint64).astype(np.uint32).view(np.float32)
    else:
        drawn = np.random.default_rng(0).integers(0, 2**64, 60_000, dtype=np.uint64, endpoint=False)
        patterns = drawn.view(np.float64)
    limit = 104.0 if dtype == "float32" else 746.0
    fine = np.concatenate([np.linspace(-limit, limit, 60_001), np.linspace(-1, 1, 20_001), np.linspace(0.5, 2, 9_999)])
    turns = np.arange(-9_999, 10_000) * (np.pi / 2)
    fine = np.concatenate([fine, turns, 64 * turns, 1e5 + turns, 1e9 * turns, np.linspace(-28, 28, 20_001)])
    around = np.float32([x for bound in BOUNDS.values() for x in bound.worst])
    around = (around[:, None].view(np.uint32) + np.arange(-200, 201).astype(np.uint32)).view(np.float32).ravel()
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, np.finfo(dtype).tiny, np.finfo(dtype).max, 1.0]
    with np.errstate(all="ignore"):
        return np.concatenate([patterns, fine.astype(dtype), around.astype(dtype), np.array(special, dtype=dtype)])


def compiled(op: str, x: Array) -> Array:
    b = Builder()
    kernel = kernels.points(b.build(b.emit(op, b.weight("x", (1, 1)))), dtype=str(x.dtype))
    return kernel.bind({})({"x": x.reshape(-1, 1, 1)})[0].ravel()


def errors(op: str, x: Array, found: Array) -> Array:
    """The error of each result in ulp of the exact one, no smaller than that of the smallest normal number; a
    result that is wrongly inf or nan, or wrongly not, is off by inf."""
    wide = np.float64 if x.dtype == np.float32 else np.longdouble
    with np.errstate(all="ignore"):
        exact = BOUNDS[op].exact(x.astype(wide))
        rounded = exact.astype(x.dtype)
        unit = np.spacing(np.maximum(np.abs(rounded), np.finfo(x.dtype).tiny)).astype(wide)
        error = np.abs(found.astype(wide) - exact) / unit
        # The format's largest numbers: rounded is inf where exact is a finite number of the wider format.
        same = (np.isnan(found) & np.isnan(exact)) | (np.isinf(rounded) & (found == rounded))
        limit = BOUNDS[op].flushed[x.dtype == np.float64] * np.finfo(x.dtype).tiny
        flushed = (np.abs(exact) < limit) & (found == 0)
        ended = np.isfinite(rounded) != np.isfinite(found)
    return np.where(same | flushed, 0.0, np.where(ended, np.inf, error)).astype(float)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", BOUNDS)
def test_the_error_is_bounded_over_the_whole_range(op: str, dtype: str) -> None:
    if dtype == "float64" and not EXTENDED:
        pytest.skip("this platform has nothing more precise than float64 to compare with")
    x = numbers(dtype)
    found = compiled(op, x)
    assert found.dtype == dtype
    error, allowed = errors(op, x, found), getattr(BOUNDS[op], dtype)
    worst = int(np.argmax(error))
    assert error[worst] <= allowed, (
        f"{op}({x[worst]!r}) is {found[worst]!r}, off by {error[worst]:.3g} ulp, allowed {allowed:.3g}; "
        f"{np.count_nonzero(error > allowed)} of {x.size} are off by more than is allowed"
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_fixed_points_are_exact(dtype: str) -> None:
    zero = np.zeros(1, dtype=dtype)
    assert compiled("exp", zero) == 1
    assert compiled("log", zero + 1) == 0
    assert compiled("tanh", zero) == 0
    assert compiled("sigmoid", zero) == 0.5
    assert compiled("cos", zero) == 1
    assert compiled("normal_cdf", zero) == 0.5
    assert compiled("softplus", zero) == np.log(2.0).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", ["sin", "erf", "tanh"])
def test_odd_functions_are_odd_to_the_last_bit_and_keep_the_sign_of_zero(op: str, dtype: str) -> None:
    x = numbers(dtype)
    x = x[~np.isnan(x)]
    there, back = compiled(op, x), compiled(op, -x)
    np.testing.assert_array_equal(there, -back)
    np.testing.assert_array_equal(np.signbit(compiled(op, np.array([0.0, -0.0], dtype))), [False, True])


def half_pi() -> Fraction:
    """pi/2 to 400 digits, by the recipe of the decimal module's documentation."""
    with localcontext(Context(prec=420)):
        last, t, s, n, na, d, da = Decimal(0), Decimal(3), Decimal(3), 1, 0, 0, 24
        while s != last:
            last, n, na, d, da = s, n + na, na + 8, d + da, da + 32
            t = (t * n) / d
            s += t
    return Fraction(s) / 2


def nearest_to_quarter_turns(dtype: str) -> list[tuple[float, int, float]]:
    """Numbers beyond 1e4 that come nearest to multiples of pi/2, one an exponent, with the multiple and how far they
    are from it: the best approximations to the spacing over pi/2, which its continued fraction gives."""
    bits, top = (24, 127) if dtype == "float32" else (53, 1023)
    found, quarter = [], half_pi()
    for exponent in range(bits - 10, top):
        ratio = Fraction(2) ** (exponent - bits + 1) / quarter
        (p, q), (p_before, q_before), rest = (math.floor(ratio), 1), (1, 0), ratio
        while True:
            rest = 1 / (rest - math.floor(rest))
            whole = math.floor(rest)
            following = (whole * p + p_before, whole * q + q_before)
            if following[1] >= 2**bits:
                break
            (p, q), (p_before, q_before) = following, (p, q)
        number = q * Fraction(2) ** (exponent - bits + 1)
        if number > 10_000:
            found.append((float(number), p, float(number - p * quarter)))
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sin_and_cos_are_right_next_to_their_zeros_however_large_the_number(dtype: str) -> None:
    cases = nearest_to_quarter_turns(dtype)
    assert len(cases) > 80
    assert min(abs(distance) for _, _, distance in cases) < (1e-8 if dtype == "float32" else 1e-17)
    x = np.array([number for number, _, _ in cases], dtype)
    assert (x.astype(float) == [number for number, _, _ in cases]).all()
    for op, first in (("sin", 0), ("cos", 1)):
        turned = [(turns + first) % 4 for _, turns, _ in cases]
        values = [(math.cos if t % 2 else math.sin)(d) for t, (_, _, d) in zip(turned, cases, strict=True)]
        exact = np.array([-v if t > 1 else v for t, v in zip(turned, values, strict=True)])
        error = np.abs(compiled(op, x).astype(float) - exact) / np.spacing(np.abs(exact).astype(dtype))
        assert error.max() <= 2, (op, x[error.argmax()], error.max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", ["exp", "log", "tanh", "sigmoid", "erf", "softplus", "normal_cdf"])
def test_what_grows_never_falls_by_more_than_a_rounding(op: str, dtype: str) -> None:
    x = np.linspace(0.01 if op == "log" else -20, 20, 50_001).astype(dtype)
    steps = np.diff(compiled(op, x).astype(float))
    scale = np.abs(compiled(op, x).astype(float))[1:]
    assert (steps >= -2 * np.finfo(dtype).eps * scale).all()


ABSOLUTE = {
    "sigmoid_absolute": (sigmoid, {"float32": 2.0**-22, "float64": 2.0**-51}),
    "tanh_absolute": (np.tanh, {"float32": 2.0**-21, "float64": 2.0**-51}),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ABSOLUTE)
def test_what_a_product_consumes_is_bounded_in_absolute_terms(name: str, dtype: str) -> None:
    if dtype == "float64" and not EXTENDED:
        pytest.skip("this platform has nothing more precise than float64 to compare with")
    exact, allowed = ABSOLUTE[name]
    x = numbers(dtype)
    found, kept = accuracy.compiled(name, dtype)(x), ~np.isnan(x)
    assert np.isnan(found[~kept]).all() and not np.isnan(found[kept]).any()
    with np.errstate(all="ignore"):
        error = np.abs(found[kept] - exact(x[kept].astype(np.float64 if dtype == "float32" else np.longdouble)))
    assert error.max() <= allowed[dtype], (x[kept][error.argmax()], float(error.max()))


def test_the_table_says_what_has_a_form_for_products() -> None:
    class Recorder:
        def __getattr__(self, name: str) -> Callable[[str], tuple[str, str]]:
            return lambda x: (name, x)

    rows = {name: row for name, row in PRIMITIVES.items() if row.absolute is not None}
    assert {f"{name}_absolute" for name in rows} == set(ABSOLUTE)
    for name, row in rows.items():
        assert row.absolute is not None
        assert row.absolute(Recorder(), "%x") == (f"{name}_absolute", "%x")
        assert row.absolute_error == ABSOLUTE[f"{name}_absolute"][1]["float32"]


def test_the_sweep_over_all_numbers_sees_what_is_wrong() -> None:
    """The accounting of benchmarks/accuracy.py on results that are off by known amounts."""
    exact = np.array([1.0, 2.0, -3.0, np.nan, np.inf, 1e-39])
    x, right = np.arange(6, dtype=np.float32), exact.astype(np.float32)
    for place, wrong, ulps in ((1, 2 + 6 * EPS32, 3.0), (3, 1.0, np.inf), (4, np.nan, np.inf), (0, np.inf, np.inf)):
        found, worst = right.copy(), accuracy.Worst()
        found[place] = wrong
        with np.errstate(all="ignore"):
            worst.see(x, right, exact)
            assert worst.ulps <= 0.5
            worst.see(x, found, exact)
        assert (worst.ulps, worst.at) == (ulps, place)
    found, worst = right.copy(), accuracy.Worst()
    found[5] = 0
    with np.errstate(all="ignore"):
        worst.see(x, found, exact)
    assert worst.flushed == 1e-39 and worst.ulps <= 0.5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sigmoid_is_zero_and_not_a_small_number_where_it_underflows(dtype: str) -> None:
    """So that log(sigmoid(x)) is -inf, which is counted and said, and no wrong number."""
    x = np.array([-200.0 if dtype == "float32" else -1000.0, -np.inf], dtype=dtype)
    assert (compiled("sigmoid", x) == 0).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_error_of_a_power_is_bounded(dtype: str) -> None:
    """float32: the last bit. float64: twice |y log x| ulp and a few, since it is e^(y log x)."""
    if dtype == "float64" and not EXTENDED:
        pytest.skip("this platform has nothing more precise than float64 to compare with")
    random = np.random.default_rng(0)
    x = np.exp(random.normal(size=50_000) * 10).astype(dtype)
    y = (random.normal(size=x.size) * 3).astype(dtype)
    b = Builder()
    kernel = kernels.points(b.build(b.emit("pow", b.weight("x", (1, 1)), b.weight("y", (1, 1)))), dtype=dtype)
    found = kernel.bind({})({"x": x.reshape(-1, 1, 1), "y": y.reshape(-1, 1, 1)})[0].ravel()
    wide = np.float64 if dtype == "float32" else np.longdouble
    exact, tiny = np.power(x.astype(wide), y.astype(wide)), np.finfo(dtype).tiny
    with np.errstate(over="ignore"):
        overflowed = np.isinf(exact.astype(dtype))
    assert (np.isinf(found) == overflowed).all()
    kept = ~overflowed & (exact >= tiny)
    assert kept.sum() > 10_000
    error = np.abs(found[kept].astype(wide) - exact[kept]) / np.spacing(exact[kept].astype(dtype))
    allowed = 1.0 if dtype == "float32" else 4 + 2 * np.abs(y * np.log(x))[kept]
    assert (error <= allowed).all(), (error - allowed).max()
    assert (found[exact < 0.5 * tiny] <= tiny).all()
