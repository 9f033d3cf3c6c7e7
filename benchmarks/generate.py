"""Random well-typed losses: a text of the expression language with its data and the shapes of its weights.

The grammar is grammar.py's; its choices come from a seed (the benchmarks) or from Hypothesis (the tests, which can
then shrink a text).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from grammar import KNOWN_FUNCTIONS, TERM, Grammar, Shape, Source
from numpy.typing import NDArray

SAMPLES = (1, 3, 17, 64)
MAXIMAL_DEPTH = 6


class Seeded:
    """Choices from NumPy's PCG64."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        return int(self._random.integers(low, high + 1))


@dataclass(frozen=True)
class Loss:
    """A text, its data, and the shapes of its weights in order of first appearance in the text's making."""

    text: str
    data: dict[str, NDArray[np.float64]]
    weights: dict[str, Shape]


def generate(source: Source, functions: Collection[str], depth: int | None = None, samples: int = 0) -> Loss:
    """A loss of at most `depth` (1 to 6) nested operations.

    functions: names of the functions that exist; those the grammar does not know are not used.
    samples: the number of samples; 0 draws one of SAMPLES.
    """
    grammar = Grammar(
        source=source,
        functions=frozenset(functions) & KNOWN_FUNCTIONS,
        samples=samples or SAMPLES[source.integer(0, len(SAMPLES) - 1)],
        features=source.integer(1, 5),
        hidden=source.integer(2, 6),
        classes=source.integer(2, 4),
        random=np.random.default_rng(source.integer(0, 2**16)),
    )
    levels = depth or source.integer(1, MAXIMAL_DEPTH)
    top = grammar.pick((grammar.norm, grammar.loss, grammar.loss, grammar.reduced, grammar.expression))
    root = top((1, 1), levels - 1) or grammar.expression((1, 1), levels)
    last = root.text
    used = set(re.findall(r"[A-Za-z][A-Za-z0-9_]*", "\n".join((*grammar.lines, last))))
    weights = {name: shape for name, shape in grammar.weights.items() if name in used}
    if not weights:
        weights["W1"] = (1, 1)
        last = f"{root.at(TERM)} * (W1 + 1)^2"
    data = {name: array for name, array in grammar.data.items() if name in used}
    return Loss("\n".join((*grammar.lines, last)), data, weights)


def draw_weights(loss: Loss, random: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """A value for each weight: normal, scaled by the root of its columns as a layer's weights are."""
    shapes = loss.weights.items()
    return {name: random.standard_normal(shape) / np.sqrt(shape[1]) for name, shape in shapes}
