"""Machine code for a device, and the disk that keeps it. No GPU is needed; the packages of the extra `cuda` are."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from device_cases import losses, plane_of

from atlas_fast import kernels
from atlas_fast.kernels import DeviceFault
from atlas_fast.kernels.cpu import compiler, objects
from atlas_fast.kernels.cuda import compilation
from atlas_fast.kernels.cuda.compilation import cubin_of, ptx_of
from atlas_fast.kernels.cuda.source import Source
from atlas_fast.kernels.outputs import Outputs

pytestmark = pytest.mark.skipif(not kernels.device.is_installed(), reason="numba-cuda is not installed")

HERE = (8, 0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this test's own."""
    monkeypatch.setenv("ATLAS_CACHE_DIR", str(tmp_path / "objects"))
    return tmp_path / "objects"


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The capabilities for which something was compiled."""
    found: list[str] = []
    real = compilation._linked

    def counted(ptx: str, capability: tuple[int, int]) -> bytes:
        found.append(f"{capability[0]}.{capability[1]}")
        return real(ptx, capability)

    monkeypatch.setattr(compilation, "_linked", counted)
    return found


def source() -> Source:
    return plane_of(losses()["regression"]).bound("float32", Outputs()).code.source


def test_a_cubin_is_found_again(folder: Path, linked: list[str]) -> None:
    made = cubin_of(source(), HERE)
    assert made[:4] == b"\x7fELF"
    assert cubin_of(source(), HERE) == made and linked == ["8.0"]
    (kept,) = folder.iterdir()
    assert objects.read(kept) == made and kept.stat().st_size < 200_000


def test_one_that_is_damaged_is_made_anew(folder: Path, linked: list[str]) -> None:
    made = cubin_of(source(), HERE)
    (kept,) = folder.iterdir()
    for damage in (b"", kept.read_bytes()[:-1], kept.read_bytes()[:-1] + b"\x00\x01"):
        kept.write_bytes(damage)
        assert cubin_of(source(), HERE) == made
        assert objects.read(kept) == made
    assert linked == ["8.0"] * 4


def test_another_capability_precision_number_or_version_is_another(
    folder: Path, linked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cubin_of(source(), HERE)
    cubin_of(source(), (9, 0))
    cubin_of(replace(source(), numbers=(*source().numbers, ("k9", 2.0))), HERE)
    monkeypatch.setattr(compilation, "_versions", lambda: ("nvidia-nvvm 99",))
    cubin_of(source(), HERE)
    monkeypatch.setattr(compilation, "generator", lambda: "another generator")
    cubin_of(source(), HERE)
    assert len(linked) == len([*folder.iterdir()]) == 5


def test_a_folder_that_others_can_write_is_done_without(folder: Path, linked: list[str]) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    objects._tell.cache_clear()
    assert cubin_of(source(), HERE) == cubin_of(source(), HERE)
    assert len(linked) == 2 and not [*folder.iterdir()]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777


def test_what_the_compilers_refuse_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        DeviceFault, match=r"the GPU's compiler refuses the kernel \(NVVM: .*atlas-fast\[cuda\]"
    ) as told:
        ptx_of(source(), (3, 0))
    assert "\n" not in str(told.value)
    with pytest.raises(DeviceFault, match=r"refuses the kernel \(nvJitLink: ") as told:
        compilation._linked(".version 99.9\nnonsense", HERE)
    assert "\n" not in str(told.value)


def test_a_compiler_that_is_not_installed_is_told_of_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from cuda import pathfinder

    def missing() -> bytes:
        raise pathfinder.BitcodeLibNotFoundError("no libdevice here\nand more")

    monkeypatch.setattr(compilation, "_libdevice", missing)
    with pytest.raises(
        DeviceFault, match=r"^the GPU's compiler is not found \(no libdevice here\): pip install"
    ) as told:
        ptx_of(source(), HERE)
    assert "\n" not in str(told.value)


def test_the_versions_are_part_of_the_name() -> None:
    versions = compilation._versions()
    assert [told.split()[0] for told in versions] == [*compilation.COMPILERS]
    assert len(compiler.generator()) == 64
