"""Compiled objects on disk: found again, compiled anew when damaged, and never needed."""

import math
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from networks import Case, regression

from atlas_fast.kernels import execution
from atlas_fast.kernels.cpu import compiler, emit, objects

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
    before = sorted(folder.iterdir())
    assert compiled(case)
    assert sorted(folder.iterdir()) == before


def test_the_folder_holds_whole_objects_and_nothing_else(folder: Path) -> None:
    for samples in (11, 12):
        compiled(regression(samples=samples).case())
    names = [path.name for path in folder.iterdir()]
    assert len(names) == 3 and all(name.endswith(".o") for name in names)


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
    # The other one is the driver's, which this process has loaded already.
    path = max(folder.iterdir(), key=lambda path: path.stat().st_size)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert not compiled(case)
    assert path.read_bytes() == whole, "the whole object is written again"
    assert compiled(case)


def test_an_object_that_cannot_be_written_is_done_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a full disk."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    assert not compiled(regression(samples=11).case())
    assert not list(folder.iterdir())


def test_a_disk_that_fills_up_leaves_no_part_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert not compiled(regression(samples=11).case())
    assert not list(folder.iterdir())


# Who else could have put machine code there


def private(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


def test_a_folder_that_is_made_is_the_users_alone(tmp_path: Path) -> None:
    assert objects.fault(tmp_path / "new" / "kernels") is None
    assert stat.S_IMODE((tmp_path / "new" / "kernels").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o702, 0o777, 0o1777])
def test_a_folder_that_others_can_write_is_not_used(mode: int, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    private(folder).chmod(mode)
    case = regression(samples=11).case()
    for _ in range(2):
        assert not compiled(case)
    assert not list(folder.iterdir())
    told = f"{folder} can be written by others (mode {mode:o}); set ATLAS_CACHE_DIR to a folder of your own"
    assert capfd.readouterr().err == f"atlas-fast: compiled kernels are not kept: {told}\n", "once, however often"


def test_a_folder_below_one_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    """They could rename it, and put theirs in its place; but not below one such as /tmp."""
    above = private(tmp_path / "above")
    kernels = private(above / "kernels")
    above.chmod(0o777)
    assert objects.fault(kernels) == f"lies in {above}, which can be written by others (mode 777)"
    above.chmod(0o1777)
    assert objects.fault(kernels) is None


def test_a_group_is_trusted_where_it_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = private(tmp_path / "kernels")
    kernels.chmod(0o770)
    for alone in (False, True):
        monkeypatch.setattr(objects, "_is_private", lambda group, alone=alone: alone)
        assert (objects.fault(kernels) is None) == alone


def test_a_folder_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernels, me = private(tmp_path / "kernels"), os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    assert str(objects.fault(kernels)).startswith("belongs to another user (")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_not_run(folder: Path) -> None:
    case = regression(samples=11).case()
    compiled(case)
    assert compiled(case)
    for path in folder.iterdir():
        os.chown(path, 12345, -1)
    assert not compiled(case)


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    case = regression(samples=11).case()
    compiled(case)
    for path in [*folder.iterdir()]:
        path.rename(tmp_path / path.name)
        path.symlink_to(tmp_path / path.name)
    assert not compiled(case)


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ATLAS_CACHE_DIR", str(tmp_path / "file" / "below"))
    case = regression(samples=13).case()
    for _ in range(2):
        assert not compiled(case)
    told = capfd.readouterr().err.splitlines()
    assert len(told) == 1
    assert "below cannot be written (Not a directory); set ATLAS_CACHE_DIR" in told[0]


# A bound


def test_the_folder_is_kept_below_its_bound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLAS_CACHE_MIB", "0")
    assert not compiled(regression(samples=11).case())
    assert not list(folder.iterdir())
    monkeypatch.setenv("ATLAS_CACHE_MIB", "1")
    assert not compiled(regression(samples=11).case())
    assert compiled(regression(samples=11).case())


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    for age in range(8):
        path = tmp_path / f"{age}.o"
        path.write_bytes(bytes(100))
        os.utime(path, (0, time.time() - 10 * objects.DAY * (age + 1)))
    (tmp_path / "notes.txt").write_bytes(bytes(5000))
    objects.shrink(tmp_path, 800)
    assert len(list(tmp_path.iterdir())) == 9, "nothing is removed below the bound"
    assert objects.read(tmp_path / "6.o") is None, "no object; but read, and so used"
    objects.shrink(tmp_path, 799)
    # 0.75 x 799 leaves room for five.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.o", "1.o", "2.o", "3.o", "6.o", "notes.txt"]


# Whoever changes the code that makes code finds no object of before


def test_an_object_of_other_generators_is_not_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = regression(samples=11).case()
    compiled(case)
    monkeypatch.setattr(compiler, "generator", lambda: "another")
    assert not compiled(case)
    assert compiled(case)


def test_what_is_found_on_disk_is_not_emitted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = regression(samples=11).case()
    compiled(case)
    monkeypatch.setattr(emit._Emitter, "module", lambda self: pytest.fail("emitted"))
    assert compiled(case)


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
