"""backend="cuda" where there is no GPU, and backend="auto" everywhere."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast import commandline, kernels
from atlas_fast.kernels import DeviceFault, device
from atlas_fast.kernels.cuda import trial

ABSENT = f"there is no NVIDIA driver on this machine ({device.LIBRARY} cannot be loaded)"


@pytest.fixture
def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
    monkeypatch.setattr(device, "driver_fault", lambda: ABSENT)


def bowl() -> af.Problem:
    return af.Problem("x^2 + 3*y^2")


@pytest.mark.usefixtures("no_driver")
@pytest.mark.parametrize("installed", [False, True])
def test_without_a_gpu_it_is_one_line_with_the_reason_and_the_way_out(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "is_installed", lambda: installed)
    for ask in (
        lambda: bowl().surface(backend="cuda"),
        lambda: bowl().loss(np.zeros(2), backend="cuda"),
        lambda: bowl().gradient(np.zeros((3, 2)), backend="cuda"),
        lambda: bowl().train(af.SGD(lr=0.1), 1, backend="cuda"),
        lambda: bowl().train_many(af.SGD(lr=0.1), 1, range(1000), backend="cuda"),
    ):
        with pytest.raises(af.DeviceError) as refused:
            ask()
        told = str(refused.value)
        assert told.startswith(f"backend='cuda' finds no device: {ABSENT}: use backend='cpu' or 'auto'")
        assert ("pip install 'atlas-fast[cuda]'" in told) is not installed
        assert "\n" not in told


def test_a_driver_without_the_packages_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
    monkeypatch.setattr(device, "driver_fault", lambda: None)
    monkeypatch.setattr(device, "is_installed", lambda: False)
    with pytest.raises(af.DeviceError, match=r"numba-cuda is not installed: pip install 'atlas-fast\[cuda\]'"):
        bowl().surface(backend="cuda")
    assert bowl().surface(resolution=4, progress=False).method.endswith("cpu")


@pytest.mark.parametrize(
    ("init", "count", "reason"),
    [
        (100, 0, "the NVIDIA driver does not start (cuInit gives 100)"),
        (0, 0, "the NVIDIA driver finds no GPU"),
        (0, 2, None),
    ],
)
def test_the_driver_is_asked(init: int, count: int, reason: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Driver:
        def cuInit(self, flags: int) -> int:
            return init

        def cuDeviceGetCount(self, place: object) -> int:
            place._obj.value = count  # type: ignore[attr-defined]
            return 0

        def cuGetErrorName(self, status: int, place: object) -> int:
            return 1  # it knows no name

    monkeypatch.setattr(device.ctypes, "CDLL", lambda name: Driver())
    device.driver_fault.cache_clear()
    try:
        assert device.driver_fault() == reason
    finally:
        device.driver_fault.cache_clear()


@pytest.mark.usefixtures("no_driver")
def test_auto_takes_the_cpu_with_the_same_bits_in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: None)
    surfaces = [bowl().surface(resolution=16, progress=False, backend=name) for name in ("auto", "cpu")]
    assert surfaces[0].method == surfaces[1].method
    np.testing.assert_array_equal(surfaces[0].loss, surfaces[1].loss)


def test_looking_for_packages_that_are_not_there_takes_less_than_a_millisecond() -> None:
    code = (
        "import sys, time; from atlas_fast.kernels import device\n"
        "import importlib.util\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: real(name + '_that_is_not_there')\n"
        "device.is_found(); began = time.perf_counter()\n"
        "for _ in range(100): device.is_found()\n"
        "print((time.perf_counter() - began) / 100, 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, numba = done.stdout.split()
    assert float(seconds) < 1e-3
    assert numba == "False"


def test_auto_takes_a_device_for_work_that_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a loss that no thread can hold: a block of them does."""
    monkeypatch.setattr(device, "is_found", lambda: True)
    monkeypatch.setattr(trial, "fault", lambda: None)
    assert bowl().surface(resolution=8, progress=False).method.endswith("float32, cpu")
    plane = kernels.plane(af.Problem("sum(tanh(w*X))", {"X": np.ones((3, 500))}, {"w": (1, 3)}).program, backend="cuda")
    assert plane.suits_device(4096 * 4096) and not plane.suits_device(64 * 64)
    X = np.ones((3, 1000))
    large = af.Problem("sum(tanh((W*X)*(W*X)^T))^2", {"X": X.T}, {"W": (90, None)})
    assert kernels.plane(large.program, backend="cuda").suits_device(2**31)


def test_auto_takes_no_device_whose_results_differ_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the work is worth one: else it is not even tried."""
    tried: list[bool] = []

    def fault() -> str:
        tried.append(True)
        return "GPU 0 computes other values than the CPU: 2.0e-01 of the largest apart"

    monkeypatch.setattr(trial, "fault", fault)
    plane = kernels.plane(af.Problem("sum(tanh(w*X))", {"X": np.ones((3, 500))}, {"w": (1, 3)}).program, backend="cuda")
    assert not plane.suits_device(64 * 64) and not tried
    with pytest.warns(RuntimeWarning, match="the CPU computes what a GPU could: GPU 0 computes other values"):
        assert not plane.suits_device(4096 * 4096)
    assert tried


def test_a_device_that_breaks_in_its_trial_is_told_of_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[int]:
        raise AttributeError("'Device' object has no attribute 'id'\nand more")

    monkeypatch.setattr(trial, "devices", broken)
    trial.fault.cache_clear()
    try:
        assert trial.fault() == "AttributeError in a small surface: 'Device' object has no attribute 'id'"
    finally:
        trial.fault.cache_clear()


def test_a_device_that_fails_in_training_is_a_device_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from atlas_fast.kernels.cuda import runs

    def fails(*arguments: object, **others: object) -> None:
        raise DeviceFault("the GPU does not answer (out of memory)")

    monkeypatch.setattr(device, "fault", lambda: None)
    monkeypatch.setattr(runs.Runs, "start", fails)
    with pytest.raises(af.DeviceError, match="out of memory"):
        bowl().train_many(af.SGD(lr=0.1), 1, range(3), backend="cuda", progress=False)


def test_what_a_device_refuses_is_a_device_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from atlas_fast.kernels.cuda import code

    def refuses(*arguments: object) -> None:
        raise DeviceFault("the GPU's compiler refuses the kernel")

    monkeypatch.setattr(device, "fault", lambda: None)
    monkeypatch.setattr(code, "plane_code", refuses)
    with pytest.raises(af.DeviceError, match="refuses the kernel"):
        bowl().surface(backend="cuda")


@pytest.mark.usefixtures("no_driver")
def test_the_command_line_ends_with_status_1_and_one_line(
    empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bowl.toml").write_text('loss = "x^2 + y^2"\n')
    began = time.perf_counter()
    assert commandline.run(["run", "bowl.toml", "--backend", "cuda"]) == 1
    assert time.perf_counter() - began < 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    assert ABSENT in told.err
    assert commandline.run(["run", "bowl.toml", "--backend", "tpu"]) == 1
    assert "backend is 'tpu'" in capsys.readouterr().err
    assert commandline.run(["run", "bowl.toml", "--backend", "numpy", "--resolution", "4"]) == 0
    assert af.load("bowl.npz").method.endswith("numpy")


@pytest.mark.usefixtures("no_driver")
def test_the_doctor_says_what_the_gpu_part_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    assert commandline.run(["doctor"]) == 0
    assert f"surfaces are computed on the CPU: {ABSENT}" in capsys.readouterr().out
