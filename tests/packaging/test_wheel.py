"""The wheel, built from a clean copy of the tree and installed in a fresh environment, is whole."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("setuptools", minversion="77")

# Where each top-level source folder is installed: the package-dir mapping of pyproject.toml.
INSTALLED_AS = {"atlas_fast": "atlas_fast", "kernels": "atlas_fast/kernels", "viewer": "atlas_fast/viewer"}


@dataclass(frozen=True)
class Environment:
    """A fresh virtual environment with the wheel in it; the dependencies are borrowed from ours."""

    folder: Path
    wheel: Path

    @property
    def binaries(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def run(self, *command: str, cwd: Path) -> str:
        surroundings = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(command, cwd=cwd, env=surroundings, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, code: str, cwd: Path) -> str:
        return self.run(str(self.binaries / "python"), "-c", code, cwd=cwd)


def listed_sources(root: Path) -> list[Path]:
    """Every Python file of the package that git knows or would add, relative to the root."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
    ]
    listing = subprocess.run([*command, *INSTALLED_AS], cwd=root, check=True, capture_output=True, text=True).stdout
    return sorted(Path(line) for line in set(listing.split("\n")) if line and (root / line).is_file())


def installed_path(source: Path) -> str:
    return "/".join((INSTALLED_AS[source.parts[0]], *source.parts[1:]))


def module_name(source: Path) -> str:
    return installed_path(source).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def make_wheel(tree: Path) -> Path:
    """What `make wheel` builds in `tree`, with this interpreter and without the network."""
    command = ["make", "wheel", f"BIN={Path(sys.executable).parent}", "WHEEL_OPTIONS=--no-build-isolation"]
    surroundings = {k: v for k, v in os.environ.items() if k not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    done = subprocess.run(command, cwd=tree, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tree / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in a copy of the tree whose build/lib holds a module that was deleted long ago."""
    tree = tmp_path_factory.mktemp("tree")
    copying = [sys.executable, str(root / "tests/packaging/clean_copy.py"), str(tree)]
    subprocess.run(copying, check=True)
    subprocess.run(["git", "init", "--quiet"], cwd=tree, check=True)
    stale = tree / "build/lib/atlas_fast/deleted_long_ago.py"
    stale.parent.mkdir(parents=True)
    stale.write_text("raise AssertionError\n")
    return make_wheel(tree)


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    fresh = Environment(folder, wheel)
    site = Path(fresh.python("import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # A path in a .pth file comes after the fresh environment's own packages, and the .pth files found there
    # (our own editable install is one) are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(fresh.binaries / "python"),
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", str(wheel)], check=True)
    return fresh


def test_the_wheel_holds_every_source_and_nothing_else(root: Path, wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == {installed_path(source) for source in listed_sources(root)}


def test_a_module_left_in_build_does_not_reach_the_wheel(wheel: Path) -> None:
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "deleted_long_ago" in name]


def test_every_module_imports_from_an_empty_folder(root: Path, environment: Environment, tmp_path: Path) -> None:
    modules = [module_name(source) for source in listed_sources(root) if source.suffix == ".py"]
    assert "atlas_fast.kernels.cpu" in modules
    # The extra of the viewer may not be installed, or the libraries that Qt and OpenGL want may be missing.
    loads = subprocess.run([sys.executable, "-c", "import vispy.scene, PySide6.QtWidgets"], capture_output=True)
    assert loads.returncode == 0 or not os.environ.get("ATLAS_TEST_VIEWER")
    if loads.returncode:
        modules = [name for name in modules if not name.startswith("atlas_fast.viewer.")]
    modules.remove("atlas_fast.__main__")
    code = f"""
import importlib
for name in {modules!r}:
    print(importlib.import_module(name).__file__)
"""
    files = [Path(line).resolve() for line in environment.python(code, cwd=tmp_path).split("\n") if line]
    assert len(files) == len(modules)
    assert all(file.is_relative_to(environment.folder.resolve()) for file in files), files


def test_the_command_is_installed(environment: Environment, tmp_path: Path) -> None:
    help_text = environment.run(str(environment.binaries / "atlas-fast"), "--help", cwd=tmp_path)
    assert "example" in help_text
