"""The program: what a loss computes, typed, shaped and in static single assignment.

In: calls of a `Builder`, from the language's lowering or from a pass. Out: an immutable `Program`, a tuple of
instructions of which each names earlier ones by position. Every value is a matrix of real numbers; a scalar is
1 x 1. A pass is a plain function that reads one program and builds another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .lazily import cached_property
from .once import operation
from .primitives import Shape

LEAVES = ("data", "weight", "coordinate", "constant")
"""data: the same for every point of the grid. weight: what is differentiated, and one value a point. coordinate:
a and b of a plane. constant: a number of the text."""

FOLD_LIMIT = 4096
"""A folded constant is stored in the program; larger results are left to be computed once for the whole plane."""

INTEGER_POWER_LIMIT = 16
"""x^n is n - 1 multiplications or fewer up to here; beyond, `pow` is as fast and rounds once."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One value: the primitive's name, the positions of its arguments, its shape, its attributes sorted by name."""

    op: str
    args: tuple[int, ...]
    shape: Shape
    attributes: tuple[tuple[str, Any], ...] = ()

    def attribute(self, name: str) -> Any:
        return dict(self.attributes)[name]

    @property
    def name(self) -> str:
        """The name of a leaf."""
        return str(self.attribute("name"))

    @property
    def value(self) -> NDArray[np.float64]:
        """The matrix of a constant."""
        return np.frombuffer(self.attribute("value"), dtype=np.float64).reshape(self.shape)


class ProgramError(ValueError):
    """A program that is not well formed: a fault of whoever built it, never of a text."""


@dataclass(frozen=True)
class Program:
    """Instructions in an order in which each comes after its arguments, and the positions of the outputs."""

    instructions: tuple[Instruction, ...]
    outputs: tuple[int, ...]

    @cached_property
    def weights(self) -> dict[str, Shape]:
        return {i.name: i.shape for i in self.instructions if i.op == "weight"}

    @cached_property
    def data(self) -> dict[str, Shape]:
        return {i.name: i.shape for i in self.instructions if i.op == "data"}

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.instructions, self.outputs))

    @cached_property
    def readers(self) -> list[list[int]]:
        """For each value the positions of the instructions that read it."""
        readers: list[list[int]] = [[] for _ in self.instructions]
        for position, instruction in enumerate(self.instructions):
            for argument in instruction.args:
                readers[argument].append(position)
        return readers

    @cached_property
    def varies(self) -> list[bool]:
        """For each value whether it depends on a weight or a coordinate."""
        found: list[bool] = []
        for instruction in self.instructions:
            found.append(instruction.op in ("weight", "coordinate") or any(found[a] for a in instruction.args))
        return found

    def returning(self, *outputs: int) -> Program:
        """The same values with other outputs, and without what they do not need."""
        builder = Builder()
        places = rebuild(builder, self)
        return builder.build(*(places[output] for output in outputs))

    def ancestors(self, values: Iterable[int]) -> list[int]:
        """The values that these are computed from, themselves included, in order."""
        return _ancestors(self.instructions, values)

    @cached_property
    def last_uses(self) -> list[tuple[int, ...]]:
        """For each instruction the values that nothing needs after it, outputs excepted."""
        last = {a: p for p, i in enumerate(self.instructions) for a in i.args if a not in self.outputs}
        return [tuple({a for a in i.args if last.get(a) == p}) for p, i in enumerate(self.instructions)]

    def verify(self) -> Program:
        """Check every instruction against the table of primitives; return the program itself.

        Raises ProgramError naming the first instruction that is wrong.
        """
        names: set[str] = set()
        for position, instruction in enumerate(self.instructions):
            where = f"%{position} = {instruction.op}"
            if any(not 0 <= argument < position for argument in instruction.args):
                raise ProgramError(f"{where}: an argument comes later than its use")
            if instruction.op in LEAVES:
                if instruction.op != "constant":
                    if instruction.name in names:
                        raise ProgramError(f"{where}: the name {instruction.name} occurs twice")
                    names.add(instruction.name)
                continue
            shapes = tuple(self.instructions[argument].shape for argument in instruction.args)
            if infer_shape(instruction.op, shapes, dict(instruction.attributes)) != instruction.shape:
                raise ProgramError(f"{where}: the shape {instruction.shape} does not follow from {shapes}")
        if any(not 0 <= output < len(self.instructions) for output in self.outputs):
            raise ProgramError("an output is not a value of the program")
        return self

    def __str__(self) -> str:
        lines = [
            f"{label(self, position):>8} : {rows} x {columns}{_described(self, position)}"
            for position, (rows, columns) in enumerate(i.shape for i in self.instructions)
        ]
        return "\n".join([*lines, "  return " + ", ".join(label(self, output) for output in self.outputs)])


def label(program: Program, position: int) -> str:
    """How a value is called in print: a leaf by its name, a number by itself, the rest by position."""
    instruction = program.instructions[position]
    if instruction.op == "constant" and instruction.shape == (1, 1):
        return f"{instruction.value.item():g}"
    return instruction.name if instruction.op in LEAVES[:3] else f"%{position}"


def _ancestors(instructions: Sequence[Instruction], values: Iterable[int]) -> list[int]:
    found = set(values)
    for position in range(len(instructions) - 1, -1, -1):
        if position in found:
            found.update(instructions[position].args)
    return sorted(found)


def _described(program: Program, position: int) -> str:
    instruction = program.instructions[position]
    if instruction.op in LEAVES:
        return f"   {instruction.op}"
    attributes = "".join(f", {key}={value}" for key, value in instruction.attributes)
    return f" = {instruction.op} {', '.join(label(program, a) for a in instruction.args)}{attributes}"


def infer_shape(op: str, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
    """The shape of a primitive's result. Raises ProgramError if the primitive does not take such arguments."""
    try:
        row = operation(op)
    except KeyError:
        raise ProgramError(f"there is no primitive {op}") from None
    if row.arity is not None and len(shapes) != row.arity:
        raise ProgramError(f"{op} takes {row.arity} arguments, not {len(shapes)}")
    shape = row.shape(*shapes, **attributes)
    if shape is None:
        raise ProgramError(f"{op} does not take {' and '.join(f'{r} x {c}' for r, c in shapes)} {attributes or ''}")
    return shape


class Builder:
    """Builds a program value by value, sharing equal values and folding constants as they come.

    Only rewrites that are exact in floating point are made (signed zeros aside): x * 1, x + 0, a power written
    as products, the sum over an axis of one.
    """

    def __init__(self) -> None:
        self._instructions: list[Instruction] = []
        self._positions: dict[Instruction, int] = {}

    @property
    def instructions(self) -> Sequence[Instruction]:
        """What was emitted so far; it grows."""
        return self._instructions

    def shape(self, value: int) -> Shape:
        return self._instructions[value].shape

    def data(self, name: str, shape: Shape) -> int:
        return self._add(Instruction("data", (), shape, (("name", name),)))

    def weight(self, name: str, shape: Shape) -> int:
        return self._add(Instruction("weight", (), shape, (("name", name),)))

    def coordinate(self, name: str) -> int:
        return self._add(Instruction("coordinate", (), (1, 1), (("name", name),)))

    def constant(self, value: ArrayLike) -> int:
        matrix = np.atleast_2d(np.asarray(value, dtype=np.float64))
        shape = (matrix.shape[0], matrix.shape[1])
        return self._add(Instruction("constant", (), shape, (("value", matrix.tobytes()),)))

    def constant_value(self, value: int) -> NDArray[np.float64] | None:
        """The matrix of a value that is a constant, None for any other."""
        instruction = self._instructions[value]
        return instruction.value if instruction.op == "constant" else None

    def emit(self, op: str, *args: int, **attributes: Any) -> int:
        """The value of a primitive: a new instruction, an equal one that exists, or a folded constant."""
        shape = infer_shape(op, tuple(self.shape(a) for a in args), attributes)
        if operation(op).commutative:
            # In one order, so that x y and y x are one value: they are equal in floating point too.
            args = tuple(sorted(args))
        simpler = self._simplified(op, args, shape, attributes)
        if simpler is not None:
            return simpler
        folded = self._folded(op, args, shape, attributes)
        if folded is not None:
            return folded
        return self._add(Instruction(op, args, shape, tuple(sorted(attributes.items()))))

    def build(self, *outputs: int) -> Program:
        """The program of these outputs, without what they do not need; leaves stay in order of first appearance."""
        order = self.needed(outputs)
        place = {old: new for new, old in enumerate(order)}
        kept = (self._instructions[old] for old in order)
        moved = (Instruction(i.op, tuple(place[a] for a in i.args), i.shape, i.attributes) for i in kept)
        return Program(tuple(moved), tuple(place[o] for o in outputs)).verify()

    def needed(self, outputs: Iterable[int]) -> list[int]:
        """The values that these outputs are computed from, themselves included, in order."""
        return _ancestors(self._instructions, outputs)

    def _add(self, instruction: Instruction) -> int:
        position = self._positions.get(instruction)
        if position is None:
            position = self._positions[instruction] = len(self._instructions)
            self._instructions.append(instruction)
        return position

    def _is(self, value: int, number: float) -> bool:
        """Whether a value is this number in every entry."""
        instruction = self._instructions[value]
        constant = self.constant_value(instruction.args[0] if instruction.op == "broadcast" else value)
        return constant is not None and bool((constant == number).all())

    def _folded(self, op: str, args: tuple[int, ...], shape: Shape, attributes: dict[str, Any]) -> int | None:
        constants = [self.constant_value(a) for a in args]
        if any(c is None for c in constants) or shape[0] * shape[1] > FOLD_LIMIT:
            return None
        with np.errstate(all="ignore"):
            return self.constant(operation(op).numpy(*constants, **attributes))

    def _simplified(self, op: str, args: tuple[int, ...], shape: Shape, attributes: dict[str, Any]) -> int | None:
        if op in ("sum", "max"):
            return self._simplified_reduction(op, args[0], attributes["axis"])
        if op == "broadcast":
            return args[0] if self.shape(args[0]) == shape else None
        if op == "transpose":
            inner = self._instructions[args[0]]
            return args[0] if shape == (1, 1) else inner.args[0] if inner.op == "transpose" else None
        if op == "neg":
            inner = self._instructions[args[0]]
            return inner.args[0] if inner.op == "neg" else None
        if op == "pow":
            exponent = self.constant_value(args[1])
            return self._power(args[0], exponent.item()) if exponent is not None and exponent.size == 1 else None
        for unit, positions in operation(op).units:
            for position in positions:
                other = args[1 - position]
                if self._is(args[position], unit) and self.shape(other) == shape:
                    return other
        return None

    def _simplified_reduction(self, op: str, x: int, axis: int | None) -> int | None:
        rows, columns = self.shape(x)
        if (rows, columns) == (1, 1):
            return x
        if axis is None and op == "max":
            # Over each row first, then over the rows: the first of ties is then the first in row-major order.
            return self.emit("max", self.emit("max", x, axis=1), axis=0)
        return x if axis is not None and (rows, columns)[axis] == 1 else None

    def _power(self, x: int, exponent: float) -> int | None:
        if exponent == 0:
            return self.emit("broadcast", self.constant(1.0), shape=self.shape(x))
        if exponent == 0.5:
            return self.emit("sqrt", x)
        if exponent < 0 and exponent.is_integer() and -exponent <= INTEGER_POWER_LIMIT:
            return self.emit("div", self.constant(1.0), self.emit("pow", x, self.constant(-exponent)))
        if not exponent.is_integer() or not 0 < exponent <= INTEGER_POWER_LIMIT:
            return None
        result, square, n = None, x, int(exponent)
        while n:
            if n & 1:
                result = square if result is None else self.emit("mul", result, square)
            n >>= 1
            if n:
                square = self.emit("mul", square, square)
        return result


Leaf = Callable[[Builder, Instruction], int]


def copy_leaf(builder: Builder, instruction: Instruction) -> int:
    """The leaf as it is, in another program."""
    return builder._add(instruction)


def rebuild(builder: Builder, program: Program, leaf: Leaf = copy_leaf) -> list[int]:
    """Emit a whole program into a builder, replacing its leaves; return where each of its values now is."""
    places: list[int] = []
    for instruction in program.instructions:
        if instruction.op in LEAVES:
            places.append(leaf(builder, instruction))
        else:
            arguments = (places[a] for a in instruction.args)
            places.append(builder.emit(instruction.op, *arguments, **dict(instruction.attributes)))
    return places
