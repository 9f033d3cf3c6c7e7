"""Whether kernels compile and run here, and on which threads.

Run as a program it prints one JSON object: {"runs": true, "count": .., "seconds": ..}. `doctor` runs it as
a process of its own, since machine code that does not suit the machine ends the process.
"""

from __future__ import annotations

import json
import math
import time
from typing import Any

from ..kernels.cpu.driver import thread_count
from ..problem import Problem

SIDE = 2048
"""Vertices along a side: enough work for the driver to start every thread."""


def check() -> dict[str, Any]:
    """Compile a small loss, compute its surface on all threads, and compare one height with the formula."""
    began = time.perf_counter()
    surface = Problem("exp(x*y) + exp(x - y)").surface(resolution=SIDE, extent=1.0, progress=False)
    right = abs(float(surface.loss[0, 0]) - (math.e + 1)) < 1e-5
    return {
        "runs": right,
        "count": thread_count(),
        "seconds": round(time.perf_counter() - began, 3),
        **({} if right else {"reason": f"exp(1) + exp(0) came out as {surface.loss[0, 0]}"}),
    }


if __name__ == "__main__":
    print(json.dumps(check()))
