"""How far work has come and how long it will take: a bar on a terminal, a function of the caller's, or silence."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .arguments import ArgumentError
from .errors import AtlasError

Report = Callable[[int, int], object]
"""Called with (done, total); an answer of False, and nothing else, asks the work to stop."""

Progress = bool | Report | None
"""What a `progress` argument takes: None (a bar on a terminal), True, False, or a Report."""


class Stopped(AtlasError):
    """Work of which nothing is there before its end, ended by a Report's answer."""


MEASURED = 0.25
"""Seconds of work from which the rest is estimated: some twenty times what starting threads takes."""

LONG = 2.0
"""Seconds of work from which an estimate is worth a line."""


class Estimate:
    """How long work takes in all, from its pace in the first MEASURED seconds after its first report.

    What comes before that report (threads that start, caches that fill) is counted, and says nothing of the pace.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._began = clock, clock()
        self._first: tuple[int, float] | None = None
        self._told = False

    def __call__(self, done: int, total: int) -> float | None:
        """The estimate in seconds, once, when it is known; None before, after, and where the work is short."""
        now = self._clock()
        if self._first is None:
            self._first = done, now
        before, since = self._first
        if self._told or now - since < MEASURED or done <= before:
            return None
        self._told = True
        seconds = now - self._began + (total - done) * (now - since) / (done - before)
        return seconds if seconds >= LONG else None


def duration(seconds: float) -> str:
    """A time as people say it, in s, min or h."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}" if seconds < 10 * size else f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"


@contextmanager
def reporting(progress: Progress, label: str, work: str = "") -> Iterator[Report | None]:
    """The function to call with (done, total) while the work goes on, or None where nothing is to be shown.

    The bar is drawn on the standard error stream and taken away at the end. Above it an estimate stays, where the work
    is long: "surface: about 40 s for 1,024 x 1,024 vertices". work: what is done in all, in words.
    Raises ArgumentError if `progress` is none of the things that are taken.
    """
    if callable(progress):
        yield progress
        return
    if progress is not None and not isinstance(progress, bool):
        raise ArgumentError(f"progress is {progress!r}, it must be True, False, None or a function of (done, total)")
    if progress is False or (progress is None and not sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task, estimate = bar.add_task(label, total=None), Estimate()

        def report(done: int, total: int) -> None:
            seconds = estimate(done, total) if total else None
            if seconds is not None:
                told = f"{label}: about {duration(seconds)}" + (f" for {work}" if work else "")
                bar.console.print(told, highlight=False, markup=False)
            bar.update(task, completed=done, total=total or None)

        yield report
