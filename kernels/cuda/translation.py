"""From a kernel's text to LLVM IR: the text is a few kinds of Python statements, each of which is a few instructions.

In: a text and a dialect (dialects.py), which says what functions are. Out: a module of one kernel. Numba's own compiler
would take the same text, and seconds to find out what this knows: a number is real, of the kernel's precision, or an
index; an index has no sign and 32 bits, or 64 where the text says int64, and its arithmetic never wraps round; an array
is a parameter, or what cuda.local.array or cuda.shared.array makes. What the text may not hold is a TranslationError,
so that nothing is ever taken for something else.

A parameter is annotated: `a: line` is an array of reals, `order: counts` one of indices, `columns: uint32` an index.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .dialects import Dialect

Kind = Literal["real", "u32", "i64", "bool", "known"]

LLVM: dict[str, str] = {"u32": "i32", "i64": "i64", "bool": "i1"}

INTEGERS: dict[type, str] = {
    ast.Add: "add nuw", ast.Sub: "sub nuw", ast.Mult: "mul nuw", ast.FloorDiv: "udiv", ast.Mod: "urem",
}  # fmt: skip

REALS: dict[type, str] = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}

COMPARISONS: dict[type, tuple[str, str]] = {
    ast.Lt: ("ult", "olt"), ast.LtE: ("ule", "ole"), ast.Gt: ("ugt", "ogt"), ast.GtE: ("uge", "oge"),
    ast.Eq: ("eq", "oeq"), ast.NotEq: ("ne", "une"),
}  # fmt: skip
"""As indices without a sign, and as reals, where nan is unequal to all."""

FOLDED: dict[type, Callable[[int, int], int]] = {
    ast.Add: int.__add__, ast.Sub: int.__sub__, ast.Mult: int.__mul__, ast.FloorDiv: int.__floordiv__,
}  # fmt: skip


LONGEST_UNROLLED = 32

FIRST_LOOP = 100
"""Number of the first loop among the notes of a module; a dialect's own have smaller ones."""


class TranslationError(RuntimeError):
    """A text holds what it may not: a mistake of whoever wrote its generator."""


@dataclass(frozen=True)
class Value:
    """text: a name of LLVM's or a number; of an index that is known, its digits."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Array:
    """place: the name of its address. shape: none of a parameter. space: where it lies, of LLVM's address spaces. kind:
    of its elements."""

    place: str
    shape: tuple[int, ...]
    space: int
    kind: Kind = "real"


def module_of(text: str, dialect: Dialect, numbers: dict[str, float]) -> str:
    """numbers: the constants that the text names."""
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    return _Function(function, dialect, numbers).module()


class _Function:
    def __init__(self, function: ast.FunctionDef, dialect: Dialect, numbers: dict[str, float]) -> None:
        self.function, self.dialect = function, dialect
        self.real = dialect.real
        self.module_lines: dict[str, str] = {}
        self.slots: list[str] = []
        self.lines: list[str] = []
        self.loops: list[str] = []
        self.count = 0
        self.variables: dict[str, tuple[Kind, str]] = {}
        self.arrays: dict[str, Array] = {}
        self.named = {name: Value("real", dialect.number(x)) for name, x in numbers.items()}

    def module(self) -> str:
        parameters = []
        for argument in self.function.args.args:
            assert isinstance(argument.annotation, ast.Name)
            if argument.annotation.id == "line":
                self.arrays[argument.arg] = Array(f"%{argument.arg}", (), 0)
                parameters.append(f"{self.dialect.pointer(self.real)} %{argument.arg}")
            elif argument.annotation.id == "counts":
                self.arrays[argument.arg] = Array(f"%{argument.arg}", (), 0, "u32")
                parameters.append(f"{self.dialect.pointer('i32')} %{argument.arg}")
            else:
                self.named[argument.arg] = Value("u32", f"%{argument.arg}")
                parameters.append(f"i32 %{argument.arg}")
        for statement in self.function.body:
            self.statement(statement)
        self.do("ret void")
        text = self.dialect.module(self.function.name, parameters, [*self.slots, *self.lines], self.module_lines)
        return "\n".join([text, *self.loops, ""]) if self.loops else text

    # Lines

    def fresh(self, of: str = "v") -> str:
        self.count += 1
        return f"{of}.{self.count}"

    def do(self, line: str) -> None:
        self.lines.append(f"  {line}")

    def let(self, kind: Kind, instruction: str) -> Value:
        name = f"%{self.fresh()}"
        self.do(f"{name} = {instruction}")
        return Value(kind, name)

    def llvm(self, kind: Kind) -> str:
        return self.real if kind == "real" else LLVM[kind]

    # Statements

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(value=ast.Attribute())) as call
            ):
                self.declare(name, call)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.assign(name, self.settled(self.expression(value)))
            case ast.Assign(targets=[ast.Subscript() as place], value=value):
                found, (kind, address) = self.expression(value), self.address(place)
                self.want(kind, found, node)
                self.do(f"store {self.llvm(kind)} {found.text}, {address}")
            case ast.While(test=test, body=body):
                self.loop(test, body)
            case ast.If(test=test, body=body, orelse=[]):
                self.branch(test, body)
            case ast.Expr(value=ast.Call(func=ast.Name(id="unroll"))):
                pass  # its loop has read it
            case ast.Expr(value=ast.Call() as call):
                self.do(self.dialect.statement(ast.unparse(call.func), self.module_lines))
            case ast.Pass():
                pass
            case _:
                raise self.wrong(node)

    def declare(self, name: str, call: ast.Call) -> None:
        """An array of a point's own, or of the block's."""
        shape = ast.literal_eval(call.args[0])
        shape = shape if isinstance(shape, tuple) else (shape,)
        kind = self.real
        for size in reversed(shape):
            kind = f"[{size} x {kind}]"
        match ast.unparse(call.func):
            case "cuda.local.array":
                self.slots.append(f"  %{name} = alloca {kind}")
                self.arrays[name] = Array(f"%{name}", shape, 0)
            case "cuda.shared.array":
                place, line = self.dialect.shared(name, kind)
                self.module_lines[place] = line
                self.arrays[name] = Array(place, shape, self.dialect.shared_space)
            case _:
                raise self.wrong(call)

    def assign(self, name: str, value: Value) -> None:
        if name not in self.variables:
            place = f"%{name}.slot"
            self.slots.append(f"  {place} = alloca {self.llvm(value.kind)}")
            self.variables[name] = (value.kind, place)
        kind, place = self.variables[name]
        if kind != value.kind:
            raise TranslationError(f"{name} is {kind}, and {value.kind} is put into it")
        pointer = self.dialect.pointer(self.llvm(kind))
        self.do(f"store {self.llvm(kind)} {value.text}, {pointer} {place}")

    def loop(self, test: ast.expr, body: list[ast.stmt]) -> None:
        head, inside, behind = self.fresh("head"), self.fresh("body"), self.fresh("end")
        self.do(f"br label %{head}")
        self.lines.append(f"{head}:")
        self.do(f"br i1 {self.condition(test)}, label %{inside}, label %{behind}")
        self.lines.append(f"{inside}:")
        for statement in body:
            self.statement(statement)
        self.do(f"br label %{head}{self.unrolling(test, body)}")
        self.lines.append(f"{behind}:")

    def unrolling(self, test: ast.expr, body: list[ast.stmt]) -> str:
        """A short loop whose counter says which element of a thread's own array is meant is to be unrolled whole: the
        array is then registers, and would lie in memory otherwise. One that begins with unroll(n) is so n times."""
        match body[0]:
            case ast.Expr(value=ast.Call(func=ast.Name(id="unroll"), args=[ast.Constant(value=int(times))])):
                return self.noted(f'!{{!"llvm.loop.unroll.count", i32 {times}}}')
        match test:
            case ast.Compare(left=ast.Name(id=counter), comparators=[ast.Constant(value=int(count))]):
                pass
            case _:
                return ""
        own = {name for name, array in self.arrays.items() if array.shape and not array.space}
        indexed = {
            name.id
            for statement in body
            for node in ast.walk(statement)
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in own
            for name in ast.walk(node.slice)
            if isinstance(name, ast.Name)
        }
        if counter not in indexed or count > LONGEST_UNROLLED:
            return ""
        return self.noted('!{!"llvm.loop.unroll.full"}')

    def noted(self, how: str) -> str:
        """A note on a loop: which one, and what is to be done with it."""
        number = FIRST_LOOP + len(self.loops)
        self.loops += [f"!{number} = distinct !{{!{number}, !{number + 1}}}", f"!{number + 1} = {how}"]
        return f", !llvm.loop !{number}"

    def branch(self, test: ast.expr, body: list[ast.stmt]) -> None:
        inside, behind = self.fresh("then"), self.fresh("end")
        self.do(f"br i1 {self.condition(test)}, label %{inside}, label %{behind}")
        self.lines.append(f"{inside}:")
        for statement in body:
            self.statement(statement)
        self.do(f"br label %{behind}")
        self.lines.append(f"{behind}:")

    def condition(self, test: ast.expr) -> str:
        found = self.expression(test)
        self.want("bool", found, test)
        return found.text

    # Expressions

    def expression(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int(number)):
                return Value("known", str(number))
            case ast.Name(id=name):
                return self.read(name, node)
            case ast.Attribute():
                return Value("u32", self.dialect.place(ast.unparse(node), self.do, self.fresh, self.module_lines))
            case ast.Subscript():
                kind, address = self.address(node)
                return self.let(kind, f"load {self.llvm(kind)}, {address}")
            case ast.BinOp(left=left, op=op, right=right):
                return self.arithmetic(node, type(op), self.expression(left), self.expression(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                found = self.expression(operand)
                self.want("real", found, node)
                return self.let("real", f"fsub {self.real} {self.dialect.number(-0.0)}, {found.text}")
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                x, y, kind = self.alike(node, self.expression(left), self.expression(right))
                index, real = COMPARISONS[type(op)]
                how = f"fcmp {real}" if kind == "real" else f"icmp {index}"
                return self.let("bool", f"{how} {self.llvm(kind)} {x}, {y}")
            case ast.Call(func=ast.Attribute() as function, args=[mine]):
                vote = self.condition(mine)
                return Value(
                    "bool", self.dialect.vote(ast.unparse(function), vote, self.do, self.fresh, self.module_lines)
                )
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.call(node, name, [self.expression(x) for x in arguments])
            case _:
                raise self.wrong(node)

    def read(self, name: str, node: ast.expr) -> Value:
        if name in self.named:
            return self.named[name]
        if name not in self.variables:
            raise self.wrong(node)
        kind, place = self.variables[name]
        return self.let(kind, f"load {self.llvm(kind)}, {self.dialect.pointer(self.llvm(kind))} {place}")

    def arithmetic(self, node: ast.expr, op: type, left: Value, right: Value) -> Value:
        if left.kind == right.kind == "known":
            return Value("known", str(FOLDED[op](int(left.text), int(right.text))))
        x, y, kind = self.alike(node, left, right)
        names = REALS if kind == "real" else INTEGERS
        if op not in names:
            raise self.wrong(node)
        return self.let(kind, f"{names[op]} {self.llvm(kind)} {x}, {y}")

    def alike(self, node: ast.AST, left: Value, right: Value) -> tuple[str, str, Kind]:
        """Both of one kind; an index of 32 bits beside one of 64 is one of these."""
        if left.kind == right.kind and left.kind != "known":
            return left.text, right.text, left.kind
        if "real" in (left.kind, right.kind) or "bool" in (left.kind, right.kind):
            raise self.wrong(node)
        kind: Kind = "i64" if "i64" in (left.kind, right.kind) else "u32"
        return self.widened(left, kind).text, self.widened(right, kind).text, kind

    def widened(self, value: Value, kind: Kind) -> Value:
        """An index as one of 32 or 64 bits."""
        if value.kind == "known" or value.kind == kind:
            return Value(kind, value.text)
        if kind == "i64":
            return self.let("i64", f"zext i32 {value.text} to i64")
        return self.let("u32", f"trunc i64 {value.text} to i32")

    def settled(self, value: Value) -> Value:
        return Value("u32", value.text) if value.kind == "known" else value

    def call(self, node: ast.Call, name: str, arguments: list[Value]) -> Value:
        if name in ("uint32", "int64"):
            (value,) = arguments
            if value.kind not in ("u32", "i64", "known"):
                raise self.wrong(node)
            return self.widened(value, "u32" if name == "uint32" else "i64")
        if name == "min":
            x, y, kind = self.alike(node, *arguments)
            less = self.let("bool", f"icmp ult {self.llvm(kind)} {x}, {y}")
            return self.let(kind, f"select i1 {less.text}, {self.llvm(kind)} {x}, {self.llvm(kind)} {y}")
        if name == "choose":
            condition, first, second = arguments
            self.want("bool", condition, node)
            self.want("real", first, node)
            self.want("real", second, node)
            return self.let("real", f"select i1 {condition.text}, {self.real} {first.text}, {self.real} {second.text}")
        for argument in arguments:
            self.want("real", argument, node)
        texts = [argument.text for argument in arguments]
        found = self.dialect.call(name, texts, self.do, self.fresh, self.module_lines)
        if found is None:
            raise self.wrong(node)
        return Value("real", found)

    def address(self, node: ast.Subscript) -> tuple[Kind, str]:
        """The kind of an element, and its typed address."""
        assert isinstance(node.value, ast.Name)
        array = self.arrays.get(node.value.id)
        if array is None:
            raise self.wrong(node)
        written = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        indices = [f"i64 {self.widened(self.expression(index), 'i64').text}" for index in written]
        if len(indices) != max(1, len(array.shape)):
            raise self.wrong(node)
        element = kind = self.llvm(array.kind)
        for size in reversed(array.shape):
            kind = f"[{size} x {kind}]"
        path = ", ".join(indices if not array.shape else ["i64 0", *indices])
        pointer = self.dialect.pointer(kind, array.space)
        name = f"%{self.fresh()}"
        self.do(f"{name} = getelementptr inbounds {kind}, {pointer} {array.place}, {path}")
        return array.kind, f"{self.dialect.pointer(element, array.space)} {name}"

    def want(self, kind: Kind, value: Value, node: ast.AST) -> None:
        if value.kind != kind:
            raise self.wrong(node)

    def wrong(self, node: ast.AST) -> TranslationError:
        return TranslationError(f"no kernel's text may hold: {ast.unparse(node)[:200]}")
