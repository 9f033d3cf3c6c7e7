"""Below the sections: a message, how far the work is, and the buttons that start and stop it.

In: what is being done. Out: which button was pressed, by mouse or by its keys.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from .fields import described
from .section import Message

BUTTONS = (
    ("train", "Train", "Train as the section above says", ("Ctrl+Return", "Ctrl+Enter")),
    (
        "surface",
        "Surface",
        "Compute the surface as its section says",
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
    ),
    ("stop", "Stop", "Stop what is being done", ("Esc",)),
)
"""Name, text, tooltip, keys."""


class Footer(QWidget):
    """The lowest part of a panel. keys: the widget in whose window the keys hold."""

    pressed = Signal(str)

    def __init__(self, keys: QWidget) -> None:
        super().__init__()
        self.message = Message("message")
        self.bar = QProgressBar()
        self.bar.setObjectName("progress")
        self.bar.setVisible(False)
        self.buttons: dict[str, QPushButton] = {}
        self._keys: dict[str, list[QShortcut]] = {}
        row = QHBoxLayout()
        for name, text, tip, shortcuts in BUTTONS:
            button = QPushButton(text)
            described(button, name, text, f"{tip} ({shortcuts[0]})")
            button.clicked.connect(lambda checked=False, name=name: self.pressed.emit(name))
            row.addWidget(button, 1)
            self.buttons[name] = button
            self._keys[name] = [QShortcut(QKeySequence(shortcut), keys) for shortcut in shortcuts]
            for shortcut in self._keys[name]:
                shortcut.activated.connect(button.click)
        below = QVBoxLayout(self)
        below.setContentsMargins(10, 4, 10, 8)
        below.setSpacing(5)
        below.addWidget(self.message)
        below.addWidget(self.bar)
        below.addLayout(row)

    def show_busy(self, what: str, done: int, total: int) -> None:
        """What is being done, "" when nothing is; total 0 where it is not known how much there is."""
        self.bar.setVisible(bool(what))
        # By itself it paints at once, and the whole window with it.
        self.bar.setUpdatesEnabled(False)
        self.bar.setRange(0, max(total, 0) if what else 1)
        self.bar.setValue(min(done, total))
        self.bar.setFormat(f"{what} %p%" if total > 0 else what)
        self.bar.setAccessibleName(what)
        self.bar.setUpdatesEnabled(True)

    def enable(self, busy: bool, trains: bool) -> None:
        """Let those be pressed that can be. trains: whether the workspace says how."""
        for name, can in (("train", not busy and trains), ("surface", not busy), ("stop", busy)):
            self.buttons[name].setEnabled(can)
        for shortcut in self._keys["stop"]:
            shortcut.setEnabled(busy)  # else the key is others', to close things with
