"""What it costs to import the package, to ask the command for its help, and to go from an example's name to its
picture, each in a fresh process.

    python -m benchmarks.startup [--runs N]

Prints medians beside the bounds that the project sets itself. A Python that does nothing is measured beside them: it is
part of every figure.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def median_seconds(command: list[str], runs: int) -> float:
    """The median time of a command; its first run, which warms the caches, does not count."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(runs + 1):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, cwd=folder)
            times.append(time.perf_counter() - start)
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


if __name__ == "__main__":
    main()
