"""What a notebook shows of a value that stands last in a cell."""

import io
import re

import matplotlib.image
import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

import atlas_fast as af

X, Y = np.random.default_rng(0).standard_normal((2, 3, 8))


def test_a_problem_shows_its_loss() -> None:
    shown = af.Problem("||A*relu(BX+C)+D-Y||_2", {"X": X, "Y": Y}, {"B": (4, None)})._repr_latex_()
    assert shown == (r"$\displaystyle \mathcal{L} = \left\|A\,\mathrm{relu}\left(B X + C\right) + D - Y\right\|_{2}$")
    assert MathTextParser("path").parse(shown.replace(r"\displaystyle ", "")).width > 0


def test_lines_stand_below_one_another() -> None:
    shown = af.Problem("f(u) = u^2\nH = f(B*X + C)\nmse(H, Y)", {"X": X, "Y": Y})._repr_latex_()
    lines = re.fullmatch(r"\$\\displaystyle \\begin\{aligned\} (.*) \\end\{aligned\}\$", shown)
    assert lines is not None
    assert lines.group(1).split(r" \\ ") == [
        r"f\left(u\right) &= u^{2}",
        r"H &= f\left(B X + C\right)",
        r"\mathcal{L} &= \mathrm{mse}\left(H, Y\right)",
    ]


def test_a_surface_and_its_picture_are_shown_as_a_picture() -> None:
    surface = af.Problem("x^2 + y^2").surface(resolution=9)
    for shown in (surface, surface.plot()):
        pixels = matplotlib.image.imread(io.BytesIO(shown._repr_png_()))
        assert pixels.shape == (682, 1430, 4)
        assert np.ptp(pixels[..., :3]) > 0.9


def test_ipython_finds_them() -> None:
    formatters = pytest.importorskip("IPython.core.formatters")
    formatter = formatters.DisplayFormatter()
    formatter.active_types = formatter.format_types
    problem = af.Problem("x^2 + y^2")
    surface = problem.surface(resolution=5)
    run = problem.train(af.SGD(lr=0.1), 3)
    kinds = {"problem": "text/latex", "surface": "image/png", "picture": "image/png", "run": "text/plain"}
    for name, value in {"problem": problem, "surface": surface, "picture": surface.plot(), "run": run}.items():
        found, _ = formatter.format(value)
        assert set(found) == {"text/plain", kinds[name]}
