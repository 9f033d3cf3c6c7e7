"""The text of training: a block of threads takes the steps of one run, its threads share the samples of each.

In: the plans of the gradients that a step may take, where their numbers lie (shares.py), and the optimizer's rule. Out:
a `Source` like that of a surface's kernel, for the same targets.

The kernel is `kernel(u, order, numbers, state, record, losses, done, space, drawn, steps, begin)`, a block a run; what
has several axes lies flat, the last one innermost. u: the uniform arrays of all plans. order: (runs, drawn) sample
numbers, epoch after epoch, where there are batches. numbers: (runs, steps, ..) of the rule. state: (runs, ..) weights
and state, read and left there. record: (runs, steps, P) the weights after each step. losses: (runs, steps) what each
starts from. done: (runs) steps taken: up to the first whose loss or weights are not finite. space: (runs, ..) a run's
numbers where they do not fit into shared memory. begin: how many steps of the epoch with which `order` starts are over.

Between two barriers each number is written by one thread at most, and by none if another reads it; which thread does
what, and the order of every sum, follow from shapes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..plan import Plan, Sweep
from ..program import Program
from .lowering import lowering
from .samples import SampleNest, add_compensated
from .shares import Places, Shares, Sum
from .source import ENTRY, Source
from .text import Text, plus, times

PARAMETERS = (
    "u: line, order: counts, numbers: line, state: line, record: line, losses: line, done: counts, space: line, "
    "drawn: uint32, steps: uint32, begin: uint32"
)

Known = dict[int, str]


@dataclass(frozen=True)
class Uniform:
    """A uniform array as a plan reads it: where it begins, its sample axis (None: it has none), and whether a sample is
    found there by its number, not by its place in the batch."""

    start: int
    axis: int | None
    picked: bool


@dataclass(frozen=True)
class Gradient:
    """A gradient's plan, its outputs the loss and the derivative by each of its weights, for a batch of so many samples
    (0: of all). weights: where each begins among all. uniforms: of each `data` value."""

    plan: Plan
    samples: int
    weights: dict[str, int]
    uniforms: dict[int, Uniform]


@dataclass(frozen=True)
class Epoch:
    """How the samples are cut: steps of the first gradient's size, and whether a smaller one follows. own: whether each
    step has uniform arrays of its own, so many numbers; 0 where all share them."""

    samples: int
    full: int
    last: bool
    own: int


def source_of(
    gradients: Sequence[Gradient], rule: Program, names: Sequence[str], shares: Shares, epoch: Epoch, dtype: str
) -> Source:
    """names: of the rule's state, in the order of its outputs behind the weight."""
    descent = DescentText(gradients, rule, names, shares, epoch, dtype)
    text = descent.kernel()
    return Source(text, tuple((name, float(x)) for x, name in descent.constants.items()), dtype)


class DescentText:
    def __init__(
        self, gradients: Sequence[Gradient], rule: Program, names: Sequence[str], shares: Shares, epoch: Epoch,
        dtype: str,
    ) -> None:  # fmt: skip
        self.gradients, self.rule, self.names = gradients, rule, [*names]
        self.shares, self.epoch, self.dtype = shares, epoch, dtype
        self.text = Text()
        self.at = "at" if epoch.own else "0"
        """Where the uniform arrays of a step begin."""
        self.constants: dict[str, str] = {}

    def number(self, x: float) -> str:
        """The name of a constant."""
        known = {"0.0": "zero", "1.0": "one"}
        text = repr(float(x))
        return known.get(text) or self.constants.setdefault(text, f"k{len(self.constants)}")

    def cell(self, *index: str) -> str:
        """One of the run's numbers."""
        return f"held[{plus(*index)}]" if self.shares.shared else f"space[{plus('own', *index)}]"

    def kernel(self) -> str:
        text, shares = self.text, self.shares
        text.line("thread = uint32(cuda.threadIdx.x)")
        text.line("run = uint32(cuda.blockIdx.x)")
        text.line("threads = uint32(cuda.blockDim.x)")
        if shares.shared:
            text.line(f"held = cuda.shared.array({shares.count}, real)")
        else:
            text.line(f"own = int64(run) * {shares.count}")
        text.line(f"kept = int64(run) * {shares.kept}")
        with text.counted("e", "thread", str(shares.kept), "threads"):
            text.line(f"{self.cell('e')} = state[kept + e]")
        with text.counted("e", "thread", str(shares.size), "threads"):
            # Weights that the gradient lacks keep this one.
            text.line(f"{self.cell('e', str(shares.kept))} = zero")
        text.line("cuda.syncthreads()")
        text.line("step = uint32(0)")
        text.line("going = step < steps")
        with text.block("while going"):
            self._step()
        with text.block("if thread == 0"):
            text.line("done[run] = step")
        with text.counted("e", "thread", str(shares.kept), "threads"):
            text.line(f"state[kept + e] = {self.cell('e')}")
        return text.function(ENTRY, PARAMETERS)

    def _step(self) -> None:
        text, epoch = self.text, self.epoch
        text.line("now = int64(run) * steps + step")
        if epoch.own:
            text.line(f"at = now * {epoch.own}")
        if epoch.samples:
            per_epoch = epoch.full + epoch.last
            text.line(f"over = uint32((begin + step) // {per_epoch})")
            text.line(f"turn = uint32(begin + step - over * {per_epoch})")
            drawn = f"int64(run) * drawn + int64(over) * {epoch.samples}"
            text.line(f"place = {drawn} + int64(turn) * {self.gradients[0].samples}")
        if len(self.gradients) > 1:
            for which, test in enumerate((f"turn < {epoch.full}", f"turn == {epoch.full}")):
                with text.block(f"if {test}"):
                    self._gradient(which)
        else:
            self._gradient(0)
        self._update()

    def _gradient(self, which: int) -> None:
        """The loss, in `loss`, and the derivatives, behind the state."""
        gradient, places = self.gradients[which], self.shares.plans[which]
        for stage in gradient.plan.stages:
            if isinstance(stage, Sweep):
                SweepText(self, gradient, places, stage).emit()
            else:
                for nest in stage.nests:
                    SampleNest(self, gradient, places, nest).emit()
        text, reader = self.text, SampleNest(self, gradient, places, None)
        program = gradient.plan.body.program
        loss, *slopes = program.outputs
        text.line(f"loss = {reader.number(loss, '0', '0', {})}")
        start, moved = self.shares.kept, False
        for slope in slopes:
            rows, columns = program.instructions[slope].shape
            if places.values.get(slope) != start:
                moved = True
                with reader.items(rows, columns) as (i, j):
                    found = reader.number(slope, i, j, {})
                    text.line(f"{self.cell(str(start), times(i, columns), j)} = {found}")
            start += rows * columns
        if moved:
            text.line("cuda.syncthreads()")

    def _update(self) -> None:
        """The rule, a thread a weight; the record; and whether all threads found only finite numbers."""
        text, shares, instructions = self.text, self.shares, self.rule.instructions
        places = {name: k * shares.size for k, name in enumerate(["w", *self.names, "g"])}
        told = [position for position, instruction in enumerate(instructions) if instruction.op == "data"]
        known: Known = {
            position: text.let(f"numbers[{plus(f'now * {len(told)}', str(k))}]") for k, position in enumerate(told)
        }
        text.line("fine = zero * loss")
        with text.counted("e", "thread", str(shares.size), "threads"):
            for position, instruction in enumerate(instructions):
                if instruction.op == "data":
                    continue
                if instruction.op == "constant":
                    known[position] = self.number(instruction.value.item())
                elif instruction.op == "weight":
                    known[position] = text.let(self.cell(str(places[instruction.name]), "e"))
                else:
                    template = lowering(instruction.op, self.dtype)
                    known[position] = text.let(template.format(*(known[a] for a in instruction.args)))
            for name, output in zip(["w", *self.names], self.rule.outputs, strict=True):
                text.line(f"{self.cell(str(places[name]), 'e')} = {known[output]}")
            weight = known[self.rule.outputs[0]]
            text.line(f"record[now * {shares.size} + e] = {weight}")
            text.line(f"fine = fine + zero * {weight}")
        with text.block("if thread == 0"):
            text.line("losses[now] = loss")
        text.line("going = cuda.syncthreads_and(fine == zero)")
        text.line("step = uint32(step + 1)")
        with text.block("if step == steps"):
            text.line("going = step < steps")


class SweepText:
    """A sweep over the samples of a batch, tile by tile."""

    def __init__(self, descent: DescentText, gradient: Gradient, places: Places, sweep: Sweep) -> None:
        self.descent, self.gradient, self.places, self.sweep = descent, gradient, places, sweep
        self.text, self.instructions = descent.text, gradient.plan.body.program.instructions

    def emit(self) -> None:
        text, tile = self.text, self.places.tile
        sums = {value: self.places.sums[value] for value, _ in self.sweep.sums}
        self._fill(sums)
        with text.counted("start", "0", str(self.sweep.length), str(tile)):
            text.line(f"count = uint32(min({tile}, {self.sweep.length} - start))")
            for nest in self.sweep.nests:
                SampleNest(self.descent, self.gradient, self.places, nest, sums).emit()
        for value, found in sums.items():
            with text.counted("e", "thread", str(found.elements), "threads"):
                self._finish(value, found)
        text.line("cuda.syncthreads()")

    def _fill(self, sums: dict[int, Sum]) -> None:
        """Sums and what they lose with zero, all in one go, then maxima."""
        text = self.text
        places = [*sums.values()]
        first, last = places[0], places[-1]
        with text.counted("e", "thread", str(last.stop - first.total), "threads"):
            text.line(f"{self.descent.cell(str(first.total), 'e')} = zero")
        largest = [found for value, found in sums.items() if self.instructions[value].op == "max"]
        if largest:
            # Another thread may have put zero there.
            text.line("cuda.syncthreads()")
        for found in largest:
            with text.counted("e", "thread", str(found.elements * found.parts), "threads"):
                text.line(f"{self.descent.cell(str(found.total), 'e')} = {self.descent.number(float('-inf'))}")
        text.line("cuda.syncthreads()")

    def _finish(self, value: int, found: Sum) -> None:
        """The parts of a sum, in their order."""
        text, cell = self.text, self.descent.cell
        text.line(f"first = {plus(str(found.total), times('e', found.parts))}")
        text.line(f"total = {cell('first')}")
        behind = None if found.lost is None else str(found.lost - found.total)
        if behind:
            text.line(f"lost = {cell('first', behind)}")
        if found.parts > 1:
            with text.counted("p", "1", str(found.parts), "1"):
                text.line(f"part = {cell('first', 'p')}")
                if behind:
                    text.line(f"lost = lost + {cell('first', 'p', behind)}")
                    add_compensated(text, "total", "lost")
                else:
                    joined = "maximum" if self.instructions[value].op == "max" else "add"
                    text.line(f"total = {lowering(joined, self.descent.dtype).format('total', 'part')}")
        if behind:
            text.line("after = total + lost")
            # An infinite total has lost what is not a number.
            text.line("total = choose(after == after, after, total)")
        text.line(f"{cell(str(self.places.values[value]), 'e')} = total")
