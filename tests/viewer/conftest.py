"""What pictures and windows are tested with: surfaces of known heights, EGL, and a display of one's own."""

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atlas_fast.planes import Plane
from atlas_fast.surface import Surface
from atlas_fast.training import Run


def needed(missing: list[str]) -> None:
    """Skip where something is missing; where the tests are to vouch for the viewer (ATLAS_TEST_VIEWER), fail."""
    if not missing:
        return
    told = f"the viewer's tests need {', '.join(missing)}"
    if os.environ.get("ATLAS_TEST_VIEWER"):
        pytest.fail(told)
    pytest.skip(told)


@pytest.fixture(scope="session")
def extra() -> None:
    needed([name for name in ("vispy", "PySide6") if importlib.util.find_spec(name) is None])


@pytest.fixture(scope="session")
def application(extra: None) -> Any:
    """Qt. Plain widgets need no display."""
    from PySide6.QtWidgets import QApplication

    found = QApplication.instance() or QApplication(["panel", "-platform", "offscreen"])
    found.setStyle("Fusion")
    return found


@pytest.fixture(scope="session")
def egl(extra: None) -> None:
    needed([f"lib{name}" for name in ("EGL", "GL", "fontconfig") if ctypes.util.find_library(name) is None])


@pytest.fixture
def display(egl: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of an X display that is nobody else's."""
    needed([name for name in ("Xvfb", "xdotool") if shutil.which(name) is None])
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            name = f":{told.readline().strip()}"
        assert name != ":", "Xvfb did not start"
        yield name
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.fixture
def surface_of() -> Callable[..., Surface]:
    """Surfaces whose heights are a function of (a, b), on an extent (a0, a1, b0, b1) of rows x columns vertices."""

    def made(
        height: Callable[..., np.ndarray],
        shape: tuple[int, int] = (60, 80),
        extent: tuple[float, float, float, float] = (-2.0, 2.0, -1.0, 2.0),
        dtype: str = "float32",
    ) -> Surface:
        a, b = np.linspace(*extent[:2], shape[1]), np.linspace(*extent[2:], shape[0])
        loss = np.broadcast_to(height(a[None, :], b[:, None]), shape).astype(dtype)
        plane = Plane(np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
        weights: dict[str, tuple[int, ...]] = {"x": (1, 1), "y": (1, 1)}
        return Surface(a, b, loss, plane, "x^2 + y^2", "x^2 + y^2", weights, "a test's formula")

    return made


@pytest.fixture(scope="session")
def bowl_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bowl's surface with its run, in a file."""
    from atlas_fast.examples import EXAMPLES

    example = EXAMPLES["bowl"]
    problem = example.problem()
    run = example.train(problem, progress=False)
    path = tmp_path_factory.mktemp("surfaces") / "bowl.npz"
    example.surface(problem, run, resolution=64, progress=False).save(path)
    return path


@pytest.fixture
def scene_of(egl: None) -> Iterator[Callable[..., Any]]:
    """Scenes of surfaces off screen, of 640 x 480 or another size, without the supersampling of a picture: a pixel is a
    pixel."""
    from atlas_fast.viewer import offscreen
    from atlas_fast.viewer.drawing.scene import Scene

    with ExitStack() as opened:

        def made(surface: Surface, *how: Any, size: tuple[int, int] = (640, 480), **more: Any) -> Any:
            return Scene(opened.enter_context(offscreen.canvas(size)), surface, 1.0, *how, **more)

        yield made


@pytest.fixture
def colours_at() -> Callable[..., np.ndarray]:
    """Of a scene, the colours (k, 3) in [0, 1] where points (k,) of its surface are seen."""

    def found(scene: Any, a: np.ndarray, b: np.ndarray, loss: np.ndarray) -> np.ndarray:
        columns, rows = np.floor(scene.pixel(scene.box.points(a, b, loss))).astype(int).T
        return scene.picture()[rows, columns] / 255.0

    return found


@pytest.fixture
def run_of() -> Callable[..., Run]:
    """Runs through points (k, 2) of a plane whose directions are the two weights, with losses of a formula."""

    def made(points: Any, loss: Callable[..., np.ndarray], steps_per_epoch: int = 1) -> Run:
        weights = np.asarray(points, np.float64)
        losses = np.asarray(loss(*weights.T), np.float64)
        return Run(weights, losses, len(weights) - 1, steps_per_epoch, "SGD(lr=0.1)", 0)

    return made
