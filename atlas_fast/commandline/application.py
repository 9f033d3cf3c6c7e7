"""The application that every command is registered with, and the options that several commands share."""

from __future__ import annotations

from typing import Annotated

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


def _side(value: int | None) -> int | None:
    if value is not None and not 2 <= value <= MOST:
        raise typer.BadParameter(f"{value} vertices along each side: from 2 to {MOST:,} are wanted")
    return value


def _seed(value: int | None) -> int | None:
    if value is not None and value < 0:
        raise typer.BadParameter(f"the seed is {value}: 0 or more is wanted")
    return value


Resolution = Annotated[int, typer.Option(callback=_side, help="Vertices along each side.")]
GivenResolution = Annotated[
    int | None, typer.Option(callback=_side, help="Vertices along each side, in place of the workspace's.")
]
Seed = Annotated[int, typer.Option(callback=_seed, help="Seed of the starting weights.")]
GivenSeed = Annotated[
    int | None, typer.Option(callback=_seed, help="Seed of the training, in place of the workspace's.")
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
