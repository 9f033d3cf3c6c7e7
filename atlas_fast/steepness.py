"""How steep and how curved a surface is, as one number a vertex.

In: a Surface with its gradient or its curvature. Out: arrays (rows, columns), nan where they are not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .arguments import ArgumentError

if TYPE_CHECKING:
    from .surface import Surface

Array = NDArray[np.floating[Any]]


def gradient(surface: Surface) -> Array:
    """dL/da and dL/db, (2, rows, columns). Raises ArgumentError where the surface has none."""
    if surface.gradient is None:
        raise ArgumentError("the surface has no gradient: compute it with problem.surface(.., gradient=True)")
    return surface.gradient


def gradient_norm(surface: Surface) -> Array:
    """The gradient's norm over all weights. Raises ArgumentError where the surface has none."""
    if surface.gradient_norm is None:
        raise ArgumentError(
            "the surface has no gradient_norm: compute it with problem.surface(.., gradient_norm=True), or colour by "
            "'slope', the gradient along the plane"
        )
    return surface.gradient_norm


def slope(surface: Surface) -> Array:
    """The norm of (dL/da, dL/db). Raises ArgumentError where the surface has no gradient."""
    along_a, along_b = gradient(surface)
    return np.hypot(along_a, along_b)


def mean_curvature(surface: Surface) -> Array:
    """The mean of the second derivatives along the plane, (L_aa + L_bb) / 2: positive in a valley, negative on a ridge,
    zero on a plane. Raises ArgumentError where the surface has no curvature."""
    if surface.curvature is None:
        raise ArgumentError("the surface has no curvature: compute it with problem.surface(.., curvature=True)")
    aa, _, bb = surface.curvature
    # Half of each, for the sum of two finite numbers may be infinite.
    return aa / 2 + bb / 2
