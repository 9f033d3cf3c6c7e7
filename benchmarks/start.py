"""From nothing to the first surface on disk: whole processes, ours beside JAX, iris-sigmoid at 512 x 512, float32.

    python -m benchmarks.start [--resolution 512] [--rounds 3]

Each process reads data and plane from one file, computes the surface and saves it with np.save. Cold: every cache on
disk is empty, ours of kernels and Numba's of the driver. Warm: a process like it has run before. JAX is measured in
each of a few layouts, the best of which counts, and warm with its persistent compilation cache and without. The last
column is what a process says itself: seconds from after its imports to the surface.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cases
import numpy as np

BAR = 0.6
"""Seconds from after `import atlas_fast` to the first surface, warm."""

OURS = """
import sys, time
import numpy as np
import atlas_fast as af

start = time.perf_counter()
given = np.load(sys.argv[1])
problem = af.Problem(str(given["text"]), {name: given[name] for name in "XY"}, {"C": (16, 32)})
plane = af.Plane(given["center"], given["u"], given["v"])
surface = problem.surface(plane, int(sys.argv[3]), extent=1.0, progress=False)
print(time.perf_counter() - start)
np.save(sys.argv[2], surface.loss)
"""

JAX = """
import sys, time
import jax
import jax.numpy as jnp
import numpy as np

start = time.perf_counter()
given = np.load(sys.argv[1])
side, chunk, devices = (int(word) for word in sys.argv[3:6])
X, Y = (jnp.asarray(given[name], jnp.float32) for name in "XY")
plane = {n: [jnp.asarray(given[part + n], jnp.float32) for part in ("c_", "u_", "v_")] for n in "ABCDEF"}

def at_point(point):
    w = {n: c + point[0] * u + point[1] * v for n, (c, u, v) in plane.items()}
    first = jax.nn.sigmoid(w["E"] @ X + w["F"])
    second = jax.nn.sigmoid(w["C"] @ first + w["D"])
    return jnp.linalg.norm(jax.nn.softmax(w["A"] @ second + w["B"], axis=0) - Y)

axis = np.linspace(-1, 1, side, dtype=np.float32)
points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
over = lambda part: jax.lax.map(jax.vmap(at_point), part)
if devices == 1:
    found = jax.jit(over)(points.reshape(-1, chunk, 2))
else:
    found = jax.pmap(over)(points.reshape(devices, -1, chunk, 2))
loss = np.asarray(found).reshape(side, side)
print(time.perf_counter() - start)
np.save(sys.argv[2], loss)
"""


@dataclass(frozen=True)
class Process:
    """A program, its layout for JAX, and what its environment holds beside ours."""

    program: str
    layout: tuple[int, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """Where the input lies, the folder for outputs, and the points along each side."""

    given: Path
    folder: Path
    side: int

    @property
    def output(self) -> Path:
        return self.folder / "surface.npy"

    def run(self, process: Process) -> tuple[float, float]:
        """Seconds of the whole process, and those that it says itself."""
        layout = [str(number) for number in process.layout]
        command = [sys.executable, "-c", process.program, str(self.given), str(self.output), str(self.side), *layout]
        start = time.perf_counter()
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=self.folder,
            env={**os.environ, **process.environment},
        )  # fmt: skip
        return time.perf_counter() - start, float(done.stdout.split()[-1])


def prepare(side: int, folder: Path) -> Task:
    """The task's input: text, data and plane, whole for ours and by weight for JAX."""
    problem = cases.CASES["iris-sigmoid"].problem()
    parts = [cases.vector(problem, seed) for seed in range(3)]
    by_weight = {
        f"{part}_{name}": matrix
        for part, vector in zip("cuv", parts, strict=True)
        for name, matrix in problem.unpack(vector).items()
    }
    center, u, v = parts
    path = folder / "given.npz"
    np.savez(path, text=problem.expression, center=center, u=u, v=v, **problem.data, **by_weight)  # type: ignore[arg-type]
    return Task(path, folder, side)


def layouts(devices: int) -> list[tuple[int, int]]:
    """Chunks and devices that did best in the table of all cases."""
    return [(chunk, count) for count in sorted({1, devices}) for chunk in (64, 256)]


def jax_process(layout: tuple[int, int], cache: Path | None) -> Process:
    environment = {"XLA_FLAGS": f"--xla_force_host_platform_device_count={layout[1]}"}
    if cache is not None:
        environment |= {
            "JAX_COMPILATION_CACHE_DIR": str(cache),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
    return Process(JAX, layout, environment)


def ours(cache: Path) -> Process:
    return Process(OURS, (), {"ATLAS_CACHE_DIR": str(cache / "atlas"), "NUMBA_CACHE_DIR": str(cache / "numba")})


def measure(task: Task, rounds: int) -> dict[str, tuple[float, float]]:
    """Name -> medians of (whole process, from after its imports), all in turn."""
    cold, warm, jax_cache = (task.folder / name for name in ("cold", "warm", "jax"))
    every = layouts(os.cpu_count() or 1)

    def ours_cold() -> tuple[float, float]:
        shutil.rmtree(cold, ignore_errors=True)
        return task.run(ours(cold))

    work: dict[str, Callable[[], tuple[float, float]]] = {
        "ours, cold": ours_cold,
        "ours, warm": lambda: task.run(ours(warm)),
    }
    for layout in every:
        name = f"chunks of {layout[0]} on {layout[1]} device{'s' if layout[1] > 1 else ''}"
        plain, kept = jax_process(layout, None), jax_process(layout, jax_cache)
        work[f"JAX, no cache, {name}"] = lambda process=plain: task.run(process)  # type: ignore[misc]
        work[f"JAX, persistent cache, {name}"] = lambda process=kept: task.run(process)  # type: ignore[misc]
        task.run(kept)
    task.run(ours(warm))
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            times[name].append(run())
    return {
        name: (statistics.median(w for w, _ in found), statistics.median(s for _, s in found))
        for name, found in times.items()
    }


def table(times: dict[str, tuple[float, float]]) -> str:
    lines = ["| process | whole, s | after its imports, s |\n|---|--:|--:|"]
    lines += [f"| {name} | {whole:.2f} | {own:.2f} |" for name, (whole, own) in times.items()]
    jax_cold, jax_warm = (
        min(whole for name, (whole, _) in times.items() if name.startswith(kind))
        for kind in ("JAX, no cache", "JAX")
    )  # fmt: skip
    (cold, _), (warm, own) = times["ours, cold"], times["ours, warm"]
    lines.append(
        f"\nCold, JAX at its best takes {jax_cold / cold:.1f} times as long as ours; warm {jax_warm / warm:.1f} times. "
        f"Warm, ours takes {own:.2f} s from after its import; the bar is {BAR:g}: {'met' if own <= BAR else 'missed'}."
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="whole processes to the first surface on disk")
    parser.add_argument("--resolution", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.resolution**2 % (256 * (os.cpu_count() or 1)):
        parser.error("the points must fill whole chunks of 256 on every core: a resolution such as 512 does")
    with tempfile.TemporaryDirectory() as folder:
        task = prepare(arguments.resolution, Path(folder))
        print(table(measure(task, arguments.rounds)))


if __name__ == "__main__":
    main()
