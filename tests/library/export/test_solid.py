"""Solids to print, read back by trimesh: watertight, and of the volume that integration gives."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atlas_fast.surface import Surface

SurfaceOf = Callable[..., Surface]

trimesh = pytest.importorskip("trimesh")


def test_a_bowl_is_watertight_and_has_its_volume_and_size(surface_of: SurfaceOf, tmp_path: Path) -> None:
    surface = surface_of(lambda a, b: a * a + b * b, shape=(61, 81))
    surface.export(tmp_path / "bowl.stl", width=80.0, base=2.0)
    mesh = trimesh.load(tmp_path / "bowl.stl")
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert len(mesh.split()) == 1
    np.testing.assert_allclose(mesh.bounds, [[0, 0, 0], [80, 60, 2 + 0.56 * 80]], atol=1e-3)
    # The mean of a^2 + b^2 over [-2, 2] x [-1, 2] is 4/3 + 1; the highest is 8, at a height of 44.8 mm over the base.
    volume = 80 * 60 * (2 + (4 / 3 + 1) / 8 * 0.56 * 80)
    assert mesh.volume == pytest.approx(volume, rel=1e-3)


def test_it_is_binary_and_its_top_is_the_surface(surface_of: SurfaceOf, tmp_path: Path) -> None:
    surface = surface_of(lambda a, b: a + 2 * b, shape=(7, 9), extent=(0.0, 1.0, 0.0, 1.0))
    surface.export(tmp_path / "s.stl")
    content = (tmp_path / "s.stl").read_bytes()
    # Two triangles for each of the cells, for each piece of wall, and one of the floor for each of those.
    count = 2 * 6 * 8 + 3 * 2 * (6 + 8)
    assert len(content) == 84 + 50 * count
    assert np.frombuffer(content, "<u4", 1, 80)[0] == count
    corners = np.frombuffer(content, np.dtype([("normal", "<f4", 3), ("at", "<f4", (3, 3)), ("more", "<u2")]), -1, 84)
    top = corners[corners["normal"][:, 2] > 0.1]["at"].reshape(-1, 3)
    assert len(top) == 3 * 2 * 6 * 8
    # 3 is the largest loss, 56 mm over the base of 3 mm.
    np.testing.assert_allclose(top[:, 2], 3 + 56 * (top[:, 0] + 2 * top[:, 1]) / 100 / 3, atol=1e-4)


def test_a_surface_with_gaps_and_a_diverging_corner_is_closed_all_the_same(
    surface_of: SurfaceOf, tmp_path: Path
) -> None:
    surface = surface_of(lambda a, b: a * a + b * b + np.exp(40 * (a + b - 3.2)), dtype="float64")
    loss = surface.loss.copy()
    loss[0, 0], loss[10:12, 20:23] = np.inf, np.nan
    replace(surface, loss=loss).export(tmp_path / "s.stl")
    mesh = trimesh.load(tmp_path / "s.stl")
    assert mesh.is_watertight
    assert mesh.bounds[1, 2] == pytest.approx(59.0, abs=1e-3)
    highest = mesh.vertices[mesh.vertices[:, 2] > 58.999]
    # The inf in the corner stands as high as what is cut off.
    assert (np.abs(highest[:, :2]).sum(axis=1) < 1e-6).any()


def test_a_constant_is_a_block(surface_of: SurfaceOf, tmp_path: Path) -> None:
    surface = surface_of(lambda a, b: 7.0 + 0 * a * b, extent=(0.0, 1.0, 0.0, 1.0))
    surface.export(tmp_path / "s.stl", width=10, base=1)
    assert trimesh.load(tmp_path / "s.stl").volume == pytest.approx(100 * (1 + 2.8), rel=1e-6)


def test_a_fine_surface_is_thinned(surface_of: SurfaceOf, tmp_path: Path) -> None:
    surface = surface_of(lambda a, b: a * a + b * b, shape=(90, 130))
    surface.export(tmp_path / "s.stl", resolution=20)
    mesh = trimesh.load(tmp_path / "s.stl")
    assert mesh.is_watertight
    assert len(mesh.faces) == 2 * 19 * 19 + 3 * 4 * 19
    np.testing.assert_allclose(mesh.bounds[1], [100, 75, 59], atol=1e-3)
