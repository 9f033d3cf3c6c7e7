"""Each example's surface, ours beside JAX's best, float32, in turn in one process.

    python -m benchmarks.surfaces [EXAMPLE ...] [--resolution 256] [--rounds 9]

JAX at its best: the loss written for jax.numpy, jit'ed, vmap over chunks of 16, 64, 256 or 1,024 points
inside lax.map, on one device and pmapped over a device a core, its inputs in place; the fastest variant
counts. A first call compiles (ours from an empty cache of kernels). Of peak: operations done of those that the
machine could do in that time if all were multiply-adds (peak.py); what is computed once for the plane or a row
is not counted. The last column: the largest difference on the whole surface, relative to the largest loss. table.py
measures more of each, on planes that seeds draw.
"""

import argparse

import contest
import jax_surface
from peak import fma_peak

from atlas_fast import kernels

HEADER = (
    "| example | ours, ms | JAX's best, ms | ratio (of least times) | JAX's best variant | first call, ours / JAX, s "
    "| operations a point | of peak | from JAX |\n"
    "|---|--:|--:|--:|---|--:|--:|--:|--:|"
)


def landscape(name: str, resolution: int) -> contest.Landscape:
    """The surface that `atlas-fast example` would show: trained, on the plane of its run."""
    from atlas_fast.examples import EXAMPLES
    from atlas_fast.language import parse

    example = EXAMPLES[name]
    problem = example.problem()
    surface = example.surface(problem, example.train(problem, progress=False), resolution, progress=False)
    plane = surface.plane
    assert plane.v is not None, "an example of two weights or more"
    center, u, v = (problem.unpack(vector) for vector in (plane.center, plane.u, plane.v))
    root = parse(problem.expression, [*problem.data, *problem.weights]).root
    return contest.Landscape(
        name, root, problem.program, problem.data, center, u, v, surface.a, surface.b
    )  # fmt: skip


def row(place: contest.Landscape, outcome: contest.Pair, peak: float) -> str:
    operations = sum(kernels.plane(place.program, dtype="float32").plan.cost.values())
    share = operations * len(place.a) * len(place.b) / outcome.ours.median / peak
    cells = (
        place.name,
        f"{outcome.ours.median * 1e3:.2f}",
        f"{outcome.jax.median * 1e3:.2f}",
        f"{outcome.ratio:.2f} ({outcome.least_ratio:.2f})",
        str(outcome.variant),
        f"{outcome.first_ours:.2f} / {outcome.first_jax:.2f}",
        f"{operations:,}",
        f"{share:.0%}",
        f"{outcome.deviation:.1e}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="each example's surface, ours beside JAX's best")
    parser.add_argument("examples", nargs="*", metavar="EXAMPLE", help="default: all")
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    devices = contest.prepare()
    from atlas_fast.examples import EXAMPLES

    peak = fma_peak()
    print(f"{devices} cores, {peak / 1e9:.0f} GFMA/s; the driver was ready in {contest.start_driver():.2f} s\n")
    print(HEADER)
    for name in arguments.examples or EXAMPLES:
        place = landscape(name, arguments.resolution)
        outcome = contest.compete(place, jax_surface.variants(devices), arguments.rounds)
        print(row(place, outcome, peak), flush=True)


if __name__ == "__main__":
    main()
