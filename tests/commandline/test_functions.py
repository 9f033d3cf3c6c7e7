"""`atlas-fast functions`: the language's table, as people and scripts read it."""

import json

import pytest

from atlas_fast.commandline import run
from atlas_fast.language import FUNCTIONS


def test_every_function_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("(")[0] for line in lines] == sorted(FUNCTIONS)
    assert all(line.endswith(FUNCTIONS[line.partition("(")[0]].help) for line in lines)


def test_one_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions", "huber"]) == 0
    assert capsys.readouterr().out.startswith("huber(x, y, delta=1)  ")
    assert run(["functions", "hubber"]) == 2
    assert "there is no function hubber: did you mean huber?" in " ".join(
        capsys.readouterr().err.replace("│", " ").split()
    )


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted(told) == sorted(FUNCTIONS)
    assert told["relu"] == {"signature": "relu(x)", "help": FUNCTIONS["relu"].help}
