"""Films, frame by frame: the surface goes round, the path grows, and what cannot be filmed is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

import atlas_fast as af
from atlas_fast.surface import Surface
from atlas_fast.viewer import training_film, turntable

Made = Callable[..., Surface]

SIZE = (160, 120)


def gif(path: Path) -> tuple[np.ndarray, list[int]]:
    """The frames (count, height, width, 3), and for how many milliseconds each is shown."""
    with Image.open(path) as film:
        assert film.info["loop"] == 0
        frames = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(film)]
    return np.stack([frame for frame, _ in frames]).astype(int), [duration for _, duration in frames]


def mp4(path: Path) -> tuple[np.ndarray, dict[str, object]]:
    """The frames and what ffmpeg says of them."""
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    reader = ffmpeg.read_frames(str(path))
    told = next(reader)
    width, height = told["size"]
    return np.stack([np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader]).astype(int), told


def reds(frame: np.ndarray) -> int:
    """Pixels of the path's late steps, left of the colour bars: no colour of viridis has more red than green by so
    much and so little blue."""
    shown = frame[:, : SIZE[0] - 45]
    return int(((shown[..., 0] > 200) & (shown[..., 1] < 120) & (shown[..., 2] < 60)).sum())


def test_a_turntable_goes_once_round(bowl_file: Path, tmp_path: Path, egl: None) -> None:
    surface = af.load(bowl_file)
    turntable(surface, tmp_path / "turn.gif", seconds=0.8, frames_per_second=10, size=SIZE, progress=False)
    frames, durations = gif(tmp_path / "turn.gif")
    assert frames.shape == (8, 120, 160, 3)
    assert durations == [100] * 8
    # The scene turns, the title above it does not.
    changes = (np.abs(np.diff(frames, axis=0)).max(axis=3) > 40).mean(axis=(1, 2))
    assert (changes > 0.02).all()
    assert (np.abs(np.diff(frames[:, :20], axis=0)).max(axis=3) > 60).mean() < 0.01
    # From the last frame it is as far to the first as to the one before it.
    seam = np.abs(frames[0] - frames[-1]).max(axis=2) > 40
    assert 0.5 < seam.mean() / changes.mean() < 2
    # 256 colours are enough for a picture that is nearly the same.
    assert len(np.unique(frames[0].reshape(-1, 3), axis=0)) <= 256


def test_a_bowl_that_is_round_looks_the_same_from_each_side(surface_of: Made, tmp_path: Path, egl: None) -> None:
    surface = surface_of(lambda a, b: a * a + b * b, shape=(65, 65), extent=(-1.0, 1.0, -1.0, 1.0))
    turntable(surface, tmp_path / "turn.gif", seconds=0.4, frames_per_second=10, size=SIZE, progress=False)
    frames, _ = gif(tmp_path / "turn.gif")
    # A quarter of a turn a frame: surface and colours come again, but for labels.
    middle = frames[:, 30:100, 25:110]
    for frame in middle[1:]:
        assert (np.abs(frame - middle[0]).max(axis=2) > 40).mean() < 0.15


def test_a_training_film_ends_with_the_whole_path(bowl_file: Path, tmp_path: Path, egl: None) -> None:
    surface = af.load(bowl_file)
    training_film(surface, tmp_path / "film.gif", seconds=1, frames_per_second=8, size=SIZE, progress=False)
    frames, _ = gif(tmp_path / "film.gif")
    assert len(frames) == 8
    count = [reds(frame) for frame in frames]
    # Nothing is late at the start; the end shows the path's end.
    assert count[0] == count[1] == 0
    assert count[-1] > 5
    assert (np.abs(frames[-1] - frames[0]).max(axis=2) > 60).any()


def test_several_runs_train_at_once(bowl_file: Path, tmp_path: Path, egl: None) -> None:
    surface = af.load(bowl_file)
    assert surface.run is not None
    other = replace(surface.run, weights=surface.run.weights * (-1, 1))
    runs = {"one": surface.run, "two": other}
    training_film(surface, tmp_path / "film.gif", 0.4, 10, (320, 240), run=runs, progress=False)
    frames, _ = gif(tmp_path / "film.gif")
    # Okabe and Ito's vermilion and bluish green, which stand in the legend from the start, and grow.
    for colour in ((0xD5, 0x5E, 0x00), (0x00, 0x9E, 0x73)):
        count = [(np.abs(frame - colour).max(axis=2) < 40).sum() for frame in frames]
        assert 0 < count[0] < count[-1]


def test_an_mp4_has_its_frames_size_and_pace(bowl_file: Path, tmp_path: Path, egl: None) -> None:
    pytest.importorskip("imageio_ffmpeg")
    surface = af.load(bowl_file)
    training_film(surface, tmp_path / "film.MP4", seconds=0.5, frames_per_second=12, size=SIZE, progress=False)
    frames, told = mp4(tmp_path / "film.MP4")
    assert frames.shape == (6, 120, 160, 3)
    assert told["fps"] == 12
    assert told["codec"] == "h264"
    assert (np.abs(np.diff(frames, axis=0)) > 40).any(axis=(1, 2, 3)).all()
    # The compressed picture is the picture.
    training_film(surface, tmp_path / "film.gif", seconds=0.5, frames_per_second=12, size=SIZE, progress=False)
    same, _ = gif(tmp_path / "film.gif")
    assert np.abs(frames[-1] - same[-1]).mean() < 6


def test_progress_is_told_and_a_stop_leaves_what_is_there(bowl_file: Path, tmp_path: Path, egl: None) -> None:
    seen: list[tuple[int, int]] = []

    def report(done: int, total: int) -> bool:
        seen.append((done, total))
        return done < 3

    turntable(af.load(bowl_file), tmp_path / "turn.gif", 1, 10, SIZE, progress=report)
    assert seen == [(1, 10), (2, 10), (3, 10)]
    assert len(gif(tmp_path / "turn.gif")[0]) == 3


def test_what_cannot_be_filmed(bowl_file: Path, tmp_path: Path, extra: None, monkeypatch: pytest.MonkeyPatch) -> None:
    surface = af.load(bowl_file)
    for arguments, told in (
        (("x.avi",), r"\.gif or \.mp4"),
        (("x.gif", 0.0), "seconds"),
        (("x.gif", 0.01), "frames"),
        (("x.gif", 1e6), "frames"),
        (("x.gif", 1.0, 60.0), "50 at most"),
        (("x.gif", 1.0, 10.0, (10, 10)), "size"),
        (("x.gif", 1.0, 10.0, SIZE, "SGD"), "run is a str"),
    ):
        path, *more = arguments
        with pytest.raises(af.ArgumentError, match=told):
            turntable(surface, tmp_path / path, *more)  # type: ignore[arg-type]
    with pytest.raises(af.StoreError, match="no folder"):
        turntable(surface, tmp_path / "none" / "x.gif")
    bare = replace(surface, plane=replace(surface.plane, run=None))
    with pytest.raises(af.ArgumentError, match="no run"):
        training_film(bare, tmp_path / "x.gif")
    line = af.Problem("(x - 1)^2").surface(resolution=20, progress=False)
    with pytest.raises(af.ArgumentError, match=r"surface\.plot\(\)"):
        turntable(line, tmp_path / "x.gif")
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(af.DeviceError, match=r"pip install 'atlas-fast\[film\]'"):
        turntable(surface, tmp_path / "x.mp4")
    assert list(tmp_path.iterdir()) == []


def test_odd_sides_are_no_mp4(bowl_file: Path, tmp_path: Path, extra: None) -> None:
    pytest.importorskip("imageio_ffmpeg")
    with pytest.raises(af.ArgumentError, match="even"):
        turntable(af.load(bowl_file), tmp_path / "x.mp4", size=(161, 120))
