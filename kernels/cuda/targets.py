"""What a kernel's text runs on: a device, Numba's simulator of one, NumPy. The text is the same, its names are not.

In: a `Source`. Out: a function, undecorated: compilation.py wraps it, vectors.py calls it as it is. The text is in
`linecache`, so that errors and debuggers show it.

device: exp, log and the rest are libdevice's, without its fast forms; the rest is instructions.py's.
simulator: NumPy's functions of one number each. numpy: every variable is a vector over all points of the grid: one
thread that is all threads, which says nothing of races, and takes a thousandth of the time.
"""

from __future__ import annotations

import hashlib
import linecache
import math
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from .layout import SIMULATED_THREADS, THREADS
from .source import ENTRY, Source

SHARED_ALIGNMENT = 16

Target = Literal["device", "simulator", "numpy"]
Names = dict[str, Any]


Capability = tuple[int, int]

NAN_CAPABILITY: Capability = (8, 0)
"""From it on a device has an instruction for the larger of two float32 that keeps nan."""


def function_of(source: Source, target: Target, capability: Capability = (7, 5)) -> Callable[..., Any]:
    """The kernel of a text on a target; capability: the device's, which decides on single instructions."""
    real = np.dtype(source.dtype).type
    names = dict(_names(source.dtype, target, capability >= NAN_CAPABILITY))
    names |= {name: real(x) for name, x in source.numbers}
    text = source.text
    if target == "device":
        # Neither of Numba's simulators knows alignment, without which each number is read by itself.
        text = text.replace(", real)  # shared", f", real, {SHARED_ALIGNMENT})")
    return _executed(text, ENTRY, names)


def _executed(text: str, entry: str, names: Names) -> Callable[..., Any]:
    file = f"<atlas-fast {entry} {hashlib.sha256(text.encode()).hexdigest()[:12]}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), names)
    found: Callable[..., Any] = names[entry]
    return found


@lru_cache(maxsize=12)
def _names(dtype: str, target: Target, keeps_nan: bool) -> Mapping[str, Any]:
    real = np.dtype(dtype).type
    names: Names = {"real": real, "zero": real(0), "one": real(1)}
    names |= _numpy_names() if target == "numpy" else _cuda_names(dtype, target, keeps_nan)
    return names


def _numpy_names() -> Names:
    return {"choose": np.where, "uint32": int, "int64": int, "THREADS": 1, **_numpy_functions()}


def _numpy_functions() -> Names:
    from scipy.special import erf, ndtr

    return {
        "divide": np.divide, "power": np.power, "size": np.abs, "exp": np.exp, "log": np.log, "log1p": np.log1p,
        "sqrt": np.sqrt, "tanh": np.tanh, "sin": np.sin, "cos": np.cos, "erf": erf, "normal_cdf": ndtr,
        "tanh_absolute": np.tanh, "sigmoid_absolute": lambda x: 1 / (1 + np.exp(-x)),
        "reread": lambda: None, "larger": np.maximum, "smaller": np.minimum,
    }  # fmt: skip


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    return x if condition else y


def _cuda_names(dtype: str, target: Target, keeps_nan: bool) -> Names:
    from numba import cuda

    names: Names = {"cuda": cuda, "THREADS": THREADS}
    if target == "simulator":
        names["THREADS"] = SIMULATED_THREADS
        return {**names, "uint32": np.uint32, "int64": np.int64, "choose": _chosen, **_numpy_functions()}
    import numba
    from numba.cuda import libdevice

    from . import instructions

    single = dtype == "float32"
    return names | {
        "uint32": numba.uint32, "int64": numba.int64, "choose": instructions.choose,
        "larger": instructions.larger_single if single and keeps_nan else instructions.larger,
        "smaller": instructions.smaller_single if single and keeps_nan else instructions.smaller,
        "reread": instructions.reread,
        "divide": instructions.divide if single else operator.truediv,
        "sigmoid_absolute": instructions.sigmoid_absolute, "tanh_absolute": instructions.tanh_absolute,
        "power": math.pow, "size": math.fabs, "exp": math.exp, "log": math.log, "log1p": math.log1p,
        "sqrt": math.sqrt, "tanh": math.tanh, "sin": math.sin, "cos": math.cos, "erf": math.erf,
        "normal_cdf": libdevice.normcdff if single else libdevice.normcdf,
    }  # fmt: skip
