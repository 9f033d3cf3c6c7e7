"""Operators, their precedence and bars, against NumPy."""

import numpy as np
import pytest

from atlas_fast.errors import ExpressionError
from atlas_fast.language import parse

A = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 6.0]])
B = np.array([[2.0, -1.0, 0.25], [0.75, 1.5, -3.0]])
C = np.array([[0.1], [0.2], [0.3]])
D = np.array([[1.5, -0.5], [2.0, 0.5], [1.0, 3.0]])
x, y, z = 1.3, 0.7, 2.1
DATA = {"A": A, "B": B, "C": C, "D": D, "x": x, "y": y, "z": z}

SCALARS = {
    "2": 2,
    "2.5e-1": 0.25,
    ".5": 0.5,
    "1e3": 1000,
    "2E1": 20,
    "x + y - z": x + y - z,
    "x - y - z": x - y - z,
    "x - (y - z)": x - (y - z),
    "2x": 2 * x,
    "2x y": 2 * x * y,
    "x/y/z": x / y / z,
    "x/y*z": x / y * z,
    "x ./ y .* z": x / y * z,
    "x(y + z)": x * (y + z),
    "(x + y)(y + z)": (x + y) * (y + z),
    "-x^2": -(x**2),
    "(-x)^2": x**2,
    "2^-x": 2**-x,
    "2^-x^2": 2 ** -(x**2),
    "2^3^x": 2 ** (3**x),
    "x**y": x**y,
    "x.^y": x**y,
    "x²": x**2,
    "x³ y": x**3 * y,
    "2.*x": 2 * x,
    "2./x": 2 / x,
    "2.^x": 2**x,
    "x*-y": x * -y,
    "x - -y": x + y,
    "x + +y": x + y,
    "--x": x,
    "x·y×z@x⋅y": x * y * z * x * y,
    "x − y": x - y,
    "2pi": 2 * np.pi,
    "2π x": 2 * np.pi * x,
    "x^0": 1,
    "x^-2": x**-2,
    "x^0.5": x**0.5,
    "x^(1/2)": x**0.5,
    "x^(y z)": x ** (y * z),
    "100(y - x^2)^2": 100 * (y - x**2) ** 2,
    "|x - z|": abs(x - z),
    "|x - |y - z||": abs(x - abs(y - z)),
    "2|x|": 2 * x,
    "|x| |y|": x * y,
    "|x||y|": x * y,
    "x|y| z": x * y * z,
}

MATRICES = {
    "A*B": A @ B,
    "A B": A @ B,
    "AB": A @ B,
    "A@B": A @ B,
    "x A": x * A,
    "A*x": A * x,
    "A*B*C": A @ B @ C,
    "2A*B": 2 * A @ B,
    "A .* D": A * D,
    "A ⊙ D": A * D,
    "A .* C": A * C,
    "A / D": A / D,
    "A ./ D": A / D,
    "1/A": 1 / A,
    "A + C": A + C,
    "C - A": C - A,
    "A + x": A + x,
    "A^2": A**2,
    "A^T": A.T,
    "A'": A.T,
    "A’": A.T,
    "Aᵀ": A.T,
    "A^⊤": A.T,
    "A.T": A.T,
    "A''": A,
    "A^2'": (A**2).T,
    "A'^2": A.T**2,
    "B^T A^T": B.T @ A.T,
    "B'A'": B.T @ A.T,
    "(A*B)'": (A @ B).T,
    "2.*A'": 2 * A.T,
    "-A": -A,
    "|A|": np.abs(A),
    "A*|B|": A @ np.abs(B),
    "[1, 2; 3, 4]*A'": np.array([[1, 2], [3, 4]]) @ A.T,
    "[x, 2; 3, y + 1]*A'": np.array([[x, 2], [3, y + 1]]) @ A.T,
    "[x - y, -z]": np.array([[x - y, -z]]),
    "[1]": np.array([[1.0]]),
}

NORMS = {
    "||A||": np.linalg.norm(A),
    "||A||_2": np.linalg.norm(A),
    "||A||_F": np.linalg.norm(A),
    "||A||_{2}": np.linalg.norm(A),
    "||A||₂": np.linalg.norm(A),
    "‖A‖₂": np.linalg.norm(A),
    "∥A∥": np.linalg.norm(A),
    "||A||_1": np.abs(A).sum(),
    "||A||₁": np.abs(A).sum(),
    "||A||_inf": np.abs(A).max(),
    "||A||_∞": np.abs(A).max(),
    "‖A‖∞": np.abs(A).max(),
    "||A||_2^2": (A**2).sum(),
    "||A||_2²": (A**2).sum(),
    "||A||^4": (A**2).sum() ** 2,
    "0.01||A||_2^2": 0.01 * (A**2).sum(),
    "||A||_2||D||_1": np.linalg.norm(A) * np.abs(D).sum(),
    "||A|| ||D||": np.linalg.norm(A) * np.linalg.norm(D),
    "||A||*x||D||": np.linalg.norm(A) * x * np.linalg.norm(D),
    "|| |A| - D ||": np.linalg.norm(np.abs(A) - D),
    "|||A| - D||": np.linalg.norm(np.abs(A) - D),
    "|| x*||A||_1 - D ||": np.linalg.norm(x * np.abs(A).sum() - D),
    "||(||A||_1)*D||": np.abs(A).sum() * np.linalg.norm(D),
    "|x - ||A|| |": abs(x - np.linalg.norm(A)),
    "norm(A, 1)": np.abs(A).sum(),
    "norm(A, F)": np.linalg.norm(A),
    "norm(A, inf)": np.abs(A).max(),
}


@pytest.mark.parametrize("text", [*SCALARS, *NORMS])
def test_scalars(text, value):
    assert value(text, DATA) == pytest.approx({**SCALARS, **NORMS}[text], rel=1e-14)


@pytest.mark.parametrize("text", MATRICES)
def test_matrices(text, value):
    expected = MATRICES[text]
    for seed in range(2):
        cotangent = np.random.default_rng(seed).standard_normal(expected.shape)
        found = value(f"sum(R .* ({text}))", {**DATA, "R": cotangent})
        assert found == pytest.approx((cotangent * expected).sum(), rel=1e-13)


def test_the_papers_losses_are_accepted_as_printed(value):
    random = np.random.default_rng(0)
    assert value("x^2 + y^2", weights={"x": 3, "y": 4}) == 25
    X, Y = random.standard_normal((4, 7)), random.standard_normal((3, 7))
    shapes = {"A": (3, 5), "B": (5, 4), "C": (5, 1), "D": (3, 1)}
    w = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    expected = np.linalg.norm(w["A"] @ np.maximum(w["B"] @ X + w["C"], 0) + w["D"] - Y)
    assert value("||A*relu(BX+C)+D-Y||_2", {"X": X, "Y": Y}, w) == pytest.approx(expected, rel=1e-14)
    shapes = {"A": (3, 5), "C": (5, 6), "E": (6, 4), "F": (6, 1), "D": (5, 1), "B": (3, 1)}
    w = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    first = 1 / (1 + np.exp(-(w["E"] @ X + w["F"])))
    second = 1 / (1 + np.exp(-(w["C"] @ first + w["D"])))
    raised = np.exp((w["A"] @ second + w["B"]).T)
    expected = np.linalg.norm(raised / raised.sum(axis=1, keepdims=True) - Y.T)
    text = "||softmax((A*sigmoid(C*sigmoid(E*X+F)+D)+B)^T)-Y^T||_2"
    assert value(text, {"X": X, "Y": Y}, w) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("text", ["x\n\n", "  x", "\tx # the loss", "# first\nx", "x\r\n", "\ufeffx", "x\u00a0"])
def test_blanks_and_comments(text):
    assert parse(text).loss.op == "name"


def test_a_newline_inside_brackets_or_bars_is_a_space(value):
    assert value("(x +\n y)", DATA) == x + y
    assert value("|x -\n z|", DATA) == pytest.approx(z - x)
    assert value("max(\n x,\n y)", DATA) == x


@pytest.mark.parametrize("text", ["1/2x", "1/x y", "x./y z", "a*b/c(d + 1)"])
def test_no_product_without_a_sign_after_a_slash(text):
    with pytest.raises(ExpressionError, match="can be read two ways"):
        parse(text)


def test_spans_are_exact():
    text = "||A*relu(B*X + C) - Y||_2"
    spans = {text[slice(*node.span)] for node in _nodes(parse(text).loss)}
    assert spans == {
        text,
        "A*relu(B*X + C) - Y",
        "A*relu(B*X + C)",
        "relu(B*X + C)",
        "B*X + C",
        "B*X",
        *"ABXCY",
    }


def _nodes(root):
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting.extend(found[-1].args)
    return found
