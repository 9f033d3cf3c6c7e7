"""The tour: the paper's four examples, each with what to look at.

In: the window's tab, which loads an example for each step. Out: a card over the surface, with Back and Next.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget


@dataclass(frozen=True)
class Stop:
    """example: its name in the library's table."""

    example: str
    heading: str
    text: str


STOPS = (
    Stop(
        "bowl",
        "A bowl",
        "The loss x² + y² has two weights, so that its landscape can be seen whole: drag to turn it, roll the wheel to "
        "come nearer. Press Space and watch gradient descent slow down as the ground becomes level.",
    ),
    Stop(
        "iris-relu",
        "A network with ReLU",
        "Eighty-three weights are seen on the plane along which training moved most; each axis tells its share of the "
        "movement. Press T for a map, and look for the creases where units switch on and off.",
    ),
    Stop(
        "iris-sigmoid",
        "A deeper one with sigmoids",
        "Smooth activations make a smooth landscape, with long plateaus where gradients are small. Follow the loss "
        "curve below while you drag the slider: it falls where the path leaves a plateau.",
    ),
    Stop(
        "housing",
        "House prices",
        "A regression on 506 houses: hover over the path to read the true loss beside the height of the plane, from "
        "which the path departs. Then choose SGD on the left and press Train: both runs are shown together.",
    ),
)

WIDTH = 350


class TourCard(QFrame):
    """A card in a corner of the widget that it is put over."""

    reached = Signal(str)
    """The example to load."""

    closed = Signal()

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.number = 0
        self.setObjectName("card")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setFixedWidth(WIDTH)
        self.place = QLabel()
        self.place.setObjectName("aside")
        self.heading = QLabel()
        self.heading.setStyleSheet("font-size: 15px; font-weight: 600;")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.end = QPushButton("Close")
        self.back = QPushButton("Back")
        self.next = QPushButton("Next")
        self.next.setDefault(True)
        for button in (self.end, self.back):
            button.setAutoDefault(True)  # Return presses it: here the space bar plays
        self.end.clicked.connect(self.close_tour)
        self.back.clicked.connect(lambda: self.go(self.number - 1))
        self.next.clicked.connect(lambda: self.go(self.number + 1))
        row = QHBoxLayout()
        row.addWidget(self.end)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        for widget in (self.place, self.heading, self.text):
            column.addWidget(widget)
        column.addLayout(row)
        over.installEventFilter(self)

    def go(self, number: int) -> None:
        """Go to a stop; beyond the last one the tour is over."""
        if number >= len(STOPS):
            self.close_tour()
            return
        self.number = number
        stop = STOPS[number]
        self.place.setText(f"{number + 1} of {len(STOPS)}")
        self.heading.setText(stop.heading)
        self.text.setText(stop.text)
        self.back.setEnabled(number > 0)
        self.next.setText("Done" if number == len(STOPS) - 1 else "Next")
        self.layout().activate()
        self.resize(WIDTH, self.layout().totalHeightForWidth(WIDTH))
        self._settle()
        self.show()
        self.raise_()
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)
        self.reached.emit(stop.example)

    def close_tour(self) -> None:
        """Take the card away."""
        over = self.parentWidget()
        if over is not None:
            over.removeEventFilter(self)
        self.hide()
        self.closed.emit()
        self.deleteLater()

    def event(self, event: QEvent) -> bool:
        # Escape would stop the training elsewhere; here it closes the card.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.setAccepted(event.key() == Qt.Key.Key_Escape)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_tour()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._settle()
        return False

    def _settle(self) -> None:
        """The lower left corner, away from the titles and the colour bars."""
        over = self.parentWidget()
        if over is not None:
            self.move(16, max(over.height() - self.height() - 16, 0))
