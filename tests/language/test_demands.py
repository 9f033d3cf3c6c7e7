"""What functions want of the values of data: a label or target that cannot be one is refused by name and place."""

from __future__ import annotations

import numpy as np
import pytest

import atlas_fast as af

X = np.linspace(-1.0, 1.0, 12).reshape(2, 6)


ONEHOT = "cross_entropy(A*X, onehot(y, 2))", "onehot(y, 2) wants labels 0 to 1"
HINGE = "hinge(w*X, y)", "hinge(w*X, y) wants labels -1 and 1"
BINARY = "binary_cross_entropy(w*X, y)", "binary_cross_entropy(w*X, y) wants targets from 0 to 1"


@pytest.mark.parametrize(
    ("text", "wanted", "y", "first"),
    [
        (*ONEHOT, [0, 1, 0, 2, 1, 0], "2 at row 0, column 3"),
        (*ONEHOT, [1, 2, 1, 2, 1, 2], "2 at row 0, column 1"),
        (*ONEHOT, [0, 1, 0.5, 0, 1, 0], "0.5 at row 0, column 2"),
        (*ONEHOT, [-1, 1, 0, 0, 1, 0], "-1 at row 0, column 0"),
        (*HINGE, [1, -1, 0, 1, 1, 1], "0 at row 0, column 2"),
        (*BINARY, [0, 1, 2, 0, 1, 0], "2 at row 0, column 2"),
    ],
)
def test_values_that_cannot_be_labels_are_refused(text: str, wanted: str, y: list[float], first: str) -> None:
    with pytest.raises(af.DataError) as caught:
        af.Problem(text, {"X": X, "y": y})
    assert str(caught.value) == f"y holds {first}: {wanted}"


@pytest.mark.parametrize(
    ("text", "y", "said"),
    [
        (
            "hinge(w*X, 2*y - 1)",
            [0, 1, 2, 0, 1, 0],
            "2*y - 1 holds 3 at row 0, column 2: hinge(w*X, 2*y - 1) wants labels -1 and 1",
        ),
        (
            "cross_entropy(A*X, onehot(y - 1, 3))",
            [1, 2, 3, 0, 1, 2],
            "y - 1 holds -1 at row 0, column 3: onehot(y - 1, 3) wants labels 0 to 2",
        ),
        (
            "targets = y / 2\nbinary_cross_entropy(w*X, targets)",
            [0, 1, 2, 3, 1, 0],
            "targets holds 1.5 at row 0, column 3: binary_cross_entropy(w*X, targets) wants targets from 0 to 1",
        ),
        (
            "||A*X - onehot([0, 1, 2, 0, 1, 3], 3)|| + sum(y)",
            [0, 0, 0, 0, 0, 0],
            "[0, 1, 2, 0, 1, 3] holds 3 at row 0, column 5: onehot([0, 1, 2, 0, 1, 3], 3) wants labels 0 to 2",
        ),
    ],
)
def test_what_is_computed_from_data_is_looked_at_too(text: str, y: list[float], said: str) -> None:
    with pytest.raises(af.DataError) as caught:
        af.Problem(text, {"X": X, "y": y})
    assert str(caught.value) == said


def test_what_holds_weights_is_not_looked_at() -> None:
    problem = af.Problem("hinge(w*X, v*y)", {"X": X, "y": [0, 1, 2, 3, 4, 5]}, {"v": (1, 1)})
    assert np.isfinite(problem.loss(problem.init()))


@pytest.mark.parametrize(
    ("text", "y"),
    [
        ("cross_entropy(A*X, onehot(y, 3))", [0, 1, 2, 2, 1, 0]),
        ("hinge(w*X, y)", [1, -1, -1, 1, 1, 1]),
        ("binary_cross_entropy(w*X, y)", [0, 1, 0.25, 0, 1, 0]),
        ("hinge(w*X, 2*y - 1)", [0, 1, 1, 0, 1, 0]),
    ],
)
def test_values_that_can_be_labels_are_taken(text: str, y: list[float]) -> None:
    problem = af.Problem(text, {"X": X, "y": y})
    assert np.isfinite(problem.loss(problem.init()))
