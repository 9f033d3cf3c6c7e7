"""LLVM IR as text: names, addresses, loops.

A `Code` collects the body of one function. Text rather than llvmlite's IR objects, since its builder declares
no intrinsics on vectors. An index is a Python int where it is known, the name of an i64 where it is not, or a name and
a known number beyond it: arithmetic on what is known costs no instruction, and neighbours share an address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beyond:
    """The index that lies a known number after a named one."""

    name: str
    steps: int


Index = int | str | Beyond


class Code:
    def __init__(self, module: dict[str, str] | None = None) -> None:
        """module: what stands beside the function, shared by all functions of a module: name -> text."""
        self._lines: list[str] = []
        self._slots: list[str] = []
        self._module = {} if module is None else module
        self._count = 0
        self._label = "entry"
        self._loops = 0
        self._leaves = False
        self._known: list[dict[str, str]] = [{}]

    def fresh(self) -> str:
        self._count += 1
        return f"%v{self._count}"

    def do(self, text: str) -> None:
        self._lines.append(f"  {text}")

    def let(self, text: str) -> str:
        name = self.fresh()
        self._lines.append(f"  {name} = {text}")
        return name

    def once(self, text: str) -> str:
        """The name of what an instruction gives that depends on its operands alone: where this loop, or one round it,
        has it already, it is that. LLVM would find it too, at more cost."""
        for scope in reversed(self._known):
            if text in scope:
                return scope[text]
        name = self._known[-1][text] = self.let(text)
        return name

    def _inside(self, body: Callable[[], None]) -> None:
        self._known.append({})
        body()
        self._known.pop()

    def call(self, result: str, function: str, *arguments: tuple[str, str]) -> str:
        """Call an external function or intrinsic, each argument as (type, value)."""
        types = ", ".join(kind for kind, _ in arguments)
        self._module.setdefault(function, f"declare {result} @{function}({types})")
        return self.let(f"call {result} @{function}({', '.join(f'{kind} {value}' for kind, value in arguments)})")

    def slot(self, kind: str) -> str:
        """A stack slot that LLVM turns into registers, declared in the entry block wherever it is asked for."""
        name = self.fresh()
        self._slots.append(f"  {name} = alloca {kind}")
        return name

    def address(self, base: str, index: Index, kind: str) -> str:
        if isinstance(index, Beyond):
            base, index = self.address(base, index.name, kind), index.steps
        return base if index == 0 else self.once(f"getelementptr {kind}, ptr {base}, i64 {index}")

    def load(self, kind: str, pointer: str, align: int, constant: bool = False) -> str:
        """constant: the memory does not change while the function runs, so that a load may move out of a loop."""
        note = ", !invariant.load !0" if constant else ""
        text = f"load {kind}, ptr {pointer}, align {align}{note}"
        return self.once(text) if constant else self.let(text)

    def store(self, kind: str, value: str, pointer: str, align: int) -> None:
        self.do(f"store {kind} {value}, ptr {pointer}, align {align}")

    def add(self, x: Index, y: Index) -> Index:
        (left, m), (right, n) = _parted(x), _parted(y)
        if left and right:
            left = self.once(f"add i64 {left}, {right}")
        return _joined(left or right, m + n)

    def mul(self, x: Index, y: Index) -> Index:
        (left, m), (right, n) = _parted(x), _parted(y)
        if left and right:
            return self.once(f"mul i64 {self.number(x)}, {self.number(y)}")
        name, factor = (left, n) if left else (right, m)
        if name and factor not in (0, 1):
            name = self.once(f"mul i64 {name}, {factor}")
        return _joined(name if factor else "", m * n)

    def number(self, index: Index) -> int | str:
        """An index as an instruction takes it."""
        return self.once(f"add i64 {index.name}, {index.steps}") if isinstance(index, Beyond) else index

    def for_each(self, start: Index, stop: Index, step: int, body: Callable[[Index], None]) -> None:
        """The body for start, start + step, .. below stop; no loop where there is at most one turn."""
        start, stop = self.number(start), self.number(stop)
        if isinstance(start, int) and isinstance(stop, int) and stop <= start + step:
            if stop > start:
                body(start)
            return
        self._loops += 1
        n, before = self._loops, self._label
        counter, following = f"%i{n}", f"%n{n}"
        self.do(f"br label %head{n}")
        self._mark(f"head{n}")
        hole = len(self._lines)
        self.do("")
        self.do(f"%c{n} = icmp ult i64 {counter}, {stop}")
        self.do(f"br i1 %c{n}, label %body{n}, label %exit{n}")
        self._mark(f"body{n}")
        self._inside(lambda: body(counter))
        self.do(f"{following} = add i64 {counter}, {step}")
        self.do(f"br label %head{n}, !llvm.loop !1")
        self._lines[hole] = f"  {counter} = phi i64 [ {start}, %{before} ], [ {following}, %{self._label} ]"
        self._mark(f"exit{n}")

    def when(self, condition: str, body: Callable[[], None]) -> None:
        self._loops += 1
        n = self._loops
        self.do(f"br i1 {condition}, label %then{n}, label %after{n}")
        self._mark(f"then{n}")
        self._inside(body)
        self.do(f"br label %after{n}")
        self._mark(f"after{n}")

    def leave_if(self, flag: str) -> None:
        """Return from the function where the number at an address, which other threads write, is not 0."""
        self._loops += 1
        n, self._leaves = self._loops, True
        found = self.let(f"load atomic i64, ptr {flag} monotonic, align 8")
        going = self.let(f"icmp eq i64 {found}, 0")
        self.do(f"br i1 {going}, label %stay{n}, label %leave")
        self._mark(f"stay{n}")

    def _mark(self, name: str) -> None:
        self._lines.append(f"{name}:")
        self._label = name

    def data(self, name: str, content: bytes) -> str:
        """Bytes that the module holds, known by that name; their address."""
        escaped = "".join(f"\\{byte:02X}" for byte in content)
        self._module[name] = f'@{name} = private unnamed_addr constant [{len(content)} x i8] c"{escaped}"'
        return f"@{name}"

    def define(self, result: str, name: str, parameters: str, body: Callable[[Code], str]) -> None:
        """Give the module a function that is called where it is seldom needed, and so is not worth its size in line.
        body: emits it and returns the value of type `result`."""
        if name not in self._module:
            self._module[name] = ""
            inner = Code(self._module)
            value = body(inner)
            head = f"define internal {result} @{name}({parameters}) noinline cold nounwind {{"
            self._module[name] = "\n".join([head, *inner._body(), f"  ret {result} {value}", "}"])

    def _body(self) -> list[str]:
        return ["entry:", *self._slots, *self._lines]

    def function(self, name: str, parameters: str) -> str:
        """The module's text, once the body is complete."""
        return "\n".join(
            [
                *self._module.values(),
                f"define void @{name}({parameters}) {{",
                *self._body(),
                *(["  br label %leave", "leave:"] if self._leaves else []),
                "  ret void",
                "}",
                "!0 = !{}",
                # Loops stay loops: their bodies are blocked already, and unrolling them again costs compile time.
                '!1 = distinct !{!1, !{!"llvm.loop.unroll.disable"}}',
            ]
        )


def _parted(index: Index) -> tuple[str, int]:
    """An index as a name, empty where there is none, and what is added to it."""
    if isinstance(index, Beyond):
        return index.name, index.steps
    return (index, 0) if isinstance(index, str) else ("", index)


def _joined(name: str, steps: int) -> Index:
    return Beyond(name, steps) if name and steps else name or steps
