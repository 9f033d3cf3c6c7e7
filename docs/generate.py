"""Writes the pages that are made from the code: docs/functions.md from the table of functions, docs/api.md from
the docstrings.

    python docs/generate.py

tests/docs compares both with what stands in the repository.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import atlas_fast as af
from atlas_fast.language import listing

FOLDER = Path(__file__).parent

SECTIONS = {
    "Problems": ("Problem",),
    "Training": (
        "Run", "SGD", "Adam", "AdamW", "Adamax", "NAdam", "RMSProp", "Adagrad", "Adadelta", "compare", "Comparison",
    ),
    "Planes and surfaces": ("Plane", "Surface", "Path", "load"),
    "Data": ("Table", "OneHot", "Scaling", "split", "datasets"),
    "Workspaces and links": ("Workspace", "share", "open_link", "open_workspace"),
    "Errors": (
        "AtlasError", "ExpressionError", "ShapeError", "DataError", "ArgumentError", "WorkspaceError", "StoreError",
        "DeviceError",
    ),
}  # fmt: skip
"""Where each public name stands on the page; a test finds one that is missing."""


def api() -> str:
    """The page of every public name, from its docstring."""
    lines = [
        "# The Python interface",
        "",
        "Made from the docstrings by `docs/generate.py`. `import atlas_fast as af`.",
        "",
    ]
    for section, names in SECTIONS.items():
        lines += [f"## {section}", ""]
        for name in names:
            lines += _entry(name, getattr(af, name))
    return "\n".join(lines).rstrip() + "\n"


def _entry(name: str, value: Any) -> list[str]:
    """The heading, signature and docstring of a name, and those of a class's public members."""
    lines = [f"### `af.{name}`", ""]
    if inspect.isclass(value) and not issubclass(value, Exception):
        lines += _described(f"af.{name}", value)
        for member, attribute in vars(value).items():
            if not member.startswith("_") and inspect.getdoc(getattr(value, member)):
                lines += _member(name, member, attribute)
        return lines
    if inspect.ismodule(value):
        lines += _text(value)
        for member, function in vars(value).items():
            if inspect.isfunction(function) and function.__module__ == value.__name__ and not member.startswith("_"):
                lines += [f"#### `af.{name}.{member}`", "", *_described(f"af.{name}.{member}", function)]
        return lines
    return lines + (_text(value) if inspect.isclass(value) else _described(f"af.{name}", value))


def _member(owner: str, member: str, attribute: Any) -> list[str]:
    if isinstance(attribute, property):
        return [f"#### `{owner}.{member}`", "", *_text(attribute.fget)]
    function = attribute.__func__ if isinstance(attribute, classmethod | staticmethod) else attribute
    if not inspect.isfunction(function):
        return []
    where = f"af.{owner}" if isinstance(attribute, classmethod | staticmethod) else owner.lower()
    return [f"#### `{owner}.{member}`", "", *_described(f"{where}.{member}", function)]


def _described(call: str, value: Any) -> list[str]:
    if inspect.isclass(value) and "Made by " in (inspect.getdoc(value) or ""):
        return _text(value)  # nobody calls it, so that its arguments are nobody's business
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return _text(value)
    shown = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for name, parameter in signature.parameters.items()
        if name not in ("self", "cls")
    ]
    plain = signature.replace(parameters=shown, return_annotation=inspect.Signature.empty)
    return ["```text", f"{call}{plain}", "```", "", *_text(value)]


def _text(value: Any) -> list[str]:
    """The docstring, its indented listings as blocks that are only shown."""
    lines: list[str] = []
    for paragraph in (inspect.getdoc(value) or "").split("\n\n"):
        if paragraph.startswith("    "):
            lines += ["```text", inspect.cleandoc(paragraph), "```", ""]
        else:
            lines += [paragraph, ""]
    return lines


def generated() -> dict[Path, str]:
    """Each generated page and its text."""
    return {FOLDER / "functions.md": listing.markdown(), FOLDER / "api.md": api()}


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
        print(path)
