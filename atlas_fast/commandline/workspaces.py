"""`atlas-fast run` and `atlas-fast explain`: what a workspace file asks for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .application import GivenBackend, GivenResolution, GivenSeed, Json
from .output import (
    PICTURES,
    SURFACE,
    Targets,
    check_suffix,
    is_folder,
    messages,
    out_option,
    print_object,
    sizes,
    tell_messages,
    without_warnings,
)

if TYPE_CHECKING:
    from ..problem import Problem
    from ..surface import Surface
    from ..training import Run
    from ..workspace import Workspace

WorkspaceFile = Annotated[Path, typer.Argument(metavar="WORKSPACE", help="A workspace file, such as iris.toml.")]


@dataclass(frozen=True)
class Landscape:
    """What a workspace made. test_loss: at the end of training, on the samples kept for testing."""

    problem: Problem
    run: Run | None
    surface: Surface
    test_loss: float | None


def landscape(workspace: Workspace, backend: str = "auto", also: Mapping[str, bool] | None = None) -> Landscape:
    """Train a workspace and make its surface, with bars on a terminal. also: derivatives that it is to have,
    as Workspace.surface takes them."""
    problem = workspace.problem()
    test = workspace.test_problem(problem)
    with without_warnings():
        run = workspace.train(problem)
        surface = workspace.surface(problem, run, backend=backend, **(also or {}))
        test_loss = None if test is None or run is None else test.loss(run.final)
    return Landscape(problem, run, surface, test_loss)


def run(
    workspace: WorkspaceFile,
    out: Annotated[
        Path | None,
        out_option(
            "FILE: the surface goes to FILE.npz, its picture to FILE.png, or FILE.svg or FILE.pdf if that is "
            "given. A folder: they go into it under the workspace's name, as they go into this one without --out."
        ),
    ] = None,
    resolution: GivenResolution = None,
    seed: GivenSeed = None,
    backend: GivenBackend = "auto",
    as_json: Json = False,
) -> None:
    """Train a workspace, make its surface, write both to a file and a picture beside it."""
    from .. import arguments
    from ..workspace import Workspace

    backend = arguments.backend(backend, device="always")  # what is not there is told before the work
    targets = _targets(workspace, out)
    asked = Workspace.read(workspace).changed(seed, resolution)
    targets.check([workspace, *asked.files])
    began = time.perf_counter()
    made = landscape(asked, backend)
    targets.write(made.surface)
    seconds = time.perf_counter() - began
    if as_json:
        _print_object(workspace, made, targets, seconds)
        return
    tell_messages(made.run, made.surface)
    print(f"{workspace.name}: {_result(asked, made)}")
    print(f"{targets}: {sizes(made.surface)}, {seconds:.1f} s in all")


def _targets(workspace: Path, out: Path | None) -> Targets:
    if out is None or is_folder(out):
        whole = (out or Path()) / workspace.stem
        return Targets((Path(f"{whole}{SURFACE}"), Path(f"{whole}.png")), named=False)
    if out.suffix == "":
        out = out.with_name(f"{out.name}.npz")
    check_suffix(out, SURFACE, *PICTURES)
    if out.suffix.lower() == SURFACE:
        return Targets((out, out.with_suffix(".png")), named=True)
    return Targets((out.with_suffix(SURFACE), out), named=True)


def _result(workspace: Workspace, made: Landscape) -> str:
    run = made.run
    if run is None:
        return f"{made.problem.size:,} scalar weights, not trained"
    told = f"loss {run.loss[0]:.4g} -> {run.loss[-1]:.4g} in {run.steps:,} steps"
    if made.test_loss is None or workspace.samples.test is None:
        return told
    count = max(matrix.shape[1] for matrix in workspace.samples.test.values())
    return f"{told}, {made.test_loss:.4g} on the {count:,} samples kept for testing"


def _print_object(workspace: Path, made: Landscape, targets: Targets, seconds: float) -> None:
    run, surface = made.run, made.surface
    print_object(
        {
            "workspace": str(workspace),
            "seed": None if run is None else run.seed,
            "epochs": None if run is None else run.epochs,
            "final_loss": None if run is None else float(run.loss[-1]),
            "test_loss": made.test_loss,
            "resolution": list(surface.loss.shape),
            "surface_seconds": round(surface.seconds, 4),
            "seconds": round(seconds, 3),
            "file": str(targets.paths[0]),
            "picture": str(targets.paths[1]),
            "messages": messages(run, surface),
        }
    )


def explain(
    workspace: WorkspaceFile,
    code: Annotated[bool, typer.Option("--code", help="The LLVM IR and the assembly, too.")] = False,
    gradient: Annotated[bool, typer.Option("--gradient", help="Of the surface with its derivatives.")] = False,
    no_measure: Annotated[
        bool, typer.Option("--no-measure", help="Without what is timed: the same text each time.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what the compiler makes of a workspace: the program, what is hoisted, the plan, the cost of a point."""
    from ..workspace import Workspace

    problem = Workspace.read(workspace).problem()
    explanation = problem.explain(measure=not no_measure, code=code, gradient=gradient)
    if not as_json:
        print(explanation)
        return
    print_object(
        {
            "workspace": str(workspace),
            "expression": problem.expression,
            "data": {name: list(matrix.shape) for name, matrix in problem.data.items()},
            "weights": {name: list(shape) for name, shape in problem.weights.items()},
            "size": problem.size,
            "explanation": explanation,
        }
    )
