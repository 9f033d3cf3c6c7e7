"""What the tests of exports share: surfaces of known heights, with and without a run, and a browser."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from atlas_fast.planes import Plane
from atlas_fast.surface import Surface
from atlas_fast.training import Run

SurfaceOf = Callable[..., Surface]


@pytest.fixture
def run_through() -> Callable[[np.ndarray], Run]:
    """Runs of two weights through some points (k, 2) of the bowl x^2 + y^2."""
    return lambda points: Run(
        points, (points**2).sum(axis=1), epochs=len(points) // 2, steps_per_epoch=2, optimizer="SGD(lr=0.1)", seed=0
    )


@pytest.fixture
def surface_of() -> SurfaceOf:
    """Surfaces whose heights are a function of (a, b), with derivatives of it, if they are given."""

    def made(
        height: Callable[..., np.ndarray],
        shape: tuple[int, int] = (30, 40),
        extent: tuple[float, float, float, float] = (-2.0, 2.0, -1.0, 2.0),
        dtype: str = "float32",
        **more: np.ndarray | str,
    ) -> Surface:
        a, b = np.linspace(*extent[:2], shape[1]), np.linspace(*extent[2:], shape[0])
        loss = np.broadcast_to(height(a[None, :], b[:, None]), shape).astype(dtype)
        plane = Plane(
            np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]), explained=(0.75, 0.2), labels=("PC 1", "PC 2")
        )
        weights: dict[str, tuple[int, ...]] = {"x": (1, 1), "y": (1, 1)}
        return Surface(a, b, loss, plane, "x^2 + y^2", "x^2 + y^2", weights, "a formula", **more)  # type: ignore[arg-type]

    return made


@pytest.fixture
def bowl(surface_of: SurfaceOf, run_through: Callable[[np.ndarray], Run]) -> Surface:
    """x^2 + y^2 with the path of a run from (-1.5, 1.5) towards the middle, off the plane by nothing."""
    surface = surface_of(lambda a, b: a * a + b * b)
    return surface.showing(run_through(np.outer(0.8 ** np.arange(21), [-1.5, 1.5])))


CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
"""What it is called, where it is installed."""

# Software OpenGL; as root, as in a container, Chromium does without its sandbox.
SWITCHES = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]

PROJECTED = """
([x, y, z]) => {
  const scene = document.querySelector('#scene')._fullLayout.scene._scene;
  const {model, view, projection} = scene.glplot.cameraParams;
  let at = [x * scene.dataScale[0], y * scene.dataScale[1], z * scene.dataScale[2], 1];
  for (const m of [model, view, projection]) {
    at = [0, 1, 2, 3].map(row => at.reduce((sum, value, k) => sum + m[4 * k + row] * value, 0));
  }
  const box = scene.container.getBoundingClientRect();
  return [box.left + (at[0] / at[3] + 1) / 2 * box.width, box.top + (1 - at[1] / at[3]) / 2 * box.height];
}
"""
"""Where on the page a point of the data is: as the matrices say that draw it."""

DRAWN = "() => document.querySelector('#scene')?._fullLayout?.scene?._scene?.glplot?.cameraParams"


class Page:
    """A page that is open. requests: the addresses that it asked for. complaints: errors on its console."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda told: self.complaints.append(told.text) if told.type == "error" else None)

    def open(self, path: Path) -> None:
        self.page.goto(path.as_uri())
        self.page.wait_for_function(DRAWN, timeout=60_000)

    def pixel(self, a: float, b: float, loss: float) -> tuple[float, float]:
        """Where a point of the surface is on the page."""
        x, y = self.page.evaluate(PROJECTED, [a, b, loss])
        return x, y

    def picture(self) -> np.ndarray:
        return np.asarray(Image.open(BytesIO(self.page.screenshot())).convert("RGB"))

    def hover(self, x: float, y: float) -> str:
        """What stands beside the mouse there, without its line breaks."""
        self.page.mouse.move(x - 4, y - 3)
        self.page.mouse.move(x, y, steps=3)
        label = self.page.wait_for_selector("#scene .hovertext", state="attached", timeout=20_000)
        self.page.wait_for_timeout(300)
        label = self.page.query_selector("#scene .hovertext") or label
        return " ".join(" | ".join(line.text_content() for line in label.query_selector_all("tspan.line")).split())

    def drag(self, start: tuple[float, float], across: float, down: float) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        # The page looks at the mouse once a frame, and software draws a few in a second.
        for share in np.linspace(0.0, 1.0, 4):
            self.page.mouse.move(start[0] + share * across, start[1] + share * down)
            self.wait_for_frames()
            self.page.wait_for_timeout(100)
        self.page.mouse.up()
        self.wait_for_frames()
        self.page.wait_for_timeout(500)

    def wait_for_frames(self) -> None:
        """Two: on a machine that is busy they take longer than any time that one would wait."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    @property
    def eye(self) -> dict[str, float]:
        """From where the scene is seen."""
        eye: dict[str, float] = self.page.evaluate(
            "() => document.querySelector('#scene')._fullLayout.scene._scene.getCamera().eye"
        )
        return eye


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, or a skip; where the tests are to vouch for the viewer (ATLAS_TEST_VIEWER), a failure."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None or importlib.util.find_spec("playwright") is None:
        told = "the page's tests need playwright and chromium"
        if os.environ.get("ATLAS_TEST_VIEWER"):
            pytest.fail(told)
        pytest.skip(told)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    """A page to open a file in."""
    opened = Page(browser.new_page(viewport={"width": 640, "height": 480}))
    yield opened
    opened.page.close()
