"""ATLAS_DEBUG: what it prints on the standard error stream of whatever runs.

1: the syntax tree. 2: the program, too. 3: what is hoisted, and plans. 4: generated code. Each stage says its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


def level() -> int:
    """The level asked for, 0 where there is none or it is no number."""
    text = os.environ.get("ATLAS_DEBUG", "")
    return int(text) if text.isdecimal() else 0


def say(least: int, title: str, text: Callable[[], str]) -> None:
    """Print a stage's value where the level is at least `least`."""
    if level() >= least:
        print(f"-- {title}\n{text()}", file=sys.stderr)
