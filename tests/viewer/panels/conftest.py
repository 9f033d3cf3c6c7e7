"""What the panel is tested with: Qt without a screen, a panel, and what it told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


class Told:
    """A panel, and the documents and wishes that it has told since `forget`."""

    def __init__(self, panel: Any) -> None:
        self.panel = panel
        self.documents: list[dict[str, Any]] = []
        self.asked: list[str] = []
        panel.edited.connect(self.documents.append)
        panel.train_asked.connect(lambda: self.asked.append("train"))
        panel.surface_asked.connect(lambda: self.asked.append("surface"))
        panel.stop_asked.connect(lambda: self.asked.append("stop"))

    def forget(self) -> None:
        self.documents.clear()
        self.asked.clear()

    @property
    def last(self) -> dict[str, Any]:
        return self.documents[-1]


@pytest.fixture
def told(application: Any) -> Iterator[Told]:
    from atlas_fast.viewer.panels.workspace import WorkspacePanel

    panel = WorkspacePanel()
    panel.resize(360, 720)
    panel.show()
    application.processEvents()
    yield Told(panel)
    panel.close()
    panel.deleteLater()
    application.processEvents()


@pytest.fixture
def find(told: Told) -> Callable[[str], Any]:
    """The widget of a name."""
    from PySide6.QtWidgets import QWidget

    def found(name: str) -> Any:
        widgets = told.panel.findChildren(QWidget, name)
        assert len(widgets) == 1, f"{len(widgets)} widgets are called {name}"
        return widgets[0]

    return found


@pytest.fixture
def type_into() -> Callable[[Any, str], None]:
    """Replace the text of a field with keys, and leave it."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    def typed(field: Any, text: str) -> None:
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(field, Qt.Key.Key_Delete)
        for line, part in enumerate(text.split("\n")):
            if line:
                QTest.keyClick(field, Qt.Key.Key_Return)
            QTest.keyClicks(field, part)
        if hasattr(field, "commit"):
            field.commit()
        else:
            QTest.keyClick(field, Qt.Key.Key_Tab)

    return typed


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """A CSV file of two numbers and a label a row."""
    path = tmp_path / "flowers.csv"
    path.write_text("length,width,kind\n1,2,rose\n3,5,lily\n2,2,rose\n8,1,iris\n")
    return path
