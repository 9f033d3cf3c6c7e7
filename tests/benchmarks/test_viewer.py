"""The viewer's benchmark measures every column, and says which bars are met."""

import ctypes.util
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "viewer.py"


@pytest.mark.skipif(
    not os.environ.get("ATLAS_TEST_VIEWER")
    and (importlib.util.find_spec("vispy") is None or ctypes.util.find_library("EGL") is None),
    reason="the viewer's benchmark needs vispy and EGL",
)
def test_it_prints_a_row_an_engine_and_the_bars() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--sizes", "96", "--engines", "ours", "surfaceplot"],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    table, bars = done.stdout.split("\n\n")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    assert [row[:2] for row in rows] == [["96", "ours"], ["96", "SurfacePlot"]]
    for row, filled in zip(rows, (7, 5), strict=True):
        numbers = [float(cell.replace(",", "")) for cell in row[2:] if cell]
        assert len(numbers) == filled
        assert all(number > 0 for number in numbers[:-1])
    judged = [[cell.strip() for cell in line.strip("|").split("|")] for line in bars.strip().splitlines()[2:]]
    assert len(judged) == 5
    for _, measured, bar, verdict in judged:
        assert verdict == ("met" if float(measured.replace(",", "")) >= float(bar) else "missed")
