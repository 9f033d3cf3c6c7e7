"""The scene: a surface with its axes, its path and its colour bars on a canvas of VisPy, and the eye that sees it.

In: a Surface and a canvas that draws on a window or off screen. Out: the canvas, drawn. Nothing here knows
which of the two it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from vispy import gloo, scene

from ...plot import COLOURS, TIMES
from ...viewpoint import ELEVATION, azimuth
from . import axes, furniture
from .box import SIDE, Box
from .field import Field
from .heights import heights
from .labels import Labels
from .ribbon import Ribbon
from .trajectory import Trajectory, trajectory

if TYPE_CHECKING:
    from ...surface import Surface

BACKGROUND = "#fbfbfc"
GRID, EDGES, TEXT = (0.80, 0.81, 0.83, 1.0), (0.45, 0.46, 0.48, 1.0), (0.27, 0.27, 0.29)
OUTLINE = (0.05, 0.05, 0.06, 1.0)

PATH_WIDTH, MARK_WIDTH = 3.4, 11.0
"""In pixels as Qt counts them; the outline adds to both."""

FIELD_OF_VIEW = 28.0
"""Degrees: long enough a lens that the far side is not much smaller."""

ACROSS = 3.3
"""How much of the scene a view shows, in its units."""

LEVELS = 24
"""Contour lines at most."""

ROOMY = 720
"""Pixels of the canvas's shorter side from which texts have their full size."""

TEXELS = 8192
"""Vertices along a side that are kept at most: 256 MiB of heights."""


class View(NamedTuple):
    """From where a scene is seen: degrees round and above it, degrees of the lens (0: no perspective), the point in the
    middle, how much of the scene is seen."""

    azimuth: float
    elevation: float
    lens: float
    centre: tuple[float, float, float]
    across: float


class Scene:
    """Draws a surface on a canvas. scale: the screen's own pixels in one of Qt's."""

    def __init__(self, canvas: scene.SceneCanvas, surface: Surface, scale: float) -> None:
        self.canvas = canvas
        self.surface = surface
        self.scale = scale
        canvas.set_current()
        limit = gloo.gl.glGetParameter(gloo.gl.GL_MAX_TEXTURE_SIZE)
        self.heights = heights(surface, min(TEXELS, int(limit) - 2))
        self.box = Box.of(self.heights)
        self.path = trajectory(surface, self.box) if surface.run is not None else None
        self._home = self._azimuth() + 90.0
        self._centre = (0.0, 0.0, 0.42 * self.box.height)
        self._placed: tuple[tuple[int, int], bool, float] | None = None
        canvas.bgcolor = BACKGROUND
        self.view = canvas.central_widget.add_view()
        self.camera = scene.TurntableCamera(fov=FIELD_OF_VIEW, up="+z")
        # A frame buffer's depth has 16 bits: all of them for what is near the surface.
        self.camera.depth_value = 100.0
        self.view.camera = self.camera
        # It fills the canvas: each fragment need not ask whether it is inside.
        self.view.scene.clip_children = False
        self._furnish()
        self.look(self.home)
        self.view.scene.transform.changed.connect(self._turned)
        canvas.events.resize.connect(self._resized)

    @property
    def seen(self) -> View:
        """From where the scene is seen."""
        eye = self.camera
        x, y, z = (float(x) for x in eye.center)
        return View(eye.azimuth, eye.elevation, eye.fov, (x, y, z), eye.scale_factor)

    def look(self, view: View) -> None:
        """See the scene from somewhere else."""
        self.camera.fov = view.lens
        self.camera.azimuth, self.camera.elevation = view.azimuth, view.elevation
        self.camera.center, self.camera.scale_factor = view.centre, view.across
        self._turned()

    @property
    def home(self) -> View:
        """From the side from which most of the path is seen."""
        return View(self._home, ELEVATION, FIELD_OF_VIEW, self._centre, ACROSS)

    @property
    def above(self) -> View:
        """From straight above, a to the right and b upwards, as on a map: without perspective."""
        return View(0.0, 90.0, 0.0, self._centre, ACROSS)

    def pixel(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where on the canvas points (k, 3) of the scene are, in pixels from its upper left corner, (k, 2)."""
        placed = self.field.get_transform("visual", "canvas").map(np.atleast_2d(points))
        return placed[:, :2] / placed[:, 3:]

    def picture(self) -> NDArray[np.uint8]:
        """What the canvas shows, (height, width, 3)."""
        return np.asarray(self.canvas.render(alpha=False))

    def _azimuth(self) -> float:
        """From where the path is seen best, as matplotlib counts: the eye's angle from the first axis."""
        ground = np.where(self.heights.known, np.minimum(self.heights.z, 1.0), np.nan) * self.box.height / SIDE
        points = np.empty((0, 3)) if self.path is None else self.path.points
        points = points[np.isfinite(points).all(axis=1)]
        across, along = points[:, 0] / self.box.width + 0.5, points[:, 1] / self.box.depth + 0.5
        return azimuth(ground, across, along, points[:, 2] / SIDE)

    def _furnish(self) -> None:
        """Put everything into the scene, in the order of drawing."""
        root = self.view.scene
        nothing = np.empty((0, 2, 3)), np.empty((0, 2, 4))
        self.grid = Ribbon(*nothing, 1.0, self.scale, parent=root)
        levels = axes.ticks(self.heights.low, self.heights.top, LEVELS).values
        step = levels[1] - levels[0] if len(levels) > 1 else 0.0
        # Where lines lie, told in float64: the scale of a surface may be far smaller than its heights.
        span = self.heights.top - self.heights.low
        contours = (span / step, float(np.mod(self.heights.low / step, 1.0))) if step > 0 else (0.0, 0.5)
        self.field = Field(self.box, furniture.colours(COLOURS), furniture.BEYOND, contours, parent=root)
        self.field.visible = bool(self.heights.known.any())
        self.edges = Ribbon(*nothing, 1.2, self.scale, parent=root)
        if self.path is not None:
            self._draw_path(self.path, root)
        self.labels = Labels((), self.scale, TEXT, parent=root)
        self.overlay = scene.visuals.Image(self._overlay(), parent=self.canvas.scene, interpolation="nearest")
        shrunk = 1.0 / self.canvas.pixel_scale
        self.overlay.transform = scene.transforms.STTransform(scale=(shrunk, shrunk))
        for order, node in enumerate((self.grid, self.field, self.edges)):
            node.order = order
        self.labels.order = 20
        self.overlay.order = 30
        # The last to be drawn lets the depth be written again, or the next frame could not clear it.
        self.overlay.set_gl_state("translucent", depth_test=False, depth_mask=True)

    def _draw_path(self, path: Trajectory, root: Any) -> None:
        """The path with its outline, faint where the surface hides it, and its first and last step."""
        pieces = np.stack([path.points[:-1], path.points[1:]], axis=1)
        whole = np.isfinite(pieces).all(axis=(1, 2))
        pieces, shades = pieces[whole], self._times(np.stack([path.time[:-1], path.time[1:]], axis=1)[whole])
        outline = np.broadcast_to(OUTLINE, shades.shape)
        marks = [(point, time) for point, time in ((path.start, 0.0), (path.end, 1.0)) if point is not None]
        spots = np.array([(point, point) for point, _ in marks]).reshape(-1, 2, 3)
        tints = self._times(np.array([(time, time) for _, time in marks]).reshape(-1, 2))
        rim = np.broadcast_to(OUTLINE, tints.shape)
        layers = [
            (pieces, shades, PATH_WIDTH, 0.3, True),
            (pieces, outline, PATH_WIDTH + 2.2, 1.0, False),
            (pieces, shades, PATH_WIDTH, 1.0, False),
            (spots, rim, MARK_WIDTH + 2.6, 1.0, False),
            (spots, tints, MARK_WIDTH, 1.0, False),
        ]
        for order, (places, tint, width, strength, behind) in enumerate(layers):
            Ribbon(places, tint, width, self.scale, strength, behind, parent=root).order = 10 + order

    @staticmethod
    def _times(time: NDArray[np.float64]) -> NDArray[np.float64]:
        """The colours (.., 4) of times in [0, 1]."""
        picked = furniture.colours(TIMES)[np.round(time * 255).astype(np.intp)] / 255.0
        return np.concatenate([picked, np.ones((*time.shape, 1))], axis=-1)

    def _text(self) -> float:
        """The size of texts: 1, or less on a small canvas."""
        return float(np.clip(min(self.canvas.physical_size) / self.scale / ROOMY, 0.5, 1.0))

    def _overlay(self) -> NDArray[np.uint8]:
        unit = self.scale * self._text()
        width, height = (side / unit for side in self.canvas.physical_size)
        return furniture.furniture(self.surface, self.heights, (width, height), unit)

    def _resized(self, event: Any) -> None:
        self.overlay.set_data(self._overlay())
        self._turned()
        self.canvas.update()

    def _turned(self, event: Any = None) -> None:
        """Put the light over the reader's left shoulder, and the axes where they hide nothing."""
        turn, rise = np.radians(self.camera.azimuth), self.camera.elevation
        above = rise > 80.0
        beside = turn - np.radians(40.0)
        self.field.set_light((np.sin(beside) * 0.9, -np.cos(beside) * 0.9, 0.85), 0.0 if above else 1.0)
        side = (1 if np.sin(turn) >= 0 else -1, -1 if np.cos(turn) >= 0 else 1)
        if above and abs(np.sin(turn)) < 1e-6:
            side = (-1, -1)
        size = self._text()
        if self._placed == (side, above, size):
            return
        self._placed = (side, above, size)
        names = (*self.surface.plane.axes_labels, "")
        drawn = axes.axes(self.box, (names[0], names[1]), side, above, size)
        self.grid.set_pieces(drawn.grid, np.broadcast_to(GRID, (len(drawn.grid), 2, 4)))
        self.edges.set_pieces(drawn.edges, np.broadcast_to(EDGES, (len(drawn.edges), 2, 4)))
        self.labels.set_labels(drawn.labels)
