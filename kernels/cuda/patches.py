"""How many elements of a product a thread computes together, and into how many parts the samples of a sum are split.

In: shapes and a precision. Out: a `Patch`, and parts. A thread that has rows x columns elements at a time reads
rows + columns numbers for rows * columns multiply-adds. What is chosen is the fewest turns of warps by a model: a
multiply-add is one, a number read from shared memory four, since a processor gives a quarter as many numbers as it
multiplies. Threads that have nothing to do cost nothing, since other blocks have: but for two warps, that a processor
may have enough of them. Nothing here was measured. All of it follows from shapes alone, and so does the order of every
sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from .limits import WARP

LEAST_WARPS = 2

READ = 4
"""Turns of a number read from shared memory."""

JOIN = 24
"""Turns in which a sum of samples joins a compensated total, which is read and written."""

ELEMENT = 12
"""Turns in which an element of a sum is computed of what is read for it, about."""

SIDES = (1, 2, 4, 8)

LARGEST = 32
"""4-byte numbers of sums that a thread has in registers."""

MOST_PARTS = 32
"""Parts that the samples of a sum are split into at most: one thread adds them up."""


@dataclass(frozen=True)
class Patch:
    rows: int = 1
    columns: int = 1

    @property
    def size(self) -> int:
        return self.rows * self.columns

    def down(self, rows: int) -> int:
        """Patches beside each other along an axis of so many rows."""
        return -(-rows // self.rows)

    def across(self, columns: int) -> int:
        return -(-columns // self.columns)


SINGLE = Patch()


def turns_of(patch: Patch) -> int:
    """Of a patch's threads for one term of its products."""
    return patch.size + READ * (patch.rows + patch.columns)


def patches(rows: int, columns: int, most: int) -> list[Patch]:
    """All that a matrix has room for, of so many elements at most."""
    found = [Patch(r, c) for r, c in product(SIDES, SIDES) if r * c <= most and r < 2 * rows and c < 2 * columns]
    return found or [SINGLE]


def most_elements(products: int, dtype: str) -> int:
    return LARGEST // (products * (2 if dtype == "float64" else 1))


@lru_cache(maxsize=4096)
def patch_of(rows: int, columns: int, products: int, dtype: str) -> Patch:
    """Of so many products that share a loop."""

    def turns(patch: Patch) -> int:
        return _warps(patch.down(rows) * patch.across(columns)) * turns_of(patch)

    return min(patches(rows, columns, most_elements(products, dtype)), key=lambda patch: (turns(patch), patch.size))


@lru_cache(maxsize=4096)
def parts_of_gram(rows: int, columns: int, tile: int, length: int, dtype: str) -> tuple[Patch, int]:
    """Of rows x columns sums over `length` products of samples, of which `tile` are there at a time."""

    def turns(patch: Patch, parts: int) -> int:
        warps = _warps(patch.down(rows) * patch.across(columns) * parts)
        of_a_tile = warps * (-(-tile // parts) * turns_of(patch) + patch.size * JOIN)
        return of_a_tile * -(-length // tile) + _finished(rows * columns, parts)

    return _least(patches(rows, columns, most_elements(1, dtype)), length, turns)


@lru_cache(maxsize=4096)
def parts_of_sum(rows: int, terms: int, products: int, tile: int, length: int, dtype: str) -> tuple[Patch, int]:
    """Of `rows` sums over samples, of elements that so many products of so many terms go into: columns are samples."""

    def turns(patch: Patch, parts: int) -> int:
        warps = _warps(patch.down(rows) * parts)
        of_samples = -(-tile // (parts * patch.columns)) * (products * terms * turns_of(patch) + patch.size * ELEMENT)
        return warps * (of_samples + patch.rows * JOIN) * -(-length // tile) + _finished(rows, parts)

    found = patches(rows, tile, most_elements(products, dtype)) if products else [SINGLE]
    return _least(found, length, turns)


def _warps(threads: int) -> int:
    return max(LEAST_WARPS, -(-threads // WARP))


def _finished(elements: int, parts: int) -> int:
    """Turns in which one thread for each element adds up its parts."""
    return _warps(elements) * parts * JOIN


def _least(found: Sequence[Patch], length: int, turns: Callable[[Patch, int], int]) -> tuple[Patch, int]:
    choices = [1]
    while 2 * choices[-1] <= min(MOST_PARTS, length):
        choices.append(2 * choices[-1])
    return min(product(found, choices), key=lambda each: (turns(*each), each[1], each[0].size))
