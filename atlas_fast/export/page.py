"""A surface as one page for a browser, which needs nothing else: to turn, zoom and point at, drawn by plotly.js.

In: a Surface, its runs and a Look. Out: an .html file that holds plotly.js, the heights as 16-bit codes, the colours as
8-bit ones where they are not those of the heights, and the paths. page.html is its frame, and decodes them. All heights
are shares of the scale, and what stands beside them says the losses: WebGL counts in float32, where 1e300 is no number,
and 1e6 has no ripples of 1e-3.

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
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from ..arguments import choice, whole
from ..look import THEMES, Look, Theme, colour_map, table
from ..plot import Picture, remarks
from ..title import write_title
from ..viewpoint import ELEVATION, azimuth
from . import needed, packing
from .relief import Relief
from .tracks import Track, lifted, tracks

if TYPE_CHECKING:
    from ..colouring import Colouring
    from ..scale import Scale
    from ..surface import Surface
    from . import Runs

Array = NDArray[np.float64]

NONE, CUT = 65535, 65534
"""Codes of no height, and of one that is cut off."""

STEPS = 65533
"""The code of the scale's top. The code of a height is the square root of its share of the scale: at the top four
digits of a loss are right, and in the valley, where one looks, far more than as many. On a logarithmic scale, which is
fine in the valley of itself, it is the share."""

MARKED = 1500
"""Steps of all paths that can be pointed at, at most."""

INK = "#123457"
"""The colour of the heading while it is drawn; it becomes that of the page's text."""

BAND = 0.03
"""How far the colour bar shows the colour of heights that are cut off, as a share of the scale."""

BAR = {"len": 0.5, "thickness": 14, "outlinewidth": 0}
"""A colour bar."""

LEVELS = 16
"""Contour lines at most."""

LIGHT = 0.58
"""How light colours are in the mean, from 0 to 1, on which white lines would be lost."""

RISE = 0.02
"""How much higher than elsewhere paths lie here, as a share of the scale: plotly brings contour lines nearer to the
eye than what they lie on."""

RIM = "#111111"
"""A line's rim."""

FAR = 2.3
"""The eye's distance from the middle of the box, whose longer side is 1.3."""


def page(
    surface: Surface, runs: Runs, look: Look, resolution: int = 512, theme: str | None = None
) -> Callable[[IO[bytes]], object]:
    """resolution: vertices along a side that are kept at most. theme: "light", "dark", or None: as the reader's browser
    is set."""
    library = needed("plotly.offline", ".html").get_plotlyjs()
    choice("theme", theme, (*THEMES, None))
    relief = Relief.of(surface, whole("resolution", resolution, 2), look)
    shown = tracks(relief, runs)
    contents = {
        "heights": _heights(relief),
        "surface": _surface(relief),
        "tracks": [_traces(relief, track, len(shown)) for track in shown],
        "theme": theme,
        "layouts": {name: _layout(relief, shown, colours) for name, colours in THEMES.items()},
        "settings": {"responsive": True, "displaylogo": False, "scrollZoom": True},
    }
    alone = len(runs) == 1
    described = surface.showing(next(iter(runs.values())).run) if alone else surface
    pieces = {
        "TITLE": html.escape(" ".join(surface.expression.split())),
        "HEADING": _heading(surface),
        "THEME": theme or "auto",
        **{name.upper(): _variables(colours) for name, colours in THEMES.items()},
        "REMARKS": html.escape("; ".join(remarks(described, (*relief.notes, *_beyond(relief)), alone))),
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
    for written in figure.texts:
        written.set_color(INK)
    svg = io.StringIO()
    with rc_context({"svg.hashsalt": "atlas-fast"}):
        part = Bbox([[0, bottom * 6.2], [11, 6.2 * 0.99]])
        figure.savefig(svg, format="svg", bbox_inches=part, transparent=True, metadata={"Date": None})
    text = svg.getvalue().replace(INK, "currentColor")
    label = html.escape(" ".join(surface.expression.split()), quote=True)
    return text[text.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _variables(theme: Theme) -> str:
    """A theme's colours as variables of the page's style."""
    return f"--background: {theme.background}; --text: {to_hex(theme.faint)};"


def _heights(relief: Relief) -> dict[str, Any]:
    """The heights and colours as codes, and what decodes them."""
    scaled, scale, shown = relief.scaled, relief.scale, relief.shown
    power = 1 if scale.logarithmic else 2
    steps = np.round(np.clip(np.nan_to_num(scaled), 0.0, 1.0) ** (1 / power) * STEPS)
    codes = np.where(scaled > 1.0, CUT, np.where(np.isnan(scaled), NONE, steps)).astype("<u2")
    packed, plain = packing.bytes_of(codes).tobytes(), codes.tobytes()
    return {
        "codes": base64.b64encode(min(packed, plain, key=len)).decode(),
        "packed": len(packed) <= len(plain),
        "rows": codes.shape[0],
        "columns": codes.shape[1],
        "power": power,
        "low": scale.low,
        "top": scale.top,
        "logarithmic": scale.logarithmic,
        "lower": scale.lowest < scale.low and scale.logarithmic,
        "digits": _digits(scale) - 1,  # as many as the codes tell
        "names": [html.escape(label) for label in relief.surface.plane.labels],
        "beyond": 1 + 2 * BAND,
        "none": NONE,
        "cut": CUT,
        "steps": STEPS,
        "colours": None if shown.shades is None else _shades(relief, shown.shades),
    }


def _shades(relief: Relief, shades: NDArray[np.uint8]) -> dict[str, Any]:
    """The places on the colour map as codes, and what decodes them."""
    scale = relief.shown.scale
    return {
        "codes": base64.b64encode(packing.halves(shades).tobytes()).decode(),
        "name": _name(relief.shown),
        "low": scale.low,
        "top": scale.top,
        # A round number that a 255th of the scale can tell.
        "unit": float(10.0 ** np.floor(np.log10(scale.top / 255 - scale.low / 255))),
    }


def _name(shown: Colouring) -> str:
    """What the colours show, in a line."""
    return " ".join(shown.name.split())


def _beyond(relief: Relief) -> list[str]:
    """What the colour bar of a quantity cannot tell of its ends."""
    scale, name = relief.shown.scale, _name(relief.shown)
    if relief.shown.shades is None or relief.shown.extend == "neither":
        return []
    ends = f"{scale.top:.4g}" if relief.shown.extend == "max" else f"{scale.low:.4g} and {scale.top:.4g}"
    return [f"colours end at a {name} of {ends}, it is from {scale.lowest:.4g} to {scale.highest:.4g}"]


def _surface(relief: Relief) -> dict[str, Any]:
    """The surface's trace, without its heights."""
    shown, beyond = relief.shown, to_hex(relief.look.beyond)
    cut = relief.scale.cut and shown.shades is None
    end = 1 + BAND if cut else 1.0
    stops = np.linspace(0.0, 1.0, 64)
    shades = colour_map(shown.colours)(stops)
    scale = [[float(stop / end), to_hex(shade)] for stop, shade in zip(stops, shades, strict=True)]
    if cut:
        scale += [[1 / end, beyond], [1.0, beyond]]
    levels = _levels(relief.scale) if relief.look.contours else np.empty(0)
    return {
        "name": "loss",
        "x": relief.a.tolist(),
        "y": relief.b.tolist(),
        "colorscale": scale,
        "cmin": 0.0,
        "cmax": end,
        "colorbar": BAR | {"title": {"text": shown.name.replace("\n", "<br>")}, "x": 1.0} | _ticks(shown.scale),
        "lighting": {"ambient": 0.72, "diffuse": 0.5, "specular": 0.04, "roughness": 0.95, "fresnel": 0.0},
        "contours": {
            "z": {
                "show": len(levels) > 1, "start": float(levels.min(initial=1)), "end": float(levels.max(initial=0)),
                "size": float(levels[1] - levels[0]) if len(levels) > 1 else 1.0,
                "color": _line_colour(shown), "width": 1, "highlightcolor": "#333333", "highlightwidth": 2,
            },
            "x": {"highlight": False},
            "y": {"highlight": False},
        },
        # A template would take %{text} of rows and columns in the wrong order.
        "hoverinfo": "text",
    }  # fmt: skip


def _line_colour(shown: Colouring) -> str:
    """Of contour lines, which must be seen on most of the colours."""
    light = float((table(shown.colours) @ np.array([0.299, 0.587, 0.114])).mean()) / 255
    return "#2b313a" if light > LIGHT else "#f4f4f4"


def _traces(relief: Relief, track: Track, count: int) -> dict[str, Any]:
    """The traces of one of so many paths: its line with a dark rim, and its steps. Wherever it is pointed at, the
    nearest step answers. What the line and its rim share stands here once; page.html makes both of it."""
    trail, name, alone = track.trail, html.escape(track.name or "path"), count == 1
    said = ("" if alone else f"<b>{name}</b><br>") + SAID.replace("DIGITS", str(_digits(relief.scale)))
    shared = {"type": "scatter3d", "name": name, "legendgroup": name, "showlegend": False, "hovertemplate": said}
    line = {
        "mode": "lines", "x": _numbers(trail.a), "y": _numbers(trail.b), "z": _numbers(track.scaled + RISE),
        "line": {"width": 6} | _times(track),
    }  # fmt: skip
    path, run, times = track.path, track.run, np.round(trail.step, 2)
    kept = np.unique(np.linspace(0, run.steps, min(run.steps + 1, MARKED // count)).round().astype(np.intp))
    steps = {
        "mode": "markers", "x": _numbers(path.a[kept]), "y": _numbers(path.b[kept]),
        "z": _numbers(lifted(relief, path.a[kept], path.b[kept]) + RISE),
        "marker": _marker(track, kept, alone),
    }  # fmt: skip
    # Of a line of many colours the legend would show the first.
    legend = {
        "mode": "lines", "showlegend": not alone or bool(track.name), "x": [None], "y": [None], "z": [None],
        "line": {"color": to_hex(track.colours(np.array([float(run.steps)]))[0]), "width": 6},
    }  # fmt: skip
    return {
        "legend": shared | legend,
        "line": shared | line,
        "rim": {"color": RIM, "width": 11},
        "lower": 0.006,  # than the line
        "steps": shared | steps,
        "times": [times.tolist(), kept.tolist()],
        "told": _told(relief, track, np.union1d(times.round().astype(np.intp), kept)),
        "epoch": run.steps_per_epoch,
    }


def _times(track: Track) -> dict[str, Any]:
    """The colours of a track's steps, which page.html gives as the numbers of the steps."""
    last = track.run.steps
    times = np.linspace(0.0, 1.0, 9)
    shades = map(to_hex, track.colours(times * last))
    scale = [[float(time), shade] for time, shade in zip(times, shades, strict=True)]
    return {"colorscale": scale, "cmin": 0, "cmax": max(last, 1)}


SAID = (
    "epoch %{customdata[0]:.4~g}, step %{customdata[1]:,d}<br>true loss %{customdata[2]:.DIGITS~g}<br>"
    "%{customdata[3]:.3~g} off the plane<extra></extra>"
)
"""What stands beside a step that is pointed at."""


def _told(relief: Relief, track: Track, steps: NDArray[np.intp]) -> list[list[float | None]]:
    """What SAID says of steps, but for their epochs: their numbers, their losses, their distances."""
    path = track.path
    losses = _numbers(path.loss[steps], digits=_digits(relief.scale))
    return [steps.tolist(), losses, _numbers(path.distance[steps], digits=4)]


def _marker(track: Track, steps: NDArray[np.intp], alone: bool) -> dict[str, Any]:
    """How steps are marked, the first and last larger; with a colour bar of time where a run is alone."""
    last = track.run.steps
    size = np.where(np.isin(steps, [0, last]), 8, 3.5).tolist()
    marker = {"size": size, "opacity": 1, "line": {"width": 0}} | _times(track)
    if alone and last > 0:
        marker |= {"showscale": True, "colorbar": BAR | {"title": {"text": "step"}, "x": 1.12}}
    return marker


def _layout(relief: Relief, shown: list[Track], theme: Theme) -> dict[str, Any]:
    """The layout in a theme's colours."""
    a0, a1, b0, b1 = relief.surface.extent
    axis = {
        "backgroundcolor": theme.background,
        "gridcolor": to_hex(theme.grid),
        "showspikes": False,
        "zeroline": False,
    }
    names = [html.escape(label) for label in relief.surface.plane.axes_labels]
    sides = dict(zip("xyz", (1.3 * side for side in relief.sides), strict=True))
    return {
        "margin": {"l": 0, "r": 12, "t": 0, "b": 0},
        "paper_bgcolor": theme.background,
        "font": {"color": to_hex(theme.faint)},
        "uirevision": "one",  # what a reader has turned stays where the theme changes
        "legend": {"x": 0.01, "y": 0.98, "itemsizing": "constant"},
        "hoverlabel": {"align": "left"},
        "scene": {
            "xaxis": axis | {"title": {"text": names[0]}, "range": [a0, a1]},
            "yaxis": axis | {"title": {"text": names[1]}, "range": [b0, b1]},
            # From a little below, or the lines of the floor would shine through a valley.
            "zaxis": axis | {"title": {"text": "loss"}, "range": [-0.02, 1.04]} | _ticks(relief.scale),
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


def _levels(scale: Scale) -> Array:
    """Where contour lines lie, as shares of the scale."""
    count, first = scale.contours(LEVELS)
    if not count:
        return np.empty(0)
    found: Array = ((np.arange(LEVELS + 2) - first) / count).astype(np.float64)
    # A line at an end of the scale, where a surface may be level for long, would be specks.
    return found[(found > 0.005) & (found < 0.995)]


def _ticks(scale: Scale) -> dict[str, Any]:
    """The ticks of an axis or a colour bar."""
    ticks, digits = scale.ticks(8), _digits(scale)
    texts = [
        f"10<sup>{power[1]}</sup>" if (power := re.fullmatch(r"\$10\^\{(-?\d+)\}\$", text)) else f"{value:.{digits}g}"
        for value, text in zip(ticks.values, ticks.texts, strict=True)
    ]
    return {"tickvals": scale.place(ticks.values).tolist(), "ticktext": texts}


def _digits(scale: Scale) -> int:
    """How many digits tell values on a scale apart: five of what they differ in."""
    shared = np.log10(max(abs(scale.low), abs(scale.top))) - np.log10(scale.top / 2 - scale.low / 2)
    return int(np.clip(np.ceil(shared) + 4, 5, 17))


def _numbers(values: Array, digits: int = 6) -> list[float | None]:
    """Numbers for JSON, which has no nan; no longer than they need to be."""
    return [float(f"{x:.{digits}g}") if np.isfinite(x) else None for x in values]
