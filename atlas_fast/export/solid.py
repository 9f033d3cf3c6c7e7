"""A surface as a solid to print: its relief on a base, with walls and a floor.

In: a Surface. Out: a binary STL file in millimetres. The mesh is watertight: every edge belongs to two triangles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import real, whole
from . import needed
from .relief import Relief, faces

if TYPE_CHECKING:
    from ..look import Look
    from ..surface import Surface
    from . import Runs


def solid(
    surface: Surface, runs: Runs, look: Look, width: float = 100.0, base: float = 3.0, resolution: int = 512
) -> Callable[[IO[bytes]], object]:
    """width: of the longer side. base: how thick the solid is below the lowest height. Both in millimetres."""
    width, base = real("width", width, above=0), real("base", base, above=0)
    trimesh: Any = needed("trimesh", ".stl")
    relief = Relief.of(surface, whole("resolution", resolution, 2), look)
    relief.require_heights()
    # What is not finite overflowed, as a rule: it stands as high as what is cut off.
    top = relief.points(relief.a[None, :], relief.b[:, None], np.nan_to_num(relief.scaled, nan=1.0)) * width
    top[..., 2] += base
    mesh = trimesh.Trimesh(*closed(top), process=False)
    return lambda file: mesh.export(file, file_type="stl")


def closed(top: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Vertices (n, 3) and faces (m, 3), outwards, of the solid between points (rows, columns, 3) and the plane z = 0.

    Below its rim it has one vertex for each of the rim's, and the floor is a fan about one more in its middle.
    """
    rows, columns = top.shape[:2]
    count = rows * columns
    number = np.arange(count).reshape(rows, columns)
    # Anticlockwise from above.
    rim = np.concatenate([number[0, :-1], number[:-1, -1], number[-1, :0:-1], number[:0:-1, 0]])
    points = top.reshape(-1, 3)
    foot = points[rim] * (1, 1, 0)
    middle = (foot.min(axis=0) + foot.max(axis=0)) / 2
    below = count + np.arange(len(rim))
    after, below_after = np.roll(rim, -1), np.roll(below, -1)
    fan = np.full(len(rim), count + len(rim))
    return np.concatenate([points, foot, middle[None]]), np.concatenate(
        [
            faces((rows, columns)),
            np.column_stack([rim, below, below_after]),
            np.column_stack([rim, below_after, after]),
            np.column_stack([fan, below_after, below]),
        ]
    )
