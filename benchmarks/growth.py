"""How the time of a surface grows with its grid, the samples, the width and the depth of the network, and threads.

    python -m benchmarks.growth [AXIS ...] [--pictures FOLDER] [--scale 1.0] [--rounds 3]

Ours beside JAX in its quickest layout, in turn, float32; JAX is left out once a surface takes it half a second.
Prints a table for each axis; --pictures draws them. --scale multiplies the points along each side of the grids.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cases
import contest
import jax_surface
import numpy as np
import plots

import atlas_fast as af

TOO_LONG = 0.5
"""Seconds of a surface after which JAX is measured no further."""


def network(samples: int, widths: tuple[int, ...]) -> af.Problem:
    """A relu network of these widths, from features to classes, on normal features."""
    random = np.random.default_rng(0)
    *hidden, classes = range(1, len(widths))
    text = "X"
    for layer in hidden:
        text = f"relu(W{layer}*{text} + b{layer})"
    data = {"X": random.normal(size=(widths[0], samples)), "y": random.integers(0, widths[-1], samples)}
    shapes = {f"W{layer}": (widths[layer], widths[layer - 1]) for layer in (*hidden, classes)}
    loss = f"cross_entropy(W{classes}*{text} + b{classes}, onehot(y, {widths[-1]}))"
    return af.Problem(loss, data, shapes)


Places = Iterator[tuple[int, contest.Landscape]]
"""A size, and the surface to compute of that size."""


def by_grid(side: int) -> Places:
    problem = cases.CASES["iris-small"].problem()
    for halvings in range(5, -1, -1):
        yield side >> halvings, cases.landscape(problem, "grid", side >> halvings)


def by_samples(side: int) -> Places:
    for samples in (100, 1_000, 10_000, 100_000):
        yield samples, cases.landscape(network(samples, (4, 10, 3)), "samples", side)


def by_width(side: int) -> Places:
    for width in (8, 16, 32, 64, 128, 256):
        yield width, cases.landscape(network(512, (8, width, width, 4)), "width", side)


def by_depth(side: int) -> Places:
    for depth in (1, 2, 4, 8, 16):
        yield depth, cases.landscape(network(150, (4, *[16] * depth, 3)), "depth", side)


AXES: dict[str, tuple[str, int, str, Callable[[int], Places]]] = {
    "grid": ("iris-small by grid, up to {side} x {side}", 1024, "points along each side", by_grid),
    "samples": ("4-10-3 relu by samples, {side} x {side} points", 64, "samples", by_samples),
    "width": ("8-h-h-4 relu by width, 512 samples, {side} x {side} points", 32, "hidden units h", by_width),
    "depth": ("Layers of 16 relu by depth, 150 samples, {side} x {side} points", 64, "hidden layers", by_depth),
}
"""Name -> title, points along each side of the grid, what grows, sizes with their surfaces. Threads are an axis by
themselves."""

Points = list[tuple[float, float]]


def measure(places: Places, rounds: int) -> dict[str, Points]:
    """Seconds by size: ours, and JAX's best as far as it goes."""
    ours: Points = []
    jax: Points = []
    for size, place in places:
        compute = contest.surface(place)
        compute()
        variants: list[jax_surface.Variant] = []
        if not jax or jax[-1][1] < TOO_LONG:
            points, a_point = len(place.a) * len(place.b), cases.activations(place.program)
            every = jax_surface.variants(jax_surface.device_count(), points=points, a_point=a_point)
            variants = contest.trial(place, every)
        rivals = [contest.rival(place, variant) for variant in variants]
        for rival in rivals:
            rival.compute()
        groups = [[rival.compute for rival in rivals]] if rivals else []
        (mine,), theirs = contest.in_turn([compute], groups, rounds)
        ours.append((size, mine.median))
        jax += [(size, min(times.median for times in group)) for group in theirs]
    return {plots.OURS: ours, plots.JAX: jax}


@contextmanager
def threads(count: int) -> Iterator[None]:
    """ATLAS_THREADS for a while."""
    before = os.environ.get("ATLAS_THREADS")
    os.environ["ATLAS_THREADS"] = str(count)
    try:
        yield
    finally:
        del os.environ["ATLAS_THREADS"]
        if before is not None:
            os.environ["ATLAS_THREADS"] = before


def measure_threads(side: int, rounds: int) -> dict[str, Points]:
    """iris-small by threads: ours in turn for 1, 2, 4, .. and all cores."""
    place = cases.landscape(cases.CASES["iris-small"].problem(), "threads", side)
    compute = contest.surface(place)
    compute()
    cores = os.cpu_count() or 1
    counts = sorted({*(2**k for k in range(cores.bit_length()) if 2**k <= cores), cores})

    def on(count: int) -> Callable[[], contest.Array]:
        def run() -> contest.Array:
            with threads(count):
                return compute()

        return run

    times, _ = contest.in_turn([on(count) for count in counts], [], rounds)
    return {plots.OURS: [(count, found.median) for count, found in zip(counts, times, strict=True)]}


def table(axis: str, times: dict[str, Points]) -> str:
    jax = dict(times.get(plots.JAX, []))
    head = f"| {axis} | ours, ms |" + (" JAX, ms |" if jax else "")
    rows = [head, "|" + "--:|" * head.count(" |")]
    for size, seconds in times[plots.OURS]:
        theirs = f" {jax[size] * 1e3:,.2f} |" if size in jax else " |" if jax else ""
        rows.append(f"| {size:,} | {seconds * 1e3:,.2f} |{theirs}")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="how the time of a surface grows")
    names = [*AXES, "threads"]
    parser.add_argument("axes", nargs="*", metavar="AXIS", help=f"default: all of {', '.join(names)}")
    parser.add_argument("--pictures", type=Path, help="a folder for the plots")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    unknown = [name for name in arguments.axes if name not in names]
    if unknown:
        parser.error(f"there is no axis {unknown[0]}: there are {', '.join(names)}")
    contest.prepare()
    contest.start_driver()
    for name in arguments.axes or names:
        if name == "threads":
            side = max(16, round(256 * arguments.scale))
            title, axis = f"iris-small by threads, {side} x {side} points", "threads"
            times = measure_threads(side, max(5, arguments.rounds))
        else:
            title, full, axis, places = AXES[name]
            side = max(16, round(full * arguments.scale))
            title = title.format(side=side)
            times = measure(places(side), arguments.rounds)
        print(f"{title}:\n\n{table(axis, times)}\n", flush=True)
        if arguments.pictures:
            plots.growth(title, axis, times, arguments.pictures / f"{name}.png")


if __name__ == "__main__":
    main()
