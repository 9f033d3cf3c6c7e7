"""What it costs to import the package, to ask the command for its help, and to go from an example's name to its
picture, or to the viewer's window on the screen, each in a fresh process.

    python -m benchmarks.startup [--runs N]

Prints medians beside the bounds that the project sets itself. A Python that does nothing is measured beside them: it is
part of every figure. The window appears on the display that the environment names, else on one of Xvfb; without
both, or without xdotool, which sees it appear, that line says so.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WINDOW_BOUND = 1.5

LONGEST = 60.0
"""Seconds after which a window that has not appeared counts as broken."""


def median_seconds(command: list[str], runs: int) -> float:
    """The median time of a command; its first run, which warms the caches, does not count."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(runs + 1):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, cwd=folder)
            times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


@contextmanager
def display() -> Iterator[str]:
    """The display that the environment names, else one of Xvfb; "" where there is none."""
    if os.environ.get("DISPLAY") or shutil.which("Xvfb") is None:
        yield os.environ.get("DISPLAY", "")
        return
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1000x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def seconds_to_window(command: str, runs: int, screen: str) -> float:
    """The median time of `atlas-fast view` until its window is on the screen; the first run does not count."""
    times = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # A user's own settings stay out of it, and on a display of X the window is seen by xdotool.
        around = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
        around |= {"DISPLAY": screen, "XDG_CONFIG_HOME": folder}
        for _ in range(runs + 1):
            start = time.perf_counter()
            viewer = subprocess.Popen(
                [command, "view"], env=around, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            seen = ["xdotool", "search", "--all", "--onlyvisible", "--pid", str(viewer.pid), "--name", "^Atlas Fast"]
            try:
                while subprocess.run(seen, env=around, capture_output=True).returncode:
                    if viewer.poll() is not None or time.perf_counter() - start > LONGEST:
                        raise SystemExit("atlas-fast view shows no window")
                times.append(time.perf_counter() - start)
            finally:
                viewer.kill()
                viewer.wait()
    return statistics.median(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description="import time and the command's start")
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    command = shutil.which("atlas-fast", path=Path(sys.executable).parent) or "atlas-fast"
    rows = {
        "python -c pass": ([sys.executable, "-c", "pass"], None),
        "import atlas_fast": ([sys.executable, "-c", "import atlas_fast"], 0.3),
        "atlas-fast --help": ([command, "--help"], 0.5),
        "atlas-fast example iris-sigmoid": ([command, "example", "iris-sigmoid"], 5.0),
    }
    print("| in a fresh process | median, s | bound, s |\n|---|--:|--:|")
    for name, (line, bound) in rows.items():
        print(f"| `{name}` | {median_seconds(line, runs):.3f} | {'' if bound is None else bound} |")
    with display() as screen:
        if screen and shutil.which("xdotool"):
            print(
                f"| `atlas-fast view`, its window | {seconds_to_window(command, runs, screen):.3f} | {WINDOW_BOUND} |"
            )
        else:
            print("\n`atlas-fast view` is left out: it needs a display or Xvfb, and xdotool")


if __name__ == "__main__":
    main()
