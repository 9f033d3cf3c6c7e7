"""Training: many steps in one compiled call, each the gradient's kernel and then that of the optimizer's rule.

In: the rule, where its weights and state start, and for each step a gradient bound to data and the rule's numbers. Out:
the weights after every step and the loss that each starts from. How steps are cut into calls changes no bit.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import reference
from .cpu import waiting
from .execution import SCRATCH_LIMIT, Code, points
from .program import Program, ProgramError
from .table import Table, address, table_of
from .uniforms import Array, Inputs, uniforms

_TILE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
_STEPS = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@dataclass(frozen=True, eq=False)
class Slope:
    """A gradient on its data: what a step calls. table: addresses of `arrays`, which it keeps; None without code."""

    program: Program
    data: Inputs
    code: Code | None = None
    table: Table | None = None
    arrays: tuple[Array, ...] = ()

    @property
    def address(self) -> int:
        return self.code.address if self.code is not None else 0


def _at(array: NDArray[Any] | None) -> int:
    assert array is not None
    return address(array)


def _aligned(scratch: NDArray[np.uint8]) -> int:
    return -(-address(scratch) // 64) * 64


def _scratch_of(size: int) -> NDArray[np.uint8]:
    """Scratch for code that runs on one thread, with room to align it."""
    if size > SCRATCH_LIMIT:
        raise MemoryError(
            f"a step needs {size / 2**30:.1f} GiB: the loss holds a matrix as large as samples x samples or weights; "
            "use fewer samples, or write it without that matrix"
        )
    return np.empty(size + 64, dtype=np.uint8)


def _operations(slope: Slope) -> float:
    """Operations on vectors of a step, about: its gradient's, beside which those of the rule are few."""
    return slope.code.plan.operations / slope.code.lanes if slope.code is not None else 0.0


@lru_cache(maxsize=64)
def _compiled_loop(dtype: str, lanes: int, numbers: int, outputs: int) -> tuple[int, object]:
    from .cpu import descent
    from .cpu.compiler import compile_module
    from .cpu.machine import host

    sizes = dtype, lanes, numbers, outputs
    found = compile_module(lambda: descent.emit(*sizes), f"descent {sizes}", host(), descent.ENTRY)
    return found.address, found.engine


class Descent:
    """Weights on their way, one step after the other.

    rule: a program of 1 x 1 weights w, g (the derivative) and the state, and of numbers as 1 x 1 data; its outputs are
    the new w and the new state, in the order of `state`. start: (P,), flat in the order of `shapes`. state: where each
    of the state's numbers starts.
    """

    def __init__(
        self,
        rule: Program,
        shapes: Mapping[str, tuple[int, int]],
        start: NDArray[np.float64],
        state: Mapping[str, float],
        dtype: str,
        backend: str,
    ) -> None:
        self.dtype, self.backend, self.size = dtype, backend, len(start)
        self._rule, self._shapes, self._names = points(rule, dtype=dtype, backend=backend), dict(shapes), ["w", *state]
        lanes = self._rule.code().lanes if backend == "cpu" else 1
        self._blocks = -(-self.size // lanes)
        padded = self._blocks * lanes
        # The loss first: the derivatives lie where the gradient's kernel leaves them.
        self._slopes = np.zeros(1 + padded, dtype)
        self._values = {name: np.full(padded, at, dtype) for name, at in {"w": 0.0, **state}.items()}
        with np.errstate(over="ignore"):
            self._values["w"][: self.size] = start
        self._scratch, self._places, self._stop = _scratch_of(0), self._offsets(shapes), waiting.flag()
        if backend == "cpu":
            self._prepare()

    @staticmethod
    def _offsets(shapes: Mapping[str, tuple[int, int]]) -> dict[str, int]:
        sizes = [rows * columns for rows, columns in shapes.values()]
        return dict(zip(shapes, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))

    def _prepare(self) -> None:
        self._code = code = self._rule.code()
        self._scratch = _scratch_of(code.scratch_bytes)
        rows = self._blocks * code.lanes
        inputs = {**self._values, "g": self._slopes[1:]}
        still = np.zeros(rows, self.dtype)
        self._out = np.empty(rows * len(self._names), self.dtype)
        unknown = [still] * len(code.uniforms)  # the loop puts the numbers' addresses here
        self._kept = [*unknown, *(inputs[name] for name in code.weights), still, still, self._out]
        self._table = table_of(self._kept, self._blocks, (len(self._names) * code.lanes, code.lanes), self._stop)
        self._pointers = np.array([_at(self._values[name]) for name in self._names], dtype=np.int64)
        address, self._engine = _compiled_loop(self.dtype, code.lanes, len(code.uniforms), len(self._names))
        self._steps = _STEPS(address)

    def slope(self, gradient: Program, data: Inputs) -> Slope:
        """The gradient (outputs: the loss, its derivative by each weight, in the order of its weights) on data.

        A weight of `shapes` that the gradient lacks has a derivative of zero.
        """
        if list(gradient.weights.items()) != [*self._shapes.items()][: len(gradient.weights)]:
            raise ProgramError("the weights of the gradient are not, in order, the first of those trained")
        kernel = points(gradient, dtype=self.dtype, backend=self.backend)
        if self.backend == "numpy":
            return Slope(gradient, data)
        code = kernel.step_code()
        given = {name: np.asarray(data[name], dtype=np.float64) for name in gradient.data}
        still = np.zeros(code.lanes + 1, self.dtype)
        weights = [self._values["w"][self._places[name] :] for name in code.weights]
        if code.scratch_bytes > len(self._scratch) - 64:
            self._scratch = _scratch_of(code.scratch_bytes)
        arrays = (*uniforms(code.plan, code.uniforms, given, self.dtype), *weights, still, still, self._slopes)
        return Slope(gradient, data, code, table_of(arrays, 1, (0, 1), self._stop), arrays)

    def run(
        self, slopes: Sequence[Slope], numbers: Mapping[str, Array], tick: Callable[[], object] | None = None
    ) -> tuple[Array, NDArray[np.float64]]:
        """Take steps: the weights (k, P) after each, and the losses (k,) they start from.

        slopes: one for each step, or one for all. numbers: name -> (k,). tick: called now and then while the work is
        long; an answer of False stops it. What comes back is shorter where it ends early: stopped, before the step that
        was under way, or behind the first step whose loss or weights are not finite.
        """
        if self.backend == "numpy":
            return self._by_reference(slopes, numbers)
        rows = self._number_rows(numbers)
        count = len(rows)
        calls = np.array(
            [(slope.code.address if slope.code else 0, _at(slope.table)) for slope in slopes], dtype=np.int64
        )
        record = np.empty((count, len(self._values["w"])), self.dtype)
        losses = np.empty(count, self.dtype)
        fields = {
            "steps": count, "calls": _at(calls), "call_stride": 0 if len(slopes) == 1 else 2,
            "slopes": _at(self._slopes), "numbers": _at(rows),
            "rule": self._code.address, "rule_table": _at(self._table), "rule_out": _at(self._out),
            "blocks": self._blocks, "size": self.size, "places": _at(self._pointers),
            "record": _at(record), "losses": _at(losses), "scratch": _aligned(self._scratch),
            "stop": _at(self._stop), "done": 0,
        }  # fmt: skip
        job = np.array(list(fields.values()), dtype=np.int64)
        kept = (self, slopes, rows, calls, record, losses)
        self._wait(lambda _kept=kept: self._steps(_at(job)), count * max(map(_operations, slopes)), tick)  # type: ignore[misc]
        done = int(job[-1])
        return record[:done, : self.size], losses[:done].astype(np.float64)

    def loss(self, slope: Slope) -> float:
        """The loss where the weights are now."""
        if slope.table is None:
            return float(self._reference_slope(slope)[0].item())
        table, scratch = _at(slope.table), _aligned(self._scratch)
        self._wait(lambda _kept=(self, slope): _TILE(slope.address)(table, 0, 0, 1, scratch), _operations(slope), None)  # type: ignore[misc]
        return float(self._slopes[0])

    def _wait(self, job: Callable[[], object], work: float, tick: Callable[[], object] | None) -> None:
        self._stop[0] = 0
        waiting.run([job], self._stop, work, tick)

    def _number_rows(self, numbers: Mapping[str, Array]) -> Array:
        """What the rule's prologue makes of each step's numbers, a row a step, as its code reads them."""
        prologue, count = self._code.plan.body.prologue, len(next(iter(numbers.values())))
        found = np.empty((count, len(self._code.uniforms)))
        sources = [prologue.instructions[prologue.outputs[number]] for number, _ in self._code.uniforms]
        if all(source.op == "data" for source in sources):
            for place, source in enumerate(sources):
                found[:, place] = numbers[source.name]
        else:
            for step in range(count):
                values = reference.evaluate(prologue, {name: each[step] for name, each in numbers.items()})
                found[step] = [values[number].item() for number, _ in self._code.uniforms]
        with np.errstate(over="ignore"):
            return found.astype(self.dtype)

    # Step by step in NumPy

    def _by_reference(self, slopes: Sequence[Slope], numbers: Mapping[str, Array]) -> tuple[Array, NDArray[np.float64]]:
        weights: list[Array] = []
        losses: list[float] = []
        for step in range(len(next(iter(numbers.values())))):
            loss, *parts = self._reference_slope(slopes[step % len(slopes)])
            g = np.concatenate([part.reshape(-1) for part in parts])
            given = {**self._values, "g": np.pad(g, (0, self.size - g.size))}
            rule = self._rule.bind({name: each[step] for name, each in numbers.items()})
            found = rule({name: given[name].reshape(-1, 1, 1) for name in self._rule.program.weights})
            self._values = {n: v.reshape(-1).astype(self.dtype) for n, v in zip(self._names, found, strict=True)}
            weights.append(self._values["w"])
            losses.append(float(loss.item()))
            if not (np.isfinite(losses[-1]) and np.isfinite(weights[-1]).all()):
                break
        return np.array(weights), np.array(losses)

    def _reference_slope(self, slope: Slope) -> tuple[Array, ...]:
        w = {
            name: self._values["w"][start : start + rows * columns].reshape(rows, columns)
            for (name, (rows, columns)), start in zip(self._shapes.items(), self._places.values(), strict=True)
        }
        return reference.evaluate(slope.program, {**slope.data, **w})
