"""Every case's surface, ours beside JAX's best, with its derivatives and how near it is to the machine's limit.

    python -m benchmarks.table [CASE ...] [--resolution N] [--rounds 7] [--seconds 40]

Prints three Markdown tables; README.md says what each column means. All of a case is measured in turn in one process:
our loss, with derivatives, with the gradient's norm, with the curvature, what is computed once for the plane by
itself, and JAX in every layout for the loss and for its derivatives; slow layouts drop out early.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import cases
import contest
import jax_surface
import numpy as np
from peak import fma_peak, write_peak

from atlas_fast import kernels
from atlas_fast.kernels.cost import Kind

OUTPUTS: dict[str, dict[str, bool]] = {
    "loss": {},
    "gradient": {"gradient": True},
    "gradient_norm": {"gradient_norm": True},
    "curvature": {"curvature": True},
}
"""What is measured of ours, and how it is asked for."""

LIMITS = {"gradient": 2.2, "gradient_norm": 5.0}
"""How many times as long as the loss alone each may take."""

MODES: dict[str, tuple[jax_surface.Mode, ...]] = {"loss": ("loss",), "gradient": ("forward", "reverse")}
"""What is measured of JAX, and in which modes."""

SPEED = (
    "| case | | grid | loss, ms | JAX, ms | ratio | bar | | with derivatives, ms | JAX, ms | ratio | bar | |\n"
    "|---|---|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|---|"
)
LIMIT = (
    "| case | once a plane, ms | operations a point (multiply-adds) | roofline, ms | reached | multiply-adds of peak "
    "| derivatives / loss | | gradient_norm / loss | | curvature / loss |\n"
    "|---|--:|--:|--:|--:|--:|--:|---|--:|---|--:|"
)
TRUST = (
    "| case | JAX's best for the loss; with derivatives | first call, ours / JAX, s | from JAX: loss, derivatives "
    "| ours from float64: loss, derivatives, norm, curvature | JAX from float64: loss, derivatives |\n"
    "|---|---|--:|--:|--:|--:|"
)


@dataclass(frozen=True)
class Outcome:
    """All that was measured of a case. Where it says by output, the keys are those of OUTPUTS."""

    case: cases.Case
    points: int
    ours: Mapping[str, contest.Times]
    once: float
    pairs: Mapping[str, contest.Pair]
    cost: Mapping[Kind, int]
    """Operations a point of the loss by the plan's own count."""
    bytes_moved: int
    """The output, and what is computed once for the plane read once."""
    errors: Mapping[str, float]
    """By output: largest difference from float64 at some points, relative to the largest value."""
    errors_jax: Mapping[str, float]

    def over_loss(self, output: str) -> float:
        return self.ours[output].median / self.ours["loss"].median

    @property
    def grid_seconds(self) -> float:
        """The loss without what is computed once for the plane; where that is nearly all, a twentieth of the whole."""
        loss = self.ours["loss"].median
        return max(loss - self.once, 0.05 * loss)


@dataclass(frozen=True)
class Rivals:
    """JAX's surfaces of one output in the layouts worth measuring, their first calls and what these gave."""

    variants: list[jax_surface.Variant]
    surfaces: list[jax_surface.Surface]
    seconds: list[float]
    values: list[contest.Array]


def compile_rivals(place: contest.Landscape, variants: list[jax_surface.Variant]) -> Rivals:
    promising = contest.trial(place, variants)
    surfaces = [contest.rival(place, variant) for variant in promising]
    seconds, values = zip(*(contest.first(surface.values) for surface in surfaces), strict=True)
    return Rivals(promising, surfaces, list(seconds), list(values))


def measure(case: cases.Case, resolution: int, rounds: int, seconds: float) -> Outcome:
    place = cases.landscape(case.problem(), case.name, resolution)
    a_point = cases.activations(place.program)
    contest.forget_kernels()
    surfaces = {output: contest.surface(place, **wanted) for output, wanted in OUTPUTS.items()}
    firsts = {output: contest.first(compute) for output, compute in surfaces.items()}
    values = {output: by_output(place, found, output) for output, (_, found) in firsts.items()}
    rivals = {
        output: compile_rivals(place, jax_surface.variants(jax_surface.device_count(), modes, resolution**2, a_point))
        for output, modes in MODES.items()
    }
    kernel = kernels.plane(place.program, dtype="float32")

    def once() -> object:
        return kernel.bind(place.data, place.center, place.u, place.v)

    groups = [[surface.compute for surface in group.surfaces] for group in rivals.values()]
    (*mine, bind), theirs = contest.in_turn([*surfaces.values(), once], groups, rounds, seconds)
    ours = dict(zip(surfaces, mine, strict=True))
    pairs, chosen = {}, {}
    for (output, group), times in zip(rivals.items(), theirs, strict=True):
        best = contest.fastest(times)
        chosen[output] = group.values[best][slice(1) if output == "loss" else slice(1, None)]
        pairs[output] = contest.Pair(
            ours[output], times[best], group.variants[best], firsts[output][0], group.seconds[best],
            contest.deviation(values[output], chosen[output]),
        )  # fmt: skip
    exact, rows, columns = exact_values(place, a_point)
    prologue = kernel.plan.body.prologue
    hoisted = sum(int(np.prod(prologue.instructions[output].shape)) for output in set(prologue.outputs))
    return Outcome(
        case=case,
        points=resolution**2,
        ours=ours,
        once=bind.median,
        pairs=pairs,
        cost=kernel.plan.cost,
        bytes_moved=4 * (resolution**2 + hoisted),
        errors={k: contest.deviation(exact[k], values[k][:, rows, columns]) for k in values},
        errors_jax={k: contest.deviation(exact[k], chosen[k][:, rows, columns]) for k in chosen},
    )


def by_output(place: contest.Landscape, values: contest.Array, output: str) -> contest.Array:
    """The numbers of one output among all that its kernel gives."""
    kernel = kernels.plane(place.program, dtype="float32", **OUTPUTS[output])
    return values[kernel.outputs.places[output]]


def exact_values(
    place: contest.Landscape, a_point: int
) -> tuple[dict[str, contest.Array], contest.Array, contest.Array]:
    """Every output in float64 at some points, fewer where a point takes long, and the points' rows and columns."""
    count = int(np.clip(2**27 // max(a_point, 1), 4, 32))
    random = np.random.default_rng(0)
    rows, columns = random.integers(0, len(place.b), count), random.integers(0, len(place.a), count)
    points = np.stack([place.a[columns], place.b[rows]], axis=-1)
    return jax_surface.exactly(place.root, place.data, (place.center, place.u, place.v), points), rows, columns


def number(value: float) -> str:
    """Three digits, as a table wants them."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def verdict(met: bool) -> str:
    return "met" if met else "missed"


def speed_row(outcome: Outcome, column: int) -> str:
    """column: of the bars, 0 for vectors of 256 bits, 1 for 512."""
    cells = [outcome.case.name, outcome.case.about, f"{round(outcome.points**0.5):,}"]
    for output, bars in (("loss", outcome.case.bars), ("gradient", outcome.case.gradient_bars)):
        pair, bar = outcome.pairs[output], bars[column]
        times = (number(pair.ours.median * 1e3), number(pair.jax.median * 1e3))
        cells += [*times, number(pair.ratio), f"{bar:g}", verdict(pair.ratio >= bar)]
    return f"| {' | '.join(cells)} |"


def limit_row(outcome: Outcome, peak: float, bandwidth: float) -> str:
    """peak: multiply-adds a second. bandwidth: bytes a second."""
    operations = sum(outcome.cost.values())
    arithmetic = operations * outcome.points / peak
    moved = outcome.bytes_moved / bandwidth
    bound, which = max((arithmetic, "arithmetic"), (moved, "memory"))
    share = outcome.cost.get("fma", 0) * outcome.points / peak / outcome.grid_seconds
    cells = [
        outcome.case.name,
        number(outcome.once * 1e3),
        f"{operations:,} ({outcome.cost.get('fma', 0):,})",
        f"{number(bound * 1e3)} ({which})",
        f"{bound / outcome.grid_seconds:.0%}",
        f"{share:.0%}",
    ]
    for output in ("gradient", "gradient_norm"):
        ratio = outcome.over_loss(output)
        cells += [f"{ratio:.2f}", verdict(ratio <= LIMITS[output])]
    cells.append(f"{outcome.over_loss('curvature'):.2f}")
    return f"| {' | '.join(cells)} |"


def trust_row(outcome: Outcome) -> str:
    loss, gradient = outcome.pairs["loss"], outcome.pairs["gradient"]
    cells = [
        outcome.case.name,
        f"{loss.variant}; {gradient.variant}",
        f"{loss.first_ours:.2f} / {loss.first_jax:.2f}",
        f"{loss.deviation:.0e}, {gradient.deviation:.0e}",
        ", ".join(f"{outcome.errors[output]:.0e}" for output in OUTPUTS),
        ", ".join(f"{error:.0e}" for error in outcome.errors_jax.values()),
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="every case's surface, ours beside JAX's best")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"default: all of {', '.join(cases.CASES)}")
    parser.add_argument("--resolution", type=int, help="points along each axis; default: the case's own")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=40, help="no third round of a case after so many")
    arguments = parser.parse_args()
    chosen = arguments.cases or list(cases.CASES)
    unknown = [name for name in chosen if name not in cases.CASES]
    if unknown:
        parser.error(f"there is no case {unknown[0]}: there are {', '.join(cases.CASES)}")
    contest.prepare()
    contest.start_driver()
    before = fma_peak(), write_peak()
    column = int(contest.vector_bits() >= 512)
    found = []
    for name in chosen:
        case = cases.CASES[name]
        found.append(measure(case, arguments.resolution or case.grid, arguments.rounds, arguments.seconds))
        print(speed_row(found[-1], column), file=sys.stderr, flush=True)
    # Other processes can only make them look slower than they are.
    peak, bandwidth = (max(pair) for pair in zip(before, (fma_peak(), write_peak()), strict=True))
    print(f"{peak / 1e9:.0f} GFMA/s, {bandwidth / 1e9:.1f} GB/s written.\n")
    print("\n".join([SPEED, *(speed_row(outcome, column) for outcome in found)]), end="\n\n")
    print("\n".join([LIMIT, *(limit_row(outcome, peak, bandwidth) for outcome in found)]), end="\n\n")
    print("\n".join([TRUST, *(trust_row(outcome) for outcome in found)]))


if __name__ == "__main__":
    main()
