"""A kernel on a device, by a driver that is put in the place of NVIDIA's: what it is told, and what it says."""

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from atlas_fast.kernels import DeviceFault, device
from atlas_fast.kernels.cuda import launching
from atlas_fast.kernels.cuda.launching import DeviceKernel


class Driver:
    """Keeps what it is told, and answers `status` to a call named `failing`."""

    def __init__(self, failing: str = "", status: int = 0) -> None:
        self.failing, self.status = failing, status
        self.loaded: list[bytes] = []
        self.launched: list[tuple[Any, ...]] = []

    def answer(self, call: str) -> int:
        return self.status if call == self.failing else 0

    def cuModuleLoadData(self, module: Any, code: ctypes.c_char_p) -> int:
        self.loaded.append(code.value or b"")
        module._obj.value = 100 + len(self.loaded)
        return self.answer("cuModuleLoadData")

    def cuModuleGetFunction(self, function: Any, module: ctypes.c_void_p, name: ctypes.c_char_p) -> int:
        assert name.value == b"kernel" and module.value is not None
        function._obj.value = module.value + 1000
        return self.answer("cuModuleGetFunction")

    def cuLaunchKernel(self, function: ctypes.c_void_p, *rest: Any) -> int:
        *sizes, stream, addresses, extra = rest
        read = [
            ctypes.cast(addresses[0], ctypes.POINTER(ctypes.c_uint64)).contents.value,
            ctypes.cast(addresses[1], ctypes.POINTER(ctypes.c_uint32)).contents.value,
        ]
        assert extra is None and len(addresses) == 2
        self.launched.append((function.value, [n.value for n in sizes], stream.value, read))
        return self.answer("cuLaunchKernel")

    def cuOccupancyMaxActiveBlocksPerMultiprocessor(
        self, found: Any, function: ctypes.c_void_p, threads: int, shared: ctypes.c_size_t
    ) -> int:
        assert function.value is not None and shared.value == 0
        found._obj.value = 512 // threads
        return self.answer("cuOccupancyMaxActiveBlocksPerMultiprocessor")

    def cuGetErrorName(self, status: int, place: Any) -> int:
        place._obj.value = b"CUDA_ERROR_OF_A_TEST"
        return 0


LARGE = 0x7F00_1234_5678
"""An address, whose upper half must arrive too."""


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    return use(Driver(), monkeypatch)


def use(made: Driver, monkeypatch: pytest.MonkeyPatch) -> Driver:
    cuda = pytest.importorskip("numba.cuda")
    monkeypatch.setattr(launching, "_driver", lambda: made)
    monkeypatch.setattr(cuda, "current_context", lambda: None)
    on(0, monkeypatch)
    return made


def on(number: int, monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int] = (9, 0)) -> None:
    """The current device."""
    from numba import cuda

    monkeypatch.setattr(cuda, "get_current_device", lambda: SimpleNamespace(id=number, compute_capability=capability))


def launch(kernel: DeviceKernel, blocks: int | tuple[int, int] = 7) -> None:
    array = SimpleNamespace(__cuda_array_interface__={"data": (LARGE, False)})
    stream = SimpleNamespace(__cuda_stream__=lambda: (0, LARGE + 1))
    kernel[blocks, 128, stream](array, np.uint32(5))


def test_a_launch_says_blocks_threads_stream_and_arguments(driver: Driver) -> None:
    kernel = DeviceKernel(lambda capability: b"code", "kernel")
    launch(kernel)
    launch(kernel, (7, 3))
    assert driver.launched == [
        (1101, [7, 1, 1, 128, 1, 1, 0], LARGE + 1, [LARGE, 5]),
        (1101, [7, 3, 1, 128, 1, 1, 0], LARGE + 1, [LARGE, 5]),
    ]


def test_each_device_loads_the_code_of_its_capability_once(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def code(capability: tuple[int, int]) -> bytes:
        asked.append(capability)
        return b"%d.%d" % capability

    kernel = DeviceKernel(code, "kernel")
    for number, capability in ((0, (9, 0)), (1, (8, 6)), (0, (9, 0)), (1, (8, 6))):
        on(number, monkeypatch, capability)
        launch(kernel)
    assert asked == [(9, 0), (8, 6)] and driver.loaded == [b"9.0", b"8.6"]
    assert [launched[0] for launched in driver.launched] == [1101, 1102, 1101, 1102]


def test_the_driver_says_how_many_blocks_a_processor_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """One at least: a kernel that no processor could take would not be launched either."""
    driver = use(Driver(), monkeypatch)
    kernel = DeviceKernel(lambda capability: b"code", "kernel")
    assert [kernel.blocks_of_processor(threads) for threads in (128, 1024)] == [4, 1]
    assert driver.loaded == [b"code"]
    call = "cuOccupancyMaxActiveBlocksPerMultiprocessor"
    use(Driver(call, 209), monkeypatch)
    with pytest.raises(DeviceFault, match=rf"{call} gives CUDA_ERROR_OF_A_TEST"):
        kernel.blocks_of_processor(128)


@pytest.mark.parametrize("call", ["cuModuleLoadData", "cuModuleGetFunction", "cuLaunchKernel"])
def test_what_the_driver_refuses_is_told_in_a_line(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(Driver(call, 209), monkeypatch)
    with pytest.raises(DeviceFault, match=rf"{call} gives CUDA_ERROR_OF_A_TEST\): use backend='cpu'$"):
        launch(DeviceKernel(lambda capability: b"code", "kernel"))


def test_an_error_without_a_name_is_its_number() -> None:
    assert device.error_name(SimpleNamespace(cuGetErrorName=lambda status, place: 1), 77) == "77"  # type: ignore[arg-type]
