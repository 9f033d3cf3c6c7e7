"""The page, opened in Chromium: it draws, turns, and says what is under the mouse, and asks nobody for anything."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps

from atlas_fast.surface import Surface
from atlas_fast.training import Run

SurfaceOf = Callable[..., Surface]

pytest.importorskip("plotly")


def test_it_turns_and_says_what_is_under_the_mouse(bowl: Surface, tmp_path: Path, page: Any) -> None:
    path = tmp_path / "bowl.html"
    bowl.export(path)
    page.open(path)
    # A vertex in sight, and off the path.
    row, column = 12, 30
    a, b, loss = float(bowl.a[column]), float(bowl.b[row]), float(bowl.loss[row, column])
    picture = page.picture()
    share = (loss - float(bowl.loss.min())) / (8 - float(bowl.loss.min()))
    x, y = page.pixel(a, b, share)
    expected = np.array(colormaps["viridis"](share)[:3])
    seen = picture[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2].reshape(-1, 3) / 255
    # Light changes how bright it is; a contour line may run beside it.
    cosine = (seen * expected).sum(axis=1) / np.linalg.norm(seen, axis=1) / np.linalg.norm(expected)
    assert np.median(cosine) > 0.99

    told = page.hover(x, y)
    assert told == f"PC 1 {a:.4g} | PC 2 {b:.4g} | loss {loss:.4g}"

    # The path is red and yellow where it runs; each step says its epoch, its loss and how far it is off the plane.
    assert bowl.run is not None
    steps = bowl.path()
    x, y = page.pixel(steps.a[0], steps.b[0], float(steps.height[0]) / 8 + 0.03)
    assert page.picture()[round(y), round(x)].tolist() == [255, 255, 0]
    told = page.hover(x, y)
    assert told == f"epoch 0, step 0 | true loss {steps.loss[0]:.5g} | 0 off the plane"

    before = page.eye
    page.drag((300, 360), 200, 20)
    after = page.eye
    turn = np.degrees(np.arctan2(after["y"], after["x"]) - np.arctan2(before["y"], before["x"]))
    assert abs((turn + 180) % 360 - 180) > 5
    assert (np.abs(page.picture().astype(int) - picture).max(axis=2) > 30).mean() > 0.1
    assert page.complaints == []
    assert page.requests == [path.as_uri()]


def test_gaps_cuts_and_several_runs(surface_of: SurfaceOf, bowl: Surface, tmp_path: Path, page: Any) -> None:
    assert bowl.run is not None
    surface = surface_of(lambda a, b: a * a + b * b + np.exp(40 * (a + b - 3.2)), dtype="float64")
    loss = surface.loss.copy()
    loss[12:17, 12:20] = np.nan
    surface = replace(surface, loss=loss)
    runs = {"SGD & co": bowl.run, "<b>Adam</b>": replace(bowl.run, weights=bowl.run.weights * (-1, 1))}
    surface.export(tmp_path / "s.html", runs)
    page.open(tmp_path / "s.html")
    picture = page.picture() / 255
    # From the far corner, where the surface is cut off, comes a colour that no height has.
    assert (np.abs(picture - (0.93, 0.91, 0.84)).max(axis=2) < 0.02).sum() > 20
    x, y = page.pixel(float(surface.a[16]), float(surface.b[14]), 0.05)
    gap = picture[round(y), round(x)]
    assert gap.min() > 0.7, "a grid line or the background"
    legend = page.page.eval_on_selector_all("#scene .legendtext", "texts => texts.map(text => text.textContent)")
    assert legend == ["SGD & co", "<b>Adam</b>"]
    told = page.page.text_content("header p")
    assert "are cut off, the highest is" in told
    assert "40 of 1,200 vertices are inf or nan" in told
    # A click in the legend hides a run's line and steps.
    page.page.click("#scene .legendtoggle >> nth=0")
    page.page.wait_for_timeout(800)
    shown = page.page.evaluate("() => document.querySelector('#scene')._fullData.map(trace => trace.visible)")
    assert shown == [True, *["legendonly"] * 4, *[True] * 4]
    assert page.complaints == []


@pytest.mark.parametrize(
    ("height", "told"),
    [
        (lambda a, b: 1e6 + 1e-3 * a * b, "loss 1000000.0001"),
        (lambda a, b: 1e300 * (1 + a * a), "e+300"),
        (lambda a, b: 7.0 + 0 * a * b, "loss 7"),
    ],
    ids=["ripples", "huge", "constant"],
)
def test_losses_that_float32_cannot_tell_apart(
    surface_of: SurfaceOf, tmp_path: Path, page: Any, height: Callable[..., np.ndarray], told: str
) -> None:
    surface = surface_of(height, dtype="float64")
    surface.export(tmp_path / "s.html")
    page.open(tmp_path / "s.html")
    row, column = 14, 22
    low, high = float(surface.loss.min()), float(surface.loss.max())
    share = 0.5 if low == high else (float(surface.loss[row, column]) - low) / (high - low)
    x, y = page.pixel(float(surface.a[column]), float(surface.b[row]), share)
    expected = np.array(colormaps["viridis"](share)[:3])
    seen = page.picture()[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2].reshape(-1, 3) / 255
    cosine = (seen * expected).sum(axis=1) / np.linalg.norm(seen, axis=1) / np.linalg.norm(expected)
    assert np.median(cosine) > 0.99
    assert told in page.hover(x, y)
    assert page.complaints == []


def test_a_page_is_dressed_as_a_look_says(surface_of: SurfaceOf, tmp_path: Path, page: Any) -> None:
    surface = surface_of(lambda a, b: np.exp(2 * a + b), dtype="float64")
    # As steep as is easy to tell, and not what the height is.
    a, b = np.meshgrid(surface.a, surface.b)
    surface = replace(surface, gradient=np.stack([a + 0.5, 0 * b]))
    surface.export(tmp_path / "s.html", heights="log", colouring="slope", contours=False, theme="dark")
    page.open(tmp_path / "s.html")
    row, column = 8, 25
    at, along = float(surface.a[column]), float(surface.b[row])
    x, y = page.pixel(at, along, (2 * at + along + 5) / 11)
    picture = page.picture()
    expected = np.array(colormaps["cividis"](abs(at + 0.5) / 2.5)[:3])
    seen = picture[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2].reshape(-1, 3) / 255
    cosine = (seen * expected).sum(axis=1) / np.linalg.norm(seen, axis=1) / np.linalg.norm(expected)
    assert np.median(cosine) > 0.99
    told = page.hover(x, y)
    assert told.startswith(f"PC 1 {at:.4g} | PC 2 {along:.4g} | loss {np.exp(2 * at + along):.4g} | slope about ")
    assert float(told.rpartition(" ")[2]) == pytest.approx(abs(at + 0.5), abs=2.5 / 255)
    assert picture[3, 3].max() < 40 and picture[476, 320].max() < 40  # the page and the scene
    bars = page.page.eval_on_selector_all("#scene .cbtitle", "texts => texts.map(text => text.textContent)")
    assert bars == ["slope"]
    ticks = page.page.evaluate("() => document.querySelector('#scene')._fullLayout.scene.zaxis.ticktext")
    assert "10<sup>-1</sup>" in ticks
    assert page.complaints == []


def test_a_theme_is_given_or_follows_the_browser(bowl: Surface, tmp_path: Path, page: Any) -> None:
    bowl.export(tmp_path / "any.html", heights="linear")
    bowl.export(tmp_path / "light.html", theme="light")
    page.open(tmp_path / "any.html")
    assert page.picture()[[3, 476], [3, 320]].min() > 240
    home = page.eye
    page.drag((300, 360), 200, 0)
    page.page.emulate_media(color_scheme="dark")
    page.page.wait_for_timeout(1500)
    picture = page.picture()
    assert picture[[3, 476], [3, 320]].max() < 40
    heading = picture[10:40].reshape(-1, 3)
    assert heading.max() > 150  # the loss, typeset in light letters
    # What a reader has turned stays so: the whole way, which a slow page is still on.
    assert abs(page.eye["x"] - home["x"]) + abs(page.eye["y"] - home["y"]) > 0.3
    page.open(tmp_path / "light.html")
    assert page.picture()[[3, 476], [3, 320]].min() > 240
    assert page.complaints == []


def test_a_run_that_is_nowhere_on_the_surface(
    surface_of: SurfaceOf, run_through: Callable[[np.ndarray], Run], tmp_path: Path
) -> None:
    pytest.importorskip("trimesh")
    surface = surface_of(lambda a, b: a * a + b * b)
    for points in ([[9.0, 9.0], [8.0, 8.0]], [[0.5, 0.5]], [[np.nan, np.nan], [np.nan, 1.0]]):
        for suffix in ("html", "glb"):
            surface.export(tmp_path / f"s.{suffix}", run_through(np.array(points)))


def test_512_by_512_with_eight_long_runs_is_at_most_6_megabytes(
    surface_of: SurfaceOf, run_through: Callable[[np.ndarray], Run], tmp_path: Path
) -> None:
    surface = surface_of(lambda a, b: np.sin(7 * a) * np.cos(9 * b) + a * a, shape=(512, 512))
    angle = np.linspace(0, 40, 20_001)
    points = np.column_stack([np.cos(angle), 0.5 + np.sin(angle)]) * np.linspace(1, 0.1, 20_001)[:, None]
    a, b = np.meshgrid(surface.a, surface.b)
    gradient = np.stack([7 * np.cos(7 * a) * np.cos(9 * b) + 2 * a, -9 * np.sin(7 * a) * np.sin(9 * b)])
    surface = replace(surface, gradient=gradient)
    runs = {f"run {k}": run_through(points * (1 - 0.05 * k)) for k in range(8)}
    for look in ({}, {"colouring": "slope"}):
        surface.export(tmp_path / "s.html", runs, **look)
        assert 4e6 < (tmp_path / "s.html").stat().st_size < 6e6


def unpacked(page: Any, name: str, packed: np.ndarray, count: int) -> list[int]:
    """What a function of the page makes of bytes."""
    from importlib.resources import files

    frame = (files("atlas_fast.export") / "page.html").read_text()
    code = frame[frame.index("function unpacked") : frame.index("// Heights are 16-bit")]
    script = f"([bytes, count]) => {{ {code}; return [...{name}(Uint8Array.from(bytes), count)]; }}"
    found: list[int] = page.page.evaluate(script, [packed.tolist(), count])
    return found


def test_packed_bytes_come_out_as_they_were(page: Any) -> None:
    from atlas_fast.export.packing import halves

    generator = np.random.default_rng(0)
    smooth = np.round(127 + 127 * np.sin(np.arange(600) / 40)).astype(np.uint8).reshape(20, 30)
    for shades in (smooth, generator.integers(0, 256, (13, 7), np.uint8), np.full((3, 3), 255, np.uint8)):
        assert unpacked(page, "unpacked", halves(shades), shades.size) == shades.ravel().tolist()
    assert halves(smooth).size < 0.6 * smooth.size


def test_packed_heights_come_out_as_they_were(page: Any) -> None:
    from atlas_fast.export.packing import bytes_of

    generator = np.random.default_rng(0)
    smooth = np.round(32000 + 32000 * np.sin(np.arange(4000) / 400)).astype(np.uint16).reshape(40, 100)
    noise = generator.integers(0, 65536, (13, 7), np.uint16)
    ends = np.array([[0, 65535, 65534], [65535, 0, 127], [128, 0, 32768]], np.uint16)
    for codes in (smooth, noise, ends, np.full((3, 3), 65535, np.uint16)):
        assert unpacked(page, "smooth", bytes_of(codes), codes.size) == codes.ravel().tolist()
        assert unpacked(page, "plain", codes.astype("<u2").view(np.uint8).ravel(), codes.size) == codes.ravel().tolist()
    assert bytes_of(smooth).size < 0.55 * smooth.nbytes


def test_heights_without_order_are_not_packed(surface_of: SurfaceOf, tmp_path: Path, page: Any) -> None:
    random = np.random.default_rng(0)
    surface = surface_of(lambda a, b: random.random((60, 50)), shape=(60, 50))
    surface.export(tmp_path / "s.html")
    assert '"packed":false' in (tmp_path / "s.html").read_text()
    page.open(tmp_path / "s.html")
    row, column = np.argwhere(surface.loss == surface.loss.max())[0]
    heights = page.page.evaluate("surface.z")
    assert heights[row][column] == 1.0 and np.argmin(heights) == np.argmin(surface.loss)
    assert page.complaints == []


def test_more_vertices_are_thinned_and_that_is_said(surface_of: SurfaceOf, tmp_path: Path) -> None:
    surface_of(lambda a, b: a * b, shape=(700, 40)).export(tmp_path / "s.html")
    text = (tmp_path / "s.html").read_text()
    assert '"rows":512,"columns":40' in text
    assert "512 x 40 of 700 x 40 vertices are drawn" in text


def test_what_a_user_wrote_is_text(surface_of: SurfaceOf, tmp_path: Path) -> None:
    plane = replace(surface_of(lambda a, b: a).plane, labels=("</script><b>x", "y"))
    surface = replace(
        surface_of(lambda a, b: a * b), expression="x<y & '</script>'", latex=r"x \text{</script>}", plane=plane
    )
    surface.export(tmp_path / "s.html")
    text = (tmp_path / "s.html").read_text()
    assert "<title>x&lt;y &amp; &#x27;&lt;/script&gt;&#x27;</title>" in text
    contents = text[text.index('id="contents">') :]
    assert "<" not in contents[len('id="contents">') : contents.index("</script>")]


def test_a_single_run_with_a_name_is_named_in_the_legend(bowl: Surface, tmp_path: Path) -> None:
    assert bowl.run is not None
    listed = {}
    for name, run in (("named", {"first": bowl.run}), ("own", bowl.run)):
        bowl.export(tmp_path / "s.html", run)
        text = (tmp_path / "s.html").read_text()
        contents = json.loads(text[text.index('id="contents">') + 14 :].partition("</script>")[0])
        listed[name] = [(track["legend"]["name"], track["legend"]["showlegend"]) for track in contents["tracks"]]
    assert listed == {"named": [("first", True)], "own": [("path", False)]}
