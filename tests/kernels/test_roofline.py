"""What the machine can do: the loops that are timed do what is counted, all of it."""

import numpy as np
import pytest

from atlas_fast.kernels.cpu import roofline
from atlas_fast.kernels.cpu.machine import host

FASTEST = 16 * 4 * 8e9
"""Multiply-adds a second that no core of today reaches: four vectors of 16 numbers a cycle, at 8 GHz."""


def test_the_chains_of_multiply_adds_end_at_their_fixed_point() -> None:
    """Of x -> x / 8 + 1 / 8, which is 1/7, from wherever they start; after one round, at (c + 1) / 8."""
    for width in roofline.WIDTHS:
        loop, _kept = roofline._function("multiply_add", width)
        assert loop(0, 1, 0) == sum((c + 1) / 8 for c in range(roofline.CHAINS))
        assert loop(0, 100, 0) == pytest.approx(roofline.CHAINS / 7, rel=1e-6)


def test_every_number_of_an_array_is_read_in_every_pass() -> None:
    width, steps = host().lanes("float32"), 5
    step = roofline.CHAINS * width
    memory = np.zeros(steps * step + 16, dtype=np.float32)
    start = -memory.ctypes.data % 64 // 4
    array = memory[start : start + steps * step]
    loop, _kept = roofline._function("read", width)
    began = loop(array.ctypes.data, steps, 1)  # the chains' own starts
    for place in range(0, len(array), width):  # the first lane is what is returned
        array[:] = 0
        array[place] = 1
        assert loop(array.ctypes.data, steps, 3) == began + 3


def test_rates_are_possible_ones() -> None:
    """A loop that was optimized away would be faster than any core."""
    assert 1e8 < roofline.fma_peak(threads=1, seconds=0.01) < FASTEST
    # 64 bytes are 16 numbers.
    assert 1e8 < roofline.read_peak(4096, threads=1, seconds=0.01) < FASTEST * 4
    assert 1e7 < roofline.write_peak(threads=1, seconds=0.01) < FASTEST * 4


def test_an_array_of_any_size_can_be_read() -> None:
    for size in (1, 4, 5000):
        assert roofline.read_peak(size, threads=2, seconds=0.001) > 1e6
