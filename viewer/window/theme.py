"""How the window looks by day and by night.

In: "light" or "dark". Out: the colours of Qt's widgets, and those that are painted by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory


@dataclass(frozen=True)
class Theme:
    """Colours, as #rrggbb."""

    window: str
    base: str
    raised: str
    text: str
    faint: str
    line: str
    accent: str
    accent_text: str
    error: str


THEMES = {
    "light": Theme("#f3f4f6", "#ffffff", "#ffffff", "#1d2127", "#6a717c", "#d5d8de", "#0b6bb0", "#ffffff", "#b3261e"),
    "dark": Theme("#1b1d21", "#141619", "#25282d", "#e4e6ea", "#949ba6", "#3a3e45", "#5cb0ec", "#0d1116", "#ff8a80"),
}

SHEET = """
QToolTip {{ color: {text}; background: {raised}; border: 1px solid {line}; padding: 4px; }}
QSplitter::handle {{ background: {line}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QStatusBar {{ color: {faint}; }}
QStatusBar::item {{ border: none; }}
QTabBar::tab {{ padding: 6px 14px; border: none; color: {faint}; background: transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {line}; }}
QListWidget {{ border: 1px solid {line}; border-radius: 4px; }}
QListWidget::item {{ padding: 3px; }}
#heading {{ color: {faint}; font-weight: 600; }}
#aside {{ color: {faint}; }}
#error {{ color: {error}; }}
#empty {{ color: {faint}; font-size: 15px; }}
"""


BOXED: tuple[Any, ...] = ("QCheckBox", "QListWidget")
"""Widgets with boxes to tick, by names that Qt's stubs want as bytes and Qt as text."""


def dress(application: QApplication, name: str) -> None:
    """Give every widget of an application the colours of a theme."""
    theme = THEMES[name]
    if application.style().objectName() != "fusion":
        application.setStyle(QStyleFactory.create("Fusion"))
    role = QPalette.ColorRole
    palette = QPalette()
    for places, colour in (
        ((role.Window,), theme.window),
        ((role.Base,), theme.base),
        ((role.Button, role.AlternateBase, role.ToolTipBase), theme.raised),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), theme.text),
        ((role.PlaceholderText,), theme.faint),
        ((role.Highlight, role.Link, role.Accent), theme.accent),
        ((role.HighlightedText, role.BrightText), theme.accent_text),
        ((role.Mid, role.Dark), theme.line),
    ):
        for place in places:
            palette.setColor(place, QColor(colour))
    for place in (role.Light, role.Midlight):
        palette.setColor(place, QColor(theme.window).lighter(112))
    for place in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, place, QColor(theme.faint))
    application.setPalette(palette)
    # Fusion draws the frame of a box in a darker shade of its widget's window, which by night nobody could see; these
    # widgets show nothing else of that colour.
    boxed = QPalette(palette)
    boxed.setColor(role.Window, QColor(theme.faint))
    for kind in BOXED:
        application.setPalette(boxed, kind)
    application.setStyleSheet(SHEET.format(**vars(theme)))
