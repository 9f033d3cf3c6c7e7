"""Where the weights start.

In: the weights' shapes, which of them are biases, and a seed. Out: a matrix for each weight. Glorot and Bengio (2010),
equation 16, in its normal form: the variance is 2 / (rows + columns).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import sqrt

import numpy as np

from .arguments import choice, whole
from .matrices import Matrix

SCHEMES = ("glorot", "normal")


def draw(
    weights: Mapping[str, tuple[int, int]], biases: Collection[str], holds_data: bool, seed: int, scheme: str
) -> dict[str, Matrix]:
    """A starting value for each weight, by name.

    scheme "glorot": Glorot normal, zeros for biases; N(0, 1) where the loss holds no data, and with
    "normal". Raises ArgumentError for another scheme, or a seed that is no whole number of 0 or more.
    """
    choice("scheme", scheme, SCHEMES)
    random = np.random.Generator(np.random.PCG64(whole("seed", seed, 0)))
    plain = scheme == "normal" or not holds_data
    values: dict[str, Matrix] = {}
    for name, (rows, columns) in weights.items():
        if name in biases and not plain:
            values[name] = np.zeros((rows, columns))
        else:
            deviation = 1.0 if plain else sqrt(2 / (rows + columns))
            values[name] = deviation * random.standard_normal((rows, columns))
    return values
