"""The scene: a surface with its axes, its paths and its colour bars on a canvas of VisPy, and the eye that sees it.

In: a Surface and a canvas that draws on a window or off screen. Out: the canvas, drawn. Nothing here knows
which of the two it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from vispy import gloo, scene

from ...arguments import ArgumentError
from ...colouring import Colouring, colouring
from ...look import Look
from ...upsampling import upsampled
from . import axes, flow
from .box import Box
from .field import Field
from .furniture import furniture
from .heights import Heights, heights
from .labels import Labels
from .paths import NOTHING, Lines, Paths
from .picking import NEAR, Reading, Sight, beside, met, reading
from .ribbon import Ribbon
from .track import Track, own_tracks
from .trajectory import LIFT, Trajectory, trajectory
from .view import FIELD_OF_VIEW, View, above, followed, home

if TYPE_CHECKING:
    from ...surface import Surface

FLOW_WIDTHS = {"arrows": 1.5, "streamlines": 1.2}

ROOMY = 720
"""Pixels of the canvas's shorter side from which texts have their full size."""

TEXELS = 8192
"""Vertices along a side that are kept at most: 256 MiB of heights."""

FLAT = 0.05
"""Of its full height, where the box is too low for an axis of heights."""

DUSK = (60.0, 82.0)
"""Degrees of elevation between which light and shadow go: from above, colours are read as they are."""


class Scene:
    """Draws a surface on a canvas. scale: the screen's own pixels in one of Qt's. look: how. tracks: runs to draw; with
    none of them, the surface's own runs. frame: width and height in pixels of a picture that the canvas shows a part
    of, see `tile`; it then shows no title and no colour bars, which `furniture` gives.

    Raises ArgumentError where the surface lacks what the look asks for, or a track is one of another problem; nothing
    that is shown changes then. All methods are for the thread that owns the canvas.
    """

    def __init__(
        self,
        canvas: scene.SceneCanvas,
        surface: Surface,
        scale: float,
        look: Look | None = None,
        tracks: Sequence[Track] = (),
        frame: tuple[int, int] | None = None,
    ) -> None:
        self.canvas = canvas
        self.scale = scale
        self.dressed = look or Look()
        self._worn = self.dressed  # until what is expected is there, something plainer
        self.moment = 1.0
        self.risen = 1.0
        self.written = False
        self.surface = surface
        self._frame = frame
        self._given = tuple(tracks)
        self._losses: NDArray[np.floating[Any]] | None = None
        self._placed: tuple[Any, ...] | None = None
        canvas.set_current()
        self._limit = min(TEXELS, int(gloo.gl.glGetParameter(gloo.gl.GL_MAX_TEXTURE_SIZE)) - 2)
        self.heights: Heights = heights(surface, self._limit, self.dressed)
        self.box = Box.of(self.heights)
        self.shown: Colouring = colouring(surface, self.heights.scale, self.dressed, self.heights.vertices)
        self.lines: tuple[Lines, ...] = self._lines(surface, self.box, self._given)
        flows = self._flows(surface, self.box, self.dressed)
        self.field: Any = None
        self.view = self._viewed()
        self._furnish()
        self._adopt(flows)
        self.home = self._home()
        self.look(self.home)
        self.view.scene.transform.changed.connect(self._turned)
        canvas.events.resize.connect(self._resized)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """What is drawn, the visible and the invisible ones."""
        return tuple(track for track, _ in self.lines)

    @property
    def path(self) -> Trajectory | None:
        """The first track's way on the surface."""
        return self.lines[0][1] if self.lines else None

    # What is shown

    def show_surface(self, surface: Surface, follow: bool = False, look: Look | None = None) -> None:
        """Another surface on the same canvas; tracks stay, and the look where no other is given. The
        eye stays where it is before the box; or with
        `follow`, over the same a and b, as where a part of the surface is shown anew by finer vertices."""
        look = look or self.dressed
        self._show(surface, look, follow)
        self.dressed, self._losses = look, None

    def begin(self, coarse: Surface, follow: bool = False, look: Look | None = None) -> None:
        """Show a coarse surface as `expect` does, by its own few vertices: at once, however many are to come."""
        look = look or self.dressed
        self._show(coarse, _bare(look), follow)
        self.dressed, self._losses = look, None

    def expect(
        self,
        coarse: Surface,
        a: NDArray[np.float64],
        b: NDArray[np.float64],
        follow: bool = False,
        look: Look | None = None,
    ) -> None:
        """Show a coarse surface on the grid of a and b, whose losses are yet to be computed: until `refine` brings
        them, heights lie between the coarse ones, and the scale is theirs. Colours are those of the loss, until
        `show_surface` shows the whole."""
        look, surface = look or self.dressed, upsampled(coarse, a, b)
        losses = surface.loss
        losses.flags.writeable = True
        self._show(replace(surface, loss=losses.view()), _bare(look), follow)
        self.dressed, self._losses = look, losses

    def refine(self, rows: slice, columns: slice, loss: NDArray[np.floating[Any]]) -> None:
        """Losses of some rows and columns of the surface, in the place of those before; the scale stays, and nothing
        but this part goes to the card. `surface` is then another one, with these losses; colours of something else
        than the loss stay what they were."""
        shape = self.surface.loss.shape
        rows, columns = (slice(*part.indices(count)) for part, count in zip((rows, columns), shape, strict=True))
        wanted = rows.stop - rows.start, columns.stop - columns.start
        if np.shape(loss) != wanted:
            raise ArgumentError(f"loss has the shape {np.shape(loss)}, these rows and columns have {wanted}")
        if self._losses is None:
            # A Surface is immutable, and others may hold it: from here on the scene has its own.
            self._losses = self.surface.loss.copy()
            self.surface = replace(self.surface, loss=self._losses.view())
        self._losses[rows, columns] = loss
        down, right, part = self.heights.part(rows, columns, np.asarray(loss), (shape[0], shape[1]))
        if part.size:
            known = self.heights.known[down, right]
            whole = known.all()
            changed = self.heights.change(down, right, part)
            self.field.set_part(changed, None if whole and known.all() else (down, right))

    def show_tracks(self, tracks: Sequence[Track]) -> None:
        """Draw these runs, or with none the surface's own ones."""
        if tuple(tracks) == self._given:
            return  # they are drawn
        lines = self._lines(self.surface, self.box, tuple(tracks))
        self._given, self.lines = tuple(tracks), lines
        self.paths.show(lines, self.dressed.dressing.outline)
        self._outdate()

    def show_moment(self, time: float) -> None:
        """Draw every track up to this share of its steps, in [0, 1], with a mark at the step that it is then at."""
        self.moment = float(np.clip(time, 0.0, 1.0))
        self.paths.set_moment(self.moment)
        self.canvas.update()

    def dress(self, look: Look, promised: bool = False) -> None:
        """Show the same in another way. promised: what the look asks for is to come with the surface that is expected;
        until it does, or where it never will, losses are drawn."""
        self._show(self.surface, _bare(look) if promised else look, False)
        self.dressed = look

    # From where it is seen

    @property
    def seen(self) -> View:
        """From where the scene is seen."""
        eye = self.camera
        x, y, z = (float(x) for x in eye.center)
        return View(eye.azimuth, eye.elevation, eye.fov, (x, y, z), eye.scale_factor)

    def look(self, view: View) -> None:
        """See the scene from somewhere else."""
        # In one word: at each VisPy works out all transforms anew.
        turned, lens = {"azimuth": view.azimuth, "elevation": view.elevation}, {"fov": view.lens}
        self.camera.set_state({**turned, **lens, "center": view.centre, "scale_factor": view.across})
        self._turned()

    @property
    def above(self) -> View:
        """From straight above, a to the right and b upwards, as on a map: without perspective."""
        return above(self.box)

    def rise(self, share: float) -> None:
        """How high everything stands: 1 in full, 0 flat, as a map is."""
        self.risen = float(np.clip(share, 0.0, 1.0))
        # Where all is flat a path would fight with the surface for the same depth.
        lift = LIFT * self.box.height * (1.0 - self.risen)
        for node, height in ((self._ground, 0.0), (self._lifted, lift)):
            node.transform.scale = (1.0, 1.0, self.risen)
            node.transform.translate = (0.0, 0.0, height)
        self.field.set_rise(self.risen)
        self._turned()
        self.canvas.update()

    def tile(self, x: int, y: int) -> None:
        """Of a frame, show the part whose upper left corner is there."""
        self.view.pos = (-x, -y)

    # What is where

    def pixel(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where on the canvas points (k, 3) of the scene are, in pixels from its upper left corner, (k, 2)."""
        return self._sight().pixels(np.atleast_2d(points) * (1.0, 1.0, self.risen))

    def reading(self, x: float, y: float) -> Reading | None:
        """What is under a pixel of the canvas, a path or else the surface; None where neither is."""
        sight = self._sight()
        seen = [sight.pixels(self._raised(line)) for _, line in self.lines]
        near = NEAR * self.scale / self.canvas.pixel_scale
        found = beside(self.lines, seen, self.moment, np.array([x, y], np.float64), near)
        if found is not None:
            there = reading(self.surface, found.a, found.b)
            return replace(found, loss=there.loss, gradient=there.gradient)
        place = met(self.box, self.risen, *sight.line(x, y))
        if place is None:
            return None
        return reading(self.surface, self.box.a(place[0]), self.box.b(place[1]))

    def write(self) -> None:
        """Write the title and draw what stands beside it, where `written` says that this was not done since something
        else is shown. It takes longer than all the rest: a window shows the surface first."""
        if not self.written:
            shrunk = 1.0 / self.canvas.pixel_scale
            self.overlay.transform = scene.transforms.STTransform(scale=(shrunk, shrunk))
            self.overlay.set_data(self.furniture(self.canvas.physical_size, self.scale))
            self.written = True
            self.canvas.update()

    def picture(self) -> NDArray[np.uint8]:
        """What the canvas shows, (height, width, 3)."""
        self.write()
        return np.asarray(self.canvas.render(alpha=False))

    def furniture(self, size: tuple[int, int], scale: float) -> NDArray[np.uint8]:
        """The title, notes, colour bars and legend of a picture of so many pixels, (height, width, 4)."""
        unit = scale * _text(size, scale)
        within = size[0] / unit, size[1] / unit
        return furniture(self.surface, self.heights, self.shown, self.tracks, self._worn, within, unit)

    # Parts

    def _show(self, surface: Surface, look: Look, follow: bool) -> None:
        """Show a surface in some way, or raise ArgumentError and change nothing."""
        kept = surface is self.surface and (look.heights, look.limit) == (self._worn.heights, self._worn.limit)
        made = self.heights if kept else heights(surface, self._limit, look)
        box = Box.of(made)
        shown = colouring(surface, made.scale, look, made.vertices)
        lines = self._lines(surface, box, self._given)
        flows = self._flows(surface, box, look)
        view = followed(self.seen, self.box, box) if follow else self.seen
        self.surface, self.heights, self.box, self.shown, self.lines = surface, made, box, shown, lines
        self._worn = look
        if not kept:
            self.field.set_box(box)
        self._adopt(flows)
        self.home = self._home()
        self.look(view)

    def _adopt(self, flows: dict[str, NDArray[np.float64]]) -> None:
        """Put what has been prepared on the card."""
        theme = self._worn.dressing
        self.canvas.bgcolor = theme.background
        self.field.set_colouring(self.shown, self._worn.beyond)
        self.field.set_contours(self._worn.contours)
        for name, pieces in flows.items():
            self.flows[name].set_pieces(pieces, flow.inks(pieces, self.box, self.shown))
        self.paths.show(self.lines, theme.outline)
        self.labels.set_colour(theme.faint)
        self._placed = None
        self._outdate()

    def _lines(self, surface: Surface, box: Box, given: tuple[Track, ...]) -> tuple[Lines, ...]:
        tracks = given or own_tracks(surface)
        return tuple((track, trajectory(surface, track.run, box)) for track in tracks)

    @staticmethod
    def _flows(surface: Surface, box: Box, look: Look) -> dict[str, NDArray[np.float64]]:
        return {
            "arrows": flow.arrow_pieces(surface, box) if look.arrows else NOTHING[0],
            "streamlines": flow.line_pieces(surface, box) if look.streamlines else NOTHING[0],
        }

    def _home(self) -> View:
        points = [line.points for track, line in self.lines if track.visible]
        return home(self.box, np.concatenate(points) if points else np.empty((0, 3)))

    def _viewed(self) -> Any:
        """The part of the canvas where the scene is, and its camera."""
        if self._frame is None:
            view = self.canvas.central_widget.add_view()
        else:
            view = scene.ViewBox(parent=self.canvas.scene, size=self._frame)
        self.camera = scene.TurntableCamera(fov=FIELD_OF_VIEW, up="+z")
        # A frame buffer's depth has 16 bits: all of them for what is near the surface.
        self.camera.depth_value = 100.0
        view.camera = self.camera
        # It fills the canvas: each fragment need not ask whether it is inside.
        view.scene.clip_children = False
        view.clip_children = False
        return view

    def _furnish(self) -> None:
        """Put everything into the scene, in the order of drawing."""
        # What lies on the floor, and what lies on the surface.
        self._ground, self._lifted = (scene.Node(parent=self.view.scene) for _ in range(2))
        self._lifted.order = 1
        for node in (self._ground, self._lifted):
            node.transform = scene.transforms.STTransform()
        self.grid = Ribbon(*NOTHING, 1.0, self.scale, parent=self._ground)
        self.field = Field(self.box, self.shown, self.dressed.beyond, self.scale, parent=self._ground)
        self.edges = Ribbon(*NOTHING, 1.2, self.scale, parent=self._lifted)
        self.flows = {
            name: Ribbon(*NOTHING, width, self.scale, parent=self._lifted) for name, width in FLOW_WIDTHS.items()
        }
        for order, node in enumerate((self.grid, self.field, self.edges, *self.flows.values())):
            node.order = order
        self.paths = Paths(self.scale, self._lifted)
        self.labels = Labels((), self.scale, self.dressed.dressing.faint, parent=self._lifted)
        self.labels.order = 20
        blank = np.zeros((1, 1, 4), np.uint8)
        self.overlay = scene.visuals.Image(blank, parent=self.canvas.scene, interpolation="nearest")
        self.overlay.order = 30
        self.overlay.visible = self._frame is None
        # The last to be drawn lets the depth be written again, or the next frame could not clear it.
        blending = ("src_alpha", "one_minus_src_alpha", "one", "one_minus_src_alpha")
        self.overlay.set_gl_state(depth_test=False, depth_mask=True, cull_face=False, blend=True, blend_func=blending)

    def _resized(self, event: Any) -> None:
        self._outdate()
        self._turned()

    def _outdate(self) -> None:
        """What stands round the scene is no longer that of what is shown."""
        self.written = self._frame is not None
        self.canvas.update()

    def _sight(self) -> Sight:
        mapped = self.view.scene.node_transform(self.canvas.scene).map(np.eye(4))
        return Sight(np.asarray(mapped, np.float64))

    def _raised(self, line: Trajectory) -> NDArray[np.float64]:
        """A path's points where they are drawn."""
        lift = LIFT * self.box.height * (1.0 - self.risen)
        return line.points * (1.0, 1.0, self.risen) + (0.0, 0.0, lift)

    def _turned(self, event: Any = None) -> None:
        """Put the light over the reader's left shoulder, and the axes where they hide nothing."""
        turn, rise = np.radians(self.camera.azimuth), self.camera.elevation
        beside = turn - np.radians(40.0)
        shade = np.clip((DUSK[1] - rise) / (DUSK[1] - DUSK[0]), 0.0, 1.0) * self.risen
        self.field.set_light((np.sin(beside) * 0.9, -np.cos(beside) * 0.9, 0.85), float(shade))
        side = (1 if np.sin(turn) >= 0 else -1, -1 if np.cos(turn) >= 0 else 1)
        if rise > 80.0 and abs(np.sin(turn)) < 1e-6:
            side = (-1, -1)
        level = rise > 80.0 or self.risen < FLAT
        size = _text(self._frame or self.canvas.physical_size, self.scale)
        if self._placed == (side, level, size):
            return
        self._placed = (side, level, size)
        names = (*self.surface.plane.axes_labels, "")
        drawn = axes.axes(self.box, (names[0], names[1]), side, level, size)
        theme = self._worn.dressing
        for ribbon, pieces, colour in ((self.grid, drawn.grid, theme.grid), (self.edges, drawn.edges, theme.edges)):
            ribbon.set_pieces(pieces, np.broadcast_to((*colour, 1.0), (len(pieces), 2, 4)))
        self.labels.set_labels(drawn.labels)


def _bare(look: Look) -> Look:
    """The look that needs nothing but losses."""
    return replace(look.plain, heights=look.heights, limit=look.limit)


def _text(size: tuple[int, int], scale: float) -> float:
    """The size of texts: 1, or less on a small canvas."""
    return float(np.clip(min(size) / scale / ROOMY, 0.5, 1.0))
