"""Python text, line by line: names, loops and indentation.

In: calls from the emitter. Out: the lines of one function. The loops of a kernel are `for` over a known count, which
the compiler unrolls, and `while` over 32-bit counters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

INDENT = "    "

PLAIN = re.compile(r"-?\d+|[a-z]\w*")
"""A name or a number: reading it again costs nothing."""


class Text:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 1
        self._count = 0

    def line(self, text: str) -> None:
        self._lines.append(INDENT * self._depth + text)

    def let(self, expression: str) -> str:
        """A name for what an expression gives; a name stays itself."""
        if PLAIN.fullmatch(expression):
            return expression
        name = self.fresh("x")
        self.line(f"{name} = {expression}")
        return name

    def fresh(self, prefix: str) -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{prefix}{self._count}"

    def index(self, name: str, expression: str) -> str:
        """A name or number stays itself, any other index has this name."""
        if PLAIN.fullmatch(expression):
            return expression
        self.line(f"{name} = uint32({expression})")
        return name

    def divided(self, index: str, by: int, names: tuple[str, str]) -> tuple[str, str]:
        """An index as a remainder and a quotient, under these names."""
        if by == 1:
            return "0", index
        remainder, quotient = names
        self.line(f"{quotient} = uint32({index} // {by})")
        self.line(f"{remainder} = uint32({index} - {quotient} * {by})")
        return names

    def let_index(self, start: str, i: str) -> str:
        """A name for the i-th index from a start on."""
        return i if start == "0" else self.let(f"uint32({plus(start, i)})")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.line(f"{head}:")
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.line("pass")
        self._depth -= 1

    @contextmanager
    def each(self, name: str, count: int) -> Iterator[str]:
        """A loop over 0, 1, .. count - 1, and the index's text; none for a count of one."""
        if count == 1:
            yield "0"
            return
        with self.counted(name, "0", str(count), "1"):
            yield name

    @contextmanager
    def counted(self, name: str, start: str, stop: str, step: str) -> Iterator[None]:
        """A loop over a 32-bit counter without a sign: no index is then looked at for being below 0."""
        self.line(f"{name} = uint32({start})")
        with self.block(f"while {name} < {stop}"):
            yield
            self.line(f"{name} = uint32({name} + {step})")

    def function(self, name: str, parameters: str) -> str:
        return "\n".join([f"def {name}({parameters}):", *self._lines, ""])


def plus(*terms: str) -> str:
    """A sum of indices without its zeros."""
    return " + ".join(term for term in terms if term != "0") or "0"


def times(x: str, n: int) -> str:
    if x == "0" or n == 0:
        return "0"
    return x if n == 1 else str(int(x) * n) if x.isdecimal() else f"{x} * {n}"
