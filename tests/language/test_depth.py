"""Texts that nest deeply or are very long: bounds are checked, nothing recurses, time grows with the length."""

import time

import pytest

from atlas_fast.errors import ExpressionError
from atlas_fast.language import infer, latex, lower, parse
from atlas_fast.language.scanner import MOST_BYTES, MOST_TOKENS

DEEP = {
    "brackets": "(" * 200 + "x" + ")" * 200,
    "calls": "tanh(" * 200 + "x" + ")" * 200,
    "bars": "|x + " * 200 + "1" + "|" * 200,
    "minuses": "-" * 6000 + "x",
    "signs": "x" + "+-" * 6000 + "x",
    "primes": "x" + "'" * 6000,
    "powers": "^".join(["x"] * 6000),
    "negative powers": "x^" + "-" * 6000 + "2",
    "terms": "+".join(["x"] * 9000),
    "factors": "*".join(["x"] * 9000),
    "weights": "+".join(f"x{i}" for i in range(8000)),
    "bindings": "h0 = x\n" + "\n".join(f"h{i + 1} = tanh(h{i})" for i in range(1500)) + "\nh1500",
    "empty lines": "\n" * 60_000 + "x",
    "a comment": "#" * 60_000 + "\nx",
}


@pytest.mark.parametrize("kind", DEEP)
def test_deep_and_long_texts_work(kind):
    start = time.process_time()
    tree = parse(DEEP[kind])
    shapes = infer(tree, {})
    lower(tree, shapes)
    latex(tree)
    str(tree.loss)
    assert set(shapes.weights.values()) == {(1, 1)}
    assert time.process_time() - start < 10


def test_inference_does_not_slow_down_with_the_number_of_terms():
    text = "mse(" + "+".join(f"a{i}*x" for i in range(4000)) + ", y)"
    tree = parse(text, ["x", "y"])
    start = time.process_time()
    shapes = infer(tree, {"x": (1, 50), "y": (1, 50)})
    assert set(shapes.weights.values()) == {(1, 1)}
    assert time.process_time() - start < 10


BEYOND = {
    "x" * (MOST_BYTES + 1): "the text is longer than 64 KiB",
    "α" * (MOST_BYTES // 2 + 1): "the text is longer than 64 KiB",
    "+".join(["1"] * MOST_TOKENS): "more than 20,000 signs and names",
    "(" * 201 + "x" + ")" * 201: "more than 200 brackets are open",
    "|x+" * 201: "more than 200 brackets are open",
    "q" * 60_000: "is neither a declared name nor a function",
    "9" * 60_000: "too large for a number",
    "[" + ",".join(["x"] * 2000) + "]": "at most 1,024 entries",
}


@pytest.mark.parametrize("text", BEYOND, ids=lambda text: BEYOND[text])
def test_bounds(text):
    with pytest.raises(ExpressionError, match=BEYOND[text]) as caught:
        parse(text)
    assert max(len(line) for line in str(caught.value).splitlines()) < 260


def test_a_run_of_thousands_of_names():
    tree = parse("ab" * 5000 + "b", ["a", "b", "ab"])
    assert len(tree.loss.args) == 5001
