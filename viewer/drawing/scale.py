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

DECADES = 1.5
"""Powers of ten from which the ticks of a logarithmic scale are at powers of ten; fewer would be one or none."""


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
