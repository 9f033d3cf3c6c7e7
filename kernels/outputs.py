"""What is computed at a point of a plane: the loss, and derivatives of it that are asked for.

In: the program of a loss over its weights. Out: the program on the plane with those outputs, for a kernel, or their
numbers at one point, for the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import debug, derivative, reference
from .consumption import with_absolute_forms
from .program import Program
from .substitution import Placed, placed, with_curvature, with_gradient, with_others

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Outputs:
    """What is computed at a point of a plane beside the loss L: dL/da and dL/db; L_aa, L_ab and L_bb; the L2 norm of
    the gradient over all weights. In this order, after the loss."""

    gradient: bool = False
    curvature: bool = False
    gradient_norm: bool = False

    @property
    def places(self) -> dict[str, slice]:
        """Where each lies among the numbers of a point."""
        found, start = {}, 0
        for name, size in (("loss", 1), ("gradient", 2), ("curvature", 3), ("gradient_norm", 1)):
            if name == "loss" or getattr(self, name):
                found[name] = slice(start, start + size)
                start += size
        return found

    @property
    def count(self) -> int:
        return max(place.stop for place in self.places.values())


@lru_cache(maxsize=256)
def on_plane(
    program: Program,
    presence: tuple[tuple[str, bool, bool], ...],
    outputs: Outputs,
    slopes: Callable[[Program], Program] = with_gradient,
) -> Placed:
    """A loss on the plane, with these outputs. slopes: how dL/da and dL/db are added to it.

    Always by the same steps up to the last output that is wanted: what is not wanted is dropped at the end, so that
    the others come in the same order, and have the same bits, with it and without."""
    program, moved = with_absolute_forms(program), {name: (u, v) for name, u, v in presence}
    loss = placed(program, moved)
    if outputs == Outputs():
        debug.say(3, "hoisted", lambda: "\n".join(loss.notes))
        return loss
    found = slopes(loss.program)
    if outputs == Outputs(gradient=True):
        return Placed(found, loss.notes)
    found, every = with_curvature(found), Outputs(True, True, outputs.gradient_norm)
    if outputs.gradient_norm:
        norm = placed(derivative.gradient_norm(program), moved).program
        found = with_others(found, norm.returning(norm.outputs[1]))
    kept = [found.outputs[k] for name in outputs.places for k in range(len(found.outputs))[every.places[name]]]
    return Placed(found.returning(*kept), loss.notes)


_gradient = lru_cache(maxsize=64)(derivative.gradient)
_hessian_product = lru_cache(maxsize=64)(derivative.hessian_product)


def at_point(
    program: Program,
    wanted: Outputs,
    inputs: Mapping[str, ArrayLike],
    u: Mapping[str, Array],
    v: Mapping[str, Array],
) -> list[float]:
    """The oracle, by NumPy: derivatives by reverse mode over all weights, projected on the directions u and v.

    inputs: the data, and the weights at the point.
    """
    loss, *slopes = reference.evaluate(_gradient(program) if wanted != Outputs() else program, inputs)

    def dot(blocks: Iterable[Array], along: Mapping[str, Array]) -> float:
        return sum(float(np.sum(block * d)) for block, d in zip(blocks, along.values(), strict=True))

    found = [loss.item()]
    if wanted.gradient:
        found += [dot(slopes, u), dot(slopes, v)]
    if wanted.curvature:
        product = _hessian_product(program)
        along_u, along_v = (
            reference.evaluate(product, {**inputs, **{derivative.direction(n): x for n, x in way.items()}})
            for way in (u, v)
        )
        found += [dot(along_u, u), dot(along_u, v), dot(along_v, v)]
    if wanted.gradient_norm:
        found.append(float(np.sqrt(sum(np.sum(slope * slope) for slope in slopes))))
    return found
