"""Pictures with matplotlib, on the Agg canvas, which needs no display and leaves pyplot alone.

figure: what they are drawn on. picture: a surface and its run. comparison: several runs on one surface. They draw
with heights (what a surface's colours mean), relief (3-D), contours (from above) and trail (a run's path as a line).
"""

from .comparison import GREYS, ON_VIRIDIS, plot_comparison
from .figure import Picture
from .heights import COLOURS
from .picture import curve, headings, legend, plot, remarks
from .trail import TIMES

__all__ = [
    "COLOURS", "GREYS", "ON_VIRIDIS", "TIMES", "Picture", "curve", "headings", "legend", "plot", "plot_comparison",
    "remarks",
]  # fmt: skip
