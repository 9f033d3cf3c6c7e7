"""What the tests of the CUDA back end share: the modules beside them, those of the folder above, and the simulator."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent

sys.path.append(str(HERE))
pytest.register_assert_rewrite("deferred", "device_cases", "training_cases", "turns")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tiles of 4 samples, large patches, and sums that are compensated behind a few terms: few samples go all ways."""
    from device_cases import forget

    from atlas_fast.kernels.cuda import patches, samples, shares

    monkeypatch.setattr(shares, "TILES", (4,))
    monkeypatch.setattr(patches, "WARP", 1)
    for module in (shares, samples):
        monkeypatch.setattr(module, "CHUNK", 1)
    forget()
    yield
    forget()


@pytest.fixture(scope="session", autouse=True)
def simulator(request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[str] | None"]:
    """The process of simulated.py, which takes a minute: it goes on beside the tests that come before those that read
    what it finds. None where no such test was asked for."""
    if not any(item.path.name == "test_simulator.py" for item in request.session.items):
        yield None
        return
    folders = [HERE.parents[2] / "benchmarks", HERE.parent, os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [sys.executable, str(HERE / "simulated.py")],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": os.pathsep.join(map(str, folders))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
