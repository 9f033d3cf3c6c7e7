"""What a kernel's text is as Python: in Numba's simulator of a device, and by NumPy.

The text is the same as a device's, which translation.py takes; what its names mean is not.
In: a `Source`. Out: a function, undecorated: compilation.py wraps it, vectors.py calls it as it is. The text is in
`linecache`, so that errors and debuggers show it.

simulator: NumPy's functions of one number each. numpy: every variable is a vector over all points of the grid: one
thread that is all threads, which says nothing of races, and takes a thousandth of the time.
"""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from .source import ENTRY, Source

Target = Literal["simulator", "numpy"]
Names = dict[str, Any]


def function_of(source: Source, target: Target) -> Callable[..., Any]:
    """The kernel of a text on a target."""
    real = np.dtype(source.dtype).type
    names = dict(_names(source.dtype, target)) | {name: real(x) for name, x in source.names.items()}
    return _executed(source.text, ENTRY, names)


def _executed(text: str, entry: str, names: Names) -> Callable[..., Any]:
    file = f"<atlas-fast {entry} {hashlib.sha256(text.encode()).hexdigest()[:12]}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), names)
    found: Callable[..., Any] = names[entry]
    return found


@lru_cache(maxsize=4)
def _names(dtype: str, target: Target) -> Mapping[str, Any]:
    own = _numpy_names() if target == "numpy" else _simulator_names()
    return {"real": np.dtype(dtype).type, "line": np.ndarray, "counts": np.ndarray, **_functions(), **own}


def _numpy_names() -> Names:
    return {"choose": np.where, "uint32": int, "int64": int}


def _simulator_names() -> Names:
    from numba import cuda

    return {"cuda": cuda, "choose": _chosen, "uint32": np.uint32, "int64": np.int64}


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    return x if condition else y


def _functions() -> Names:
    from scipy.special import erf, ndtr

    return {
        "divide": np.divide, "power": np.power, "size": np.abs, "exp": np.exp, "log": np.log, "log1p": np.log1p,
        "sqrt": np.sqrt, "tanh": np.tanh, "sin": np.sin, "cos": np.cos, "erf": erf, "normal_cdf": ndtr,
        "tanh_absolute": np.tanh, "sigmoid_absolute": lambda x: 1 / (1 + np.exp(-x)),
        "reread": lambda: None, "unroll": lambda times: None, "larger": np.maximum, "smaller": np.minimum,
    }  # fmt: skip
