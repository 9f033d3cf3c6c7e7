"""Where arrays lie: what compiled code is told of memory.

In: arrays, which the caller keeps as long as code may read them. Out: addresses, alone or as the table that a tile
takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import addressof, c_char
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cpu import waiting

Table = NDArray[np.int64]


def address(array: NDArray[Any]) -> int:
    """Where an array's numbers begin."""
    try:
        # The same as ndarray.ctypes.data, in a quarter of the time, of which a small surface is made.
        return addressof(c_char.from_buffer(array.data))
    except (TypeError, ValueError):  # it cannot be written, or holds nothing
        return int(array.ctypes.data)


def table_of(arrays: Sequence[NDArray[Any]], row_blocks: int, strides: tuple[int, int], stop: waiting.Flag) -> Table:
    """What compiled code reads: addresses of arrays, the number of blocks in a row, how far apart, in numbers of the
    last array, the output, two blocks and two elements of a block lie, and the address of the flag that stops it."""
    return np.array([*[address(a) for a in arrays], row_blocks, *strides, address(stop)], dtype=np.int64)
