"""The beginning of a table file, as it stands there.

In: a path and how it is read. Out: names and some rows of texts, and a Qt model of them. Files that the library refuses
are shown as well, so that a person sees why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from ...data.columns import Numbers
from ...data.records import records
from ...data.table import ARRAYS, Table
from ...errors import DataError, clipped

ROWS = 50

MOST_COLUMNS = 1000
"""Columns that a preview has; the others are chosen by number."""

Index: TypeAlias = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Beginning:
    """names: of the columns. rows: the first ROWS of them, as texts."""

    names: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def beginning(path: Path, header: bool, delimiter: str | None, encoding: str, table: Table | None) -> Beginning:
    """The first rows of a file. table: what the library read of it; None where it could not."""
    if path.suffix.lower() in ARRAYS:
        if table is None:
            return Beginning()
        columns = [c.values[:ROWS] for c in table.columns[:MOST_COLUMNS] if isinstance(c, Numbers)]
        rows = tuple(tuple(f"{entry:.6g}" for entry in row) for row in zip(*columns, strict=True))
        return Beginning(table.names[:MOST_COLUMNS], rows)
    delimiter = delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    found: list[list[str]] = []
    try:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="", errors="replace") as file:
            for record in islice(records(file, path.name, delimiter), ROWS + header):
                found.append(record.entries[:MOST_COLUMNS])
    except (DataError, OSError, LookupError):
        pass  # what was read up to there
    width = max(map(len, found), default=0)
    names = found.pop(0) if header and found else [str(i + 1) for i in range(width)]
    names += [""] * (width - len(names))
    return Beginning(tuple(names), tuple(tuple(row) for row in found))


class PreviewModel(QAbstractTableModel):
    """A Beginning for a QTableView."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = Beginning()

    def show_beginning(self, shown: Beginning) -> None:
        self.beginResetModel()
        self._shown = shown
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as Qt has it
        return 0 if parent.isValid() else len(self._shown.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._shown.names)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row: Sequence[str] = self._shown.rows[index.row()]
        entry = row[index.column()].strip() if index.column() < len(row) else ""
        if role == Qt.ItemDataRole.DisplayRole:
            return clipped(entry)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if _is_number(entry) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return clipped(self._shown.names[section]) if orientation == Qt.Orientation.Horizontal else section + 1
        return None


def _is_number(entry: str) -> bool:
    try:
        float(entry)
    except ValueError:
        return False
    return True
