"""From the text of a module to a function's address, with object files kept on disk.

In: LLVM IR and a machine. Out: a `Compiled` with the address of its entry. A compiled object is found again by the
hash of all that it depends on; a file that is damaged is compiled anew.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import platformdirs

from .emit import ENTRY
from .machine import Machine

DIGEST_BYTES = 32

PIPELINE = "3"
"""Part of an object file's identity: changes whenever `_optimized` does."""


@dataclass(frozen=True)
class Compiled:
    """address: of the entry. engine: what keeps its memory alive. cached: whether it was found on disk."""

    address: int
    cached: bool
    engine: Any = field(repr=False)


def cache_folder() -> Path:
    """Where object files are kept: ATLAS_CACHE_DIR, or the platform's place for caches."""
    chosen = os.environ.get("ATLAS_CACHE_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("atlas-fast")) / "kernels"


def assembly(ir: str, machine: Machine) -> str:
    """The machine's assembly of a module, for reading."""
    target = machine.target()
    return target.emit_assembly(_optimized(ir, target))


def compile_module(ir: str, machine: Machine, entry: str = ENTRY) -> Compiled:
    """Machine code for a module, from the cache on disk if it is there."""
    target = machine.target()
    identity = "\0".join([ir, machine.triple, machine.cpu, machine.features, llvmlite.__version__, PIPELINE])
    path = cache_folder() / f"{hashlib.sha256(identity.encode()).hexdigest()}.o"
    code = _read(path)
    cached = code is not None
    if code is None:
        code = target.emit_object(_optimized(ir, target))
        _write(path, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Compiled(engine.get_function_address(entry), cached, engine)


def _optimized(ir: str, target: llvm.TargetMachine) -> llvm.ModuleRef:
    """The module with its stack slots in registers and its arithmetic tidied up.

    The code comes blocked, with its addresses shared and its loops as they are to stay: what LLVM's own pipelines do
    beyond this took ten times as long, more than linearly in the size of a module, and no surface was faster for it.
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


def _read(path: Path) -> bytes | None:
    """An object file that is whole, or None."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    return code if hashlib.sha256(code).digest() == digest else None


def _write(path: Path, code: bytes) -> None:
    """Write an object file so that other processes see all of it or nothing; a cache that cannot be written is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(name, path)
    except OSError:
        return
