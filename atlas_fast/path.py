"""A run's path as seen on a surface."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Path(NamedTuple):
    """Where each recorded step falls; every array is (steps + 1,).

    a, b: coordinates of the nearest point of the plane. height: the surface there, interpolated, nan outside
    it. loss: measured at the real weights. distance: how far those lie off the plane. step: counted from 0.
    Height and loss differ by what the path does off the plane. Made by `surface.path`.
    """

    a: Array
    b: Array
    height: Array
    loss: Array
    distance: Array
    step: NDArray[np.int64]
