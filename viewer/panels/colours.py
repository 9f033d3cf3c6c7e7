"""Colours that are legible on a palette's background, be it dark or light.

In: a QPalette. Out: QColors. The hues are Okabe and Ito's, which people with any colour vision tell apart.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

LIGHT = {
    "data": "#0060a8",
    "weight": "#b04a00",
    "function": "#00734f",
    "number": "#5c5c5c",
    "comment": "#767676",
    "error": "#b3261e",
}
"""On a light background."""

DARK = {
    "data": "#7cc4f5",
    "weight": "#ffb066",
    "function": "#6fdcb4",
    "number": "#b9b9b9",
    "comment": "#9a9a9a",
    "error": "#ff8a80",
}
"""On a dark one."""


def is_dark(palette: QPalette) -> bool:
    """Whether the palette has light text on a dark ground."""
    ground, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
    return ground.lightness() < text.lightness()


def of(role: str, palette: QPalette) -> QColor:
    """The colour of a role: a key of LIGHT."""
    return QColor((DARK if is_dark(palette) else LIGHT)[role])


def mixed(first: QColor, second: QColor, share: float) -> QColor:
    """The first colour with a share of the second."""
    starts = first.redF(), first.greenF(), first.blueF()
    ends = second.redF(), second.greenF(), second.blueF()
    return QColor.fromRgbF(*(a + share * (b - a) for a, b in zip(starts, ends, strict=True)))


def faint(palette: QPalette) -> QColor:
    """Of text that says something beside."""
    return mixed(palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Window), 0.35)


def marked(palette: QPalette) -> QColor:
    """The ground of a field whose text cannot be used."""
    return mixed(palette.color(QPalette.ColorRole.Base), of("error", palette), 0.22)
