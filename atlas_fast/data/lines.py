"""The lines of a text file: which one a row of its table begins in, and where its bytes stop being text.

In: a file, or its rows as they are read. Out: line numbers counted from 1, as an editor shows them.
"""

from __future__ import annotations

import codecs
import io
from array import array
from bisect import bisect_right
from pathlib import Path

CHUNK = 1 << 16
"""Bytes that are decoded at a time."""


class Lines:
    """The line that each row begins in. Only rows that do not follow the one before take any memory."""

    def __init__(self) -> None:
        self._rows = array("q")
        self._lines = array("q")
        self.rows = 0
        self._next = 0

    def add(self, line: int) -> None:
        """One more row, which begins in that line."""
        if line != self._next:
            self._rows.append(self.rows)
            self._lines.append(line)
        self.rows += 1
        self._next = line + 1

    def of(self, row: int) -> int:
        """The line of a row; rows are counted from 0."""
        i = bisect_right(self._rows, row) - 1
        return self._lines[i] + row - self._rows[i]


def undecodable(path: Path, encoding: str) -> tuple[int, int | None]:
    """The line where a file stops being text of an encoding, and the byte, where one is at fault."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    line = 1
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            state = decoder.getstate()
            try:
                line += decoder.decode(chunk).count("\n")
                continue
            except UnicodeError:
                decoder.setstate(state)
            # Byte by byte, so that the lines before the one at fault are counted.
            for byte in chunk:
                try:
                    line += decoder.decode(bytes([byte])).count("\n")
                except UnicodeError as error:
                    return line + _pending(decoder), _byte(error)
        try:
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            return line + _pending(decoder), _byte(error)
    return 1, None


def _pending(decoder: io.IncrementalNewlineDecoder) -> int:
    """1 where a CR came last, which is held back until it is known whether an LF follows."""
    return decoder.getstate()[1] & 1


def _byte(error: UnicodeError) -> int | None:
    """The byte at fault; none where a file of UTF-16 or UTF-32 does not begin as one."""
    return error.object[error.start] if isinstance(error, UnicodeDecodeError) else None
