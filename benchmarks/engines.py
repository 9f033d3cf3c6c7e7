"""One surface, iris-small, by every way that is at hand: ours, JAX, JAX hoisted by hand, PyTorch, NumPy, TensorFlow.js.

    python -m benchmarks.engines [--resolution 256] [--rounds 5] [--points 500] [--skip ENGINE ...]

Each is at its best: of the sizes of a chunk the fastest counts. NumPy and TensorFlow.js compute --points of the grid,
point by point, and their time is scaled to all of it. TensorFlow.js under Node, with its WASM back end, is the
engine of the 2019 original, and is used as that used it: one evaluation and one await per point. What is not
installed is skipped, and the table says so.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cases
import contest
import jax_surface
import numpy as np

from atlas_fast.language import parse

BAR = 400
"""How many times faster than the original's way iris-small's surface is to be."""

ORIGINAL = Path(__file__).parent / "original"

HOISTED = "||softmax((A*sigmoid(C*sigmoid(H)+D)+B)^T)-Y^T||_2"
"""The loss of iris-small with its first layer H = E*X + F taken for a weight: it is affine in the weights, too."""


class Skipped(Exception):
    """An engine that cannot be measured here; the message says why, and what would mend it."""


@dataclass(frozen=True)
class Measured:
    """seconds: for the whole grid; ours: ours in the same rounds. apart: largest difference from our losses, relative
    to the largest."""

    seconds: float
    ours: float
    how: str
    apart: float


@dataclass(frozen=True)
class Task:
    """The surface, how we compute it, our losses of it (rows, columns), and how much of it slow engines are to do."""

    place: contest.Landscape
    compute: Callable[[], contest.Array]
    ours: contest.Array
    rounds: int
    points: int

    @property
    def grid(self) -> contest.Array:
        """All points (n, 2), rows along b."""
        a, b = np.meshgrid(self.place.a, self.place.b)
        return np.stack([a.ravel(), b.ravel()], axis=-1)

    def sample(self) -> contest.Array:
        """Numbers of the points that a slow engine computes."""
        return np.random.default_rng(0).choice(self.ours.size, min(self.points, self.ours.size), replace=False)


def jax_engine(task: Task) -> Measured:
    return _jax(task, task.place)


def hoisted(task: Task) -> Measured:
    """JAX, the first layer computed once for the plane, as a person who knows would write it."""

    def moved(part: Mapping[str, contest.Array]) -> dict[str, contest.Array]:
        kept = {name: part[name] for name in "ABCD"}
        return {**kept, "H": part["E"] @ task.place.data["X"] + part["F"]}

    place = task.place
    data = {"Y": place.data["Y"]}
    root = parse(HOISTED, [*data, *"ABCDH"]).root
    center, u, v = (moved(part) for part in (place.center, place.u, place.v))
    return _jax(task, replace(place, root=root, data=data, center=center, u=u, v=v))


def _jax(task: Task, place: contest.Landscape) -> Measured:
    variants = jax_surface.variants(jax_surface.device_count(), points=task.ours.size)
    surfaces = [contest.rival(place, variant) for variant in variants]
    for surface in surfaces:
        surface.compute()
    (ours,), (times,) = contest.in_turn([task.compute], [[surface.compute for surface in surfaces]], task.rounds)
    best = contest.fastest(times)
    apart = _apart(task, surfaces[best].values()[0])
    return Measured(times[best].median, ours.median, str(variants[best]), apart)


def _torch_loss(torch: Any, data: Mapping[str, Any], plane: Any) -> Callable[[Any], Any]:
    """points (n, 2) -> losses (n,), by torch.func.vmap over the points."""

    def at_point(point: Any) -> Any:
        w = {name: center + point[0] * u + point[1] * v for name, (center, u, v) in plane.items()}
        first = torch.sigmoid(w["E"] @ data["X"] + w["F"])
        second = torch.sigmoid(w["C"] @ first + w["D"])
        classes = torch.softmax(w["A"] @ second + w["B"], dim=0)
        return torch.linalg.vector_norm(classes - data["Y"])

    found: Callable[[Any], Any] = torch.func.vmap(at_point)
    return found


def torch_engine(task: Task, compiled: bool = False) -> Measured:
    """PyTorch; compiled: by torch.compile, which wants a C++ compiler."""
    try:
        import torch
    except ImportError:
        raise Skipped("PyTorch is not installed: pip install torch") from None
    if compiled and not (shutil.which("g++") or shutil.which("clang++")):
        raise Skipped("torch.compile wants a C++ compiler, and there is none")

    def tensor(array: contest.Array) -> Any:
        return torch.tensor(np.asarray(array), dtype=torch.float32)

    place = task.place
    plane = {n: tuple(tensor(part[n]) for part in (place.center, place.u, place.v)) for n in place.center}
    loss = _torch_loss(torch, {name: tensor(array) for name, array in place.data.items()}, plane)
    points = tensor(task.grid)

    def surface(chunk: int, function: Callable[[Any], Any]) -> Callable[[], Any]:
        def compute() -> Any:
            with torch.no_grad():
                return torch.cat([function(part) for part in torch.split(points, chunk)])

        return compute

    chunks = [chunk for chunk in jax_surface.CHUNKS if chunk <= len(points) and (chunk >= 64 or not compiled)]
    functions = [surface(chunk, torch.compile(loss, dynamic=False) if compiled else loss) for chunk in chunks]
    for function in functions:
        function()
    (ours,), (times,) = contest.in_turn([task.compute], [functions], task.rounds)
    best = contest.fastest(times)
    found = functions[best]().numpy().reshape(task.ours.shape)
    how = f"chunks of {chunks[best]}, {torch.get_num_threads()} threads"
    return Measured(times[best].median, ours.median, how, _apart(task, found))


def torch_compiled(task: Task) -> Measured:
    return torch_engine(task, compiled=True)


def numpy_engine(task: Task) -> Measured:
    """NumPy in float32, point by point, written by hand."""
    place, chosen = task.place, task.sample()
    X, Y = (place.data[name].astype(np.float32) for name in "XY")
    parts = [{n: part[n].astype(np.float32) for n in part} for part in (place.center, place.u, place.v)]

    def sigmoid(x: contest.Array) -> contest.Array:
        return 1 / (1 + np.exp(-x))

    def loss(a: np.float32, b: np.float32) -> np.floating[Any]:
        w = {name: parts[0][name] + a * parts[1][name] + b * parts[2][name] for name in parts[0]}
        logits = w["A"] @ sigmoid(w["C"] @ sigmoid(w["E"] @ X + w["F"]) + w["D"]) + w["B"]
        raised = np.exp(logits - logits.max(axis=0))
        return np.linalg.norm(raised / raised.sum(axis=0) - Y)

    points = task.grid[chosen].astype(np.float32)
    found: list[Any] = []

    def compute() -> None:
        found[:] = [loss(a, b) for a, b in points]

    compute()
    (ours,), ((times,),) = contest.in_turn([task.compute], [[compute]], task.rounds)
    each = times.median / len(points)
    how = f"{len(points)} points, {each * 1e6:.0f} us each, scaled"
    return Measured(each * task.ours.size, ours.median, how, _apart(task, np.array(found), chosen))


def tensorflow_js(task: Task) -> Measured:
    """The original's way, in Node, as a process of its own."""
    node = shutil.which("node")
    if node is None:
        raise Skipped("Node is not installed")
    if not (ORIGINAL / "node_modules").is_dir():
        raise Skipped("TensorFlow.js is not installed: npm install --prefix benchmarks/original")
    place, chosen = task.place, task.sample()
    given = {
        "data": {name: array.tolist() for name, array in place.data.items()},
        "planes": {n: [part[n].tolist() for part in (place.center, place.u, place.v)] for n in place.center},
        "points": task.grid[chosen].tolist(),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "surface.json"
        path.write_text(json.dumps(given), encoding="utf-8")
        command = [node, str(ORIGINAL / "surface.mjs"), str(path)]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Skipped(f"Node failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    each = answer["seconds"] / len(chosen)
    how = f"{len(chosen)} points, {each * 1e6:.0f} us each, scaled"
    (ours,), _ = contest.in_turn([task.compute], [], task.rounds)
    return Measured(each * task.ours.size, ours.median, how, _apart(task, np.array(answer["losses"]), chosen))


def _apart(task: Task, found: contest.Array, chosen: contest.Array | None = None) -> float:
    ours = task.ours if chosen is None else task.ours.ravel()[chosen]
    return contest.deviation(ours, found)


ENGINES: dict[str, tuple[str, Callable[[Task], Measured]]] = {
    "jax": ("JAX", jax_engine),
    "hoisted": ("JAX, first layer hoisted by hand", hoisted),
    "torch": ("PyTorch, torch.func.vmap", torch_engine),
    "torch-compile": ("PyTorch, torch.compile of that", torch_compiled),
    "numpy": ("NumPy, point by point", numpy_engine),
    "original": ("TensorFlow.js, the original's way", tensorflow_js),
}


def rows(task: Task, skip: list[str]) -> Iterator[str]:
    yield "| engine | ms | ours, ms | times as long | how | from ours |\n|---|--:|--:|--:|---|--:|"
    for key, (name, measure) in ENGINES.items():
        try:
            if key in skip:
                raise Skipped("not asked for")
            found = measure(task)
        except Skipped as reason:
            yield f"| {name} | | | | skipped: {reason} | |"
            continue
        ratio = found.seconds / found.ours
        times = f"{found.seconds * 1e3:,.1f} | {found.ours * 1e3:,.1f} | {ratio:,.1f}"
        yield f"| {name} | {times} | {found.how} | {found.apart:.0e} |"
        if key == "original":
            met = "met" if ratio >= BAR else "missed"
            yield f"\nThe bar is {BAR} times as fast as the original's way: {met}."


def main() -> None:
    parser = argparse.ArgumentParser(description="iris-small's surface by every engine at hand")
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--points", type=int, default=500, help="points that the slow engines compute")
    parser.add_argument("--skip", nargs="*", default=[], choices=list(ENGINES), metavar="ENGINE")
    arguments = parser.parse_args()
    contest.prepare()
    contest.start_driver()
    case = cases.CASES["iris-small"]
    place = cases.landscape(case.problem(), case.name, arguments.resolution)
    compute = contest.surface(place)
    task = Task(place, compute, compute()[0], arguments.rounds, arguments.points)
    print(f"iris-small at {arguments.resolution} x {arguments.resolution}, float32:\n")
    for line in rows(task, arguments.skip):
        print(line, flush=True)


if __name__ == "__main__":
    main()
