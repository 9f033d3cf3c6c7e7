"""The player: goes through the steps of all runs at once.

In: entries. Out: moments between 0 and 1, shares of each run, as the slider, the clock or the loss curve has them.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from .curve import LossCurve
from .icons import icon
from .runs import Entries

SECONDS = 8.0
"""What playing a run takes from its first step to its last, at the usual speed."""

FRAME = 33
"""Milliseconds from one moment to the next."""

NOTCHES = 10_000
"""Places of the slider; as many as steps where those are more."""

SPEEDS = (("¼×", 0.25), ("½×", 0.5), ("1×", 1.0), ("2×", 2.0), ("4×", 4.0))


class Player(QWidget):
    """A slider with play, pause and speed above the loss curve."""

    moved = Signal(float)
    """The moment to show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: Entries = ()
        self._since = 0.0
        self.button = QToolButton(autoRaise=True)
        self.button.setToolTip("Play or pause (Space)")
        self.button.setAccessibleName("Play or pause")
        self.button.clicked.connect(self.toggle)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self._divide(NOTCHES, 1.0)
        self.slider.setToolTip("The step that is shown (arrow keys)")
        self.slider.setAccessibleName("Time")
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderPressed.connect(self.pause)
        self.speed = QComboBox()
        for label, factor in SPEEDS:
            self.speed.addItem(label, factor)
        self.speed.setCurrentIndex(2)
        self.speed.setToolTip("How fast it plays")
        self.speed.setAccessibleName("Speed")
        self.told = QLabel()
        self.told.setMinimumWidth(225)
        self.slider.setMinimumWidth(60)
        self.curve = LossCurve()
        self.curve.picked.connect(self._picked)
        row = QHBoxLayout()
        for widget in (self.button, self.slider, self.told, self.speed):
            row.addWidget(widget, 1 if widget is self.slider else 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 4)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.curve, 1)
        self.clock = QTimer(self, interval=FRAME)
        self.clock.timeout.connect(self._tick)
        self._dress()

    @property
    def moment(self) -> float:
        """0, the first step, to 1, the last one."""
        return self.slider.value() / self.slider.maximum()

    @property
    def playing(self) -> bool:
        return self.clock.isActive()

    @property
    def steps(self) -> int:
        """Of the longest run that is shown."""
        return max([entry.run.steps for entry in self._entries if entry.visible], default=0)

    def set_entries(self, entries: Entries) -> None:
        """The runs to play."""
        self._entries = entries
        self.curve.set_entries(entries)
        self._divide(max(NOTCHES, self.steps), self.moment)
        self.setEnabled(bool(entries))
        if not entries:
            self.pause()
        self._tell()

    def set_moment(self, moment: float) -> None:
        """Go to a moment."""
        self.slider.setValue(round(moment * self.slider.maximum()))

    def _divide(self, notches: int, moment: float) -> None:
        """Give the slider so many places, and let it stay at its moment without a word."""
        if notches == self.slider.maximum():
            return
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, notches)
            self.slider.setSingleStep(notches // 100)
            self.slider.setPageStep(notches // 10)
            self.slider.setValue(round(moment * notches))

    def toggle(self) -> None:
        """Play, from the start if it is at its end, or pause."""
        if self.playing:
            self.pause()
        elif self.steps:
            if self.moment >= 1.0:
                self.set_moment(0.0)
            self._since = time.monotonic()
            self.clock.start()
        self._dress()

    def pause(self) -> None:
        self.clock.stop()
        self._dress()

    def step(self, count: int) -> None:
        """Go on by so many steps of the longest run."""
        if self.steps:
            self.pause()
            at = round(self.moment * self.steps) + count
            self.set_moment(min(max(at / self.steps, 0.0), 1.0))

    def _tick(self) -> None:
        now = time.monotonic()
        # A frame that took long must not become a jump.
        passed, self._since = min(now - self._since, 0.25), now
        self.set_moment(min(self.moment + passed * self.speed.currentData() / SECONDS, 1.0))
        if self.moment >= 1.0:
            self.pause()

    def _picked(self, moment: float) -> None:
        self.pause()
        self.set_moment(moment)

    def _slid(self) -> None:
        self.curve.set_moment(self.moment)
        self._tell()
        self.moved.emit(self.moment)

    def _tell(self) -> None:
        visible = [entry for entry in self._entries if entry.visible]
        step = round(self.moment * self.steps)
        if len({entry.run.steps for entry in visible}) > 1:
            self.told.setText(f"{self.moment:.0%} of each run")
        elif len(visible) == 1:
            run = visible[0].run
            self.told.setText(f"step {step:,} of {run.steps:,}   loss {run.loss[min(step, run.steps)]:.4g}")
        else:
            self.told.setText(f"step {step:,} of {self.steps:,}" if visible else "")

    def _dress(self) -> None:
        self.button.setIcon(icon("pause" if self.playing else "play", self.palette().text().color()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()
