"""Comparisons: runs that share a start, a plane, a surface and a picture."""

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

import atlas_fast as af
from atlas_fast.comparison import MOST
from atlas_fast.plot.comparison import PALETTE

RANDOM = np.random.default_rng(21)
DATA = {"X": RANDOM.normal(size=(3, 30)), "Y": RANDOM.normal(size=(2, 30))}
THREE = {"descent": af.SGD(lr=0.1), "momentum": af.SGD(lr=0.1, momentum=0.9), "Adam": af.Adam(lr=0.05)}


@pytest.fixture(scope="module")
def network() -> af.Problem:
    return af.Problem("mse(A*tanh(B*X + C) + D, Y)", DATA, {"B": (4, None)})


@pytest.fixture(scope="module")
def three(network: af.Problem) -> af.Comparison:
    return af.compare(network, THREE, 60, seed=2, resolution=24)


def quiet(*arguments: Any, **named: Any) -> af.Comparison:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return af.compare(*arguments, **named)


def texts(figure: Figure) -> str:
    return "\n".join(t.get_text() for t in figure.findobj(Text) if t.get_visible())


def test_runs_are_those_that_training_alone_gives(network: af.Problem, three: af.Comparison) -> None:
    assert three.labels == ("descent", "momentum", "Adam")
    for run, optimizer in zip(three.runs, THREE.values(), strict=True):
        alone = network.train(optimizer, 60, seed=2)
        np.testing.assert_array_equal(run.weights, alone.weights)
        np.testing.assert_array_equal(run.weights[0], network.init(2))
    assert three.message == ""


def test_the_plane_holds_the_principal_components_of_all_steps(three: af.Comparison) -> None:
    steps = np.concatenate([run.weights for run in three.runs])
    _, singular, directions = np.linalg.svd(steps - steps.mean(axis=0), full_matrices=False)
    for ours, expected in zip((three.plane.u, three.plane.v), directions, strict=False):
        np.testing.assert_allclose(np.abs(ours @ expected), 1, rtol=1e-9)
    np.testing.assert_allclose(three.plane.explained, singular[:2] ** 2 / np.sum(singular**2), rtol=1e-9)


def test_the_plane_goes_through_the_end_of_the_run_that_ends_lowest(three: af.Comparison) -> None:
    best = min(three.runs, key=lambda run: run.loss[-1])
    np.testing.assert_array_equal(three.plane.center, best.final)


def test_the_surface_is_the_least_square_that_holds_all_runs(three: af.Comparison) -> None:
    a0, a1, b0, b1 = three.surface.extent
    assert a1 - a0 == pytest.approx(b1 - b0)
    paths = [three.surface.path(run) for run in three.runs]
    a, b = (np.concatenate([path[axis] for path in paths]) for axis in (0, 1))
    wider = max(np.ptp(a), np.ptp(b))
    assert a1 - a0 == pytest.approx(1.3 * wider)
    assert all(np.isfinite(path.height).all() for path in paths)


def test_two_scalars_are_seen_on_their_own_axes() -> None:
    found = af.compare(af.Problem("x^2 + y^2"), THREE, 20, start={"x": -1.5, "y": 1.0}, resolution=8)
    assert found.plane.labels == ("x", "y")
    assert found.surface.extent[0] < -1.5
    assert found.surface.extent[3] > 1.0
    path = found.surface.path(found.runs[0])
    np.testing.assert_allclose([path.a[0], path.b[0]], [-1.5, 1.0])


def test_a_plane_and_an_extent_may_be_given(network: af.Problem) -> None:
    plane = af.Plane.random(network, network.init(2), seed=1)
    found = af.compare(network, THREE, 5, seed=2, plane=plane, extent=(-3, 1, -1, 2), resolution=(4, 6))
    assert found.plane is plane
    assert found.surface.extent == (-3, 1, -1, 2)
    assert found.surface.loss.shape == (4, 6)


def test_start_and_batches_are_those_of_training(network: af.Problem) -> None:
    start = network.init(9)
    found = af.compare(network, [af.Adam(lr=0.1)], 3, seed=5, start=start, batch_size=7, resolution=4)
    alone = network.train(af.Adam(lr=0.1), 3, seed=5, start=start, batch_size=7)
    np.testing.assert_array_equal(found.runs[0].weights, alone.weights)


def test_labels_of_a_list_are_the_calls_counted_where_they_repeat(network: af.Problem) -> None:
    found = af.compare(network, [af.SGD(lr=0.1), af.Adam(lr=0.1), af.SGD(lr=0.1)], 2, resolution=2)
    assert found.labels == ("SGD(lr=0.1)", "Adam(lr=0.1)", "SGD(lr=0.1) (2)")


def test_a_comparison_is_frozen_and_prints_as_a_table(three: af.Comparison) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        three.labels = ()  # type: ignore[misc]
    header, *rows = three.table().splitlines()
    assert header.split() == ["run", "lowest", "loss", "final", "loss", "steps"]
    for row, label, run in zip(rows, three.labels, three.runs, strict=True):
        assert row.split() == [label, f"{run.loss.min():.6g}", f"{run.loss[-1]:.6g}", "60"]
    assert three.table() in repr(three)


def test_a_run_that_diverged_does_not_ruin_the_plane(network: af.Problem, three: af.Comparison) -> None:
    # lr = 1e4 leaps away at once, and to 1e150 before it is not finite any more.
    with pytest.warns(RuntimeWarning, match="too high: the run diverged at step"):
        found = af.compare(network, {**THREE, "too high": af.SGD(lr=1e4, momentum=0.99, weight_decay=9)}, 999, seed=2)
    lost = found.runs[3]
    assert lost.diverged_at is not None
    assert np.abs(lost.final).max() > 1e150
    assert found.shown[3] == 1
    assert max(abs(end) for end in found.surface.extent) < 100
    assert found.message == (f"too high: diverged at step {lost.diverged_at}, far off from step 1 on")
    assert found.message[10:] in found.table()


def test_a_run_that_climbs_without_diverging_is_cut_and_named() -> None:
    # Each step multiplies both by 1 - 2 lr = -1.2, the loss by 1.44: 10 times the start's after 6 steps.
    problem = af.Problem("x^2 + y^2")
    runs = {"right": af.SGD(lr=0.4), "too high": af.SGD(lr=1.1)}
    found = af.compare(problem, runs, 200, start=[-1.5, 1.0], resolution=8)
    assert found.shown == (201, 1 + int(np.log(10) / np.log(1.44)))
    assert found.message.startswith("too high: far off from step 7 on, the loss rose from 3.25 to ")


def test_a_run_that_leaps_to_a_far_plain_does_not_ruin_the_plane() -> None:
    """A loss that is bounded far away: the height alone does not tell that the run left."""
    problem = af.Problem("1 - exp(-x^2 - y^2) + 0.001*z^2")
    found = af.compare(problem, [af.SGD(lr=0.1), af.SGD(lr=1e4)], 50, start=[0.5, 0.5, 0.0], resolution=8)
    assert found.runs[1].loss.max() < 2
    assert found.shown == (51, 1)
    assert max(abs(end) for end in found.surface.extent) < 2


def test_where_all_leave_at_once_their_first_steps_are_shown() -> None:
    problem = af.Problem("x^2 + y^2 + z^2")
    found = quiet(problem, [af.SGD(lr=1e3), af.SGD(lr=2e3)], 99, start=[1.0, 2.0, 3.0], resolution=8)
    assert found.shown == (2, 2)
    assert np.isfinite(found.surface.loss).all()
    found.plot()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizers": af.SGD(lr=0.1)}, r"optimizers is SGD\(lr=0.1\), a dict of them by label or a list"),
        ({"optimizers": 3}, "optimizers is 3, a dict of them by label or a list is wanted"),
        ({"optimizers": []}, f"optimizers holds 0, 1 to {MOST} are wanted"),
        ({"optimizers": [af.SGD(lr=0.1)] * 9}, "optimizers holds 9, 1 to 8 are wanted"),
        ({"optimizers": ["adam"]}, "optimizer is 'adam', one such as Adam"),
        ({"epochs": 0}, "epochs is 0, it must be 1 or more"),
        ({"plane": 3}, "plane is an int, a Plane is wanted"),
        ({"plane": af.Plane([0.0], [1.0])}, "the plane lies in 1 dimensions, this problem has 3 scalar weights"),
        ({"resolution": 1}, "resolution is 1, it must be 2 or more"),
        ({"extent": -1}, "extent is -1, it must be greater than 0"),
        ({"start": [0.0, 0.0, 0.0]}, "the run did not move"),
        ({"start": [1.0]}, r"start has the shape \(1,\)"),
        ({"start": [1e200, 0.0, 0.0]}, "the loss is not finite at the start: give another one"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments: dict[str, Any], message: str) -> None:
    given = {"optimizers": [af.SGD(lr=0.1)], "epochs": 3, "start": [1.0, 2.0, 3.0], "resolution": 4, **arguments}
    with pytest.raises(af.AtlasError, match=message):
        quiet(af.Problem("x^2 + y^2 + z^2"), **given)


def test_progress_is_told_of_every_run_and_of_the_surface(network: af.Problem) -> None:
    seen: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        seen.append((done, total))

    af.compare(network, THREE, 20, resolution=8, progress=report)
    assert [entry for entry in seen if entry == (20, 20)] == [(20, 20)] * 3
    assert seen[-1] == (64, 64)


def test_the_picture_tells_the_runs_apart(three: af.Comparison) -> None:
    figure = three.plot()
    found = texts(figure)
    assert rf"$\mathcal{{L}} = {three.surface.latex}$" in found
    legend = figure.legends[0]
    for number, (label, run) in enumerate(zip(three.labels, three.runs, strict=True)):
        assert legend.texts[number].get_text() == f"{label}\nfinal loss {run.loss[-1]:.4g}"
        assert to_hex(legend.legend_handles[number].get_color()) == PALETTE[number]
    assert legend.texts[3].get_text() == "the start of all"
    curves = figure.axes[2].lines
    for run, curve in zip(three.runs, curves, strict=True):
        np.testing.assert_array_equal(curve.get_ydata(), run.loss)


MANY: list[Callable[[], af.Comparison]] = [
    lambda: quiet(af.Problem("x^2 + y^2"), [af.SGD(lr=lr) for lr in (0.1, 1.02, 1e3)], 300, resolution=9),
    lambda: af.compare(af.Problem("(x^2 - 1)^2"), [af.SGD(0.01), af.Adam(0.1)], 40, start=[2.0], resolution=50),
    lambda: af.compare(
        af.Problem("x^2 + 10*y^2"),
        [af.SGD(0.01, momentum=0.1 * k, nesterov=True, weight_decay=0.001 * k) for k in range(1, 9)],
        40,
        start=[2.0, 1.0],
        resolution=20,
    ),
    lambda: quiet(af.Problem("log(x) + y^2"), [af.SGD(1e-3)], 5, start=[0.01, 1.0], resolution=9, extent=1),
]


@pytest.mark.parametrize("make", MANY)
def test_nothing_is_clipped_and_nothing_warns(make: Callable[[], af.Comparison]) -> None:
    found = make()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = found.plot()
        figure.canvas.draw()
    width, height = figure.get_size_inches() * figure.dpi
    legend = figure.legends[0].get_window_extent()
    labels = [axes.xaxis.label for axes in figure.axes] + [axes.yaxis.label for axes in figure.axes]
    for box in [legend, *(t.get_window_extent() for t in [*figure.texts, *labels] if t.get_text())]:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
    for axes in figure.axes:
        assert not axes.get_window_extent().overlaps(legend)
