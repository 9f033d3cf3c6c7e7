"""Pieces of LaTeX that know how tightly they bind, so that parentheses stand only where they are needed."""

from __future__ import annotations

from dataclasses import dataclass

SUM, PRODUCT, POWER, ATOM = range(4)
"""From loose to tight."""


@dataclass(frozen=True, slots=True)
class Part:
    """LaTeX of a piece. word: it begins or ends with upright letters, so that a neighbour wants a thin space."""

    latex: str
    level: int = ATOM
    word: bool = False

    def at(self, level: int) -> str:
        """The piece where something at least as tight as `level` is wanted."""
        return self.latex if self.level >= level else rf"\left({self.latex}\right)"


def upright(name: str) -> str:
    r"""A name in upright letters, its underscores kept: \mathrm{log\_softmax}."""
    return r"\mathrm{" + name.replace("_", r"\_") + "}"


def applied(function: str, *arguments: Part) -> Part:
    """function(arguments), where `function` is LaTeX."""
    return Part(rf"{function}\left({', '.join(a.latex for a in arguments)}\right)", ATOM, word=True)


def fenced(fence: str, argument: Part) -> str:
    """The argument between two equal fences, such as bars."""
    return rf"\left{fence}{argument.latex}\right{fence}"
