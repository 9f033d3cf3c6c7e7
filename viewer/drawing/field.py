"""The height field: a VisPy visual that draws a surface from a texture of its heights.

In: a Box. Out: pixels. One patch of vertices serves for every part of every surface: the vertex shader looks
its height up. Normals, gaps and contour lines are made in the fragment shader from all heights, however few of them are
vertices, so that drawing fewer while the view moves changes hardly anything but the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy import gloo
from vispy.scene.visuals import create_visual_node
from vispy.visuals import Visual

from .box import Box

PATCH = 255
"""Cells along each side of the patch: 256 x 256 vertices are as many as 16-bit indices can name."""

DETAIL = 1024
"""Vertices along the longer side of a surface at most: a window has not many more pixels."""

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
    gl_Position = $transform(vec4(floor_place, min(z, 1.0) * u_box.z, 1.0));
}
"""

FRAGMENT = """
uniform sampler2D u_heights;
uniform sampler2D u_known;
uniform sampler2D u_colours;
uniform vec2 u_count;
uniform vec3 u_box;
uniform vec3 u_light;           // towards it
uniform float u_shade;          // 0 no light and shadow, 1 all of it
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
    slope *= u_box.z * (u_count - 1.0) / u_box.xy;
    vec3 normal = h > 1.0 ? vec3(0.0, 0.0, 1.0) : normalize(vec3(-slope, 1.0));

    // 256 colours, the first and the last at the centres of their texels.
    vec3 colour = texture2D(u_colours, vec2((clamp(h, 0.0, 1.0) * 255.0 + 0.5) / 256.0, 0.5)).rgb;
    float level = h * u_contours.x + u_contours.y;
    float change = fwidth(level);
    float blur = max(change, 1e-6);
    float away = abs(fract(level - 0.5) - 0.5) / blur;      // in pixels, from the nearest contour line
    // Where lines would lie closer than some pixels they fade, before they turn into a pattern of their own; and on
    // level ground, which may lie at the height of a line everywhere.
    float line = (1.0 - smoothstep(0.1, 1.1, away)) * (1.0 - smoothstep(0.15, 0.45, change));
    line *= smoothstep(5e-4, 4e-3, change);
    colour = mix(colour, vec3(1.0), 0.28 * line);
    if (h > 1.0) colour = u_beyond;
    colour *= mix(1.0, 0.5 + 0.5 * max(dot(normal, u_light), 0.0), u_shade);
    gl_FragColor = vec4(colour, 1.0);
}
"""


class FieldVisual(Visual):
    """box: what to draw. colours: (256, 3) uint8, from low to top. beyond: red, green, blue of what is cut off, each
    in [0, 1]. contours: (lines over the scale, the place of `low` between two lines)."""

    def __init__(
        self,
        box: Box,
        colours: NDArray[np.uint8],
        beyond: tuple[float, float, float],
        contours: tuple[float, float],
    ) -> None:
        Visual.__init__(self, vcode=VERTEX, fcode=FRAGMENT)
        rows, columns = box.heights.z.shape
        self._count = (columns, rows)
        self._box = box
        side = np.arange(PATCH + 1, dtype=np.float32)
        places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        first = (np.arange(PATCH)[:, None] * (PATCH + 1) + np.arange(PATCH)).ravel()
        corners = np.array([0, 1, PATCH + 1, 1, PATCH + 2, PATCH + 1])
        self._index_buffer = gloo.IndexBuffer((first[:, None] + corners).astype(np.uint16).ravel())
        self._draw_mode = "triangles"
        # A straight continuation at the rim gives it the slope of the cells inside.
        rimmed = np.pad(box.heights.z, 1, mode="reflect", reflect_type="odd")
        program = self.shared_program
        program["a_place"] = gloo.VertexBuffer(np.ascontiguousarray(places))
        # Without the internal format a card clamps heights to [0, 1].
        program["u_heights"] = gloo.Texture2D(
            rimmed[..., None], internalformat="r32f", format="red", interpolation="nearest", wrapping="clamp_to_edge"
        )
        known = np.where(box.heights.known, np.uint8(255), np.uint8(0))
        program["u_known"] = gloo.Texture2D(
            known[..., None], format="luminance", interpolation="linear", wrapping="clamp_to_edge"
        )
        program["u_colours"] = gloo.Texture2D(colours[None], interpolation="linear", wrapping="clamp_to_edge")
        program["u_count"] = self._count
        program["u_box"] = (box.width, box.depth, box.height)
        program["u_beyond"] = beyond
        program["u_contours"] = contours
        program["u_patch"] = (0.0, 0.0, 1.0)
        self.set_gl_state(depth_test=True, cull_face=False, blend=False)
        self._stride = 1
        self.freeze()
        self.set_detail(DETAIL)
        self.set_light((0.0, 0.0, 1.0), 1.0)

    def set_detail(self, vertices: int) -> None:
        """Draw about so many vertices along the longer side at most."""
        self._stride = max(1, -(-max(self._count) // vertices))
        self.update()

    def set_light(self, towards: tuple[float, float, float], shade: float) -> None:
        """towards: a vector to the light. shade: 0 shows the colours as they are, 1 all of light and shadow."""
        vector = np.array(towards, np.float64)
        self.shared_program["u_light"] = tuple(vector / np.linalg.norm(vector))
        self.shared_program["u_shade"] = float(shade)
        self.update()

    def draw(self) -> None:
        """Draw the patch once for each part of the surface."""
        if not self.visible or self._prepare_draw(view=self) is False:
            return
        self._configure_gl_state()
        columns, rows = self._count
        for row in range(0, rows - 1, PATCH * self._stride):
            for column in range(0, columns - 1, PATCH * self._stride):
                self._program["u_patch"] = (float(column), float(row), float(self._stride))
                self._program.draw(self._draw_mode, self._index_buffer)

    def _prepare_transforms(self, view: Any) -> None:
        view.view_program.vert["transform"] = view.get_transform()

    def _compute_bounds(self, axis: int, view: Any) -> tuple[float, float]:
        box = self._box
        ends = ((-box.width / 2, box.width / 2), (-box.depth / 2, box.depth / 2), (0.0, box.height))
        return ends[axis]


Field = create_visual_node(FieldVisual)
