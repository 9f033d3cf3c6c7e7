"""What cannot be exported is refused in one line that says what would work; what was there is then kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast.surface import Surface

SurfaceOf = Callable[..., Surface]


def test_another_suffix(bowl: Surface, tmp_path: Path) -> None:
    with pytest.raises(af.StoreError, match=r"\.vts, \.vtk, \.stl, \.glb or \.html"):
        bowl.export(tmp_path / "s.obj")


def test_a_line(tmp_path: Path) -> None:
    surface = af.Problem("(x - 1)^2").surface(resolution=20, progress=False)
    with pytest.raises(af.ArgumentError, match=r"surface\.plot\(\)"):
        surface.export(tmp_path / "s.vts")


def test_options_that_a_format_does_not_have(bowl: Surface, tmp_path: Path) -> None:
    with pytest.raises(af.ArgumentError, match=r"\.vts has no option width: there are heights, limit, colouring"):
        bowl.export(tmp_path / "s.vts", width=3)
    with pytest.raises(af.ArgumentError, match=r"\.stl has no option widht: did you mean width\?"):
        bowl.export(tmp_path / "s.stl", widht=3)
    with pytest.raises(af.ArgumentError, match="width"):
        bowl.export(tmp_path / "s.stl", width=-3)
    with pytest.raises(af.ArgumentError, match="resolution"):
        bowl.export(tmp_path / "s.glb", resolution=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("suffix", "choice", "told"),
    [
        (
            "stl",
            {"colouring": "slope"},
            r"\.stl has no colouring: it has a shape and no colours; .* heights, limit",
        ),
        ("vts", {"colours": "magma"}, r"\.vts has no colours: colour maps .* are chosen in the program that opens it"),
        ("html", {"arrows": True}, r"\.html has no arrows: plotly draws no such lines"),
        ("html", {"theme": "blue"}, r"theme is 'blue', it must be one of 'light', 'dark', None"),
        ("glb", {"colouring": "gradient"}, r"colouring is 'gradient', it must be one of 'loss', 'gradient_norm'"),
        ("glb", {"colouring": "slope"}, r"no gradient: compute it with problem\.surface\(\.\., gradient=True\)"),
        ("vts", {"colouring": "curvature"}, r"no curvature: compute it with .*curvature=True"),
        ("html", {"colouring": "gradient_norm"}, r"no gradient_norm: compute it with .*gradient_norm=True"),
        ("stl", {"heights": "log", "limit": 3.0}, "leave one of them out"),
        ("stl", {"limit": -1.0}, "limit is -1, more than the surface's lowest loss"),
    ],
)
def test_a_look_that_cannot_be_had(
    bowl: Surface, tmp_path: Path, suffix: str, choice: dict[str, Any], told: str
) -> None:
    pytest.importorskip("trimesh")
    pytest.importorskip("plotly")
    with pytest.raises(af.ArgumentError, match=told) as refused:
        bowl.export(tmp_path / f"s.{suffix}", **choice)
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("suffix", "package"), [("stl", "trimesh"), ("glb", "trimesh"), ("html", "plotly")])
def test_without_the_extra_it_is_named(
    bowl: Surface, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, package: str
) -> None:
    for module in (package, "plotly.offline"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(af.DeviceError) as told:
        bowl.export(tmp_path / f"s.{suffix}")
    assert str(told.value) == f".{suffix} needs {package}, which is not installed: pip install 'atlas-fast[export]'"


def test_runs_that_are_none(bowl: Surface, tmp_path: Path) -> None:
    with pytest.raises(af.ArgumentError, match="run is a str"):
        bowl.export(tmp_path / "s.vts", "SGD")  # type: ignore[arg-type]
    assert bowl.run is not None
    with pytest.raises(af.ArgumentError, match="9 runs: at most 8"):
        bowl.export(tmp_path / "s.glb", {str(k): bowl.run for k in range(9)})


def test_a_folder_that_is_not_there(bowl: Surface, tmp_path: Path) -> None:
    with pytest.raises(af.StoreError, match="there is no folder"):
        bowl.export(tmp_path / "none" / "s.vts")


def test_a_surface_without_a_height(surface_of: SurfaceOf, tmp_path: Path) -> None:
    surface = surface_of(lambda a, b: np.nan * a * b)
    (tmp_path / "s.stl").write_text("dear to somebody")
    for suffix in ("stl", "glb"):
        pytest.importorskip("trimesh")
        with pytest.raises(af.ArgumentError, match="no finite height"):
            surface.export(tmp_path / f"s.{suffix}")
    assert (tmp_path / "s.stl").read_text() == "dear to somebody"
    pytest.importorskip("plotly")
    surface.export(tmp_path / "s.html")
    assert "no vertex holds a finite height" in (tmp_path / "s.html").read_text()
    surface.export(tmp_path / "s.vts")
