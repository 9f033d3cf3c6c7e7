"""Columns of a table as a person writes them: `petal length, 4`.

In: a text, or `columns` of a document. Out: the other one. A name with a comma stands in double quotes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from ...data.columns import Labels, Numbers
from ...data.table import Table
from .fields import ABSENT


def columns_of(text: str, names: Sequence[str]) -> Any:
    """`columns` of a document: one column, several, or ABSENT for all."""
    if not text.strip():
        return ABSENT
    entries = [entry.strip() for entry in next(csv.reader([" ".join(text.splitlines())], skipinitialspace=True))]
    found = [int(e) if e.isdecimal() and e not in names else e for e in entries if e]
    return found[0] if len(found) == 1 else found


def text_of(columns: Any) -> str:
    """What `columns_of` reads as these columns."""
    if columns is ABSENT:
        return ""
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(columns if isinstance(columns, list) else [columns])
    return written.getvalue().replace(",", ", ") if '"' not in written.getvalue() else written.getvalue()


def called(table: Table, places: Sequence[int], header: bool) -> Any:
    """Columns at some places, from 0, by name where that says which; ABSENT for all of them."""
    if len(places) == len(table.names):
        return ABSENT
    found = [_called(table.names, place) if header else place + 1 for place in places]
    return found[0] if len(found) == 1 else found


def _called(names: Sequence[str], place: int) -> str | int:
    name = names[place]
    plain = name and name == name.strip() and not name.isdecimal() and name.isprintable()
    return name if plain and names.count(name) == 1 else place + 1


def proposed(table: Table, header: bool) -> dict[str, dict[str, Any]]:
    """What most tables are: Y is the last column of labels, else the last one, and X what else holds numbers."""
    count = len(table.columns)
    if count == 1:
        return {"X": {}}
    labels = [i for i, column in enumerate(table.columns) if isinstance(column, Labels) and column.labels is not None]
    target = labels[-1] if labels else count - 1
    features = [i for i, column in enumerate(table.columns) if isinstance(column, Numbers) and i != target]
    found: dict[str, dict[str, Any]] = {}
    if features:
        found["X"] = {"columns": called(table, features, header)}
    found["Y"] = {"columns": called(table, [target], header), **({"onehot": True} if labels else {})}
    return found
