"""What the window remembers from one day to the next: its layout, its theme, the files of late.

In: nothing. Out: an .ini file in the user's configuration folder; where that cannot be written, nothing is remembered.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QSplitter, QWidget

MOST_RECENT = 10


class Preferences:
    """Values by name."""

    def __init__(self) -> None:
        import platformdirs

        folder = Path(platformdirs.user_config_path("atlas-fast", appauthor=False))
        self._stored = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)

    def text(self, name: str, otherwise: str) -> str:
        found: Any = self._stored.value(name)
        return found if isinstance(found, str) else otherwise

    def flag(self, name: str, otherwise: bool) -> bool:
        return self.text(name, str(otherwise)).lower() == "true"

    def put(self, name: str, value: str | bool) -> None:
        self._stored.setValue(name, str(value))
        self._stored.sync()

    @property
    def recent(self) -> list[Path]:
        """Files that were opened or saved, the last first."""
        found: Any = self._stored.value("recent") or []
        names = [found] if isinstance(found, str) else found
        return [Path(name) for name in names if isinstance(name, str)]

    def remember(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        path = path.resolve()
        others = [str(other) for other in self.recent if other != path]
        self._stored.setValue("recent", [str(path), *others][:MOST_RECENT])
        self._stored.sync()

    def forget(self) -> None:
        """Forget the recent files."""
        self._stored.remove("recent")

    def keep_layout(self, name: str, widget: QWidget) -> None:
        """Note where a window is, or how a splitter divides its place."""
        state = widget.saveState() if isinstance(widget, QSplitter) else widget.saveGeometry()
        self._stored.setValue(f"layout/{name}", state)

    def lay_out(self, name: str, widget: QWidget) -> bool:
        """Put it there again; False where nothing is noted."""
        state: Any = self._stored.value(f"layout/{name}")
        if not isinstance(state, QByteArray):
            return False
        return bool(widget.restoreState(state) if isinstance(widget, QSplitter) else widget.restoreGeometry(state))
