"""The error of the elementary functions of machine code in float32, over all 2^32 numbers of that format.

Prints a Markdown table: the worst error in units in the last place, for what is meant for a matrix product the worst
absolute one, where it is, and below what size a result that is not 0 is flushed to 0. The oracle is NumPy's or SciPy's
function in float64. A function takes one to seven minutes on one core: `accuracy.py tanh exp` does those two,
`--stride 1001` every 1,001st number.
"""

import argparse
import ctypes
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import erf, erfcx, expit

from atlas_fast.kernels.cpu.arithmetic import FORMATS, Value
from atlas_fast.kernels.cpu.code import Code, Index
from atlas_fast.kernels.cpu.compiler import compile_module
from atlas_fast.kernels.cpu.machine import host
from atlas_fast.kernels.cpu.vector import Vector

Array = NDArray[Any]

EVERY = 2**32
CHUNK = 2**14
TINY = float(np.finfo(np.float32).tiny)
UNITS = np.array([2.0 ** (max(exponent, 1) - 127 - 23) for exponent in range(256)])
"""What the last place of a float32 is worth, by its exponent's bits."""


def normal_cdf(x: Array) -> Array:
    """Not by erfc, which is off by x^2/2 ulp since x/sqrt(2) is rounded first."""
    size = np.abs(x)
    if size.min(initial=np.inf) > 40:
        return np.where(x < 0, 0.0, 1.0)
    if size.max(initial=0.0) < 2.0**-30:
        # The next term is x^3.
        return 0.5 + x / math.sqrt(2 * math.pi)
    tail = np.exp(-x * x / 2) * erfcx(size * math.sqrt(0.5)) / 2
    return np.where(x < 0, tail, 1 - tail)


EXACT: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "log": np.log,
    "sigmoid": expit,
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(x, 0.0),
    "erf": erf,
    "normal_cdf": normal_cdf,
    "gelu": lambda x: x * normal_cdf(x),
    "sin": np.sin,
    "cos": np.cos,
    "sigmoid_absolute": expit,
    "tanh_absolute": np.tanh,
}
"""The function that each name approximates."""

ABSOLUTE = ("sigmoid_absolute", "tanh_absolute")


def lowered(v: Vector, name: str, x: Value) -> Value:
    """A vector of the function's values."""
    return v.mul(x, v.normal_cdf(x)) if name == "gelu" else getattr(v, name)(x)


@cache
def compiled(name: str, dtype: str = "float32") -> Callable[[Array], Array]:
    """The function in machine code, of each entry of an array."""
    form, machine, code = FORMATS[dtype], host(), Code()
    vector = Vector(code, form, machine.lanes(dtype))

    def one(k: Index) -> None:
        x = code.load(vector.type, code.address("%x", k, vector.type), form.size)
        code.store(vector.type, vector.real(lowered(vector, name, x)), code.address("%y", k, vector.type), form.size)

    code.for_each(0, "%count", 1, one)
    text = code.function("tile", "ptr noalias %x, ptr noalias %y, i64 %count")
    kernel = compile_module(lambda: text, text, machine)
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(kernel.address)

    def function(x: Array, engine: object = kernel.engine) -> Array:
        count = -(-x.size // vector.lanes)
        whole = np.zeros(count * vector.lanes, dtype)
        whole[: x.size] = x
        result = np.empty_like(whole)
        call(whole.ctypes.data, result.ctypes.data, count)
        return result[: x.size]

    return function


@dataclass
class Worst:
    """The largest error so far, and where; the largest number that became 0."""

    ulps: float = 0.0
    at: float = math.nan
    absolute: float = 0.0
    absolute_at: float = math.nan
    flushed: float = 0.0

    def see(self, x: Array, found: Array, exact: Array) -> None:
        ulps, at, absolute, absolute_at, flushed = worst_of(found, exact, exact.astype(np.float32))
        self.flushed = max(self.flushed, flushed)
        if ulps > self.ulps:
            self.ulps, self.at = ulps, float(x[at])
        if absolute > self.absolute:
            self.absolute, self.absolute_at = absolute, float(x[absolute_at])


@njit(cache=True)
def worst_of(found: Array, exact: Array, rounded: Array) -> tuple[float, int, float, int, float]:
    """The largest error in ulp, its place, the largest absolute error, its place, the largest number that became 0.

    What is inf or nan and should not be is off by inf, and so is what should be and is not."""
    ulps = absolute = flushed = 0.0
    at = absolute_at = 0
    bits = rounded.view(np.uint32)
    for k in range(len(exact)):
        error, size = abs(found[k] - exact[k]), abs(exact[k])
        places = error / UNITS[(bits[k] >> 23) & 255]
        if not (np.isfinite(found[k]) and np.isfinite(rounded[k])):
            same = found[k] == rounded[k] or (np.isnan(found[k]) and np.isnan(rounded[k]))
            error = places = 0.0 if same else np.inf
        if found[k] == 0 and size > 0:
            flushed = max(flushed, size)
            if size < 2 * TINY:
                places = 0.0
        if places > ulps:
            ulps, at = places, k
        if error > absolute:
            absolute, absolute_at = error, k
    return ulps, at, absolute, absolute_at, flushed


def measured(names: list[str], stride: int) -> list[Worst]:
    """The worst of all float32 whose bits are a multiple of the stride, for functions with the same exact one."""
    worst, exact = [Worst() for _ in names], EXACT[names[0]]
    for first in range(0, EVERY, CHUNK * stride):
        bits = np.arange(first, min(first + CHUNK * stride, EVERY), stride, dtype=np.uint64).astype(np.uint32)
        x = bits.view(np.float32)
        values = exact(x.astype(np.float64))
        for name, seen in zip(names, worst, strict=True):
            seen.see(x, compiled(name)(x), values)
    return worst


def row(name: str, worst: Worst) -> str:
    flushed = f"{worst.flushed:.3g}" if worst.flushed else ""
    if name in ABSOLUTE:
        share = worst.absolute * 2.0**24
        return f"| {name} | | | {share:.2f} 2^-24 | {worst.absolute_at:.9g} | {flushed} |"
    return f"| {name} | {worst.ulps:.3f} | {worst.at:.9g} | | | {flushed} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("functions", nargs="*", metavar="function", help=f"of {', '.join(EXACT)}; all if none is given")
    parser.add_argument("--stride", type=int, default=1)
    options = parser.parse_args()
    for name in options.functions:
        if name not in EXACT:
            parser.error(f"there is no function {name}: {', '.join(EXACT)}")
    print("| function | worst ulp | at x | worst absolute | at x | 0 below |")
    print("|---|---|---|---|---|---|")
    with np.errstate(all="ignore"):
        for names in grouped(options.functions or list(EXACT)):
            for name, worst in zip(names, measured(names, options.stride), strict=True):
                print(row(name, worst), flush=True)


def grouped(names: list[str]) -> list[list[str]]:
    """Those that approximate the same function together, so that it is computed once."""
    return [[name for name in names if EXACT[name] is exact] for exact in dict.fromkeys(EXACT[name] for name in names)]


if __name__ == "__main__":
    main()
