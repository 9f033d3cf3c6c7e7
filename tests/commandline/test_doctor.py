"""`atlas-fast doctor`: true of this machine, and well behaved on a broken one."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

from atlas_fast.commandline import doctor, findings, run


def test_it_tells_what_this_machine_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sorted(found) == ["cache", "cpu", "extras", "gpu", "opengl", "software", "threads"]
    assert found["software"]["packages"]["numpy"] == metadata.version("numpy")
    assert found["software"]["packages"]["scikit-learn"] == metadata.version("scikit-learn")
    assert found["cpu"]["cores"] == os.cpu_count()
    assert found["cpu"]["vector_bits"] in (128, 256, 512)
    assert found["threads"]["runs"] is True
    assert 1 <= found["threads"]["count"] <= found["cpu"]["cores"]
    assert found["extras"]["test"]["missing"] == []
    assert isinstance(found["opengl"]["available"], bool)


def test_people_read_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    titles = [line.split()[0] for line in told.out.splitlines() if not line.startswith(" ")]
    assert titles == ["Atlas", "CPU", "Threads", "Cache", "OpenGL", "GPU", "Extras"]
    assert "surfaces are computed" in told.out
    assert "a kernel compiles and runs" in told.out


def test_the_cache_is_counted_and_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ATLAS_CACHE_DIR", str(tmp_path / "new" / "kernels"))
    monkeypatch.setenv("ATLAS_CACHE_MIB", "3")
    folder = str(tmp_path / "new" / "kernels")
    assert findings.cache() == {"folder": folder, "files": 0, "bytes": 0, "bound": 3 * 2**20, "used": True}
    (tmp_path / "new" / "kernels" / "k.o").write_bytes(b"12345")
    assert (findings.cache()["files"], findings.cache()["bytes"]) == (1, 5)
    assert run(["doctor"]) == 0
    assert f"{folder}: 1 kernels, 0.0 of 3 MiB, can be written" in capsys.readouterr().out
    (tmp_path / "new" / "kernels").chmod(0o777)
    assert run(["doctor"]) == 0
    assert f"{folder} can be written by others (mode 777): set ATLAS_CACHE_DIR" in capsys.readouterr().out
    monkeypatch.setenv("ATLAS_CACHE_DIR", str(tmp_path / "new" / "kernels" / "k.o" / "below"))
    assert findings.cache()["reason"] == "cannot be written (Not a directory)"
    assert run(["doctor"]) == 0
    assert "k.o/below cannot be written (Not a directory): set ATLAS_CACHE_DIR" in capsys.readouterr().out


def test_what_an_extra_lacks_comes_with_the_line_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        findings, "_requirements", lambda: [("numpy", ""), ("no-such-thing", "viewer"), ("numpy", "test")]
    )
    assert findings.extras() == {
        "viewer": {"missing": ["no-such-thing"], "install": "pip install 'atlas-fast[viewer]'"},
        "test": {"missing": [], "install": "pip install 'atlas-fast[test]'"},
    }
    assert run(["doctor"]) == 0
    assert "viewer: lacks no-such-thing: pip install 'atlas-fast[viewer]'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("script", "devices", "reason"),
    [
        ("echo 'NVIDIA H200, 143771 MiB, 570.1'", ["NVIDIA H200, 143771 MiB, 570.1"], None),
        ("echo 'NVIDIA-SMI has failed'; exit 9", [], "NVIDIA-SMI has failed"),
        ("exit 6", [], "nvidia-smi ended with 6"),
        ("sleep 20", [], "nvidia-smi does not answer (TimeoutExpired)"),
    ],
)
def test_a_gpu_is_found_by_its_driver(
    script: str, devices: list[str], reason: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(findings, "GPU_LIMIT", 0.5)
    found = findings.gpu()
    assert found["devices"] == devices
    assert found.get("reason") == reason


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("import os; os.abort()", "the process ended with status -6"),
        ("raise ImportError('libEGL is broken')", "ImportError: libEGL is broken"),
        ("import time; time.sleep(60)", "no answer within 1 s"),
        ("print('no JSON')", "the process ended with status 0"),
    ],
)
def test_a_machine_that_is_ill_is_told_of_without_a_traceback(
    module: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ill.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    started = findings._started
    monkeypatch.setattr(findings, "LIMIT", 1.0 if "sleep" in module else findings.LIMIT)
    monkeypatch.setattr(findings, "_started", lambda name: started("ill"))

    def broken() -> findings.Finding:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(findings, "cpu", broken)
    began = time.perf_counter()
    assert run(["doctor"]) == 0
    assert time.perf_counter() - began < 15
    lines = capsys.readouterr().out.splitlines()
    assert f"{'OpenGL':<12}not known: {reason}" in lines
    assert f"{'Threads':<12}not known: {reason}" in lines
    assert f"{'CPU':<12}not known: RuntimeError: no such thing" in lines


def test_opengl_answers_with_or_without_egl() -> None:
    found = findings._finished(findings._started("atlas_fast.commandline.opengl"))
    assert found.get("available") is False or "Mesa" in found["version"] or found["renderer"]
    assert "python" not in str(found.get("reason", "")).lower(), sys.executable


@pytest.mark.parametrize(
    ("cuda", "trial", "told"),
    [
        ("there is no driver", "missing", "surfaces are computed on the CPU: there is no driver"),
        (None, "other values", "surfaces are computed on the CPU: other values"),
        (None, None, "large surfaces are computed there: a small one agrees with the CPU"),
        (None, "missing", "Numba's simulator stands in for one, where backend='cuda' asks for it"),
    ],
)
def test_a_gpu_is_trusted_when_it_has_agreed_with_the_cpu(cuda: str | None, trial: str | None, told: str) -> None:
    found: findings.Finding = {"devices": ["a GPU"], "cuda": cuda}
    assert doctor._gpu(found if trial == "missing" else {**found, "trial": trial}) == ["a GPU", told]
