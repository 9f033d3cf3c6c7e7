"""Training and test data: the samples of all matrices cut alike, by a seed.

In: name -> matrix of features x samples. Out: two such dicts. The samples are drawn by NumPy's PCG64, as the starts of
training and its batches are: scikit-learn's train_test_split would take another generator, and a second to import.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arguments import ArgumentError, real, whole
from ..errors import DataError, named_type
from ..matrices import Matrix, matrix, sample_count


def split(data: Mapping[str, Any], test: float = 0.25, seed: int = 0) -> tuple[dict[str, Matrix], dict[str, Matrix]]:
    """(train, test): the same samples of every matrix in the one and in the other, in their order.

    data: name -> matrix, whose columns are the samples; those of one column (scalars, constants) are left whole in
    both. test: the share of the samples in the second, rounded up to a whole sample as scikit-learn does; each has
    one at least. Raises ArgumentError for another share, DataError where the matrices differ in their samples, and
    for a single column that is as long as the others have samples: it stands the wrong way round.
    """
    share = real("test", test, above=0)
    if share >= 1:
        raise ArgumentError(f"test is {share:g}, a share between 0 and 1 is wanted, such as 0.25")
    if not isinstance(data, Mapping):
        raise ArgumentError(f"data is {named_type(data)}, a dict of name -> matrix is wanted")
    found = {name: matrix(name, value) for name, value in data.items()}
    samples = sample_count(found, "a split")
    for name, value in found.items():
        if value.shape == (samples, 1):
            long = next(other for other in found if found[other].shape[1] == samples)
            raise DataError(
                f"{name} is a column of {samples:,} and {long} has {samples:,} samples, which are columns: "
                f"give {name}.T"
            )
    # A product such as 0.07 * 100 may be a rounding error above the whole number that is meant.
    size = min(samples - 1, math.ceil(share * samples * (1 - 1e-15)))
    # A stream of its own, beside that of starts (the plain seed) and of batches (key 1).
    stream = np.random.SeedSequence(whole("seed", seed, 0), spawn_key=(2,))
    order = np.random.Generator(np.random.PCG64(stream)).permutation(samples)
    return _samples(found, np.sort(order[size:])), _samples(found, np.sort(order[:size]))


def _samples(data: Mapping[str, Matrix], chosen: np.ndarray) -> dict[str, Matrix]:
    parts = {name: value if value.shape[1] == 1 else value[:, chosen] for name, value in data.items()}
    for part in parts.values():
        part.flags.writeable = False
    return parts
