"""How far long work has come: a bar on a terminal, a function of the caller's, or silence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .arguments import ArgumentError

Report = Callable[[int, int], object]
"""Called with (done, total); an answer of False, and nothing else, asks the work to stop."""

Progress = bool | Report | None
"""What a `progress` argument takes: None (a bar on a terminal), True, False, or a Report."""


@contextmanager
def reporting(progress: Progress, label: str) -> Iterator[Report | None]:
    """The function to call with (done, total) while the work goes on, or None where nothing is to be shown.

    The bar is drawn on the standard error stream and taken away at the end.
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
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
