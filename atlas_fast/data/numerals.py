"""Entries of a table as numbers: what is a number, what is missing, and what is neither.

In: texts, as they stand in a file. Out: float64 values, nan for a missing one; for anything else a way to mend it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MISSING = frozenset({"", "?", "na", "n/a", "#n/a", "nan", "+nan", "-nan", "null", "<na>"})
"""What stands for a missing entry, in small letters. "none" is not among them: it is a label in many files."""

_GROUPED = re.compile(r"[-+]?\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+(?:[.,]\d+)?")
_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
_OTHER_BASE = re.compile(r"[-+]?0[xXbBoO][0-9a-fA-F]+")
_MARKED = re.compile(r"[-+]?[$€£¥]\s*[-+]?[\d.,]+|[-+]?[\d.,]+\s*[%$€£¥]")


def missing(entry: str) -> bool:
    """Whether an entry stands for a missing one."""
    return entry.strip().lower() in MISSING


def number(entry: str) -> float | None:
    """The finite number that an entry is, nan where it is missing, None where it is neither.

    Blanks round a number are taken. Of what Python's float takes, `1_000`, digits of other scripts and
    infinities are not.
    """
    entry = entry.strip()
    if entry.lower() in MISSING:
        return math.nan
    if "_" in entry or not entry.isascii():
        return None
    try:
        value = float(entry)
    except ValueError:
        return None
    return None if math.isinf(value) else value


def numbers(entries: Sequence[str]) -> NDArray[np.float64] | None:
    """`number` of each entry, or None where one is neither a number nor missing."""
    try:
        found = np.fromiter(map(float, entries), np.float64, len(entries))
    except ValueError:
        return _one_by_one(entries)
    text = "".join(entries)
    if "_" in text or not text.isascii() or np.isinf(found).any():
        return _one_by_one(entries)
    return found


def _one_by_one(entries: Sequence[str]) -> NDArray[np.float64] | None:
    found = np.empty(len(entries))
    for i, entry in enumerate(entries):
        value = number(entry)
        if value is None:
            return None
        found[i] = value
    return found


def way_out(entry: str) -> str:
    """What to do about an entry that looks like a number and is none, or is infinite; "" for any other text."""
    entry = entry.strip()
    if _GROUPED.fullmatch(entry):
        return "write numbers without separators between their digits and with a point before the decimals"
    if _COMMA.fullmatch(entry):
        return (
            "write numbers with a decimal point, or read the file with pandas.read_csv(.., decimal=',') and take "
            "af.Table.of"
        )
    if _OTHER_BASE.fullmatch(entry):
        return "write it as a decimal number"
    if _MARKED.fullmatch(entry):
        return "write the number alone"
    if entry.startswith("−"):
        return "write the minus sign as '-'"
    try:
        value = float(entry)
    except ValueError:
        return ""
    if math.isinf(value) and any(c.isdigit() for c in entry):
        return "float64 ends at 1.8e308"
    if math.isinf(value):
        return "drop or replace what is infinite"
    return "write its digits alone, 0 to 9"
