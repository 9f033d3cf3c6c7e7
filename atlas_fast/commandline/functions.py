"""`atlas-fast functions`: the functions of the language, from its table."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from .application import Json
from .output import print_object


def _names(incomplete: str) -> list[str]:
    from ..language import FUNCTIONS

    return [name for name in sorted(FUNCTIONS) if name.startswith(incomplete)]


def functions(
    name: Annotated[str | None, typer.Argument(help="Which function; none lists all.", autocompletion=_names)] = None,
    as_json: Json = False,
) -> None:
    """List the functions that a loss may call, or tell of one."""
    from ..language import FUNCTIONS

    if name is not None and name not in FUNCTIONS:
        near = difflib.get_close_matches(name, FUNCTIONS, 1)
        hint = f"did you mean {near[0]}?" if near else "atlas-fast functions lists them"
        raise typer.BadParameter(f"there is no function {name}: {hint}", param_hint="NAME")
    rows = sorted(FUNCTIONS.values(), key=lambda row: row.name) if name is None else [FUNCTIONS[name]]
    if as_json:
        print_object({row.name: {"signature": row.signature, "help": row.help} for row in rows})
        return
    width = max(len(row.signature) for row in rows)
    for row in rows:
        print(f"{row.signature:<{width}}  {row.help}")
