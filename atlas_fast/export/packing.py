"""Arrays of small whole numbers as fewer bytes, for page.html to unpack: of a smooth surface neighbours are alike.

In: 8-bit or 16-bit codes, row after row. Out: bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ESCAPE = 255
"""The byte before a change of two bytes."""


def halves(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """8-bit codes as their differences from one to the next, in half a byte where one is small: 0 to 14 are -7 to 7,
    after 15 come both halves of the difference."""
    change = np.diff(codes.ravel(), prepend=np.uint8(0)).view(np.int8).astype(np.intp)
    small = np.abs(change) <= 7
    ends = np.cumsum(np.where(small, 1, 3))
    found = np.zeros(ends[-1] + ends[-1] % 2, np.uint8)
    found[ends[small] - 1] = change[small] + 7
    large, byte = ends[~small], change[~small] & 255
    found[large - 3], found[large - 2], found[large - 1] = 15, byte >> 4, byte & 15
    packed: NDArray[np.uint8] = found[::2] << np.uint8(4) | found[1::2]
    return packed


def bytes_of(codes: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """16-bit codes as the differences of their differences, one byte where that is small: 0 to 254 are -127 to 127,
    after ESCAPE come both bytes, the lower first."""
    zero = np.uint16(0)
    change = np.diff(np.diff(codes.ravel(), prepend=zero), prepend=zero).view(np.int16).astype(np.intp)
    small = np.abs(change) <= 127
    ends = np.cumsum(np.where(small, 1, 3))
    found = np.empty(ends[-1], np.uint8)
    found[ends[small] - 1] = change[small] + 127
    large, value = ends[~small], change[~small] & 65535
    found[large - 3], found[large - 2], found[large - 1] = ESCAPE, value & 255, value >> 8
    return found
