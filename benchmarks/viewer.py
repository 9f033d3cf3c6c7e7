"""The viewer beside VisPy's SurfacePlot, PyVista and matplotlib: first picture, frames, updates and memory.

    python -m benchmarks.viewer [--sizes 512 1024 2048 4096] [--engines ours surfaceplot pyvista matplotlib]

Every engine and size in a process of its own, off screen by EGL, one after the other; prints a Markdown table, and the
bars that the project sets itself. What is not installed (`pip install pyvista` is half a gigabyte, and in no extra) or
takes longer than two minutes is left out with a line that says so.

The same heights for all, 1100 x 825 pixels, medians of some rounds. First picture: from the heights in memory to
pixels in memory, with libraries loaded and OpenGL open. Frame: the camera turns by a degree, and pixels are in memory.
Ours is all that a user sees, with its axes, contour lines, colour bar and title; the others draw the bare surface.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

SIZES = (512, 1024, 2048, 4096)

PIXELS = (1100, 825)

MOVING = 256
"""Vertices along a side that the window draws while the view moves."""

TILE = 64
"""Vertices along each side of what is updated."""

TOGETHER = 8
"""Tiles between two frames."""

ROUNDS, SECONDS = 7, 5.0
"""Of a measurement: at most so many, and after three of them no longer than this."""

PATIENCE = 120.0
"""Seconds for one engine at one size."""

BARS_AT = 2048
"""The size at which the bars are set."""

MEBI = 2.0**20


@dataclass(frozen=True)
class Drawn:
    """What is measured of an engine that shows some heights. details: name -> what sets it and draws a frame. last: the
    same, measured when the memory has been: what no window draws."""

    details: dict[str, Callable[[], object]]
    update: Callable[[np.ndarray], object]
    """A tile of TILE x TILE heights in the surface's middle; what is drawn later may be left to then."""
    redraw: Callable[[], object]
    last: dict[str, Callable[[], object]] = field(default_factory=dict)


Opened = Callable[[], Drawn]


@dataclass(frozen=True)
class Engine:
    """name: as the table has it. module: what must be installed. open: given heights, what opens the library's canvas
    and then shows them."""

    name: str
    module: str
    open: Callable[[np.ndarray], AbstractContextManager[Opened]]


def heights(side: int) -> np.ndarray:
    """A bowl with waves, (side, side) float32."""
    a, b = np.linspace(-2, 2, side, dtype=np.float32), np.linspace(-2, 2, side, dtype=np.float32)[:, None]
    return np.asarray(a * a + b * b + 0.5 * np.sin(5 * a) * np.cos(4 * b), np.float32)


def middle(side: int) -> slice:
    return slice(side // 2, side // 2 + TILE)


@contextmanager
def ours(z: np.ndarray) -> Iterator[Opened]:
    import atlas_fast.viewer
    from atlas_fast.planes import Plane
    from atlas_fast.surface import Surface
    from atlas_fast.viewer import offscreen

    assert atlas_fast.viewer  # loaded, as the others' libraries are
    side = len(z)
    axis = np.linspace(-2.0, 2.0, side)
    plane = Plane(np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    surface = Surface(axis, axis, z, plane, "x^2 + y^2", "x^2 + y^2", {"x": (1, 1), "y": (1, 1)}, "a formula")
    with offscreen.canvas(PIXELS) as canvas:
        from atlas_fast.viewer.drawing.field import DETAIL
        from atlas_fast.viewer.drawing.scene import Scene

        canvas.render()

        def drawn() -> Drawn:
            scene = Scene(canvas, surface, 1.0)
            scene.write()

            def turned(vertices: int) -> Callable[[], object]:
                def frame() -> object:
                    scene.camera.azimuth += 1.0
                    scene.field.set_detail(vertices)
                    return canvas.render(alpha=False)

                return frame

            part = middle(side)
            details, last = {"frame": turned(DETAIL), "moving": turned(MOVING)}, {"every vertex": turned(side)}
            return Drawn(details, lambda tile: scene.refine(part, part, tile), canvas.render, last)

        yield drawn


@contextmanager
def surfaceplot(z: np.ndarray) -> Iterator[Opened]:
    from vispy import scene

    from atlas_fast.viewer import offscreen

    with offscreen.canvas(PIXELS) as canvas:
        canvas.render()

        def drawn() -> Drawn:
            view = canvas.central_widget.add_view()
            view.camera = scene.TurntableCamera(fov=28.0, distance=12.0)
            plot = scene.visuals.SurfacePlot(z=z, shading="smooth", parent=view.scene)
            plot.transform = scene.transforms.STTransform(scale=(4 / len(z), 4 / len(z), 0.3), translate=(-2, -2))
            part = middle(len(z))

            def frame() -> object:
                view.camera.azimuth += 1.0
                return canvas.render(alpha=False)

            def update(tile: np.ndarray) -> None:
                z[part, part] = tile
                plot.set_data(z=z)

            return Drawn({"frame": frame}, update, canvas.render)

        yield drawn


@contextmanager
def pyvista(z: np.ndarray) -> Iterator[Opened]:
    import pyvista

    plotter = pyvista.Plotter(off_screen=True, window_size=list(PIXELS))
    plotter.show(auto_close=False)
    side = len(z)

    def drawn() -> Drawn:
        axis = np.linspace(-2, 2, side, dtype=np.float32)
        x, y = np.meshgrid(axis, axis)
        grid = pyvista.StructuredGrid(x, y, 0.3 * z)
        grid["loss"] = z.ravel(order="F")
        plotter.add_mesh(grid, scalars="loss", show_scalar_bar=False)
        plotter.reset_camera()
        part = middle(side)
        places = np.arange(side * side).reshape((side, side), order="F")[part, part]

        def pixels() -> object:
            plotter.render()  # a screenshot by itself is of the frame before
            return plotter.screenshot(return_img=True)

        def frame() -> object:
            plotter.camera.Azimuth(1.0)
            return pixels()

        def update(tile: np.ndarray) -> None:
            grid.points[places.ravel(), 2] = 0.3 * tile.ravel()
            grid["loss"][places.ravel()] = tile.ravel()
            grid.points.VTKObject.Modified()
            grid.Modified()

        return Drawn({"frame": frame}, update, pixels)

    yield drawn
    plotter.close()


@contextmanager
def matplotlib(z: np.ndarray) -> Iterator[Opened]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    side = len(z)
    figure = Figure(figsize=(PIXELS[0] / 100, PIXELS[1] / 100), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes: Any = figure.add_subplot(projection="3d")
    canvas.draw()

    def drawn() -> Drawn:
        axis = np.linspace(-2, 2, side, dtype=np.float32)
        x, y = np.meshgrid(axis, axis)
        shown = [axes.plot_surface(x, y, z, cmap="viridis")]
        part = middle(side)

        def pixels() -> object:
            canvas.draw()
            return np.asarray(canvas.buffer_rgba())

        def frame() -> object:
            axes.view_init(azim=axes.azim + 1.0)
            return pixels()

        def update(tile: np.ndarray) -> None:
            z[part, part] = tile
            shown.pop().remove()
            shown.append(axes.plot_surface(x, y, z, cmap="viridis"))

        return Drawn({"frame": frame}, update, pixels)

    yield drawn


ENGINES = {
    "ours": Engine("ours", "vispy", ours),
    "surfaceplot": Engine("SurfacePlot", "vispy", surfaceplot),
    "pyvista": Engine("PyVista", "pyvista", pyvista),
    "matplotlib": Engine("matplotlib, 50 x 50 facets", "matplotlib", matplotlib),
}


def resident() -> float:
    """MiB that this process holds; with software OpenGL, what the card would hold too."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MEBI


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def median(work: Callable[[], float]) -> float:
    """Of some rounds."""
    found: list[float] = []
    until = time.perf_counter() + SECONDS
    while len(found) < ROUNDS and (len(found) < 3 or time.perf_counter() < until):
        found.append(work())
    return statistics.median(found)


def frames(details: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Milliseconds of a frame of each; the first does not count."""
    found = {}
    for name, frame in details.items():
        frame()
        found[name] = median(partial(milliseconds, frame))
    return found


def updates(drawn: Drawn, tiles: list[np.ndarray]) -> tuple[float, float]:
    """Milliseconds of a tile's update, where TOGETHER come between two frames as they do when a surface refines, and of
    one update with the frame after it. The first round does not count."""
    alone: list[float] = []
    both: list[float] = []
    until = time.perf_counter() + SECONDS
    while len(both) < ROUNDS + 1 and (len(both) < 4 or time.perf_counter() < until):
        several = [milliseconds(partial(drawn.update, tiles[k % 2])) for k in range(TOGETHER)]
        alone.append(statistics.median(several))
        both.append(several[-1] + milliseconds(drawn.redraw))
    return statistics.median(alone[1:]), statistics.median(both[1:])


def measure(engine: Engine, side: int) -> dict[str, float]:
    """All of an engine at a size, in this process. Milliseconds, and MiB."""
    z = heights(side)
    tiles = [np.ascontiguousarray(z[middle(side), middle(side)] + shift) for shift in (0.1, 0.0)]
    with engine.open(z) as opened:
        gc.collect()
        before, start = resident(), time.perf_counter()
        drawn = opened()
        drawn.redraw()
        found = {"first": (time.perf_counter() - start) * 1e3}
        found |= frames(drawn.details)
        next(iter(drawn.details.values()))()
        found["tile"], found["tile and redraw"] = updates(drawn, tiles)
        gc.collect()
        found["memory"] = resident() - before
        found |= frames(drawn.last)
    return found


def apart(name: str, side: int) -> dict[str, float] | str:
    """The same in a process of its own; or why there is nothing."""
    engine = ENGINES[name]
    if importlib.util.find_spec(engine.module) is None:
        return f"{engine.name} is not installed: pip install {engine.module}"
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment.update(EGL_PLATFORM="surfaceless", VTK_DEFAULT_OPENGL_WINDOW="vtkEGLRenderWindow")
    command = [sys.executable, str(Path(__file__)), "--one", name, str(side)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return f"{engine.name} at {side} took longer than {PATIENCE:.0f} s"
    if done.returncode:
        return f"{engine.name} at {side} failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1]}"
    return {key: float(value) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}


HEAD = (
    "| vertices | | first picture, ms | frame, ms | every vertex, ms | moving, ms | 64 x 64 tile, ms "
    "| with redraw, ms | memory, MiB |\n|--:|---|--:|--:|--:|--:|--:|--:|--:|"
)

COLUMNS = ("first", "frame", "every vertex", "moving", "tile", "tile and redraw", "memory")


def row(name: str, side: int, found: dict[str, float]) -> str:
    """Where an engine has one detail only, its frame has every vertex, moving or not; matplotlib's never has."""
    cells = []
    for column in COLUMNS:
        value = found.get(column)
        cells.append("" if value is None else f"{value:,.2f}" if value < 10 else f"{value:,.0f}")
    return f"| {side} | {ENGINES[name].name} | {' | '.join(cells)} |"


def bars(found: dict[tuple[str, int], dict[str, float]], side: int) -> list[str]:
    """What the project asks of itself, beside SurfacePlot."""
    mine, other = found.get(("ours", side)), found.get(("surfaceplot", side))
    if mine is None or other is None:
        return [f"No bars: they want ours and SurfacePlot at {side}."]
    lines = [f"| at {side}, SurfacePlot / ours | measured | bar | |", "|---|--:|--:|---|"]
    for what, ratio, bar in (
        ("update of one tile", other["tile"] / mine["tile"], 100.0),
        ("memory", other["memory"] / mine["memory"], 5.0),
        ("frame at full detail", other["frame"] / mine["frame"], 1.0),
        ("frame with every vertex", other["frame"] / mine["every vertex"], 1.0),
        ("frame while moving", other["frame"] / mine["moving"], 5.0),
    ):
        shown = round(ratio, 2)
        lines.append(f"| {what} | {shown:,.2f} | {bar:g} | {'met' if shown >= bar else 'missed'} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="the viewer beside others")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--one", nargs=2, metavar=("ENGINE", "SIZE"), help="measure one in this process, as JSON")
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measure(ENGINES[chosen.one[0]], int(chosen.one[1]))))
        return
    found: dict[tuple[str, int], dict[str, float]] = {}
    left_out = []
    print(HEAD, flush=True)
    for side in chosen.sizes:
        for name in chosen.engines:
            result = apart(name, side)
            if isinstance(result, str):
                left_out.append(result)
                continue
            found[name, side] = result
            print(row(name, side, result), flush=True)
    if left_out:
        print("\nLeft out: " + "; ".join(dict.fromkeys(left_out)) + ".")
    print("\n" + "\n".join(bars(found, BARS_AT if BARS_AT in chosen.sizes else chosen.sizes[-1])))


if __name__ == "__main__":
    main()
