"""The figure that every picture is drawn on.

In: a size. Out: a matplotlib Figure on the Agg canvas, which needs no display and leaves pyplot alone.
"""

from __future__ import annotations

from io import BytesIO

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


class Picture(Figure):
    """A matplotlib Figure of so many inches that a notebook shows, without pyplot."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__(figsize=(width, height), dpi=110)
        FigureCanvasAgg(self)

    def _repr_png_(self) -> bytes:
        png = BytesIO()
        self.savefig(png)
        return png.getvalue()
