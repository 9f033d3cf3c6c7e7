r"""LaTeX of a text, as a person would write it: in what LaTeX, MathJax and matplotlib's mathtext have in common.

||A*relu(BX + C) + D - Y||_2  ->  \left\|A\,\mathrm{relu}\left(B X + C\right) + D - Y\right\|_{2}
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .functions import FUNCTIONS, typeset_call
from .names import is_greek, spelled
from .notation import ATOM, POWER, PRODUCT, SUM, Part, upright
from .tree import TRANSPOSE, Node, Tree, postorder

BETWEEN_LINES = r",\quad "


def latex(tree: Tree) -> str:
    """The lines of the text from first to last, the loss at the end, with commas between them."""
    lines = []
    for statement in tree.statements:
        head = typeset_name(statement.name)
        if statement.parameters is not None:
            head = rf"{head}\left({', '.join(typeset_name(name) for name in statement.parameters)}\right)"
        lines.append(f"{head} = {_typeset(statement.body).latex}")
    return BETWEEN_LINES.join([*lines, _typeset(tree.loss).latex])


def typeset_name(name: str) -> str:
    r"""B, W_{1}, \alpha, \mathrm{bias}, w_{\mathrm{out}}."""
    stem, _, index = name.partition("_")
    plain = spelled(stem)
    digits = re.search(r"[0-9]*$", plain)
    assert digits is not None
    number = digits.group()
    letters = plain[: len(plain) - len(number)]
    single = letters if len(letters) == 1 else upright(letters)
    shown = "\\" + letters if is_greek(letters) else single
    index = index.strip("_")
    words = index if not index or index.isdigit() or len(index) == 1 else upright(index)
    below = ",".join(part for part in (number, words) if part)
    return f"{shown}_{{{below}}}" if below else shown


def _typeset(root: Node) -> Part:
    parts: dict[Node, Part] = {}
    for node in postorder(root):
        parts[node] = _part(node, parts)
    return parts[root]


def _part(node: Node, parts: Mapping[Node, Part]) -> Part:
    args = [parts[argument] for argument in node.args]
    if _undone(node):
        return parts[node.args[0].args[0]]
    if node.op == "number":
        return _number(node.value)
    if node.op == "constant":
        return Part(r"\pi")
    if node.op == "name":
        shown = typeset_name(node.value)
        return Part(shown, ATOM, word=shown.startswith(r"\mathrm"))
    if node.op == "sum":
        return _sum(args, node.value)
    if node.op == "negate":
        return Part("-" + args[0].at(PRODUCT), SUM)
    if node.op == "product":
        return _product(node, args)
    if node.op == "power":
        return Part(f"{args[0].at(ATOM)}^{{{args[1].latex}}}", POWER, args[0].word)
    if node.op == "matrix":
        rows, columns = node.value
        entries = [", ".join(a.latex for a in args[r * columns : (r + 1) * columns]) for r in range(rows)]
        return Part(r"\left[" + r";\; ".join(entries) + r"\right]")
    name, options = node.value.name, dict(node.value.options)
    if name in FUNCTIONS:
        return FUNCTIONS[name].typeset(*args, **options)
    return typeset_call(name, *args, **options) if len(name) > 1 else _applied_letter(name, args)


def _undone(node: Node) -> bool:
    """Two minuses or two transposes in a row, which a person would not write."""
    if not node.args or node.op != node.args[0].op:
        return False
    transposes = node.op == "call" and node.value.name == node.args[0].value.name == TRANSPOSE
    return node.op == "negate" or transposes


def _applied_letter(name: str, args: list[Part]) -> Part:
    return Part(rf"{typeset_name(name)}\left({', '.join(a.latex for a in args)}\right)")


def _number(value: float) -> Part:
    """0.01, 1000, and 2.5 10^-7 as a power of ten."""
    mantissa, _, exponent = f"{value:.12g}".partition("e")
    if not exponent:
        return Part(mantissa)
    power = f"10^{{{int(exponent)}}}"
    return Part(power, POWER) if mantissa == "1" else Part(rf"{mantissa} \cdot {power}", PRODUCT)


def _sum(terms: list[Part], signs: tuple[str, ...]) -> Part:
    shown = terms[0].latex
    for term, sign in zip(terms[1:], signs[1:], strict=True):
        # A sum within a sum needs parentheses after a minus alone, a leading minus always.
        plain = sign == "+" and not term.latex.startswith("-")
        shown += f" {sign} {term.latex if plain else term.at(PRODUCT)}"
    return Part(shown, SUM)


def _product(node: Node, factors: list[Part]) -> Part:
    result = factors[0]
    for position, (factor, sign) in enumerate(zip(factors[1:], node.value, strict=True), 1):
        if sign == "/":
            result = Part(rf"\frac{{{result.latex}}}{{{factor.latex}}}", POWER)
        else:
            result = _times(result, factor, sign, node.args[position])
    return result


def _times(left: Part, right: Part, sign: str, after: Node) -> Part:
    # A product of products is the same without parentheses, entry by entry it may not be.
    tight = PRODUCT if sign == "*" else POWER
    nested = after.op == "product" and (sign != "*" or set(after.value) != {"*"})
    first, second = left.at(PRODUCT), right.at(POWER if nested else tight)
    if sign == ".*":
        between = r" \odot "
    elif second[0] in "0123456789.":
        between = r" \cdot "
    else:
        between = r"\," if left.word or right.word else " "
    return Part(first + between + second, PRODUCT, left.word and right.word)
