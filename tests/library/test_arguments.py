"""Arguments of another type than is wanted: one line that names the argument, never Python's own error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast.errors import nearest
from atlas_fast.matrices import sample_count


@pytest.fixture(scope="module")
def made() -> SimpleNamespace:
    """A problem with a run and a surface of its own."""
    problem = af.Problem("(x - 1)^2 + 2*(y + 1)^2")
    run = problem.train(af.SGD(lr=0.1), epochs=5, progress=False)
    surface = problem.surface(resolution=4, progress=False)
    return SimpleNamespace(problem=problem, run=run, surface=surface, plane=surface.plane)


RUN = "run is {}, what problem.train(..) returned is wanted"
PROBLEM = "problem is an int, a Problem is wanted, as Problem(text, data) makes one"
FILE = "path is an int, the name of a file is wanted"

WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "surface.path": (lambda m: m.surface.path(3), RUN.format("an int")),
    "surface.showing": (lambda m: m.surface.showing("run"), RUN.format("a str")),
    "surface.at": (lambda m: m.surface.at("x", 3), "a is no array of numbers"),
    "surface.at, b": (lambda m: m.surface.at(0, [1, "y"]), "b is no array of numbers"),
    "surface.at, shapes": (lambda m: m.surface.at([1, 2], [1, 2, 3]), "a has the shape (2,) and b (3,)"),
    "surface.save": (lambda m: m.surface.save(3), FILE),
    "plane.at": (lambda m: m.plane.at("a", "b"), "a is 'a', a number is wanted"),
    "plane.at, too large": (lambda m: m.plane.at(10**400), "a is 1000"),
    "problem.pack": (lambda m: m.problem.pack(3), "values is an int, a dict of a matrix by name is wanted"),
    "problem.unpack": (lambda m: m.problem.unpack("w"), "the vector is no array of numbers"),
    "Plane.random": (lambda m: af.Plane.random(3, [0.0, 0.0]), PROBLEM),  # type: ignore[arg-type]
    "Plane.axes": (lambda m: af.Plane.axes(3, "x", "y"), PROBLEM),  # type: ignore[arg-type]
    "compare": (lambda m: af.compare(3, [af.SGD(lr=0.1)], 2), PROBLEM),  # type: ignore[arg-type]
    "load": (lambda m: af.load(3), FILE),  # type: ignore[arg-type]
    "Table.read": (lambda m: af.Table.read(3), FILE),  # type: ignore[arg-type]
    "Workspace.read": (lambda m: af.Workspace.read(3), FILE),  # type: ignore[arg-type]
    "Workspace.save": (lambda m: af.Workspace.parse({"loss": "x^2"}).save(3), FILE),  # type: ignore[arg-type]
    "Problem.from_file": (lambda m: af.Problem.from_file(3), FILE),  # type: ignore[arg-type]
    "share": (lambda m: af.share(m.problem, "run"), RUN.format("a str")),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", WRONG)
def test_another_type_is_refused_in_one_line(name: str, made: SimpleNamespace) -> None:
    call, told = WRONG[name]
    with pytest.raises(af.ArgumentError) as caught:
        call(made)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_what_is_wanted_is_taken(made: SimpleNamespace, tmp_path: Path) -> None:
    made.surface.save(str(tmp_path / "s.npz"), made.run)
    assert len(af.load(tmp_path / "s.npz").path().a) == 6
    assert made.surface.at(np.float32(0), 0) == pytest.approx(3, rel=0.5)
    assert np.isnan(made.surface.at(np.inf, 0))


def test_onehot_takes_one_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("s,t\na,b\nb,b\n")
    table = af.Table.read(tmp_path / "t.csv")
    for several in (["s", "t"], None):
        with pytest.raises(
            af.ArgumentError, match=r"^onehot makes classes of one column, not of 2: name it, as in 's'$"
        ):
            table.onehot(several)  # type: ignore[arg-type]
    assert table.onehot(["s"]).classes == ("a", "b")  # type: ignore[arg-type]


def test_the_nearest_name_is_found_whatever_its_capitals() -> None:
    assert nearest("ADMA", ["SGD", "Adam", "AdamW"]) == "Adam"
    assert nearest("sgd", ["SGD", "Adam"]) == "SGD"
    assert nearest("zzz", ["SGD", "Adam"]) is None


def test_samples_are_the_columns_of_data_with_several() -> None:
    assert sample_count({"X": np.ones((2, 5)), "k": np.ones((5, 1)), "Y": np.ones((1, 5))}, "it") == 5
    with pytest.raises(af.DataError, match=r"^it needs samples, data with more than one column$"):
        sample_count({"k": np.ones((5, 1))}, "it")
    with pytest.raises(af.DataError, match="as many in each: X has 5, Y has 4; transpose what"):
        sample_count({"X": np.ones((2, 5)), "Y": np.ones((1, 4))}, "it")
