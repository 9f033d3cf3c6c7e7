"""Stop during what cannot be stopped: the window is free at once, and one thread at most goes on behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Driven = Callable[..., dict[str, Any]]


class Deaf:
    """A job that hears nothing until it is `freed`, and then yields what it has."""

    def __init__(self, *has: object) -> None:
        self.has, self.began, self.freed = has, threading.Event(), threading.Event()

    def __call__(self, order: Any) -> Iterator[object]:
        self.began.set()
        assert self.freed.wait(20)
        yield from self.has


class Desk:
    """A Work, and what it has told."""

    def __init__(self, application: Any) -> None:
        from atlas_fast.viewer.window.work import Work

        self.application, self.work = application, Work()
        self.found: list[Any] = []
        self.ended: list[str] = []
        self.work.found.connect(self.found.append)
        self.work.ended.connect(self.ended.append)

    def until(self, done: Callable[[], object]) -> float:
        """Let Qt work until something holds; the seconds that it took."""
        began = time.monotonic()
        while not done():
            assert time.monotonic() < began + 20
            self.application.processEvents()
            time.sleep(0.002)
        return time.monotonic() - began

    def begin(self, *has: object) -> Deaf:
        job = Deaf(*has)
        self.work.start(job)
        assert job.began.wait(20)
        return job

    def stopped(self, *has: object) -> Deaf:
        """A job that was asked to end, and does not."""
        job = self.begin(*has)
        self.work.stop()
        self.until(lambda: not self.work.busy)
        return job


def threads() -> int:
    return sum(thread.name == "atlas-fast work" for thread in threading.enumerate())


@pytest.fixture
def desk(application: Any) -> Iterator[Desk]:
    found = Desk(application)
    yield found
    found.work.close()
    found.work.wait()


def test_the_window_is_free_while_the_work_goes_on(desk: Desk) -> None:
    job = desk.begin()
    desk.work.stop()
    assert desk.until(lambda: desk.ended) < 0.3
    assert desk.ended == [""] and not desk.work.busy and threads() == 1
    job.freed.set()
    desk.until(lambda: threads() == 0)
    desk.work.drain()
    assert desk.ended == [""], "an end is told once"


def test_of_jobs_that_wait_for_the_thread_only_the_last_is_done(desk: Desk) -> None:
    from atlas_fast.viewer.window.work import Progress

    job = desk.stopped("of the first")
    later = [Deaf(number) for number in range(5)]
    for each in later:
        each.freed.set()
        desk.work.start(each)
        assert desk.found[-1] == Progress("ending what was stopped", 0, 0)
    assert desk.work.busy and threads() == 1
    desk.found.clear()
    job.freed.set()
    desk.until(lambda: not desk.work.busy)
    assert desk.found == [4]
    assert [each.began.is_set() for each in later] == [False, False, False, False, True]
    assert desk.ended == ["", ""]


def test_what_comes_late_is_taken_unless_something_else_was_begun(desk: Desk) -> None:
    job = desk.stopped("a run")
    job.freed.set()
    desk.until(lambda: desk.found)
    assert desk.found == ["a run"] and desk.ended == [""]
    job = desk.stopped("another run")
    desk.work.drop()
    job.freed.set()
    desk.until(lambda: threads() == 0)
    desk.work.drain()
    assert desk.found == ["a run"] and desk.ended == ["", ""]


def test_stop_before_work_has_begun(desk: Desk) -> None:
    job, second = desk.stopped(), Deaf()
    desk.work.start(second)
    desk.work.stop()
    assert not desk.work.busy and desk.ended == ["", ""], "at once: there is nothing to wait for"
    job.freed.set()
    desk.until(lambda: threads() == 0)
    assert not second.began.is_set()
    # And the next is done as ever.
    third = Deaf("done")
    third.freed.set()
    desk.work.start(third)
    desk.until(lambda: not desk.work.busy)
    assert desk.found[-1] == "done"


def test_closing_leaves_no_thread(desk: Desk) -> None:
    job = desk.begin()
    began = time.monotonic()
    desk.work.close()
    assert time.monotonic() - began < 0.1 and threads() == 1
    threading.Timer(0.1, job.freed.set).start()
    desk.work.wait()
    assert threads() == 0 and not desk.ended


CURVED = """
random = __import__("numpy").random.default_rng(0)
curved = {
    "loss": "mse(A*tanh(B*X + C) + D, Y)",
    "data": {
        "X": {"values": random.normal(size=(8, 4000)).tolist()},
        "Y": {"values": random.normal(size=(2, 4000)).tolist()},
    },
    "weights": {"B": [64, "?"]},
    "surface": {"resolution": 200, "plane": "hessian"},
}
long = {**curved, "surface": {"resolution": 700, "plane": "random"}}
"""


def test_a_surface_that_was_stopped_is_kept_and_dressed_until_another_is_asked_for(driven: Driven) -> None:
    told = driven(
        CURVED
        + """
from dataclasses import replace
window, tab = opened()
tab.dress(replace(tab.look, arrows=True))
tab.open(long)
parts = []
tab.work.found.connect(lambda found: parts.append(type(found).__name__))
tab.panel.make.click()
until(lambda: parts.count("Part") > 2, "no tiles")
tab.panel.stop.click()
until(lambda: not tab.work.busy, "it goes on")
turn(0.1)
stopped, scene = tab.canvas.surface, tab.canvas.scene
told["begun"] = parts.count("Begun")
told["kept"] = []
for change in ({"contours": False}, {"heights": "log"}, {"theme": "dark"}, {"colouring": "slope"}):
    tab.dress(replace(tab.look, **change))
    turn(0.05)
    told["kept"].append(not tab.work.busy and tab.canvas.surface is stopped and tab.look.arrows)
    told["kept"].append(all(getattr(scene.dressed, key) == value for key, value in change.items()))
told["shape"], told["scale"] = list(scene.surface.loss.shape), scene.heights.scale.logarithmic
told["message"] = tab.panel.footer.message.text()
from PySide6.QtWidgets import QFileDialog
QFileDialog.getSaveFileName = staticmethod(lambda *how: told.update(asked=True) or ("", ""))
window.files.export()
told["export"] = window.statusBar().currentMessage()
# What it lacks, and what was not asked for before, is worth another.
tab.dress(replace(tab.look, colouring="curvature"))
until(lambda: parts.count("Begun") == 2, "it is not made again")
close(window)
ended()
"""
    )
    assert told["begun"] == 1
    assert told["kept"] == [True] * 8
    assert told["shape"] == [700, 700] and told["scale"]
    assert "not whole" in told["message"]
    assert "not complete" in told["export"] and "asked" not in told


def test_stop_is_answered_while_the_product_with_the_hessian_is_compiled(driven: Driven) -> None:
    told = driven(
        CURVED
        + """
window, tab = opened()
tab.open(curved)
from atlas_fast import hessian
compiling = threading.Event()
real = hessian.kernels.points
def points(program, **how):
    compiling.set()
    return real(program, **how)
hessian.kernels.points = points
tab.panel.make.click()
until(compiling.is_set, "no product")
began = time.monotonic()
tab.panel.stop.click()
until(lambda: not tab.work.busy, "it goes on")
told["stopped"] = time.monotonic() - began
told["usable"] = [tab.panel.make.isEnabled(), tab.panel.stop.isEnabled(), tab.panel.footer.bar.isVisible()]
tab.open({"loss": "x^2 + y^2", "surface": {"resolution": 30}})
tab.panel.make.click()
made(tab)
told["next"] = [list(tab.surface.loss.shape), tab.panel.footer.message.text()]
told["seconds"] = time.monotonic() - began
close(window)
ended()
"""
    )
    assert told["stopped"] < 0.4
    assert told["usable"] == [True, False, False]
    assert told["next"][0] == [30, 30]
    assert told["threads"] == ["MainThread"]
