"""LaTeX: as a person would write it, and such that matplotlib can draw it."""

import pytest
from matplotlib.mathtext import MathTextParser

from atlas_fast.language import FUNCTIONS, latex, parse

NAMES = ["A", "B", "C", "X", "Y", "hidden", "bias", "w_out"]

WRITTEN = {
    "x^2 + y^2": r"x^{2} + y^{2}",
    "||A*relu(BX+C)+D-Y||_2": r"\left\|A\,\mathrm{relu}\left(B X + C\right) + D - Y\right\|_{2}",
    "||softmax((A*sigmoid(E*X+F)+D)^T)-Y^T||_2": (
        r"\left\|\mathrm{softmax}\left(\left(A\,\mathrm{sigmoid}\left(E X + F\right) + D\right)^{T}\right)"
        r" - Y^{T}\right\|_{2}"
    ),
    "(x + y)*z": r"\left(x + y\right) z",
    "x*(y*z)": r"x y z",
    "x + (y + z)": r"x + y + z",
    "x - (y + z)": r"x - \left(y + z\right)",
    "x - (-y)": r"x - \left(-y\right)",
    "x*(-y)": r"x \left(-y\right)",
    "x*y/z": r"\frac{x y}{z}",
    "x/(y + z)": r"\frac{x}{y + z}",
    "(x/y)^2": r"\left(\frac{x}{y}\right)^{2}",
    "(x^2)^3": r"\left(x^{2}\right)^{3}",
    "x^y^z": r"x^{y^{z}}",
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
    "|x|": r"\left|x\right|",
    "abs(x)": r"\left|x\right|",
    "||A||_inf^2": r"\left\|A\right\|_{\infty}^{2}",
    "norm(A, 1)": r"\left\|A\right\|_{1}",
    "sqrt(x + 1)": r"\sqrt{x + 1}",
    "exp(x)": r"\exp\left(x\right)",
    "square(x + 1)": r"\left(x + 1\right)^{2}",
    "transpose(A)": r"A^{T}",
    "softmax(X, axis=0)": r"\mathrm{softmax}_{\mathrm{axis}\,0}\left(X\right)",
    "log_softmax(X)": r"\mathrm{log\_softmax}\left(X\right)",
    "onehot(Y, 3)": r"\mathrm{onehot}\left(Y, 3\right)",
    "W1 X": r"W_{1} X",
    "alpha x + β": r"\alpha x + \beta",
    "hidden*bias": r"\mathrm{hidden}\,\mathrm{bias}",
    "w_out": r"w_{\mathrm{out}}",
    "2pi": r"2 \pi",
    "[1, x; 3, 4]": r"\left[1, x;\; 3, 4\right]",
    "0.01x": r"0.01 x",
    "1e-7x": r"10^{-7} x",
    "2.5e-7x": r"2.5 \cdot 10^{-7} x",
    "swish(x) = x*sigmoid(x)\nswish(A)": (
        r"\mathrm{swish}\left(x\right) = x\,\mathrm{sigmoid}\left(x\right),\quad \mathrm{swish}\left(A\right)"
    ),
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


@pytest.mark.parametrize("name", FUNCTIONS)
def test_matplotlib_draws_every_function(name, draw):
    values = ["x", "Y"][: sum(not a.optional for a in FUNCTIONS[name].arguments)]
    values = ["Y", "3"] if name == "onehot" else values
    assert draw(latex(parse(f"{name}({', '.join(values)})", NAMES))).width > 0
