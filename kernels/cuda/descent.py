"""The text of training: a block of threads takes the steps of one run, its threads share the samples of each.

In: the plans of the gradients that a step may take, where their numbers lie (shares.py), and the optimizer's rule. Out:
a `Source` like that of a surface's kernel, for the same targets.

The kernel is `kernel(u, order, numbers, state, record, losses, done, space, drawn, steps, begin)`, a block a run; what
has several axes lies flat, the last one innermost. u: the uniform arrays of all plans. order: (runs, drawn) sample
numbers, epoch after epoch, where there are batches. numbers: (runs, steps, ..) of the rule. state: (runs, ..) weights
and state, read and left there. record: (runs, steps, P) the weights after each step. losses: (runs, steps) what each
starts from. done: (runs) steps taken: up to the first whose loss or weights are not finite. space: (runs, ..) a run's
numbers where they do not fit into shared memory. begin: how many steps of the epoch with which `order` starts are over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..program import Program
from .blockwise import BlockText, Work
from .lowering import lowering
from .shares import Shares
from .source import ENTRY, Source
from .text import plus, times

PARAMETERS = (
    "u: line, order: counts, numbers: line, state: line, record: line, losses: line, done: counts, space: line, "
    "drawn: uint32, steps: uint32, begin: uint32"
)

Known = dict[int, str]


@dataclass(frozen=True)
class Gradient(Work):
    """A gradient's plan, its outputs the loss and the derivative by each of its weights, for a batch of so many samples
    (0: of all)."""

    samples: int


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
    return DescentText(gradients, rule, names, shares, epoch, dtype).kernel()


class DescentText(BlockText):
    def __init__(
        self, gradients: Sequence[Gradient], rule: Program, names: Sequence[str], shares: Shares, epoch: Epoch,
        dtype: str,
    ) -> None:  # fmt: skip
        super().__init__(shares, dtype)
        self.gradients, self.rule, self.names = gradients, rule, [*names]
        self.epoch = epoch
        self.at = "at" if epoch.own else "0"

    def kernel(self) -> Source:
        text, shares = self.text, self.shares
        self.begin("run")
        text.line(f"kept = int64(run) * {shares.kept}")
        parts = ((shares.weights, shares.size, "0"), (shares.state, shares.states * shares.size, str(shares.size)))
        for spot, count, start in parts:
            with text.counted("e", "thread", str(count), "threads"):
                text.line(f"{self.cell(spot, 'e')} = state[{plus('kept', start, 'e')}]")
        with text.counted("e", "thread", str(shares.size), "threads"):
            # Weights that the gradient lacks keep this one.
            text.line(f"{self.cell(shares.slopes, 'e')} = zero")
        text.line("cuda.syncthreads()")
        text.line("step = uint32(0)")
        text.line("going = step < steps")
        with text.block("while going"):
            self._step()
        with text.block("if thread == 0"):
            text.line("done[run] = step")
        for spot, count, start in parts:
            with text.counted("e", "thread", str(count), "threads"):
                text.line(f"state[{plus('kept', start, 'e')}] = {self.cell(spot, 'e')}")
        return self.source(text.function(ENTRY, PARAMETERS))

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
        """The loss, in `loss`, and the derivatives, where the slopes lie."""
        gradient, places = self.gradients[which], self.shares.plans[which]
        text, reader = self.text, self.evaluate(gradient, places)
        program = gradient.plan.body.program
        loss, *slopes = program.outputs
        text.line(f"loss = {reader.number(loss, '0', '0', {})}")
        spot, moved = self.shares.slopes, False
        for slope in slopes:
            rows, columns = program.instructions[slope].shape
            if places.values.get(slope) != spot:
                moved = True
                with reader.items(rows, columns) as (i, j):
                    found = reader.number(slope, i, j, {})
                    text.line(f"{self.cell(spot, times(i, columns), j)} = {found}")
            spot = spot.behind(rows * columns)
        if moved:
            text.line("cuda.syncthreads()")

    def _update(self) -> None:
        """The rule, a thread a weight; the record; and whether all threads found only finite numbers."""
        text, shares, instructions = self.text, self.shares, self.rule.instructions
        places = {name: shares.state.behind(k * shares.size) for k, name in enumerate(self.names)}
        places |= {"w": shares.weights, "g": shares.slopes}
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
                    known[position] = text.let(self.cell(places[instruction.name], "e"))
                else:
                    template = lowering(instruction.op, self.dtype)
                    known[position] = text.let(template.format(*(known[a] for a in instruction.args)))
            for name, output in zip(["w", *self.names], self.rule.outputs, strict=True):
                text.line(f"{self.cell(places[name], 'e')} = {known[output]}")
            weight = known[self.rule.outputs[0]]
            text.line(f"record[now * {shares.size} + e] = {weight}")
            text.line(f"fine = fine + zero * {weight}")
        with text.block("if thread == 0"):
            text.line("losses[now] = loss")
        text.line("going = cuda.syncthreads_and(fine == zero)")
        text.line("step = uint32(step + 1)")
        with text.block("if step == steps"):
            text.line("going = step < steps")
