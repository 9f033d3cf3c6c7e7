"""The scanner: from text to tokens, resolving all that a grammar cannot.

Bars that open or close need the stack of open brackets, runs of letters need the declared names: so brackets are
matched here, runs cut, products without a sign made visible (IMPLICIT) and transposes told from powers. Every token
carries its span. Faults found here raise an ExpressionError with a span.
"""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from lark import Token

from ..errors import ExpressionError, Span
from . import slips
from .functions import CONSTANTS, FUNCTIONS
from .heads import Head, find_heads
from .names import cut, is_digit, is_greek, is_letter, spelled, word_end
from .signs import BARS, ENDS_OPERAND, NUMBER, OPERATORS, ORDER, ORDERS, RAISED, TRANSPOSES
from .tree import NORM

MOST_BYTES = 64 * 1024
MOST_TOKENS = 20_000
MOST_OPEN = 200


@dataclass(slots=True)
class Open:
    """A bracket or bars that wait to be closed. function: whose arguments these brackets hold."""

    sign: str
    start: int
    function: str = ""

    @property
    def span(self) -> Span:
        return self.start, self.start + len(self.sign)


@dataclass(frozen=True, slots=True)
class Scan:
    """What the parser needs. heads: by the position of the bound name."""

    tokens: list[Token]
    heads: dict[int, Head]


def scan(text: str, names: AbstractSet[str]) -> Scan:
    """The tokens of a text. names: those of data and weights. Raises ExpressionError."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise ExpressionError(f"the text is longer than {MOST_BYTES // 1024} KiB, the most that is taken")
    return _Scanner(text, names).run()


@dataclass
class _Scanner:
    text: str
    names: AbstractSet[str]
    second: bool = False
    position: int = 0
    tokens: list[Token] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)
    line: Head | None = None
    heads: dict[int, Head] = field(default_factory=dict)
    bound: dict[str, Head] = field(default_factory=dict)
    own: dict[str, Head] = field(default_factory=dict)
    everywhere: AbstractSet[str] = frozenset()
    declared: AbstractSet[str] = frozenset()
    power_of_t: Span | None = None

    def run(self) -> Scan:
        self.heads = find_heads(self.text, self.names)
        self.bound = {h.name: h for h in self.heads.values() if h.parameters is None}
        self.own = {h.name: h for h in self.heads.values() if h.parameters is not None}
        self.everywhere = self.names | self.bound.keys()
        self.begin_line(None)
        while self.position < len(self.text):
            self.step(self.text[self.position])
        if self.open:
            apart = self.closes_apart(self.open[-1])
            unpaired = None if apart else slips.unpaired_bars(self.text, self.tokens)
            raise unpaired or slips.not_closed(self.open[-1].sign, self.open[-1].span, apart)
        while self.tokens and self.tokens[-1].type == "NEWLINE":
            self.tokens.pop()
        if not self.tokens:
            raise ExpressionError("the text is empty: write a loss, such as ||A*X - Y||_2")
        self.check_names()
        return Scan(self.tokens, self.heads)

    def step(self, c: str) -> None:
        """Take the token, the space or the comment that begins here."""
        text, start = self.text, self.position
        if c == "\n":
            if not self.open and self.tokens and self.tokens[-1].type != "NEWLINE":
                self.add("NEWLINE", start + 1)
                self.begin_line(None)
            self.position = start + 1
        elif c.isspace() or (c == "\ufeff" and start == 0):
            self.position = start + 1
        elif c == "#":
            end = text.find("\n", start)
            self.position = len(text) if end < 0 else end
        elif is_digit(c) or (c == "." and is_digit(text[start + 1 : start + 2])):
            self.number()
        elif c == "^" or text.startswith(("**", ".^"), start):
            self.power()
        elif c in TRANSPOSES or (text.startswith(".T", start) and word_end(text, start + 1) == start + 2):
            self.wants_operand("transpose", 2 if c == "." else 1)
            self.add("TRANSPOSE", start + (2 if c == "." else 1))
        elif c in RAISED:
            self.wants_operand("raise to a power", 1)
            self.add("SUPERSCRIPT", start + 1, str(RAISED[c]))
        elif c in BARS:
            self.bars(c)
        elif is_letter(c):
            self.word()
        else:
            self.sign(c)

    # What every kind of token uses.

    def add(self, kind: str, end: int, value: str | None = None) -> None:
        """Append a token from here to `end` and go on behind it."""
        start = self.position
        shown = self.text[start:end] if value is None else value
        self.tokens.append(Token(kind, shown, start_pos=start, end_pos=end))
        if len(self.tokens) > MOST_TOKENS:
            raise ExpressionError(f"the text has more than {MOST_TOKENS:,} signs and names", (start, end))
        self.position = end

    @property
    def last(self) -> str:
        """The kind of the last token."""
        return self.tokens[-1].type if self.tokens else "NEWLINE"

    def begin_line(self, head: Head | None) -> None:
        """From here on the names of this line's head are declared."""
        self.line = head
        self.declared = self.everywhere
        if head is not None and head.parameters:
            self.declared = self.everywhere | {name for name, _ in head.parameters}

    def starts_operand(self, end: int, number: bool = False) -> None:
        """A product without a sign, if an operand stands before this one."""
        if self.last not in ENDS_OPERAND:
            return
        if self.open and self.open[-1].sign == "[" and self.text[self.position - 1].isspace():
            raise slips.two_entries((self.position, end))
        if number:
            raise slips.number_after_value(self.text, self.tokens[-1], (self.position, end))
        self.add("IMPLICIT", self.position, "")

    def wants_operand(self, verb: str, width: int) -> None:
        if self.last not in ENDS_OPERAND:
            raise ExpressionError(f"there is nothing to {verb}", (self.position, self.position + width))

    def push(self, sign: str, function: str = "") -> None:
        self.open.append(Open(sign, self.position, function))
        if len(self.open) > MOST_OPEN:
            raise ExpressionError(f"more than {MOST_OPEN} brackets are open", self.open[-1].span)

    # The kinds of token.

    def number(self) -> None:
        match = NUMBER.match(self.text, self.position)
        assert match is not None
        if math.isinf(float(match.group())):
            raise ExpressionError(f"{match.group()[:20]} is too large for a number", match.span())
        self.starts_operand(match.end(), number=True)
        self.add("NUMBER", match.end())

    def power(self) -> None:
        start = self.position
        sign = start + (1 if self.text[start] == "^" else 2)
        after = sign
        while self.text[after : after + 1] == " ":
            after += 1
        end = word_end(self.text, after)
        run = self.text[after:end]
        if self.text.startswith("⊤", after) or self.is_transpose(run):
            if self.last not in ENDS_OPERAND:
                raise ExpressionError("there is nothing to transpose", (start, after + 1))
            if run:
                self.power_of_t = self.power_of_t or (start, after + 1)
            self.add("TRANSPOSE", after + 1)
        else:
            self.add("POWER", sign)

    def is_transpose(self, run: str) -> bool:
        """Whether the run after ^ begins with the T of a transpose: not if a longer name is meant."""
        if not run.startswith("T") or run[1:2] in tuple("0123456789_"):
            return False
        named = run in self.declared or run in self.own or run in FUNCTIONS or is_greek(run)
        return run == "T" or not named

    def bars(self, c: str) -> None:
        start = self.position
        two = c != "|" or self.text.startswith("||", start)
        width = 2 if c == "|" and two else 1
        innermost = self.open[-1].sign if self.open else ""
        complete = self.last in ENDS_OPERAND
        if complete and innermost == "|" and c == "|":
            self.close_bars("ACLOSE", start + 1)
        elif complete and innermost in ("||", "‖", "∥") and two:
            self.close_bars("NCLOSE", start + width)
        else:
            self.starts_operand(start + width)
            self.push(self.text[start : start + width])
            self.add("NOPEN" if two else "AOPEN", start + width)

    def close_bars(self, kind: str, end: int) -> None:
        self.open.pop()
        match = ORDER.match(self.text, end) if kind == "NCLOSE" else None
        if match is not None:
            order = ORDERS.get(match.group(2) or match.group(3))
            if order is None:
                shown = match.group(2)
                raise ExpressionError(f"there is no norm {shown[:20]}: there are 1, 2, F and inf", match.span(2))
            self.add(kind, match.end(), order)
            return
        if kind == "NCLOSE" and self.text.startswith("_", end):
            raise ExpressionError("after the _ of a norm stands 1, 2, F or inf", (end, end + 1))
        after = self.text[end : end + 1]
        point = after == "." and is_digit(self.text[end + 1 : end + 2])
        if after and (is_letter(after) or is_digit(after) or after in "([" or point):
            raise slips.ambiguous_bars((self.position, end))
        self.add(kind, end, "2" if kind == "NCLOSE" else None)

    def word(self) -> None:
        start = self.position
        end = word_end(self.text, start)
        run = self.text[start:end]
        head = self.heads.get(start)
        if head is not None and self.last == "NEWLINE" and not self.open:
            self.add("DEFINE" if head.parameters is not None else "BIND", head.end, run)
            self.begin_line(head)
            return
        if slips.is_dotted(self.text, end):
            raise slips.dotted(self.text, start, self.declared, self.own)
        following = self.next_sign(end)
        if following == "=":
            argument = bool(self.open and self.open[-1].function)
            if argument and self.last == "COMMA":
                self.add("KEYWORD", self.text.index("=", end) + 1, run)
                return
            raise slips.misplaced_equals(run, (start, end), argument and self.last == "OPEN")
        if run == "σ" and following == "(" and run not in self.declared:
            run = "sigmoid"
        if run not in self.declared and (run in FUNCTIONS or run in self.own):
            self.function(run, end, following)
        elif run in ORDERS and self.last == "COMMA" and self.open and self.open[-1].function == NORM:
            self.add("NAME", end)
        else:
            self.names_of(run, end)

    def next_sign(self, position: int) -> str:
        """The character after blanks; a newline is blank only inside brackets."""
        text = self.text
        while position < len(text) and text[position].isspace() and (self.open or text[position] != "\n"):
            position += 1
        return "" if text.startswith("==", position) else text[position : position + 1]

    def function(self, name: str, end: int, following: str) -> None:
        span = (self.position, end)
        if following != "(":
            raise slips.without_parentheses(name, self.text, span)
        head = self.own.get(name)
        if head is not None and head is self.line:
            raise ExpressionError(f"{name} is used in its own definition", span)
        if head is not None and head.span[0] > span[0]:
            raise ExpressionError(f"{name} is used before the line that defines it", span)
        self.starts_operand(end)
        self.add("FUNCTION", end, name)

    def names_of(self, run: str, end: int) -> None:
        """The names that a run of letters is cut into."""
        start = self.position
        call = self.text.startswith("(", end)
        found = cut(run, self.declared)
        alone = len(found.pieces) == 1 and "_" not in run
        if found.undeclared > 1 or (call and found.undeclared and not alone):
            raise slips.unknown_run(run, (start, end), call, self.declared, self.own)
        if found.readings:
            readings = " and as ".join("*".join(reading) for reading in found.readings)
            raise ExpressionError(f"{run} can be read as {readings}", (start, end), hint="write the product out with *")
        for piece in found.pieces:
            self.starts_operand(self.position + len(piece))
            self.bound_above(piece, (self.position, self.position + len(piece)))
            constant = piece in CONSTANTS and piece not in self.declared
            self.add("CONSTANT" if constant else "NAME", self.position + len(piece))

    def bound_above(self, name: str, span: Span) -> None:
        head = self.bound.get(name)
        if head is None or (self.line and name in dict(self.line.parameters or ())):
            return
        if head is self.line:
            raise ExpressionError(f"{name} is used in the line that binds it", span)
        if head.span[0] > span[0]:
            raise ExpressionError(f"{name} is used before the line that binds it", span)

    def sign(self, c: str) -> None:
        start, text = self.position, self.text
        slip = slips.foreign_sign(text, start)
        if slip is not None:
            raise slip
        two = text[start : start + 2]
        if two in OPERATORS:
            self.add(OPERATORS[two], start + 2)
        elif c in OPERATORS:
            if c in "+-−" and self.open and self.open[-1].sign == "[":
                self.check_entry()
            self.add(OPERATORS[c], start + 1)
        elif c in "([":
            self.open_bracket(c)
        elif c in ")]":
            self.close_bracket(c)
        elif c == "=":
            raise slips.misplaced_equals("", (start, start + 1), False)
        elif c in ",;":
            innermost = self.open[-1] if self.open else Open("", start)
            slip = slips.separator(text, start, innermost.sign, bool(innermost.function))
            if slip is not None:
                raise slip
            self.add("COMMA" if c == "," else "SEMICOLON", start + 1)
        elif c == "_":
            raise slips.no_name(text, start, self.tokens)
        else:
            raise slips.unexpected(c, start)

    def check_entry(self) -> None:
        """[1 -2] could be one entry or two."""
        start = self.position
        before, after = self.text[start - 1], self.text[start + 1 : start + 2]
        if self.last in ENDS_OPERAND and before.isspace() and not after.isspace():
            raise slips.one_entry_or_two((start, start + 1))

    def open_bracket(self, c: str) -> None:
        start = self.position
        if c == "(" and self.last == "FUNCTION":
            self.push(c, str(self.tokens[-1]))
            self.add("OPEN", start + 1)
            return
        if c == "[" and self.last in ENDS_OPERAND and not self.text[start - 1].isspace():
            raise slips.indexing(start)
        self.starts_operand(start + 1)
        self.push(c)
        self.add("OPEN" if c == "(" else "MOPEN", start + 1)

    def close_bracket(self, c: str) -> None:
        start = self.position
        wanted = "(" if c == ")" else "["
        if not self.open:
            raise ExpressionError(f"{c} closes nothing", (start, start + 1))
        if self.open[-1].sign != wanted:
            raise slips.unpaired_bars(self.text, self.tokens) or ExpressionError(
                f"{self.open[-1].sign} is not closed before the {c}", self.open[-1].span
            )
        self.open.pop()
        self.add("CLOSE" if c == ")" else "MCLOSE", start + 1)

    # What only the whole text tells.

    def closes_apart(self, bars: Open) -> bool:
        """Whether all is closed where `bars` are two absolute values, as in ||x| + 1|."""
        if bars.sign != "||" or self.second:
            return False
        apart = f"{self.text[: bars.start + 1]} {self.text[bars.start + 1 :]}"
        try:
            _Scanner(apart, self.names, second=True).run()
        except ExpressionError:
            return False
        return True

    def check_names(self) -> None:
        """^T beside a T, and α beside alpha."""
        used: dict[str, Span] = {}
        for token in self.tokens:
            if token.type == "NAME":
                used.setdefault(str(token), (token.start_pos or 0, token.end_pos or 0))
        if self.power_of_t is not None and ("T" in self.names or "T" in self.bound or "T" in used):
            raise ExpressionError(
                "^T is the transpose, and T is a name here",
                self.power_of_t,
                hint="write ' for the transpose, ^(T) for the power",
            )
        twins = {spelled(name): name for name in sorted(self.names)}
        twins.update((spelled(name), name) for name in used if name in self.names)
        for name, span in used.items():
            other = twins.setdefault(spelled(name), name)
            if other != name:
                raise ExpressionError(f"{name} and {other} would be two names", span, hint=f"write {other}")
