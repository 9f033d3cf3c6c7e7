"""Operations that only what is computed once for a plane may use: NumPy does them, no kernel has them.

They have no derivative and no lowering, so they are not among the primitives that a text can become.
"""

from __future__ import annotations

import numpy as np

from .primitives import PRIMITIVES, Array, Primitive, Shape

CHUNK = 4096
"""Rows that are reduced at a time: their copy stays in a cache, and no second copy of the data is made."""


def _triangle_shape(*shapes: Shape) -> Shape | None:
    return (len(shapes), len(shapes)) if len(set(shapes)) == 1 else None


def _triangle(*matrices: Array) -> Array:
    """The triangular factor R of the matrix whose columns are the entries of these: |sum z_k M_k|_F = |R z|_2."""
    columns = [matrix.ravel() for matrix in matrices]
    count = len(columns)
    if not all(np.isfinite(column).all() for column in columns):
        # There is no factor; what is infinite stays so, and what is not a number too.
        return np.diag([float(np.linalg.norm(column)) for column in columns])
    factor = np.zeros((count, count))
    for start in range(0, columns[0].size, CHUNK):
        block = np.column_stack([column[start : start + CHUNK] for column in columns])
        factor = np.asarray(np.linalg.qr(np.vstack([factor, block]), mode="r"))
    return factor


def _part_shape(shape: Shape, rows: tuple[int, int], column: int) -> Shape | None:
    inside = 0 <= rows[0] < rows[1] <= shape[0] and 0 <= column < shape[1]
    return (rows[1] - rows[0], 1) if inside else None


def _part(matrix: Array, rows: tuple[int, int], column: int) -> Array:
    return matrix[rows[0] : rows[1], column : column + 1]


def _stack_shape(*shapes: Shape) -> Shape | None:
    return (sum(rows * columns for rows, columns in shapes), 1) if shapes else None


def _stack(*matrices: Array) -> Array:
    """The entries of all of them, one below the other."""
    return np.concatenate([matrix.ravel() for matrix in matrices])[:, None]


ONCE: dict[str, Primitive] = {
    "stack": Primitive("stack", None, _stack_shape, _stack),
    "triangle": Primitive("triangle", None, _triangle_shape, _triangle),
    "part": Primitive("part", 1, _part_shape, _part),
}


def operation(name: str) -> Primitive:
    """The row of a primitive, or of an operation above. Raises KeyError if there is none."""
    return PRIMITIVES[name] if name in PRIMITIVES else ONCE[name]
