"""Mini-batches: which columns of the data each step of training sees.

In: a problem, a batch size, a seed. Out: for every epoch the samples in an order of their own, cut into
batches; the last one is smaller where the size does not divide their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import kernels
from .arguments import ArgumentError, whole
from .errors import DataError, ShapeError
from .matrices import Matrix, sample_count

if TYPE_CHECKING:
    from .problem import Problem


def shuffles(samples: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """The orders in which the samples are taken, epoch after epoch, without end."""
    # A stream of its own: the start is drawn from the plain seed.
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(1,))))
    while True:
        yield random.permutation(samples)


class Batches:
    """The samples of a problem's data, to be taken batch by batch.

    Samples are the columns of the data with more than one column, `cut`, which must all have that many. A batch has
    its own program, since shapes, means and sums are those of the batch. Raises ArgumentError where there are
    no samples, or where the expression ties weights to their number.
    """

    def __init__(self, problem: Problem, batch_size: int, seed: int) -> None:
        used = {name: problem.data[name] for name in problem.program.data}
        try:
            self.samples = sample_count(used, "batch_size")
        except DataError as error:
            raise ArgumentError(f"{error}; or leave it out") from None
        self.size = min(whole("batch_size", batch_size, 1), self.samples)
        self._data = used
        self.cut = frozenset(name for name, value in used.items() if value.shape[1] > 1)
        self._orders = shuffles(self.samples, seed)
        sizes = sorted({self.size, self.samples % self.size or self.size}, reverse=True)
        self.programs = {size: self._program(problem, size) for size in sizes}

    def _program(self, problem: Problem, size: int) -> kernels.Program:
        if size == self.samples:
            return problem.program
        shapes = {
            name: (value.shape[0], size if name in self.cut else value.shape[1]) for name, value in problem.data.items()
        }
        for name, value in problem.data.items():
            if name not in self._data and value.shape[1] == self.samples:
                shapes[name] = (value.shape[0], size)
        try:
            return problem.sized(shapes)
        except ShapeError as error:
            reason = str(error).splitlines()[0]
            raise ArgumentError(
                f"a batch of {size} samples does not fit the expression, whose weights are tied to all "
                f"{self.samples} of them ({reason}): train on the full batch"
            ) from None

    @property
    def steps(self) -> int:
        """Steps an epoch."""
        return -(-self.samples // self.size)

    @property
    def step_bytes(self) -> int:
        """What the data of a step take in float64."""
        return 8 * self.size * sum(self._data[name].shape[0] for name in self.cut)

    def forever(self) -> Iterator[tuple[int, Mapping[str, Matrix]]]:
        """The batches of one epoch after the other, without end."""
        while True:
            yield from self.epoch()

    def epoch(self) -> Iterator[tuple[int, Mapping[str, Matrix]]]:
        """The next epoch's batches: the number of samples and the data, by name."""
        order = next(self._orders)
        for first in range(0, self.samples, self.size):
            chosen = order[first : first + self.size]
            yield (
                len(chosen),
                {
                    name: np.ascontiguousarray(value[:, chosen]) if name in self.cut else value
                    for name, value in self._data.items()
                },
            )
