"""Work that takes long, on a thread of its own, and what it finds out on the thread of the window.

In: jobs, generators that know nothing of Qt. Out: each thing that a job yields, as a signal in the thread that
made the Work: VisPy and Qt bear no other. A timer empties a queue for a few milliseconds at a time, so that the
window answers however much arrives. What cannot be stopped in the middle, as a compilation, is let go of: the window
goes on without it, and the next job, the last that was asked for, waits for the one thread.
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

PATIENCE = 150
"""Milliseconds that a job has to end after Stop, before the window goes on without it: an answer within 200 is felt as
one at once."""


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
    """One job at a time; a new one takes the place of that which runs, and of one that waits."""

    found = Signal(object)
    """What a job yielded, or a Progress."""

    ended = Signal(str)
    """The job is over: with an empty text, or a line that says what went wrong."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: queue.Queue[tuple[Order, object]] = queue.Queue(WAITING)
        self._order: Order | None = None
        self._busy = False
        self._lock = threading.Lock()  # of the two that follow
        self._next: tuple[Job, Order] | None = None
        self._running = False  # whether the thread will look for a next one
        self.worker: threading.Thread | None = None
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self.drain)
        self._patience = QTimer(self, interval=PATIENCE, singleShot=True)
        # It was asked to end and has not.
        self._patience.timeout.connect(lambda: self._end(""))

    @property
    def busy(self) -> bool:
        """Whether a job runs whose end has not been told."""
        return self._busy

    def start(self, job: Job) -> None:
        """Run a job on the thread, once it is free; what an earlier one might still find is dropped."""
        self._discard(self._order)
        order = self._order = Order(self._waiting)
        self._busy = True
        with self._lock:
            waits, self._running = self._running, True
            self._next = job, order
            if not waits:
                self.worker = threading.Thread(target=self._run, name="atlas-fast work", daemon=True)
                self.worker.start()
        self._timer.start()
        if waits:
            self.found.emit(Progress("ending what was stopped", 0, 0))

    def stop(self) -> None:
        """Ask the job to end; `ended` follows within a fifth of a second. A job that ends later may still bring what it
        has, as a run does, until another is started."""
        if not self._busy or self._order is None:
            return
        self._order.stopping.set()
        with self._lock:
            begun = self._next is None
            self._next = None
        if not begun:
            self._order = None
            self._end("")
        elif not self._patience.isActive():
            self._patience.start()

    def drop(self) -> None:
        """End the job at once: nothing that it might still find is wanted."""
        self._order, order = None, self._order
        self._discard(order)
        self._end("")

    def close(self) -> None:
        """End the job for good. Its thread ends as soon as it can: `wait` for it."""
        self._discard(self._order)
        self._order, self._busy = None, False
        self._timer.stop()

    def wait(self) -> None:
        """Return when the thread has ended."""
        if self.worker is not None:
            self.worker.join()

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
                self._end(found.error)
            elif self._busy or not isinstance(found, Progress):
                self.found.emit(found)
        if self._order is None and self._waiting.empty():
            self._timer.stop()

    def _end(self, error: str) -> None:
        """Tell the end, once."""
        self._patience.stop()
        if self._busy:
            self._busy = False
            self.ended.emit(error)

    def _discard(self, order: Order | None) -> None:
        """Nobody waits for a job any more."""
        self._patience.stop()
        with self._lock:
            self._next = None
        if order is not None:
            order.stopping.set()
            order.abandoned.set()

    def _run(self) -> None:
        """The thread: the job that was asked for last, until there is none."""
        while True:
            with self._lock:
                if self._next is None:
                    self._running = False
                    return
                (job, order), self._next = self._next, None
            _do(job, order)


def _do(job: Job, order: Order) -> None:
    """A job on its thread."""
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
