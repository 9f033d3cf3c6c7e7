"""Progress: a bar on a terminal, a function of the caller's, or silence."""

import io
import sys

import pytest

import atlas_fast as af
from atlas_fast.progress import Estimate, duration, reporting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("progress", "terminal", "shown"),
    [(None, True, True), (None, False, False), (False, True, False), (True, False, True), (True, True, True)],
)
def test_a_bar_is_shown_on_a_terminal_or_when_asked_for(
    progress: bool | None, terminal: bool, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with reporting(progress, "surface") as report:
        assert (report is not None) == shown
        if report is not None:
            assert report(1, 4) is not False
            assert report(4, 4) is not False
    if terminal:
        assert ("surface" in stream.getvalue()) == shown
    if not shown:
        assert stream.getvalue() == ""


def test_a_function_is_called_itself() -> None:
    seen = []
    with reporting(lambda done, total: seen.append((done, total)), "surface") as report:
        assert report is not None
        report(3, 7)
    assert seen == [(3, 7)]


def test_anything_else_is_refused() -> None:
    with pytest.raises(af.ArgumentError, match="progress is 'loud'"), reporting("loud", "x"):  # type: ignore[arg-type]
        pass


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_estimate_is_told_once_from_the_pace_after_the_start() -> None:
    clock = Clock()
    estimate = Estimate(clock)
    clock.now += 3  # threads start
    assert estimate(1, 1000) is None
    told = []
    for done in range(11, 1000, 10):
        clock.now += 0.1  # 100 a second: 9.99 s after the start
        told.append(estimate(done, 1000))
    (known,) = [seconds for seconds in told if seconds is not None]
    assert known == pytest.approx(3 + 9.99)
    assert told.index(known) == 2, "after a quarter of a second"


def test_short_work_is_not_worth_an_estimate() -> None:
    clock = Clock()
    estimate = Estimate(clock)
    for done in range(20):
        assert estimate(done, 20) is None
        clock.now += 0.09


def test_a_terminal_is_told_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(Estimate.__init__, "__defaults__", (clock,))
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with reporting(None, "surface", "1,024 x 1,024 vertices") as report:
        assert report is not None
        report(0, 1024)
        clock.now += 1
        report(8, 1024)
    assert "surface: about 2.1 min for 1,024 x 1,024 vertices\n" in stream.getvalue().replace("\r", "")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(2.2, "2 s"), (89.4, "89 s"), (90, "1.5 min"), (1200, "20 min"), (5400, "1.5 h"), (360_000, "100 h")],
)
def test_times_are_told_as_people_do(seconds: float, told: str) -> None:
    assert duration(seconds) == told
