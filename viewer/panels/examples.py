"""The paper's examples as documents of workspaces.

In: the rows of the library's table. Out: name -> document, which makes the same problem and the same run.
"""

from __future__ import annotations

from typing import Any

from ...examples import EXAMPLES, Example
from ...optimizers.settings import settings
from ...workspace.document import Document

DATA: dict[str, tuple[str, dict[str, Any]]] = {
    "iris-relu": ("iris", {}),
    "iris-sigmoid": ("iris", {}),
    "housing": ("boston_housing", {"scale": "unit"}),
}
"""Example -> the data set of its X and Y, and what is done with both."""


def document(name: str) -> Document:
    """The document of an example."""
    row = EXAMPLES[name]
    found: Document = {"loss": row.expression}
    if name in DATA:
        dataset, more = DATA[name]
        found["data"] = {part: {"dataset": dataset, "part": part, **more} for part in ("X", "Y")}
    weights = _weights(row)
    if weights:
        found["weights"] = weights
    found["training"] = _training(row)
    return found


def _weights(row: Example) -> dict[str, Any]:
    shapes = {name: ["?" if size is None else size for size in shape] for name, shape in row.weights.items()}
    return {**shapes, **(row.start or {})}


def _training(row: Example) -> dict[str, Any]:
    """The optimizer with the settings that are not at their defaults."""
    told: dict[str, Any] = {"optimizer": type(row.optimizer).__name__}
    for name, default in settings(type(row.optimizer)).items():
        value = getattr(row.optimizer, name)
        if value != default:
            told[name] = list(value) if isinstance(value, tuple) else value
    return {**told, "epochs": row.epochs}
