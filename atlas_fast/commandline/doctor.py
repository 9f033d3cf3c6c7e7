"""`atlas-fast doctor`: what this machine has for Atlas Fast, and what it lacks."""

from __future__ import annotations

from collections.abc import Callable

from .application import Json
from .findings import Finding
from .output import print_object


def doctor(as_json: Json = False) -> None:
    """Tell what this machine has: CPU, threads, caches, OpenGL, GPU, packages, extras."""
    from .findings import findings

    found = findings()
    if as_json:
        print_object(found)
        return
    for title, subject, words in ROWS:
        finding = found[subject]
        try:
            lines = words(finding)
        except KeyError:
            lines = [f"not known: {finding.get('reason', 'no answer')}"]
        for number, line in enumerate(lines):
            print(f"{'' if number else title:<12}{line}")


def _software(found: Finding) -> list[str]:
    packages = ", ".join(f"{name} {version or 'MISSING'}" for name, version in found["packages"].items())
    return [f"{found['atlas_fast']}, Python {found['python']}, {found['platform']}", packages]


def _cpu(found: Finding) -> list[str]:
    usable = "" if found["usable_cores"] == found["cores"] else f" ({found['usable_cores']} usable)"
    return [f"{found['model']}, {found['cores']} cores{usable}, {found['vector_bits']}-bit vectors ({found['target']})"]


def _threads(found: Finding) -> list[str]:
    if not found["runs"]:
        return [f"wrong results: {found['reason']}"]
    return [f"{found['count']}; a kernel compiles and runs ({found['seconds']:.1f} s)"]


def _cache(found: Finding) -> list[str]:
    if not found["used"]:
        return [f"{found['folder']} {found['reason']}: set ATLAS_CACHE_DIR to a folder of your own"]
    held, bound = found["bytes"] / 2**20, found["bound"] / 2**20
    return [f"{found['folder']}: {found['files']:,} kernels, {held:.1f} of {bound:.0f} MiB, can be written"]


def _opengl(found: Finding) -> list[str]:
    if not found["available"]:
        return [f"none: {found['reason']}"]
    return [f"{found['version']}, {found['renderer']}, by EGL"]


def _gpu(found: Finding) -> list[str]:
    told = "; ".join(found["devices"]) or f"none found: {found['reason']}"
    fault = found["cuda"] or found.get("trial")
    if fault:
        return [told, f"surfaces are computed on the CPU: {fault}"]
    if "trial" not in found:
        return [told, "Numba's simulator stands in for one, where backend='cuda' asks for it"]
    return [told, "large surfaces are computed there: a small one agrees with the CPU"]


def _extras(found: Finding) -> list[str]:
    lines = []
    for name, row in found.items():
        missing = row["missing"]
        lines.append(f"{name}: " + (f"lacks {', '.join(missing)}: {row['install']}" if missing else "complete"))
    return lines


ROWS: tuple[tuple[str, str, Callable[[Finding], list[str]]], ...] = (
    ("Atlas Fast", "software", _software),
    ("CPU", "cpu", _cpu),
    ("Threads", "threads", _threads),
    ("Cache", "cache", _cache),
    ("OpenGL", "opengl", _opengl),
    ("GPU", "gpu", _gpu),
    ("Extras", "extras", _extras),
)
"""Title, subject of the findings, how it is told."""
