"""The share links of Atlas of 2019 (github.com/joshuagruenstein/atlas): `..#dump=`, read only.

In: such a link, with any address before the mark. Out: a document and matrices, as of a link of ours.

Behind the mark stands percent-encoded base64 of {variables, settings, expression, plotData} in JSON: deflated with
zlib's header since May 2019, before that as it is, a byte a character; raw deflate and base64url are read as well,
which a script may write. A variable is a Scalar, a Vector (a column) or a Matrix, trainable or with data. What the
original did and this does not: trainable variables started at N(0, 1) whatever value was typed, which here is the
starting value; plotData, a picture of few heights in unknown coordinates, is left out, and so is granularity, the
picture's resolution.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import numpy as np

from ..arguments import ArgumentError
from ..errors import StoreError, clipped
from ..matrices import Matrix
from ..optimizers import make
from .codec import DAMAGED, JSON_BYTES, NUMBERS, Document, opened, read_json, unpack
from .dialect import rewritten

MARK = "#dump="

STANDARD = str.maketrans("-_", "+/")
"""base64url -> base64."""

CHUNK = 2**14

EPSILON = 1e-7
"""Of the optimizers of TensorFlow.js 1.0, which the original trained with, in 32 bits."""

OPTIMIZERS: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "SGD": ("SGD", {}),
    "Momentum": ("SGD", {}),
    "Adagrad": ("Adagrad", {"initial_accumulator_value": 0.1, "eps": EPSILON}),
    "Adadelta": ("Adadelta", {"rho": 0.95, "eps": EPSILON}),
    "Adam": ("Adam", {"eps": EPSILON}),
    "RMSProp": ("RMSProp", {"alpha": 0.9, "eps": EPSILON}),
}
"""The original's name -> ours and its settings: the defaults of tfjs-core 1.0, src/optimizers."""

REMARKS = {
    "Adadelta": "Adadelta: the original divided by the mean of squared gradients before the step's own, and so moved "
    "faster at first.",
    "RMSProp": "RMSProp: the original added epsilon, 1e-7, under the root; here it is added to the root.",
}
"""Where the same settings do not give the same steps."""

LEFT_OUT = "The link's training is left out:"
"""How a remark begins; the original went on with 0 epochs, a rate of 0, a momentum of 1 and more."""

LONGEST_NOTES = 10_000
"""Characters of the scratchpad that are kept."""


def decode(link: str) -> tuple[Document, dict[str, Matrix]]:
    """The document and the read-only matrices of a link of the original.

    Raises StoreError, in one line, for a link that is damaged, too large, or holds what the original could not use.
    """
    held = read_json(*_text(opened(link)))
    if not isinstance(held, dict) or not isinstance(held.get("expression"), str):
        raise StoreError("the link holds no expression: it is none of the original Atlas")
    declared = _declared(held.get("variables"))
    loss, names = rewritten(held["expression"], declared)
    data: dict[str, Any] = {}
    weights: dict[str, Any] = {}
    matrices = {}
    for name, variable in declared.items():
        if name not in names:
            continue  # the original let them stand, and so do its links
        shape, value = _read(name, variable)
        if variable.get("trainable"):
            weights[name] = list(shape)
        elif value is None:
            raise StoreError(f"the link has no data for {name}, which is not trainable")
        else:
            data[name] = {}
        if value is not None:
            matrices[name] = value
    if sum(value.size for value in matrices.values()) > NUMBERS:
        raise StoreError(f"the link is too large: it has more than {NUMBERS:,} numbers")
    settings = held["settings"] if isinstance(held.get("settings"), dict) else {}
    training, remark = _training(settings)
    document = {"loss": loss, "notes": _notes(settings, remark), "data": data, "weights": weights, "training": training}
    return {name: value for name, value in document.items() if value}, matrices


def _text(link: str) -> tuple[bytes, str]:
    """The JSON of a link and its encoding."""
    _, mark, quoted = link.partition(MARK)
    if not mark:
        raise StoreError(f"this is no link of the original Atlas, which has {MARK} in it")
    try:
        text = _unquoted(quoted).translate(STANDARD)
        content = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise StoreError(DAMAGED) from None
    if content[:1] == b"{":
        return content, "latin-1"
    # RFC 1950, 2.2: method 8, and a multiple of 31. The bits of the method say something else in no raw stream that a
    # deflater writes: a block that is stored as it is, with bits set where none are.
    head = int.from_bytes(content[:2])
    headed = head >> 8 & 15 == 8 and head % 31 == 0
    return unpack(content, JSON_BYTES, zlib.MAX_WBITS if headed else -zlib.MAX_WBITS), "utf-8"


def _unquoted(text: str) -> str:
    """A text of ASCII without its percent escapes, of which each takes a hundred bytes while its chunk is read."""
    found, at = [], 0
    while at < len(text):
        end = at + CHUNK
        cut = text.find("%", end - 2, end)  # of an escape that goes on behind the chunk
        end = end if cut < 0 else cut
        found.append(unquote(text[at:end], errors="strict"))
        at = end
    return "".join(found)


def _declared(variables: Any) -> dict[str, dict[str, Any]]:
    """Name -> variable; of two with one name the original took the last."""
    if not isinstance(variables, list):
        raise StoreError("the link holds no variables: it is none of the original Atlas")
    found = {}
    for variable in variables:
        name = variable.get("name") if isinstance(variable, dict) else None
        if not isinstance(name, str) or len(name) != 1 or not (name.isascii() and name.isalpha()):
            raise StoreError(f"the link has a variable that is not named by one letter: {clipped(str(name))}")
        found[name] = variable
    return found


def _read(name: str, variable: Mapping[str, Any]) -> tuple[tuple[int, int], Matrix | None]:
    """The shape of a variable, and its value if it has one."""
    kind, data = variable.get("type"), variable.get("data")
    rows: list[Any]
    match kind:
        case "Scalar":
            shape, rows = (1, 1), [[data]]
        case "Vector":
            shape = _shape(name, [variable.get("length"), 1])
            rows = [data]
        case "Matrix":
            shape, rows = _shape(name, variable.get("shape")), data if isinstance(data, list) else [data]
        case _:
            raise StoreError(f"{name} is a {clipped(str(kind))} in the link: Scalar, Vector and Matrix are known")
    if data is None:
        return shape, None
    if kind == "Vector":  # read as a row: a list each entry would take eight times the memory
        return shape, _matrix(name, rows, shape[::-1]).reshape(shape)
    return shape, _matrix(name, rows, shape)


def _shape(name: str, given: Any) -> tuple[int, int]:
    match given:
        case [int(rows), int(columns)] if 1 <= rows < 2**31 and 1 <= columns < 2**31:
            return rows, columns
    raise StoreError(f"the link says no shape of {name} that a matrix can have: {clipped(str(given))}")


def _matrix(name: str, rows: list[Any], shape: tuple[int, int]) -> Matrix:
    """Rows of numbers as a read-only matrix of the shape."""
    if not all(isinstance(row, list) for row in rows):
        raise StoreError(f"the data of {name} in the link are no rows of numbers")
    if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
        raise StoreError(f"the data of {name} in the link are not {shape[0]} rows of {shape[1]}, as it says")
    for number, row in enumerate(rows):
        for column, entry in enumerate(row):
            if not isinstance(entry, int | float) or isinstance(entry, bool):
                where = f"row {number + 1}, column {column + 1}" if shape != (1, 1) else "its place"
                raise StoreError(f"{name} in the link has {clipped(str(entry))} at {where}, a number is wanted")
    value = np.array(rows, dtype=np.float64)
    value.flags.writeable = False
    return value


def _training(settings: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """[training] of the original's settings, empty where they cannot be used here, and a remark."""
    if not settings:
        return {}, "The link says nothing of training."
    name = settings.get("optimizer")
    if not isinstance(name, str) or name not in OPTIMIZERS:
        return {}, f"{LEFT_OUT} its optimizer is {clipped(str(name))}, and the original had {', '.join(OPTIMIZERS)}."
    ours, fixed = OPTIMIZERS[name]
    given = {"lr": settings.get("learningRate"), **fixed}
    if name == "Momentum":
        given["momentum"] = settings.get("momentum")
    epochs = settings.get("epochs")
    if not isinstance(epochs, int) or isinstance(epochs, bool) or not 1 <= epochs < 2**31:
        return {}, f"{LEFT_OUT} it is of {clipped(str(epochs))} epochs, and a whole number of at least 1 is wanted."
    try:
        make(ours, given)
    except ArgumentError as error:
        return {}, f"{LEFT_OUT} {clipped(str(error))}."
    return {"optimizer": ours, **given, "epochs": epochs}, REMARKS.get(name, "")


def _notes(settings: Mapping[str, Any], remark: str) -> str:
    """The scratchpad, and a remark."""
    scratch = settings.get("scratch")
    kept = scratch.encode(errors="replace").decode().strip() if isinstance(scratch, str) else ""
    if len(kept) > LONGEST_NOTES:
        kept = kept[: LONGEST_NOTES - 1] + "…"
    return "\n\n".join(part for part in (kept, remark) if part)
