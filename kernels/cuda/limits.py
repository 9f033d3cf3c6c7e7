"""What a device can hold at a time, and into how many parts the samples of a small grid are split to fill it.

In: a device, or a compute capability where there is none. Out: `Limits`. They decide on time alone: neither the order
in which a number is added up nor its bits depend on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .layout import Layout

REGISTER_UNIT = 8
"""Registers of a thread are handed out in so many."""

ARITHMETIC = 40
"""Registers that a kernel needs beside what a point holds (by benchmarks/sass.json)."""

MOST_REGISTERS = 255

WARP = 32


@dataclass(frozen=True)
class Limits:
    """processors: how many. Of each of them the threads and blocks that it keeps at a time, its 4-byte registers, and
    its bytes of shared memory."""

    processors: int
    threads: int
    blocks: int
    registers: int
    shared: int

    def blocks_at_a_time(self, threads: int, registers: int, shared: int) -> int:
        """On all processors; registers of a thread, shared memory of a block."""
        held = -(-min(registers, MOST_REGISTERS) // REGISTER_UNIT) * REGISTER_UNIT
        warps = -(-threads // WARP) * WARP
        each = min(self.blocks, self.threads // warps, self.registers // (held * warps), self.shared // max(1, shared))
        return self.processors * max(1, each)


KIB = 1024

BY_CAPABILITY = {
    (7, 5): Limits(40, 1024, 16, 65536, 64 * KIB),
    (8, 0): Limits(108, 2048, 32, 65536, 164 * KIB),
    (8, 6): Limits(46, 1536, 16, 65536, 100 * KIB),
    (8, 9): Limits(58, 1536, 24, 65536, 100 * KIB),
    (9, 0): Limits(132, 2048, 32, 65536, 228 * KIB),
    (10, 0): Limits(148, 2048, 32, 65536, 228 * KIB),
    (12, 0): Limits(70, 1536, 24, 65536, 100 * KIB),
}
"""Of a processor: NVIDIA's CUDA C++ programming guide, technical specifications per compute capability. How many: of a
T4, A100, RTX 3070, L4, H100, B200 and RTX 5070 Ti."""


def limits_of(capability: tuple[int, int]) -> Limits:
    """Of the last one listed that is no newer, or the first."""
    known = [listed for listed in BY_CAPABILITY if listed <= capability]
    return BY_CAPABILITY[max(known, default=min(BY_CAPABILITY))]


def limits_of_device(device: Any) -> Limits:
    """Of a device of Numba's; the simulator's answers nothing but its capability."""
    listed = limits_of(tuple(device.compute_capability))
    return Limits(
        getattr(device, "MULTIPROCESSOR_COUNT", listed.processors),
        getattr(device, "MAX_THREADS_PER_MULTIPROCESSOR", listed.threads),
        getattr(device, "MAX_BLOCKS_PER_MULTIPROCESSOR", listed.blocks),
        getattr(device, "MAX_REGISTERS_PER_MULTIPROCESSOR", listed.registers),
        getattr(device, "MAX_SHARED_MEMORY_PER_MULTIPROCESSOR", listed.shared),
    )


@dataclass(frozen=True)
class Split:
    """parts: blocks that share the samples of the same points. share: tiles that each takes at most."""

    parts: int
    share: int


def split_of(limits: Limits, layout: Layout, dtype_size: int, tiles: int, blocks: int, threads: int) -> Split:
    """tiles: of the longest sweep. blocks: of the grid, unsplit. A part of a block's tiles is a part of its time."""
    registers = layout.registers + ARITHMETIC
    shared = (layout.stage_size + layout.held_size) * dtype_size
    parts = min(tiles, limits.blocks_at_a_time(threads, registers, shared) // blocks)
    if parts < 2:
        return Split(1, tiles)
    share = -(-tiles // parts)
    return Split(-(-tiles // share), share)
