"""What each operation says about shapes, as constraints on sizes: what holds anyway, and what holds by default.

`relate` draws what follows from the sizes known so far. A default (`as_matrix_product`, `facing_ones`, `as_biases`)
is what a person would have meant; shapes.py says in which order they apply. All raise Disagreement or ShapeError.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ShapeError, Span
from .functions import Sizes as Shape
from .unification import Disagreement, Sizes


@dataclass(frozen=True, slots=True)
class Term:
    """An operand. weight: the name of the weight that stands here alone, or "". data: data stand here alone."""

    shape: Shape
    span: Span
    weight: str = ""
    data: str = ""


@dataclass(slots=True)
class Broadcast:
    """Terms of a sum, or operands of an element-by-element operation.

    kind: "sum", ".*", "/", "power" or the name of a function. signs: "+" or "-" for each term of a sum.
    """

    terms: list[Term]
    result: Shape
    span: Span
    kind: str
    signs: tuple[str, ...] = ()

    @property
    def variables(self) -> list[int]:
        return [size for shape in (*(t.shape for t in self.terms), self.result) for size in shape]

    def clash(self, sizes: Sizes) -> tuple[Term, Term, int] | None:
        """Two terms whose known sizes along an axis can never be broadcast, and the axis."""
        for axis in (0, 1):
            first: Term | None = None
            for term in self.terms:
                size = sizes.size(term.shape[axis])
                if size in (None, 1):
                    continue
                if first is not None and sizes.size(first.shape[axis]) != size:
                    return first, term, axis
                first = first or term
        return None

    def relate(self, sizes: Sizes, decided: bool = False) -> None:
        """Terms that are not bare weights agree axis by axis unless one is known to be 1.

        decided: what a term that is broadcast says along its other axis is believed although another term could
        still turn out to be a scalar along this one.
        """
        if self.clash(sizes):
            raise Disagreement
        told = self._telling(sizes, decided)
        for axis in (0, 1):
            result = self.result[axis]
            every = [t.shape[axis] for t in self.terms]
            if sizes.size(result) == 1:
                for size in every:
                    sizes.fix(size, 1)
                continue
            computed = [t.shape[axis] for t in told if not t.weight and sizes.size(t.shape[axis]) != 1]
            known = [t.shape[axis] for t in told if t.weight and sizes.size(t.shape[axis]) not in (None, 1)]
            for size in (*computed[1:], *known):
                sizes.unify((computed or known)[0], size)
            for size in (computed or known)[:1]:
                sizes.unify(size, result)
            live = [size for size in every if sizes.size(size) != 1]
            if not live:
                sizes.fix(result, 1)
            elif len(live) == 1:
                sizes.unify(live[0], result)

    def _telling(self, sizes: Sizes, decided: bool) -> list[Term]:
        """The terms that say something of the others' sizes: scalars do not, unless they are data, nor does a row
        or column that is being broadcast."""
        if _is_scalar(sizes, self.result):
            return self.terms
        told = [t for t in self.terms if t.data or not _is_scalar(sizes, t.shape)] or self.terms
        larger, unknown = [], []
        for axis in (0, 1):
            found = {sizes.size(t.shape[axis]) for t in told if not t.weight}
            larger.append(bool(found - {None, 1}))
            unknown.append(None in found and not decided)

        def is_broadcast(term: Term) -> bool:
            size = tuple(sizes.size(s) for s in term.shape)
            if term.weight or None in size:
                return False
            return any(size[k] == 1 != size[1 - k] and (larger[k] or unknown[k]) for k in (0, 1))

        return [t for t in told if not is_broadcast(t)] or told

    def facing_ones(self, sizes: Sizes) -> None:
        """An unknown size that faces only size 1 of data or of a computed term is 1."""
        self.relate(sizes, decided=True)
        told = [t for t in self._telling(sizes, True) if not t.weight]
        for axis in (0, 1):
            unknown = [t.shape[axis] for t in told if sizes.size(t.shape[axis]) is None]
            others = {sizes.size(t.shape[axis]) for t in told} - {None}
            if unknown and others == {1}:
                for size in unknown:
                    sizes.fix(size, 1)

    def as_biases(self, sizes: Sizes) -> None:
        """A weight that is still unknown is a bias: 1 along the samples, as long as the others along the other."""
        self.relate(sizes, decided=True)
        told = self._telling(sizes, True)
        computed = [t for t in told if not t.weight]
        if not computed:
            return
        reference: list[int] = []
        for axis in (0, 1):
            long = [t.shape[axis] for t in computed if sizes.size(t.shape[axis]) != 1]
            reference.append((long or [computed[0].shape[axis]])[0])
        for term in told:
            if not term.weight or None not in (sizes.size(s) for s in term.shape):
                continue
            for axis in (0, 1):
                along, across = reference[axis], reference[1 - axis]
                if sizes.size(term.shape[axis]) is not None:
                    continue
                if sizes.size(along) == 1 or (sizes.samples(along) and not sizes.samples(across)):
                    sizes.fix(term.shape[axis], 1)
                elif sizes.samples(across) and not sizes.samples(along):
                    sizes.unify(term.shape[axis], along)


@dataclass(slots=True)
class Product:
    """left * right: a matrix product, or scaling where one of them is a scalar."""

    left: Term
    right: Term
    result: Shape
    span: Span
    resolved: bool = False

    @property
    def variables(self) -> list[int]:
        return [*self.left.shape, *self.right.shape, *self.result]

    def relate(self, sizes: Sizes) -> None:
        """A factor known to be 1 x 1 scales; of two that are known not to be, this is the matrix product."""
        if self.resolved:
            return
        for scale, other in ((self.left, self.right), (self.right, self.left)):
            if _is_scalar(sizes, scale.shape):
                self.resolved = True
                for size, result in zip(other.shape, self.result, strict=True):
                    sizes.unify(size, result)
                return
        if _is_large(sizes, self.left.shape) and _is_large(sizes, self.right.shape):
            self.multiply(sizes)

    def as_matrix_product(self, sizes: Sizes) -> None:
        """A product with something that is not a scalar is a matrix product."""
        if not self.resolved and (_is_large(sizes, self.left.shape) or _is_large(sizes, self.right.shape)):
            self.multiply(sizes)

    def multiply(self, sizes: Sizes) -> None:
        """This is a matrix product."""
        if not self.resolved:
            self.resolved = True
            sizes.unify(self.left.shape[1], self.right.shape[0])
            sizes.unify(self.left.shape[0], self.result[0])
            sizes.unify(self.right.shape[1], self.result[1])


@dataclass(slots=True)
class Equal:
    """The two arguments of a loss."""

    left: Term
    right: Term
    span: Span
    function: str

    @property
    def variables(self) -> list[int]:
        return [*self.left.shape, *self.right.shape]

    def relate(self, sizes: Sizes) -> None:
        for left, right in zip(self.left.shape, self.right.shape, strict=True):
            sizes.unify(left, right)


@dataclass(slots=True)
class Scalar:
    """A value that is 1 x 1. role: what it is, for errors."""

    term: Term
    span: Span
    role: str

    @property
    def variables(self) -> list[int]:
        return list(self.term.shape)

    def relate(self, sizes: Sizes) -> None:
        for size in self.term.shape:
            sizes.fix(size, 1)


@dataclass(slots=True)
class Labels:
    """A row or column of labels, made one-hot: k x n of 1 x n, n x k of n x 1."""

    term: Term
    result: Shape
    classes: int
    span: Span

    @property
    def variables(self) -> list[int]:
        return [*self.term.shape, *self.result]

    def relate(self, sizes: Sizes) -> None:
        rows, columns = (sizes.size(s) for s in self.term.shape)
        if rows == 1:
            sizes.fix(self.result[0], self.classes)
            sizes.unify(self.result[1], self.term.shape[1])
        elif columns == 1 and rows is not None:
            sizes.unify(self.result[0], self.term.shape[0])
            sizes.fix(self.result[1], self.classes)
        elif rows is not None and columns is not None:
            raise ShapeError(f"onehot takes a row or a column of labels, not {rows} x {columns}", self.span)


Constraint = Broadcast | Product | Equal | Scalar | Labels


def _is_scalar(sizes: Sizes, shape: Shape) -> bool:
    return sizes.size(shape[0]) == 1 and sizes.size(shape[1]) == 1


def _is_large(sizes: Sizes, shape: Shape) -> bool:
    """Known not to be a scalar."""
    return any(sizes.size(s) not in (None, 1) or sizes.samples(s) for s in shape)
