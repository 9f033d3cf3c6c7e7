"""Losses, primitives and generated texts for the CUDA back end, each with its inputs and what NumPy says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from generate import Seeded, draw_weights, generate
from meanings import MEANINGS
from networks import LOSSES, Array, Arrays, Loss, classifier, deep

from atlas_fast.kernels import Builder, Program, reference
from atlas_fast.kernels.cuda.engine import BoundProgram, plane_code
from atlas_fast.kernels.outputs import Outputs, at_point
from atlas_fast.kernels.substitution import coefficient
from atlas_fast.language import infer, lower, parse
from atlas_fast.language.functions import FUNCTIONS

A = np.linspace(-1.0, 1.0, 8)
B = np.linspace(-0.5, 0.75, 8)

EVERYTHING = Outputs(True, True, True)

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
"""Of the largest number of an output, or of what it is the sum of."""

WIDE: dict[str, Loss] = {
    # Weights that are formed where they are read, and samples in groups, the last of which is not full.
    "formed": classifier(samples=21, hidden=70),
    "formed, two layers": deep(samples=19, width=15),
    # More samples than a tile, and a tile smaller than the largest.
    "tiles": classifier(samples=67, hidden=5),
    "wide tiles": classifier(samples=70, hidden=130),
    # Weights that are formed from the device's memory.
    "unheld": deep(samples=9, width=56),
}


def losses() -> dict[str, Loss]:
    return {**{name: make() for name, make in LOSSES.items()}, **WIDE}


@dataclass(frozen=True)
class Plane:
    """A program on a plane."""

    program: Program
    data: Arrays
    center: Arrays
    u: Arrays
    v: Arrays

    @classmethod
    def of(cls, loss: Loss, seed: int = 3) -> Plane:
        case = loss.case(seed)
        return cls(loss.program, case.data, case.center, case.u, case.v)

    def bound(self, dtype: str, outputs: Outputs) -> BoundProgram:
        presence = tuple((name, True, True) for name in self.program.weights)
        code = plane_code(self.program, presence, outputs, dtype)
        parts = (("c", self.center), ("u", self.u), ("v", self.v))
        named = {coefficient(part, n): blocks[n] for part, blocks in parts for n in self.program.weights}
        return BoundProgram(code, {**self.data, **named})

    def expected(self, outputs: Outputs, a: Array = A, b: Array = B) -> tuple[Array, Array]:
        """The outputs by NumPy in float64, and the largest intermediate at each point, which rounding errors follow."""
        found, largest = np.empty((outputs.count, len(b), len(a))), np.empty((len(b), len(a)))
        ways = [{n: way[n] for n in self.program.weights} for way in (self.u, self.v)]
        for i, y in enumerate(b):
            for j, x in enumerate(a):
                weights = {n: self.center[n] + x * self.u[n] + y * self.v[n] for n in self.program.weights}
                inputs = {**self.data, **weights}
                found[:, i, j] = at_point(self.program, outputs, inputs, *ways)
                sizes = [np.abs(value) for value in reference.intermediates(self.program, inputs)]
                largest[i, j] = max(float(size[np.isfinite(size)].max(initial=0)) for size in sizes)
        return found, largest


def error_of(found: Array, expected: Array, largest: Array) -> float:
    """The largest error, as a share of the largest number of each output and of the intermediates; inf where one is
    finite and the other is not."""
    worst = 0.0
    for got, wanted in zip(found.astype(np.float64), expected, strict=True):
        if not np.array_equal(np.isfinite(got), np.isfinite(wanted)):
            return float("inf")
        finite = np.isfinite(wanted)
        scale = np.maximum(np.abs(wanted[finite]).max(initial=0), largest[finite])
        worst = max(worst, float((np.abs(got[finite] - wanted[finite]) / np.maximum(scale, 1e-300)).max(initial=0)))
    return worst


def generated(seeds: range) -> Iterator[tuple[int, Plane]]:
    """Losses of the typed grammar, those whose numbers stay well within float32 on this grid."""
    for seed in seeds:
        loss = generate(Seeded(seed), tuple(FUNCTIONS))
        shapes = {name: (array.shape[0], array.shape[1]) for name, array in loss.data.items()}
        tree = parse(loss.text, [*loss.data, *loss.weights])
        program = lower(tree, infer(tree, shapes, dict(loss.weights)))
        random = np.random.default_rng(seed)
        center, u, v = (draw_weights(loss, random) for _ in range(3))
        data = {name: loss.data[name] for name in program.data}
        yield seed, Plane(program, data, center, u, v)


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
