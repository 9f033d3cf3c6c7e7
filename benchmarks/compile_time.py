"""How long a kernel takes to compile: at 10, 100 and 1,000 hidden units, with 1 to 16 hidden layers, for the example
iris-sigmoid; and how long a second process takes, which compiles nothing.

    python benchmarks/compile_time.py [--runs N]

From the program to machine code (plan, emission, LLVM), float32, with all caches empty; medians. The second process is
timed from behind `import atlas_fast` to a surface of iris-sigmoid, of 256 x 256 and of 512 x 512: NumPy, the data set,
the text, a plane, the kernel from the cache on disk, and the surface, whose own time is told apart.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable

import contest

TEXT = "||A*relu(B*X + C) + D - Y||_2"
IRIS = "||A*sigmoid(B*sigmoid(C*X + D) + E) + F - Y||_2"
HIDDEN = (10, 100, 1000)
DEPTHS = (1, 2, 4, 8, 16)

BAR = 0.6
"""Seconds from after `import atlas_fast` to the first surface, of a second process."""

SECOND = f"""
import json, sys, time
import atlas_fast as af
begun = time.perf_counter()
problem = af.Problem({IRIS!r}, af.datasets.load("iris"), {{"C": (32, None), "B": (16, None)}})
surface = problem.surface(af.Plane.random(problem, problem.init(0)), int(sys.argv[1]), progress=False)
whole = time.perf_counter() - begun
code = af.kernels.plane(problem.program, dtype="float32").code()
print(json.dumps([whole, surface.seconds, code.cached]))
"""


def layers(depth: int) -> tuple[str, dict[str, tuple[int, None]]]:
    """A loss of so many hidden layers of 16 units, and the shapes of their weights."""
    inner = "X"
    for number in range(depth):
        inner = f"sigmoid(W_{number}*{inner} + c_{number})"
    return f"||A*{inner} - Y||_2", {f"W_{number}": (16, None) for number in range(depth)}


def seconds(text: str, weights: dict[str, tuple[int, None]], gradient: bool, runs: int) -> float:
    """Median time of a compilation of a loss on iris-sized data."""
    from atlas_fast import kernels
    from atlas_fast.language import infer, lower, parse

    data = {"X": (4, 150), "Y": (3, 150)}
    tree = parse(text, [*data, *weights])
    program = lower(tree, infer(tree, data, weights))

    def once() -> float:
        contest.forget_kernels()
        return kernels.plane(program, "float32", gradient).code().seconds

    return statistics.median(once() for _ in range(runs))


def table(title: str, rows: Iterable[tuple[str, str, dict[str, tuple[int, None]]]], runs: int) -> list[list[float]]:
    print(f"\n| {title} | loss, s | loss and derivatives, s |\n|--:|--:|--:|")
    found = []
    for name, text, weights in rows:
        found.append([seconds(text, weights, gradient, runs) for gradient in (False, True)])
        print(f"| {name} | {found[-1][0]:.3f} | {found[-1][1]:.3f} |", flush=True)
    return found


def second_process(resolution: int, runs: int) -> str:
    """Times of processes after a first one that filled the cache, as a row."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for _ in range(runs + 1):
            command = [sys.executable, "-c", SECOND, str(resolution)]
            environment = {**os.environ, "ATLAS_CACHE_DIR": folder}
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            found.append(json.loads(done.stdout))
    whole, surface = (statistics.median(times) for times in ([run[k] for run in found[1:]] for k in (0, 1)))
    assert [run[2] for run in found] == [False] + runs * [True], "a second process compiles nothing"
    verdict = "met" if whole <= BAR else "missed"
    times = (found[0][0], whole, surface, whole - surface)
    return f"| {resolution} x {resolution} | {' | '.join(f'{time:.2f}' for time in times)} | {verdict} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="compile time by width, depth and example, and of a second process")
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    contest.prepare()
    contest.start_driver()
    widths = table("hidden units", ((f"{hidden:,}", TEXT, {"B": (hidden, None)}) for hidden in HIDDEN), runs)
    spread = [max(column) / min(column) for column in zip(*widths, strict=True)]
    print(f"\nLongest over shortest: {spread[0]:.2f} and {spread[1]:.2f}.")
    depths = table("hidden layers", ((str(depth), *layers(depth)) for depth in DEPTHS), runs)
    shares = [depths[-1][k] / depths[0][k] / DEPTHS[-1] for k in (0, 1)]
    print(f"\n{DEPTHS[-1]} layers over {DEPTHS[-1]} times one: {shares[0]:.2f} and {shares[1]:.2f}.")
    table("example", [("iris-sigmoid", IRIS, {"C": (32, None), "B": (16, None)})], runs)
    print("\n| iris-sigmoid, after import | first process, s | second, s | of it the surface, s | all else, s | |")
    print("|--:|--:|--:|--:|--:|---|")
    for resolution in (256, 512):
        print(second_process(resolution, runs), flush=True)
    print(f"\nThe bar is {BAR} s in a second process.")


if __name__ == "__main__":
    main()
