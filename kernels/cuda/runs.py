"""Many runs of training at once: a block of threads each, some steps a launch.

In: the program of a loss's gradient (and that of the last batch, where it is smaller), data, an optimizer's rule, and
for each run where it starts, its numbers and the order of its samples. Out: the weights after every step and the loss
that each starts from. How steps are cut into launches, and runs among devices (lanes.py), changes no bit.

None of this has run on a GPU yet: it is tested in Numba's simulator, by NumPy (vectors.py), and translated for this
machine (host.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import debug
from ..plan import Plan, make_plan
from ..program import Program, ProgramError
from ..streams import split
from ..uniforms import Array, Inputs, uniforms
from .blockwise import BY_BLOCK, Uniform
from .compilation import answered, launchable
from .descent import Epoch, Gradient, source_of
from .lanes import Parts
from .persample import sample_axes
from .shares import Places, Shares, shares_of
from .source import Source

Shapes = tuple[tuple[str, tuple[int, int]], ...]
Order = NDArray[np.int32]
Launched = tuple[Array, Array, NDArray[np.int32]]
"""The weights (runs, steps, P) after each step, the losses (runs, steps) they start from, the steps (runs,) taken."""

Pending = Callable[[], Launched]
"""Waits for steps that are under way."""


@dataclass(frozen=True)
class Cut:
    """How samples are cut into batches. names: of the data whose columns they are. sizes: of a batch, and of the last
    one where it is smaller."""

    samples: int
    names: frozenset[str]
    sizes: tuple[int, ...]

    @property
    def full(self) -> int:
        """Batches of the first size in an epoch."""
        return self.samples // self.sizes[0]


@dataclass(frozen=True)
class TrainingCode:
    """The text of training with all that a launch needs to know. own: numbers of the uniform arrays that each step has
    for itself; 0 where all steps share them."""

    gradients: tuple[Gradient, ...]
    shares: Shares
    source: Source
    own: int

    @cached_property
    def kernel(self) -> Any:
        """Compiled when it is first needed."""
        with answered():
            return launchable(self.source)


@lru_cache(maxsize=64)
def training_code(
    gradients: tuple[Program, ...], shapes: Shapes, rule: Program, names: tuple[str, ...], cut: Cut | None, dtype: str
) -> TrainingCode:
    sizes = [rows * columns for _, (rows, columns) in shapes]
    weights = dict(zip((name for name, _ in shapes), np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))
    for program in gradients:
        if tuple(program.weights.items()) != shapes[: len(program.weights)]:
            raise ProgramError("the weights of the gradient are not, in order, the first of those trained")
    plans = [make_plan(split(p, frozenset(p.data)), accumulators=1, fusion=BY_BLOCK) for p in gradients]
    axes = [None] * len(plans) if cut is None else [
        sample_axes(plan.body.prologue, cut.names, size) for plan, size in zip(plans, cut.sizes, strict=True)
    ]  # fmt: skip
    shared = cut is None or all(found is not None for found in axes)
    shares = shares_of(plans, sum(sizes), dtype, len(names))
    made, start, most = list[Gradient](), 0, 0
    for number, plan in enumerate(plans):
        own = axes[number] if shared and cut is not None else None
        arrays, stop = _uniforms(plan, shares.plans[number], own, cut, start if shared else 0)
        made.append(Gradient(plan, weights, arrays, cut.sizes[number] if cut else 0))
        start, most = stop, max(most, stop)
    epoch = Epoch(0, 0, False, 0)
    if cut is not None:
        epoch = Epoch(cut.samples, cut.full, len(cut.sizes) > 1, 0 if shared else max(1, most))
    source = source_of(made, rule, names, shares, epoch, dtype)
    debug.say(4, "code", lambda: source.text)
    return TrainingCode(tuple(made), shares, source, epoch.own)


def _uniforms(
    plan: Plan, places: Places, axes: Sequence[int | None] | None, cut: Cut | None, start: int
) -> tuple[dict[int, Uniform], int]:
    """The uniform arrays of a plan, and where they end. axes: the sample axis of each output of the prologue, where
    samples are found by their numbers."""
    found = dict[int, Uniform]()
    for position, instruction in enumerate(plan.body.program.instructions):
        if instruction.op == "data":
            rows, columns = instruction.shape
            axis = None if axes is None else axes[_output(instruction.name)]
            size = rows * columns
            if axis is not None:
                assert cut is not None
                size = cut.samples * (rows if axis == 1 else columns)
            by_sample = 1 if position in places.by_sample else None
            found[position] = Uniform(start, by_sample if axis is None else axis, axis is not None)
            start += size
    return found, start


def _output(name: str) -> int:
    """Which output of the prologue a leaf of the body is."""
    return int(name[1:])


class Runs:
    """Runs on their way, all at the same step.

    rule: as for training.Descent. starts: (runs, P), flat in the order of `shapes`. states: of each run where each of
    the state's numbers starts. gradients: one for all samples, or one for each of the cut's sizes.
    """

    def __init__(
        self,
        gradients: Sequence[Program],
        data: Inputs,
        rule: Program,
        shapes: Mapping[str, tuple[int, int]],
        starts: NDArray[np.float64],
        states: Sequence[Mapping[str, float]],
        dtype: str,
        cut: Cut | None = None,
    ) -> None:
        self.dtype, self.cut, self.count = np.dtype(dtype), cut, len(starts)
        self.data = {name: np.asarray(data[name], dtype=np.float64) for name in gradients[0].data}
        self.numbers = tuple(rule.data)
        names = tuple(states[0])
        self.code = training_code(tuple(gradients), tuple(shapes.items()), rule, names, cut, dtype)
        with np.errstate(over="ignore"):
            columns = [np.array([[state[name]] for state in states]) for name in names]
            spread = [np.broadcast_to(column, starts.shape) for column in columns]
            self.state = np.ascontiguousarray(np.concatenate([starts, *spread], axis=1), self.dtype)
        self._shared = None if self.code.own else self._of_all()
        self._parts: Parts | None = None

    @property
    def step_bytes(self) -> int:
        """What a step records, and is told, of one run."""
        size = self.code.shares.size + len(self.numbers) + 1 + self.code.own
        return size * self.dtype.itemsize + (4 * self.cut.sizes[0] if self.cut else 0)

    def run(self, steps: int, numbers: Mapping[str, Array], order: Order | None = None, begin: int = 0) -> Launched:
        """Take steps, as `start` describes it, and wait for them."""
        return self.start(steps, numbers, order, begin)()

    def start(self, steps: int, numbers: Mapping[str, Array], order: Order | None = None, begin: int = 0) -> Pending:
        """Begin to take steps, behind those begun before. A run ends behind its first step whose loss or weights are
        not finite; what is recorded of later ones means nothing, and so do the steps that it takes in a later call.

        numbers: name -> (runs, steps). order: (runs, ..) sample numbers, epoch after epoch, where there are batches; it
        must stay as it is until the steps are taken. begin: how many steps of its first epoch are over.
        """
        shape = self.count, steps
        with np.errstate(over="ignore"):
            told = np.stack([np.broadcast_to(numbers[name], shape) for name in self.numbers], axis=2)
            told = np.ascontiguousarray(told, dtype=self.dtype)
        uniform = self._shared if self._shared is not None else self._of_steps(steps, order, begin)
        given = np.zeros((self.count, 1), np.int32) if order is None else np.ascontiguousarray(order, dtype=np.int32)
        return self._launch(uniform, given, told, steps, begin)

    def close(self) -> None:
        """Wait for all that is under way, and let go of what lies on the devices; no step can be taken any more."""
        if self._parts is not None:
            self._parts.close()

    def _made(self, steps: int) -> Launched:
        record = np.empty((self.count, steps, self.code.shares.size), self.dtype)
        return record, np.empty((self.count, steps), self.dtype), np.empty(self.count, np.int32)

    def _space(self) -> Array:
        """Where the runs' numbers lie that are not in shared memory; never empty."""
        return np.empty((self.count, max(1, self.code.shares.space)), self.dtype)

    @staticmethod
    def _flat(*arrays: NDArray[Any]) -> list[NDArray[Any]]:
        return [array.reshape(-1) for array in arrays]

    def _launch(self, uniform: Array, order: Order, numbers: Array, steps: int, begin: int) -> Pending:
        made = self._made(steps)
        with answered():
            if self._parts is None:
                self._parts = Parts(self.code.kernel, self.state, self._space(), self._shared)
            given = [order, numbers] if self._shared is not None else [uniform, order, numbers]
            land = self._parts.start(given, made, (order.shape[1], steps, begin))

        def landed() -> Launched:
            with answered():
                land()
            return made

        return landed

    # What is computed of the data alone

    def _of_all(self) -> Array:
        """The uniform arrays that all steps share, one after the other; never an empty one."""
        arrays = [array for gradient in self.code.gradients for array in self._of_gradient(gradient)]
        return np.concatenate([*arrays, np.zeros(1, self.dtype)])

    def _of_gradient(self, gradient: Gradient) -> list[Array]:
        if self.cut is None or not any(uniform.picked for uniform in gradient.uniforms.values()):
            return self._arrays(gradient, np.arange(gradient.samples))
        # Batch by batch, the last one filled up with the first samples again.
        size, samples = gradient.samples, self.cut.samples
        batches = [
            self._arrays(gradient, np.arange(first, first + size) % samples) for first in range(0, samples, size)
        ]
        found = []
        for uniform, *parts in zip(gradient.uniforms.values(), *batches, strict=True):
            if uniform.picked:
                parts = [np.concatenate(parts)[: samples * (parts[0].size // size)]]
            found.append(parts[0])
        return found

    def _arrays(self, gradient: Gradient, chosen: NDArray[Any]) -> list[Array]:
        """The uniform arrays for these samples, flat, as `Uniform.axis` says."""
        plan, data = gradient.plan, self.data
        if self.cut is not None:
            data = {name: x[:, chosen] if name in self.cut.names else x for name, x in data.items()}
        instructions = plan.body.program.instructions
        wanted = [(_output(instructions[position].name), False) for position in gradient.uniforms]
        arrays = zip(uniforms(plan, wanted, data, self.dtype.name), gradient.uniforms.values(), strict=True)
        return [array.T.ravel() if uniform.axis == 1 else array.ravel() for array, uniform in arrays]

    def _of_steps(self, steps: int, order: Order | None, begin: int) -> Array:
        """The same where each step has arrays of its own: what is computed of a batch alone mixes its samples."""
        assert order is not None and self.cut is not None
        cut, own = self.cut, self.code.own
        out = np.zeros((self.count, steps, own), self.dtype)
        for run in range(self.count):
            for step in range(steps):
                epoch, turn = divmod(begin + step, cut.full + len(cut.sizes) - 1)
                gradient = self.code.gradients[turn >= cut.full]
                first = epoch * cut.samples + turn * cut.sizes[0]
                arrays = self._arrays(gradient, order[run, first : first + gradient.samples])
                flat = np.concatenate([*arrays, np.zeros(0)])
                out[run, step, : flat.size] = flat
        return out
