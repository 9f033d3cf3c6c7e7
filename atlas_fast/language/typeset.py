r"""LaTeX of a text, as a person would write it: in what LaTeX, MathJax and matplotlib's mathtext have in common.

||A*relu(BX + C) + D - Y||_2  ->  \left\|A\,\mathrm{relu}\left(B X + C\right) + D - Y\right\|_{2}

Texts that read alike mean the same: what is dropped are parentheses round sums in sums, and signs that cancel.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from .functions import FUNCTIONS
from .names import is_greek, spelled
from .notation import (
    ATOM,
    NEGATED,
    POWER,
    PRODUCT,
    SUM,
    Part,
    added,
    applied,
    divided,
    multiplied,
    negated,
    transposed,
    upright,
)
from .tree import TRANSPOSE, Node, Statement, Tree, postorder

BETWEEN_LINES = r",\quad "
"""Stands nowhere within a line."""

ZEROS = 6
"""From so many zeros on, before or after the digits, a number is written as a power of ten."""


def latex(tree: Tree) -> str:
    """The lines of the text from first to last, the loss at the end, with commas between them."""
    return BETWEEN_LINES.join(equations(tree))


def equations(tree: Tree) -> tuple[str, ...]:
    """LaTeX of each line: what is bound and defined, and last the loss."""
    typesetter = _Typesetter(tree)
    lines = [f"{typesetter.head(s)} = {typesetter.typeset(s.body).latex}" for s in tree.statements]
    return (*lines, typesetter.typeset(tree.loss).latex)


def displayed(tree: Tree) -> str:
    """A formula between dollar signs, as notebooks show it: the loss, below the lines that it was bound to."""
    *definitions, loss = equations(tree)
    if not definitions:
        return rf"$\displaystyle \mathcal{{L}} = {loss}$"
    lines = [*definitions, rf"\mathcal{{L}} = {loss}"]
    aligned = r" \\ ".join(line.replace(" = ", " &= ", 1) for line in lines)
    return rf"$\displaystyle \begin{{aligned}} {aligned} \end{{aligned}}$"


def typeset_name(name: str) -> str:
    r"""B, W_{1}, \alpha, \mathrm{bias}, w_{\mathrm{out}}, x_{\alpha}."""
    stem, *rest = [part for part in unicodedata.normalize("NFKC", name).split("_") if part]
    letters = stem.rstrip("0123456789")
    below = ",".join(part for part in (stem[len(letters) :], *map(_letters, rest)) if part)
    shown = _letters(letters)
    return f"{shown}_{{{below}}}" if below else shown


def _letters(piece: str) -> str:
    """A name or an index without an index of its own."""
    plain = spelled(piece)
    if plain.isalpha() and is_greek(plain):
        return "\\" + plain
    if piece == "π":
        return r"\pi"
    return piece if len(piece) == 1 or piece.isdigit() else upright(piece)


def _distinct(names: Iterable[str]) -> dict[str, str]:
    """LaTeX of each name; one that would look like another before it, as W1 and W_1 do, is spelled out."""
    shown: dict[str, str] = {}
    taken = {r"\pi"}
    for name in names:
        if name not in shown:
            found = typeset_name(name)
            shown[name] = upright(name) if found in taken else found
            taken.add(shown[name])
    return shown


class _Typesetter:
    """One text: how its names look, and its transposes, for which T is taken where T is a name."""

    def __init__(self, tree: Tree) -> None:
        names: list[str] = []
        for statement in tree.statements:
            names += [statement.name, *(statement.parameters or ())]
        for node in postorder(*(statement.body for statement in tree.statements), tree.loss):
            if node.op == "name":
                names.append(node.value)
        self.names = _distinct(names)
        self.transposed = r"\top" if "T" in self.names else "T"

    def head(self, statement: Statement) -> str:
        """What stands before the = of a line."""
        name = self.names[statement.name]
        if statement.parameters is None:
            return name
        return applied(name, *(Part(self.names[parameter]) for parameter in statement.parameters)).latex

    def typeset(self, root: Node) -> Part:
        parts: dict[Node, Part] = {}
        for node in postorder(root):
            parts[node] = self.part(node, parts)
        return parts[root]

    def part(self, node: Node, parts: Mapping[Node, Part]) -> Part:
        args = [parts[argument] for argument in node.args]
        if node.op == "number":
            return _number(node.value)
        if node.op == "constant":
            return Part(r"\pi", number=True)
        if node.op == "name":
            return self.name(node.value)
        if node.op == "sum":
            return _sum(args, node.value)
        if node.op == "negate":
            return negated(args[0])
        if node.op == "product":
            return _product(args, node.value)
        if node.op == "power":
            return Part(f"{args[0].at(ATOM)}^{{{args[1].small}}}", POWER, args[0].word, args[0].number & args[1].number)
        if node.op == "matrix":
            rows, columns = node.value
            entries = [", ".join(a.latex for a in args[r * columns : (r + 1) * columns]) for r in range(rows)]
            return Part(r"\left[" + r";\; ".join(entries) + r"\right]")
        return self.call(node, args)

    def name(self, name: str) -> Part:
        shown = self.names[name]
        return Part(shown, word=shown.startswith(r"\mathrm"))

    def call(self, node: Node, args: list[Part]) -> Part:
        name = node.value.name
        if name == TRANSPOSE:
            return transposed(args[0], self.transposed)
        if name in FUNCTIONS:
            return FUNCTIONS[name].typeset(*args, **dict(node.value.options))
        shown = self.name(name)
        return Part(applied(shown.latex, *args).latex, word=shown.word)


def _number(value: float) -> Part:
    """0.01, 1000, and 2.5e-7 as 2.5 times a power of ten: the digits that give the number back."""
    digits, _, exponent = f"{value!r}".partition("e")
    digits = digits.removesuffix(".0")
    power = int(exponent or 0)
    if not exponent and re.search(f"[1-9]0{{{ZEROS},}}$", digits):
        whole = digits.rstrip("0")
        power = len(digits) - 1
        digits = whole if len(whole) == 1 else f"{whole[0]}.{whole[1:]}"
    if not power:
        return Part(digits, number=True)
    ten = f"10^{{{power}}}"
    return Part(ten, POWER, number=True) if digits == "1" else Part(rf"{digits} \cdot {ten}", PRODUCT, number=True)


def _sum(terms: list[Part], signs: tuple[str, ...]) -> Part:
    shown, small = terms[0].latex, terms[0].small
    for term, sign in zip(terms[1:], signs[1:], strict=True):
        shown, small = added(shown, sign, term), added(small, sign, term.shrunk)
    return Part(shown, SUM, slashed=small if small != shown else "")


def _product(factors: list[Part], signs: tuple[str, ...]) -> Part:
    """From left to right; a minus of the first factor stands before the whole."""
    first = factors[0]
    minus = first.level == NEGATED
    result = negated(first) if minus else first
    for factor, sign in zip(factors[1:], signs, strict=True):
        result = divided(result, factor) if sign == "/" else multiplied(result, factor, sign)
    return negated(result) if minus else result
