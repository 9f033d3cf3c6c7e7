"""The same text and the engine under Numba's simulator of a GPU: threads, shared memory, barriers, tiles, streams.

It runs in one process of its own (simulated.py), whose findings these tests read.
"""

import json
import subprocess
from typing import Any

import pytest
from cuda_check import TOLERANCE
from device_cases import RACED, losses
from training_cases import OPTIMIZERS

from atlas_fast.examples import EXAMPLES
from atlas_fast.kernels.primitives import PRIMITIVES

pytest.importorskip("numba")


@pytest.fixture(scope="module")
def found(simulator: "subprocess.Popen[str]") -> dict[str, Any]:
    """What the process printed."""
    printed, told = simulator.communicate(timeout=300)
    assert simulator.returncode == 0, told[-3000:]
    read: dict[str, Any] = json.loads(printed)
    return read


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive(name: str, dtype: str, found: dict[str, Any]) -> None:
    assert found[f"primitive {name} {dtype}"] < TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", losses())
def test_every_loss(name: str, dtype: str, found: dict[str, Any]) -> None:
    """On a grid of 3 x 8 points, wide networks on 2 x 8: a row is a block of its own."""
    assert found[f"loss {name} {dtype}"] < TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", RACED)
def test_a_block_for_each_point(name: str, dtype: str, found: dict[str, Any]) -> None:
    """Four blocks, and three: how many there are changes no bit."""
    blocks = found[f"blocks {name} {dtype}"]
    assert blocks["error"] < 4 * TOLERANCE[dtype]
    assert blocks["same"] and blocks["blocks"] == [4, 3]


@pytest.mark.parametrize("name", ["regression", "softmax over samples"])
def test_all_outputs(name: str, found: dict[str, Any]) -> None:
    assert found[f"all {name}"] < 10 * TOLERANCE["float64"]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", [type(optimizer).__name__ for optimizer in OPTIMIZERS])
def test_every_optimizer_trains(name: str, dtype: str, found: dict[str, Any]) -> None:
    assert found[f"training {name} {dtype}"] < TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("way", ["whole", "batches", "statistics"])
def test_many_runs_train_at_once(way: str, dtype: str, found: dict[str, Any]) -> None:
    assert found[f"many {way} {dtype}"] < TOLERANCE[dtype]


@pytest.mark.parametrize("batch_size", [None, 3])
def test_several_devices_share_the_runs(batch_size: int | None, found: dict[str, Any]) -> None:
    shared = found[f"shared {batch_size}"]
    assert shared["same"] and shared["moved"]
    assert shared["threads"] == [1, 2] and shared["blocks"] == [[5], [2, 3]]


def test_a_run_that_diverges_ends_and_another_goes_on(found: dict[str, Any]) -> None:
    diverging = found["diverging"]
    assert diverging["diverged"] == diverging["expected"]
    assert diverging["diverged"][0] is None and diverging["diverged"][1] is not None
    assert diverging["apart"] < 1e-12


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples(name: str, dtype: str, found: dict[str, Any]) -> None:
    assert found[f"example {name} {dtype}"] < TOLERANCE[dtype]


def test_generated_texts(found: dict[str, Any]) -> None:
    for dtype, errors in found["texts"].items():
        assert len(errors) >= 200
        assert max(errors) < TOLERANCE[dtype]


def test_a_grid_in_tiles_has_the_same_bits_and_tells_its_progress(found: dict[str, Any]) -> None:
    tiles = found["tiles"]
    assert all(tiles[most]["same"] and tiles[most]["complete"] for most in ("40", "8"))
    # Two tiles fly at once: the first to land is told of when the third starts.
    assert tiles["40"]["steps"] == [[0, 100], [40, 100], [100, 100]]
    done = [step[0] for step in tiles["8"]["steps"]]
    assert done == sorted(done) and done[-1] == 100 and len(done) == 15


def test_a_grid_that_is_stopped_keeps_what_was_computed(found: dict[str, Any]) -> None:
    stopped = found["tiles"]["stopped"]
    assert not stopped["complete"] and stopped["same"]
    assert stopped["computed"] in (40, 60)


@pytest.mark.parametrize(("name", "sweeps", "tiles"), [("tiles", 1, 3), ("softmax over samples", 4, 2)])
def test_samples_split_over_blocks_give_the_same_bits(
    name: str, sweeps: int, tiles: int, found: dict[str, Any]
) -> None:
    split = found["split"][name]
    assert split["same"]
    # Two rows of points, as many parts as tiles of samples, and a last kernel that adds up; once.
    assert split["blocks"] == [[[2, tiles]]] * sweeps + [[2]]


def test_several_devices_share_the_tiles_of_a_grid(found: dict[str, Any]) -> None:
    devices = found["devices"]
    assert devices["same"] and devices["complete"] and devices["threads"] >= 2
    done = [step[0] for step in devices["steps"]]
    assert done == sorted(done) and done[-1] == 120


def test_several_devices_are_stopped(found: dict[str, Any]) -> None:
    devices = found["devices"]
    assert devices["stopped"] and devices["right"] and 0 < devices["computed"] < 1
    assert devices["raised"]


def test_a_device_is_tried_before_it_is_trusted(found: dict[str, Any]) -> None:
    assert found["tried"]["passed"] is None
    assert found["tried"]["failed"] == "GPU 0 computes other values than the CPU: 1.0e-03 of the largest apart"


def test_the_library_computes_with_it(found: dict[str, Any]) -> None:
    library = found["library"]
    for name in ("loss", "gradient", "curvature", "gradient_norm", "points", "one", "slopes", "tiles"):
        assert library[name] < 1e-12, name
    assert library["method"].endswith("float64, cuda (simulated)")


def test_auto_never_takes_the_simulator(found: dict[str, Any]) -> None:
    assert found["library"]["auto"].endswith("float32, cpu")
