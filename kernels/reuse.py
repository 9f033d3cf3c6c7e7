"""Memory of surfaces, used again for the next: fresh memory is found, mapped and cleared by the system page by page,
which takes longer than many a surface of a million points.

In: a shape and a type. Out: an array, not initialized, as numpy.empty gives. Memory is taken again once no array that
lies in it is left.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST, LARGEST = 2**20, 2**24
"""Bytes of an array for which this is done: malloc itself uses smaller ones again, and larger ones take longer to
compute than to map."""

COUNT = 2
"""Blocks that are kept while nobody has them: 32 MiB at the most."""

# Its appends and pops are atomic: no lock is held, which a forked child would find closed.
_unused: deque[NDArray[np.uint8]] = deque(maxlen=COUNT)


def empty(shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if not LEAST <= size <= LARGEST:
        return np.empty(shape, dtype)
    found: NDArray[Any] = np.asarray(_Lent(_taken(size)))[:size].view(dtype).reshape(shape)
    return found


class _Lent:
    """A block on loan: NumPy keeps it as the owner of every array that lies in it, and lets go of it with the last."""

    def __init__(self, block: NDArray[np.uint8]) -> None:
        self.block, self.__array_interface__ = block, block.__array_interface__

    def __del__(self, give_back: Callable[[NDArray[np.uint8]], None] = _unused.append) -> None:
        give_back(self.block)


def _taken(size: int) -> NDArray[np.uint8]:
    for _ in range(len(_unused)):
        try:
            block = _unused.popleft()
        except IndexError:  # another thread has it
            break
        if size <= block.size <= 2 * size:
            return block
        _unused.append(block)
    return np.empty(size, np.uint8)
