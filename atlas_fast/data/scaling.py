"""Scaling: each feature moved and scaled, by values that are fitted once and kept for data to come.

In: a matrix of features x samples. Out: an immutable Scaling, which applies to other matrices of these features and
undoes itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import choice
from ..errors import DataError
from ..matrices import Matrix, matrix


@dataclass(frozen=True, eq=False)
class Scaling:
    """scaled = (value - offset) / factor, for each feature by itself.

    kind: "standardize", to mean 0 and standard deviation 1 (of the samples, dividing by their number), or "unit", to
    [0, 1]. offset, factor: (features, 1), read-only, in the units of the data. A feature that is constant becomes 0.
    Made by `fit`.
    """

    kind: str
    offset: Matrix
    factor: Matrix

    @classmethod
    def fit(cls, kind: str, values: Any) -> Scaling:
        """The scaling of a matrix of features x samples. Raises DataError for what is no finite matrix."""
        choice("kind", kind, ("standardize", "unit"))
        found = matrix("the matrix to scale", values)
        low = found.min(axis=1, keepdims=True)
        with np.errstate(over="ignore"):
            factor = found.max(axis=1, keepdims=True) - low
        wide = np.flatnonzero(~np.isfinite(factor))
        if wide.size:
            raise DataError(f"row {wide[0]} of the matrix to scale spans more than float64 holds: divide it first")
        # What differs in its last bits only is a constant that was computed in two ways.
        constant = factor <= 8 * np.finfo(np.float64).eps * np.abs(found).max(axis=1, keepdims=True)
        factor[constant] = 1
        offset = low
        if kind == "standardize":
            # By way of [0, 1], where squares neither overflow nor vanish, and a constant stays exactly 0.
            unit = (found - low) / factor
            offset = low + factor * unit.mean(axis=1, keepdims=True)
            factor = factor * unit.std(axis=1, keepdims=True)
            factor[constant | (factor == 0)] = 1
        offset.flags.writeable = factor.flags.writeable = False
        return cls(kind, offset, factor)

    def apply(self, values: Any) -> Matrix:
        """A matrix of these features x any samples, scaled; read-only."""
        found = (self._features(values) - self.offset) / self.factor
        found.flags.writeable = False
        return found

    def undo(self, values: Any) -> Matrix:
        """What `apply` was given, to rounding; read-only."""
        found = self._features(values) * self.factor + self.offset
        found.flags.writeable = False
        return found

    def _features(self, values: Any) -> Matrix:
        found = matrix("the matrix to scale", values)
        if len(found) != len(self.offset):
            raise DataError(
                f"the matrix to scale has {len(found):,} rows, the scaling was fitted to {len(self.offset):,} features"
            )
        return found
