"""A coarse surface on a finer grid, to be seen until the fine one is computed.

In: a Surface and the coordinates of a finer grid. Out: a Surface whose heights are interpolated.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .arguments import ArgumentError

if TYPE_CHECKING:
    from scipy import sparse

    from .surface import Surface

ROWS = 256
"""Rows that are interpolated at once."""


def upsampled(coarse: Surface, a: NDArray[np.float64], b: NDArray[np.float64]) -> Surface:
    """The surface on the grid of coordinates a and b, linear between its vertices and level beyond its extent.

    A vertex next to one that is not finite is nan. Raises ArgumentError for a surface of one line.
    """
    if len(coarse.b) < 2:
        raise ArgumentError("the surface is a line, of one scalar weight: a surface of two is wanted")
    known = np.isfinite(coarse.loss)
    loss = np.where(known, coarse.loss, 0.0).astype(np.float64)
    across, along = _weights(coarse.a, a).T.tocsc(), _weights(coarse.b, b)
    fine = np.empty((len(b), len(a)), coarse.loss.dtype)
    for first in range(0, len(b), ROWS):
        rows = slice(first, first + ROWS)
        fine[rows] = (along[rows] @ loss) @ across
        if not known.all():
            fine[rows][((along[rows] @ ~known) @ across) > 0] = np.nan
    return replace(
        coarse, a=np.array(a), b=np.array(b), loss=fine, gradient=None, curvature=None, gradient_norm=None,
        method=f"{coarse.method}; interpolated from {coarse.loss.shape[0]} x {coarse.loss.shape[1]} vertices",
    )  # fmt: skip


def _weights(coarse: NDArray[np.float64], fine: NDArray[np.float64]) -> sparse.csr_array:
    """(fine, coarse): the shares of the coarse vertices in each fine one."""
    from scipy import sparse  # which takes a while to load

    place = np.interp(fine, coarse, np.arange(len(coarse)))
    first = np.minimum(place.astype(np.intp), len(coarse) - 2)
    share = place - first
    count = np.arange(len(fine))
    return sparse.csr_array(
        (np.concatenate([1 - share, share]), (np.tile(count, 2), np.concatenate([first, first + 1]))),
        shape=(len(fine), len(coarse)),
    )
