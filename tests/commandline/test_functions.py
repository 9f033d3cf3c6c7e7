"""`atlas-fast functions`: the language's table, as people and scripts read it."""

import json

import pytest

from atlas_fast.commandline import run
from atlas_fast.language import FUNCTIONS


def test_every_function_has_a_line_under_a_heading(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    functions = [line.strip() for line in lines if line.startswith("  ")]
    assert sorted(line.partition("(")[0] for line in functions) == sorted(FUNCTIONS)
    assert all(line.endswith(FUNCTIONS[line.partition("(")[0]].help) for line in functions)
    headings = [line for line in lines if line and not line.startswith(" ")]
    assert "Losses" in headings and "Entry by entry" in headings


def test_one_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions", "huber"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("huber(x, y, delta=1): the mean of d^2/2")
    assert "\n  LaTeX: " in told


@pytest.mark.parametrize(("slip", "meant"), [("hubber", "huber"), ("relo", "relu"), ("swish", "silu")])
def test_a_slip_of_the_pen(slip: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions", slip]) == 2
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert f"there is no function {slip}: did you mean {meant}?" in told


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted(told) == sorted(FUNCTIONS)
    assert told["relu"]["signature"] == "relu(x)"
    assert told["relu"]["help"] == FUNCTIONS["relu"].help
    assert run(["functions", "tanh", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["tanh"]
