"""A plan that a block of threads computes together, as text: its nests and sweeps, shared by the threads.

In: a plan, where its inputs lie, and where its numbers do (shares.py). Out: lines. What it is part of, training
(descent.py) or a surface (blockpoints.py), is their matter.

Between two barriers each number is written by one thread at most, and by none if another reads it; which thread does
what, and the order of every sum, follow from shapes alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..nests import Fusion
from ..plan import Plan, Sweep
from .lowering import lowering
from .samples import SampleNest, add_compensated
from .shares import Places, Shares, Sum
from .source import Source
from .spots import Spot
from .text import Text, plus, times

BY_BLOCK = Fusion(inline_rows=0)
"""A product's operand is computed by all threads, not again by each that reads it."""


@dataclass(frozen=True)
class Uniform:
    """A uniform array as a plan reads it: where it begins, and the axis by which it lies sample after sample (None: it
    lies as it is, so that threads that have samples side by side read what lies side by side). picked: whether a sample
    is found by its number, not by its place in the batch."""

    start: int
    axis: int | None
    picked: bool = False


@dataclass(frozen=True)
class Work:
    """A plan with its inputs. weights: where each begins among all. uniforms: of each `data` value."""

    plan: Plan
    weights: dict[str, int]
    uniforms: dict[int, Uniform]


class BlockText:
    """What all texts of a block have in common. The text has the arrays `held` and `space`, of which the block's part
    begins at `own`, and `thread` and `threads`. at: where its uniform arrays begin."""

    at = "0"

    def __init__(self, shares: Shares, dtype: str) -> None:
        self.shares, self.dtype = shares, dtype
        self.text = Text()
        self.constants: dict[str, str] = {}

    def source(self, text: str) -> Source:
        return Source(text, tuple((name, float(x)) for x, name in self.constants.items()), self.dtype)

    def number(self, x: float) -> str:
        """The name of a constant."""
        known = {"0.0": "zero", "1.0": "one"}
        text = repr(float(x))
        return known.get(text) or self.constants.setdefault(text, f"k{len(self.constants)}")

    def cell(self, spot: Spot, *index: str) -> str:
        """A number of the block's."""
        if spot.shared:
            return f"held[{plus(str(spot.start), *index)}]"
        return f"space[{plus('own', str(spot.start), *index)}]"

    def begin(self, block: str) -> None:
        text, shares = self.text, self.shares
        text.line("thread = uint32(cuda.threadIdx.x)")
        text.line("threads = uint32(cuda.blockDim.x)")
        text.line(f"{block} = uint32(cuda.blockIdx.x)")
        if shares.held:
            text.line(f"held = cuda.shared.array({shares.held}, real)")
        if shares.space:
            text.line(f"own = int64({block}) * {shares.space}")

    def evaluate(self, work: Work, places: Places) -> SampleNest:
        """All that the plan computes; what reads it."""
        for stage in work.plan.stages:
            if isinstance(stage, Sweep):
                SweepText(self, work, places, stage).emit()
            else:
                for nest in stage.nests:
                    SampleNest(self, work, places, nest).emit()
        return SampleNest(self, work, places, None)


class SweepText:
    """A sweep over samples, tile by tile."""

    def __init__(self, block: BlockText, work: Work, places: Places, sweep: Sweep) -> None:
        self.block, self.work, self.places, self.sweep = block, work, places, sweep
        self.text, self.instructions = block.text, work.plan.body.program.instructions

    def emit(self) -> None:
        text, tile = self.text, self.places.tile
        sums = {value: self.places.sums[value] for value, _ in self.sweep.sums}
        self._fill(sums)
        with text.counted("start", "0", str(self.sweep.length), str(tile)):
            text.line(f"count = uint32(min({tile}, {self.sweep.length} - start))")
            self._copy()
            for nest in self.sweep.nests:
                SampleNest(self.block, self.work, self.places, nest, sums).emit()
        for value, found in sums.items():
            with text.counted("e", "thread", str(found.elements), "threads"):
                self._finish(value, found)
        text.line("cuda.syncthreads()")

    def _copy(self) -> None:
        """A tile of the arrays that products read, in the order in which the device's memory has them."""
        text, read = self.text, {
            argument
            for nest in self.sweep.nests
            for value in {*nest.values, *nest.repeated}
            for argument in self.instructions[value].args
        }  # fmt: skip
        found = sorted(read & self.places.copied.keys())
        reader = SampleNest(self.block, self.work, self.places, None)
        for value in found:
            rows = self.instructions[value].shape[0]
            if self.work.uniforms[value].axis is None:
                with reader.items(rows, self.places.tile, streamed=True) as (i, j):
                    text.line(f"{reader.held(value, i, j)} = {reader.uniform(value, i, j)}")
            else:
                with text.counted("e", "thread", times("count", rows), "threads"):
                    i, j = text.divided("e", rows, ("i", "j"))
                    text.line(f"{reader.held(value, i, j)} = {reader.uniform(value, i, j)}")
        if found:
            text.line("cuda.syncthreads()")

    def _fill(self, sums: dict[int, Sum]) -> None:
        """Sums and what they lose with zero, all in one go, then maxima."""
        text = self.text
        places = [*sums.values()]
        first, last = places[0], places[-1]
        with text.counted("e", "thread", str(last.stop - first.total.start), "threads"):
            text.line(f"{self.block.cell(first.total, 'e')} = zero")
        largest = [found for value, found in sums.items() if self.instructions[value].op == "max"]
        if largest:
            # Another thread may have put zero there.
            text.line("cuda.syncthreads()")
        for found in largest:
            with text.counted("e", "thread", str(found.elements * found.parts), "threads"):
                text.line(f"{self.block.cell(found.total, 'e')} = {self.block.number(float('-inf'))}")
        text.line("cuda.syncthreads()")

    def _finish(self, value: int, found: Sum) -> None:
        """The parts of a sum, in their order."""
        text, cell = self.text, self.block.cell
        text.line(f"first = uint32({times('e', found.parts)})")
        text.line(f"total = {cell(found.total, 'first')}")
        if found.lost is not None:
            text.line(f"lost = {cell(found.lost, 'first')}")
        if found.parts > 1:
            with text.counted("p", "1", str(found.parts), "1"):
                text.line(f"part = {cell(found.total, 'first', 'p')}")
                if found.lost is not None:
                    text.line(f"lost = lost + {cell(found.lost, 'first', 'p')}")
                    add_compensated(text, "total", "lost")
                else:
                    joined = "maximum" if self.instructions[value].op == "max" else "add"
                    text.line(f"total = {lowering(joined, self.block.dtype).format('total', 'part')}")
        if found.lost is not None:
            text.line("after = total + lost")
            # An infinite total has lost what is not a number.
            text.line("total = choose(after == after, after, total)")
        text.line(f"{cell(self.places.values[value], 'e')} = total")
