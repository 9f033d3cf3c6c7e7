"""Arrays on disk: what .npy and .npz files give, and that no file makes the reader run code or fill the memory."""

import io
import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast.data import arrays


def message(path: Path, **arguments: Any) -> str:
    with pytest.raises(af.AtlasError) as caught:
        af.Table.read(path, **arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def npy(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), **options)
    return file.getvalue()


def header(descr: str, shape: str, rest: bytes = b"") -> bytes:
    """A .npy file by hand, which may lie."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + rest


X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(
    "array",
    [
        X,
        np.asfortranarray(X),
        X.astype(">f8"),
        X.astype(np.float32),
        X.astype(np.float16),
        X.astype(np.int8),
        X.astype(np.uint64),
        X > 2,
    ],
)
def test_matrices_of_any_number_type(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", array)
    table = af.Table.read(tmp_path / "x.npy")
    assert (table.names, table.rows, table.source) == (("1", "2", "3"), 2, "x.npy")
    for samples, expected in (("rows", array.T), ("columns", array)):
        found = table.matrix(samples=samples)
        assert found.dtype == np.float64
        assert found.flags.c_contiguous
        assert not found.flags.writeable
        np.testing.assert_array_equal(found, expected.astype(np.float64))
    np.testing.assert_array_equal(table.matrix([3, 1]), array.T[[2, 0]])


@pytest.mark.parametrize("samples", ["rows", "columns"])
def test_one_dimension_is_one_feature_and_none_is_a_number(tmp_path: Path, samples: str) -> None:
    np.save(tmp_path / "y.npy", [3, 1, 2])
    table = af.Table.read(tmp_path / "y.npy")
    np.testing.assert_array_equal(table.matrix(samples=samples), [[3, 1, 2]])
    np.testing.assert_array_equal(table.onehot(1).matrix, [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    np.save(tmp_path / "k.npy", 3.5)
    np.testing.assert_array_equal(af.Table.read(tmp_path / "k.npy").matrix(samples=samples), [[3.5]])


@pytest.mark.parametrize("kind", ["U", "S"])
def test_texts_are_labels(tmp_path: Path, kind: str) -> None:
    np.save(tmp_path / "y.npy", np.char.encode(["rot", "grün", "rot"]) if kind == "S" else ["rot", "grün", "rot"])
    table = af.Table.read(tmp_path / "y.npy")
    assert table.onehot(1).classes == ("grün", "rot")
    with pytest.raises(af.DataError, match=r"y.npy row 1, column 1 holds 'rot', a number is wanted"):
        table.matrix()


def test_missing_and_infinite_entries(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", [[1, 2], [np.nan, 3], [4, np.nan]])
    with pytest.raises(af.DataError, match=r"x.npy row 2, column 1 is missing \(the first of 2\): give missing=.drop"):
        af.Table.read(tmp_path / "x.npy").matrix()
    table = af.Table.read(tmp_path / "x.npy", missing="drop")
    assert (table.rows, table.dropped) == (1, 2)
    np.testing.assert_array_equal(table.matrix(), [[1], [2]])
    np.save(tmp_path / "x.npy", [[np.nan, 2], [3, -np.inf]])
    with pytest.raises(af.DataError, match=r"x.npy row 2, column 2 holds -inf: drop or replace"):
        af.Table.read(tmp_path / "x.npy", missing="drop").matrix()
    np.save(tmp_path / "y.npy", ["a", "?", "b"])
    assert af.Table.read(tmp_path / "y.npy", missing="drop").onehot(1).classes == ("a", "b")
    np.save(tmp_path / "x.npy", [np.nan])
    assert "each of the 1 rows of x.npy has a missing entry" in message(tmp_path / "x.npy", missing="drop")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_one_array_of_a_npz(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "both.npz"
    save(path, X=X, y=[0, 1])
    np.testing.assert_array_equal(af.Table.read(path, array="X").matrix(), X.T)
    table = af.Table.read(path, array="y")
    assert table.source == "both.npz[y]"
    np.testing.assert_array_equal(table.matrix(), [[0, 1]])
    assert message(path) == "both.npz holds 2 arrays, 'X', 'y': give array= one of these names"
    assert message(path, array="Y") == "both.npz holds no array 'Y', it holds 'X', 'y'"
    save(path, X=X)
    np.testing.assert_array_equal(af.Table.read(path).matrix(), X.T)
    save(path)
    assert message(path) == "both.npz holds no array"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (npy(np.array([1, None])), "x.npy holds Python objects, which only pickle reads: save an array of numbers"),
        (npy(np.zeros(2, [("a", "f8")])), "x.npy has named fields"),
        (b"\x93NUMPY\x03\x00" + struct.pack("<I", 64) + bytes(80), "x.npy is written in version 3 of the format"),
        (npy(np.ones(2, complex)), "x.npy is of the type complex128: save real numbers"),
        (npy(np.array(["2020-01-01"], "M8[D]")), "x.npy is of the type datetime64[D]"),
        (npy(np.ones((2, 3, 4))), "x.npy has 3 dimensions (2 x 3 x 4), a table has two"),
        (npy(np.ones((0, 3))), "x.npy is empty (0 x 3)"),
        (npy(X)[:-1], "x.npy is damaged: its 175 bytes are not what its header tells"),
        (npy(X) + b"0", "x.npy is damaged: its 177 bytes are not what its header tells"),
        (npy(X)[:70], "x.npy is damaged, or no .npy file"),
        (b"", "x.npy is damaged, or no .npy file"),
        (b"a,b\n1,2\n", "x.npy is damaged, or no .npy file"),
        (header("'<f8'", "(-2, -3)", bytes(48)), "x.npy is damaged"),
        (header("'<f8'", "(3.0,)", bytes(24)), "x.npy is damaged, or no .npy file"),
        (header("__import__('os').abort()", "(3,)", bytes(24)), "x.npy is damaged, or no .npy file"),
        (header("'<f8'", "(1000000, 1000000)"), "x.npy is damaged: its 128 bytes are not what its header tells"),
    ],
)
def test_files_that_are_no_array_of_numbers(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    assert expected in message(tmp_path / "x.npy")
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content)
    packed = message(tmp_path / "x.npz")
    assert packed.startswith("x.npz[x]") or packed == "x.npz is damaged, or no .npz file"


def test_the_name_of_an_array_is_for_npz_files(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    assert "x.npy holds one array without a name: leave out array='X'" in message(tmp_path / "x.npy", array="X")
    assert "the name of an array is wanted" in message(tmp_path / "x.npy", array=3)


def test_an_array_larger_than_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros(1 << 20, bool))
    monkeypatch.setattr(arrays, "main_memory", lambda: 1 << 22)
    assert message(tmp_path / "x.npz") == "x.npz[x] takes 0.0 GiB, more than the 0.0 GiB of this machine"


BOMB = """
import resource, sys
import atlas_fast as af
af.Table
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    af.Table.read(sys.argv[1])
except af.DataError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
@pytest.mark.parametrize(
    "start",
    [
        header("'<f8'", "(2,)"),  # says less than there is
        header("'<f8'", "(10000000000,)"),  # says more
        b"\x93NUMPY\x02\x00\xff\xff\xff\x0f",  # a header of 256 MiB
        b"",
    ],
)
def test_a_bomb_is_not_unpacked(tmp_path: Path, start: bytes) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w") as member,
    ):
        member.write(start)
        for _ in range(256):
            member.write(bytes(1 << 20))
    assert (tmp_path / "bomb.npz").stat().st_size < 1 << 20
    command = [sys.executable, "-c", BOMB, str(tmp_path / "bomb.npz")]
    error, grown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "is damaged" in error
    # 256 MiB of zeros are packed in the file; what grows is zipfile, struct and NumPy's format module.
    assert float(grown) < 16


def test_damaged_files_are_refused_in_one_line_or_read(tmp_path: Path) -> None:
    """2,000 files with a few bytes changed or cut: numbers come out, or an error of ours."""
    draw = random.Random(0)
    np.savez_compressed(tmp_path / "x.npz", X=np.arange(60.0).reshape(20, 3))
    whole = {".npy": npy(X), ".npz": (tmp_path / "x.npz").read_bytes()}
    refused = 0
    for i in range(2_000):
        suffix = (".npy", ".npz")[i % 2]
        content = bytearray(whole[suffix])
        for _ in range(draw.randint(1, 4)):
            content[draw.randrange(len(content))] = draw.choice([draw.randrange(256), 0, 255, 40, 44, 57])
        if draw.random() < 0.1:
            del content[draw.randrange(len(content)) :]
        path = tmp_path / f"damaged{suffix}"
        path.write_bytes(content)
        try:
            assert np.isfinite(af.Table.read(path).matrix()).all()
        except af.DataError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 1_000
