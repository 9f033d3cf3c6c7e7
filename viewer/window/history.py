"""Undo and redo: the documents that a workspace has had.

In: documents as they are edited. Out: an undo stack of Qt's, which hands an older one back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtGui import QUndoCommand, QUndoStack

Document = dict[str, Any]

PAUSE = 1.0
"""Seconds between two edits of the same key that make them two."""


class Edit(QUndoCommand):
    """A change from one document to another."""

    def __init__(self, before: Document, after: Document, show: Callable[[Document], None]) -> None:
        self.keys = different(before, after)
        super().__init__(f"change of {', '.join(self.keys)}" if self.keys else "change")
        self.before, self.after, self._show = before, after, show
        self.when = time.monotonic()
        self._done = True  # the editor shows it already

    def undo(self) -> None:
        self._done = False
        self._show(self.before)

    def redo(self) -> None:
        if not self._done:
            self._show(self.after)
        self._done = True

    def id(self) -> int:
        return 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Whether another edit is one with this: typing, without a pause."""
        if not isinstance(other, Edit) or other.keys != self.keys or other.when - self.when > PAUSE:
            return False
        self.after, self.when = other.after, other.when
        return True


def different(one: Document, other: Document) -> tuple[str, ...]:
    """The sections in which two documents differ."""
    return tuple(name for name in {**one, **other} if not same(one.get(name), other.get(name)))


def same(one: Any, other: Any) -> bool:
    """Whether two values of a document are equal, matrices among them."""
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return one is other or (one is not None and other is not None and np.array_equal(one, other))
    return bool(type(one) is type(other) and one == other)


def edited(stack: QUndoStack, before: Document, after: Document, show: Callable[[Document], None]) -> bool:
    """Note an edit; False where nothing changed."""
    if same(before, after):
        return False
    stack.push(Edit(before, after, show))
    return True
