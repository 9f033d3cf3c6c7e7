"""Runs that train on one device or several: a part of them on each, whose launches follow each other on lanes.

In: a kernel, what the runs keep on their device, and what each launch is given. Out: what its steps leave, in its
place. A launch has a stream and memory of its own and waits for the steps of the one before alone: while it computes,
what that one left is copied back. Each device is spoken to by a thread of its own, as Numba wants it; which device
trains a run makes no difference to it.

None of this has run on a GPU yet: it is tested in Numba's simulator, where copies do not overlap, and devices are one,
and on devices of the tests' own, whose streams run as late as they may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..uniforms import Array
from .device import is_simulated
from .layout import SIMULATED_THREADS, THREADS
from .limits import limits_of_device
from .running import devices, extent

Arrays = Sequence[NDArray[Any]]
"""Their first axis is that of the runs."""


class Parts:
    """The runs of all devices."""

    def __init__(self, kernel: Any, state: Array, space: Array, shared: Array | None) -> None:
        """state, space: (runs, ..), the latter for its shape alone. shared: what all runs read alike."""
        used, count = devices_for(len(state)), len(state)
        bounds = [count * n // len(used) for n in range(len(used) + 1)]
        shares = zip(used, map(slice, bounds, bounds[1:]), strict=True)
        self._parts = [_Part(device, kernel, runs, state, space, shared) for device, runs in shares]

    def start(self, given: Arrays, left: Arrays, counts: Sequence[int]) -> Callable[[], None]:
        """Begin a launch behind all that began before; what is called to wait until what it leaves is in `left`. What
        is given must stay as it is until then.

        given: in the kernel's order, behind what is shared. counts: the kernel's last parameters.
        """
        begun = [(part, part.ask(part.start, given, left, counts)) for part in self._parts]

        def land() -> None:
            landing = [part.ask(part.land, lane.result(), left) for part, lane in begun]
            for each in landing:
                each.result()

        return land

    def close(self) -> None:
        """Wait for all that is under way, and let go of the devices' memory."""
        for part in self._parts:
            part.ask(part.close)
        for part in self._parts:
            part.thread.shutdown()


def devices_for(runs: int) -> list[int]:
    """The numbers of those that are to train so many: of more devices than give each processor a run, or a block of
    threads, none is done sooner."""
    from numba import cuda

    found = devices()
    processors = max(limits_of_device(cuda.gpus[number]).processors for number in found)
    return found[: max(1, runs // processors)]


class _Part:
    """Some of the runs, on one device, whose thread does all but to make this and to ask."""

    def __init__(self, device: int, kernel: Any, runs: slice, state: Array, space: Array, shared: Array | None) -> None:
        from numba import cuda

        self._cuda, self._device, self._kernel, self._runs = cuda, device, kernel, runs
        self._hosts = state[runs], space[runs], shared
        self.thread = ThreadPoolExecutor(1)
        self._there: tuple[list[Any], Any, Any] | None = None
        self._idle, self._lanes = list[_Lane](), list[_Lane]()
        self._last: _Lane | None = None

    def ask(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Work for its thread, which does one after the other."""

        def there() -> Any:
            with self._cuda.gpus[self._device]:
                return work(*arguments)

        return self.thread.submit(there)

    def start(self, given: Arrays, left: Arrays, counts: Sequence[int]) -> _Lane:
        if self._there is None:
            self._there = self._settled()
        if not self._idle:
            self._lanes.append(_Lane(self._cuda))
            self._idle.append(self._lanes[-1])
        lane = self._idle.pop()
        told = [lane.upload(f"given {n}", each) for n, each in enumerate(self._own(given))]
        made = [(lane.there(f"left {n}", x), lane.here(f"left {n}", x)) for n, x in enumerate(self._own(left))]
        if self._last is not None:
            self._last.over.wait(lane.stream)
        read, state, space = self._there
        threads = SIMULATED_THREADS if is_simulated() else THREADS
        launch = self._kernel[extent(self._runs), threads, lane.stream]
        launch(*read, *told, state, *(there for there, _ in made), space, *map(np.uint32, counts))
        lane.over.record(lane.stream)
        self._last = lane
        for there, here in made:
            there.copy_to_host(here, stream=lane.stream)
        return lane

    def land(self, lane: _Lane, left: Arrays) -> None:
        lane.stream.synchronize()
        for n, each in enumerate(self._own(left)):
            each[:] = lane.here(f"left {n}", each)
        self._idle.append(lane)

    def close(self) -> None:
        for lane in self._lanes:
            # Nothing may write into memory that Python lets go of.
            lane.stream.synchronize()
            lane.arrays.clear()
        self._there = None

    def _settled(self) -> tuple[list[Any], Any, Any]:
        """What stays on the device: what is only read there, the state, and space."""
        state, space, shared = self._hosts
        read = [] if shared is None else [self._cuda.to_device(shared)]
        return read, self._cuda.to_device(state.reshape(-1)), self._cuda.device_array(space.size, space.dtype)

    def _own(self, arrays: Arrays) -> list[NDArray[Any]]:
        """Of its runs, flat."""
        return [array[self._runs].reshape(-1) for array in arrays]


class _Lane:
    """A launch's stream, its memory, on the device and here, and when its steps are over. Memory is taken anew only
    where more is wanted, and then a quarter more than that: it waits for all that runs on the device."""

    def __init__(self, cuda: Any) -> None:
        self._cuda, self.stream, self.over = cuda, cuda.stream(), cuda.event()
        self.arrays = dict[tuple[str, Any], Any]()

    def upload(self, name: str, array: NDArray[Any]) -> Any:
        found = self.there(name, array)
        found.copy_to_device(array, stream=self.stream)
        return found

    def there(self, name: str, like: Any) -> Any:
        return self._memory(name, self._cuda.device_array, like)

    def here(self, name: str, like: Any) -> Any:
        return self._memory(name, self._cuda.pinned_array, like)

    def _memory(self, name: str, make: Any, like: Any) -> Any:
        if (name, make) not in self.arrays or self.arrays[name, make].size < like.size:
            self.arrays.pop((name, make), None)
            self.arrays[name, make] = make(like.size + like.size // 4, like.dtype)
        return self.arrays[name, make][: like.size]
