"""What people write where TOML wants something else: Python's True, a decimal comma, a formula without quotes.

In: the lines of a file down to the one that cannot be read, and the column. Out: the way out in a few words, or "".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LOSS = 'loss is no section: write loss = "x^2 + y^2", with the formula in quotes, above the first section'

_SECTION = re.compile(r"\s*\[\s*([\w.-]+)\s*\]\s*(?:#.*)?$")
_COMMA = re.compile(r"=\s*([-+]?\d+),(\d+(?:[eE][-+]?\d+)?)\s*(?:#.*)?$")
_POINT = re.compile(r"([-+]?)(\d*)\.(\d*)(?=[\s,\]#]|$)")
_NOTHING = ("None", "null", "nil")
_WORD = re.compile(r"[^\s,\]#]+")


def hint(lines: Sequence[str], column: int | None) -> str:
    """What to write instead. column: where the last line holds a value that is none, from 0; None for other slips."""
    line = lines[-1]
    section = next((found[1] for found in map(_SECTION.match, reversed(lines)) if found), "")
    if section == "loss":
        return LOSS
    if comma := _COMMA.search(line):
        return f"write a decimal point: {comma[1]}.{comma[2]}"
    point = re.search(r"=\s*" + _POINT.pattern, line)
    if point and (point[2] == "") != (point[3] == ""):
        return f"a point has digits on both sides: {point[1]}{point[2] or 0}.{point[3] or 0}"
    word = None if column is None else _WORD.match(line, column)
    return _instead(word[0], size=section == "weights" or "[" in line[:column]) if word else ""


def _instead(word: str, size: bool) -> str:
    """What to write for a word that is no value of TOML. size: whether it may stand for a size."""
    if word.lower() in ("true", "false"):
        return f"write {word.lower()}"
    if word.lower() in ("yes", "no", "on", "off"):
        return f"write {'true' if word.lower() in ('yes', 'on') else 'false'}, or a text in quotes"
    if word == "?" or (word in _NOTHING and size):
        return 'a size to infer is "?", in quotes'
    if word in _NOTHING:
        return "leave the key out"
    return "a text stands in quotes" if word.isprintable() else ""
