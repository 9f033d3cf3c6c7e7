"""Pictures of any size: a large one is the small one, only finer; and without a background, if that is asked for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import atlas_fast as af
from atlas_fast.viewer import picture


def test_texts_and_lines_grow_with_a_large_picture(
    bowl_file: Path, tmp_path: Path, egl: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atlas_fast.viewer import offscreen

    monkeypatch.setattr(offscreen, "ROOMY", 240)
    surface = af.load(bowl_file)
    picture(surface, tmp_path / "small.png", (320, 240))
    picture(surface, tmp_path / "large.png", (960, 720))
    small = np.asarray(Image.open(tmp_path / "small.png")).astype(int)
    large = np.asarray(Image.open(tmp_path / "large.png").resize((320, 240), Image.Resampling.BOX)).astype(int)
    # But for edges, where half a pixel shows.
    assert np.abs(large - small).mean() < 3
    for place in (np.s_[:30, 60:260], np.s_[60:200, 260:]):  # the title, the colour bars
        ink = [int((part[place].min(axis=2) < 200).sum()) for part in (small, large)]
        assert ink[1] == pytest.approx(ink[0], rel=0.2)


def test_without_a_background(bowl_file: Path, tmp_path: Path, egl: None) -> None:
    picture(af.load(bowl_file), tmp_path / "clear.png", (160, 120), transparent=True)
    with Image.open(tmp_path / "clear.png") as made:
        assert made.mode == "RGBA"
        alpha = np.asarray(made)[..., 3]
    assert alpha[0, 0] == alpha[-1, -1] == 0
    assert alpha[65, 75] == 255
    assert 0.1 < (alpha == 255).mean() < 0.6
