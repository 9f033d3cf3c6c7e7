"""What `import` finds: one copy of the kernels, and nothing heavy before it is needed."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

# Each loads when it is first needed, for importing atlas_fast costs less than 0.3 s.
HEAVY = (
    "numba",
    "llvmlite",
    "scipy",
    "sklearn",
    "matplotlib",
    "vispy",
    "lark",
    "typer",
    "jax",
    "torch",
    "pandas",
    "polars",
)


def python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True)


@pytest.mark.parametrize("folder", ["kernels", "viewer"])
def test_a_mapped_folder_refuses_to_be_imported_as_a_second_copy(root: Path, folder: str) -> None:
    done = python(f"import {folder}", cwd=root)
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1].startswith("ImportError")
    assert f"atlas_fast.{folder}" in done.stderr


def test_python_from_the_root_finds_one_copy_of_the_kernels(root: Path) -> None:
    done = python("import atlas_fast.kernels, sys; print('kernels' in sys.modules)", cwd=root)
    assert done.stdout.strip() == "False", done.stderr


def test_importing_atlas_fast_loads_nothing_heavy(tmp_path: Path) -> None:
    code = f"import atlas_fast, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = python(code, cwd=tmp_path)
    assert done.stdout.strip() == "[]", done.stderr


def test_importing_atlas_fast_costs_less_than_three_tenths_of_a_second(tmp_path: Path) -> None:
    code = "import time; t = time.perf_counter(); import atlas_fast; print(time.perf_counter() - t)"
    times = [float(python(code, cwd=tmp_path).stdout) for _ in range(3)]
    assert min(times) < 0.3


def test_every_folder_with_modules_is_a_listed_package(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {
        path.parent.relative_to(root)
        for top in ("atlas_fast", "kernels", "viewer")
        for path in (root / top).rglob("*.py")
    }
    mapped = {Path(folder): package for package, folder in settings["package-dir"].items()}
    expected = set()
    for folder in folders:
        top = next(parent for parent in (folder, *folder.parents) if parent in mapped)
        expected.add(".".join((mapped[top], *folder.relative_to(top).parts)))
    assert set(settings["packages"]) == expected


def test_tests_are_no_packages(root: Path) -> None:
    assert not list((root / "tests").rglob("__init__.py"))
