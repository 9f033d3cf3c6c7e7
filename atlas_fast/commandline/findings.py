"""What `doctor` looks at: the machine, its threads, caches, OpenGL, GPU and packages.

In: nothing. Out: one JSON-able dict a subject, in words and numbers. Whatever is broken becomes a "reason" in it, never
an exception; what may hang or crash runs in a process of its own, with a limit of time.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import __version__

Finding = dict[str, Any]

LIMIT = 20.0
"""Seconds that a process may take: they take one or two."""

GPU_LIMIT = 5.0
"""Seconds that the GPU's own tool may take."""


def findings() -> dict[str, Finding]:
    """Subject -> what was found. Takes some seconds, all of them in two processes that run side by side."""
    probes = {name: _started(f"{__package__}.{name}") for name in ("threads", "opengl")}
    found = {
        name: _safely(look)
        for name, look in {"software": software, "cpu": cpu, "cache": cache, "gpu": gpu, "extras": extras}.items()
    }
    return {**found, **{name: _finished(process) for name, process in probes.items()}}


def _safely(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as error:  # a doctor that falls ill helps nobody
        return {"reason": f"{type(error).__name__}: {error}"}


def _started(module: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-m", module]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _finished(process: subprocess.Popen[str]) -> Finding:
    """The JSON object that a process printed, or why there is none."""
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {"reason": f"no answer within {LIMIT:.0f} s"}
    try:
        answer: Finding = json.loads(out)
    except ValueError:
        last = err.strip().splitlines()[-1:] or [f"the process ended with status {process.returncode}"]
        return {"reason": last[0]}
    return answer


def software() -> Finding:
    """Versions of this package, of Python, and of what it depends on."""
    return {
        "atlas_fast": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name, extra in _requirements() if not extra},
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _requirements() -> list[tuple[str, str]]:
    """(package, the extra that wants it or nothing), as the installed package declares."""
    from packaging.requirements import Requirement

    names = importlib.metadata.metadata("atlas-fast").get_all("Provides-Extra") or []
    found = []
    for text in importlib.metadata.requires("atlas-fast") or []:
        row = Requirement(text)
        if row.marker is None or row.marker.evaluate({"extra": ""}):
            found.append((row.name, ""))
        else:
            found += [(row.name, extra) for extra in names if row.marker.evaluate({"extra": extra})]
    return found


def extras() -> Finding:
    """Extra -> what of it is not installed."""
    found: Finding = {}
    for name, extra in _requirements():
        if extra:
            missing = found.setdefault(extra, {"missing": [], "install": f"pip install 'atlas-fast[{extra}]'"})[
                "missing"
            ]
            if _version(name) is None:
                missing.append(name)
    return found


def cpu() -> Finding:
    """The processor, its cores and its vectors as the compiler uses them."""
    from ..kernels.cpu.machine import host

    machine = host()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "model": _model() or machine.cpu,
        "target": machine.cpu,
        "cores": os.cpu_count(),
        "usable_cores": usable,
        "vector_bits": machine.vector_bits,
    }


def _model() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def cache() -> Finding:
    """The folder of compiled kernels, how much it holds and may hold, and whether it is used: it is made, as kernels
    do."""
    from ..kernels.cpu import objects

    folder = objects.folder()
    reason = objects.fault(folder)
    if reason is not None:
        return {"folder": str(folder), "files": 0, "bytes": 0, "used": False, "reason": reason}
    files = [entry.stat().st_size for entry in os.scandir(folder) if entry.is_file()]
    return {"folder": str(folder), "files": len(files), "bytes": sum(files), "bound": objects.bound(), "used": True}


def gpu() -> Finding:
    """The NVIDIA GPUs that their driver knows, and why the CUDA back end cannot use them (None: it can). trial: what is
    wrong with what they compute, None for nothing; it is not there where none can be used."""
    from ..kernels import device

    found = {**_devices(), "cuda": device.fault()}
    if not device.is_found():
        return found
    from ..kernels.cuda import trial

    return {**found, "trial": trial.fault()}


def _devices() -> Finding:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return {"devices": [], "reason": "there is no nvidia-smi, which every NVIDIA driver brings"}
    command = [tool, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GPU_LIMIT, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"devices": [], "reason": f"nvidia-smi does not answer ({type(error).__name__})"}
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode or not lines:
        told = (done.stdout + done.stderr).strip().splitlines()[:1] or [f"nvidia-smi ended with {done.returncode}"]
        return {"devices": [], "reason": told[0]}
    return {"devices": lines}
