"""How the benchmarks measure, and how what they print comes into their page."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import compiler
import contest
import numpy as np
import pytest


class Clock:
    """A clock that only moves when a function says how long it took."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def taking(self, name: str, seconds: float) -> Callable[[], None]:
        def call() -> None:
            self.calls.append(name)
            self.now += seconds

        return call


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(contest.time, "perf_counter", lambda: clock.now)
    return clock


def test_what_is_hopeless_stops_after_a_round_and_what_is_slow_after_two(clock: Clock) -> None:
    rivals = [clock.taking("best", 1.0), clock.taking("slow", 1.5), clock.taking("hopeless", 3.0)]
    ours, (theirs,) = contest.in_turn([clock.taking("ours", 9.0)], [rivals], rounds=4)
    assert [clock.calls.count(name) for name in ("ours", "best", "slow", "hopeless")] == [4, 4, 2, 1]
    assert ours[0].median == pytest.approx(9.0)
    assert [found.median for found in theirs] == pytest.approx([1.0, 1.5, 3.0])


def test_each_group_of_rivals_has_a_best_of_its_own(clock: Clock) -> None:
    contest.in_turn([], [[clock.taking("quick", 1.0)], [clock.taking("other", 5.0)]], rounds=3)
    assert [clock.calls.count(name) for name in ("quick", "other")] == [3, 3]


def test_after_the_time_is_up_there_is_no_third_round(clock: Clock) -> None:
    contest.in_turn([clock.taking("ours", 6.0)], [], rounds=9, seconds=10.0)
    assert clock.calls.count("ours") == 2


def test_a_very_long_call_is_measured_twice(clock: Clock) -> None:
    contest.in_turn([clock.taking("long", 11.0), clock.taking("short", 1.0)], [], rounds=5)
    assert [clock.calls.count(name) for name in ("long", "short")] == [2, 5]


def test_a_short_call_is_repeated_and_its_first_does_not_count(clock: Clock) -> None:
    times = iter([0.009, *[0.001] * 100])

    def call() -> None:
        clock.now += next(times)

    assert contest.settled(call) == pytest.approx(0.001)
    assert clock.now > contest.SETTLING


def test_a_deviation_is_relative_to_the_largest_value() -> None:
    assert contest.deviation(np.array([1.0, -4.0]), np.array([1.0, -3.0])) == pytest.approx(0.25)
    infinite = np.array([1.0, np.inf])
    assert contest.deviation(infinite, infinite) == 0
    assert contest.deviation(infinite, np.array([1.0, 2.0])) == np.inf


def test_a_section_replaces_what_stands_between_its_marks_and_nothing_else() -> None:
    page = "before\n<!-- table -->\nold\n<!-- end of table -->\nafter\n"
    assert compiler.spliced(page, "table", "new\n") == page.replace("old", "new")
    with pytest.raises(ValueError, match="no marks <!-- memory -->"):
        compiler.spliced(page, "memory", "new\n")


@pytest.mark.parametrize("name", compiler.SECTIONS)
def test_the_page_has_a_place_for_every_section(name: str) -> None:
    page = compiler.README.read_text(encoding="utf-8")
    assert "\nnew\n<!-- end of " + name in compiler.spliced(page, name, "new\n")


@pytest.mark.parametrize("command", [["-m", "benchmarks.compiler"], ["benchmarks/compiler.py"]])
def test_a_script_runs_as_a_module_and_as_a_file(root: Path, command: list[str]) -> None:
    done = subprocess.run([sys.executable, *command, "--help"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0 and "SECTION" in done.stdout, done.stderr


def test_memory_is_measured_in_a_process_of_its_own(root: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.memory", "bowl", "--resolution", "256"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| bowl")]
    assert [len(row) for row in rows] == [5, 5], done.stderr
    assert all(float(row[2]) >= 0 for row in rows)
