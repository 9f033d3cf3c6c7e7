"""Storage: a surface comes back as it went; a damaged file is one line."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import atlas_fast as af


@pytest.fixture(scope="module")
def problem() -> af.Problem:
    data = {"X": np.random.default_rng(1).normal(size=(3, 15)), "Y": np.ones((1, 15))}
    return af.Problem("mse(A*tanh(B*X + C), Y)", data, {"B": (4, None)})


@pytest.fixture(scope="module")
def run(problem: af.Problem) -> af.Run:
    return problem.train(af.SGD(lr=0.05, momentum=0.5), epochs=12, seed=7, batch_size=6)


@pytest.fixture(scope="module")
def surface(problem: af.Problem, run: af.Run) -> af.Surface:
    return problem.surface(af.Plane.pca(run), resolution=(5, 9), gradient=True, curvature=True, gradient_norm=True)


def test_a_surface_comes_back_with_its_plane_and_run(surface: af.Surface, run: af.Run, tmp_path: Path) -> None:
    surface.save(tmp_path / "s.npz")
    found = af.load(tmp_path / "s.npz")
    for name in ("a", "b", "loss", "gradient", "curvature", "gradient_norm"):
        np.testing.assert_array_equal(getattr(found, name), getattr(surface, name))
        assert getattr(found, name).dtype == getattr(surface, name).dtype
    for name in ("expression", "latex", "weights", "method", "complete", "seconds", "message"):
        assert getattr(found, name) == getattr(surface, name), name
    for name in ("center", "u", "v"):
        np.testing.assert_array_equal(getattr(found.plane, name), getattr(surface.plane, name))
    assert (found.plane.explained, found.plane.labels) == (surface.plane.explained, surface.plane.labels)
    assert found.run is not None
    np.testing.assert_array_equal(found.run.weights, run.weights)
    np.testing.assert_array_equal(found.run.loss, run.loss)
    assert repr(found.run) == repr(run)
    assert (found.run.seed, found.run.batch_size, found.run.optimizer) == (7, 6, "SGD(lr=0.05, momentum=0.5)")
    np.testing.assert_array_equal(found.path().height, surface.path().height)


def test_a_folder_that_is_not_there_is_named(surface: af.Surface, tmp_path: Path) -> None:
    with pytest.raises(af.StoreError) as caught:
        surface.save(tmp_path / "nodir" / "foo.npz")
    assert (
        str(caught.value) == f"cannot write {tmp_path / 'nodir' / 'foo.npz'}: there is no folder {tmp_path / 'nodir'}"
    )


def test_another_run_can_be_saved_with_it(surface: af.Surface, problem: af.Problem, tmp_path: Path) -> None:
    other = problem.train(af.SGD(lr=0.1), 3)
    surface.save(tmp_path / "s.npz", run=other)
    found = af.load(str(tmp_path / "s.npz"))
    assert found.run is not None
    np.testing.assert_array_equal(found.run.weights, other.weights)


def test_every_run_is_saved_with_it_by_its_name(
    surface: af.Surface, run: af.Run, problem: af.Problem, tmp_path: Path
) -> None:
    other = problem.train(af.Adam(lr=0.1), 3)
    surface.save(tmp_path / "s.npz", {"Adam": other, "SGD, with momentum": run})
    found = af.load(tmp_path / "s.npz")
    assert list(found.runs) == ["Adam", "SGD, with momentum"]
    for got, given in zip(found.runs.values(), (other, run), strict=True):
        np.testing.assert_array_equal(got.weights, given.weights)
        np.testing.assert_array_equal(got.loss, given.loss)
        assert repr(got) == repr(given)
    # The one that the plane comes from stays the surface's own, and is in the file once.
    assert found.run is found.runs["SGD, with momentum"]
    with np.load(tmp_path / "s.npz") as archive:
        assert sum(name.endswith("_weights") for name in archive.files) == 2
        np.testing.assert_array_equal(archive["run_weights"], run.weights)
    # And again, from what was read, and with none.
    found.save(tmp_path / "t.npz")
    assert list(af.load(tmp_path / "t.npz").runs) == list(found.runs)
    found.save(tmp_path / "t.npz", {})
    bare = af.load(tmp_path / "t.npz")
    assert (bare.run, dict(bare.runs)) == (None, {})


def test_a_file_of_a_single_run_reads_as_ever(surface: af.Surface, run: af.Run, tmp_path: Path) -> None:
    surface.save(tmp_path / "s.npz")
    changed(tmp_path / "s.npz", lambda arrays: header(arrays, ', "runs": []', ""))
    found = af.load(tmp_path / "s.npz")
    assert found.named is None
    assert list(found.runs) == ["SGD(lr=0.05, momentum=0.5)"]
    np.testing.assert_array_equal(found.runs["SGD(lr=0.05, momentum=0.5)"].loss, run.loss)


def test_a_comparison_is_saved_whole(tmp_path: Path) -> None:
    problem = af.Problem("x^2 + 3*y^2")
    found = af.compare(problem, {"slow": af.SGD(lr=0.01), "fast": af.SGD(lr=0.1)}, 5, start=[1.0, 1.0], resolution=9)
    found.surface.save(tmp_path / "s.npz")
    runs = af.load(tmp_path / "s.npz").runs
    assert [(name, run.loss[-1]) for name, run in runs.items()] == [
        (label, run.loss[-1]) for label, run in zip(found.labels, found.runs, strict=True)
    ]


def test_a_line_without_a_run_comes_back(tmp_path: Path) -> None:
    surface = af.Problem("x^2").surface(resolution=7)
    surface.save(tmp_path / "s.npz")
    found = af.load(tmp_path / "s.npz")
    assert (found.run, found.plane.v, found.gradient) == (None, None, None)
    assert (found.curvature, found.gradient_norm) == (None, None)
    np.testing.assert_array_equal(found.loss, surface.loss)


def test_what_is_not_finite_comes_back(tmp_path: Path) -> None:
    surface = af.Problem("log(x) + y").surface(resolution=5)
    with pytest.warns(RuntimeWarning):
        run = af.Problem("log(x) + y").train(af.SGD(lr=0.1), 3, start=[0, 0])
    surface.save(tmp_path / "s.npz", run=run)
    found = af.load(tmp_path / "s.npz")
    np.testing.assert_array_equal(found.loss, surface.loss)
    assert found.run is not None
    assert (found.run.diverged_at, found.run.message) == (0, run.message)


def test_nothing_is_pickled(surface: af.Surface, tmp_path: Path) -> None:
    surface.save(tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz", allow_pickle=False) as archive:
        assert all(archive[name].dtype != object for name in archive.files)


def test_nothing_but_the_file_is_left_and_a_failure_keeps_the_old_one(
    surface: af.Surface, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.npz"
    surface.save(path)
    before = path.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["s.npz"]

    def fail(file: object, **arrays: object) -> None:
        file.write(b"half a file")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(af.StoreError, match=r"cannot write .*s\.npz: No space left on device"):
        surface.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["s.npz"]


def changed(path: Path, edit: Callable[[dict[str, np.ndarray]], object]) -> None:
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    edit(arrays)
    np.savez(path, **arrays)


def header(arrays: dict[str, np.ndarray], old: str, new: str) -> None:
    text = arrays["header"].tobytes().decode()
    assert old in text
    arrays["header"] = np.frombuffer(text.replace(old, new).encode(), np.uint8)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda p: p.write_bytes(b""), "it is damaged, or no .npz file"),
    "text": (lambda p: p.write_text("loss landscape"), "it is damaged, or no .npz file"),
    "cut short": (lambda p: p.write_bytes(p.read_bytes()[:700]), "it is damaged, or no .npz file"),
    "flipped": (
        lambda p: p.write_bytes(p.read_bytes()[:400] + b"\x5a" * 40 + p.read_bytes()[440:]),
        "it is damaged, or no .npz file",
    ),
    "another archive": (lambda p: np.savez(p, x=np.ones(3)), "it was not written by Atlas Fast"),
    "no arrays": (lambda p: zipfile.ZipFile(p, "w").close(), "it was not written by Atlas Fast"),
    "pickle": (lambda p: np.savez(p, header=np.array([{}])), "it is damaged, or no .npz file"),
    "another's run": (
        lambda p: changed(p, lambda a: header(a, '"runs": []', '"runs": [["SGD", {"epochs": 1}]]')),
        "its parts do not fit one another",
    ),
    "no plane": (lambda p: changed(p, lambda a: a.pop("u")), "its parts do not fit one another"),
    "other rows": (
        lambda p: changed(p, lambda a: a.update(b=a["b"][:-1])), "its parts do not fit one another"
    ),
    "falling": (lambda p: changed(p, lambda a: a.update(a=-a["a"])), "the coordinates do not rise"),
    "other curvature": (
        lambda p: changed(p, lambda a: a.update(curvature=a["curvature"][:2])), r"curvature is \(2, 5, 9\)"
    ),
    "integers": (lambda p: changed(p, lambda a: a.update(loss=a["loss"].astype(int))), "loss is int64"),
    "other run": (
        lambda p: changed(p, lambda a: a.update(run_weights=a["run_weights"][:, 1:])),
        "its parts do not fit one another",
    ),
    "newer": (
        lambda p: changed(p, lambda a: header(a, '"version": 1', '"version": 2')),
        "it was written by a newer version of Atlas Fast",
    ),
    "no labels": (
        lambda p: changed(p, lambda a: header(a, '"labels"', '"label"')), "its parts do not fit one another"
    ),
    "other weights": (
        lambda p: changed(p, lambda a: header(a, '"weights": [["A", 1, 4]', '"weights": [["A", 1, 5]')),
        "its parts do not fit one another",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_one_line(surface: af.Surface, tmp_path: Path, name: str) -> None:
    path = tmp_path / "s.npz"
    surface.save(path)
    damage, message = DAMAGE[name]
    damage(path)
    with pytest.raises(af.StoreError, match=message) as caught:
        af.load(path)
    assert "\n" not in str(caught.value)
    assert "s.npz" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(af.StoreError, match=r"cannot read .*none\.npz: No such file or directory"):
        af.load(tmp_path / "none.npz")


def test_other_suffixes_are_refused(surface: af.Surface, tmp_path: Path) -> None:
    with pytest.raises(af.StoreError, match=r"the name must end in \.npz"):
        surface.save(tmp_path / "s.h5")
    with pytest.raises(af.StoreError, match=r"the name must end in \.npz"):
        af.load(tmp_path / "s.pkl")
