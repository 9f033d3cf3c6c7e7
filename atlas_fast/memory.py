"""The main memory of this machine, which bounds what is made or read at once."""

from __future__ import annotations

import os


def main_memory() -> int:
    """Bytes of main memory; 8 GiB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 * 2**30
