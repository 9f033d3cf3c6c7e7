"""A surface as one page for a browser, which needs nothing else: to turn, zoom and point at, drawn by plotly.js.

In: a Surface and its runs. Out: an .html file that holds plotly.js, the heights as 16-bit codes, and the paths.
page.html is its frame, and decodes the heights. All heights are shares of the scale, and what stands beside them says
the losses: WebGL counts in float32, where 1e300 is no number, and 1e6 has no ripples of 1e-3.

https://plotly.com/javascript/reference/surface/ and /scatter3d/
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
from collections.abc import Callable
from importlib.resources import files
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import to_hex
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from ..arguments import whole
from ..heights import BEYOND
from ..plot import Picture, remarks
from ..title import write_title
from ..viewpoint import ELEVATION, azimuth
from . import needed
from .relief import Relief, colours
from .tracks import Track, lifted, tracks

if TYPE_CHECKING:
    from ..surface import Surface
    from . import Runs

Array = NDArray[np.float64]

NONE, CUT = 65535, 65534
"""Codes of no height, and of one that is cut off."""

STEPS = 65533
"""The code of the scale's top. The code of a height is the square root of its share of the scale: at the top four
digits of a loss are right, and in the valley, where one looks, far more than as many."""

MARKED = 1500
"""Steps of a path that can be pointed at, at most."""

BAND = 0.03
"""How far the colour bar shows the colour of heights that are cut off, as a share of the scale."""

LEVELS = 16
"""Contour lines at most."""

RISE = 0.02
"""How much higher than elsewhere paths lie here, as a share of the scale: plotly brings contour lines nearer to the
eye than what they lie on."""

FAR = 2.3
"""The eye's distance from the middle of the box, whose longer side is 1.3."""


def page(surface: Surface, runs: Runs, resolution: int = 512) -> Callable[[IO[bytes]], object]:
    """resolution: vertices along a side that are kept at most."""
    library = needed("plotly.offline", ".html").get_plotlyjs()
    relief = Relief.of(surface, whole("resolution", resolution, 2))
    shown = tracks(relief, runs)
    contents = {
        "heights": _heights(relief),
        "surface": _surface(relief),
        "tracks": [trace for track in shown for trace in _traces(relief, track, alone=len(shown) == 1)],
        "layout": _layout(relief, shown),
        "settings": {"responsive": True, "displaylogo": False, "scrollZoom": True},
    }
    first = next(iter(runs.values()), None)
    described = surface if first is None or len(runs) > 1 else surface.showing(first)
    pieces = {
        "TITLE": html.escape(" ".join(surface.expression.split())),
        "HEADING": _heading(surface),
        "REMARKS": html.escape("; ".join(remarks(described, relief.notes, alone=len(runs) <= 1))),
        "PLOTLY": library,
        # A script ends at the first "</", wherever that stands.
        "CONTENTS": json.dumps(contents, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
    }
    frame = (files(__package__) / "page.html").read_text(encoding="utf-8")
    text = re.sub("@([A-Z]+)@", lambda found: pieces[found[1]], frame)
    return lambda file: file.write(text.encode())


def _heading(surface: Surface) -> str:
    """The loss, typeset, as an SVG element."""
    figure = Picture(11, 6.2)
    bottom = write_title(figure, surface.latex, surface.expression) + 0.025
    svg = io.StringIO()
    with rc_context({"svg.hashsalt": "atlas-fast"}):
        part = Bbox([[0, bottom * 6.2], [11, 6.2 * 0.99]])
        figure.savefig(svg, format="svg", bbox_inches=part, transparent=True, metadata={"Date": None})
    text = svg.getvalue()
    label = html.escape(" ".join(surface.expression.split()), quote=True)
    return text[text.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _heights(relief: Relief) -> dict[str, Any]:
    """The heights as codes, and what decodes them."""
    scaled = relief.scaled
    codes = np.round(np.sqrt(np.clip(np.nan_to_num(scaled), 0.0, 1.0)) * STEPS)
    codes = np.where(scaled > 1.0, CUT, np.where(np.isnan(scaled), NONE, codes)).astype("<u2")
    return {
        "codes": base64.b64encode(codes.tobytes()).decode(),
        "rows": codes.shape[0],
        "columns": codes.shape[1],
        "low": relief.limits.low,
        "top": relief.limits.top,
        "digits": _digits(relief) - 1,  # as many as the codes tell
        "names": [html.escape(label) for label in relief.surface.plane.labels],
        "beyond": 1 + 2 * BAND,
        "none": NONE,
        "cut": CUT,
        "steps": STEPS,
    }


def _surface(relief: Relief) -> dict[str, Any]:
    """The surface's trace, without its heights."""
    end = 1 + BAND if relief.limits.cut else 1.0
    stops = np.linspace(0.0, 1.0, 64)
    scale = [[float(stop / end), to_hex(shade)] for stop, shade in zip(stops, colours(stops), strict=True)]
    if relief.limits.cut:
        scale += [[1 / end, to_hex(BEYOND)], [1.0, to_hex(BEYOND)]]
    levels = _levels(relief, LEVELS)[0]
    # A line at an end of the scale, where a surface may be level for long, would be specks.
    levels = levels[(levels > 0.005) & (levels < 0.995)]
    return {
        "name": "loss",
        "x": relief.a.tolist(),
        "y": relief.b.tolist(),
        "colorscale": scale,
        "cmin": 0.0,
        "cmax": end,
        "colorbar": {"title": {"text": "loss"}, "len": 0.5, "thickness": 14, "x": 1.0, "outlinewidth": 0}
        | _ticks(relief),
        "lighting": {"ambient": 0.72, "diffuse": 0.5, "specular": 0.04, "roughness": 0.95, "fresnel": 0.0},
        "contours": {
            "z": {
                "show": len(levels) > 1, "start": float(levels.min(initial=1)), "end": float(levels.max(initial=0)),
                "size": float(levels[1] - levels[0]) if len(levels) > 1 else 1.0,
                "color": "#f4f4f4", "width": 1, "highlightcolor": "#333333", "highlightwidth": 2,
            },
            "x": {"highlight": False},
            "y": {"highlight": False},
        },
        # A template would take %{text} of rows and columns in the wrong order.
        "hoverinfo": "text",
    }  # fmt: skip


def _traces(relief: Relief, track: Track, alone: bool) -> list[dict[str, Any]]:
    """A path's traces: its line with a dark rim, and its steps. Wherever it is pointed at, the nearest step answers."""
    trail, name = track.trail, html.escape(track.name or "path")
    template = ("" if alone else f"<b>{name}</b><br>") + SAID.replace("DIGITS", str(_digits(relief)))
    shades = [to_hex(shade) for shade in track.colours(trail.step)]
    line = {
        "type": "scatter3d", "mode": "lines", "name": name, "legendgroup": name, "showlegend": False,
        "x": _numbers(trail.a), "y": _numbers(trail.b),
        "customdata": _told(track, trail.step.round().astype(np.intp)), "hovertemplate": template,
    }  # fmt: skip
    path, run = track.path, track.run
    kept = np.unique(np.linspace(0, run.steps, min(run.steps + 1, MARKED)).round().astype(np.intp))
    steps = {
        "type": "scatter3d", "mode": "markers", "name": name, "legendgroup": name, "showlegend": False,
        "x": _numbers(path.a[kept]), "y": _numbers(path.b[kept]),
        "z": _numbers(lifted(relief, path.a[kept], path.b[kept]) + RISE),
        "marker": _marker(track, kept, alone),
        "customdata": _told(track, kept), "hovertemplate": template,
    }  # fmt: skip
    rim = {"z": _numbers(track.scaled + RISE - 0.006), "line": {"color": "#111111", "width": 11}}
    top = {"z": _numbers(track.scaled + RISE), "line": {"color": shades, "width": 6}}
    # Of a line of many colours the legend would show the first.
    legend = {
        "type": "scatter3d", "mode": "lines", "name": name, "legendgroup": name, "showlegend": not alone,
        "x": [None], "y": [None], "z": [None], "line": {"color": shades[-1] if shades else "#111111", "width": 6},
    }  # fmt: skip
    return [legend, line | rim, line | top, steps]


SAID = (
    "epoch %{customdata[0]:.4~g}, step %{customdata[1]:,d}<br>true loss %{customdata[2]:.DIGITS~g}<br>"
    "%{customdata[3]:.3~g} off the plane<extra></extra>"
)
"""What stands beside a step that is pointed at."""


def _told(track: Track, steps: NDArray[np.intp]) -> list[list[float | None]]:
    """What SAID says of each of the steps."""
    path = track.path
    told = np.column_stack([path.step / track.run.steps_per_epoch, path.step, path.loss, path.distance])
    return [_numbers(row, digits=12) for row in told[steps]]


def _marker(track: Track, steps: NDArray[np.intp], alone: bool) -> dict[str, Any]:
    """How steps are marked, the first and last larger; by time, with a colour bar, where a run is alone."""
    last = track.run.steps
    marker = {"size": np.where(np.isin(steps, [0, last]), 8, 3.5).tolist(), "opacity": 1, "line": {"width": 0}}
    if not alone or last == 0:
        return marker | {"color": [to_hex(shade) for shade in track.colours(steps.astype(np.float64))]}
    times = np.linspace(0.0, 1.0, 9)
    shades = map(to_hex, track.colours(times * last))
    return marker | {
        "color": steps.tolist(),
        "colorscale": [[float(time), shade] for time, shade in zip(times, shades, strict=True)],
        "cmin": 0,
        "cmax": last,
        "showscale": True,
        "colorbar": {"title": {"text": "step"}, "len": 0.5, "thickness": 14, "x": 1.09, "outlinewidth": 0},
    }


def _layout(relief: Relief, shown: list[Track]) -> dict[str, Any]:
    a0, a1, b0, b1 = relief.surface.extent
    axis = {"backgroundcolor": "#fbfbfc", "gridcolor": "#cfd1d5", "showspikes": False, "zeroline": False}
    names = [html.escape(label) for label in relief.surface.plane.axes_labels]
    sides = dict(zip("xyz", (1.3 * side for side in relief.sides), strict=True))
    return {
        "margin": {"l": 0, "r": 12, "t": 0, "b": 0},
        "paper_bgcolor": "#fbfbfc",
        "font": {"color": "#444444"},
        "legend": {"x": 0.01, "y": 0.98, "itemsizing": "constant"},
        "hoverlabel": {"align": "left"},
        "scene": {
            "xaxis": axis | {"title": {"text": names[0]}, "range": [a0, a1]},
            "yaxis": axis | {"title": {"text": names[1]}, "range": [b0, b1]},
            # From a little below, or the lines of the floor would shine through a valley.
            "zaxis": axis | {"title": {"text": "loss"}, "range": [-0.02, 1.04]} | _ticks(relief),
            "aspectmode": "manual",
            "aspectratio": sides,
            "camera": {"eye": _eye(relief, shown), "center": {"x": 0, "y": 0, "z": -0.2}},
        },
    }


def _eye(relief: Relief, shown: list[Track]) -> dict[str, float]:
    """From where most of the paths is in sight."""
    ground = np.clip(relief.scaled, 0.0, 1.0) * relief.sides[2]
    path = np.concatenate(
        [np.empty((0, 3)), *(relief.points(track.trail.a, track.trail.b, track.scaled) for track in shown)]
    )
    path = path[np.isfinite(path).all(axis=1)] / (relief.sides[0], relief.sides[1], 1.0)
    turn, rise = np.radians(azimuth(ground, *path.T)), np.radians(ELEVATION)
    return {"x": FAR * np.cos(turn) * np.cos(rise), "y": FAR * np.sin(turn) * np.cos(rise), "z": FAR * np.sin(rise)}


def _levels(relief: Relief, most: int) -> tuple[Array, Array]:
    """About so many round losses at most, as shares of the scale and themselves."""
    with np.errstate(over="ignore", invalid="ignore"):
        losses = np.asarray(MaxNLocator(most).tick_values(relief.limits.low, relief.limits.top))
    shares = relief.limits.scaled(losses)
    within = (shares >= -1e-9) & (shares <= 1 + 1e-9)
    return shares[within], losses[within]


def _ticks(relief: Relief) -> dict[str, Any]:
    """The ticks of an axis of losses."""
    shares, losses = _levels(relief, 8)
    return {"tickvals": shares.tolist(), "ticktext": [f"{loss:.{_digits(relief)}g}" for loss in losses]}


def _digits(relief: Relief) -> int:
    """How many digits tell losses on the scale apart: five of what they differ in."""
    low, top, _ = relief.limits
    shared = np.log10(max(abs(low), abs(top))) - np.log10(top / 2 - low / 2)
    return int(np.clip(np.ceil(shared) + 4, 5, 17))


def _numbers(values: Array, digits: int = 6) -> list[float | None]:
    """Numbers for JSON, which has no nan; no longer than they need to be."""
    return [float(f"{x:.{digits}g}") if np.isfinite(x) else None for x in values]
