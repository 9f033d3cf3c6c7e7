"""The application that every command is registered with, and the options that several commands share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .. import __version__

app = typer.Typer(
    name="atlas-fast",
    help="Loss landscapes from the formula of the loss.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

MOST = 8192
"""Vertices along a side: 256 MiB of float32."""


def _whole(text: str | int) -> int:
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no whole number") from None


def _side(text: str | int) -> int:
    """--resolution as a number."""
    count = _whole(text)
    if not 2 <= count <= MOST:
        raise typer.BadParameter(f"{count} vertices along each side: from 2 to {MOST:,} are wanted")
    return count


def _seed(text: str | int) -> int:
    """--seed as a number."""
    seed = _whole(text)
    if not 0 <= seed < 2**63:
        raise typer.BadParameter(f"the seed is {seed}: 0 or more is wanted, below 2^63")
    return seed


def _side_option(help: str) -> Any:
    return typer.Option(parser=_side, metavar="N", help=help)


def _seed_option(help: str) -> Any:
    return typer.Option(parser=_seed, metavar="N", help=help)


Resolution = Annotated[int, _side_option("Vertices along each side.")]
GivenResolution = Annotated[int | None, _side_option("Vertices along each side, in place of the workspace's.")]
Seed = Annotated[int, _seed_option("Seed of the starting weights.")]
GivenSeed = Annotated[int | None, _seed_option("Seed of the training, in place of the workspace's.")]
GivenBackend = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="What computes the surface: cpu, cuda, numpy, or auto: a GPU where it is worth it.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print a JSON object and nothing else.")]


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
