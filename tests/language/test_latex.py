"""LaTeX: as a person would write it, and such that matplotlib can draw it."""

import pytest
from matplotlib.mathtext import MathTextParser

from atlas_fast.examples import EXAMPLES
from atlas_fast.language import FUNCTIONS, latex, parse

NAMES = ["A", "B", "C", "X", "Y", "hidden", "bias", "w_out", "W_1", "Δx", "x_1_2"]

PAPER = {
    "x^2 + y^2": r"x^{2} + y^{2}",
    "||A*relu(BX+C)+D-Y||_2": r"\left\|A\,\mathrm{relu}\left(B X + C\right) + D - Y\right\|_{2}",
    "||softmax((A*sigmoid(C*sigmoid(E*X+F)+D)+B)^T)-Y^T||_2": (
        r"\left\|\mathrm{softmax}\left(\left(A\,\mathrm{sigmoid}\left(C\,\mathrm{sigmoid}\left(E X + F\right) "
        r"+ D\right) + B\right)^{T}\right) - Y^{T}\right\|_{2}"
    ),
}
"""The paper's losses, as its figures print them, and what the pictures of our examples show."""

WRITTEN = {
    **PAPER,
    "(x + y)*z": r"\left(x + y\right) z",
    "x*(y*z)": r"x \left(y z\right)",  # y z may be a scalar that scales x
    "2*(y*z)": r"2 y z",
    "x + (y + z)": r"x + y + z",
    "x - (y + z)": r"x - \left(y + z\right)",
    "x + (-y + z)": r"x - y + z",
    "x - (-y)": r"x + y",
    "x + -y": r"x - y",
    "x - -(y + z)": r"x + y + z",
    "x*(-y)": r"x \left(-y\right)",
    "-x*y": r"-x y",
    "-(x + y)*z/2": r"-\frac{\left(x + y\right) z}{2}",
    "x*y/z": r"\frac{x y}{z}",
    "x/y*z": r"\frac{x}{y} z",
    "x*(y/z)": r"x \frac{y}{z}",
    "x/(y*z)": r"\frac{x}{y z}",
    "x/(y + z)": r"\frac{x}{y + z}",
    "x/y/z": r"\frac{x / y}{z}",
    "(1 - x/y)/z": r"\frac{1 - x / y}{z}",
    "2^(x/2)": r"2^{x / 2}",
    "exp(-x^2/2)": r"\mathrm{exp}\left(-\frac{x^{2}}{2}\right)",
    "2*(1/2)": r"2 \cdot \frac{1}{2}",
    "(x/y)^2": r"\left(\frac{x}{y}\right)^{2}",
    "(x^2)^3": r"\left(x^{2}\right)^{3}",
    "x^y^z": r"x^{y^{z}}",
    "(x^y)^z": r"\left(x^{y}\right)^{z}",
    "x^-1": r"x^{-1}",
    "2^(x + y)": r"2^{x + y}",
    "-x^2": r"-x^{2}",
    "(-x)^2": r"\left(-x\right)^{2}",
    "--x": r"x",
    "A''": r"A",
    "A^2'": r"\left(A^{2}\right)^{T}",
    "2*3": r"2 \cdot 3",
    "x*2": r"x \cdot 2",
    "2x": r"2 x",
    "A .* X": r"A \odot X",
    "A .* (B*X)": r"A \odot \left(B X\right)",
    "A .* B*C": r"\left(A \odot B\right) C",
    "(A .* B)*C": r"\left(A \odot B\right) C",
    "A*B .* C": r"\left(A B\right) \odot C",
    "A .* (B .* C)": r"A \odot B \odot C",
    "2*A .* B": r"2 A \odot B",
    "0.5 .* A": r"0.5 A",
    "A .* B/C": r"\frac{A \odot B}{C}",
    "(A*B)'": r"\left(A B\right)^{T}",
    "A'^2": r"\left(A^{T}\right)^{2}",
    "A' + B^(T)": r"A^{\top} + B^{T}",
    "|x|": r"\left|x\right|",
    "abs(x)": r"\left|x\right|",
    "| |x| + 1|": r"\left|\,\left|x\right| + 1\right|",
    "|x|*|y|": r"\left|x\right|\,\left|y\right|",
    "||A||_2^2 + ||B||_F": r"\left\|A\right\|_{2}^{2} + \left\|B\right\|_{F}",
    "||A||_inf^2": r"\left\|A\right\|_{\infty}^{2}",
    "norm(A, 1)": r"\left\|A\right\|_{1}",
    "sqrt(x + 1)": r"\sqrt{x + 1}",
    "exp(x)": r"\mathrm{exp}\left(x\right)",
    "square(x + 1)": r"\left(x + 1\right)^{2}",
    "transpose(A)": r"A^{T}",
    "max(X, axis=1)": r"\mathrm{max}_{\mathrm{axis}\,1}\left(X\right)",
    "huber(X, Y, 0.5)": r"\mathrm{huber}\left(X, Y, 0.5\right)",
    "tanh(A)*B": r"\mathrm{tanh}\left(A\right)\,B",
    "softmax(X, axis=0)": r"\mathrm{softmax}_{\mathrm{axis}\,0}\left(X\right)",
    "log_softmax(X)": r"\mathrm{log\_softmax}\left(X\right)",
    "onehot(Y, 3)": r"\mathrm{onehot}\left(Y, 3\right)",
    "W1 X": r"W_{1} X",
    "alpha x + β": r"\alpha x + \beta",
    "hidden*bias": r"\mathrm{hidden}\,\mathrm{bias}",
    "w_out": r"w_{\mathrm{out}}",
    "w_out*x_alpha*x_1_2": r"w_{\mathrm{out}} x_{\alpha} x_{1,2}",
    "W1 W_1": r"W_{1}\,\mathrm{W\_1}",
    "Δx": r"\mathrm{Δx}",
    "2pi": r"2 \pi",
    "[1, x; 3, 4]": r"\left[1, x;\; 3, 4\right]",
    "0.01x": r"0.01 x",
    "1e-7x": r"10^{-7} x",
    "1e-7^2": r"\left(10^{-7}\right)^{2}",
    "1000000": r"10^{6}",
    "2500000": r"2500000",
    "0.1234567890123": r"0.1234567890123",
    "2.5e-7x": r"2.5 \cdot 10^{-7} x",
    "swish(x) = x*sigmoid(x)\nswish(A)": (
        r"\mathrm{swish}\left(x\right) = x\,\mathrm{sigmoid}\left(x\right),\quad \mathrm{swish}\left(A\right)"
    ),
    "f(x, k1) = x^k1\nf(A, 2)": r"f\left(x, k_{1}\right) = x^{k_{1}},\quad f\left(A, 2\right)",
    "W1(x) = x + 1\nW1(A)": r"W_{1}\left(x\right) = x + 1,\quad W_{1}\left(A\right)",
    "bump2(x) = x + 1\nbump2(A)": (r"\mathrm{bump}_{2}\left(x\right) = x + 1,\quad \mathrm{bump}_{2}\left(A\right)"),
    "H = relu(X)\n||H||": r"H = \mathrm{relu}\left(X\right),\quad \left\|H\right\|_{2}",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_as_a_person_would_write_it(text):
    assert latex(parse(text, NAMES)) == WRITTEN[text]


@pytest.fixture(scope="module")
def draw():
    parser = MathTextParser("path")
    return lambda text: parser.parse(f"${text}$")


@pytest.mark.parametrize("text", WRITTEN)
def test_matplotlib_draws_it(text, draw):
    drawn = draw(latex(parse(text, NAMES)))
    assert drawn.width > 0


def test_the_examples_are_the_paper_s():
    assert {example.expression for example in EXAMPLES.values()} == set(PAPER)


def calls(row):
    """Every way to call a function of the table: with and without what is optional, along each axis."""
    literals = {"count": "3", "order": "inf", "scalar": "0.5", "value": "X"}
    values = [literals[argument.kind] for argument in row.arguments]
    least = sum(not argument.optional for argument in row.arguments)
    for count in range(least, len(values) + 1):
        yield f"{row.name}({', '.join(values[:count])})"
    if row.has_axis:
        yield from (f"{row.name}(X, axis={axis})" for axis in (0, 1))


@pytest.mark.parametrize("text", [call for row in FUNCTIONS.values() for call in calls(row)])
def test_matplotlib_draws_every_function(text, draw):
    alone, between = latex(parse(text, NAMES)), latex(parse(f"A*{text}^2*B", NAMES))
    assert draw(alone).width > 0
    assert draw(between).width > draw(alone).width
