"""The benchmarks' plots: how time grows, and how ratios are distributed. Matplotlib, PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

OURS, JAX = "Atlas Fast", "JAX"
COLOURS = {OURS: "#1f77b4", JAX: "#ff7f0e"}


def growth(title: str, axis: str, times: Mapping[str, Sequence[tuple[float, float]]], path: Path) -> None:
    """times: name -> (size, seconds) pairs. Both axes logarithmic: a straight line is a power."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.8), layout="constrained")
    plot = figure.subplots()
    for name, points in times.items():
        if points:
            sizes, seconds = zip(*points, strict=True)
            plot.loglog(sizes, [1e3 * s for s in seconds], "o-", label=name, color=COLOURS.get(name))
    ticks = sorted({size for points in times.values() for size, _ in points})
    plot.set_xticks(ticks, [f"{size:,.0f}" for size in ticks])
    plot.set_xticks([], minor=True)
    plot.set_xlabel(axis)
    plot.set_ylabel("ms")
    plot.set_title(title, fontsize=10)
    plot.grid(alpha=0.3)
    plot.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def distribution(ratios: Sequence[float], bar: float, path: Path) -> None:
    """A histogram of ratios on a logarithmic axis, with the median and the bar for it."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.8), layout="constrained")
    plot = figure.subplots()
    edges = np.geomspace(min([*ratios, 0.5]) * 0.999, max([*ratios, 2 * bar]) * 1.001, 25).tolist()
    plot.hist(ratios, bins=edges, color=COLOURS[OURS], alpha=0.8)
    plot.axvline(float(np.median(ratios)), color="black", label=f"median {np.median(ratios):.2f}")
    plot.axvline(bar, color="black", linestyle="--", label=f"wanted median {bar:g}")
    plot.set_xscale("log")
    plot.set_xlabel("JAX's time / Atlas Fast's time")
    plot.set_ylabel("generated texts")
    plot.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
