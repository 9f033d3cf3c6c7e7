"""The CUDA back end against NumPy in float64, on many generated texts, at length: the tests do the same in a minute.

    python -m benchmarks.cuda_check [--texts 2000] [--translated 500] [--simulated 200] [--compiled 50] [--first 0]

The kernels' texts are run by NumPy (kernels/cuda/vectors.py) with derivatives in both precisions, a part of them
translated, by this machine's processor (host.py), and in Numba's simulator, in a process of its own, and some are
compiled to PTX where numba-cuda is installed, in which no float32 kernel may hold arithmetic of float64. No GPU has a
part in it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from generate import Seeded, draw_weights, generate
from numpy.typing import NDArray

from atlas_fast.kernels import Program, device, reference
from atlas_fast.kernels.cuda import host, vectors
from atlas_fast.kernels.cuda.code import plane_code
from atlas_fast.kernels.cuda.compilation import ptx_of
from atlas_fast.kernels.cuda.engine import BoundProgram
from atlas_fast.kernels.outputs import Outputs, at_point
from atlas_fast.kernels.substitution import coefficient
from atlas_fast.language import infer, lower, parse
from atlas_fast.language.functions import FUNCTIONS

Array = NDArray[Any]
Arrays = dict[str, Array]

A = np.linspace(-1.0, 1.0, 8)
B = np.linspace(-0.5, 0.75, 8)

CAPABILITY = (8, 0)

DOUBLE = r"\b(add|sub|mul|fma|div|rcp|sqrt)\S*\.f64"

EVERYTHING = Outputs(True, True, True)

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
"""Of the largest number of an output, or of what it is the sum of."""


@dataclass(frozen=True)
class Plane:
    """A program on a plane."""

    program: Program
    data: Arrays
    center: Arrays
    u: Arrays
    v: Arrays

    def bound(self, dtype: str, outputs: Outputs, by_blocks: bool = False) -> BoundProgram:
        presence = tuple((name, True, True) for name in self.program.weights)
        code = plane_code(self.program, presence, outputs, dtype, by_blocks)
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


def generated(seeds: Iterable[int]) -> Iterator[tuple[int, Plane]]:
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


WAYS: dict[str, Callable[[BoundProgram, Array, Array], Array]] = {
    "by NumPy": vectors.grid,
    "translated": host.grid,
    "in the simulator": lambda bound, a, b: bound.grid(a, b, None)[0],
}


def texts(seeds: range, way: str, by_blocks: bool = False) -> bool:
    """Compare them; whether all agree. by_blocks: a block of threads for each point, where else one thread has it."""
    outputs = Outputs(gradient=True)
    worst, compared, wrong = dict.fromkeys(TOLERANCE, 0.0), 0, 0
    a, b = A[::3], B[::4]
    for seed, plane in generated(seeds):
        expected, largest = plane.expected(outputs, a, b)
        if not stays_small(expected, largest):
            continue
        compared += 1
        for dtype, tolerance in TOLERANCE.items():
            found = WAYS[way](plane.bound(dtype, outputs, by_blocks), a, b)
            error = error_of(found, expected, scale_of(expected, largest))
            worst[dtype] = max(worst[dtype], error)
            if error > 4 * tolerance:
                wrong += 1
                print(f"seed {seed}, {dtype}: off by {error:.1e}", flush=True)
    told = ", ".join(f"{error:.1e} in {dtype}" for dtype, error in worst.items())
    how = f"{way}{', by blocks' * by_blocks}"
    print(f"{how}: {compared} of {len(seeds)} texts compared, {wrong} wrong; worst {told}", flush=True)
    return not wrong


def compiled(seeds: range) -> bool:
    """Whether they compile, and float32 stays float32; libdevice's sin and cos hold one product of float64."""
    wrong = 0
    for seed, plane in generated(seeds):
        for dtype in TOLERANCE:
            circular = any(i.op in ("sin", "cos") for i in plane.program.instructions)
            for by_blocks in (False, True):
                ptx = ptx_of(plane.bound(dtype, Outputs(gradient=True), by_blocks).code.source, CAPABILITY)
                if dtype == "float32" and not circular and re.search(DOUBLE, ptx):
                    wrong += 1
                    print(f"seed {seed}: float64 in float32", flush=True)
    print(f"compiled: {len(seeds)} texts, {wrong} wrong")
    return not wrong


def stays_small(expected: Array, largest: Array) -> bool:
    """Whether all numbers stay well within float32, so that its digits can be compared."""
    return bool(np.isfinite(expected).all() and (largest < 1e6).all() and np.abs(expected).max() < 1e6)


def scale_of(expected: Array, largest: Array) -> Array:
    """The loss by its intermediates; a slope is a sum of products with others."""
    slope = float(np.abs(expected[1:]).max(initial=0) / max(np.abs(expected[0]).max(), 1e-3))
    return np.maximum(largest, largest * max(1.0, slope))


def main() -> None:
    parser = argparse.ArgumentParser(description="the CUDA back end's texts against NumPy, on generated losses")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--translated", type=int, default=500)
    parser.add_argument("--simulated", type=int, default=200)
    parser.add_argument("--compiled", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        warnings.simplefilter("ignore")
        told = [
            texts(range(asked.first, asked.first + asked.simulated), "in the simulator", by) for by in (False, True)
        ]
        sys.exit(not all(told))
    right = True
    for by_blocks in (False, True):
        right = texts(range(asked.first, asked.first + asked.texts), "by NumPy", by_blocks) and right
        right = texts(range(asked.first, asked.first + asked.translated), "translated", by_blocks) and right
    if asked.compiled and device.is_installed():
        right = compiled(range(asked.first, asked.first + asked.compiled)) and right
    if asked.simulated:
        again = [sys.executable, __file__, "--inside", "--first", str(asked.first), "--simulated", str(asked.simulated)]
        done = subprocess.run(again, env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}, check=False)
        right = done.returncode == 0 and right
    sys.exit(not right)


if __name__ == "__main__":
    main()
