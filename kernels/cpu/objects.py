"""Object files on disk: found again under a name that holds all that they depend on.

They are machine code, which is run as it is found. So the folder and what leads to it must be such that nobody else
could have put a file there; a folder that is not is done without, and so is one that cannot be written. Several
processes may use it at once: a file appears whole or not at all. The folder is kept below a bound in size.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import platformdirs

DIGEST_BYTES = 32

SUFFIX = ".o"
PART = ".part"

BOUND_MIB = 256
"""What the folder may hold, in MiB, unless ATLAS_CACHE_MIB says otherwise: some 15,000 kernels."""

ROOM = 0.75
"""Share of the bound that is left when files have been removed, so that the next few writes remove none."""

DAY = 86_400.0
"""Seconds after which a file that is read counts as used again: not every reader writes."""


def folder() -> Path:
    """Where object files are kept: ATLAS_CACHE_DIR, or the platform's place for caches."""
    chosen = os.environ.get("ATLAS_CACHE_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("atlas-fast")) / "kernels"


def bound() -> int:
    """The bytes that the folder may hold."""
    asked = os.environ.get("ATLAS_CACHE_MIB", "")
    return (int(asked) if asked.isdecimal() else BOUND_MIB) * 2**20


def fault(place: Path) -> str | None:
    """Why a folder, which is made where it is missing, cannot be used, in words that follow its name; None: it can."""
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        real = place.resolve(strict=True)
        if not hasattr(os, "getuid"):  # Windows keeps a user's folders from others by other means
            return None
        for folder in (real, *real.parents):
            reason = _others(folder.stat(), folder == real)
            if reason is not None:
                return reason if folder == real else f"lies in {folder}, which {reason}"
        return None if os.access(real, os.W_OK | os.X_OK) else "cannot be written (Permission denied)"
    except OSError as error:
        return f"cannot be written ({error.strerror})"


def _others(found: os.stat_result, is_last: bool) -> str | None:
    """Whether somebody else could put files in a folder, or replace the folders in it."""
    if found.st_uid != os.getuid() and (is_last or found.st_uid != 0):
        return f"belongs to another user ({_owner(found.st_uid)})"
    shared = found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and not _is_private(found.st_gid))
    # In a folder such as /tmp others may make files, but not replace those of this user.
    if shared and (is_last or not found.st_mode & stat.S_ISVTX):
        return f"can be written by others (mode {stat.S_IMODE(found.st_mode):o})"
    return None


@lru_cache
def _owner(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


@lru_cache
def _is_private(group: int) -> bool:
    """Whether a group is this user's alone, as many systems make one of the same name for each user."""
    import grp

    try:
        found = grp.getgrgid(group)
    except KeyError:
        return False
    me = _owner(os.getuid())
    return found.gr_name == me and set(found.gr_mem) <= {me}


@lru_cache
def _tell(place: Path, reason: str) -> None:
    """Say once in a process why compiled kernels are not kept."""
    text = f"atlas-fast: compiled kernels are not kept: {place} {reason}; set ATLAS_CACHE_DIR to a folder of your own"
    if sys.stderr is not None:
        print(text, file=sys.stderr)


def usable() -> Path | None:
    """The folder, or None, and then it has been said why."""
    place = folder()
    reason = fault(place)
    if reason is not None:
        _tell(place, reason)
    return None if reason is not None else place


def name(parts: Iterable[str]) -> str:
    """The name of the object that depends on these."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest() + SUFFIX


def read(path: Path) -> bytes | None:
    """An object that is whole, and this user's, or None."""
    try:
        with open(path, "rb", opener=_not_through_links) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
                return None
            content = file.read()
        if time.time() - found.st_mtime > DAY:
            os.utime(path)
    except OSError:
        return None
    digest, code = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    return code if hashlib.sha256(code).digest() == digest else None


def _not_through_links(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def write(path: Path, code: bytes) -> None:
    """Keep an object, so that other processes see all of it or nothing; where the disk is full it is not kept."""
    part = None
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, suffix=PART)
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(part, path)
        shrink(path.parent, bound())
    except OSError:
        if part is not None:
            with contextlib.suppress(OSError):
                os.unlink(part)


def shrink(place: Path, limit: int) -> None:
    """Remove the files longest not used where there is more than `limit` bytes of them."""
    files = []
    for entry in os.scandir(place):
        if entry.name.endswith((SUFFIX, PART)):
            with contextlib.suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                files.append((found.st_mtime, found.st_size, entry.path))
    total = sum(size for _, size, _ in files)
    if total <= limit:
        return
    for _, size, path in sorted(files):
        if total <= ROOM * limit:
            return
        with contextlib.suppress(OSError):
            os.unlink(path)
        total -= size
