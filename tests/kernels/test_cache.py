"""Compiled objects on disk: found again, compiled anew when damaged, and never needed."""

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from networks import Case, regression

from atlas_fast.kernels import execution

A = np.linspace(-1.0, 1.0, 9)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget_compiled: None) -> Path:
    """An empty cache of this test's own."""
    monkeypatch.setenv("ATLAS_CACHE_DIR", str(tmp_path / "objects"))
    return tmp_path / "objects"


def compiled(case: Case) -> bool:
    """Compile as a fresh process would, check the numbers, and say whether the object came from the cache."""
    execution.compile_body.cache_clear()
    execution.plane.cache_clear()
    bound = case.bound("float64", gradient=False)
    found = bound(A, A[:2])
    expected = [[case.formula(a, b) for a in A] for b in A[:2]]
    np.testing.assert_allclose(found[0], expected, rtol=1e-10)
    return bool(bound.code.cached)


def test_an_object_is_found_again(folder: Path) -> None:
    case = regression(samples=11).case()
    assert not compiled(case)
    assert len(list(folder.iterdir())) == 1
    assert compiled(case)


def test_the_folder_holds_whole_objects_and_nothing_else(folder: Path) -> None:
    for samples in (11, 12):
        compiled(regression(samples=samples).case())
    names = [path.name for path in folder.iterdir()]
    assert len(names) == 2 and all(name.endswith(".o") for name in names)


def test_other_code_is_another_object(folder: Path) -> None:
    case = regression(samples=11).case()
    assert not compiled(case)
    assert not compiled(regression(samples=12).case())
    assert not case.bound("float32", gradient=False).code.cached
    assert not case.bound("float64", gradient=False, lanes=2).code.cached


def emptied(content: bytes) -> bytes:
    return b""


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    """One bit in the middle of the machine code."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def no_object(content: bytes) -> bytes:
    return b"this was never machine code" * 100


@pytest.mark.parametrize("damage", [emptied, cut, flipped, no_object])
def test_a_damaged_object_is_compiled_anew(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    case = regression(samples=11).case()
    compiled(case)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert not compiled(case)
    assert path.read_bytes() == whole, "the whole object is written again"
    assert compiled(case)


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ATLAS_CACHE_DIR", str(tmp_path / "file" / "objects"))
    case = regression(samples=13).case()
    assert not compiled(case)
    assert not compiled(case)


def test_an_object_that_cannot_be_written_is_done_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a full disk."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    assert not compiled(regression(samples=11).case())
    assert not list(folder.iterdir())


SECOND = """
import numpy as np
from atlas_fast import kernels
from atlas_fast.kernels import Builder

b = Builder()
z = b.emit("sin", b.emit("matmul", b.weight("W", (2, 3)), b.data("X", (3, 20))))
kernel = kernels.plane(b.build(b.emit("sum", z, axis=None)))
ones = {"W": np.ones((2, 3))}
bound = kernel.bind({"X": np.full((3, 20), 1e6)}, ones, ones, ones)
print(bound.code.cached, bound([0.5], [0.25]).item().hex())
"""


def test_a_second_process_finds_the_objects_of_the_first(folder: Path, tmp_path: Path) -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", SECOND], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
        ).stdout.split()
        for _ in range(2)
    ]
    assert [run[0] for run in runs] == ["False", "True"]
    assert runs[0][1] == runs[1][1]
    # Such a sine calls a function of the object's own, which reads a table in it.
    assert float.fromhex(runs[1][1]) == pytest.approx(40 * math.sin(5.25e6), rel=1e-6)
