"""Quadrilaterals, each drawn as two triangles: what the visuals of labels and of ribbons have in common.

In: shaders, and the values of their attributes at the four corners of each quadrilateral. Out: a VisPy visual.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy import gloo
from vispy.visuals import Visual

TRIANGLES = np.array([0, 1, 2, 0, 2, 3])


class QuadrilateralsVisual(Visual):
    """attributes: name -> components of the vertex shader's. scale: the screen's own pixels in one of Qt's. state: of
    OpenGL, beside the blending that all share.

    The shaders have `u_size`, the canvas in Qt's pixels, and `$transform` from the scene to the screen.
    """

    def __init__(self, vertex: str, fragment: str, attributes: Mapping[str, int], scale: float, **state: Any) -> None:
        Visual.__init__(self, vcode=vertex, fcode=fragment)
        self._draw_mode = "triangles"
        self._index_buffer = gloo.IndexBuffer()
        self._scale = scale
        self._drawn = 0
        self._buffers = {name: gloo.VertexBuffer(np.zeros((4, size), np.float32)) for name, size in attributes.items()}
        for name, buffer in self._buffers.items():
            self.shared_program[name] = buffer
        self.set_gl_state(
            cull_face=False,
            blend=True,
            blend_func=("src_alpha", "one_minus_src_alpha", "one", "one_minus_src_alpha"),
            **state,
        )

    def _draw_these(self, count: int, corners: Mapping[str, NDArray[Any]]) -> None:
        """Draw `count` of them, and no longer those before. corners: attribute -> (4 count, components)."""
        self._drawn = count
        if count:
            for name, values in corners.items():
                self._buffers[name].set_data(np.ascontiguousarray(values, np.float32))
            first = 4 * np.arange(count, dtype=np.uint32)
            self._index_buffer.set_data((first[:, None] + TRIANGLES).astype(np.uint32).ravel())
        self.update()

    def _prepare_draw(self, view: Any) -> bool:
        self.shared_program["u_size"] = np.array(view.transforms.canvas.physical_size) / self._scale
        return self._drawn > 0

    def _prepare_transforms(self, view: Any) -> None:
        view.view_program.vert["transform"] = view.get_transform()

    def _compute_bounds(self, axis: int, view: Any) -> None:
        return None
