"""Names: how runs of letters are cut, Greek, constants, and what may not be a name."""

import numpy as np
import pytest

from atlas_fast.errors import ExpressionError
from atlas_fast.language import parse
from atlas_fast.language.names import cut
from atlas_fast.language.tree import postorder

CUTS = [
    # run, declared, pieces
    ("BX", "X", "B X"),
    ("W1X", "X", "W1 X"),
    ("W12X", "W1 X", "W12 X"),
    ("XX", "X", "X X"),
    ("ABX", "A AB X", "AB X"),
    ("biasX", "bias X", "bias X"),
    ("πr", "", "π r"),
    ("x", "", "x"),
    ("x1", "x", "x1"),
    ("alpha", "", "alpha"),
    ("alpha1", "", "alpha1"),
    ("w_out", "w out", "w_out"),
    ("hidden", "hidden", "hidden"),
    ("pi", "p i", "pi"),
]


@pytest.mark.parametrize(("run", "declared", "pieces"), CUTS)
def test_runs_are_cut(run, declared, pieces):
    found = cut(run, set(declared.split()))
    assert found.pieces == tuple(pieces.split())
    assert not found.readings


@pytest.mark.parametrize(("run", "declared"), [("BC", ""), ("relo", ""), ("bias", "b"), ("X1Y1", "X")])
def test_at_most_one_piece_is_undeclared(run, declared):
    assert cut(run, set(declared.split())).undeclared > 1


def test_a_tie_shows_the_readings():
    found = cut("abc", {"a", "bc", "ab", "c"})
    assert set(found.readings) == {("a", "bc"), ("ab", "c")}


def test_declared_names_win(value):
    assert value("pi", {"pi": 3}) == 3
    assert value("2e", {"e": 5}) == 10
    assert value("σ(x)", {"σ": 2, "x": 5}) == 10
    assert value("x^TW", {"TW": 3, "x": 2}) == 8


def test_constants_and_sigma(value):
    assert value("2pi - π") == pytest.approx(np.pi)
    assert value("σ(0)") == 0.5
    assert value("sigma*x", weights={"sigma": 2, "x": 3}) == 6
    assert value("e*i*j", weights={"e": 2, "i": 3, "j": 5}) == 30


def test_one_undeclared_letter_before_a_bracket_is_a_product(value):
    assert value("a(x + 1)", weights={"a": 2, "x": 3}) == 8
    assert value("alpha(x + 1)", weights={"alpha": 2, "x": 3}) == 8
    assert value("W1(x + 1)", weights={"W1": 2, "x": 3}) == 8


def test_the_transpose_gives_way_to_longer_names(value):
    column = np.array([[1.0], [2.0]])
    assert value("x^T*x", {"x": column}) == 5
    assert value("x^Tx", {"x": column}) == 5
    assert value("x^Theta", {"x": 3}, {"Theta": 2}) == 9
    assert value("x^(T)", {"x": 3, "T": 2}) == 9
    assert value("x^T1", {"x": 3}, {"T1": 2}) == 9


def test_names_stand_in_order_of_first_appearance():
    tree = parse("H = B*X\nA*H + B", ["X"])
    assert [node.value for node in postorder(tree.root) if node.op == "name"] == ["A", "B", "X", "B"]


@pytest.mark.parametrize("name", ["relu", "2x", "x y", "", "x-1", "_x", "x²", 3])
def test_what_data_may_not_be_called(name):
    with pytest.raises(ExpressionError):
        parse("x", [name])


@pytest.mark.parametrize("text", [None, 3, b"x", ["x"]])
def test_an_expression_is_text(text):
    with pytest.raises(ExpressionError, match="an expression is text"):
        parse(text)
