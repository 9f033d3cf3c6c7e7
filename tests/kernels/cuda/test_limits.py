"""What a device can hold, and into how many parts the samples of a small grid are split."""

from types import SimpleNamespace

import pytest
import sass
from device_cases import losses, plane_of

from atlas_fast.kernels.cuda.code import ThreadCode
from atlas_fast.kernels.cuda.limits import BY_CAPABILITY, Limits, Split, limits_of, limits_of_device, split_of
from atlas_fast.kernels.outputs import Outputs

H100 = limits_of((9, 0))


def test_a_processor_holds_as_many_blocks_as_the_scarcest_of_its_means_allows() -> None:
    """The numbers of NVIDIA's occupancy calculator."""
    assert H100.blocks_at_a_time(128, 32, 1024) == 16 * 132  # threads
    assert H100.blocks_at_a_time(32, 32, 1024) == 32 * 132  # blocks
    assert H100.blocks_at_a_time(128, 255, 1024) == 2 * 132  # registers
    assert H100.blocks_at_a_time(128, 32, 48 * 1024) == 4 * 132  # shared memory
    assert H100.blocks_at_a_time(100, 255, 0) == H100.blocks_at_a_time(128, 256, 0) == 2 * 132


@pytest.mark.parametrize("capability", sass.CAPABILITIES)
def test_every_capability_that_is_compiled_for_is_listed(capability: tuple[int, int]) -> None:
    assert limits_of(capability) == BY_CAPABILITY[capability]


def test_a_capability_that_is_not_listed_is_as_the_one_before() -> None:
    assert limits_of((8, 7)) == limits_of((8, 6)) and limits_of((13, 0)) == limits_of((12, 0))
    assert limits_of((5, 2)) == limits_of((7, 5))


def test_a_device_is_asked_for_its_own() -> None:
    told = SimpleNamespace(
        compute_capability=(9, 0), MULTIPROCESSOR_COUNT=114, MAX_THREADS_PER_MULTIPROCESSOR=1,
        MAX_BLOCKS_PER_MULTIPROCESSOR=2, MAX_REGISTERS_PER_MULTIPROCESSOR=3, MAX_SHARED_MEMORY_PER_MULTIPROCESSOR=4,
    )  # fmt: skip
    assert limits_of_device(told) == Limits(114, 1, 2, 3, 4)
    assert limits_of_device(SimpleNamespace(compute_capability=(9, 0))) == H100


def code(name: str) -> ThreadCode:
    return plane_of(losses()[name]).bound("float32", Outputs()).code


def test_a_small_grid_is_split_until_it_fills_the_device() -> None:
    layout = code("classifier").layout
    filled = H100.blocks_at_a_time(128, layout.local + 40, (layout.stage_size + layout.held_size) * 4)
    for blocks in (1, 16, 100, filled // 2, filled // 2 + 1, filled, 10 * filled):
        split = split_of(H100, layout, 4, 57, blocks, 128)
        assert split.parts * split.share >= 57 > (split.parts - 1) * split.share
        assert split.parts == 1 or split.parts * blocks <= filled
        assert (split.parts > 1) == (2 * blocks <= filled)
    assert split_of(H100, layout, 4, 57, 1, 128) == Split(57, 1)


def test_a_smaller_device_is_filled_by_fewer_parts() -> None:
    layout = code("classifier").layout
    parts = [split_of(limits_of(c), layout, 4, 300, 64, 64).parts for c in ((7, 5), (8, 0), (9, 0))]
    assert parts == sorted(parts) and parts[0] < parts[-1]


def test_a_loss_without_samples_is_never_split() -> None:
    assert code("bowl").sample_tiles == 0 and len(code("bowl").phase_sources) == 1
