"""Bindings and functions of one's own."""

import pytest

from atlas_fast.errors import ExpressionError
from atlas_fast.language import infer, lower, parse
from atlas_fast.language.tree import postorder


def test_a_binding_is_what_it_stands_for(value):
    inputs = {"x": 3.0, "y": 5.0}
    assert value("h = x + y\nh^2", weights=inputs) == value("(x + y)^2", weights=inputs)
    assert value("h = x\ng = h*y  # a product\n\ng + h", weights=inputs) == 18


def test_functions_of_ones_own_are_expanded(value):
    inputs = {"x": 0.3, "b": 2.0}
    assert value("swish(x) = x * sigmoid(x)\nswish(2x)", weights=inputs) == value("silu(2x)", weights=inputs)
    assert value("f(x, y) = x - y\nf(1, f(5, 2))") == -2
    assert value("f(x) = b*x\nf(f(3))", weights=inputs) == 12
    assert value("f(x) = x + 1\ng(x) = f(x)*f(2)\ng(3)") == 12


def test_a_parameter_hides_a_name(value):
    assert value("f(x) = x^2\nf(3) + x", weights={"x": 1.0}) == 10
    assert value("h = 7\nf(h) = h + 1\nf(1) + h") == 9


def test_a_binding_is_computed_once():
    tree = parse("h = exp(x)\nh*h + h")
    assert sum(node.op == "call" for node in postorder(tree.root)) == 1


def test_arguments_are_shared_among_their_uses():
    text = "twice(x) = x + x\n" + "twice(" * 60 + "x" + ")" * 60
    program = lower(tree := parse(text), infer(tree, {}))
    assert len(program.instructions) == 61


def test_names_in_a_definition_may_be_weights(value):
    assert value("layer(x) = relu(w*x + c)\nlayer(2) + layer(3)", weights={"w": 2.0, "c": 1.0}) == 12


def test_functions_may_be_defined_and_not_used(value):
    assert value("f(x) = x^2\n3") == 3


def test_expansion_is_bounded():
    lines = ["f0(x) = x + 1", *(f"f{i + 1}(x) = f{i}(x) + f{i}(x + 1)" for i in range(40)), "f40(2)"]
    with pytest.raises(ExpressionError, match="expand to more than 50,000 operations"):
        parse("\n".join(lines))


def test_keywords_at_the_start_of_a_line_inside_brackets_bind_nothing(value):
    assert value("sum(max([1, 2; 3, 4],\naxis=0))") == 7
