"""Checks of the arguments that people pass, with messages that name the argument and the way out."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import kernels
from .errors import AtlasError, DataError, DeviceError, named_type

if TYPE_CHECKING:
    from .problem import Problem
    from .training import Run

Vector = NDArray[np.float64]


class ArgumentError(AtlasError, ValueError):
    """An argument that cannot be used; the message names it and says what would be taken."""


@contextmanager
def fitting_memory() -> Iterator[None]:
    """Raise DataError where the kernels say that the problem does not fit in memory, DeviceError where a GPU fails."""
    try:
        yield
    except kernels.DeviceFault as fault:
        raise DeviceError(str(fault)) from None
    except MemoryError as error:
        raise DataError(str(error) or "the problem does not fit in memory: use fewer samples") from None


def run(value: Any) -> Run:
    """value, if it is a run. Raises ArgumentError for anything else."""
    from .training import Run

    if not isinstance(value, Run):
        raise ArgumentError(f"run is {named_type(value)}, what problem.train(..) returned is wanted")
    return value


def problem(value: Any) -> Problem:
    """value, if it is a problem. Raises ArgumentError for anything else."""
    from .problem import Problem

    if not isinstance(value, Problem):
        raise ArgumentError(f"problem is {named_type(value)}, a Problem is wanted, as Problem(text, data) makes one")
    return value


def file(name: str, value: str | os.PathLike[str]) -> Path:
    """value as the path of a file. Raises ArgumentError for what is no text and no path."""
    try:
        return Path(value)
    except TypeError:
        raise ArgumentError(f"{name} is {named_type(value)}, the name of a file is wanted") from None


def real(name: str, value: Any, *, above: float | None = None, least: float | None = None) -> float:
    """value as a finite float, greater than `above` and at least `least`. Raises ArgumentError for any other, texts and
    booleans among them.
    """
    try:
        if isinstance(value, str | bytes | bool | np.bool_):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(f"{name} is {value!r}, a number is wanted") from None
    if not math.isfinite(number):
        raise ArgumentError(f"{name} is {number}, a finite number is wanted")
    if above is not None and number <= above:
        raise ArgumentError(f"{name} is {number:g}, it must be greater than {above:g}")
    if least is not None and number < least:
        raise ArgumentError(f"{name} is {number:g}, it must be {least:g} or more")
    return number


def fraction(name: str, value: Any) -> float:
    """value as a float that is at least 0 and less than 1. Raises ArgumentError for any other."""
    number = real(name, value, least=0)
    if number >= 1:
        raise ArgumentError(f"{name} is {number:g}, it must be less than 1")
    return number


def whole(name: str, value: Any, least: int) -> int:
    """value as an int that is at least `least`. Raises ArgumentError for any other, 3.0 and True among them."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise ArgumentError(f"{name} is {value!r}, a whole number is wanted")
    if number < least:
        raise ArgumentError(f"{name} is {number}, it must be {least} or more")
    return number


def choice(name: str, value: Any, options: tuple[Any, ...]) -> Any:
    """value, if it is one of the options. Raises ArgumentError for any other."""
    if not any(value is option or (isinstance(value, str) and value == option) for option in options):
        raise ArgumentError(f"{name} is {value!r}, it must be one of {', '.join(map(repr, options))}")
    return value


def is_name(text: Any) -> bool:
    """Whether text can name data or a weight: a letter, then letters, digits and _."""
    return isinstance(text, str) and text[:1].isalpha() and text.replace("_", "a").isalnum()


def precision(value: Any) -> str:
    """'float32' or 'float64', from those strings or NumPy's types. Raises ArgumentError for any other."""
    try:
        name = np.dtype(value).name
    except TypeError:
        name = repr(value)
    if name not in ("float32", "float64"):
        raise ArgumentError(f"dtype is {value!r}, it must be 'float32' or 'float64'")
    return name


def backend(value: Any, device: Literal["always", "asked"] = "asked") -> str:
    """The back end to compute with: 'cpu', 'cuda', or 'numpy', the slow oracle.

    device: whether 'auto' takes a GPU where there is one, or 'cuda' alone does. Raises DeviceError for 'cuda' where
    there is none, ArgumentError for what is no back end.
    """
    name = str(choice("backend", value, ("auto", "cpu", "cuda", "numpy")))
    if name == "auto":
        return "cuda" if device == "always" and kernels.device.is_found() else "cpu"
    if name == "cuda":
        reason = kernels.device.fault()
        if reason is not None:
            raise DeviceError(f"backend='cuda' finds no device: {reason}")
    return name


def numbers(name: str, value: ArrayLike, dtype: str = "float64") -> NDArray[Any]:
    """value as an array. Raises ArgumentError, which for a run or a dict says where its vector is."""
    try:
        return np.asarray(value, dtype=dtype)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(f"{name} is {_no_array(value)}") from None


def _no_array(value: Any) -> str:
    from .training import Run  # which imports this module

    if isinstance(value, Run):
        return "a run: give run.final, its last weights, or run.weights[step]"
    if isinstance(value, Mapping):
        return "a dict: problem.pack(..) makes a vector of it"
    return "no array of numbers"


def points(name: str, value: ArrayLike, size: int, dtype: str = "float64") -> NDArray[Any]:
    """value as (k, size), from (k, size) or (size,). Raises ArgumentError for another shape, or no numbers."""
    array = numbers(name, value, dtype)
    if array.ndim not in (1, 2) or array.shape[-1] != size:
        raise ArgumentError(
            f"{name} has the shape {array.shape}; this problem has {size} scalar weights, "
            f"so ({size},) or (k, {size}) is wanted: problem.pack makes one from a dict of arrays"
        )
    return array.reshape(-1, size)


def vector(name: str, value: ArrayLike, size: int | None = None) -> Vector:
    """value as a finite float64 (P,), P = size where that is given. A copy, read-only.

    Raises ArgumentError for another shape, for what is no number, and for nan and inf.
    """
    array: Vector = numbers(name, value).copy()
    if array.ndim != 1 or array.size == 0 or (size is not None and array.size != size):
        wanted = "a vector (P,)" if size is None else f"a vector of the {size} scalar weights, ({size},),"
        raise ArgumentError(f"{name} has the shape {array.shape}, {wanted} is wanted")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise ArgumentError(f"{name}[{bad[0]}] is {array[bad[0]]}, finite numbers are wanted")
    array.flags.writeable = False
    return array
