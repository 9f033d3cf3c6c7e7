"""How soon Ctrl-C and a cancel are heard in the middle of work on 1e6 samples, each in a fresh process.

    python benchmarks/stopping.py [--runs N]

Prints the longest of the runs, which is to be below 0.2 s. The programs are those of tests/library/test_stopping.py.
"""

import argparse
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "tests" / "library" / "stopping.py"


def main() -> None:
    parser = argparse.ArgumentParser(description="how soon work on 1e6 samples stops")
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print("| in the middle of | Ctrl-C, s | progress returns False, s |\n|---|--:|--:|")
    for what in ("surface", "training"):
        cells = []
        for how in ("signal", "progress"):
            command = [sys.executable, str(SCRIPT), what, how]
            times = [float(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(runs)]
            cells.append(f"{max(times):.3f}")
        print(f"| {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
