"""A program as a device's code: which plan it takes, and the text and kernels of it.

In: a program, or a loss and what is wanted of a plane. Out: a `ThreadCode`, a thread for each point, where a thread
can hold a point in its registers; else a `BlockCode`, a block of threads for each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from .. import debug
from ..outputs import Outputs, on_plane
from ..plan import Plan, make_plan
from ..program import Program
from ..streams import Body, split
from ..substitution import by_cotangents, by_tangents
from . import blockpoints
from .blockwise import BY_BLOCK, Uniform
from .compilation import answered, launchable
from .layout import FORMED, IN_REGISTERS, MOST_HELD, MOST_WEIGHTS, Layout, layout_of
from .shares import Shares, shares_of
from .source import Source, phases_of, source_of
from .sweeps import parts_of, sweeps_of, tiles_of


@dataclass(frozen=True)
class DeviceCode:
    """A program as a device computes it. wanted: for each uniform array which output of the prologue it is, and whether
    it lies sample after sample. weights: names, in the order in which their values lie."""

    plan: Plan
    source: Source
    wanted: tuple[tuple[int, bool], ...]
    weights: tuple[str, ...]
    output_size: int
    weight_size: int

    @cached_property
    def kernel(self) -> Any:
        """Compiled when it is first needed."""
        with answered():
            return launchable(self.source)

    @property
    def bytes_of_point(self) -> int:
        return (self.output_size + self.weight_size) * np.dtype(self.source.dtype).itemsize


@dataclass(frozen=True)
class ThreadCode(DeviceCode):
    """A thread for each point."""

    layout: Layout

    @cached_property
    def phase_sources(self) -> tuple[Source, ...]:
        """What is launched in turn where samples are split."""
        return phases_of(self.plan, self.layout, self.source.dtype)

    @cached_property
    def phases(self) -> tuple[Any, ...]:
        with answered():
            return tuple(map(launchable, self.phase_sources))

    @property
    def part_size(self) -> int:
        """Numbers that the parts of split samples leave at a point."""
        return parts_of(self.plan, self.layout)

    @property
    def sample_tiles(self) -> int:
        """Of the longest sweep."""
        return max((tiles_of(sweep, self.layout) for sweep in sweeps_of(self.plan)), default=0)


@dataclass(frozen=True)
class BlockCode(DeviceCode):
    """A block of threads for each point."""

    shares: Shares


@lru_cache(maxsize=256)
def code_of(program: Program, sampled: frozenset[str], dtype: str, by_blocks: bool = False) -> DeviceCode:
    """by_blocks: whether a block is to compute a point even where a thread can."""
    body = split(program, sampled)
    found = (None if by_blocks else _by_threads(body, dtype)) or _by_blocks(body, dtype)
    debug.say(4, "code", lambda: found.source.text)
    return found


@lru_cache(maxsize=256)
def plane_code(
    program: Program,
    presence: tuple[tuple[str, bool, bool], ...],
    outputs: Outputs,
    dtype: str,
    by_blocks: bool = False,
) -> DeviceCode:
    """The code of a loss on a plane. Derivatives by the mode that holds fewer numbers at a point, where a thread can
    hold them, which then decides on a device; else by the one of fewer operations."""
    sampled = frozenset(program.data)
    modes = (by_tangents, by_cotangents) if outputs.gradient or outputs.curvature else (by_tangents,)
    programs = [on_plane(program, presence, outputs, slopes).program for slopes in modes]
    found = [code_of(each, sampled, dtype, by_blocks) for each in programs]
    by_threads = [code for code in found if isinstance(code, ThreadCode)]
    if by_threads:
        return min(by_threads, key=lambda code: code.layout.local)
    return min(found, key=lambda code: code.plan.operations)


def _by_threads(body: Body, dtype: str) -> ThreadCode | None:
    """With all weights in registers where they fit, else with those formed that do not, or all of them; None where no
    thread can hold a point in its registers."""
    own = any(instruction.op == "weight" for instruction in body.program.instructions)
    for fusion, forms in ((IN_REGISTERS, False), (FORMED, False), (FORMED, True)):
        plan = make_plan(body, accumulators=1, fusion=fusion)
        layout = layout_of(plan, dtype, forms)
        most = MOST_WEIGHTS if own else MOST_HELD[fusion]
        if layout.registers <= most and not (fusion is IN_REGISTERS and layout.formed):
            return ThreadCode(plan, source_of(plan, layout, dtype), *_leaves(plan), layout)
    return None


def _by_blocks(body: Body, dtype: str) -> BlockCode:
    plan = make_plan(body, accumulators=1, fusion=BY_BLOCK)
    instructions = plan.body.program.instructions
    sizes = {value: i.shape[0] * i.shape[1] for value, i in enumerate(instructions)}
    shares = shares_of([plan], sum(n for value, n in sizes.items() if instructions[value].op == "weight"), dtype)
    by_sample = shares.plans[0].by_sample
    weights, uniforms = dict[str, int](), dict[int, Uniform]()
    size = start = 0
    for value, instruction in enumerate(instructions):
        if instruction.op == "weight":
            weights[instruction.name], size = size, size + sizes[value]
        elif instruction.op == "data":
            uniforms[value], start = Uniform(start, 1 if value in by_sample else None), start + sizes[value]
    source = blockpoints.source_of(plan, weights, uniforms, shares, dtype)
    return BlockCode(plan, source, *_leaves(plan, by_sample), shares)


def _leaves(
    plan: Plan, by_sample: Collection[int] | None = None
) -> tuple[tuple[tuple[int, bool], ...], tuple[str, ...], int, int]:
    """wanted, weights, output_size, weight_size. by_sample: the arrays that lie sample after sample; None: all that are
    streamed."""
    instructions, streams = plan.body.program.instructions, plan.body.streams
    turned = {p for p, stream in enumerate(streams) if stream is not None} if by_sample is None else by_sample

    def sizes(values: Iterable[int]) -> int:
        return sum(rows * columns for rows, columns in (instructions[value].shape for value in values))

    leaves = [*enumerate(instructions)]
    return (
        tuple((int(i.name[1:]), p in turned) for p, i in leaves if i.op == "data"),
        tuple(i.name for _, i in leaves if i.op == "weight"),
        sizes(plan.body.program.outputs),
        sizes(p for p, i in leaves if i.op == "weight"),
    )
