"""Pictures: what stands in them, that nothing is clipped, and that odd surfaces still give one."""

import io
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import image
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

import atlas_fast as af
from atlas_fast.plot import headings
from atlas_fast.title import write_title
from atlas_fast.viewpoint import AZIMUTHS, azimuth

RANDOM = np.random.default_rng(21)
DATA = {"X": RANDOM.normal(size=(3, 30)), "Y": RANDOM.normal(size=(2, 30))}


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def surface() -> af.Surface:
    problem = af.Problem("mse(A*tanh(B*X + C) + D, Y)", DATA, {"B": (4, None)})
    return problem.surface(af.Plane.pca(problem.train(af.Adam(lr=0.05), 60, seed=2)), resolution=48)


def drawn(figure: Figure) -> np.ndarray:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    file.seek(0)
    return image.imread(file)


def texts(figure: Figure) -> list[Text]:
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]


def assert_nothing_clipped(figure: Figure) -> None:
    """No ink in the outermost pixels, and every title and axis label inside the figure."""
    pixels = drawn(figure)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (border[:, :3] == 1).all()
    width, height = figure.get_size_inches() * figure.dpi
    labels = [a.xaxis.label for a in figure.axes] + [a.yaxis.label for a in figure.axes]
    for text in [*figure.texts, *(t for t in labels if t.get_text())]:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text.get_text()


def test_a_picture_holds_title_axes_variance_and_colour_bars(surface: af.Surface) -> None:
    figure = surface.plot()
    found = [t.get_text() for t in texts(figure)]
    assert rf"$\mathcal{{L}} = {surface.latex}$" in found
    assert surface.plane.explained is not None
    for number, share in enumerate(surface.plane.explained, start=1):
        assert f"PC {number} ({share:.1%} of the variance)" in found
    assert found.count("loss") >= 2
    assert "step" in found
    assert any(text.startswith("Adam(lr=0.05), 60 epochs, final loss") for text in found)
    assert_nothing_clipped(figure)


def test_contours_put_columns_along_a(surface: af.Surface) -> None:
    figure = surface.plot()
    contours = figure.axes[1]
    assert contours.get_xlim() == surface.extent[:2]
    assert contours.get_ylim() == surface.extent[2:]
    assert contours.get_xlabel().startswith("PC 1")


def test_pyplot_is_left_alone(surface: af.Surface) -> None:
    before = "matplotlib.pyplot" in sys.modules
    surface.plot()
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_the_path_lies_on_the_surface_in_the_picture(surface: af.Surface) -> None:
    """The picture of the contours is redder or yellower along the path than the colours of heights ever are."""
    figure = surface.plot()
    contours = figure.axes[1]
    pixels = drawn(figure)
    path = surface.path()
    places = contours.transData.transform(np.column_stack([path.a, path.b]))[5:-5:5]
    for x, y in places:
        row, column = pixels.shape[0] - int(y), int(x)
        red, _, blue = pixels[row - 3 : row + 3, column - 3 : column + 3, :3].reshape(-1, 3).T
        assert ((red > 0.9) & (blue < 0.15)).any()


@pytest.mark.parametrize("expression", ["log(x) + y", "1/x + y", "x^2 + 0*y", "exp(40*x) + y", "x*y"])
def test_surfaces_with_gaps_plains_and_cliffs_give_a_picture(expression: str) -> None:
    surface = af.Problem(expression).surface(resolution=31, extent=3)
    figure = surface.plot()
    assert_nothing_clipped(figure)
    if surface.overflowed:
        assert any("overflowed" in t.get_text() for t in figure.texts)


def test_a_surface_without_any_height_gives_a_picture() -> None:
    assert_nothing_clipped(af.Problem("log(x) + y").surface(resolution=5, extent=(-2, -1, 0, 1)).plot())


def test_a_run_that_leaves_the_surface_or_diverged_gives_a_picture() -> None:
    problem = af.Problem("x^2 + 3*y^2")
    away = problem.train(af.SGD(lr=0.1), 5, start=[9.0, 9.0])
    assert_nothing_clipped(problem.surface(resolution=16).plot(away))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lost = problem.train(af.SGD(lr=1e3), 99, start=[1.0, 1.0])
    assert_nothing_clipped(problem.surface(resolution=16).plot(lost))


def test_a_grid_that_is_not_square_gives_a_picture(surface: af.Surface) -> None:
    problem = af.Problem("x^2 + 3*y^2")
    assert_nothing_clipped(problem.surface(resolution=(5, 90), extent=(0, 50, -1e-3, 1e-3)).plot())


def test_several_runs_have_colours_and_a_legend(surface: af.Surface) -> None:
    assert surface.run is not None
    runs = {"one": surface.run, "two $": replace(surface.run, weights=surface.run.weights * 0.9)}
    figure = surface.plot(runs)
    legend = figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["one", r"two \$"]
    colours = [to_hex(line.get_color()) for line in legend.get_lines()]
    shades = [
        to_hex(line.get_edgecolor()[0]) for line in figure.axes[1].collections if isinstance(line, LineCollection)
    ]
    assert set(colours) <= set(shades) and len(set(colours)) == 2
    assert "step" not in [axes.get_title() for axes in figure.axes]
    assert_nothing_clipped(figure)
    with pytest.raises(af.ArgumentError, match="the surface shows 9 runs: at most 8 can be told apart"):
        surface.plot({str(k): surface.run for k in range(9)})


def test_one_scalar_gives_a_line() -> None:
    problem = af.Problem("(x^2 - 1)^2")
    run = problem.train(af.SGD(lr=0.02), 20, start=[1.6])
    figure = problem.surface(af.Plane.pca(run), resolution=200).plot()
    assert figure.axes[0].get_ylabel() == "loss"
    assert_nothing_clipped(figure)
    assert_nothing_clipped(problem.surface(resolution=50).plot())


@pytest.mark.parametrize(
    ("latex", "expression", "expected"),
    [
        (r"x^{2}", "x^2", [r"$\mathcal{L} = x^{2}$"]),
        (r"a = 3,\quad a x", "a = 3  # three\n# a comment\na*x", [r"$\mathcal{L} = a x$", "where $a = 3$"]),
        (r"\begin{matrix} 1 \end{matrix}", "[1]", ["[1]"]),
        (r"\begin{matrix} 1 \end{matrix}", "a = 3\n\na*x", ["a = 3 ; a*x"]),
    ],
)
def test_a_title_is_typeset_or_plain(latex: str, expression: str, expected: list[str]) -> None:
    figure = Figure(figsize=(13, 6))
    write_title(figure, latex, expression)
    assert [t.get_text() for t in figure.texts] == expected


@pytest.mark.parametrize("terms", [10, 40, 150, 4000])
def test_a_long_title_is_shrunk_or_cut_to_the_figure(terms: int) -> None:
    figure = Figure(figsize=(13, 6))
    text = " + ".join(f"x{n}^2" for n in range(terms))
    write_title(figure, text, text)
    box = figure.texts[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= 13 * figure.dpi
    assert figure.texts[0].get_fontsize() >= 7


@pytest.mark.parametrize("lines", [2, 6, 300])
def test_what_the_loss_was_bound_to_stands_below_it_as_far_as_there_is_room(lines: int) -> None:
    text = "h0 = x\n" + "".join(f"h{n} = tanh(h{n - 1} + {n})\n" for n in range(1, lines)) + f"(h{lines - 1} - 1)^2"
    figure = af.Problem(text).surface(resolution=3).plot()
    loss, below = figure.texts
    assert loss.get_text() == rf"$\mathcal{{L}} = \left(h_{{{lines - 1}}} - 1\right)^{{2}}$"
    assert below.get_text().startswith(r"where $h_{0} = x$,   $h_{1} = \mathrm{tanh}")
    assert below.get_text().endswith(", ..") == (lines == 300)
    assert below.get_fontsize() >= 7
    assert not loss.get_window_extent().overlaps(below.get_window_extent())
    assert_nothing_clipped(figure)


@pytest.mark.parametrize("width", [5.0, 13.0])
def test_long_remarks_go_on_below_and_stay_readable(width: float) -> None:
    remark = "the loss rose from 14 to 5e+48; a smaller lr or scaled data may mend it"
    notes = tuple(f"{number}: {remark}" for number in range(4))
    figure = Figure(figsize=(width, 5))
    headings(figure, af.Problem("x^2 + y^2").surface(resolution=3), notes)
    title, below = figure.texts
    assert below.get_fontsize() >= 7
    assert " ".join(below.get_text().split()).count("may mend it") == 4
    box = below.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= width * figure.dpi and box.y0 > 0.5 * 5 * figure.dpi
    assert not title.get_window_extent().overlaps(box)


def test_dollars_in_a_plain_title_are_dollars() -> None:
    figure = Figure()
    write_title(figure, r"\nothing", "x # $ and $")
    assert figure.texts[0].get_text() == r"x # \$ and \$"


def test_the_view_is_from_where_the_path_is_seen() -> None:
    """A wall along a = 0.5 with the path just behind it, as seen from each side."""
    heights = np.zeros((51, 51))
    heights[:, 25] = 0.7
    b, z = np.linspace(0.2, 0.8, 10), np.full(10, 0.02)
    assert np.cos(np.radians(azimuth(heights, np.full(10, 0.4), b, z))) < 0
    assert np.cos(np.radians(azimuth(heights, np.full(10, 0.6), b, z))) > 0
    assert azimuth(np.full((5, 5), np.nan), np.full(10, 0.4), b, z) == AZIMUTHS[0]
