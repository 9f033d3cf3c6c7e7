"""The functions as a list: for the command line and for docs/functions.md, made from the table of functions alone."""

from __future__ import annotations

from dataclasses import dataclass

from .functions import FUNCTIONS, Function
from .notation import Part
from .parser import parse
from .typeset import latex, typeset_name

KINDS = {
    "entries": ("Entry by entry", "The result has the shape of x."),
    "axis": (
        "Over all entries or along an axis",
        "`axis=0` runs down the rows and leaves one row, `axis=1` leaves one column, and without an axis all entries "
        "are taken together. softmax and log_softmax keep the shape; without an axis they run along each row, "
        "so that over classes x samples they want `axis=0`.",
    ),
    "matrix": ("Of a matrix", ""),
    "loss": ("Losses", "Both arguments have the same shape, and the result is one number."),
}
"""The kinds of functions in the order of the list, each with a heading and what holds for all of it."""


@dataclass(frozen=True)
class Row:
    """One function. formula: LaTeX of the call, and of what it means where the table says so. definition: the same in
    the language, or "". also: names that are met elsewhere and are not names here."""

    name: str
    signature: str
    help: str
    formula: str
    definition: str
    kind: str
    also: tuple[str, ...]


def rows() -> tuple[Row, ...]:
    """A row for each function, those of a kind together."""
    listed = [_row(function) for function in FUNCTIONS.values()]
    return tuple(row for kind in KINDS for row in listed if row.kind == kind)


def markdown() -> str:
    """The page of the documentation."""
    lines = [
        "# Functions",
        "",
        "All that a text can call. Arguments go by their place, `axis` by its name: `huber(x, y, 0.5)`, "
        "`mean(x, axis=1)`. A default stands behind its `=`. `x .* y` and a function of one argument work entry by "
        "entry; data are features x samples.",
        "",
        "This page is made from the table of functions; `atlas-fast functions` prints the same.",
    ]
    listed = rows()
    for kind, (heading, note) in KINDS.items():
        lines += ["", f"## {heading}", *(["", note] if note else [])]
        for row in listed:
            if row.kind == kind:
                lines += _entry(row)
    return "\n".join(lines) + "\n"


def _entry(row: Row) -> list[str]:
    lines = ["", f"### `{row.signature}`", "", _sentence(row), "", f"${row.formula}$"]
    return [*lines, "", f"In the language: `{row.definition}`"] if row.definition else lines


def _sentence(row: Row) -> str:
    word, *others = row.help.split(" ")
    if word.isalpha() and len(word) > 1:
        word = word.capitalize()
    also = f" Elsewhere called {', '.join(row.also)}." if row.also else ""
    return f"{' '.join([word, *others])}.{also}"


def _row(function: Function) -> Row:
    names = [argument.name for argument in function.arguments]
    values = [Part(typeset_name(a.name)) for a in function.arguments if a.kind in ("value", "scalar")]
    options = {a.name: a.name for a in function.arguments if a.kind in ("count", "order")}
    formula = function.typeset(*values, **options).latex
    if function.definition:
        formula += f" = {latex(parse(function.definition, names))}"
    return Row(
        function.name, function.signature, function.help, formula, function.definition, function.kind, function.also
    )
