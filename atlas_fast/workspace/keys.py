"""What a workspace's file may say: a table a section, a row each key.

In: values as TOML gives them. Out: for each key what is wanted, in words, and whether a value is that.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import LONGEST_SHOWN, clipped


@dataclass(frozen=True)
class Key:
    """wanted: in words, for messages. fits: whether a value is that."""

    wanted: str
    fits: Callable[[Any], bool]


Keys = Mapping[str, Key]


def is_text(value: Any) -> bool:
    """Whether a value is a text that can be written to a file; a link may hold half a character."""
    return isinstance(value, str) and value != "" and not any("\ud800" <= c <= "\udfff" for c in value)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def is_whole(value: Any, least: int) -> bool:
    """Whether a value is an integer of at least `least` that NumPy's integers can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**63


def is_list(value: Any, fits: Callable[[Any], bool], *lengths: int) -> bool:
    """Whether a value is a list of one of the lengths (none: any but zero) whose entries all fit."""
    return isinstance(value, list) and (len(value) in lengths if lengths else bool(value)) and all(map(fits, value))


def is_matrix(value: Any) -> bool:
    """Whether a value is a list of rows of numbers, all of one length, or a matrix of a link."""
    if isinstance(value, np.ndarray):
        return value.ndim == 2 and value.size > 0 and value.dtype == np.float64 and bool(np.isfinite(value).all())
    return is_list(value, lambda row: is_list(row, is_number)) and len({len(row) for row in value}) == 1


def is_size(value: Any) -> bool:
    """Whether a value is a size of a weight, or the question mark of one to infer."""
    return is_whole(value, 1) or value == "?"


def is_column(value: Any) -> bool:
    """Whether a value names a column, or gives its number."""
    return is_text(value) or is_whole(value, 0)  # 0 is refused where the file is read, with a hint


def is_shape(value: Any) -> bool:
    """Whether a value of [weights] is a shape; else it is a starting value."""
    return is_list(value, is_size, 2) or (isinstance(value, str) and value == "?")


def _either(options: tuple[str, ...]) -> str:
    """The options in quotes, as a sentence has them."""
    *first, last = (f'"{option}"' for option in options)
    return f"{', '.join(first)} or {last}" if first else last


def _text(example: str) -> Key:
    return Key(f"a text is wanted, as in {example}", is_text)


def _choice(*options: str) -> Key:
    return Key(f"{_either(options)} is wanted", lambda value: value in options)


def _whole(least: int) -> Key:
    return Key(f"a whole number of at least {least} is wanted", lambda value: is_whole(value, least))


FLAG = Key("true or false is wanted", lambda value: isinstance(value, bool))

DTYPE = _choice("float32", "float64")

SCALE = _choice("standardize", "unit")

ORIGINS: Mapping[str, Keys] = {
    "file": {
        "file": _text('"iris.csv"'),
        "samples": _choice("rows", "columns"),
        "columns": Key(
            'a name, a number counted from 1, or a list of those is wanted, as in ["petal length", 4]',
            lambda value: is_column(value) or is_list(value, is_column),
        ),
        "header": FLAG,
        "delimiter": _text('";"'),
        "encoding": _text('"utf-8"'),
        "missing": _choice("error", "drop"),
        "array": _text('"X"'),
        "onehot": FLAG,
        "scale": SCALE,
    },
    "dataset": {"dataset": _text('"iris"'), "part": _choice("X", "Y"), "scale": SCALE},
    "values": {
        "values": Key(
            "finite numbers in rows of one length are wanted, features x samples, as in [[1.0, 2.0], [3.0, 4.0]]",
            is_matrix,
        ),
        "scale": SCALE,
    },
}
"""Where the numbers of a [data.NAME] come from -> the keys that go with that."""

WEIGHT = Key(
    'a shape such as [10, 4] or [10, "?"], or a starting value such as -1.5 or [[1.0, 2.0]] is wanted',
    lambda value: is_shape(value) or is_number(value) or is_matrix(value),
)

SECTIONS: Mapping[str, Keys] = {
    "split": {
        "test": Key("a number between 0 and 1 is wanted", lambda value: is_number(value) and 0 < value < 1),
        "seed": _whole(0),
    },
    "training": {
        "optimizer": _text('"Adam"'),
        "epochs": _whole(1),
        "seed": _whole(0),
        "batch_size": _whole(1),
        "dtype": DTYPE,
    },
    "surface": {
        "plane": _choice("pca", "random", "axes", "hessian"),
        "components": Key(
            "two whole numbers counted from 0 are wanted, as in [0, 1]",
            lambda value: is_list(value, lambda n: is_whole(n, 0), 2),
        ),
        "axes": Key(
            'one or two names of scalar weights are wanted, as in ["B[0,2]", "D[1,0]"]',
            lambda value: is_list(value, is_text, 1, 2),
        ),
        "normalize": _choice("variable", "filter", "none"),
        "seed": _whole(0),
        "extent": Key(
            "a half-width above 0 or [a0, a1, b0, b1] is wanted",
            lambda value: (is_number(value) and value > 0) or is_list(value, is_number, 4),
        ),
        "resolution": Key(
            "a whole number of at least 2 or [rows, columns] is wanted",
            lambda value: is_whole(value, 2) or is_list(value, lambda n: is_whole(n, 1), 2),
        ),
        "gradient": FLAG,
        "curvature": FLAG,
        "gradient_norm": FLAG,
        "dtype": DTYPE,
    },
}
"""The sections with fixed keys; [training] takes its optimizer's settings, too."""

REQUIRED: Mapping[str, tuple[str, ...]] = {"split": ("test",), "training": ("optimizer", "epochs"), "surface": ()}

PLANES: Mapping[str, str] = {"components": "pca", "axes": "axes", "normalize": "random"}
"""Keys of [surface] that go with one kind of plane only."""

TABLES = ("data", "weights", *SECTIONS)

TOP = ("loss", "notes", *TABLES)
"""What may stand in a workspace; notes are a text for people, as a link of the 2019 original has them."""


def shown(value: Any) -> str:
    """A value as TOML writes it, on one line and clipped."""
    text = ""
    try:
        for piece in json.JSONEncoder(ensure_ascii=not is_text(value)).iterencode(value):  # a list may be long
            text += piece
            if len(text) > LONGEST_SHOWN:
                break
    except (TypeError, ValueError):
        text = str(value)
    return clipped(text)
