"""Short texts at points of the scene, always upright and of the same size: a VisPy visual.

In: texts and their places. Out: pixels. matplotlib sets the texts, so that they look as those of a plot do, need no
font beyond its own, and may hold mathematics.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from numpy.typing import NDArray
from vispy import gloo
from vispy.scene.visuals import create_visual_node
from vispy.visuals import Visual

VERTEX = """
attribute vec3 a_anchor;
attribute vec2 a_corner;        // from the anchor, in pixels as Qt counts them
attribute vec2 a_texel;
uniform vec2 u_size;            // of the canvas, in the same pixels
uniform float u_scale;          // the screen's own pixels in one of them
varying vec2 v_texel;

void main() {
    v_texel = a_texel;
    vec4 anchor = $transform(vec4(a_anchor, 1.0));
    if (anchor.w <= 0.0) {      // behind the eye
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
        return;
    }
    // A whole number of the screen's pixels, or the text would blur.
    vec2 half_size = 0.5 * u_size * u_scale;
    vec2 place = floor(anchor.xy / anchor.w * half_size + 0.5) + floor(a_corner * u_scale + 0.5) - half_size;
    vec2 whole = floor(2.0 * half_size + 0.5);
    gl_Position = vec4((place + half_size) / (0.5 * whole), 0.0, 1.0);
}
"""

FRAGMENT = """
uniform sampler2D u_ink;
uniform vec3 u_colour;
varying vec2 v_texel;

void main() {
    gl_FragColor = vec4(u_colour, texture2D(u_ink, v_texel).r);
}
"""

TRIANGLES = np.array([0, 1, 2, 0, 2, 3])


@dataclass(frozen=True)
class Label:
    """text: in mathtext's notation. anchor: a point of the scene, where the middle of the text is. size: in points of
    1/72 inch at 96 pixels an inch. below: lines that the text lies below its anchor."""

    text: str
    anchor: tuple[float, float, float]
    size: float
    below: float = 0.0


class LabelsVisual(Visual):
    """Labels in one colour. scale: the screen's own pixels in one of Qt's."""

    def __init__(self, labels: tuple[Label, ...], scale: float, colour: tuple[float, float, float]) -> None:
        Visual.__init__(self, vcode=VERTEX, fcode=FRAGMENT)
        self._draw_mode = "triangles"
        self._index_buffer = gloo.IndexBuffer()
        self._scale = scale
        self._drawn = 0
        self._ink = gloo.Texture2D(np.zeros((1, 1, 1), np.uint8), format="luminance", interpolation="linear")
        program = self.shared_program
        self._buffers = {
            name: gloo.VertexBuffer(np.zeros((4, size), np.float32))
            for name, size in (("a_anchor", 3), ("a_corner", 2), ("a_texel", 2))
        }
        for name, buffer in self._buffers.items():
            program[name] = buffer
        program["u_ink"] = self._ink
        program["u_colour"] = colour
        program["u_scale"] = float(scale)
        self.set_gl_state(
            depth_test=False,
            cull_face=False,
            blend=True,
            blend_func=("src_alpha", "one_minus_src_alpha", "one", "one_minus_src_alpha"),
        )
        self.freeze()
        self.set_labels(labels)

    def set_labels(self, labels: tuple[Label, ...]) -> None:
        """Draw these, and no longer those before."""
        self._drawn = len(labels)
        if not labels:
            self.update()
            return
        inks = [ink(label.text, label.size, self._scale) for label in labels]
        height, width = sum(len(bitmap) for bitmap in inks), max(bitmap.shape[1] for bitmap in inks)
        sheet = np.zeros((height, width), np.uint8)
        corners, texels, top = [], [], 0
        for label, bitmap in zip(labels, inks, strict=True):
            tall, wide = bitmap.shape
            sheet[top : top + tall, :wide] = bitmap
            x0, y0 = -(wide // 2) / self._scale, -(tall // 2) / self._scale - 2.1 * label.below * label.size
            x1, y1 = x0 + wide / self._scale, y0 + tall / self._scale
            corners += [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
            left, right, high, low = 0.0, wide / width, top / height, (top + tall) / height
            texels += [(left, low), (right, low), (right, high), (left, high)]
            top += tall
        self._ink.set_data(sheet[..., None], copy=True)
        anchors = np.repeat(np.array([label.anchor for label in labels], np.float32), 4, axis=0)
        self._buffers["a_anchor"].set_data(anchors)
        self._buffers["a_corner"].set_data(np.array(corners, np.float32))
        self._buffers["a_texel"].set_data(np.array(texels, np.float32))
        first = 4 * np.arange(len(labels), dtype=np.uint32)
        self._index_buffer.set_data((first[:, None] + TRIANGLES).astype(np.uint32).ravel())
        self.update()

    def _prepare_draw(self, view: Any) -> bool:
        self.shared_program["u_size"] = np.array(view.transforms.canvas.physical_size) / self._scale
        return self._drawn > 0

    def _prepare_transforms(self, view: Any) -> None:
        view.view_program.vert["transform"] = view.get_transform()

    def _compute_bounds(self, axis: int, view: Any) -> None:
        return None


@lru_cache(maxsize=512)
def ink(text: str, size: float, scale: float) -> NDArray[np.uint8]:
    """A text as a bitmap, (height, width): 255 where there is ink. size: points at 96 pixels an inch, times scale."""
    parsed = MathTextParser("agg").parse(text, dpi=96 * scale, prop=FontProperties(size=size))
    return np.asarray(parsed.image, np.uint8)


Labels = create_visual_node(LabelsVisual)
