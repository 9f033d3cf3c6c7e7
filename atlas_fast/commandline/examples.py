"""`atlas-fast example`: the paper's examples, ready to run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .application import Json, Resolution, Seed
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
    from ..examples import Example


def _names(incomplete: str) -> list[str]:
    from ..examples import EXAMPLES

    return [name for name in EXAMPLES if name.startswith(incomplete)]


def example(
    name: Annotated[str | None, typer.Argument(help="Which example; none lists them.", autocompletion=_names)] = None,
    resolution: Resolution = 512,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        out_option(
            "FILE.png (.svg, .pdf): a picture. FILE.npz: the surface with its run. A folder: NAME.png in it, as in "
            "this one without --out."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train an example, make its surface and write it to a file."""
    from ..examples import EXAMPLES

    if name is None:
        _list(EXAMPLES, as_json)
        return
    if name not in EXAMPLES:
        raise typer.BadParameter(f"there is no example {name}: {', '.join(EXAMPLES)}", param_hint="NAME")
    if out is None or is_folder(out):
        targets = Targets(((out or Path()) / f"{name}.png",), named=False)
    else:
        check_suffix(out, *PICTURES, SURFACE)
        targets = Targets((out,), named=True)
    _make(name, EXAMPLES[name], resolution, seed, targets, as_json)


def _list(examples: dict[str, Example], as_json: bool) -> None:
    if as_json:
        print_object({name: row.about for name, row in examples.items()})
        return
    for name, row in examples.items():
        print(f"{name:<14} {row.about}")


def _make(name: str, row: Example, resolution: int, seed: int, targets: Targets, as_json: bool) -> None:
    targets.check()
    began = time.perf_counter()
    problem = row.problem()
    with without_warnings():
        run = row.train(problem, seed)
    surface = row.surface(problem, run, resolution)
    targets.write(surface)
    seconds = time.perf_counter() - began
    if as_json:
        print_object(
            {
                "example": name,
                "seed": seed,
                "epochs": run.epochs,
                "final_loss": float(run.loss[-1]),
                "resolution": list(surface.loss.shape),
                "surface_seconds": round(surface.seconds, 4),
                "seconds": round(seconds, 3),
                "file": str(targets),
                "messages": messages(run, surface),
            }
        )
        return
    tell_messages(run, surface)
    print(f"{name}: loss {run.loss[0]:.4g} -> {run.loss[-1]:.4g} in {run.steps:,} steps")
    print(f"{targets}: {sizes(surface)}, {seconds:.1f} s in all")
