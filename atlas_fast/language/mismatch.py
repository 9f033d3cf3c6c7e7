"""Shapes that do not fit, in words: both operands, their shapes, where they come from, and the one edit that mends it.

In: a constraint that does not hold, and what is known of the sizes. Out: a ShapeError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import ShapeError, Span
from .constraints import Broadcast, Constraint, Equal, Labels, Product, Scalar, Term
from .functions import Sizes as Pair
from .names import is_name
from .unification import Sizes

AXES = ("rows", "columns")
LONGEST_OPERAND = 40


@dataclass(frozen=True)
class Wording:
    """text: the expression. sources: for a name of data, where it comes from, such as a file's name."""

    text: str
    sizes: Sizes
    sources: Mapping[str, str]

    def shape(self, shape: Pair) -> str:
        """4 x 150; a size that is not known as ?."""
        return " x ".join("?" if size is None else str(size) for size in self.known(shape))

    def known(self, shape: Pair) -> tuple[int | None, int | None]:
        return self.sizes.size(shape[0]), self.sizes.size(shape[1])

    def piece(self, span: Span) -> str:
        """The text of a span in one line, not too long."""
        piece = " ".join(self.text[span[0] : span[1]].split())
        return piece if len(piece) <= LONGEST_OPERAND else piece[: LONGEST_OPERAND - 1] + "…"

    def operand(self, term: Term) -> str:
        return f"{self.piece(term.span)} ({self.shape(term.shape)})"

    def origin(self, term: Term) -> str:
        """B is 50 x 13 (weight)."""
        source = "weight" if term.weight else self.sources.get(term.data, "data") if term.data else ""
        shown = f"{self.piece(term.span)} is {self.shape(term.shape)}"
        return f"{shown} ({source})" if source else shown

    def error(self, constraint: Constraint) -> ShapeError:
        """Why the constraint cannot hold."""
        if isinstance(constraint, Product):
            return self.product(constraint)
        if isinstance(constraint, Broadcast):
            return self.broadcast(constraint)
        if isinstance(constraint, Equal):
            return self.equal(constraint)
        if isinstance(constraint, Scalar):
            shape = self.shape(constraint.term.shape)
            return ShapeError(f"{constraint.role} is a scalar, not {shape}", constraint.span)
        return self.labels(constraint)

    def product(self, constraint: Product) -> ShapeError:
        left, right = constraint.left, constraint.right
        inner, facing = self.sizes.size(left.shape[1]), self.sizes.size(right.shape[0])
        if inner is None or facing is None or inner == facing:
            return self.unwanted(constraint.span, (left.shape[0], right.shape[1]), constraint.result)
        return ShapeError(
            f"cannot multiply {self.operand(left)} by {self.operand(right)}: "
            f"the inner sizes {inner} and {facing} differ",
            constraint.span,
            f"{self.origin(left)}, {self.origin(right)}",
            self.product_hint(left, right, inner, facing),
        )

    def product_hint(self, left: Term, right: Term, inner: int, facing: int) -> str:
        rows, columns = self.sizes.size(left.shape[0]), self.sizes.size(right.shape[1])
        a, b = self.piece(left.span), self.piece(right.span)
        if self.known(left.shape) == self.known(right.shape):
            return f"write {a} .* {b} to multiply element by element"
        if right.data and left.weight and abs(inner - facing) == 1:
            if facing < inner:
                return f"{b} has one row fewer than {a} has columns; was a feature dropped?"
            return f"{b} has one row more than {a} has columns; was a feature added?"
        if rows == facing and left.weight:
            return f"give {a} the shape ({inner}, {rows})"
        if inner == columns:
            return f"write {a}*{transposed(b)}"
        return f"write {transposed(a)}*{b}" if rows == facing else ""

    def broadcast(self, constraint: Broadcast) -> ShapeError:
        clash = constraint.clash(self.sizes)
        if clash is None:
            axes = ([term.shape[axis] for term in constraint.terms] for axis in (0, 1))
            rows, columns = (max(axis, key=lambda size: self.sizes.size(size) or 0) for axis in axes)
            return self.unwanted(constraint.span, (rows, columns), constraint.result)
        left, right, axis = clash
        one, other = self.sizes.size(left.shape[axis]), self.sizes.size(right.shape[axis])
        span = (left.span[0], right.span[1])
        if self.text[slice(*span)].count("(") != self.text[slice(*span)].count(")"):
            # Terms of a sum in parentheses are terms of the whole.
            span = constraint.span
        return ShapeError(
            f"{self.operation(constraint, left, right)}: {one} {AXES[axis]} against {other}",
            span,
            f"{self.origin(left)}, {self.origin(right)}",
            self.transposed_hint(left, right),
        )

    def operation(self, constraint: Broadcast, left: Term, right: Term) -> str:
        a, b = self.operand(left), self.operand(right)
        if constraint.kind == "sum":
            before, after = (constraint.signs[constraint.terms.index(term)] for term in (left, right))
            return f"cannot add {b} to {a}" if before == after else f"cannot subtract {b} from {a}"
        if constraint.kind == "/":
            return f"cannot divide {a} by {b}"
        if constraint.kind == ".*":
            return f"cannot multiply {a} element by element by {b}"
        if constraint.kind == "power":
            return f"cannot raise {a} to the power {b}"
        return f"cannot take the {constraint.kind} of {a} and {b}"

    def transposed_hint(self, left: Term, right: Term) -> str:
        if self.known(left.shape) == self.known(right.shape)[::-1]:
            piece = self.piece(right.span)
            return f"write {transposed(piece)} for {piece}"
        return ""

    def equal(self, constraint: Equal) -> ShapeError:
        left, right = constraint.left, constraint.right
        hint = self.transposed_hint(left, right)
        (rows, columns), (facing, samples) = self.known(left.shape), self.known(right.shape)
        if right.data and facing == 1 and columns == samples and rows not in (None, 1):
            hint = f"if {right.data} holds labels, write onehot({right.data}, {rows})"
        return ShapeError(
            f"{constraint.function} compares matrices of one shape, not {self.operand(left)} and {self.operand(right)}",
            (left.span[0], right.span[1]),
            f"{self.origin(left)}, {self.origin(right)}",
            hint,
        )

    def labels(self, constraint: Labels) -> ShapeError:
        return ShapeError(
            f"onehot of {constraint.classes} classes does not fit here: it would be {self.shape(constraint.result)}",
            constraint.span,
        )

    def unwanted(self, span: Span, made: Pair, wanted: Pair) -> ShapeError:
        """A result that something else wants to have another shape."""
        has, wants = self.known(made), self.known(wanted)
        axis = 0 if has[0] != wants[0] and None not in (has[0], wants[0]) else 1
        counted = f"1 {AXES[axis][:-1]}" if has[axis] == 1 else f"{has[axis]} {AXES[axis]}"
        return ShapeError(f"{self.piece(span)} has {counted} where {wants[axis]} would fit", span)


def transposed(piece: str) -> str:
    """A piece of text transposed, or no longer transposed."""
    for sign in ("'", "^T", ".T", "ᵀ"):
        if piece.endswith(sign):
            return piece.removesuffix(sign)
    return piece + "'" if is_name(piece) or piece.endswith(")") else f"({piece})'"
