"""`atlas-fast view`: what is handed to the viewer. The viewer itself is tested in tests/viewer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib import image
from PIL import Image

import atlas_fast as af
from atlas_fast import viewer
from atlas_fast.commandline import exports, findings, run


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[af.Surface, Path | None]]:
    """The surfaces that were shown, each with the picture that was asked for."""
    seen: list[tuple[af.Surface, Path | None]] = []
    monkeypatch.setattr(viewer, "show", lambda surface: seen.append((surface, None)))
    monkeypatch.setattr(viewer, "picture", lambda surface, path, **options: seen.append((surface, path)))
    return seen


Seen = list[tuple[af.Surface, Path | None]]


def test_a_workspace_opens_in_the_window_and_so_does_nothing(bowl: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Path | None] = []
    monkeypatch.setattr(viewer, "start", started.append)
    assert run(["view", str(bowl)]) == 0
    assert run(["view"]) == 0
    assert started == [bowl, None]


def test_a_surface_is_shown_with_its_run(bowl: Path, shown: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", str(bowl), "--out", "b.npz"]) == 0
    capsys.readouterr()
    assert run(["view", "b.npz"]) == 0
    ((surface, out),) = shown
    assert out is None
    assert surface.loss.shape == (16, 16)
    assert surface.run is not None
    assert capsys.readouterr().out == ""


def test_a_workspace_is_trained_first(bowl: Path, shown: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["view", str(bowl), "--out", "b.png"]) == 0
    ((surface, out),) = shown
    assert out == Path("b.png")
    assert surface.run is not None and surface.run.steps == 20
    assert capsys.readouterr().out == "b.png\n"


def test_a_folder_takes_a_picture_beside_that_of_the_run(
    bowl: Path, shown: Seen, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["view", str(bowl), "--out", "workspaces/"]) == 0
    ((_, out),) = shown
    assert out == Path("workspaces") / "bowl-view.png"
    (Path("workspaces") / "bowl-view.png").write_bytes(b"dear to somebody")
    assert run(["view", str(bowl), "--out", "workspaces/"]) == 1
    assert "not written by Atlas Fast" in capsys.readouterr().err


def test_a_picture_is_made_off_screen(bowl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("vispy")
    if not findings._finished(findings._started("atlas_fast.commandline.opengl")).get("available"):
        pytest.skip("no OpenGL by EGL here")
    assert run(["run", str(bowl), "--out", "b.npz"]) == 0
    assert run(["view", "b.npz", "--out", "window.PNG"]) == 0
    assert capsys.readouterr().out.endswith("window.PNG\n")
    with Image.open("window.PNG") as picture:
        assert picture.info["Software"] == "Atlas Fast"
    shape = image.imread("window.PNG").shape
    assert shape[:2] == (960, 1280)


def test_what_cannot_be_shown_is_one_line(empty_folder: Path, shown: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.npz").write_bytes(b"PK")
    for arguments in (["view", "b.npz"], ["view", "none.npz"], ["view", "b.npz", "--out", "none/b.png"]):
        assert run(arguments) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert run(["view", "b.npz", "--out", "b.svg"]) == 2
    told = capsys.readouterr().err
    for suffix in exports.SUFFIXES:
        assert suffix in told
    assert run(["view", "--out", "b.png"]) == 2
    assert shown == []


Asked = list[tuple[str, Path, dict[str, object]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the viewer and the surface were asked to write, and how."""
    seen: Asked = []
    for name in ("picture", "turntable", "training_film"):
        monkeypatch.setattr(
            viewer, name, lambda surface, path, name=name, **options: seen.append((name, path, options))
        )
    return seen


def test_pictures_and_films_are_made_as_asked(bowl: Path, asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["a.png", "--size", "7680x4320", "--transparent"],
        ["a.gif"],
        ["a.mp4", "--seconds", "3", "--size", "640x480"],
        ["a.GIF", "--film"],
    ):
        assert run(["view", str(bowl), "--out", *arguments]) == 0
        assert capsys.readouterr().out == f"{arguments[0]}\n"
    assert asked == [
        ("picture", Path("a.png"), {"size": (7680, 4320), "transparent": True}),
        ("turntable", Path("a.gif"), {}),
        ("turntable", Path("a.mp4"), {"seconds": 3.0, "size": (640, 480)}),
        ("training_film", Path("a.GIF"), {}),
    ]


def test_a_look_is_handed_on_and_the_surface_has_what_it_needs(
    bowl: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[str, af.Surface, dict[str, object]]] = []

    def noted(name: str) -> Callable[..., None]:
        return lambda surface, path, **options: seen.append((name, surface, options))

    for name in ("picture", "turntable", "training_film"):
        monkeypatch.setattr(viewer, name, noted(name))
    monkeypatch.setattr(af.Surface, "export", noted("export"))
    dressed = ["--heights", "log", "--colouring", "curvature", "--colours", "magma"]
    where = ["--azimuth", "30", "--elevation", "10", "--zoom", "2", "--theme", "dark", "--no-contours"]
    assert run(["view", str(bowl), "--out", "a.png", *dressed, *where, "--moment", "0.5"]) == 0
    assert run(["view", str(bowl), "--out", "a.gif", "--film", "--above", "--streamlines"]) == 0
    assert run(["view", str(bowl), "--out", "a.html", *dressed, "--theme", "dark"]) == 0
    assert run(["view", str(bowl), "--out", "a.stl", "--limit", "3"]) == 0
    look = {"heights": "log", "colouring": "curvature", "colours": "magma"}
    assert [(name, options) for name, _, options in seen] == [
        (
            "picture",
            {**look, "theme": "dark", "contours": False, "azimuth": 30.0, "elevation": 10.0, "zoom": 2.0, "moment": 0.5,
             "transparent": False},
        ),
        ("training_film", {"above": True, "streamlines": True}),
        ("export", {**look, "theme": "dark"}),
        ("export", {"limit": 3.0}),
    ]  # fmt: skip
    assert [(surface.curvature is None, surface.gradient is None) for _, surface, _ in seen] == [
        (False, True),
        (True, False),
        (False, True),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a.stl", "--colouring", "slope"], "it is for --out FILE.png or FILE.gif or FILE.mp4 or FILE.vts"),
        (["a.html", "--above"], "it is for --out FILE.png or FILE.gif or FILE.mp4"),
        (["a.glb", "--no-contours"], "--no-contours"),
        (["a.gif", "--film", "--moment", "0.5"], "it is for --out FILE.png"),
        (["a.png", "--zoom", "near"], "--zoom"),
    ],
)
def test_a_choice_that_says_nothing_about_a_file_is_refused(
    bowl: Path, asked: Asked, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert run(["view", str(bowl), "--out", *arguments]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert asked == []


def test_a_choice_that_is_none_is_told_before_the_work(
    bowl: Path, asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["view", str(bowl), "--out", "a.png", "--heights", "lgo"]) == 2
    assert "heights is 'lgo', it must be one of 'clipped', 'linear', 'log'" in capsys.readouterr().err
    assert run(["view", str(bowl), "--out", "a.png", "--above", "--azimuth", "3"]) == 2
    assert "above=True looks straight down" in capsys.readouterr().err
    assert asked == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--size", "640x480"],
        ["--film"],
        ["--out", "a.png", "--film"],
        ["--out", "a.png", "--seconds", "3"],
        ["--out", "a.gif", "--transparent"],
        ["--out", "a.html", "--size", "640x480"],
        ["--out", "a.png", "--size", "640"],
        ["--out", "a.png", "--size", "-640x480"],
    ],
)
def test_options_of_another_kind_of_file(
    bowl: Path, asked: Asked, shown: Seen, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(["view", str(bowl), *arguments]) == 2
    assert "Invalid value for --" in capsys.readouterr().err
    assert asked == [] and shown == []


@pytest.mark.parametrize(
    ("suffix", "package", "begins"),
    [
        (".vts", "numpy", b"<?xml"),
        (".vtk", "numpy", b"# vtk DataFile"),
        (".glb", "trimesh", b"glTF"),
        (".stl", "trimesh", b""),
        (".html", "plotly", b"<!DOCTYPE html>"),
    ],
)
def test_every_other_kind_is_exported(
    bowl: Path, capsys: pytest.CaptureFixture[str], suffix: str, package: str, begins: bytes
) -> None:
    pytest.importorskip(package)
    Path(f"b{suffix}").write_bytes(b"named, and so written over")
    assert run(["view", str(bowl), "--out", f"b{suffix}"]) == 0
    assert capsys.readouterr().out == f"b{suffix}\n"
    content = Path(f"b{suffix}").read_bytes()
    assert content.startswith(begins)
    assert len(content) > 5000


def test_a_size_that_cannot_be_drawn_is_wrong_usage(bowl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for size, told in (("10x10", "size is 10, it must be 64 or more"), ("100000x100", "at most 8192 along a side")):
        assert run(["view", str(bowl), "--out", "b.png", "--size", size]) == 2
        assert told in capsys.readouterr().err.splitlines()[-1]
