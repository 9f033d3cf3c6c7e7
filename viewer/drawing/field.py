"""The height field: a VisPy visual that draws a surface from a texture of its heights.

In: a Box and a Colouring. Out: pixels. One patch of vertices serves for every part of a surface: the vertex shader
looks its height up. Normals, gaps and contour lines are made in the fragment shader from all heights, however few of
them are vertices, so that drawing fewer while the view moves changes hardly anything but the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy import gloo
from vispy.scene.visuals import create_visual_node
from vispy.visuals import Visual

from ...colouring import Colouring
from ...look import Colour, table
from .box import Box

PATCH = 255
"""Cells along each side of the patch at most: 256 x 256 vertices are as many as 16-bit indices can name."""

DETAIL = 1024
"""Vertices along the longer side of a surface at most: a window has not many more pixels."""

LEVELS = 24
"""Contour lines at most."""

STRENGTH = 0.28
"""How far a contour line is from the colour that it lies on."""

VERTEX = """
attribute vec2 a_place;         // columns and rows from the patch's corner
uniform vec3 u_patch;           // its corner's column and row; vertices of the texture from one of its own to the next
uniform sampler2D u_heights;    // with a rim of one texel round the surface
uniform vec2 u_count;           // columns and rows of the surface
uniform vec3 u_box;             // width, depth and height
varying vec2 v_cell;            // columns and rows from the surface's corner

void main() {
    v_cell = min(u_patch.xy + a_place * u_patch.z, u_count - 1.0);
    // No mipmap level can be told from neighbouring fragments here.
    float z = texture2DLod(u_heights, (v_cell + 1.5) / (u_count + 2.0), 0.0).r;
    vec2 floor_place = (v_cell / (u_count - 1.0) - 0.5) * u_box.xy;
    gl_Position = $transform(vec4(floor_place, clamp(z, 0.0, 1.0) * u_box.z, 1.0));
}
"""

FRAGMENT = """
uniform sampler2D u_heights;
uniform sampler2D u_known;
uniform sampler2D u_colours;
uniform sampler2D u_shades;     // places on the colour map, where colours show something else than heights
uniform float u_shaded;         // 1 where they do
uniform float u_rise;           // how high the box stands, 1 in full and 0 flat
uniform vec2 u_count;
uniform vec3 u_box;
uniform vec3 u_light;           // towards it
uniform float u_shade;          // 0 no light and shadow, 1 all of it
uniform float u_scale;          // the screen's own pixels in one as Qt counts them
uniform float u_strength;       // of the contour lines
uniform vec2 u_contours;        // contour lines over the scale, and the place of `low` between two of them
uniform vec3 u_beyond;          // the colour of what is cut off
varying vec2 v_cell;

float height(vec2 cell) {
    return texture2D(u_heights, (cell + 1.5) / (u_count + 2.0)).r;
}

void main() {
    // A cell is drawn where all its four vertices hold a height.
    if (texture2D(u_known, (v_cell + 0.5) / u_count).r < 0.999) discard;
    vec2 corner = min(floor(v_cell), u_count - 2.0);
    vec2 f = v_cell - corner;
    // Heights of the cell's corners and of the eight vertices next to them: height and slope are interpolated between
    // the corners by hand, since not every card can do so in textures of float32.
    float h00 = height(corner), h10 = height(corner + vec2(1.0, 0.0));
    float h01 = height(corner + vec2(0.0, 1.0)), h11 = height(corner + 1.0);
    float h = mix(mix(h00, h10, f.x), mix(h01, h11, f.x), f.y);
    h00 = min(h00, 1.0); h10 = min(h10, 1.0); h01 = min(h01, 1.0); h11 = min(h11, 1.0);
    float west0 = min(height(corner + vec2(-1.0, 0.0)), 1.0), west1 = min(height(corner + vec2(-1.0, 1.0)), 1.0);
    float east0 = min(height(corner + vec2(2.0, 0.0)), 1.0), east1 = min(height(corner + vec2(2.0, 1.0)), 1.0);
    float south0 = min(height(corner + vec2(0.0, -1.0)), 1.0), south1 = min(height(corner + vec2(1.0, -1.0)), 1.0);
    float north0 = min(height(corner + vec2(0.0, 2.0)), 1.0), north1 = min(height(corner + vec2(1.0, 2.0)), 1.0);
    vec2 slope = 0.5 * vec2(
        mix(mix(h10 - west0, east0 - h00, f.x), mix(h11 - west1, east1 - h01, f.x), f.y),
        mix(mix(h01 - south0, h11 - south1, f.x), mix(north0 - h00, north1 - h10, f.x), f.y));
    slope *= u_rise * u_box.z * (u_count - 1.0) / u_box.xy;
    vec3 normal = h > 1.0 ? vec3(0.0, 0.0, 1.0) : normalize(vec3(-slope, 1.0));

    // 256 colours, the first and the last at the centres of their texels.
    float shade = u_shaded > 0.5 ? texture2D(u_shades, (v_cell + 0.5) / u_count).r : clamp(h, 0.0, 1.0);
    vec3 colour = texture2D(u_colours, vec2((shade * 255.0 + 0.5) / 256.0, 0.5)).rgb;
    float level = h * u_contours.x + u_contours.y;
    float change = fwidth(level) * u_scale;
    float blur = max(change, 1e-6);
    float away = abs(fract(level - 0.5) - 0.5) / blur;      // in pixels, from the nearest contour line
    // Where lines would lie closer than some pixels they fade, before they turn into a pattern of their own; and on
    // level ground, which may lie at the height of a line everywhere.
    float line = (1.0 - smoothstep(0.1, 1.1, away)) * (1.0 - smoothstep(0.15, 0.45, change));
    line *= smoothstep(5e-4, 4e-3, change);
    // White on dark colours and dark on light ones, or a line would be lost on one of the two.
    float light = dot(colour, vec3(0.299, 0.587, 0.114));
    colour = mix(colour, light > 0.72 ? vec3(0.25) : vec3(1.0), u_strength * line);
    if (h > 1.0 && u_shaded < 0.5) colour = u_beyond;
    colour *= mix(1.0, 0.5 + 0.5 * max(dot(normal, u_light), 0.0), u_shade);
    gl_FragColor = vec4(colour, 1.0);
}
"""


class FieldVisual(Visual):
    """box: what to draw. shown: what its colours are. beyond: red, green, blue of what is cut off, each in [0, 1].
    scale: the screen's own pixels in one of Qt's."""

    def __init__(self, box: Box, shown: Colouring, beyond: Colour, scale: float) -> None:
        Visual.__init__(self, vcode=VERTEX, fcode=FRAGMENT)
        self._index_buffer, self._places = gloo.IndexBuffer(), gloo.VertexBuffer()
        self._draw_mode = "triangles"
        self._patch = (0, 0)
        one, byte = np.zeros((1, 1, 1), np.float32), np.zeros((1, 1, 1), np.uint8)
        edge = "clamp_to_edge"
        # Without the internal format a card clamps heights to [0, 1].
        self._heights = gloo.Texture2D(one, internalformat="r32f", format="red", interpolation="nearest", wrapping=edge)
        self._known = gloo.Texture2D(byte, format="luminance", interpolation="linear", wrapping=edge)
        self._shades = gloo.Texture2D(byte, format="luminance", interpolation="linear", wrapping=edge)
        self._colours = gloo.Texture2D(np.zeros((1, 256, 3), np.uint8), interpolation="linear", wrapping=edge)
        program = self.shared_program
        program["u_heights"], program["u_known"] = self._heights, self._known
        program["u_shades"], program["u_colours"] = self._shades, self._colours
        program["u_patch"] = (0.0, 0.0, 1.0)
        program["u_scale"] = float(scale)
        self.set_gl_state(depth_test=True, cull_face=False, blend=False)
        self._box = box
        self._count = (2, 2)
        self._empty = True
        self._detail = DETAIL
        self.freeze()
        self.set_box(box)
        self.set_colouring(shown, beyond)
        self.set_contours(True)
        self.set_rise(1.0)
        self.set_light((0.0, 0.0, 1.0), 1.0)

    def set_box(self, box: Box) -> None:
        """Draw this, and no longer what was before."""
        self._box = box
        rows, columns = box.heights.z.shape
        self._count = (columns, rows)
        self._heights.set_data(box.heights.rimmed[..., None])
        self._known.set_data(_bytes(box.heights.known))
        program = self.shared_program
        program["u_count"] = self._count
        program["u_box"] = (box.width, box.depth, box.height)
        program["u_contours"] = box.heights.scale.contours(LEVELS)
        self._empty = not box.heights.known.any()
        self.update()

    def set_part(self, changed: tuple[slice, slice], known: tuple[slice, slice] | None) -> None:
        """Heights of the box have changed: give the card this part of those with their rim, and, where gaps came or
        went, this part of where heights are known."""
        down, right = changed
        # What is given is drawn later: a copy, for the heights may change again before.
        part = self._box.heights.rimmed[changed]
        self._heights.set_data(part[..., None], offset=(down.start, right.start), copy=True)
        if known is not None:
            down, right = known
            self._known.set_data(_bytes(self._box.heights.known[known]), offset=(down.start, right.start))
        self._empty = False
        self.update()

    def set_colouring(self, shown: Colouring, beyond: Colour) -> None:
        """Colour it so."""
        self._colours.set_data(table(shown.colours)[None])
        shades = np.zeros((1, 1), np.uint8) if shown.shades is None else shown.shades
        self._shades.set_data(shades[..., None])
        self.shared_program["u_shaded"] = float(shown.shades is not None)
        self.shared_program["u_beyond"] = beyond
        self.update()

    def set_contours(self, drawn: bool) -> None:
        """Draw contour lines or leave them out."""
        self.shared_program["u_strength"] = STRENGTH if drawn else 0.0
        self.update()

    def set_detail(self, vertices: int) -> None:
        """Draw about so many vertices along the longer side at most."""
        self._detail = vertices
        self.update()

    def set_rise(self, share: float) -> None:
        """Light it as if it stood so high, as its transform says too."""
        self.shared_program["u_rise"] = float(share)
        self.update()

    def set_light(self, towards: tuple[float, float, float], shade: float) -> None:
        """towards: a vector to the light. shade: 0 shows the colours as they are, 1 all of light and shadow."""
        vector = np.array(towards, np.float64)
        self.shared_program["u_light"] = tuple(vector / np.linalg.norm(vector))
        self.shared_program["u_shade"] = float(shade)
        self.update()

    def draw(self) -> None:
        """Draw the patch once for each part of the surface."""
        if self._empty or not self.visible:
            return
        stride = max(1, -(-max(self._count) // self._detail))
        columns, rows = (-(-(count - 1) // stride) for count in self._count)
        self._fit(_side(columns), _side(rows))
        if self._prepare_draw(view=self) is False:
            return
        self._configure_gl_state()
        across, along = self._patch
        for row in range(0, rows, along):
            for column in range(0, columns, across):
                self._program["u_patch"] = (float(column * stride), float(row * stride), float(stride))
                self._program.draw(self._draw_mode, self._index_buffer)

    def _fit(self, across: int, along: int) -> None:
        """Have a patch of so many cells: what lay beyond the surface's end would be worked out all the same."""
        if (across, along) == self._patch:
            return
        self._patch = (across, along)
        side = [np.arange(cells + 1, dtype=np.float32) for cells in (across, along)]
        places = np.stack(np.meshgrid(*side), axis=-1).reshape(-1, 2)
        first = (np.arange(along)[:, None] * (across + 1) + np.arange(across)).ravel()
        corners = np.array([0, 1, across + 1, 1, across + 2, across + 1])
        self._index_buffer.set_data((first[:, None] + corners).astype(np.uint16).ravel())
        self._places.set_data(np.ascontiguousarray(places))
        self.shared_program["a_place"] = self._places

    def _prepare_transforms(self, view: Any) -> None:
        view.view_program.vert["transform"] = view.get_transform()

    def _compute_bounds(self, axis: int, view: Any) -> tuple[float, float]:
        box = self._box
        ends = ((-box.width / 2, box.width / 2), (-box.depth / 2, box.depth / 2), (0.0, box.height))
        return ends[axis]


def _side(cells: int) -> int:
    """Cells along a patch's side, so that all patches along a surface's side are about full."""
    patches = -(-cells // PATCH)
    return -(-cells // patches)


def _bytes(known: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return (known.view(np.uint8) * np.uint8(255))[..., None]


Field = create_visual_node(FieldVisual)
