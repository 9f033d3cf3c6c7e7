"""Work that takes long, on a thread of its own, and what it finds out on the thread of the window.

In: jobs, generators that know nothing of Qt. Out: each thing that a job yields, as a signal in the thread that
made the Work: VisPy and Qt bear no other. A timer empties a queue for a few milliseconds at a time, so that the
window answers however much arrives.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from ...errors import AtlasError

INTERVAL = 15
"""Milliseconds from one look into the queue to the next."""

SPARE = 0.010
"""Seconds that a look may take."""

WAITING = 64
"""Things that may wait in the queue: a job that is faster than the screen waits for it."""

TELL = 0.05
"""Seconds between two words on progress."""


@dataclass(frozen=True)
class Progress:
    """How far a job is. total 0: nobody knows."""

    what: str
    done: int
    total: int


class Order:
    """What a job is told: whether it may go on. Its methods are for the job's thread."""

    def __init__(self, waiting: queue.Queue[tuple[Order, object]]) -> None:
        self.stopping = threading.Event()
        self.abandoned = threading.Event()
        self._waiting = waiting
        self._told = 0.0

    def report(self, what: str) -> Callable[[int, int], bool]:
        """A function of (done, total), as the library's `progress` wants it."""

        def told(done: int, total: int) -> bool:
            now = time.monotonic()
            if now - self._told > TELL or done >= total:
                self._told = now
                self.put(Progress(what, done, total))
            return not self.stopping.is_set()

        return told

    def put(self, found: object) -> None:
        """Hand something to the window, as soon as it has room for it. What a stopped job found still arrives, unless
        nobody wants it any more."""
        while not self.abandoned.is_set():
            try:
                self._waiting.put((self, found), timeout=0.05)
                return
            except queue.Full:
                continue


Job = Callable[[Order], Iterator[object]]


@dataclass(frozen=True)
class _End:
    error: str


class Work(QObject):
    """One job at a time; a new one takes the place of that which runs."""

    found = Signal(object)
    """What a job yielded, or a Progress."""

    ended = Signal(str)
    """The job is over: with an empty text, or a line that says what went wrong."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: queue.Queue[tuple[Order, object]] = queue.Queue(WAITING)
        self._order: Order | None = None
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self.drain)

    @property
    def busy(self) -> bool:
        """Whether a job runs whose end has not been told."""
        return self._order is not None

    def start(self, job: Job) -> None:
        """Run a job on a thread; what an earlier one might still find is dropped."""
        before = self._thread
        self._abandon()
        order = self._order = Order(self._waiting)
        self._thread = threading.Thread(target=_run, args=(job, order, before), name="atlas-fast work", daemon=True)
        self._thread.start()
        self._timer.start()

    def stop(self) -> None:
        """Ask the job to end. It hears this within a fifth of a second, and `ended` follows."""
        if self._order is not None:
            self._order.stopping.set()

    def close(self) -> None:
        """End the job and wait for its thread."""
        self._abandon()
        self._timer.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def drain(self) -> None:
        """Tell what is in the queue, for as long as a look may take."""
        until = time.monotonic() + SPARE
        while time.monotonic() < until:
            try:
                order, found = self._waiting.get_nowait()
            except queue.Empty:
                break
            if order is not self._order:
                continue
            if isinstance(found, _End):
                self._order = None
                self.ended.emit(found.error)
            else:
                self.found.emit(found)
        if self._order is None and self._waiting.empty():
            self._timer.stop()

    def _abandon(self) -> None:
        if self._order is not None:
            self._order.stopping.set()
            self._order.abandoned.set()
            self._order = None


def _run(job: Job, order: Order, before: threading.Thread | None) -> None:
    """A job on its thread, from the end of the one before."""
    if before is not None:
        before.join()
    error = ""
    try:
        for found in job(order):
            order.put(found)
    except AtlasError as told:
        error = str(told)
    except MemoryError:
        error = "there is not enough memory for this: a smaller resolution takes less"
    except Exception as fault:  # a window that stands still would say less
        error = f"something went wrong in Atlas Fast itself, please report it: {type(fault).__name__}: {fault}"
    order.put(_End(error))
