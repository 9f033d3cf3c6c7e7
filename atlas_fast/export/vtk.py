"""VTK's structured grids, as ParaView reads them.

In: a Surface and a Look. Out: the XML format (.vts) with its arrays as raw bytes behind the XML, or the legacy format
(.vtk). Every vertex is there, whatever its number. Its point is (a, b, height), the height as it is drawn: on the
look's scale, and scaled to the sides. What was computed stands beside it, as it was, in the point data; what the look
colours by is its active scalars. A vertex without a finite loss is blanked.

https://docs.vtk.org/en/latest/vtk_file_formats/vtkxml_file_format.html and vtk_legacy_file_format.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from ..colouring import QUANTITIES
from .relief import Relief

if TYPE_CHECKING:
    from ..look import Look
    from ..surface import Surface
    from . import Runs

HIDDEN = 2
"""vtkDataSetAttributes::HIDDENPOINT."""

TYPES = {"float32": ("Float32", "float"), "float64": ("Float64", "double"), "uint8": ("UInt8", "unsigned_char")}
"""What the two formats call NumPy's types."""

Write = Callable[[IO[bytes]], object]


def structured(surface: Surface, runs: Runs, look: Look) -> Write:
    """The XML format."""
    rows, columns = surface.loss.shape
    whole = f"0 {columns - 1} 0 {rows - 1} 0 0"
    root = ElementTree.Element(
        "VTKFile", type="StructuredGrid", version="1.0", byte_order="LittleEndian", header_type="UInt64"
    )
    grid = ElementTree.SubElement(root, "StructuredGrid", WholeExtent=whole)
    piece = ElementTree.SubElement(grid, "Piece", Extent=whole)
    found = _point_data(surface, look)
    data = ElementTree.SubElement(piece, "PointData", Scalars=next(iter(found)))
    place = ElementTree.SubElement(piece, "Points")
    arrays = [(data, name, array) for name, array in found.items()]
    arrays.append((place, "points", _points(surface, look)))
    offset = 0
    for parent, name, array in arrays:
        said = {"type": TYPES[array.dtype.name][0], "Name": name, "format": "appended", "offset": str(offset)}
        if array.ndim == 2:
            said["NumberOfComponents"] = str(array.shape[1])
        said |= {f"ComponentName{k}": text for k, text in enumerate(COMPONENTS.get(name, ()))}
        ElementTree.SubElement(parent, "DataArray", said)
        offset += 8 + array.nbytes
    # What ElementTree writes ends in the root's closing tag: the bytes go before it.
    head = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True).removesuffix(b"</VTKFile>")

    def write(file: IO[bytes]) -> None:
        file.write(head + b'<AppendedData encoding="raw">_')
        for _, _, array in arrays:
            file.write(np.array(array.nbytes, "<u8").tobytes())
            file.write(array.astype(array.dtype.newbyteorder("<")).tobytes())
        file.write(b"</AppendedData></VTKFile>\n")

    return write


COMPONENTS = {"gradient": ("dL/da", "dL/db", "0"), "curvature": ("L_aa", "L_ab", "L_bb")}
"""What the components of an array are called."""


def legacy(surface: Surface, runs: Runs, look: Look) -> Write:
    """The legacy format, whose numbers are big-endian."""
    rows, columns = surface.loss.shape
    count = rows * columns
    found, points = _point_data(surface, look), _points(surface, look)

    def write(file: IO[bytes]) -> None:
        def array(head: str, values: NDArray[Any]) -> None:
            file.write(head.encode() + b"\n" + values.astype(values.dtype.newbyteorder(">")).tobytes() + b"\n")

        # The second line is a title of at most 256 characters.
        file.write(b"# vtk DataFile Version 3.0\nloss surface, Atlas Fast\nBINARY\nDATASET STRUCTURED_GRID\n")
        array(f"DIMENSIONS {columns} {rows} 1\nPOINTS {count} {TYPES[points.dtype.name][1]}", points)
        file.write(f"POINT_DATA {count}\n".encode())
        for name, values in found.items():
            kind = TYPES[values.dtype.name][1]
            if values.ndim == 1:
                array(f"SCALARS {name} {kind} 1\nLOOKUP_TABLE default", values)
            else:
                array(f"VECTORS {name} {kind}", values)

    return write


def _points(surface: Surface, look: Look) -> NDArray[np.float64]:
    """The points (rows columns, 3), the heights in the unit of the longer side."""
    relief = Relief.of(surface, max(surface.loss.shape), look)
    a0, a1, b0, b1 = surface.extent
    unit = max(a1 - a0, b1 - b0)
    height = np.clip(np.nan_to_num(relief.scaled, nan=0.0), 0.0, 1.0) * relief.sides[2] * unit
    across, along = np.meshgrid(surface.a, surface.b)
    return np.column_stack([across.ravel(), along.ravel(), height.ravel()])


def _point_data(surface: Surface, look: Look) -> dict[str, NDArray[Any]]:
    """Name -> (rows columns,) or (rows columns, 3), row by row; what the look colours by is the first. Raises
    ArgumentError where the surface lacks that."""
    found: dict[str, NDArray[Any]] = {}
    if look.colouring != "loss":
        # Three components have the name of the curvature already.
        name = {"curvature": "mean_curvature"}.get(look.colouring, look.colouring)
        found[name] = QUANTITIES[look.colouring].values(surface).ravel()
    found["loss"] = surface.loss.ravel()
    if surface.gradient is not None:
        along = surface.gradient.reshape(2, -1).T
        found["gradient"] = np.column_stack([along, np.zeros(len(along), along.dtype)])
    if surface.curvature is not None:
        found["curvature"] = surface.curvature.reshape(3, -1).T
    if surface.gradient_norm is not None:
        found["gradient_norm"] = surface.gradient_norm.ravel()
    if surface.overflowed:
        found["vtkGhostType"] = np.where(np.isfinite(found["loss"]), 0, HIDDEN).astype(np.uint8)
    return found
