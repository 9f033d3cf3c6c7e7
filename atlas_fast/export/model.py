"""A surface as a model in glTF's binary format, which browsers, slides and Blender show.

In: a Surface and its runs. Out: a .glb file: the relief with its colours at its vertices, each path a
tube with a ball at its start and its end. y points upwards there, and the unit is the metre.

https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import real, whole
from . import needed
from .relief import Relief, faces
from .tracks import Track, tracks

if TYPE_CHECKING:
    from ..look import Look
    from ..surface import Surface
    from . import Runs

Array = NDArray[np.float64]

RADIUS, BALL = 0.004, 0.011
"""Of a tube and of the balls at its ends, as shares of the box's longer side."""

ROUND = 10
"""Corners of a tube's cross-section."""


def model(
    surface: Surface, runs: Runs, look: Look, width: float = 1.0, resolution: int = 512
) -> Callable[[IO[bytes]], object]:
    """width: of the longer side, in metres."""
    width = real("width", width, above=0)
    trimesh: Any = needed("trimesh", ".glb")
    relief = Relief.of(surface, whole("resolution", resolution, 2), look)
    relief.require_heights()
    scene = trimesh.Scene()

    def add(name: str, points: Array, triangles: NDArray[np.intp], shades: Array, shiny: float) -> None:
        middle = points - (relief.sides[0] / 2, relief.sides[1] / 2, 0)
        placed = width * np.stack([middle[:, 0], middle[:, 2], -middle[:, 1]], axis=1)
        mesh = trimesh.Trimesh(placed, triangles, process=False)
        material = trimesh.visual.material.PBRMaterial(
            name=name, baseColorFactor=(1.0, 1.0, 1.0, 1.0), metallicFactor=0.0, roughnessFactor=shiny, doubleSided=True
        )
        mesh.visual = trimesh.visual.TextureVisuals(material=material)
        mesh.visual.vertex_attributes["color"] = _linear(shades)
        scene.add_geometry(mesh, node_name=name, geom_name=name)

    scaled = relief.scaled.ravel()
    triangles = faces(relief.loss.shape)
    triangles = triangles[np.isfinite(scaled)[triangles].all(axis=1)]
    if len(triangles):
        kept, renumbered = np.unique(triangles, return_inverse=True)
        shades, points = relief.colours.reshape(-1, 3)[kept], relief.vertices().reshape(-1, 3)[kept]
        add("surface", points, renumbered.reshape(-1, 3), shades, 0.85)
    for track in tracks(relief, runs):
        for part, points, triangles, shades in _parts(relief, track, trimesh):
            add(" ".join(filter(None, ("path", track.name, part))), points, triangles, shades, 0.5)
    return lambda file: file.write(scene.export(file_type="glb", include_normals=True))


def _parts(relief: Relief, track: Track, trimesh: Any) -> Iterator[tuple[str, Array, NDArray[np.intp], Array]]:
    """What they are called, points, faces and colours of a track's tubes and balls."""
    trail = track.trail
    # Lifted by its radius too: a tube's middle lies on the path, and it would sink into the surface.
    places = relief.points(trail.a, trail.b, 0.0) + np.stack(
        [0 * track.scaled, 0 * track.scaled, track.scaled * relief.sides[2] + RADIUS / 2], axis=1
    )
    shades = track.colours(trail.step)
    for number, piece in enumerate(track.pieces):
        points, rings = tube(places[piece], RADIUS)
        yield str(number or ""), points, rings, np.repeat(shades[piece], ROUND, axis=0)
    ball = trimesh.creation.icosphere(subdivisions=3, radius=BALL)
    for place, part in ((0, "start"), (-1, "end")):
        if len(places) and np.isfinite(places[place]).all():
            yield part, ball.vertices + places[place], ball.faces, np.tile(shades[place], (len(ball.vertices), 1))


def tube(line: Array, radius: float) -> tuple[Array, NDArray[np.intp]]:
    """Vertices (n ROUND, 3) and faces, outwards, of the tube about a line (n, 3), open at its ends.

    Its cross-sections keep one direction upright, for a path on a surface hardly ever climbs steeply.
    """
    ahead = np.gradient(line, axis=0)
    length = np.linalg.norm(ahead, axis=1, keepdims=True)
    ahead = np.divide(ahead, length, out=np.tile([1.0, 0.0, 0.0], (len(line), 1)), where=length > 0)
    aside = np.cross([0.0, 0.0, 1.0], ahead)
    breadth = np.linalg.norm(aside, axis=1, keepdims=True)
    aside = np.divide(aside, breadth, out=np.tile([0.0, 1.0, 0.0], (len(line), 1)), where=breadth > 1e-9)
    upright = np.cross(ahead, aside)
    angle = np.arange(ROUND)[None, :, None] * (2 * np.pi / ROUND)
    rings = line[:, None] + radius * (np.cos(angle) * aside[:, None] + np.sin(angle) * upright[:, None])
    number = np.arange(len(line) * ROUND).reshape(len(line), ROUND)
    near, far = number[:-1], number[1:]
    near_next, far_next = np.roll(near, -1, axis=1), np.roll(far, -1, axis=1)
    halves = np.stack([near, near_next, far_next, near, far_next, far], axis=-1)
    return rings.reshape(-1, 3), halves.reshape(-1, 3)


def _linear(shades: Array) -> NDArray[np.uint8]:
    """Colours of screens (n, 3) as glTF wants them at vertices: linear in light, with an alpha, in 255ths."""
    # The transfer function of sRGB, IEC 61966-2-1.
    light = np.where(shades <= 0.04045, shades / 12.92, ((shades + 0.055) / 1.055) ** 2.4)
    return np.column_stack([np.round(light * 255), np.full(len(light), 255)]).astype(np.uint8)
