"""What the library says to people who write Python, in the words of a workspace's file.

In: a message, as `give weights={"B": (10, None)}` or `try delimiter=';'`. Out: the same with `[weights] B = [10, "?"]`
and `delimiter = ";"`. Only what a workspace has a key for is put otherwise.
"""

from __future__ import annotations

import ast
import json
import re

from ..errors import ExpressionError
from .keys import ORIGINS, SECTIONS

_KEYS = sorted({key for table in (*ORIGINS.values(), *SECTIONS.values()) for key in table})
_SETTING = re.compile(rf"\b({'|'.join(_KEYS)})=(True\b|False\b|None\b|-?\d[\w.]*|\"[^\"]*\"|'[^']*'|\((?:[^()]*)\))")
_WEIGHTS = re.compile(r"\bweights=(\{[^{}]*\})")
_TURNED = re.compile(r"\bgive (\w+)\.T$")
_DATA = re.compile(r'\bdata=\{((?:"\w+": \.\.(?:, )?)+)\}')


def worded(message: str) -> str:
    """A message of the library as a workspace's reader wants it."""
    message = _WEIGHTS.sub(lambda found: _weights(found[1]) or found[0], message)
    message = _DATA.sub(lambda found: re.sub(r'"(\w+)": \.\.', r"[data.\1]", found[1]), message)
    message = _TURNED.sub(r"turn [data.\1] round; one of a file by its key samples", message)
    return _SETTING.sub(lambda found: _setting(found[1], found[2]) or found[0], message)


def in_workspace(error: ExpressionError, source: str) -> ExpressionError:
    """The same error of the same kind, which names the workspace and speaks its language."""
    message = f"{source}: {worded(error.message)}"
    return type(error)(message, error.span, worded(error.note), worded(error.hint), error.text)


def _weights(text: str) -> str:
    """A dict of shapes as keys of [weights]; "" for what is none."""
    given = _literal(text)
    if not isinstance(given, dict):
        return ""
    return "[weights] " + ", ".join(f"{name} = {_value(shape)}" for name, shape in given.items())


def _setting(key: str, text: str) -> str:
    """An argument as a key; "" where its value is none of TOML's."""
    value = _literal(text)
    return "" if value is None else f"{key} = {_value(value)}"


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _value(value: object) -> str:
    """A value as TOML writes it, a size that is not known as "?"."""
    if value is None:
        return '"?"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False, default=str)
