"""Whether a GPU can be used here, and if not, why: found out without importing Numba.

In: nothing. Out: a reason in a line, or None. The driver is asked directly, in well under a second.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from functools import lru_cache

INSTALL = "pip install 'atlas-fast[cuda]'"

LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


def is_simulated() -> bool:
    """Whether Numba's simulator, which tests use, stands in for a device."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def is_installed() -> bool:
    """Whether the packages of the extra `cuda` are here. A fraction of a millisecond where they are not."""
    return importlib.util.find_spec("numba_cuda") is not None


def is_found() -> bool:
    """Whether there is a GPU that this back end can use; the simulator is none."""
    return not is_simulated() and is_installed() and driver_fault() is None


def fault() -> str | None:
    """Why there is no device, and the way out; None where there is one, or the simulator."""
    if is_simulated():
        return (
            None if importlib.util.find_spec("numba") else "Numba's simulator is asked for, but Numba is not installed"
        )
    driver = driver_fault()
    if driver is not None:
        more = "" if is_installed() else f"; where there is a GPU with its driver, {INSTALL} brings the rest"
        return f"{driver}: use backend='cpu' or 'auto'{more}"
    return None if is_installed() else f"numba-cuda is not installed: {INSTALL}"


@lru_cache(maxsize=1)
def driver_fault() -> str | None:
    """What NVIDIA's driver answers."""
    try:
        driver = ctypes.CDLL(LIBRARY)
    except OSError:
        return f"there is no NVIDIA driver on this machine ({LIBRARY} cannot be loaded)"
    status = driver.cuInit(0)
    if status:
        return f"the NVIDIA driver does not start (cuInit gives {error_name(driver, status)})"
    count = ctypes.c_int()
    status = driver.cuDeviceGetCount(ctypes.byref(count))
    if status or count.value == 0:
        return "the NVIDIA driver finds no GPU"
    return None


def error_name(driver: ctypes.CDLL, status: int) -> str:
    """What the driver calls an error."""
    name = ctypes.c_char_p()
    driver.cuGetErrorName(status, ctypes.byref(name))
    return name.value.decode() if name.value else str(status)
