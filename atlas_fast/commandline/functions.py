"""`atlas-fast functions`: the functions of the language, from its table."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from .application import Json
from .output import print_object

if TYPE_CHECKING:
    from ..language.listing import Row


def _names(incomplete: str) -> list[str]:
    from ..language import FUNCTIONS

    return [name for name in sorted(FUNCTIONS) if name.startswith(incomplete)]


def functions(
    name: Annotated[str | None, typer.Argument(help="Which function; none lists all.", autocompletion=_names)] = None,
    as_json: Json = False,
) -> None:
    """List the functions that a loss may call, or tell of one."""
    from ..errors import nearest
    from ..language.listing import rows

    listed = {row.name: row for row in rows()}
    if name is not None and name not in listed:
        near = next((row.name for row in listed.values() if name in row.also), None) or nearest(name, listed)
        hint = f"did you mean {near}?" if near else "atlas-fast functions lists them"
        raise typer.BadParameter(f"there is no function {name}: {hint}", param_hint="NAME")
    if as_json:
        print_object({row.name: asdict(row) for row in listed.values() if name in (None, row.name)})
    elif name is None:
        _list(list(listed.values()))
    else:
        _tell(listed[name])


def _list(rows: list[Row]) -> None:
    """A line each, under the heading of its kind."""
    from ..language.listing import KINDS

    width = max(len(row.signature) for row in rows)
    for number, (kind, group) in enumerate(groupby(rows, lambda row: row.kind)):
        print(("\n" if number else "") + KINDS[kind][0])
        for row in group:
            print(f"  {row.signature:<{width}}  {row.help}")


def _tell(row: Row) -> None:
    from ..language.listing import KINDS

    print(f"{row.signature}: {row.help}")
    note = KINDS[row.kind][1].replace("`", "")
    parts = {
        "in the language": row.definition,
        "LaTeX": row.formula,
        "elsewhere called": ", ".join(row.also),
        "note": note if row.kind != "entries" else "",
    }
    for title, text in parts.items():
        if text:
            print(f"  {title}: {text}")
