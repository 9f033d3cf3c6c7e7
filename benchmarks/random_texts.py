"""Surfaces of generated texts, ours beside JAX's best: whether the speed is that of the examples alone.

    python -m benchmarks.random_texts [--texts 100] [--resolution 256] [--rounds 5] [--seed 0] [--least 0]

Texts come from generate.py, seeded, of depth 3 to 6. Left out, and counted, are those whose loss is not finite
at the centre. --least leaves out those of fewer operations a point too: below 200 or so both surfaces take well
under a millisecond, and the ratio is that of two function calls. --pictures FOLDER draws how the ratios are
distributed. Those surfaces are counted that compiled code computes alone: NumPy's evaluator is watched meanwhile.
"""

import argparse
import itertools
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import contest
import jax_peer
import jax_surface
import numpy as np
import plots
from generate import Loss, Seeded, draw_weights, generate

HEADER = "| seed | ours, ms | JAX's best, ms | ratio (of least times) | from JAX | text |\n|--:|--:|--:|--:|--:|---|"


BAR = 2.0
"""The median ratio that is wanted."""


def landscape(number: int, loss: Loss, resolution: int) -> contest.Landscape:
    from atlas_fast.language import infer, lower, parse

    tree = parse(loss.text, [*loss.data, *loss.weights])
    shapes = {name: (array.shape[0], array.shape[1]) for name, array in loss.data.items()}
    program = lower(tree, infer(tree, shapes, dict(loss.weights)))
    random = np.random.default_rng(number)
    center, u, v = (draw_weights(loss, random) for _ in range(3))
    axis = np.linspace(-1.0, 1.0, resolution)
    return contest.Landscape(str(number), tree.root, program, loss.data, center, u, v, axis, axis)


def landscapes(
    first_seed: int, resolution: int, least: int, left_out: list[int]
) -> Iterator[tuple[Loss, contest.Landscape]]:
    """Losses with their surfaces, the seeds of those that do not count put into `left_out`."""
    from atlas_fast import kernels
    from atlas_fast.language.functions import FUNCTIONS

    for seed in itertools.count(first_seed):
        source = Seeded(seed)
        loss = generate(source, tuple(FUNCTIONS), depth=source.integer(3, 6))
        place = landscape(seed, loss, resolution)
        with np.errstate(all="ignore"):
            finite = np.isfinite(jax_peer.evaluate(place.root, place.data, place.center))
        cost = kernels.plane(place.program, dtype="float32").plan.cost
        if finite and sum(cost.values()) >= least:
            yield loss, place
        else:
            left_out.append(seed)


def compiled(place: contest.Landscape) -> bool:
    """Whether NumPy's evaluator, which computes what is needed once for a plane, has no part in computing the grid."""
    from atlas_fast import kernels

    bound = kernels.plane(place.program, dtype="float32").bind(place.data, place.center, place.u, place.v)
    with mock.patch.object(kernels.reference, "evaluate", wraps=kernels.reference.evaluate) as asked:
        bound(place.a, place.b)
    return not asked.called


def row(loss: Loss, place: contest.Landscape, outcome: contest.Pair) -> str:
    text = loss.text.replace("\n", " ⏎ ").replace("|", "\\|")
    cells = (
        place.name,
        f"{outcome.ours.median * 1e3:.2f}",
        f"{outcome.jax.median * 1e3:.2f}",
        f"{outcome.ratio:.2f} ({outcome.least_ratio:.2f})",
        f"{outcome.deviation:.1e}",
        f"`{text[:100]}`",
    )
    return f"| {' | '.join(cells)} |"


def summary(outcomes: list[contest.Pair], left_out: int, by_code: int) -> str:
    ratios = [outcome.ratio for outcome in outcomes]
    median = statistics.median
    return (
        f"Median ratio {median(ratios):.2f} over {len(ratios)} texts ({left_out} left out), "
        f"from {min(ratios):.2f} to {max(ratios):.2f}, {sum(ratio < 1 for ratio in ratios)} below 1; "
        f"of least times {median(outcome.least_ratio for outcome in outcomes):.2f}. The bar is a median of {BAR:g}. "
        f"First calls: ours {median(outcome.first_ours for outcome in outcomes):.2f} s, "
        f"JAX {median(outcome.first_jax for outcome in outcomes):.2f} s (medians). "
        f"{by_code} of {len(ratios)} surfaces were computed by compiled code alone."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="surfaces of generated texts, ours beside JAX's best")
    parser.add_argument("--texts", type=int, default=100)
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--least", type=int, default=0)
    parser.add_argument("--pictures", type=Path, help="a folder for the plot")
    arguments = parser.parse_args()
    devices = contest.prepare()
    contest.start_driver()
    outcomes: list[contest.Pair] = []
    rows: list[str] = []
    left_out: list[int] = []
    by_code = 0
    every = landscapes(arguments.seed, arguments.resolution, arguments.least, left_out)
    for loss, place in itertools.islice(every, arguments.texts):
        outcomes.append(contest.compete(place, jax_surface.variants(devices), arguments.rounds))
        rows.append(row(loss, place, outcomes[-1]))
        by_code += compiled(place)
        print(rows[-1], file=sys.stderr, flush=True)
    print(summary(outcomes, len(left_out), by_code), end="\n\n")
    print("\n".join([HEADER, *rows]))
    if arguments.pictures:
        plots.distribution([outcome.ratio for outcome in outcomes], BAR, arguments.pictures / "texts.png")


if __name__ == "__main__":
    main()
