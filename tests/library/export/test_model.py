"""Models for slides and browsers, read back by trimesh: y is up, colours are the colour map's, the path is a tube."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps

from atlas_fast.surface import Surface

SurfaceOf = Callable[..., Surface]

trimesh = pytest.importorskip("trimesh")


def read(path: Path) -> dict[str, Any]:
    """The meshes by name."""
    scene = trimesh.load(path)
    return {name: scene.geometry[scene.graph[name][1]] for name in scene.graph.nodes_geometry}


def screen(colours: np.ndarray) -> np.ndarray:
    """What a renderer shows of colours that are linear in light, in 255ths: sRGB in [0, 1]."""
    light = np.asarray(colours)[:, :3] / 255
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def colours_of(mesh: Any) -> np.ndarray:
    return np.asarray(mesh.visual.vertex_attributes["color"])


def test_the_surface_has_its_size_upright_and_its_colours(surface_of: SurfaceOf, tmp_path: Path) -> None:
    surface = surface_of(lambda a, b: a + 2 * b, shape=(30, 40))
    surface.export(tmp_path / "s.glb", width=2.0)
    meshes = read(tmp_path / "s.glb")
    assert list(meshes) == ["surface"]
    mesh = meshes["surface"]
    # a in -2 .. 2 to the right, b in -1 .. 2 away from the reader, which is -z.
    np.testing.assert_allclose(mesh.bounds, [[-1, 0, -0.75], [1, 0.56 * 2, 0.75]], atol=1e-6)
    assert len(mesh.vertices) == 30 * 40
    assert len(mesh.faces) == 2 * 29 * 39
    a, b = mesh.vertices[:, 0] * 2, 0.5 - mesh.vertices[:, 2] * 2
    share = (a + 2 * b + 4) / 10
    np.testing.assert_allclose(mesh.vertices[:, 1], share * 1.12, atol=1e-6)
    # 8 bits of light: a step is 0.05 of a screen's range where it is dark.
    np.testing.assert_allclose(screen(colours_of(mesh)), colormaps["viridis"](share)[:, :3], atol=0.035)
    assert (mesh.face_normals[:, 1] > 0).all()


@pytest.mark.parametrize(("colours", "map"), [(None, "cividis"), ("magma", "magma")])
def test_it_is_dressed_as_a_look_says(surface_of: SurfaceOf, tmp_path: Path, colours: str | None, map: str) -> None:
    surface = surface_of(lambda a, b: np.exp(2 * a + b), dtype="float64")
    a, b = np.meshgrid(surface.a, surface.b)
    slope = np.exp(2 * a + b) * np.hypot(2, 1)
    surface = replace(surface, gradient=np.stack([2 * surface.loss, surface.loss]))
    surface.export(tmp_path / "s.glb", heights="log", colouring="slope", colours=colours)
    mesh = read(tmp_path / "s.glb")["surface"]
    # The logarithm is 2 a + b, from -5 to 6: a plane.
    a, b = mesh.vertices[:, 0] * 4, 0.5 - mesh.vertices[:, 2] * 4
    np.testing.assert_allclose(mesh.vertices[:, 1], (2 * a + b + 5) / 11 * 0.56, atol=1e-6)
    # Few vertices are so steep that the scale of the colours ends below them; of the others the middle half.
    seen, slope = screen(colours_of(mesh)), np.exp(2 * a + b) * np.hypot(2, 1)
    table = colormaps[map](np.linspace(0, 1, 256))[:, :3]
    place = np.abs(table[None] - seen[:, None]).max(axis=2).argmin(axis=1)
    below = place < 250
    top = np.median((slope[below] - slope.min()) / np.maximum(place[below], 1)) * 255 + slope.min()
    assert slope.min() < top < slope.max()
    np.testing.assert_allclose(place, np.clip((slope - slope.min()) / (top - slope.min()), 0, 1) * 255, atol=4)


def test_the_file_is_what_the_format_says(bowl: Surface, tmp_path: Path) -> None:
    bowl.export(tmp_path / "s.glb")
    content = (tmp_path / "s.glb").read_bytes()
    assert content[:4] == b"glTF"
    assert np.frombuffer(content, "<u4", 2, 4).tolist() == [2, len(content)]
    length = int(np.frombuffer(content, "<u4", 1, 12)[0])
    tree = json.loads(content[20 : 20 + length])
    for mesh in tree["meshes"]:
        assert {"POSITION", "NORMAL", "COLOR_0"} <= set(mesh["primitives"][0]["attributes"])
        material = tree["materials"][mesh["primitives"][0]["material"]]
        assert material["doubleSided"]
        assert material["pbrMetallicRoughness"]["metallicFactor"] == 0


def test_the_path_is_a_tube_on_the_surface_from_yellow_to_red(bowl: Surface, tmp_path: Path) -> None:
    bowl.export(tmp_path / "s.glb")
    meshes = read(tmp_path / "s.glb")
    assert set(meshes) == {"surface", "path", "path start", "path end"}
    tube, start, end = (meshes[name] for name in ("path", "path start", "path end"))
    path = bowl.path()
    for ball, place in ((start, 0), (end, -1)):
        middle = ball.bounds.mean(axis=0)
        assert middle[0] == pytest.approx(path.a[place] / 4, abs=1e-3)
        assert middle[2] == pytest.approx((0.5 - path.b[place]) / 4, abs=1e-3)
        assert middle[1] == pytest.approx(path.height[place] / 8 * 0.56, abs=0.02)
    np.testing.assert_allclose(screen(colours_of(start)), [[1, 1, 0]] * len(start.vertices), atol=0.01)
    np.testing.assert_allclose(screen(colours_of(end)), [[1, 0, 0]] * len(end.vertices), atol=0.01)
    # Every vertex of the tube is its radius away from the surface's own height, lifted by about the same.
    a, b = tube.vertices[:, 0] * 4, 0.5 - tube.vertices[:, 2] * 4
    above = tube.vertices[:, 1] - np.asarray(bowl.at(a, b)) / 8 * 0.56
    assert above.max() < 0.02
    assert above.min() > -0.002
    assert tube.is_winding_consistent
    # Outwards: for a thin tube about its middle line, away from it.
    rings = tube.vertices.reshape(-1, 10, 3)
    outwards = (rings - rings.mean(axis=1, keepdims=True)).reshape(-1, 3)
    assert ((tube.vertex_normals * outwards).sum(axis=1) > 0).mean() > 0.99


def test_several_runs_have_colours_of_their_own(bowl: Surface, tmp_path: Path) -> None:
    assert bowl.run is not None
    run = bowl.run
    other = replace(run, weights=run.weights * (-1, 1))
    bowl.export(tmp_path / "s.glb", {"SGD": run, "Adam": other})
    meshes = read(tmp_path / "s.glb")
    ends = [screen(colours_of(meshes[f"path {name} end"]))[0] for name in ("SGD", "Adam")]
    # Okabe and Ito's vermilion and sky blue.
    np.testing.assert_allclose(ends, np.array([[0xD5, 0x5E, 0x00], [0x56, 0xB4, 0xE9]]) / 255, atol=0.02)


def test_a_gap_has_no_faces_and_a_cut_corner_a_colour_of_its_own(surface_of: SurfaceOf, tmp_path: Path) -> None:
    surface = surface_of(lambda a, b: a * a + b * b + np.exp(40 * (a + b - 3.2)), dtype="float64")
    loss = surface.loss.copy()
    loss[10:14, 20:24] = np.nan
    replace(surface, loss=loss).export(tmp_path / "s.glb")
    mesh = read(tmp_path / "s.glb")["surface"]
    assert len(mesh.vertices) == 30 * 40 - 16
    # Of the cells at two of its corners a half remains.
    assert len(mesh.faces) == 2 * 29 * 39 - (2 * 5 * 5 - 2)
    corner = np.argmax(mesh.vertices[:, 0] - mesh.vertices[:, 2])
    np.testing.assert_allclose(screen(colours_of(mesh))[corner], (0.93, 0.91, 0.84), atol=0.01)
