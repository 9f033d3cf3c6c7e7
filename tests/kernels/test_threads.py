"""Surfaces from several threads and processes, beside Numba's parallel code under each of its threading layers: no
abort, no deadlock, the same bits."""

import ctypes.util
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

LAYERS = ("omp", "tbb", "workqueue")
MODES = ("threads", "fork", "spawn", "fork-while-running")
FORKS = hasattr(os, "fork")


def missing(layer: str) -> bool:
    """Whether this machine lacks what a layer needs. Where ATLAS_TEST_LAYERS is set a lack is a failure."""
    if os.environ.get("ATLAS_TEST_LAYERS"):
        return False
    if layer == "tbb":
        return not [*(Path(sys.prefix) / "lib").glob("libtbb.*")] and ctypes.util.find_library("tbb") is None
    return layer == "omp" and importlib.util.find_spec("numba.np.ufunc.omppool") is None


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Numba's cache in a folder of these tests: its function is compiled once. pip puts TBB where no linker looks."""
    libraries = [str(Path(sys.prefix) / "lib"), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    return {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path_factory.mktemp("numba")),
        "NUMBA_NUM_THREADS": "3",
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("layer", LAYERS)
def test_beside_numba(layer: str, mode: str, environment: dict[str, str]) -> None:
    if missing(layer):
        pytest.skip(f"no {layer} here: pip install {layer}")
    if "fork" in mode and not FORKS:
        pytest.skip("this platform does not fork")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("beside.py")), mode],
        env={**environment, "NUMBA_THREADING_LAYER": layer},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout.split()) == (0, [layer]), done.stderr
