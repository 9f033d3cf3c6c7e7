"""What stands for `numba.cuda` where there are several devices, whose streams do nothing before they must.

Nothing is done before a stream is waited for, and then all that the others may do is done first: a copy or a kernel
that should wait for another, and is not told to, comes too early. Memory is filled with what is not a number. Each
device is to be spoken to by one thread, and uses what is its own alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas_fast.kernels.cuda.source import Source
from atlas_fast.kernels.cuda.targets import function_of
from atlas_fast.kernels.cuda.vectors import block_of


class Devices:
    """processors: of each. faults: device -> what a launch there raises, from its second on."""

    def __init__(self, count: int, processors: int = 1, faults: dict[int, Exception] | None = None) -> None:
        self.gpus = [Device(self, number, processors) for number in range(count)]
        self.faults = faults or {}
        self._local = threading.local()

    @property
    def current(self) -> Device:
        found: Device = self._local.device
        return found

    def enter(self, device: Device | None) -> None:
        assert device is None or getattr(self._local, "device", None) is None
        self._local.device = device

    def stream(self) -> Stream:
        return Stream(self.current)

    def event(self) -> Event:
        return Event()

    def to_device(self, array: NDArray[Any]) -> There:
        return There(self.current, array.copy())

    def device_array(self, size: int, dtype: Any) -> There:
        self.current.taken.append(size)
        return There(self.current, nothing(size, dtype))

    def pinned_array(self, size: int, dtype: Any) -> NDArray[Any]:
        self.current.taken.append(size)
        return nothing(size, dtype)

    def launchable(self, source: Source) -> Kernel:
        return Kernel(self, source)


def nothing(size: int, dtype: Any) -> NDArray[Any]:
    return np.full(size, np.nan if np.dtype(dtype).kind == "f" else -1, dtype)


class Device:
    """taken: the memory that was asked for. blocks: of each launch. threads: those that spoke to it. overlapped: how
    often one stream was waited for while another had work."""

    compute_capability = (9, 0)

    def __init__(self, devices: Devices, number: int, processors: int) -> None:
        self.devices, self.number, self.MULTIPROCESSOR_COUNT = devices, number, processors
        self.streams, self.taken, self.blocks = list[Stream](), list[int](), list[int]()
        self.threads = set[int]()
        self.overlapped = 0

    def __enter__(self) -> None:
        self.devices.enter(self)
        self.threads.add(threading.get_ident())

    def __exit__(self, *raised: object) -> None:
        self.devices.enter(None)


class Stream:
    def __init__(self, device: Device) -> None:
        self.device = device
        self._waiting = deque[tuple[Callable[[], bool], Callable[[], object]]]()
        device.streams.append(self)

    def put(self, work: Callable[[], object], may: Callable[[], bool] = lambda: True) -> None:
        assert self.device is self.device.devices.current
        self._waiting.append((may, work))

    def synchronize(self) -> None:
        assert self.device is self.device.devices.current
        others = [stream for stream in self.device.streams if stream is not self]
        self.device.overlapped += any(other._waiting for other in others)
        while self._waiting:
            before = len(self._waiting)
            for stream in [*others, self]:
                stream._advance()
            assert len(self._waiting) < before, "a stream waits for ever"

    def _advance(self) -> None:
        while self._waiting and self._waiting[0][0]():
            self._waiting.popleft()[1]()


class Event:
    def __init__(self) -> None:
        self._reached: list[bool] = []

    def record(self, stream: Stream) -> None:
        reached = self._reached = []
        stream.put(lambda: reached.append(True))

    def wait(self, stream: Stream) -> None:
        reached = self._reached
        stream.put(lambda: None, lambda: bool(reached))


class There:
    """An array of a device."""

    def __init__(self, device: Device, array: NDArray[Any]) -> None:
        self.device, self.array, self.size, self.dtype = device, array, array.size, array.dtype

    def __getitem__(self, part: slice) -> There:
        return There(self.device, self.array[part])

    def copy_to_device(self, host: NDArray[Any], stream: Stream) -> None:
        self._copy(self.array, host, stream)

    def copy_to_host(self, host: NDArray[Any], stream: Stream) -> None:
        self._copy(host, self.array, stream)

    def _copy(self, to: NDArray[Any], source: NDArray[Any], stream: Stream) -> None:
        assert stream.device is self.device and to.dtype == source.dtype and to.shape == source.shape
        stream.put(lambda: np.copyto(to, source))


class Kernel:
    """A kernel of training, run by NumPy."""

    def __init__(self, devices: Devices, source: Source) -> None:
        self.devices, self.source = devices, source

    def __getitem__(self, place: tuple[int, int, Stream]) -> Callable[..., None]:
        blocks, _, stream = place

        def launch(*arguments: There | np.uint32) -> None:
            device = self.devices.current
            if device.blocks and device.number in self.devices.faults:
                raise self.devices.faults[device.number]
            device.blocks.append(blocks)
            assert all(x.device is device for x in arguments if isinstance(x, There))
            found = [x.array if isinstance(x, There) else int(x) for x in arguments]
            stream.put(lambda: self._run(blocks, found))

        return launch

    def _run(self, blocks: int, arguments: Sequence[Any]) -> None:
        kernel = function_of(self.source, "numpy")
        with np.errstate(all="ignore"):
            for run in range(blocks):
                kernel.__globals__["cuda"] = block_of(run)
                kernel(*arguments)
