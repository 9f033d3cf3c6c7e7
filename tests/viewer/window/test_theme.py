"""What a theme makes of Qt's own widgets, by their pixels."""

from typing import Any

import numpy as np
import pytest


def luminance(colour: Any) -> float:
    parts = np.array(colour.getRgbF()[:3])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.fixture
def dressed(application: Any) -> Any:
    """Dresses the application; afterwards it is as it was."""
    from atlas_fast.viewer.window.theme import BOXED, dress

    before = application.palette()
    yield lambda name: dress(application, name)
    application.setStyleSheet("")
    for kind in BOXED:
        application.setPalette(before, kind)
    application.setPalette(before)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["box", "list"])
def test_a_box_that_is_not_ticked_stands_out(dressed: Any, theme: str, kind: str) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QCheckBox, QListWidget, QListWidgetItem, QStyle, QStyleOptionButton

    dressed(theme)
    if kind == "box":
        widget: Any = QCheckBox("Arrows")
        widget.resize(120, 30)
        option = QStyleOptionButton()
        widget.initStyleOption(option)
        place = widget.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, widget)
    else:
        widget = QListWidget()
        widget.resize(120, 60)
        item = QListWidgetItem("SGD 0.05")
        item.setCheckState(Qt.CheckState.Unchecked)
        widget.addItem(item)
        place = widget.visualItemRect(item).adjusted(0, 2, 0, 0)
    picture = widget.grab().toImage()
    row = place.center().y()
    lights = [luminance(picture.pixelColor(x, row)) for x in range(place.left(), min(place.left() + 16, 119))]
    behind = luminance(picture.pixelColor(110, 26))
    contrast = max((max(light, behind) + 0.05) / (min(light, behind) + 0.05) for light in lights)
    # What WCAG 2 asks of the edges of a control.
    assert contrast >= 3
