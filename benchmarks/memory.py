"""The peak memory of a large surface: how much a process grows by over a warm small one.

    python -m benchmarks.memory [CASE ...] [--resolution 4096]

A fresh process computes a 64 x 64 surface through `problem.surface`, then the large one, and asks the system for its
peak before and after. The growth is to be the output and at most 64 MiB.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys

import cases

import atlas_fast as af

ALLOWANCE = 64.0
"""MiB beside the output."""

SMALL = 64


def peak() -> float:
    """The most memory that this process has held, in MiB."""
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found / 2**20 if sys.platform == "darwin" else found / 2**10


def grow(name: str, resolution: int, gradient: bool) -> tuple[float, float]:
    """MiB that this process grows by, and MiB of the output."""
    problem = cases.CASES[name].problem()
    center, u, v = (cases.vector(problem, seed) for seed in range(3))
    plane = af.Plane(center, u, v)
    problem.surface(plane, SMALL, extent=1.0, gradient=gradient, progress=False)
    before = peak()
    surface = problem.surface(plane, resolution, extent=1.0, gradient=gradient, progress=False)
    arrays = [surface.loss, *([surface.gradient] if surface.gradient is not None else [])]
    return peak() - before, sum(array.nbytes for array in arrays) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description="peak memory of a large surface over a warm small one")
    parser.add_argument("cases", nargs="*", metavar="CASE", default=["bowl", "iris-relu"])
    parser.add_argument("--resolution", type=int, default=4096)
    parser.add_argument("--one", nargs=2, metavar=("CASE", "WHAT"), help="measure in this process; for its own use")
    arguments = parser.parse_args()
    if arguments.one:
        name, what = arguments.one
        print(*grow(name, arguments.resolution, what == "gradient"))
        return
    size = f"{arguments.resolution:,} x {arguments.resolution:,}"
    print(f"| case at {size} | output, MiB | growth, MiB | beside the output (at most {ALLOWANCE:g}) | |")
    print("|---|--:|--:|--:|---|")
    for name in arguments.cases:
        for what in ("loss", "gradient"):
            command = [sys.executable, __file__, "--one", name, what, "--resolution", str(arguments.resolution)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            growth, output = (float(word) for word in done.stdout.split())
            met = "met" if growth <= output + ALLOWANCE else "missed"
            label = name if what == "loss" else f"{name}, with derivatives"
            print(f"| {label} | {output:.0f} | {growth:.0f} | {growth - output:.0f} | {met} |", flush=True)


if __name__ == "__main__":
    main()
