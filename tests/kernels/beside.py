"""A program that test_threads.py runs: surfaces beside a parallel function of Numba's own, in one process or several.

python beside.py threads|fork|spawn|fork-while-running: prints the threading layer that Numba took; status 0 if every
surface had the same bits.
"""

import multiprocessing
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from networks import Case, classifier, regression
from numpy.typing import NDArray

from atlas_fast.kernels.cpu import driver, waiting

A, B = np.linspace(-1.0, 1.0, 45), np.linspace(-0.5, 0.75, 23)


@numba.njit(parallel=True, cache=True)
def total(x: NDArray[np.float64]) -> float:
    found = 0.0
    for i in numba.prange(x.size):
        found += x[i]
    return found


def cases() -> list[Case]:
    return [classifier(samples=70).case(), regression(samples=70, hidden=9).case(), classifier(samples=2000).case()]


def surface(number: int) -> bytes:
    driver.WORTH_A_THREAD = waiting.SHORT = 0  # threads for the smallest grid too, and waiting for them
    return bytes(cases()[number].bound("float32")(A, B).tobytes())


def alone() -> list[bytes]:
    os.environ["ATLAS_THREADS"] = "1"
    found = [surface(number) for number in range(3)]
    del os.environ["ATLAS_THREADS"]
    return found


def by_threads(expected: list[bytes]) -> bool:
    def sums(_: int) -> bool:
        return all(total(np.ones(1000)) == 1000 for _ in range(200))

    with ThreadPoolExecutor(7) as pool:
        numbas = pool.submit(sums, 0)
        found = [pool.submit(surface, number % 3) for number in range(18)]
        return numbas.result() and all(each.result() == expected[k % 3] for k, each in enumerate(found))


def by_fork(expected: list[bytes]) -> bool:
    """Surfaces in a child, one that it compiles first, in the parent meanwhile, and in a child of the child."""

    def forked(depth: int) -> bool:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                new = regression(samples=31 + depth, hidden=os.getpid() % 40 + 2).case().bound("float32")
                same = np.isfinite(new(A, B)).all() and [surface(number) for number in range(3)] == expected
                status = 0 if same and (depth == 0 or forked(depth - 1)) else 1
            finally:
                os._exit(status)
        same = surface(1) == expected[1]
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0 and same

    return forked(1)


def by_spawn(expected: list[bytes]) -> bool:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        return pool.map(surface, range(3)) == expected


def by_fork_while_running(expected: list[bytes]) -> bool:
    """Forks while other threads compile and compute: the child must not wait for what they held."""
    over = threading.Event()

    def busy() -> None:
        samples = 100
        while not over.is_set():
            samples += 1
            classifier(samples=samples).case().bound("float32")(A, B)

    threads = [threading.Thread(target=busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        return all(by_fork(expected) for _ in range(5))
    finally:
        over.set()
        for thread in threads:
            thread.join()


MODES = {"threads": by_threads, "fork": by_fork, "spawn": by_spawn, "fork-while-running": by_fork_while_running}

if __name__ == "__main__":
    assert total(np.ones(1000)) == 1000
    print(numba.threading_layer())
    sys.exit(not MODES[sys.argv[1]](alone()))
