"""The benchmark of the GPU where there is none: bounds that follow from counts, and no time that nobody measured."""

import dataclasses
from types import SimpleNamespace

import gpu
import pytest
import sass

from atlas_fast.kernels import device
from atlas_fast.kernels.cuda.code import BlockCode
from atlas_fast.kernels.cuda.patches import Patch

POINTS = 1024 * 1024


def test_without_a_device_it_says_so_and_gives_bounds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(device, "driver_fault", lambda: "there is no NVIDIA driver on this machine")
    monkeypatch.setattr("sys.argv", ["gpu.py", "--cases", "iris-small", "--resolutions", "256"])
    gpu.main()
    told = capsys.readouterr().out
    assert told.startswith("not yet run on a device: there is no NVIDIA driver on this machine")
    assert "a model, no measurement" in told
    assert told.count("| iris-small") == 4
    assert "Training iris-small, 1,000 runs of 1,000 steps: not yet run on a device; by counts, ms:" in told


def test_a_device_is_what_its_driver_says() -> None:
    """An H200's clocks and bus, and a T4's, whose processors have half as many lanes."""
    h200 = SimpleNamespace(
        name=b"H200", compute_capability=(9, 0), MULTIPROCESSOR_COUNT=132, CLOCK_RATE=1_980_000,
        MEMORY_CLOCK_RATE=3_201_000, GLOBAL_MEMORY_BUS_WIDTH=6016,
    )  # fmt: skip
    found = gpu.at_hand(h200)
    assert found.name == "H200"
    for name in ("multiply_adds", "special", "instructions", "bytes"):
        assert getattr(found, name) == pytest.approx(getattr(gpu.H200, name), rel=0.01)
    t4 = SimpleNamespace(**{**vars(h200), "compute_capability": (7, 5)})
    assert gpu.at_hand(t4).multiply_adds == found.multiply_adds / 2


def test_a_bound_is_what_the_counts_take() -> None:
    """4-10-10-3 and 150 samples: 130 multiply-adds of products a sample, 20 sigmoids of two, 3 e^x, one 1/x."""
    found = gpu.bound(sass.Kernel("iris-small"), POINTS)
    assert found.multiply_adds == pytest.approx(130 * 150 * POINTS / gpu.H200.multiply_adds * 1e3)
    assert found.special == pytest.approx(44 * 150 * POINTS / gpu.H200.special * 1e3)
    (loop,) = sass.recorded()[sass.key(sass.Kernel("iris-small"), gpu.CAPABILITY)].loops
    assert found.instructions == pytest.approx(loop[0] * 150 * POINTS / gpu.H200.instructions * 1e3)
    assert found.largest == found.special


def test_a_bound_of_training_is_what_the_counts_take() -> None:
    """Products of 4-10-10-3 on 150 samples: 170 multiply-adds forward, 170 for the weights, 130 back to the hidden."""
    found, steps = gpu.training_bound(3), 3 * gpu.STEPS
    assert found["multiply-adds"] == pytest.approx(470 * 150 * steps / gpu.H200.multiply_adds * 1e3)
    # Both factors of each would be read again where patches are single elements.
    assert 2 * found["multiply-adds"] < found["shared memory"] < 8 * found["multiply-adds"]
    assert found["recorded"] == pytest.approx((193 + 1) * 4 * steps / gpu.H200.bytes * 1e3)


def test_a_patch_reads_its_rows_and_its_columns_for_each_term() -> None:
    plan, (places,) = gpu.trained_code().gradients[0].plan, gpu.trained_code().shares.plans
    for patch, reads in ((Patch(1, 1), 2.0), (Patch(2, 4), 0.75), (Patch(4, 8), 0.375)):
        alike = dataclasses.replace(places, patches=dict.fromkeys(places.patches, patch))
        assert gpu.reads_of(plan, alike) == pytest.approx(470 * 150 * reads)


def test_what_a_block_computes_has_no_loops_of_a_point_but_reads() -> None:
    kernel = sass.Kernel("iris-small", wanted="gradient norm")
    found, code = gpu.bound(kernel, POINTS), kernel.code()
    assert isinstance(code, BlockCode) and gpu.turns_of_loops(code) == []
    reads = gpu.reads_of(code.plan, code.shares.plans[0])
    assert found.shared == pytest.approx(4 * reads * POINTS / gpu.H200.multiply_adds * 1e3) == found.largest
    assert gpu.bound(sass.Kernel("iris-small"), POINTS).shared != found.shared


def test_where_samples_go_in_groups_the_innermost_loop_goes_over_hidden_units() -> None:
    code = sass.Kernel("digits-tanh").code()
    assert gpu.turns_of_loops(code) == [-(-1797 // code.layout.group) * 64]
    assert gpu.turns_of_loops(sass.Kernel("iris-small").code()) == [150]
