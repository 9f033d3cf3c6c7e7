"""Lines of any width in pixels, with round ends, smooth edges and a colour at each point: a VisPy visual.

OpenGL's own lines are one pixel wide on many cards, and never round. In: pieces of a line. Out: pixels. A piece is a
quadrilateral that the vertex shader spreads on the screen; its fragments ask how far they are from the piece.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vispy.scene.visuals import create_visual_node

from .quadrilaterals import QuadrilateralsVisual

VERTEX = """
attribute vec3 a_from;
attribute vec3 a_to;
attribute vec2 a_corner;        // -1 or 1 along the piece, and across it
attribute vec4 a_colour;
attribute vec2 a_time;          // when the piece begins and ends
uniform float u_moment;         // what comes later is not drawn
uniform vec2 u_size;            // of the canvas, in pixels as Qt counts them
uniform float u_width;
varying vec2 v_place;
varying vec2 v_from;
varying vec2 v_to;
varying vec4 v_colour;

void main() {
    float passed = (u_moment - a_time.x) / max(a_time.y - a_time.x, 1e-9);
    vec4 from = $transform(vec4(a_from, 1.0)), to = $transform(vec4(mix(a_from, a_to, min(passed, 1.0)), 1.0));
    v_colour = a_colour;
    if (passed < 0.0 || min(from.w, to.w) <= 0.0) {     // not yet, or behind the eye
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
        return;
    }
    v_from = from.xy / from.w * u_size * 0.5;
    v_to = to.xy / to.w * u_size * 0.5;
    vec2 along = v_to - v_from;
    along = length(along) > 1e-4 ? normalize(along) : vec2(1.0, 0.0);
    float reach = u_width * 0.5 + 1.0;
    bool ahead = a_corner.x > 0.0;
    v_place = (ahead ? v_to : v_from) + reach * (along * a_corner.x + vec2(-along.y, along.x) * a_corner.y);
    gl_Position = vec4(v_place / u_size * 2.0, ahead ? to.z / to.w : from.z / from.w, 1.0);
}
"""

FRAGMENT = """
uniform float u_width;
uniform float u_strength;
varying vec2 v_place;
varying vec2 v_from;
varying vec2 v_to;
varying vec4 v_colour;

void main() {
    vec2 piece = v_to - v_from;
    float share = clamp(dot(v_place - v_from, piece) / max(dot(piece, piece), 1e-8), 0.0, 1.0);
    float away = length(v_place - v_from - share * piece);
    float pixel = max(fwidth(v_place.x) + fwidth(v_place.y), 1e-6) * 0.5;
    float inside = clamp((u_width * 0.5 - away) / pixel + 0.5, 0.0, 1.0);
    if (inside <= 0.0) discard;
    gl_FragColor = vec4(v_colour.rgb, v_colour.a * inside * u_strength);
}
"""

CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)


class RibbonVisual(QuadrilateralsVisual):
    """pieces: (k, 2, 3), where each begins and ends. colours: (k, 2, 4) in [0, 1]. width: in pixels as Qt counts them,
    `scale` of the screen's own to each. strength: 1, or less where what lies behind shines through. behind: draw only
    what the surface hides, instead of what it does not. times: (k, 2), when each piece begins and ends; all are drawn
    but what comes after the moment that is set.

    The depth is tested but not written: of two pieces that cross, the later one is above.
    """

    def __init__(
        self,
        pieces: NDArray[np.float64],
        colours: NDArray[np.float64],
        width: float,
        scale: float,
        strength: float = 1.0,
        behind: bool = False,
    ) -> None:
        QuadrilateralsVisual.__init__(
            self,
            VERTEX,
            FRAGMENT,
            {"a_from": 3, "a_to": 3, "a_corner": 2, "a_colour": 4, "a_time": 2},
            scale,
            depth_test=True,
            depth_mask=False,
            depth_func="greater" if behind else "lequal",
        )
        program = self.shared_program
        program["u_width"] = float(width)
        program["u_strength"] = float(strength)
        program["u_moment"] = 1.0
        self.freeze()
        self.set_pieces(pieces, colours)

    def set_pieces(
        self, pieces: NDArray[np.float64], colours: NDArray[np.float64], times: NDArray[np.float64] | None = None
    ) -> None:
        """Draw these, and no longer those before."""
        count = len(pieces)
        ends = np.repeat(np.asarray(pieces, np.float32), 4, axis=0)
        shades = np.asarray(colours, np.float32)[:, [0, 1, 1, 0]].reshape(-1, 4)
        when = np.zeros((count, 2)) if times is None else times
        corners = {"a_from": ends[:, 0], "a_to": ends[:, 1], "a_corner": np.tile(CORNERS, (count, 1))}
        self._draw_these(count, {**corners, "a_colour": shades, "a_time": np.repeat(when, 4, axis=0)})

    def set_moment(self, moment: float) -> None:
        """Draw what was there up to this time."""
        self.shared_program["u_moment"] = float(moment)
        self.update()


Ribbon = create_visual_node(RibbonVisual)
