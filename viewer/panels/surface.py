"""The surface that is made: its plane, its extent, its resolution, its derivatives.

In: [surface] of a document, and the problem, for the names of its scalar weights. Out: the same as a person changed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QGridLayout

from ...problem import Problem
from ...workspace.keys import PLANES
from .fields import ABSENT, Choice, Field, Flag, Sizes, TextField, entries, listed, whole, wholes, written
from .section import FieldSection

RESOLUTIONS = ("64", "128", "256", "512", "1024", "2048", "4096")

KINDS: list[tuple[str, Any]] = [
    ("automatic", ABSENT),
    ("principal components of the run", "pca"),
    ("random directions", "random"),
    ("largest curvature (Hessian)", "hessian"),
    ("axes of two weights", "axes"),
]

LENGTHS: list[tuple[str, Any]] = [
    ("default (by weight matrix)", ABSENT),
    ("by weight matrix", "variable"),
    ("by filter (Li et al. 2018)", "filter"),
    ("none", "none"),
]

PRECISIONS: list[tuple[str, Any]] = [
    ("default (float32)", ABSENT),
    ("float32", "float32"),
    ("float64", "float64"),
]
"""What is shown, and the value."""

MOST_ENTRIES = 4000
"""Scalar weights whose names are completed."""


class SurfaceSection(FieldSection):
    """[surface]."""

    def __init__(self) -> None:
        super().__init__(
            "surface", "S&urface", "The plane through weight space, and how finely the loss is computed on it"
        )
        self.rules = ("plane",)
        form = self.form()
        tip = "Automatic: the axes of one or two scalar weights, else the run's principal components"
        self.plane = Choice("plane", "Plane", tip, KINDS)
        self.add("surface", "plane", "&Plane", self.plane, form)
        tip = "Which two principal components, counted from 0"
        self.add(
            "surface", "components", "Components", TextField("components", "Components", tip, "0, 1", wholes), form
        )
        tip = "One or two scalar weights, as in B[0,2], D[1,0]"
        self.axes = TextField("axes", "Axes", tip, "B[0,2], D[1,0]", entries)
        self._names = QStringListModel(self)
        self.axes.setCompleter(_LastEntry(self._names))
        self.add("surface", "axes", "Axes", self.axes, form)
        tip = "How long the parts of a random direction are"
        self.add("surface", "normalize", "Normalize", Choice("normalize", "Normalize", tip, LENGTHS), form)
        tip = "A half-width, or a0, a1, b0, b1; empty takes what holds the run"
        self.add("surface", "extent", "Ex&tent", TextField("extent", "Extent", tip, "what holds the run", listed), form)
        tip = "Vertices along each side, or rows, columns"
        resolution = Sizes("resolution", "Resolution", tip, RESOLUTIONS, "512", wholes)
        self.add("surface", "resolution", "Resolutio&n", resolution, form)
        flags = QGridLayout()
        more = self.form("More settings")
        tip = "Of random directions, and of the starting weights where nothing is trained"
        self.add("surface", "seed", "Seed", TextField("surface-seed", "Seed", tip, "0", whole, step=1), more)
        precision = Choice("surface-dtype", "Precision", "Of the numbers on the surface", PRECISIONS)
        self.add("surface", "dtype", "Precision", precision, more)
        for place, (key, label, tip) in enumerate(
            (
                ("gradient", "gradient", "The derivatives along the plane: arrows and streamlines"),
                ("curvature", "curvature", "The second derivatives along the plane"),
                ("gradient_norm", "gradient norm", "The norm of the gradient over all weights, which takes longer"),
            )
        ):
            flag = Flag(key, label, tip)
            self.take("surface", key, flag)
            flags.addWidget(flag, 0, place)
        self.inner.insertLayout(1, flags)
        self.align()
        self.plane.finished.connect(self.arrange)

    def wanted(self, section: str, key: str) -> bool:
        return key not in PLANES or self.plane.value == PLANES[key]

    def fault(self, field: Field) -> str:
        sides = field.value if field is self.fields["surface", "resolution"] else ABSENT
        for side in sides if isinstance(sides, list) else [sides]:
            if isinstance(side, int) and side < 2:
                return f"resolution is {side}: at least 2 vertices along each side are wanted"
        return ""

    def show_document(self, document: Mapping[str, Any]) -> None:
        """Fill all fields."""
        self.show_keys(document)
        self.summarize(document)

    def summarize(self, document: Mapping[str, Any]) -> None:
        """Say in the header what a document has."""
        section = document.get("surface", {})
        resolution = section.get("resolution", 512)
        sides = (
            written(resolution).replace(", ", " × ") if isinstance(resolution, list) else f"{resolution} × {resolution}"
        )
        self.summary.say(f"{section.get('plane', 'automatic')}, {sides}")

    def show_problem(self, problem: Problem | None) -> None:
        """Complete the names of its scalar weights."""
        names: list[str] = []
        for name, (rows, columns) in problem.weights.items() if problem is not None else ():
            if rows * columns == 1:
                names.append(name)
            elif len(names) + rows * columns <= MOST_ENTRIES:
                names += [f"{name}[{i},{j}]" for i in range(rows) for j in range(columns)]
        if names != self._names.stringList():
            self._names.setStringList(names)


class _LastEntry(QCompleter):
    """Completes the last of several names with commas between them."""

    def __init__(self, model: QStringListModel) -> None:
        super().__init__(model)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseSensitive)
        self._before = ""

    def splitPath(self, path: str) -> list[str]:
        *before, last = entries(path)
        self._before = "".join(f"{entry}, " for entry in before)
        return [last]

    def pathFromIndex(self, index: Any) -> str:
        return self._before + str(super().pathFromIndex(index))
