"""Structured grids, read back by VTK itself, by meshio, and by an XML parser."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast.surface import Surface

SurfaceOf = Callable[..., Surface]


def full(dtype: str) -> Surface:
    """A surface with everything that one can have, not square and not symmetric."""
    problem = af.Problem("exp(x/2)*y^2 + x*y")
    return problem.surface(
        resolution=(13, 21), extent=(-2, 1, -1, 3), gradient=True, curvature=True, gradient_norm=True, dtype=dtype,
        progress=False,
    )  # fmt: skip


def check(arrays: dict[str, np.ndarray], points: np.ndarray, surface: Surface) -> None:
    """That point data and points are the surface's, a fastest."""
    np.testing.assert_array_equal(arrays["loss"], surface.loss.ravel())
    assert surface.gradient is not None and surface.curvature is not None and surface.gradient_norm is not None
    np.testing.assert_array_equal(arrays["gradient"][:, :2], surface.gradient.reshape(2, -1).T)
    assert (arrays["gradient"][:, 2] == 0).all()
    np.testing.assert_array_equal(arrays["curvature"], surface.curvature.reshape(3, -1).T)
    np.testing.assert_array_equal(arrays["gradient_norm"], surface.gradient_norm.ravel())
    across, along = np.meshgrid(surface.a, surface.b)
    np.testing.assert_array_equal(points[:, 0], across.ravel())
    np.testing.assert_array_equal(points[:, 1], along.ravel())
    # Nothing is cut here: heights are the losses, the highest 0.56 of the longer side above the lowest.
    low, high = float(surface.loss.min()), float(surface.loss.max())
    np.testing.assert_allclose(points[:, 2], (surface.loss.ravel() - low) / (high - low) * 0.56 * 4, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_xml_format_is_what_vtk_reads(tmp_path: Path, dtype: str) -> None:
    pytest.importorskip("vtkmodules")
    surface = full(dtype)
    surface.export(tmp_path / "s.vts")
    grid, arrays, points = read_by_vtk(tmp_path / "s.vts")
    assert grid.GetExtent() == (0, 20, 0, 12, 0, 0)
    assert arrays["loss"].dtype == dtype
    check(arrays, points, surface)
    assert grid.GetPointData().GetScalars().GetName() == "loss"
    assert grid.GetPointData().GetArray("curvature").GetComponentName(1) == "L_ab"
    assert not grid.HasAnyBlankPoints()


def read_by_vtk(path: Path) -> tuple[Any, dict[str, np.ndarray], np.ndarray]:
    """The grid, its point data and its points."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOLegacy import vtkStructuredGridReader
    from vtkmodules.vtkIOXML import vtkXMLStructuredGridReader

    reader = vtkXMLStructuredGridReader() if path.suffix == ".vts" else vtkStructuredGridReader()
    reader.SetFileName(str(path))
    if path.suffix == ".vtk":
        reader.ReadAllScalarsOn()
        reader.ReadAllVectorsOn()
    reader.Update()
    grid = reader.GetOutput()
    data = grid.GetPointData()
    arrays = {data.GetArrayName(k): vtk_to_numpy(data.GetArray(k)) for k in range(data.GetNumberOfArrays())}
    return grid, arrays, vtk_to_numpy(grid.GetPoints().GetData())


def test_what_a_look_colours_by_is_the_active_scalars_and_its_scale_the_height(tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules")
    surface = full("float64")
    assert surface.gradient is not None and surface.curvature is not None
    mean = (surface.curvature[0] + surface.curvature[2]) / 2
    for suffix in ("vts", "vtk"):
        for colouring, name, values in (
            ("slope", "slope", np.hypot(*surface.gradient)),
            ("curvature", "mean_curvature", mean),
            ("gradient_norm", "gradient_norm", surface.gradient_norm),
        ):
            surface.export(tmp_path / f"s.{suffix}", colouring=colouring, limit=10.0)
            grid, arrays, points = read_by_vtk(tmp_path / f"s.{suffix}")
            assert grid.GetPointData().GetScalars().GetName() == name
            np.testing.assert_allclose(arrays[name], np.ravel(values))
            np.testing.assert_array_equal(arrays["loss"], surface.loss.ravel())
            low = float(surface.loss.min())
            expected = np.clip((surface.loss.ravel() - low) / (10 - low), 0, 1) * 0.56 * 4
            np.testing.assert_allclose(points[:, 2], expected, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_xml_format_by_its_own_rules(tmp_path: Path, dtype: str) -> None:
    """Without VTK: the head is XML, each array lies at its offset behind its length."""
    surface = full(dtype)
    surface.export(tmp_path / "s.VTS")
    head, _, rest = (tmp_path / "s.VTS").read_bytes().partition(b'<AppendedData encoding="raw">_')
    assert rest.endswith(b"</AppendedData></VTKFile>\n")
    root = ElementTree.fromstring(head + b"</VTKFile>")
    assert root.attrib["header_type"] == "UInt64" and root.attrib["byte_order"] == "LittleEndian"
    assert root.find("StructuredGrid/Piece").attrib["Extent"] == "0 20 0 12 0 0"  # type: ignore[union-attr]
    found = {}
    for row in root.iter("DataArray"):
        offset = int(row.attrib["offset"])
        length = int(np.frombuffer(rest, "<u8", 1, offset)[0])
        kind = {"Float32": "<f4", "Float64": "<f8"}[row.attrib["type"]]
        values = np.frombuffer(rest[offset + 8 : offset + 8 + length], kind)
        found[row.attrib["Name"]] = values.reshape(-1, int(row.attrib.get("NumberOfComponents", "1"))).squeeze()
    check(found, found.pop("points"), surface)


def test_the_legacy_format_is_what_meshio_reads(tmp_path: Path) -> None:
    meshio = pytest.importorskip("meshio")
    surface = full("float32")
    surface.export(tmp_path / "s.vtk")
    mesh = meshio.read(tmp_path / "s.vtk")
    check({name: np.squeeze(array) for name, array in mesh.point_data.items()}, mesh.points, surface)
    assert mesh.cells_dict["quad"].shape == (20 * 12, 4)


def test_the_legacy_format_is_what_vtk_reads(tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules")
    surface = full("float64")
    surface.export(tmp_path / "s.vtk")
    grid, arrays, points = read_by_vtk(tmp_path / "s.vtk")
    assert grid.GetExtent() == (0, 20, 0, 12, 0, 0)
    check(arrays, points, surface)


def test_a_vertex_without_a_finite_loss_is_blanked(surface_of: SurfaceOf, tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules")
    surface = surface_of(lambda a, b: a + b)
    loss = surface.loss.copy()
    loss[3, 5], loss[7, 8] = np.nan, np.inf
    replace(surface, loss=loss).export(tmp_path / "s.vts")
    grid, arrays, points = read_by_vtk(tmp_path / "s.vts")
    blank = [k for k in range(loss.size) if not grid.IsPointVisible(k)]
    assert blank == [3 * 40 + 5, 7 * 40 + 8]
    np.testing.assert_array_equal(arrays["loss"], loss.ravel())
    assert np.isfinite(points).all()


def test_a_corner_that_diverges_is_cut_in_the_heights_and_not_in_the_data(
    surface_of: SurfaceOf, tmp_path: Path
) -> None:
    meshio = pytest.importorskip("meshio")
    surface = surface_of(lambda a, b: a * a + b * b + np.exp(40 * (a + b - 3.2)), dtype="float64")
    surface.export(tmp_path / "s.vtk")
    mesh = meshio.read(tmp_path / "s.vtk")
    np.testing.assert_array_equal(np.squeeze(mesh.point_data["loss"]), surface.loss.ravel())
    assert mesh.points[:, 2].max() == pytest.approx(0.56 * 4)
    # The bowl itself, of heights up to 8, keeps a good part of the height.
    assert np.median(mesh.points[:, 2]) > 0.1
