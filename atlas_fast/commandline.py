"""The command `atlas-fast`.

Exit status 0; 1 for a failure, explained in one line; 2 for wrong usage; 130 after Ctrl-C. Modules load when
a command needs them, so that --help is quick.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import __version__

if TYPE_CHECKING:
    from .examples import Example
    from .surface import Surface

SUFFIXES = (".png", ".npz")

INTERRUPTED = 130
"""128 + SIGINT, as shells report Ctrl-C; typer returns it where it meets the interrupt first."""

app = typer.Typer(
    name="atlas-fast",
    help="Loss landscapes from the formula of the loss.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        print(f"atlas-fast {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Loss landscapes from the formula of the loss."""


@app.command()
def example(
    name: Annotated[str | None, typer.Argument(help="Which example; none lists them.")] = None,
    resolution: Annotated[int, typer.Option(min=2, max=8192, help="Vertices along each side.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the starting weights.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="FILE.png: a picture. FILE.npz: the surface with its run. Without it: NAME.png."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object and nothing else.")] = False,
) -> None:
    """Train an example, make its surface and write it to a file."""
    from .examples import EXAMPLES

    if name is None:
        _listed(EXAMPLES, as_json)
        return
    if name not in EXAMPLES:
        raise typer.BadParameter(f"there is no example {name}: {', '.join(EXAMPLES)}", param_hint="NAME")
    target = Path(f"{name}.png") if out is None else out
    if target.suffix not in SUFFIXES:
        raise typer.BadParameter(f"{target} must end in {' or '.join(SUFFIXES)}", param_hint="--out")
    _run(name, EXAMPLES[name], resolution, seed, target, as_json)


def _listed(examples: dict[str, Example], as_json: bool) -> None:
    if as_json:
        print(json.dumps({name: row.about for name, row in examples.items()}))
        return
    for name, row in examples.items():
        print(f"{name:<14} {row.about}")


def _run(name: str, row: Example, resolution: int, seed: int, target: Path, as_json: bool) -> None:
    from .errors import StoreError

    if not target.parent.is_dir():
        raise StoreError(f"cannot write {target}: there is no folder {target.parent}")
    began = time.perf_counter()
    problem = row.problem()
    with warnings.catch_warnings():
        # The run's message says what the warning would.
        warnings.simplefilter("ignore", RuntimeWarning)
        run = row.train(problem, seed)
    surface = row.surface(problem, run, resolution)
    _write(surface, target)
    seconds = time.perf_counter() - began
    if as_json:
        told = {
            "example": name,
            "seed": seed,
            "epochs": run.epochs,
            "final_loss": float(run.loss[-1]),
            "resolution": list(surface.loss.shape),
            "surface_seconds": round(surface.seconds, 4),
            "seconds": round(seconds, 3),
            "file": str(target),
            "messages": [text for text in (run.message, surface.message) if text],
        }
        print(json.dumps(told))
        return
    for text in (run.message, surface.message):
        if text:
            print(f"atlas-fast: {text}", file=sys.stderr)
    rows, columns = surface.loss.shape
    print(f"{name}: loss {run.loss[0]:.4g} -> {run.loss[-1]:.4g} in {run.steps:,} steps")
    print(f"{target}: {rows} x {columns} vertices, surface {surface.seconds:.2f} s, {seconds:.1f} s in all")


def _write(surface: Surface, target: Path) -> None:
    if target.suffix == ".npz":
        surface.save(target)
        return
    from .storage import write

    figure = surface.plot()
    write(target, lambda file: figure.savefig(file, format="png"))


def main() -> None:
    """The entry point: runs the command and exits with its status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command with these arguments; return its exit status."""
    command = typer.main.get_command(app)
    try:
        status = command.main(args=arguments, prog_name="atlas-fast", standalone_mode=False)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception as error:
        status = _explained(error)
    if status == INTERRUPTED:
        print("atlas-fast: stopped", file=sys.stderr)
    return status if isinstance(status, int) else 0


def _explained(error: Exception) -> int:
    """Print what a failure is about; return its exit status. What nobody foresaw is raised again."""
    from .errors import AtlasError

    if isinstance(error, AtlasError):
        print(f"atlas-fast: {error}", file=sys.stderr)
        return 1
    # Click's errors (typer may carry its own copy of click) know their status and how to show themselves.
    show, status = getattr(error, "show", None), getattr(error, "exit_code", None)
    if status is not None:
        if show is not None:
            show()
        return int(status)
    if type(error).__name__ == "Abort":
        return INTERRUPTED
    raise error
