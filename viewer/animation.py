"""Films without a window: a surface that turns, and runs that train.

In: a Surface, the tracks of runs, and a Reel. Out: a .gif, which Pillow writes in 256 colours, or an .mp4 by ffmpeg,
which comes with the extra `film`. All frames are drawn on one canvas off screen.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import ArgumentError, file, real
from ..errors import DeviceError, StoreError
from ..progress import Progress, reporting
from ..storage import check_folder, write
from .offscreen import Still, checked_size, still

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..look import Look
    from ..surface import Surface
    from .drawing.pose import Pose
    from .drawing.track import Track

Frames = Iterator[NDArray[np.uint8]]

SUFFIXES = (".gif", ".mp4")

FASTEST_GIF = 50
"""Frames in a second: what is said to be faster, browsers show far slower."""

MOST = 10_000
"""Frames of a film: far more than anybody watches, and some minutes of work."""

REST = 0.15
"""The share of a training film that shows its end."""

SWAY = 12.0
"""Degrees that the eye moves in all while runs train, for the sake of depth."""

QUALITY = "18"
"""ffmpeg's constant rate factor for H.264: smaller is better, and 18 is said to look lossless."""


PALETTE_FRAMES = 5
"""Frames over the whole film that a .gif takes its colours from."""


@dataclass(frozen=True)
class Reel:
    """target: the file. count: of frames. rate: frames in a second. size: width and height in pixels."""

    target: Path
    count: int
    rate: float
    size: tuple[int, int]

    @classmethod
    def of(cls, path: str | os.PathLike[str], seconds: float, frames_per_second: float, size: tuple[int, int]) -> Reel:
        """Raises ArgumentError for what cannot be filmed, DeviceError where ffmpeg is wanted and not there, StoreError
        where there is no such folder."""
        target = file("path", path)
        suffix = target.suffix.lower()
        if suffix not in SUFFIXES:
            raise ArgumentError(f"a film's name must end in {' or '.join(SUFFIXES)}, {target} does not")
        rate, (width, height) = real("frames_per_second", frames_per_second, above=0), checked_size(size)
        count = round(real("seconds", seconds, above=0) * rate)
        if not 2 <= count <= MOST:
            raise ArgumentError(f"{seconds:g} seconds would take {count:,} frames: from 2 to {MOST:,} are taken")
        if suffix == ".gif" and rate > FASTEST_GIF:
            raise ArgumentError(f"frames_per_second is {rate:g}, and a .gif shows {FASTEST_GIF} at most")
        if suffix == ".mp4":
            _ffmpeg()
            if width % 2 or height % 2:
                raise ArgumentError(f"size is {width} x {height}: the sides of an .mp4 are even numbers of pixels")
        check_folder(target)
        return cls(target, count, rate, (width, height))


Show = Callable[[Still, float], None]
"""Shows a scene as it is when a share of the film, in [0, 1], is over."""


def write_turntable(
    surface: Surface,
    tracks: Sequence[Track],
    reel: Reel,
    progress: Progress,
    look: Look | None = None,
    pose: Pose | None = None,
) -> None:
    """Once round the surface, so that the film may be repeated without a seam. pose: where it begins."""
    from .drawing.pose import Pose

    begun = pose or Pose()

    def show(shown: Still, share: float) -> None:
        begun.take(shown.scene)
        view = begun.seen(shown.scene)
        shown.scene.look(view._replace(azimuth=view.azimuth + 360.0 * share))

    shares = [k / reel.count for k in range(reel.count)]
    _film(surface, tracks, reel, progress, look, shares, show)


def write_training(
    surface: Surface,
    tracks: Sequence[Track],
    reel: Reel,
    progress: Progress,
    look: Look | None = None,
    pose: Pose | None = None,
) -> None:
    """The paths as they grow, whatever the pose's moment is; at its end the film rests on what they came to."""
    from .drawing.pose import Pose

    if not tracks and surface.run is None:
        raise ArgumentError("the surface knows no run, and a training film shows one: give it, as in run=run")

    begun = pose or Pose()
    sway = 0.0 if begun.above else SWAY

    def show(shown: Still, share: float) -> None:
        begun.take(shown.scene)
        view = begun.seen(shown.scene)
        shown.scene.look(view._replace(azimuth=view.azimuth + sway * (share - 0.5)))
        shown.scene.show_moment(share / (1.0 - REST))

    shares = [k / (reel.count - 1) for k in range(reel.count)]
    _film(surface, tracks, reel, progress, look, shares, show)


def _film(
    surface: Surface,
    tracks: Sequence[Track],
    reel: Reel,
    progress: Progress,
    look: Look | None,
    shares: Sequence[float],
    show: Show,
) -> None:
    """Draw a frame for each of the shares, and write them. What is there when `progress` says stop is kept."""
    work = f"{len(shares):,} frames of {reel.size[0]} x {reel.size[1]} pixels"
    with reporting(progress, "film", work) as report, still(surface, reel.size, look, tracks) as shown:

        def frame(share: float) -> NDArray[np.uint8]:
            show(shown, share)
            return shown.picture()

        def frames() -> Frames:
            for number, share in enumerate(shares, 1):
                yield frame(share)
                if report is not None and report(number, len(shares)) is False:
                    return

        if reel.target.suffix.lower() == ".gif":
            _write_gif(reel, frames(), _palette([frame(share) for share in np.linspace(0.0, 1.0, PALETTE_FRAMES)]))
        else:
            _write_mp4(reel, frames())


def _palette(samples: Sequence[NDArray[np.uint8]]) -> Image:
    """256 colours of some frames. Chosen once: those of each frame by itself would flicker."""
    from PIL import Image

    return Image.fromarray(np.concatenate(samples)).quantize(256, method=Image.Quantize.MAXCOVERAGE)


def _write_gif(reel: Reel, frames: Frames, palette: Image) -> None:
    from PIL import Image

    reduced = (Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in frames)
    first = next(reduced)
    write(
        reel.target,
        lambda opened: first.save(
            opened, format="GIF", save_all=True, append_images=reduced, loop=0, optimize=False, comment=b"Atlas Fast",
            duration=round(100 / reel.rate) * 10,  # a .gif counts in hundredths of a second
        ),
    )  # fmt: skip


def _ffmpeg() -> Any:
    try:
        import imageio_ffmpeg
    except ImportError:
        raise DeviceError(
            ".mp4 needs imageio-ffmpeg, which is not installed: pip install 'atlas-fast[film]', or name a .gif"
        ) from None
    return imageio_ffmpeg


def _write_mp4(reel: Reel, frames: Frames) -> None:
    """H.264 in the colours that every player knows, its index before the frames, for browsers."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "film.mp4"
        writer = _ffmpeg().write_frames(
            str(made), reel.size, fps=reel.rate, codec="libx264", pix_fmt_out="yuv420p", macro_block_size=2,
            quality=None, ffmpeg_log_level="error",
            output_params=["-crf", QUALITY, "-movflags", "+faststart", "-metadata", "comment=Atlas Fast"],
        )  # fmt: skip
        try:
            writer.send(None)
            for frame in frames:
                writer.send(np.ascontiguousarray(frame))
        except OSError as error:
            reason = " ".join(str(error).split())[:200]
            raise StoreError(f"cannot write {reel.target}: ffmpeg ended ({reason})") from None
        finally:
            writer.close()
        content = made.read_bytes()
    write(reel.target, lambda opened: opened.write(content))
