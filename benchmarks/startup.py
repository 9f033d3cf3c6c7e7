"""What it costs to import the package and to ask the command for its help, each in a fresh process.

    python benchmarks/startup.py [--runs N]

Prints medians. A Python that does nothing is measured beside them: it is part of every figure.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path


def median_seconds(command: list[str], runs: int) -> float:
    """The median time of a command; its first run, which warms the disk's cache, does not count."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description="import time and the command's start")
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    command = shutil.which("atlas-fast", path=Path(sys.executable).parent) or "atlas-fast"
    rows = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import atlas_fast": [sys.executable, "-c", "import atlas_fast"],
        "atlas-fast --help": [command, "--help"],
    }
    print("| in a fresh process | median, s |\n|---|--:|")
    for name, line in rows.items():
        print(f"| `{name}` | {median_seconds(line, runs):.3f} |")


if __name__ == "__main__":
    main()
