"""From the text of a module to a function's address, with object files kept on disk.

In: what the code depends on, how its LLVM IR is made where it must be, and a machine. Out: a `Compiled` with the
address of its entry. An object that is found on disk is not emitted at all; one that is damaged is compiled anew.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from . import objects
from .emit import ENTRY
from .machine import Machine

_compiling = threading.RLock()

# The lock that llvmlite takes for each call, also where a thread lets go of the last reference to some code.
_llvm = llvm.ffi.lib._lock


def _before_fork() -> None:
    """Wait until nobody compiles: a lock that another thread holds stays locked in the child for ever."""
    _compiling.acquire()
    _llvm.__enter__()


def _after_fork() -> None:
    _llvm.__exit__(None, None, None)
    _compiling.release()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


@dataclass(frozen=True)
class Compiled:
    """address: of the entry. engine: what keeps its memory alive. cached: whether it was found on disk."""

    address: int
    cached: bool
    engine: Any = field(repr=False)


def assembly(ir: str, machine: Machine) -> str:
    """The machine's assembly of a module, for reading."""
    with _compiling:
        target = machine.target()
        return target.emit_assembly(_optimized(ir, target))


def compile_module(source: Callable[[], str], depends_on: str, machine: Machine, entry: str = ENTRY) -> Compiled:
    """Machine code for a module, from the cache on disk if it is there.

    source: makes the IR. depends_on: all that the IR follows from, but for this package's own code.
    """
    with _compiling:
        target = machine.target()
        folder = objects.usable()
        code = path = None
        if folder is not None:
            versions = (llvmlite.__version__, np.__version__, generator())
            path = folder / objects.name((depends_on, machine.triple, machine.cpu, machine.features, *versions))
            code = objects.read(path)
        cached = code is not None
        if code is None:
            code = target.emit_object(_optimized(source(), target))
            if path is not None:
                objects.write(path, code)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        return Compiled(engine.get_function_address(entry), cached, engine)


@lru_cache(maxsize=1)
def generator() -> str:
    """A digest of the code that makes code: whoever changes it finds no object of before."""
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


def _optimized(ir: str, target: llvm.TargetMachine) -> llvm.ModuleRef:
    """The module with its stack slots in registers and its arithmetic tidied up.

    The code comes blocked, with its addresses shared and its loops as they are to stay: what LLVM's own pipelines do
    beyond this takes far longer, more than linearly in the size of a module, and no surface was faster for it.
    """
    module = llvm.parse_assembly(ir)
    module.triple = target.triple
    module.data_layout = str(target.target_data)
    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=2))
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)
    return module
