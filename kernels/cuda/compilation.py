"""From a kernel's text to PTX and machine code, which needs no device, and to a kernel that can be launched.

In: a `Source`. Out: PTX, or a cubin, for a compute capability (by translation.py, NVVM and nvJitLink, which come with
the extra `cuda`); or what is launched as kernel[blocks, threads, stream](..), Numba's simulated kernel where
NUMBA_ENABLE_CUDASIM is set. A cubin is kept on disk, in the folder and by the rules of the CPU's object files, and one
that is found there is not compiled at all.

Fast-math is off: it would drop the compensation of sums, and the tests for nan. Multiplications and additions are still
contracted to fused ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib import metadata
from typing import Any

from ..cpu import objects
from ..cpu.compiler import generator
from . import DeviceFault
from .device import INSTALL, is_simulated
from .dialects import Nvvm
from .layout import THREADS
from .source import ENTRY, Source
from .targets import function_of
from .translation import module_of

Capability = tuple[int, int]

COMPILERS = ("nvidia-nvvm", "nvidia-nvjitlink")


def ir_of(source: Source, capability: Capability) -> str:
    from cuda.bindings import nvvm

    dialect = Nvvm(source.dtype, THREADS, capability, tuple(nvvm.ir_version()))
    return module_of(source.text, dialect, source.names)


def ptx_of(source: Source, capability: Capability) -> str:
    from cuda.bindings import nvvm

    options = [f"-arch=compute_{capability[0]}{capability[1]}", "-opt=3"]
    with _loaded():
        code, library, program = ir_of(source, capability).encode(), _libdevice(), nvvm.create_program()
    try:
        nvvm.add_module_to_program(program, code, len(code), ENTRY)
        nvvm.verify_program(program, len(options), options)
        # Behind the verification, whose rules NVIDIA's own library does not keep.
        nvvm.lazy_add_module_to_program(program, library, len(library), "libdevice")
        nvvm.compile_program(program, len(options), options)
        made = bytearray(nvvm.get_compiled_result_size(program))
        nvvm.get_compiled_result(program, made)
    except nvvm.nvvmError as error:
        raise _refused("NVVM", error, _log(nvvm.get_program_log_size, nvvm.get_program_log, program)) from error
    finally:
        nvvm.destroy_program(program)
    return made.rstrip(b"\0").decode()


def cubin_of(source: Source, capability: Capability) -> bytes:
    """Machine code, from the disk where it is there whole."""
    folder, path = objects.usable(), None
    if folder is not None:
        parts = ("cubin", source.text, source.dtype, repr(source.numbers), repr(capability), *_versions(), generator())
        path = folder / objects.name(parts)
        found = objects.read(path)
        if found is not None:
            return found
    code = _linked(ptx_of(source, capability), capability)
    if path is not None:
        objects.write(path, code)
    return code


def launchable(source: Source) -> Any:
    """kernel[blocks, threads, stream](..), compiled for a device when it is first launched there."""
    if is_simulated():
        from numba import cuda

        return cuda.jit(function_of(source, "simulator"))
    from .launching import DeviceKernel

    return DeviceKernel(lambda capability: cubin_of(source, capability), ENTRY)


def _linked(ptx: str, capability: Capability) -> bytes:
    from cuda.bindings import nvjitlink

    options = [f"-arch=sm_{capability[0]}{capability[1]}"]
    with _loaded():
        code, linker = ptx.encode() + b"\0", nvjitlink.create(len(options), options)
    try:
        nvjitlink.add_data(linker, nvjitlink.InputType.PTX, code, len(code), ENTRY)
        nvjitlink.complete(linker)
        made = bytearray(nvjitlink.get_linked_cubin_size(linker))
        nvjitlink.get_linked_cubin(linker, made)
    except nvjitlink.nvJitLinkError as error:
        log = _log(nvjitlink.get_error_log_size, nvjitlink.get_error_log, linker)
        raise _refused("nvJitLink", error, log) from error
    finally:
        nvjitlink.destroy(linker)
    return bytes(made)


@contextmanager
def _loaded() -> Iterator[None]:
    """Raise DeviceFault, in a line, where NVIDIA's compilers are not found."""
    from cuda.pathfinder import BitcodeLibNotFoundError, DynamicLibNotFoundError

    try:
        yield
    except (BitcodeLibNotFoundError, DynamicLibNotFoundError) as error:
        told = str(error).strip().split("\n")[0]
        raise DeviceFault(f"the GPU's compiler is not found ({told}): {INSTALL} brings it") from error


def _log(size: Callable[[int], int], read: Callable[[int, bytearray], object], of: int) -> str:
    """The first line of what a compiler says."""
    told = bytearray(size(of))
    if told:
        read(of, told)
    return told.decode(errors="replace").strip("\0 \n").split("\n")[0]


def _refused(compiler: str, error: Exception, log: str) -> DeviceFault:
    return DeviceFault(
        f"the GPU's compiler refuses the kernel ({compiler}: {log or error}): {INSTALL} brings one that fits"
    )


@lru_cache(maxsize=1)
def _libdevice() -> bytes:
    from cuda.pathfinder import find_bitcode_lib

    with open(find_bitcode_lib("device"), "rb") as file:
        return file.read()


@lru_cache(maxsize=1)
def _versions() -> tuple[str, ...]:
    """Of the compilers; none for those of a toolkit, whose cubins are no less right for being old."""
    found = []
    for name in COMPILERS:
        with suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return tuple(found)


@contextmanager
def answered() -> Iterator[None]:
    """Raise DeviceFault, in a line, where the device or its compiler fails."""
    from numba.core.errors import NumbaPerformanceWarning
    from numba.cuda.cudadrv import driver, error, nvvm

    try:
        with warnings.catch_warnings():
            # That a small grid does not fill the device.
            warnings.simplefilter("ignore", NumbaPerformanceWarning)
            yield
    except (driver.CudaAPIError, error.CudaSupportError, nvvm.NvvmSupportError) as fault:
        told = next((line.strip() for line in str(fault).splitlines() if line.strip()), type(fault).__name__)
        raise DeviceFault(f"the GPU does not answer ({told}): use backend='cpu', or try {INSTALL}") from None
