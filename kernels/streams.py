"""Which axis is streamed, and everything turned so that it is the columns.

In: a program whose data, weights and coordinates are its leaves. Out: a `Body`: the part that depends on the point,
with every streamed value lying features x samples, and a prologue, the part that does not, to be computed once.
A stream is a class of equal axes (found by unification through the program) along which blocks of samples can be
read one after the other: no value that varies may hold two of them, since that would be samples x samples.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .once import ONCE
from .program import LEAVES, Builder, Instruction, Program, ProgramError

SMALLEST_STREAM = 8
"""Shorter axes are not worth a loop of their own."""


@dataclass(frozen=True)
class Body:
    """The varying part of a program. Its data leaves are the prologue's outputs, named u0, u1, .. in that order.

    streams: for each instruction of the body the length of the samples it is streamed along and the class of that
    axis, or None. Transposes are left only as views of values that are not streamed.
    """

    program: Program
    prologue: Program
    streams: tuple[tuple[int, int] | None, ...]


class Axes:
    """Classes of axes that must be equally long, by union and find over (instruction, 0 or 1)."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._parent = list(range(2 * len(program.instructions)))
        for position, instruction in enumerate(program.instructions):
            self._relate(position, instruction)

    def find(self, position: int, axis: int) -> int:
        node = 2 * position + axis
        while self._parent[node] != node:
            self._parent[node] = self._parent[self._parent[node]]
            node = self._parent[node]
        return node

    def _join(self, x: int, axis: int, y: int, other: int) -> None:
        if self.program.instructions[x].shape[axis] != 1 and self.program.instructions[y].shape[other] != 1:
            self._parent[self.find(x, axis)] = self.find(y, other)

    def _relate(self, position: int, instruction: Instruction) -> None:
        op, args = instruction.op, instruction.args
        if op in LEAVES or op in ONCE:
            return
        if op == "matmul":
            pairs = [(position, 0, args[0], 0), (position, 1, args[1], 1), (args[0], 1, args[1], 0)]
        elif op == "gram":
            pairs = [(position, 0, args[0], 0), (position, 1, args[1], 0), (args[0], 1, args[1], 1)]
        elif op == "transpose":
            pairs = [(position, 0, args[0], 1), (position, 1, args[0], 0)]
        else:
            pairs = [(position, axis, a, axis) for a in args for axis in (0, 1)]
        for x, axis, y, other in pairs:
            self._join(x, axis, y, other)


def choose_streams(program: Program, axes: Axes, varies: list[bool], sampled: Iterable[str]) -> set[int]:
    """The classes to stream: the longest axis of each matrix of data named in `sampled`, where that is legal."""
    sampled = set(sampled)
    candidates: dict[int, int] = {}
    for position, instruction in enumerate(program.instructions):
        if instruction.op == "data" and instruction.name in sampled:
            axis = 0 if instruction.shape[0] > instruction.shape[1] else 1
            if instruction.shape[axis] >= SMALLEST_STREAM:
                candidates[axes.find(position, axis)] = instruction.shape[axis]
    chosen: set[int] = set()
    for candidate in sorted(candidates, key=lambda c: (-candidates[c], c)):
        if _legal(program, axes, varies, chosen | {candidate}):
            chosen.add(candidate)
    return chosen


def _legal(program: Program, axes: Axes, varies: list[bool], chosen: set[int]) -> bool:
    def streamed(position: int, axis: int) -> bool:
        return program.instructions[position].shape[axis] != 1 and axes.find(position, axis) in chosen

    for position, instruction in enumerate(program.instructions):
        if not varies[position]:
            continue
        rows, columns = streamed(position, 0), streamed(position, 1)
        if (rows and columns) or ((rows or columns) and (instruction.op == "weight" or position in program.outputs)):
            return False
        contracted = instruction.op == "matmul" and streamed(instruction.args[0], 1)
        if contracted and (rows or columns):
            return False
    return True


class _Turning:
    """Rebuilds a program with streamed axes as columns and splits off what does not vary."""

    def __init__(self, program: Program, sampled: Iterable[str]) -> None:
        self.program = program
        self.axes = Axes(program)
        self.varies = program.varies
        self.chosen = choose_streams(program, self.axes, self.varies, sampled)
        self.body, self.uniform = Builder(), Builder()
        self.places: list[int] = []
        self.frontier: dict[int, int] = {}
        self.streams: dict[int, tuple[int, int]] = {}

    def stream(self, position: int, axis: int) -> tuple[int, int] | None:
        size, found = self.program.instructions[position].shape[axis], self.axes.find(position, axis)
        return (size, found) if size != 1 and found in self.chosen else None

    def turned(self, position: int) -> bool:
        return self.varies[position] and self.stream(position, 0) is not None

    def get(self, position: int, turn: bool) -> int:
        """A value in the body, transposed where `turn` says so."""
        if self.varies[position]:
            place = self.places[position]
            return place if turn == self.turned(position) else self.body.emit("transpose", place)
        instruction = self.program.instructions[position]
        if instruction.op == "constant" and instruction.shape == (1, 1):
            return self.body.constant(instruction.value)
        known = self.uniform.emit("transpose", self.places[position]) if turn else self.places[position]
        name = f"u{self.frontier.setdefault(known, len(self.frontier))}"
        return self.mark(self.body.data(name, self.uniform.shape(known)), self.stream(position, 0 if turn else 1))

    def mark(self, place: int, stream: tuple[int, int] | None) -> int:
        if stream is not None:
            self.streams[place] = stream
        return place

    def leaf(self, position: int, instruction: Instruction) -> int:
        if instruction.op == "weight":
            return self.body.weight(instruction.name, instruction.shape)
        if instruction.op == "coordinate":
            return self.body.coordinate(instruction.name)
        if instruction.op == "constant":
            return self.uniform.constant(instruction.value)
        return self.uniform.data(instruction.name, instruction.shape)

    def varying_value(self, position: int, instruction: Instruction) -> int:
        op, args, turn = instruction.op, instruction.args, self.turned(position)
        attributes = dict(instruction.attributes)
        if op in ONCE:
            raise ProgramError(f"{op} of a value that varies with the point: no kernel computes that")
        if op == "transpose":
            return self.get(args[0], not turn)
        if op == "detach":
            return self.get(args[0], turn)
        if op == "matmul":
            if self.stream(args[0], 1) is not None:
                return self.body.emit("gram", self.get(args[0], False), self.get(args[1], True))
            operands = [self.get(a, turn) for a in args]
            return self.body.emit("matmul", *(reversed(operands) if turn else operands))
        if op in ("sum", "max"):
            return self.reduction(op, args[0], attributes["axis"])
        if op == "broadcast" and turn:
            attributes["shape"] = attributes["shape"][::-1]
        return self.body.emit(op, *(self.get(a, turn) for a in args), **attributes)

    def reduction(self, op: str, x: int, axis: int | None) -> int:
        """A sum over everything adds up the features of each sample first, then the samples."""
        turn = self.turned(x)
        value = self.get(x, turn)
        if axis is None:
            inner = self.mark(self.body.emit(op, value, axis=0), self.stream(x, 0 if turn else 1))
            return self.body.emit(op, inner, axis=1)
        value = self.body.emit(op, value, axis=1 - axis if turn else axis)
        # What is left of a matrix that lay transposed lies transposed; if it is not streamed it must lie as written.
        kept_is_stream = self.stream(x, 1 - axis) is not None and self.varies[x]
        return value if not turn or kept_is_stream else self.body.emit("transpose", value)

    def run(self) -> Body:
        for position, instruction in enumerate(self.program.instructions):
            if instruction.op in LEAVES:
                place = self.leaf(position, instruction)
            elif self.varies[position]:
                place = self.varying_value(position, instruction)
                self.mark(place, self.stream(position, 0) or self.stream(position, 1))
            else:
                arguments = (self.places[a] for a in instruction.args)
                place = self.uniform.emit(instruction.op, *arguments, **dict(instruction.attributes))
            self.places.append(place)
        outputs = [self.get(o, False) for o in self.program.outputs]
        streams = tuple(self.streams.get(old) for old in self.body.needed(outputs))
        return Body(self.body.build(*outputs), self.uniform.build(*self.frontier), streams)


def split(program: Program, sampled: Iterable[str]) -> Body:
    """Choose the streams among the data named in `sampled`, turn every streamed value, split off the prologue."""
    return _Turning(program, sampled).run()
