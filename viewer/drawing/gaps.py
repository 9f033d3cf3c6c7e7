"""Heights where there are none: what a surface is continued with beneath its gaps, for the sake of the light on their
rims, and of triangles that reach into them.

In: heights and where they are known. Out: the same array, filled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROWS = 256
"""Rows that are filled at once: what that takes in memory is a small part of the heights."""


def fill(z: NDArray[np.float32], known: NDArray[np.bool_]) -> None:
    """Put heights where there are none: next to a known vertex the mean of those, for a vertex at the rim of a gap
    takes its slope from there; further inside the last one before the gap, for where few vertices are drawn a
    triangle may reach that far."""
    gappy: NDArray[np.bool_] = np.logical_not(known.all(axis=1))
    empty: NDArray[np.bool_] = np.logical_not(known.any(axis=1))
    for first in range(0, len(z), ROWS):
        rows = np.flatnonzero(gappy[first : first + ROWS] & ~empty[first : first + ROWS]) + first
        if rows.size:
            z[rows] = _carried(z[rows], known[rows])
    if empty.all():
        z[:] = 0.0
        return
    if empty.any():
        z[empty] = z[_nearest(~empty[None])[0][empty]]
    for first in range(0, len(z), ROWS):
        _average(z, known, np.flatnonzero(gappy[first : first + ROWS]) + first)


def _nearest(known: NDArray[np.bool_]) -> NDArray[np.intp]:
    """For each place of a row the last known one up to it, or the first of all before that."""
    places = np.arange(known.shape[1])
    last = np.maximum.accumulate(np.where(known, places, -1), axis=1)
    return np.where(last < 0, known.argmax(axis=1)[:, None], last)


def _carried(z: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.take_along_axis(z, _nearest(known), axis=1)


def _average(z: NDArray[np.float32], known: NDArray[np.bool_], rows: NDArray[np.intp]) -> None:
    """Where neighbours of an unknown vertex in these rows are known, give it their mean. Known ones alone are read,
    unknown ones alone written: the order plays no part."""
    places, columns = np.nonzero(~known[rows])
    places = rows[places]
    total, count = np.zeros(len(places)), np.zeros(len(places))
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = places + down, columns + right
            inside = (row >= 0) & (row < z.shape[0]) & (column >= 0) & (column < z.shape[1])
            row, column = np.where(inside, row, 0), np.where(inside, column, 0)
            inside &= known[row, column]
            total += np.where(inside, z[row, column], 0.0)
            count += inside
    beside = count > 0
    z[places[beside], columns[beside]] = total[beside] / count[beside]
