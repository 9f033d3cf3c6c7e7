"""Workspaces written as TOML: they read back to the same, and find their data from where they are saved."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import atlas_fast as af
from atlas_fast.workspace import document as documents


def parsed(document: dict[str, Any], folder: Path | None = None) -> af.Workspace:
    return af.Workspace.parse(document, folder, "w.toml")


texts = st.text(st.characters(codec="utf-8"), min_size=1)
floats = st.floats(allow_nan=False, allow_infinity=False)
numbers = floats | st.integers(-(2**63), 2**63 - 1)
names = st.from_regex(r"[A-Za-zα-ω][A-Za-z0-9_]{0,5}", fullmatch=True)
matrices = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=1, max_size=4)
)
seeds = st.integers(0, 2**63 - 1)
columns = texts | st.integers(1, 99)
data = (
    st.fixed_dictionaries(
        {"file": texts, "samples": st.sampled_from(["rows", "columns"])},
        optional={
            "columns": columns | st.lists(columns, min_size=1, max_size=3),
            "header": st.booleans(), "delimiter": texts, "encoding": texts, "array": texts,
            "missing": st.sampled_from(["error", "drop"]), "scale": st.sampled_from(["standardize", "unit"]),
        },
    )
    | st.fixed_dictionaries({"dataset": texts, "part": st.sampled_from("XY")})
    | st.fixed_dictionaries({"values": matrices}, optional={"scale": st.just("unit")})
)  # fmt: skip
sizes = st.integers(1, 99) | st.just("?")
workspaces = st.fixed_dictionaries(
    {"loss": texts},
    optional={
        "notes": texts,
        "data": st.dictionaries(names, data, max_size=3),
        "weights": st.dictionaries(
            names, st.lists(sizes, min_size=2, max_size=2) | st.just("?") | floats | matrices, max_size=3
        ),
        "split": st.fixed_dictionaries({"test": st.floats(0.01, 0.99)}, optional={"seed": seeds}),
        "training": st.fixed_dictionaries(
            {"optimizer": st.just("Adam"), "lr": st.floats(1e-300, 1e300), "epochs": st.integers(1, 2**40)},
            optional={"betas": st.lists(st.floats(0, 0.99), min_size=2, max_size=2), "seed": seeds},
        ),
        "surface": st.fixed_dictionaries(
            {}, optional={"extent": st.floats(1e-9, 1e9), "gradient": st.booleans(), "resolution": st.integers(2, 9)}
        ),
    },
)


@given(workspaces)
def test_toml_reads_back_to_the_same(document: dict[str, Any]) -> None:
    workspace = parsed(document)
    assert workspace.document == document
    again = documents.parsed(workspace.toml(), "again")
    assert again == document
    exactly = json.dumps(again, sort_keys=True), json.dumps(document, sort_keys=True)
    assert exactly[0] == exactly[1], "also whether a number is whole, and the sign of zero"
    assert parsed(again).toml() == workspace.toml()


def test_toml_is_readable(iris: af.Workspace) -> None:
    text = parsed({**iris.document, "data": {"X": {"values": [[1.0, 2.0], [3.0, 4.0]]}}}).toml()
    assert text.startswith('loss = """H = relu(B*X + C)\ncross_entropy(A*H + D, Y)\n"""\n')
    assert "values = [\n    [1.0, 2.0],\n    [3.0, 4.0],\n]" in text
    assert '\n[training]\noptimizer = "Adam"\nlr = 0.05\n' in text


def test_a_workspace_is_saved_with_its_data(tmp_path: Path, iris: af.Workspace) -> None:
    whole = iris.matrices()
    document = iris.document
    document["data"] = {
        "X": {"values": whole["X"].tolist(), "scale": "standardize"},
        "Y": {"values": [[1.0] * 150]},
    }
    document["loss"] = "mse(w*X + b, Y)"
    del document["weights"]
    written = parsed(document).save(tmp_path / "mine.toml")
    assert written == [tmp_path / "mine.toml", tmp_path / "mine-data.npz"]
    found = af.Workspace.read(tmp_path / "mine.toml")
    np.testing.assert_array_equal(found.matrices()["X"], whole["X"])
    np.testing.assert_array_equal(found.samples.train["X"], parsed(document).samples.train["X"])
    said = tomllib.loads((tmp_path / "mine.toml").read_text())["data"]
    assert said["X"] == {"file": "mine-data.npz", "array": "X", "samples": "columns", "scale": "standardize"}
    assert said["Y"] == {"values": [[1.0] * 150]}
    with pytest.raises(af.StoreError, match=r"mine\.toml is there already: name another"):
        parsed(document).save(tmp_path / "mine.toml")
    with pytest.raises(af.StoreError, match="there is no folder"):
        parsed(document).save(tmp_path / "none" / "mine.toml")
    with pytest.raises(af.ArgumentError, match=r"ends in \.toml"):
        parsed(document).save(tmp_path / "mine.txt")


def test_files_are_found_from_where_a_workspace_is_saved(tmp_path: Path, iris: af.Workspace) -> None:
    written = iris.save(tmp_path / "copy.toml")
    assert written == [tmp_path / "copy.toml"]
    np.testing.assert_array_equal(af.Workspace.read(written[0]).matrices()["Y"], iris.matrices()["Y"])
