"""Progress: a bar on a terminal, a function of the caller's, or silence."""

import io
import sys

import pytest

import atlas_fast as af
from atlas_fast.progress import reporting


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
