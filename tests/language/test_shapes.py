"""Inference of shapes: the table of the specification, each rule, and what is asked for."""

import ast

import pytest

from atlas_fast.errors import ShapeError
from atlas_fast.language import infer, parse

IRIS = {"X": (4, 150), "Y": (3, 150)}
DIABETES = {"X": (10, 442), "y": (1, 442)}
LINE = {"x": (1, 50), "y": (1, 50)}

RELU = "||A*relu(BX+C)+D-Y||_2"
SIGMOID = "||softmax((A*sigmoid(C*sigmoid(E*X+F)+D)+B)^T)-Y^T||_2"
THREE = "mse(P*tanh(Q*tanh(R*X+r)+q)+p, y)"
RELU_SHAPES = {"A": (3, 10), "B": (10, 4), "C": (10, 1), "D": (3, 1)}
SIGMOID_SHAPES = {"A": (3, 16), "C": (16, 32), "E": (32, 4), "F": (32, 1), "D": (16, 1), "B": (3, 1)}

SPECIFIED = [
    (RELU, IRIS, {"B": (10, 4)}, RELU_SHAPES),
    (RELU, IRIS, {"B": (10, None)}, RELU_SHAPES),
    (RELU, IRIS, {"A": (None, 10)}, RELU_SHAPES),
    (RELU, IRIS, {"C": (10, 1)}, RELU_SHAPES),
    (SIGMOID, IRIS, {"C": (16, 32)}, SIGMOID_SHAPES),
    (SIGMOID, IRIS, {"E": (32, None), "C": (16, None)}, SIGMOID_SHAPES),
    ("||w*X+b-y||_2", DIABETES, {}, {"w": (1, 10), "b": (1, 1)}),
    (
        THREE,
        DIABETES,
        {"Q": (24, 24)},
        {"P": (1, 24), "Q": (24, 24), "R": (24, 10), "r": (24, 1), "q": (24, 1), "p": (1, 1)},
    ),
]
"""The inference table of LANGUAGE.md."""

MORE = [
    ("x^2 + y^2", {}, {}, {"x": (1, 1), "y": (1, 1)}),
    ("x*y + z", {}, {}, {"x": (1, 1), "y": (1, 1), "z": (1, 1)}),
    ("||A*[1; 2] - [3; 4]||", {}, {}, {"A": (2, 2)}),
    (RELU, IRIS, {"B": (10, None), "C": (1, 1)}, {**RELU_SHAPES, "C": (1, 1)}),
    (RELU, IRIS, {"B": (10, None), "C": (10, 150)}, {**RELU_SHAPES, "C": (10, 150)}),
    (
        RELU,
        {"X": (13, 506), "Y": (1, 506)},
        {"B": (50, None)},
        {"A": (1, 50), "B": (50, 13), "C": (50, 1), "D": (1, 1)},
    ),
    (SIGMOID, IRIS, {"F": (32, 1), "D": (16, 1)}, SIGMOID_SHAPES),
    ("||b + w*X - y||_2", DIABETES, {}, {"b": (1, 1), "w": (1, 10)}),
    ("||y - (w*X + b)||_2", DIABETES, {}, {"w": (1, 10), "b": (1, 1)}),
    ("||w X - y|| + 0.1||w||_1 + l*||w||_2^2", DIABETES, {}, {"w": (1, 10), "l": (1, 1)}),
    ("||A*B*C*X - y||_2^2", DIABETES, {"B": (8, 8)}, {"A": (1, 8), "B": (8, 8), "C": (8, 10)}),
    ("||X^T W + b - Y^T||_2", IRIS, {}, {"W": (4, 3), "b": (1, 3)}),
    ("||(g .* (W*X)) + b - Y||_2", IRIS, {}, {"g": (3, 1), "W": (3, 4), "b": (3, 1)}),
    ("||g .* h .* (W*X) - Y||_2", IRIS, {}, {"g": (3, 1), "h": (3, 1), "W": (3, 4)}),
    ("||s*(A*X) - Y||_2", IRIS, {"s": ()}, {"s": (1, 1), "A": (3, 4)}),
    ("mse(a*x^2 + b*x + c, y)", LINE, {}, {"a": (1, 1), "b": (1, 1), "c": (1, 1)}),
    ("mse(A*tanh(B*x+C)+D, y)", LINE, {"B": (8, None)}, {"A": (1, 8), "B": (8, 1), "C": (8, 1), "D": (1, 1)}),
    ("||A^T A X - X||_2", IRIS, {"A": (2, None)}, {"A": (2, 4)}),
    ("cross_entropy(A*X+b, onehot(v, 3))", {"X": (4, 150), "v": (1, 150)}, {}, {"A": (3, 4), "b": (3, 1)}),
    ("||W*X + b*u - Y||", {**IRIS, "u": (1, 150)}, {}, {"W": (3, 4), "b": (3, 1)}),
    ("H = relu(B*X + C)\n||A*H + D - Y||", IRIS, {"B": (10, None)}, {n: RELU_SHAPES[n] for n in "BCAD"}),
    (
        "layer(W, h) = tanh(W*h)\nmse(layer(A, layer(B, X)), Y)",
        IRIS,
        {"B": (7, None)},
        {"A": (3, 7), "B": (7, 4)},
    ),
    ("||(W^2)*X - Y||", IRIS, {}, {"W": (3, 4)}),
    ("||(W + 1)*X - Y||", IRIS, {}, {"W": (3, 4)}),
    ("||W*sum(X, axis=1) - sum(Y, axis=1)||", IRIS, {}, {"W": (3, 4)}),
    ("||max(W*X, 0) - Y||", IRIS, {}, {"W": (3, 4)}),
    ("sum(softmax(W*X) .* Y)", IRIS, {}, {"W": (3, 4)}),
    ("||W*X - Y||", IRIS, {"W": [3, None]}, {"W": (3, 4)}),
]


@pytest.mark.parametrize(("text", "data", "given", "expected"), SPECIFIED + MORE)
def test_shapes_are_inferred(text, data, given, expected):
    shapes = infer(parse(text, [*data, *given]), data, given)
    assert list(shapes.weights.items()) == list(expected.items()), "in order of first appearance"


ASKED = [
    (RELU, IRIS, {}, "A's columns = B's rows = C's rows is", '{"B": (10, None)}'),
    (RELU, IRIS, {"C": (1, 1)}, "A's columns = B's rows is", '{"B": (10, None)}'),
    (SIGMOID, IRIS, {"E": (32, 4)}, "A's columns = C's rows = D's rows is", '{"C": (10, None)}'),
    (
        SIGMOID,
        IRIS,
        {},
        "A's columns = C's rows = D's rows and C's columns = E's rows = F's rows are",
        '{"C": (10, None), "E": (20, None)}',
    ),
    (THREE, DIABETES, {"R": (24, None)}, "P's columns = Q's rows = q's rows is", '{"Q": (10, None)}'),
    ("||s*(A*X) - Y||_2", IRIS, {}, "s's columns = A's rows is", '{"A": (10, None)}'),
    ("||A X - Y|| + sum(C^2)", IRIS, {}, "C's rows and C's columns are", '{"C": (10, 20)}'),
    ("||A X - Y|| + sum(C^2)", IRIS, {"C": (None, 7)}, "C's rows is", '{"C": (10, 7)}'),
]


@pytest.mark.parametrize(("text", "data", "given", "question", "answer"), ASKED)
def test_what_is_left_is_asked_for(text, data, given, question, answer):
    with pytest.raises(ShapeError) as caught:
        infer(parse(text, [*data, *given]), data, given)
    assert caught.value.message == f"{question} not determined: give weights={answer}"


def test_the_answer_to_a_question_is_enough():
    for text, data, given, _, answer in ASKED:
        shapes = {**given, **ast.literal_eval(answer)}
        assert infer(parse(text, [*data, *shapes]), data, shapes)


def test_shapes_of_fewer_axes():
    shapes = infer(parse("||A*x - y||", ["x", "y", "A"]), {"x": (50,), "y": (50,)}, {"A": ()})
    assert shapes.data == {"x": (1, 50), "y": (1, 50)}
    assert shapes.weights == {"A": (1, 1)}


def test_samples_are_followed_and_not_guessed_by_length():
    """As many classes as samples: the bias still runs along the classes."""
    shapes = infer(parse("||W*X + b - Y||", ["X", "Y"]), {"X": (4, 3), "Y": (3, 3)})
    assert shapes.weights == {"W": (3, 4), "b": (3, 1)}


def test_biases_are_told_from_other_weights():
    shapes = infer(parse(RELU, IRIS), IRIS, {"B": (10, None)})
    assert shapes.biases == {"C", "D"}
    assert infer(parse("x^2 + y"), {}).biases == frozenset()
    shapes = infer(parse(f"{RELU} + ||C||_1", IRIS), IRIS, {"B": (10, None)})
    assert shapes.biases == {"D"}
    assert infer(parse("b = d\n||W*X + (b + c) - Y||", IRIS), IRIS).biases == {"c", "d"}
    assert infer(parse("||g .* (W*X) - Y||", IRIS), IRIS).biases == frozenset()


NOTES = [
    ("||softmax(W*X) - Y||", IRIS, {}, ["softmax(W*X) runs over the samples"]),
    ("||softmax(W*X, axis=0) - Y||", IRIS, {}, []),
    ("||softmax(w*X, axis=0) + ||W*X - Y|| ||", IRIS, {"w": (1, 4)}, ["softmax(w*X, axis=0) runs over a single entry"]),
    (SIGMOID, IRIS, {"C": (16, 32)}, []),
    ("||u + v||", {"u": (1, 5), "v": (4, 1)}, {}, ["u is a row and v a column: their sum is 4 x 5"]),
    (
        "cross_entropy(softmax(W*X, axis=0), Y)",
        IRIS,
        {},
        ["cross_entropy takes logits and applies softmax to them: with softmax(W*X, axis=0) it is applied twice"],
    ),
    (
        "P = softmax((W*X)')'\ncross_entropy(P, Y)",
        IRIS,
        {},
        ["cross_entropy takes logits and applies softmax to them: with P"],
    ),
    ("binary_cross_entropy(sigmoid(W*X), Y)", IRIS, {}, ["binary_cross_entropy takes logits and applies sigmoid"]),
    ("cross_entropy(relu(W*X), Y)", IRIS, {}, []),
    (
        "cross_entropy(Y, W*X)",
        IRIS,
        {},
        ["cross_entropy takes logits, then targets: Y, which holds no weights, stands for the logits and W*X for the"],
    ),
    ("binary_cross_entropy(Y, W*X)", IRIS, {}, ["binary_cross_entropy takes logits, then targets: Y"]),
    ("mse(Y, W*X)", IRIS, {}, []),
    ("||W*X - Y||", IRIS, {"Q": (2, 2)}, ["Q is declared as a weight and does not occur"]),
]


@pytest.mark.parametrize(("text", "data", "given", "notes"), NOTES)
def test_notes(text, data, given, notes):
    found = infer(parse(text, [*data, *given]), data, given).notes
    assert len(found) == len(notes)
    assert all(note.startswith(start) for note, start in zip(found, notes, strict=True))
