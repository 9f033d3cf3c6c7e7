"""Where the weights start.

In: a program and a seed. Out: a matrix for each weight. Glorot and Bengio (2010), equation 16, in its normal
form: the variance is 2 / (rows + columns).
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from .arguments import choice, whole
from .kernels import Program
from .matrices import Matrix

SCHEMES = ("glorot", "normal")


def draw(program: Program, weights: dict[str, tuple[int, int]], seed: int, scheme: str) -> dict[str, Matrix]:
    """A starting value for each weight.

    scheme "glorot": Glorot normal, zeros for biases; N(0, 1) where the program holds no data, and with
    "normal". Raises ArgumentError for another scheme, or a seed that is no whole number of 0 or more.
    """
    choice("scheme", scheme, SCHEMES)
    random = np.random.Generator(np.random.PCG64(whole("seed", seed, 0)))
    plain = scheme == "normal" or not program.data
    zero = frozenset() if plain else biases(program)
    values: dict[str, Matrix] = {}
    for name, (rows, columns) in weights.items():
        if name in zero:
            values[name] = np.zeros((rows, columns))
        else:
            deviation = 1.0 if plain else sqrt(2 / (rows + columns))
            values[name] = deviation * random.standard_normal((rows, columns))
    return values


def biases(program: Program) -> frozenset[str]:
    """The weights that are only terms of sums whose other terms hold data.

    A sum of several terms is a chain of additions in the program: a weight that is first added to something
    without data still counts, if what comes of it is again such a term.
    """
    holds_data: list[bool] = []
    for instruction in program.instructions:
        holds_data.append(instruction.op == "data" or any(holds_data[a] for a in instruction.args))
    readers = program.readers
    outputs = set(program.outputs)
    only_term: dict[int, bool] = {}
    for position in reversed(range(len(readers))):
        only_term[position] = bool(readers[position]) and position not in outputs
        for reader in readers[position]:
            instruction = program.instructions[reader]
            others = [a for a in instruction.args if a != position]
            summed = instruction.op in ("add", "sub") and len(others) == 1
            carried = instruction.op in ("neg", "broadcast") or summed
            met = summed and holds_data[others[0]]
            if not (met or (carried and only_term[reader])):
                only_term[position] = False
    return frozenset(
        instruction.name
        for position, instruction in enumerate(program.instructions)
        if instruction.op == "weight" and only_term[position]
    )
