"""The paper's questions: their scripts are short, run at low resolution, and print what docs/questions.md claims."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image

QUESTIONS = ("learning_rate", "activation", "layers", "convexity", "optimizers")
Table = dict[str, list[str]]


def table(text: str, number: int = 0) -> Table:
    """The rows of a Markdown table in a text, by their first cell."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)[number]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found.splitlines()[2:]]
    return {row[0]: row[1:] for row in rows}


def column(rows: Table, place: int) -> np.ndarray:
    return np.array([float(row[place].removesuffix("%")) for row in rows.values()])


@pytest.fixture(scope="module")
def claimed(root: Path) -> dict[str, Table]:
    text = (root / "docs/questions.md").read_text(encoding="utf-8")
    return {name: table(text, number) for number, name in enumerate(QUESTIONS)}


@pytest.fixture(scope="module")
def answer(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    """What each script prints for three seeds."""
    folder, found = tmp_path_factory.mktemp("questions"), {}
    for name in QUESTIONS:
        picture = folder / f"{name}.png"
        options = ["--resolution", "16", "--seeds", "3", "--out", str(picture)]
        command = [sys.executable, "-W", "ignore", str(root / f"docs/questions/{name}.py"), *options]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert min(image.imread(picture).shape[:2]) > 500
        found[name] = table(done.stdout)
    return found


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_script_is_short_and_its_picture_is_there(root: Path, name: str) -> None:
    script = (root / f"docs/questions/{name}.py").read_text(encoding="utf-8")
    assert len(script.splitlines()) <= 30
    assert 50_000 < (root / f"docs/pictures/{name}.png").stat().st_size < 400_000
    text = (root / "docs/questions.md").read_text(encoding="utf-8")
    assert f"(pictures/{name}.png)" in text
    assert f"(questions/{name}.py)" in text


@pytest.mark.parametrize("name", QUESTIONS)
def test_tables_have_the_same_rows_as_in_the_text(
    answer: dict[str, Table], claimed: dict[str, Table], name: str
) -> None:
    assert list(answer[name]) == list(claimed[name])


@pytest.mark.parametrize("which", ["answer", "claimed"])
def test_a_rate_too_high_ends_at_log_3_and_one_too_low_above_the_right_one(
    which: str, request: pytest.FixtureRequest
) -> None:
    rows = request.getfixturevalue(which)["learning_rate"]
    high, right, low = column(rows, 0)
    assert high == pytest.approx(np.log(3), abs=1e-3)
    assert right < 0.5 < low
    stuck = [row[1].split(" of ") for row in rows.values()]
    assert stuck[0][0] == stuck[0][1]
    assert stuck[1][0] == "0"


@pytest.mark.parametrize("which", ["answer", "claimed"])
def test_four_sigmoid_layers_leave_no_slope_and_stop_sgd_but_not_adam(
    which: str, request: pytest.FixtureRequest
) -> None:
    rows = request.getfixturevalue(which)["activation"]
    slope, sgd, adam = (column(rows, place) for place in range(3))
    assert slope[3] < slope[2] / 50
    assert slope[3] < slope[1] / 50
    assert slope[1] < slope[0]
    assert sgd[3] == pytest.approx(np.log(3), abs=0.01)
    assert max(sgd[:3]) < 0.7
    assert max(adam) < 0.5


@pytest.mark.parametrize("which", ["answer", "claimed"])
def test_layers_narrow_the_valley(which: str, request: pytest.FixtureRequest) -> None:
    rows = request.getfixturevalue(which)["layers"]
    weights, adam, sgd, share = (column(rows, place) for place in range(4))
    np.testing.assert_array_equal(weights, [83, 193, 413, 853])
    assert share[0] > 2 * share[2] > 2 * share[3] > 0
    assert adam[2] < adam[0]
    assert sgd[3] > sgd[0]


@pytest.mark.parametrize("which", ["answer", "claimed"])
def test_the_middle_is_higher_only_where_a_loss_is_not_convex(which: str, request: pytest.FixtureRequest) -> None:
    rows = request.getfixturevalue(which)["convexity"]
    higher, ends, loss = (column(rows, place) for place in range(3))
    np.testing.assert_array_equal(higher[:2], 0)
    assert min(higher[2:]) > 10
    np.testing.assert_array_equal(ends, [1, 1, 1, 2])
    assert loss[2] < loss[0]


@pytest.mark.parametrize("which", ["answer", "claimed"])
def test_the_first_step_of_adam_is_its_rate_and_units_do_not_stop_it(
    which: str, request: pytest.FixtureRequest
) -> None:
    rows = request.getfixturevalue(which)["optimizers"]
    assert rows["Adam"][0] == "+0.050, +0.050"
    assert rows["SGD"][0] == rows["momentum"][0] == "+0.689, +0.108"
    (sgd, momentum, adam), mm = column(rows, 1), column(rows, 2)
    assert momentum < 0.0425 < min(sgd, adam)
    assert min(mm[:2]) > 1e100
    assert mm[2] < 2


def test_numbers_that_are_no_medians_are_those_of_the_text(answer: dict[str, Table], claimed: dict[str, Table]) -> None:
    """They do not depend on the seeds."""
    for name, place in (("convexity", 0), ("optimizers", 0), ("layers", 0)):
        assert [row[place] for row in answer[name].values()] == [row[place] for row in claimed[name].values()]
