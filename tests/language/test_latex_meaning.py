r"""LaTeX says what the text says: a reader that knows only the conventions of mathematics gets the same values.

The reader turns LaTeX back into a text in which every operation has parentheses. Its conventions, from loose to tight:
sums; \odot; products without a sign, \cdot and a slash, from left to right; powers. So two texts of one LaTeX have one
value, at weights and data where matrices do not commute.
"""

import re
from collections.abc import Mapping

import numpy as np
import pytest
from generate import Seeded, draw_weights, generate
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

from atlas_fast.errors import ExpressionError
from atlas_fast.kernels import reference
from atlas_fast.language import FUNCTIONS, infer, latex, lower, parse
from atlas_fast.language.names import GREEK

TOKEN = re.compile(r"\\(?:left|right)(?:\\\||[()\[\]|])|\\[A-Za-z]+|\\[,;_|]|[0-9.]+|[A-Za-z]|[-+/^_{}=,;]| +")
COMMANDS = {"frac", "sqrt", "mathrm", "odot", "cdot", "pi", "infty", "top", "quad", "left", "right", *GREEK}
"""What LaTeX, MathJax and mathtext all know."""

STARTS_FACTOR = re.compile(r"\\left|\\(?!odot|cdot|right|quad|[,;])|[0-9A-Za-z]")


class Reader:
    """LaTeX of one line, read from left to right."""

    def __init__(self, text: str, functions: set[str]) -> None:
        self.tokens: list[str] = TOKEN.findall(text)
        assert "".join(self.tokens) == text
        self.position, self.functions = 0, functions

    @property
    def next(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        found = self.next
        assert found and (not wanted or found == wanted), (wanted, self.tokens, self.position)
        self.position += 1
        return found

    def blank(self) -> bool:
        start = self.position
        while self.next.isspace() or self.next in (r"\,", r"\;"):
            self.position += 1
        return self.position > start

    def sum(self) -> str:
        self.blank()
        minus = self.next == "-" and bool(self.take())
        found = self.hadamard()
        found = f"(-{found})" if minus else found
        while self.blank() or True:
            if self.next not in ("+", "-"):
                return found
            found = f"({found} {self.take()} {self.hadamard()})"

    def hadamard(self) -> str:
        found = self.product()
        while self.next == r"\odot":
            self.take()
            found = f"({found} .* {self.product()})"
        return found

    def product(self) -> str:
        self.blank()
        found = self.power()
        while True:
            self.blank()
            if self.next in (r"\cdot", "/"):
                sign = "*" if self.take() == r"\cdot" else "/"
                self.blank()
                found = f"({found} {sign} {self.power()})"
            elif STARTS_FACTOR.match(self.next) and not self.next.startswith(r"\right"):
                found = f"({found} * {self.power()})"
            else:
                return found

    def power(self) -> str:
        base = self.atom()
        if self.next != "^":
            return base
        self.take()
        self.take("{")
        if self.next in (r"\top", "T"):
            self.take()
            found = f"({base})'"
        else:
            found = f"({base})^({self.sum()})"
        self.take("}")
        return f"({found})"

    def group(self) -> str:
        self.take("{")
        found = self.sum()
        self.take("}")
        return found

    def atom(self) -> str:
        token = self.take()
        if token == r"\frac":
            return f"(({self.group()})/({self.group()}))"
        if token == r"\sqrt":
            return f"sqrt({self.group()})"
        if token == r"\left(":
            found = self.sum()
            self.take(r"\right)")
            return f"({found})"
        if token == r"\left|":
            found = self.sum()
            self.take(r"\right|")
            return f"abs({found})"
        if token == r"\left\|":
            found = self.sum()
            self.take(r"\right\|")
            return f"norm({found}, {self.index()})"
        if token == r"\left[":
            return self.matrix()
        if token[0] in "0123456789":
            return token
        return self.name(token)

    def matrix(self) -> str:
        found = self.sum()
        while self.next != r"\right]":
            found += f"{self.take()} {self.sum()}"
        self.take()
        return f"[{found}]"

    def name(self, token: str) -> str:
        name = token.removeprefix("\\")
        if token == r"\mathrm":
            self.take("{")
            name = ""
            while self.next != "}":
                name += self.take().removeprefix("\\")
            self.take()
        below = self.index() if self.next == "_" else ""
        if below.isdigit():
            name, below = name + below, ""
        if name not in self.functions:
            assert not below
            return name
        self.take(r"\left(")
        arguments = [self.sum()]
        while self.next == ",":
            self.take()
            arguments.append(self.sum())
        self.take(r"\right)")
        return f"{name}({', '.join([*arguments, *([below] if below else [])])})"

    def index(self) -> str:
        """1, F, inf, or axis=0."""
        self.take("_")
        self.take("{")
        found = ""
        while self.next != "}":
            found += self.take()
        self.take()
        if found != r"\mathrm{axis":
            return {r"\infty": "inf"}.get(found, found)
        self.take(r"\,")
        value = self.take()
        self.take("}")
        return f"axis={value}"


def reread(text: str) -> str:
    """The text that a reader of the LaTeX would write."""
    lines = text.split(r",\quad ")
    functions = set(FUNCTIONS)
    found = []
    for line in lines[:-1]:
        head, body = line.split(" = ", 1)
        name, _, parameters = head.partition(r"\left(")
        name = re.sub(r"\\mathrm\{(.*?)\}", r"\1", name).replace("_{", "").replace("}", "")
        if parameters:
            functions.add(name)
        shown = f"({parameters.removesuffix(chr(92) + 'right)')})" if parameters else ""
        found.append(f"{name}{shown} = {complete(body, functions)}")
    return "\n".join([*found, complete(lines[-1], functions)])


def complete(line: str, functions: set[str]) -> str:
    reader = Reader(line, functions)
    found = reader.sum()
    assert not reader.next, reader.tokens[reader.position :]
    return found


def value(text: str, data: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray]) -> float:
    inputs = {**data, **weights}
    tree = parse(text, inputs)
    shapes = [{name: array.shape for name, array in part.items()} for part in (data, weights)]
    program = lower(tree, infer(tree, *shapes))
    with np.errstate(all="ignore"):
        found: float = reference.evaluate(program, inputs)[0].item()
    return found


def same(one: float, other: float) -> bool:
    """Equal but for the order of arithmetic: rounding in float64, with room for what amplifies it."""
    return bool(np.isclose(one, other, rtol=1e-7, atol=1e-9, equal_nan=True))


@pytest.fixture(scope="module")
def draw():
    parser = MathTextParser("path")
    return lambda text: parser.parse(f"${text}$")


@pytest.mark.parametrize("seed", range(200))
def test_generated_texts_mean_what_their_latex_says_and_are_drawn(seed, draw):
    loss = generate(Seeded(seed), tuple(FUNCTIONS))
    names = [*loss.data, *loss.weights]
    shown = latex(parse(loss.text, names))
    weights = draw_weights(loss, np.random.default_rng(seed))
    again = reread(shown)
    assert same(value(loss.text, loss.data, weights), value(again, loss.data, weights)), (shown, again)
    assert latex(parse(again, names)) == shown
    assert set(re.findall(r"\\([A-Za-z]+)", shown)) <= COMMANDS
    assert draw(shown).width > 0


SQUARES = {
    "A": np.array([[0.3, 1.1], [0.7, 0.2]]),
    "B": np.array([[0.9, -0.4], [0.6, 1.3]]),
    "C": np.array([[1.2, 0.5], [-0.8, 0.1]]),
    "K": np.array([[1.0, 2.5], [-3.1, 0.7]]),
}
COLUMNS = {"u": np.array([[0.4], [1.6]]), "v": np.array([[-1.2], [0.8]])}
SCALARS = {"x": np.array([[0.6]]), "y": np.array([[1.7]])}

LEAVES = st.sampled_from(["A", "B", "C", "x", "y", "2", "0.5", "pi", "1e-7", "3e8", "1"])
SIGNS = st.sampled_from(["*", "*", ".*", ".*", "/", "/", "+", "-", " .* -", "*-", " - -", "/-"])
SUFFIXES = st.sampled_from(["^2", "'", "^-x", "^(x/2)", "^2^x", "^(1 - y/2/x)", "'^2", "^2'"])


def grown(inner):
    brackets = st.sampled_from(["({})", "{}", "({})"])
    piece = st.builds(str.format, brackets, inner)
    return st.one_of(
        st.builds("{}{}{}".format, piece, SIGNS, piece),
        st.builds("{}{}{}{}{}".format, piece, SIGNS, piece, SIGNS, piece),
        st.builds("({}) ({})".format, inner, inner),
        st.builds("-{}".format, piece),
        st.builds("({}){}".format, inner, SUFFIXES),
        st.builds("{}({})".format, st.sampled_from(["tanh", "abs", "sqrt", "square", "transpose", "relu"]), inner),
        st.builds("||({})||{}".format, inner, st.sampled_from(["_2", "_1", "_2^2", "_inf"])),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("max({}, axis=1)".format, inner),
    )


def assert_read_alike(text):
    loss = f"sum(({text}) .* K) + 0*(x + y)"
    data = SQUARES | COLUMNS
    names = [*data, *SCALARS]
    expected = value(loss, data, SCALARS)
    shown = latex(parse(loss, names))
    again = reread(shown)
    assert same(expected, value(again, data, SCALARS)), (shown, again)
    assert latex(parse(again, names)) == shown


@settings(max_examples=250)
@given(st.recursive(LEAVES, grown, max_leaves=12))
def test_every_way_to_nest_operators_means_what_its_latex_says(text):
    try:
        assert_read_alike(text)
    except ExpressionError:
        assume(False)  # such as the -1st power of a matrix


NESTED = ["A {} (B {} C)", "(A {} B) {} C", "A {} -(B {} C)", "A {} (-B {} C)", "-(A {} B) {} C", "(A {} -B) {} C"]
PAIRS = [(first, second) for first in ("*", ".*", "/", "+", "-") for second in ("*", ".*", "/", "+", "-")]


@pytest.mark.parametrize("signs", PAIRS)
@pytest.mark.parametrize("text", NESTED)
def test_two_operators(text, signs):
    assert_read_alike(text.format(*signs))
    assert_read_alike(f"({text.format(*signs)})'")
    assert_read_alike(f"({text.format(*signs)})^2")
    assert_read_alike(f"2^({text.format(*signs)})/x")


@pytest.mark.parametrize("text", ["A*(u'*v)", "A*(u'*v)*B", "(A*u)*(v'*B)", "A .* (u'*v)", "u*(v'*A)", "2*(u'*v)*A"])
def test_products_of_rows_and_columns_that_scale(text):
    assert_read_alike(text)
