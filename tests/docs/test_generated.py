"""The pages made from the code are those that the code makes, and leave no public name out."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import atlas_fast as af


def generator(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", root / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_up_to_date(root: Path) -> None:
    for path, text in generator(root).generated().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: run `make docs`"


def test_every_public_name_has_its_place(root: Path) -> None:
    placed = [name for names in generator(root).SECTIONS.values() for name in names]
    assert sorted(placed) == sorted(set(af.__all__) - {"__version__"})


def test_every_public_name_is_described(root: Path) -> None:
    page = (root / "docs" / "api.md").read_text(encoding="utf-8")
    for heading in page.split("\n### ")[1:]:
        name, _, text = heading.partition("\n")
        assert len(text.split()) > 5, f"{name} has no docstring"


def test_what_nobody_calls_has_no_signature(root: Path) -> None:
    page = (root / "docs" / "api.md").read_text(encoding="utf-8")
    for name in ("Run", "Comparison", "Surface", "Path", "Table", "OneHot", "Scaling", "Workspace"):
        assert f"\naf.{name}(" not in page, name
    for name in ("Problem", "Plane", "Adam", "compare", "Table.read", "Scaling.fit"):
        assert f"\naf.{name}(" in page, name
