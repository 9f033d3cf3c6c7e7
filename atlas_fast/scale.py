"""The scale that values are drawn on: from which value to which, and whether by their logarithms.

In: values of a surface. Out: a Scale, which places values between 0 and 1 and knows its ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import LogLocator, MaxNLocator, ScalarFormatter
from numpy.typing import NDArray

from .arguments import ArgumentError
from .heights import robust_top
from .look import Look

DECADES = 1.5
"""Powers of ten from which the ticks of a logarithmic scale are at powers of ten; fewer would be one or none."""

SAMPLES = 2**19
"""Values of which quantiles are taken at most: of more, a regular part of them."""

DEEPEST = 1e-8
"""Where a logarithmic scale begins at the latest, as a share of its end: a zero has no logarithm, and one vertex of
1e-30 would flatten the rest."""

NEEDLE = 1e-4
"""A share of the vertices, a hundredth of the surface across: on a logarithmic scale what lies round a zero of the loss
is a needle, and so thin a part of it comes out as scattered pixels."""

SLENDER = 0.1
"""How much of the height such a tip may take before the scale begins above it."""


@dataclass(frozen=True, eq=False)
class Ticks:
    """values: rising. texts: what stands beside each. common: what they all have in common, as "+1e6", or ""."""

    values: NDArray[np.float64]
    texts: tuple[str, ...]
    common: str


@dataclass(frozen=True)
class Scale:
    """low, top: the values at 0 and 1. highest: the largest value there is. lowest: the least, at most low."""

    low: float
    top: float
    highest: float
    lowest: float
    logarithmic: bool = False

    @property
    def cut(self) -> bool:
        """Whether values above `top` are cut off."""
        return self.highest > self.top

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of a picture whose heights are on it must know."""
        told = []
        if self.cut:
            told.append(f"heights above {self.top:.4g} are cut off, the highest is {self.highest:.4g}")
        if self.lowest < self.low and self.logarithmic:
            told.append(f"heights below {self.low:.4g} are drawn there, the lowest is {self.lowest:.4g}")
        return tuple(told)

    def place(self, values: Any) -> NDArray[np.float64]:
        """Values on the scale, 0 at low and 1 at top, beyond 1 what is cut off; nan stays nan. On a logarithmic scale
        what lies below low is at 0."""
        values = np.asarray(values, np.float64)
        if self.logarithmic:
            return np.log10(np.maximum(values, self.low) / self.low) / np.log10(self.top / self.low)
        # Halves, for the difference of two finite numbers may be infinite.
        return (values / 2 - self.low / 2) / (self.top / 2 - self.low / 2)

    @property
    def norm(self) -> Normalize:
        """The same for matplotlib."""
        return (LogNorm if self.logarithmic else Normalize)(self.low, self.top)

    def ticks(self, most: int) -> Ticks:
        """About so many round values at most."""
        if self.logarithmic and np.log10(self.top / self.low) > DECADES:
            values = np.asarray(LogLocator(numticks=most).tick_values(self.low, self.top))
            values = values[(values >= self.low * (1 - 1e-9)) & (values <= self.top * (1 + 1e-9))]
            return Ticks(values, tuple(f"$10^{{{round(np.log10(value))}}}$" for value in values), "")
        return ticks(self.low, self.top, most)

    def contours(self, most: int) -> tuple[float, float]:
        """Lines at round values, or on a logarithmic scale at round exponents: how many steps there are over the scale,
        and the place of low between two of them. Told in float64: a range may be far smaller than its values."""
        low, top = (np.log10(self.low), np.log10(self.top)) if self.logarithmic else (self.low, self.top)
        levels = ticks(low, top, most).values
        if len(levels) < 2:
            return 0.0, 0.5
        step = levels[1] - levels[0]
        return (top / step - low / step), float(np.mod(low / step, 1.0))


def ticks(low: float, high: float, most: int) -> Ticks:
    """At most so many round numbers from low to high."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.asarray(MaxNLocator(most).tick_values(low, high))
    values = values[(values >= low) & (values <= high)]
    formatter = ScalarFormatter()
    formatter.create_dummy_axis()
    dummy: Any = formatter.axis
    dummy.set_view_interval(low, high)
    dummy.set_data_interval(low, high)
    texts = formatter.format_ticks(list(values))
    return Ticks(values, tuple(texts), formatter.get_offset())


def linear(low: float, highest: float, top: float | None = None) -> Scale:
    """All values from low to highest, or only those up to top."""
    end = highest if top is None else top
    if end / 2 - low / 2 <= max(abs(low), abs(end)) * 1e-15:
        # A constant: halfway up a scale of its own.
        room = max(abs(low), 1.0) * 0.05
        return Scale(low - room, low + room, highest, low)
    return Scale(low, end, highest, low)


def logarithmic(low: float, highest: float, lowest: float, top: float) -> Scale:
    """From low, which is positive, to top."""
    if np.log10(top / low) < 1e-12:
        return Scale(low / 1.05, low * 1.05, highest, lowest, True)
    return Scale(low, top, highest, lowest, True)


def sampled(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Finite values for quantiles, of a large array at even distances."""
    step = int(np.ceil(np.sqrt(values.size / SAMPLES)))
    part = values[::step, ::step].astype(np.float64)
    found: NDArray[np.float64] = part[np.isfinite(part)]
    return found if found.size or step == 1 else values[np.isfinite(values)].astype(np.float64)


def scale_of(loss: NDArray[np.floating[Any]], known: NDArray[np.bool_], look: Look) -> Scale:
    """Where the scale of the heights (rows, columns) begins and ends; of 0 to 1 where none is known, that is finite.

    Raises ArgumentError where a logarithmic scale is asked for and a loss is negative, or a limit is too low.
    """
    if not known.any():
        return Scale(0.0, 1.0, 0.0, 0.0)
    low = float(np.min(loss, where=known, initial=np.inf))
    highest = float(np.max(loss, where=known, initial=-np.inf))
    if look.heights == "log":
        return _log_scale(loss, known, low, highest)
    if look.heights == "linear":
        return linear(low, highest)
    if look.limit is not None:
        if look.limit <= low:
            raise ArgumentError(f"limit is {look.limit:g}, more than the surface's lowest loss {low:.6g} is wanted")
        return linear(low, highest, min(look.limit, highest))
    if linear(low, highest).low < low:
        return linear(low, highest)  # a constant has nothing to cut
    return linear(low, highest, robust_top(low, highest, sampled(loss)))


def _log_scale(loss: NDArray[np.floating[Any]], known: NDArray[np.bool_], low: float, highest: float) -> Scale:
    if low < 0 or highest == 0:
        raise ArgumentError(
            f"the loss goes down to {low:.4g}: heights='log' wants positive losses, 'clipped' and 'linear' take any"
        )
    positive = known & (loss > 0)
    least = float(np.min(loss, where=positive, initial=np.inf))
    sample = sampled(loss)
    sample = np.log10(np.maximum(sample, least))
    top = 10.0 ** min(robust_top(float(np.log10(least)), float(np.log10(highest)), sample), 308.0)
    top = highest if top > 0.999 * highest else top
    return logarithmic(max(_blunt(least, top, sample), DEEPEST * top), highest, low, top)


def _blunt(least: float, top: float, sample: NDArray[np.float64]) -> float:
    """The least loss, or where that is the tip of a needle, the least of the others. sample: logarithms of losses."""
    count = int(NEEDLE * sample.size)
    tip, end = float(np.partition(sample, count)[count]), float(np.log10(least))
    return 10.0**tip if count and tip - end > SLENDER * (np.log10(top) - end) else least
