"""What cannot be shown is refused in one line that says what would work."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import atlas_fast as af
from atlas_fast.surface import Surface

Made = Callable[..., Surface]

SHOW = """
import sys, atlas_fast as af
try:
    af.load(sys.argv[1]).show()
except af.AtlasError as error:
    print(error)
"""


def told(code: str, path: Path, environment: dict[str, str]) -> str:
    """What a process prints, in an environment of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_line_is_drawn_by_plot(tmp_path: Path) -> None:
    surface = af.Problem("(x - 1)^2").surface(resolution=20, progress=False)
    with pytest.raises(af.ArgumentError, match=r"surface\.plot\(\)"):
        surface.show()
    with pytest.raises(af.ArgumentError, match=r"surface\.plot\(\)"):
        _picture(surface, tmp_path / "line.png")


def _picture(surface: object, path: Path, size: object = (1280, 960)) -> None:
    from atlas_fast.viewer import picture

    picture(surface, path, size)  # type: ignore[arg-type]


def test_what_is_no_surface_is_named(tmp_path: Path) -> None:
    with pytest.raises(af.ArgumentError, match="surface is a str"):
        _picture("s.npz", tmp_path / "x.png")


@pytest.mark.parametrize("size", [(0, 100), (1280,), "1280x960", (100_000, 100), (640.5, 480)])
def test_a_size_that_cannot_be_drawn(surface_of: Made, tmp_path: Path, size: object) -> None:
    with pytest.raises(af.ArgumentError, match="size is"):
        _picture(surface_of(lambda a, b: a * b), tmp_path / "x.png", size)


def test_a_picture_of_another_kind(surface_of: Made, tmp_path: Path) -> None:
    with pytest.raises(af.ArgumentError, match=r"\.png"):
        _picture(surface_of(lambda a, b: a * b), tmp_path / "x.jpg")


def test_a_folder_that_is_not_there(surface_of: Made, tmp_path: Path, egl: None) -> None:
    with pytest.raises(af.StoreError, match="No such file"):
        _picture(surface_of(lambda a, b: a * b), tmp_path / "none" / "x.png", (80, 64))


def test_without_the_extra_it_is_named(bowl_file: Path) -> None:
    for package in ("vispy", "PySide6"):
        without = f"import sys; sys.modules[{package!r}] = None\n"
        if package == "vispy":
            without += "sys.modules['vispy.scene'] = None\n"
        line = told(without + SHOW, bowl_file, {"DISPLAY": ":0"})
        assert "pip install 'atlas-fast[viewer]'" in line
        assert "\n" not in line


def test_without_a_display_the_way_out_is_told(bowl_file: Path, extra: None) -> None:
    line = told(SHOW, bowl_file, {})
    assert "DISPLAY" in line
    assert "--out picture.png" in line
    assert "\n" not in line


def test_a_display_that_does_not_answer_does_not_end_the_process(bowl_file: Path, egl: None) -> None:
    line = told(SHOW, bowl_file, {"DISPLAY": ":64321"})
    assert "could not connect to display" in line
    assert "--out picture.png" in line
    assert "\n" not in line


def test_a_platform_that_qt_does_not_have(bowl_file: Path, egl: None) -> None:
    line = told(SHOW, bowl_file, {"DISPLAY": ":0", "QT_QPA_PLATFORM": "none-such"})
    assert line.startswith("no window can be opened")
    assert "\n" not in line


def test_without_egl_the_packages_are_named(bowl_file: Path, tmp_path: Path, egl: None) -> None:
    code = (
        "import sys, atlas_fast as af\nfrom atlas_fast.viewer import picture\n"
        "sys.modules['vispy.ext.egl'] = None\n"
        "try:\n    picture(af.load(sys.argv[1]), 'x.png')\nexcept af.AtlasError as error:\n    print(error)"
    )
    line = told(code, bowl_file, {})
    assert "libegl1" in line
    assert "surface.plot()" in line
    assert "\n" not in line


def test_without_egl_a_window_that_is_never_shown_serves(bowl_file: Path, tmp_path: Path, display: str) -> None:
    code = (
        "import sys, atlas_fast as af\nfrom atlas_fast.viewer import picture\n"
        f"sys.modules['vispy.ext.egl'] = None\npicture(af.load(sys.argv[1]), {str(tmp_path / 'x.png')!r}, (160, 120))"
    )
    assert told(code, bowl_file, {"DISPLAY": display}) == ""
    assert np.asarray(Image.open(tmp_path / "x.png")).std() > 10


def test_a_display_that_is_gone_does_not_matter_to_a_picture(bowl_file: Path, tmp_path: Path, egl: None) -> None:
    code = (
        "import sys, atlas_fast as af\nfrom atlas_fast.viewer import picture\n"
        f"picture(af.load(sys.argv[1]), {str(tmp_path / 'x.png')!r}, (160, 120))"
    )
    assert told(code, bowl_file, {"DISPLAY": ":64321"}) == ""
    assert np.asarray(Image.open(tmp_path / "x.png")).std() > 10


def test_drawing_leaves_the_environment_as_it_was(bowl_file: Path, tmp_path: Path, egl: None) -> None:
    code = (
        "import os, sys, atlas_fast as af\nfrom atlas_fast.viewer import picture\n"
        f"picture(af.load(sys.argv[1]), {str(tmp_path / 'x.png')!r}, (80, 64))\nprint('EGL_PLATFORM' in os.environ)"
    )
    assert told(code, bowl_file, {}) == "False"
    assert (tmp_path / "x.png").exists()
