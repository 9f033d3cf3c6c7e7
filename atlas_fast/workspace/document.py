"""A workspace's document: the nested dict that its TOML file holds.

In: the text of the file, or a dict that says the same. Out: the dict, with every key and value checked, or a
WorkspaceError of one line; and the text again. Numbers are not read here: a file that is missing, or a weight that is
not in the loss, shows when the problem is made.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from ..arguments import ArgumentError, is_name
from ..data.table import ARRAYS, TEXT
from ..errors import WorkspaceError, clipped, named_type, nearest
from ..matrices import either
from ..optimizers import OPTIMIZERS, Optimizer, find, make
from . import slips
from .keys import (
    ORIGINS,
    PLANES,
    REQUIRED,
    SECTIONS,
    TABLES,
    TOP,
    WEIGHT,
    Key,
    is_list,
    is_number,
    is_text,
    is_whole,
    shown,
)

Document = dict[str, Any]

PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
"""How tomllib ends its messages."""

ALSO = {"learning_rate": "lr", "steps": "epochs", "iterations": "epochs", "batch": "batch_size"}
"""What other programs call a key, where the spelling is no hint."""


def parsed(text: str, source: str) -> Document:
    """The dict of a TOML text, not checked yet. Raises WorkspaceError with the line that cannot be read."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WorkspaceError(_unreadable(text, source, str(error))) from None
    except RecursionError:
        raise WorkspaceError(f"{source}: its lists are nested too deeply") from None
    except ValueError:  # Python converts no integers of more than 4,300 digits
        raise WorkspaceError(f"{source}: it holds a number of too many digits") from None


def _unreadable(text: str, source: str, reason: str) -> str:
    place = PLACE.search(reason)
    lines = text.split("\n")
    number = int(place[1]) if place and place[1] else len(lines)
    what = PLACE.sub("", reason)
    line = lines[min(number, len(lines)) - 1].strip()
    column = f", column {place[2]}" if place and place[2] else ""
    value = int(place[2]) - 1 if place and place[2] and what == "Invalid value" else None
    hint = slips.hint(lines[: min(number, len(lines))], value)
    hint = f"; {hint}" if hint else ""
    return f"{source}, line {number}{column}: {what[:1].lower()}{what[1:]} in {shown(line)}{hint}"


def other_kind(file: Path) -> str:
    """What to do with a file that is no TOML, where its name says what else it is; else ""."""
    suffix = file.suffix.lower()
    ways = [f"a surface is shown by atlas-fast view {file}"] if suffix == ".npz" else []
    if suffix in (*TEXT, *ARRAYS):
        ways.append(f'data are named in a workspace, as in [data.X] file = "{file.name}"')
    return f"a workspace (.toml) is wanted; {', '.join(ways)}" if ways else ""


def checked(document: Any, source: str) -> None:
    """Raise WorkspaceError for a key that is not known, and a value of another type than the key wants."""
    if not isinstance(document, Mapping):
        raise WorkspaceError(f"{source}: it is {named_type(document)}, a table of keys is wanted")
    for name in document:
        if name not in TOP:
            raise WorkspaceError(f"{source}: {_stray(name, document[name])}")
    if "loss" not in document:
        raise WorkspaceError(f'{source}: loss is missing: it stands above the first section, as in loss = "x^2 + y^2"')
    if not is_text(document["loss"]):
        if isinstance(document["loss"], Mapping):
            raise WorkspaceError(f"{source}: {slips.LOSS}")
        raise WorkspaceError(
            f'{source}: loss is {shown(document["loss"])}, the text of an expression is wanted, as in "x^2 + y^2"'
        )
    if "notes" in document and not is_text(document["notes"]):
        raise WorkspaceError(f"{source}: notes is {shown(document['notes'])}, a text is wanted")
    for name in TABLES:
        if name in document and not isinstance(document[name], Mapping):
            section = "[data.NAME]" if name == "data" else f"[{name}]"
            raise WorkspaceError(f"{source}: {name} is {shown(document[name])}, a section {section} is wanted")
    for name, section in document.get("data", {}).items():
        _check_data(name, section, source)
    for name, value in document.get("weights", {}).items():
        _check_name("weights", name, source)
        _check(f"{source}: [weights] {clipped(name)}", WEIGHT, value)
        if is_number(value) and isinstance(value, int):
            told = either(value, shown([value, "?"]))
            raise WorkspaceError(f"{source}: [weights] {clipped(name)} is {value}: {told}")
    for name in SECTIONS:
        if name in document:
            _check_section(name, document[name], source)
    optimizer(document, source)


def _stray(name: str, value: Any) -> str:
    """What a key or section is that stands where there is none of that name."""
    if isinstance(value, Mapping):
        return f"there is no section [{clipped(name)}]{_nearest(name, TABLES, '[{}]')}"
    homes = [section for section, keys in SECTIONS.items() if name in keys]
    if homes:
        return f"{name} stands outside its section: it belongs to [{homes[0]}]"
    return f"there is no key {shown(name)} outside the sections{_nearest(name, TOP, '{}')}"


def _nearest(name: str, known: Iterable[str], form: str) -> str:
    names = list(known)
    near = ALSO[name] if ALSO.get(name) in names else nearest(clipped(name), names)
    return f": did you mean {form.format(near)}?" if near else f": {', '.join(form.format(n) for n in names)}"


def _check(what: str, key: Key, value: Any) -> None:
    if not key.fits(value):
        raise WorkspaceError(f"{what} is {shown(value)}, {key.wanted}")


def _check_name(section: str, name: str, source: str) -> None:
    if not is_name(name):
        raise WorkspaceError(f"{source}: [{section}] {shown(name)} is no name: a letter, then letters, digits and _")


def _check_data(name: str, section: Any, source: str) -> None:
    if not isinstance(section, Mapping):
        raise WorkspaceError(
            f"{source}: [data] {clipped(name)} is {shown(section)}, a section is wanted: "
            "[data.X] holds the data X of the loss"
        )
    _check_name("data", name, source)
    where = f"{source}: [data.{clipped(name)}]"
    origins = [origin for origin in ORIGINS if origin in section]
    if len(origins) != 1:
        told = f"has {' and '.join(origins)}" if origins else "says not where its numbers come from"
        for key in () if origins else section:
            _check_known(where, key, {k for keys in ORIGINS.values() for k in keys})
        raise WorkspaceError(f"{where} {told}: one of file, dataset and values is wanted")
    (origin,) = origins
    for key, value in section.items():
        homes = [other for other, keys in ORIGINS.items() if key in keys]
        if homes and origin not in homes:
            raise WorkspaceError(f"{where} {key} goes with {homes[0]}, and this section has {origin}")
        _check_known(where, key, ORIGINS[origin])
        _check(f"{where} {key}", ORIGINS[origin][key], value)
    if origin == "file":
        _check_file(where, section)
    if origin == "dataset" and "part" not in section:
        raise WorkspaceError(f'{where} part is missing: "X", the features, or "Y", what is to be learnt')


def _check_file(where: str, section: Mapping[str, Any]) -> None:
    if "samples" not in section:
        raise WorkspaceError(
            f'{where} samples is missing: "rows" where each row of the file is a sample, else "columns"'
        )
    if not section.get("onehot"):
        return
    columns = section.get("columns")
    if columns is None or (isinstance(columns, list) and len(columns) != 1):
        raise WorkspaceError(f'{where} onehot wants the one column that holds the labels, as in columns = "species"')
    if section["samples"] != "rows":
        raise WorkspaceError(f'{where} onehot reads a column of labels, a row each: samples = "rows" is wanted')


def _check_known(where: str, key: str, known: Iterable[str]) -> None:
    names = list(known)
    if key not in names:
        raise WorkspaceError(f"{where} {shown(key)} is no key of this section{_nearest(key, names, '{}')}")


def _check_section(name: str, section: Mapping[str, Any], source: str) -> None:
    where, keys = f"{source}: [{name}]", SECTIONS[name]
    if name == "training":
        _check_settings(where, section)
    for key, value in section.items():
        if name == "training" and key not in keys:
            continue  # a setting of the optimizer
        _check_known(where, key, keys)
        _check(f"{where} {key}", keys[key], value)
    for key in REQUIRED[name]:
        if key not in section:
            raise WorkspaceError(f"{where} {key} is missing: {keys[key].wanted}")
    if name == "surface":
        for key, plane in PLANES.items():
            if key in section and section.get("plane") != plane:
                raise WorkspaceError(f'{where} {key} goes with plane = "{plane}"')


def _check_settings(where: str, section: Mapping[str, Any]) -> None:
    """Raise WorkspaceError for a key that is neither one of [training] nor a setting of its optimizer.

    Where no optimizer is named, that of any will do: what is missing is told next.
    """
    name = section.get("optimizer")
    known = isinstance(name, str) and name in OPTIMIZERS
    kinds = [OPTIMIZERS[str(name)]] if known else list(OPTIMIZERS.values())
    settings = dict.fromkeys(field.name for kind in kinds for field in fields(kind) if field.init)
    names = [*settings, *SECTIONS["training"]]
    for key in section:
        if key not in names:
            what = f"no setting of {name}" if known else "no key of this section"
            raise WorkspaceError(f"{where} {shown(key)} is {what}{_nearest(key, names, '{}')}")


def optimizer(document: Mapping[str, Any], source: str) -> Optimizer | None:
    """The optimizer of [training] with its settings; None without that section. Raises WorkspaceError."""
    section = document.get("training")
    if section is None:
        return None
    where = f"{source}: [training]"
    settings = {key: value for key, value in section.items() if key not in SECTIONS["training"]}
    try:
        kinds = get_type_hints(find(section["optimizer"]))
        for key, value in settings.items():
            if key in kinds:
                _check(f"{where} {key}", _setting(kinds[key]), value)
        return make(section["optimizer"], settings)
    except ArgumentError as error:
        raise WorkspaceError(f"{where} {error}") from None


def _setting(kind: Any) -> Key:
    """What the type of an optimizer's field wants of a value."""
    if kind is bool:
        return Key("true or false is wanted", lambda value: isinstance(value, bool))
    if kind is int:
        return Key("a whole number is wanted", lambda value: is_whole(value, -(2**63)))
    if getattr(kind, "__origin__", None) is tuple:
        count = len(kind.__args__)
        return Key(f"a list of {count} numbers is wanted", lambda value: is_list(value, is_number, count))
    return Key("a number is wanted", is_number)


def shared(document: Mapping[str, Any]) -> Document:
    """The same document in dicts of its own. Lists in it are those of the given one, which nobody changes in place: a
    hundred thousand numbers need be there once only, and two documents that share them are quickly told alike."""
    return {name: shared(value) if isinstance(value, Mapping) else value for name, value in document.items()}


def written(document: Mapping[str, Any]) -> str:
    """A checked document as TOML, which reads back to the same."""
    import tomlkit

    found: str = tomlkit.dumps({name: _item(value) for name, value in document.items()})
    return found


def _item(value: Any) -> Any:
    """A value as tomlkit is to write it: texts of several lines as such, a matrix row by row."""
    import tomlkit

    if isinstance(value, Mapping):
        return {name: _item(entry) for name, entry in value.items()}
    if isinstance(value, str) and "\n" in value:
        # TOML reads a carriage return in such a text as it likes: in a text of one line it is written as \r.
        return tomlkit.string(value, multiline="\r" not in value)
    if isinstance(value, list) and len(value) > 1 and all(isinstance(row, list) for row in value):
        rows = tomlkit.array()
        rows.extend(value)
        return rows.multiline(True)
    return value
