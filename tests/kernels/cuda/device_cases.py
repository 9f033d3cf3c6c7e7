"""Losses, primitives and generated texts for the CUDA back end, each with its inputs and what NumPy says of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cuda_check import Plane
from meanings import MEANINGS
from networks import LOSSES, Array, Loss, classifier, deep, largest_entry, regression

from atlas_fast.kernels import Builder, Program
from atlas_fast.kernels.cuda.code import code_of, plane_code
from atlas_fast.kernels.cuda.patches import parts_of_gram, parts_of_sum, patch_of
from atlas_fast.kernels.cuda.runs import training_code

WIDE: dict[str, Loss] = {
    # Weights that are formed where they are read, and samples in groups, the last of which is not full.
    "formed": classifier(samples=21, hidden=70),
    "formed, two layers": deep(samples=19, width=15),
    # More samples than a tile, and a tile smaller than the largest.
    "tiles": classifier(samples=67, hidden=5),
    "wide tiles": classifier(samples=70, hidden=130),
    # A second layer whose weights come into shared memory a block of rows at a time, and go on to the third from there.
    "blocks": deep(samples=9, width=55),
    # Weights that are formed from the device's memory.
    "unheld": deep(samples=9, width=66),
}


def losses() -> dict[str, Loss]:
    return {**{name: make() for name, make in LOSSES.items()}, **WIDE}


def forget() -> None:
    """What was made of losses before, where a test has changed by what it is made."""
    for cached in (code_of, plane_code, training_code, patch_of, parts_of_gram, parts_of_sum):
        cached.cache_clear()


def plane_of(loss: Loss, seed: int = 3) -> Plane:
    case = loss.case(seed)
    return Plane(loss.program, case.data, case.center, case.u, case.v)


def swapped() -> Loss:
    """sum(A B + tanh(C)^2): the derivative by A is B, which the step changes, and B's is A."""
    b = Builder()
    product = b.emit("mul", b.weight("A", (2, 3)), b.weight("B", (2, 3)))
    t = b.emit("tanh", b.weight("C", (2, 3)))
    return Loss(b.build(b.emit("sum", b.emit("add", product, b.emit("mul", t, t)), axis=None)), lambda: 0.0)


def sum_and_largest() -> Loss:
    """sum(exp(w X)) + max(w X) in one sweep."""
    b = Builder()
    z = b.emit("matmul", b.weight("W", (1, 3)), b.data("X", (3, 9)))
    loss = b.emit("add", b.emit("sum", b.emit("exp", z), axis=1), b.emit("max", z, axis=1))
    return Loss(b.build(loss), lambda: 0.0)


RACED: dict[str, Loss] = {
    "swapped": swapped(),
    "sum and largest": sum_and_largest(),
    "classifier": classifier(samples=9, hidden=2),
    "as rows": classifier(samples=8, hidden=2, as_rows=True),
    "few samples": regression(samples=5, hidden=3),
    "deep": deep(samples=10, width=3),
    "largest entry": largest_entry(samples=9),
    "softmax over samples": LOSSES["softmax over samples"](),
    "centred": LOSSES["centred"](),
    "two sets": LOSSES["two sets"](),
}
"""Small ones, for threads that take turns."""


# Primitives


@dataclass(frozen=True)
class Row:
    """A primitive on weights: (program, points' weights, what comes of it (points, ..) an output)."""

    program: Program
    weights: dict[str, Array]
    expected: list[Array]


def elementwise_row(name: str, dtype: str) -> Row:
    """The primitive of one number each, at its samples and at the ends of the range."""
    meaning = MEANINGS[name]
    points = [*zip(*meaning.samples, strict=True), *(arguments for arguments, _ in meaning.special)]
    columns = np.array(points).T.astype(dtype).astype(float)
    values = [float(meaning.formula(*map(float, column))) for column in columns.T[: len(meaning.samples[0])]]
    values += [result for _, result in meaning.special]
    b = Builder()
    program = b.build(b.emit(name, *(b.weight(f"x{k}", (1, 1)) for k in range(meaning.arity))))
    return Row(program, {f"x{k}": x.reshape(-1, 1, 1) for k, x in enumerate(columns)}, [np.array(values)])


def structural_row(name: str) -> Row:
    meaning, random = MEANINGS[name], np.random.default_rng(7)
    b, weights, outputs, expected = Builder(), dict[str, Array](), list[int](), list[Array]()
    for number, (shapes, _) in enumerate(meaning.accepted):
        for which, attributes in enumerate(meaning.attributes):
            arguments = [random.normal(size=shape) for shape in shapes]
            names = [f"x{number}_{which}_{k}" for k in range(len(shapes))]
            values = [b.weight(n, s) for n, s in zip(names, shapes, strict=True)]
            # A transpose or a broadcast is only read: something must read it.
            outputs.append(b.emit("add", b.emit(name, *values, **attributes), b.constant(1.0)))
            weights.update({n: x[None] for n, x in zip(names, arguments, strict=True)})
            expected.append(meaning.evaluate(*arguments, **attributes).ravel() + 1)
    return Row(b.build(*outputs), weights, [np.concatenate(expected)])


def row_of(name: str, dtype: str) -> Row:
    return elementwise_row(name, dtype) if MEANINGS[name].elementwise else structural_row(name)


def row_error(row: Row, found: Array, name: str, dtype: str) -> float:
    """Of (numbers, points), relative; nan and inf must be where they should be."""
    got, wanted = found.astype(np.float64).ravel(), row.expected[0]
    with np.errstate(over="ignore", invalid="ignore"):
        wanted = wanted.astype(dtype).astype(np.float64)
    if not (np.array_equal(np.isnan(got), np.isnan(wanted)) and np.array_equal(np.isinf(got), np.isinf(wanted))):
        return float("inf")
    finite = np.isfinite(wanted)
    if not np.array_equal(np.sign(got[~finite & ~np.isnan(got)]), np.sign(wanted[~finite & ~np.isnan(wanted)])):
        return float("inf")
    scale = np.maximum(np.abs(wanted[finite]), 1.0 if name.endswith("_absolute") else 1e-30)
    return float((np.abs(got[finite] - wanted[finite]) / scale).max(initial=0))
