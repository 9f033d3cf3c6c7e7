"""Compiled code on threads of its own, while the thread that asked for it stays in Python.

Python runs handlers of signals, and a caller's progress, on no thread that is inside compiled code. So what takes
long runs elsewhere: the caller waits, hears Ctrl-C, tells progress, and stops the work through a flag in memory that
compiled code reads now and then.
"""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

SHORT = 30_000_000
"""Operations on vectors, some 10 to 40 ms, up to which a caller computes itself: too short for anybody to stop."""

TICK = 0.02
"""Seconds between two looks at the caller's affairs. A signal that another thread of the process receives wakes nobody:
it is heard at the next look."""

SPELL = 2e-5
"""Seconds between two looks at whether the others have finished short work."""

Flag = NDArray[np.int64]


def flag() -> Flag:
    """A stop flag: one number, which compiled code finds by its address; anything but 0 asks it to return."""
    return np.zeros(1, dtype=np.int64)


def run(
    jobs: Sequence[Callable[[], object]],
    stop: Flag,
    work: float,
    tick: Callable[[], object] | None,
    complete: Callable[[], bool] | None = None,
) -> bool:
    """Run jobs, each on a thread; False if they were stopped. Returns when none is at work any more.

    jobs: workers at the same work, of which any one would do all of it, since not each may be granted a thread. work:
    operations on vectors, about. tick: called by this thread every TICK seconds of long work; an answer of False stops
    it, and so does what it raises, or a signal's handler, which then comes out of here. complete: whether all of the
    work is done, for more jobs than one.
    """
    if work < SHORT:
        _share(jobs, complete)
        return True
    threads: list[threading.Thread] = []
    try:
        _start(jobs, threads)
        for job in jobs[len(threads) :]:
            job()
        for thread in threads:
            while thread.is_alive():
                thread.join(TICK)
                if tick is not None and thread.is_alive() and tick() is False:
                    stop[0] = 1
                    tick = None
    except BaseException:
        stop[0] = 1
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        raise
    return not stop[0]


def _share(jobs: Sequence[Callable[[], object]], complete: Callable[[], bool] | None) -> None:
    """The first job by this thread, the others by threads that nobody waits for before they have taken a part of the
    work: one that the system does not get to meanwhile finds nothing left to do."""
    for job in jobs[1:]:
        try:
            _thread.start_new_thread(job, ())
        except RuntimeError:  # "can't start new thread"
            break
    jobs[0]()
    if complete is not None and len(jobs) > 1:
        while not complete():
            time.sleep(SPELL)
        # A fence: what the others wrote before they counted it as done is seen from here on.
        threading.Lock().acquire()


def _start(jobs: Sequence[Callable[[], object]], threads: list[threading.Thread]) -> None:
    """Start a thread for each job, or for as many as the system grants, and note it."""
    for job in jobs:
        threads.append(threading.Thread(target=job, daemon=True))
        try:
            threads[-1].start()
        except RuntimeError:  # "can't start new thread"
            threads.pop()
            return
