"""A compiled kernel on a device: loaded when it is first launched there, by a few calls of NVIDIA's driver.

In: what gives machine code for a compute capability. Out: kernel[blocks, threads, stream](arrays and numbers), as
Numba's kernels are launched, on the device that is current. Arrays are anything with __cuda_array_interface__, all else
is a uint32.

None of this has run on a GPU yet: the tests put a driver of their own in the place of NVIDIA's.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from . import DeviceFault
from .device import LIBRARY, error_name

Capability = tuple[int, int]
Place = tuple[int | tuple[int, int], int, Any]
"""Blocks, along one axis or two, threads of a block, and a stream of Numba's."""


class DeviceKernel:
    def __init__(self, code: Callable[[Capability], bytes], entry: str) -> None:
        self._code, self._entry = code, entry
        self._functions: dict[int, ctypes.c_void_p] = {}

    def __getitem__(self, place: Place) -> Callable[..., None]:
        return lambda *arguments: self._launch(place, arguments)

    def _launch(self, place: Place, arguments: tuple[Any, ...]) -> None:
        blocks, threads, stream = place
        across, down = blocks if isinstance(blocks, tuple) else (blocks, 1)
        function = self._function()
        values = [_packed(argument) for argument in arguments]
        addresses = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        queue = ctypes.c_void_p(int(stream.__cuda_stream__()[1]))
        sizes = [ctypes.c_uint(n) for n in (across, down, 1, threads, 1, 1, 0)]
        _check("cuLaunchKernel", _driver().cuLaunchKernel(function, *sizes, queue, addresses, None))

    def blocks_of_processor(self, threads: int) -> int:
        """How many of so many threads a processor of the current device keeps at a time, by the driver."""
        function, found = self._function(), ctypes.c_int()
        call = "cuOccupancyMaxActiveBlocksPerMultiprocessor"
        _check(call, getattr(_driver(), call)(ctypes.byref(found), function, threads, ctypes.c_size_t(0)))
        return max(1, found.value)

    def _function(self) -> ctypes.c_void_p:
        """The kernel on the current device. A module stays loaded as long as its context."""
        from numba import cuda

        device = cuda.get_current_device()
        if device.id not in self._functions:
            cuda.current_context()  # in which the driver loads
            code, module, function = self._code(tuple(device.compute_capability)), ctypes.c_void_p(), ctypes.c_void_p()
            driver = _driver()
            _check("cuModuleLoadData", driver.cuModuleLoadData(ctypes.byref(module), ctypes.c_char_p(code)))
            name = ctypes.c_char_p(self._entry.encode())
            _check("cuModuleGetFunction", driver.cuModuleGetFunction(ctypes.byref(function), module, name))
            self._functions[device.id] = function
        return self._functions[device.id]


def _packed(argument: Any) -> ctypes.c_void_p | ctypes.c_uint32:
    """As a kernel takes it."""
    described = getattr(argument, "__cuda_array_interface__", None)
    return ctypes.c_uint32(int(argument)) if described is None else ctypes.c_void_p(described["data"][0])


@lru_cache(maxsize=1)
def _driver() -> Any:
    return ctypes.CDLL(LIBRARY)


def _check(call: str, status: int) -> None:
    if status:
        raise DeviceFault(f"the GPU does not answer ({call} gives {error_name(_driver(), status)}): use backend='cpu'")
