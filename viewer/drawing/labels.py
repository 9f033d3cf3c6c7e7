"""Short texts at points of the scene, always upright and of the same size: a VisPy visual.

In: texts and their places. Out: pixels. matplotlib sets the texts, so that they look as those of a plot do, need no
font beyond its own, and may hold mathematics.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from numpy.typing import NDArray
from vispy import gloo
from vispy.scene.visuals import create_visual_node

from .quadrilaterals import QuadrilateralsVisual

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


@dataclass(frozen=True)
class Label:
    """text: in mathtext's notation. anchor: a point of the scene, where the middle of the text is. size: in points of
    1/72 inch at 96 pixels an inch. below: lines that the text lies below its anchor."""

    text: str
    anchor: tuple[float, float, float]
    size: float
    below: float = 0.0


class LabelsVisual(QuadrilateralsVisual):
    """Labels in one colour. scale: the screen's own pixels in one of Qt's."""

    def __init__(self, labels: tuple[Label, ...], scale: float, colour: tuple[float, float, float]) -> None:
        # The last to be drawn lets the depth be written again, or the next frame could not clear it.
        sizes = {"a_anchor": 3, "a_corner": 2, "a_texel": 2}
        QuadrilateralsVisual.__init__(self, VERTEX, FRAGMENT, sizes, scale, depth_test=False, depth_mask=True)
        self._ink = gloo.Texture2D(np.zeros((1, 1, 1), np.uint8), format="luminance", interpolation="linear")
        program = self.shared_program
        program["u_ink"] = self._ink
        program["u_colour"] = colour
        program["u_scale"] = float(scale)
        self.freeze()
        self.set_labels(labels)

    def set_colour(self, colour: tuple[float, float, float]) -> None:
        """Write them in another colour."""
        self.shared_program["u_colour"] = colour
        self.update()

    def set_labels(self, labels: tuple[Label, ...]) -> None:
        """Draw these, and no longer those before."""
        if not labels:
            self._draw_these(0, {})
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
        anchors = np.repeat(np.array([label.anchor for label in labels]), 4, axis=0)
        self._draw_these(len(labels), {"a_anchor": anchors, "a_corner": np.array(corners), "a_texel": np.array(texels)})


@lru_cache(maxsize=512)
def ink(text: str, size: float, scale: float) -> NDArray[np.uint8]:
    """A text as a bitmap, (height, width): 255 where there is ink. size: points at 96 pixels an inch, times scale."""
    parsed = MathTextParser("agg").parse(text, dpi=96 * scale, prop=FontProperties(size=size))
    return np.asarray(parsed.image, np.uint8)


Labels = create_visual_node(LabelsVisual)
