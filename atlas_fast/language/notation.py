"""Pieces of LaTeX that know how tightly they bind, so that parentheses stand only where they are needed."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUM, NEGATED, HADAMARD, PRODUCT, POWER, ATOM = range(6)
r"""From loose to tight: a + b, -a, a \odot b, a b, a^b and fractions, a."""

_BARS = (r"\left|", r"\left\|")
_NUMBERS_FRACTION = re.compile(r"\\frac\{[0-9.]+\}\{[0-9.]+\}")


@dataclass(frozen=True, slots=True)
class Part:
    """LaTeX of a piece.

    word: it begins or ends with upright letters, so that a neighbour wants a thin space.
    number: it is made of numbers alone, so it scales what it multiplies.
    scaled: a product of numbers and at most one other factor.
    slashed: how fractions are written where they would be tiny.
    inner: what is negated or transposed here.
    """

    latex: str
    level: int = ATOM
    word: bool = False
    number: bool = False
    scaled: bool = False
    slashed: str = ""
    inner: Part | None = None

    def at(self, level: int) -> str:
        """The piece where something at least as tight as `level` is wanted."""
        return self.latex if self.level >= level else rf"\left({self.latex}\right)"

    @property
    def small(self) -> str:
        """The piece in an exponent or within a fraction."""
        return self.slashed or self.latex

    @property
    def shrunk(self) -> Part:
        """The piece as `small` has it; a fraction is a product then."""
        if not self.slashed:
            return self
        inner = None if self.inner is None else self.inner.shrunk
        return Part(self.slashed, min(self.level, PRODUCT), inner=inner)


def upright(name: str) -> str:
    r"""A name in upright letters, its underscores kept: \mathrm{log\_softmax}."""
    return r"\mathrm{" + name.replace("_", r"\_") + "}"


def applied(function: str, *arguments: Part) -> Part:
    """function(arguments), where `function` is LaTeX."""
    return Part(rf"{function}\left({', '.join(a.latex for a in arguments)}\right)", ATOM, word=True)


def fenced(fence: str, argument: Part) -> str:
    """The argument between two equal fences, such as bars; a thin space keeps bars from meeting bars."""
    before = r"\," if argument.latex.startswith(_BARS) else ""
    after = r"\," if argument.latex.endswith(r"\right|") else ""
    return rf"\left{fence}{before}{argument.latex}{after}\right{fence}"


def negated(part: Part) -> Part:
    """-part; of what is negated already, the part itself."""
    if part.level == NEGATED and part.inner is not None:
        return part.inner
    slashed = "-" + part.shrunk.at(HADAMARD) if part.slashed else ""
    return Part("-" + part.at(HADAMARD), NEGATED, number=part.number, slashed=slashed, inner=part)


def transposed(part: Part, sign: str) -> Part:
    """part with the exponent `sign`; of what is transposed already, the part itself."""
    if part.inner is not None and part.level == POWER:
        return part.inner
    return Part(f"{part.at(ATOM)}^{{{sign}}}", POWER, part.word, inner=part)


def added(left: str, sign: str, term: Part) -> str:
    """A sum and one more term: two signs in a row become one."""
    if sign == "-" and term.level == NEGATED and term.inner is not None:
        return added(left, "+", term.inner)
    if sign == "+" and term.latex.startswith("-"):
        return f"{left} - {term.latex[1:]}"
    return f"{left} {sign} {term.latex if sign == '+' else term.at(HADAMARD)}"


def divided(left: Part, right: Part) -> Part:
    """A fraction: all that stands to its left in the product, over the divisor."""
    plain = left.level >= PRODUCT and right.level >= POWER and r"\frac" not in left.latex + right.latex
    slashed = f"{left.latex} / {right.latex}" if plain else ""
    number = left.number and right.number
    return Part(rf"\frac{{{left.small}}}{{{right.small}}}", POWER, number=number, slashed=slashed)


def multiplied(left: Part, right: Part, sign: str) -> Part:
    """A product, "*" or ".*"; a number scales, whichever is written.

    A matrix product binds tighter than one entry by entry, and each within the other gets parentheses, since readers
    differ on it. Parentheses on the right of a matrix product stay: x (y z) may be the scaling of x.
    """
    if sign == ".*" and not left.number and not right.number:
        first = left.latex if left.scaled else left.at(POWER if left.level == PRODUCT else HADAMARD)
        second = right.at(POWER if right.level == PRODUCT else HADAMARD)
        return Part(rf"{first} \odot {second}", HADAMARD)
    first = left.at(PRODUCT)
    second = right.at(HADAMARD if left.number else PRODUCT if right.number else POWER)
    level = HADAMARD if left.number and right.level == HADAMARD else PRODUCT
    word = left.word and right.word
    one, other = (left, right) if left.number else (right, left)
    scaled = one.number and (other.scaled or other.number or other.level >= POWER)
    return Part(
        first + _between(left, first, right, second) + second, level, word, left.number and right.number, scaled
    )


def _between(left: Part, first: str, right: Part, second: str) -> str:
    """What keeps two factors apart: nothing that is drawn, unless they would run into each other."""
    if second[0] in "0123456789." or (left.number and _NUMBERS_FRACTION.match(second)):
        return r" \cdot "
    bars = first.endswith(r"\right|") and second.startswith(_BARS)
    return r"\," if left.word or right.word or bars else " "
