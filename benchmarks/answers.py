"""How soon the viewer's window answers: from Surface to a coarse surface on the screen, and from Stop to the end of the
work while tiles come.

    python -m benchmarks.answers [--resolutions 512 1024 2048 4096] [--runs 5]

Prints medians of a surface of iris-sigmoid, whose kernel is compiled before. On the display that the environment names,
else on one of Xvfb, where a frame is drawn by software.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from startup import display

BARS = 100, 200
"""Milliseconds to a coarse surface, and to the end of the work after Stop."""

LOSS = "||A*sigmoid(B*sigmoid(C*X + D) + E) + F - Y||_2"

LONGEST = 60.0
"""Seconds after which a window counts as one that does not answer."""


def document(resolution: int, number: int) -> dict[str, object]:
    """A workspace whose surface is not one that was seen before."""
    return {
        "loss": LOSS,
        "data": {name: {"dataset": "iris", "part": name} for name in "XY"},
        "weights": {"C": [32, 4], "B": [16, 32]},
        "surface": {"resolution": resolution, "plane": "random", "extent": 1.0 + 0.01 * number},
    }


class Watched:
    """A window with one workspace, whose event loop this drives."""

    def __init__(self) -> None:
        from PySide6.QtCore import QCoreApplication, Qt
        from PySide6.QtWidgets import QApplication

        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
        self.application = QApplication([])
        from atlas_fast.viewer.window.application import Window

        self.window = Window()
        self.window.resize(1400, 900)
        self.window.show()
        self.tab = self.window.add_workspace()
        assert self.tab.panel is not None
        self.panel = self.tab.panel
        self.frames = 0
        self.tab.canvas.native.frameSwapped.connect(self._drawn)

    def _drawn(self) -> None:
        self.frames += 1

    def until(self, done: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + LONGEST
        while not done():
            if time.monotonic() > end:
                raise SystemExit(f"the window does not answer: {what}")
            self.application.processEvents()
            time.sleep(0.0005)

    def rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end, "rest")

    def make(self, resolution: int, number: int, whole: bool) -> tuple[float, float]:
        """Milliseconds from Surface to the first frame of it, and from Stop to the end of the work; whole: of a surface
        that is not stopped, and 0."""
        tab = self.tab
        tab.open(document(resolution, number))
        self.rest(3.0)  # what was seen before is drawn with all its vertices
        self.frames, begun = 0, time.perf_counter()
        self.panel.make.click()
        self.until(lambda: (self.frames > 0 and tab.canvas.coarse) or not tab.work.busy, "no surface")
        coarse = time.perf_counter() - begun
        if whole:
            self.until(lambda: not tab.work.busy, "it goes on")
            self.rest(0.5)
            return 1e3 * coarse, 0.0
        self.rest(0.4)  # tiles come
        if not tab.work.busy:
            raise SystemExit(f"a surface of {resolution} x {resolution} was there before it could be stopped")
        begun = time.perf_counter()
        self.panel.stop.click()
        self.until(lambda: not tab.work.busy, "it goes on")
        return 1e3 * coarse, 1e3 * (time.perf_counter() - begun)


def measure(resolutions: list[int], runs: int) -> None:
    watched, number = Watched(), 0
    watched.make(64, 0, whole=True)  # what is loaded and compiled once
    watched.make(300, 0, whole=True)
    print("| vertices | coarse surface, ms | | after Stop, ms | |\n|--:|--:|---|--:|---|")
    for resolution in resolutions:
        found = []
        for _ in range(runs):
            number += 1
            found.append(watched.make(resolution, number, whole=False))
        cells = []
        for times, bar in zip(zip(*found, strict=True), BARS, strict=True):
            median = statistics.median(times)
            cells.append(f"{median:.0f} | {'met' if median <= bar else 'missed'}")
        print(f"| {resolution} | {' | '.join(cells)} |", flush=True)
    print(f"\nThe bars are {BARS[0]} and {BARS[1]} ms.", flush=True)
    os._exit(0)  # as a window's thread may still be at work


def main() -> None:
    parser = argparse.ArgumentParser(description="how soon the viewer's window answers")
    parser.add_argument("--resolutions", type=int, nargs="*", default=[512, 1024, 2048, 4096])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.here:
        measure(chosen.resolutions, chosen.runs)
    with display() as screen, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if not screen:
            raise SystemExit("the window needs a display, or Xvfb")
        around = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
        around |= {"DISPLAY": screen, "XDG_CONFIG_HOME": folder, "QT_LOGGING_RULES": "*=false"}
        command = [sys.executable, __file__, "--here", "--runs", str(chosen.runs), "--resolutions"]
        sys.exit(subprocess.run([*command, *map(str, chosen.resolutions)], env=around).returncode)


if __name__ == "__main__":
    main()
