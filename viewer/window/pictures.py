"""How large a picture is to be, and whether with a background.

In: the size of what is seen. Out: the size that is wanted, in pixels.
"""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDialogButtonBox, QFormLayout, QWidget

SIZES = (("Full HD", (1920, 1080)), ("4K", (3840, 2160)), ("8K", (7680, 4320)), ("Square", (2400, 2400)))


class PictureDialog(QDialog):
    """Size and background of a picture."""

    def __init__(self, seen: tuple[int, int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save picture")
        self.sizes = QComboBox()
        for name, (width, height) in (("As seen", seen), ("Twice as seen", (2 * seen[0], 2 * seen[1])), *SIZES):
            self.sizes.addItem(f"{name}, {width} × {height}", (width, height))
        self.sizes.setCurrentIndex(1)
        self.transparent = QCheckBox("Without a background")
        self.transparent.setToolTip("For slides of any colour")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.addRow("&Size", self.sizes)
        form.addRow(self.transparent)
        form.addRow(buttons)

    @property
    def size_asked(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = self.sizes.currentData()
        return int(width), int(height)
