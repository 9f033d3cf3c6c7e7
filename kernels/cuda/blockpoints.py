"""The text of a surface that a block of threads computes point by point: its threads share the samples of each.

In: a plan, where its inputs lie, and where its numbers do (shares.py). Out: a `Source` for the same targets as a text
with a thread for each point (source.py). It is for losses of which no thread can hold a point in its registers.

The kernel is `kernel(a, b, u, w, out, space, rows, columns, blocks)`, whose first parameters are those of source.py.
space: (blocks, ..) a block's numbers where they do not fit into shared memory. blocks: how many there are; each takes
every so many points.
"""

from __future__ import annotations

from ..plan import Plan
from .blockwise import BlockText, Uniform, Work
from .shares import Shares
from .source import ENTRY, Source
from .text import plus, times

PARAMETERS = "a: line, b: line, u: line, w: line, out: line, space: line, rows: uint32, columns: uint32, blocks: uint32"


def source_of(plan: Plan, weights: dict[str, int], uniforms: dict[int, Uniform], shares: Shares, dtype: str) -> Source:
    return PointsText(Work(plan, weights, uniforms), shares, dtype).kernel()


class PointsText(BlockText):
    def __init__(self, work: Work, shares: Shares, dtype: str) -> None:
        super().__init__(shares, dtype)
        self.work = work

    def kernel(self) -> Source:
        text = self.text
        self.begin("block")
        text.line("points = int64(columns) * rows")
        text.line("point = int64(block)")
        with text.block("while point < points"):
            self._point()
            text.line("point = int64(point + blocks)")
        return self.source(text.function(ENTRY, PARAMETERS))

    def _point(self) -> None:
        text, (places,) = self.text, self.shares.plans
        text.line("row = uint32(point // columns)")
        text.line("pa = a[uint32(point - int64(row) * columns)]")
        text.line("pb = b[row]")
        if self.shares.size:
            with text.counted("e", "thread", str(self.shares.size), "threads"):
                text.line(f"{self.cell(self.shares.weights, 'e')} = w[int64(e) * points + point]")
            text.line("cuda.syncthreads()")
        reader, program, start = self.evaluate(self.work, places), self.work.plan.body.program, 0
        for output in program.outputs:
            rows, columns = program.instructions[output].shape
            with reader.items(rows, columns) as (i, j):
                found = reader.number(output, i, j, {})
                text.line(f"out[int64({plus(str(start), times(i, columns), j)}) * points + point] = {found}")
            start += rows * columns
        # Of the next point nothing may be written while one thread still reads this one's.
        text.line("cuda.syncthreads()")
