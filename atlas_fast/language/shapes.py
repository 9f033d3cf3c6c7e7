"""Inference of shapes: from a syntax tree and the shapes of the data to the shape of every weight.

Every operation becomes a constraint on the sizes of its operands. Constraints alone leave many answers, so defaults
apply where nothing else follows any more, in this order, each followed by all that it implies:

1. a product with something that is not a scalar is a matrix product;
2. an unknown size that faces only size 1 of data or of a computed term is 1;
3. a weight that is still unknown and stands alone as a term is a bias;
4. a product of two unknowns is a matrix product;
5. without data and without given sizes, weights are scalars.

What is left then is asked for.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from ..errors import ExpressionError, ShapeError, Span
from .constraints import Broadcast, Constraint, Equal, Labels, Product, Scalar, Term
from .declarations import Given, PartialShape, Shape, as_data, as_weights
from .functions import FUNCTIONS
from .functions import Sizes as Pair
from .mismatch import Wording
from .orientation import check_orientation, turned_hint
from .questions import question
from .remarks import remarks
from .roles import biases
from .tree import Node, Tree, meant, names, postorder
from .unification import Disagreement, Sizes


@dataclass(frozen=True)
class Shapes:
    """data: the shapes of the data that the text uses. weights: in order of first appearance in the text.
    notes: what a person should be warned of.
    biases: the weights that are only terms of sums whose other terms hold data."""

    data: dict[str, Shape]
    weights: dict[str, Shape]
    notes: tuple[str, ...] = ()
    biases: frozenset[str] = frozenset()


def infer(
    tree: Tree,
    data: Mapping[str, Given],
    weights: Mapping[str, Given] | None = None,
    sources: Mapping[str, str] | None = None,
) -> Shapes:
    """The shapes of all weights.

    data: name -> shape. weights: name -> shape, a partial shape such as (10, None), or None. sources: name of data
    -> where it comes from, for errors. Raises ShapeError where shapes do not fit or are not determined.
    """
    try:
        given = as_weights(weights or {})
        known = as_data(data)
        check_orientation(tree, known, given)
        try:
            inference = _consistent(tree, known, given, sources or {})
        except ShapeError as error:
            raise _hinted(error, tree, known, given, asks=False) from None
        try:
            return _answered(inference)
        except ShapeError as error:
            raise _hinted(error, tree, known, given, asks=True) from None
    except ExpressionError as error:
        raise error.located(tree.text) from None


def _consistent(
    tree: Tree, data: dict[str, Shape], weights: dict[str, PartialShape], sources: Mapping[str, str]
) -> _Inference:
    """All that follows from what is given. Raises ShapeError where it contradicts itself."""
    inference = _Inference(tree, data, weights, sources)
    try:
        inference.solve(scalar=True)
    except ShapeError:
        # Where the text makes sense but for its end, that is what is wrong.
        free = _Inference(tree, data, weights, sources)
        free.solve(scalar=False)
        free.check_loss()
        raise
    return inference


def _answered(inference: _Inference) -> Shapes:
    """The shapes found. Raises ShapeError that asks for those that are not determined."""
    tree, data, weights = inference.tree, inference.data, inference.weights
    used = {name: data[name] for name in inference.order if name in data}
    open_sizes = {name: inference.shape_of_name[name] for name in inference.order if name not in data}
    error = question(open_sizes, data, inference.sizes, weights, inference.places)
    if error is not None:
        raise error
    solved = {name: inference.known(shape) for name, shape in open_sizes.items()}
    unused = [name for name in weights if name not in solved]
    notes = remarks(tree, inference.shape, inference.sizes, data, unused)
    return Shapes(used, solved, notes, biases(tree.root, frozenset(used)))


def _hinted(
    error: ShapeError, tree: Tree, data: dict[str, Shape], weights: dict[str, PartialShape], asks: bool
) -> ShapeError:
    """The error with a hint, if it has none, to transpose data, where that mends the text. asks: it asks for sizes."""

    def fits(turned: dict[str, Shape]) -> bool:
        try:
            inference = _consistent(tree, turned, weights, {})
            if asks:
                _answered(inference)
        except ShapeError:
            return False
        found = [size for name in inference.order if name not in data for size in inference.shape_of_name[name]]
        # A weight as long as there are samples: the text fits by chance.
        return not any(inference.sizes.samples(size) for size in found)

    return ShapeError(error.message, error.span, error.note, error.hint or turned_hint(tree, data, fits))


class _Inference:
    """One attempt: the sizes of every node, the constraints between them, and what has been decided."""

    def __init__(
        self,
        tree: Tree,
        data: dict[str, Shape],
        weights: dict[str, PartialShape],
        sources: Mapping[str, str],
    ) -> None:
        self.tree, self.data, self.weights = tree, data, weights
        self.sizes = Sizes()
        self.wording = Wording(tree.text, self.sizes, sources)
        one = self.sizes.new(1)
        self.scalar: Pair = (one, one)
        self.constraints: list[Constraint] = []
        self.shape: dict[Node, Pair] = {}
        self.shape_of_name: dict[str, Pair] = {}
        self.node: Node = tree.root
        nodes = postorder(tree.root)
        self.places = _places(nodes)
        self.order = sorted(self.places, key=lambda name: self.places[name])
        for name in self.order:
            self.shape_of_name[name] = self.declared(name)
        self.absorbed = _inner_sums(nodes)
        for node in nodes:
            self.node = node
            self.shape[node] = self.visit(node)

    def declared(self, name: str) -> Pair:
        """New variables for a name. The columns of data are samples."""
        if name in self.data:
            rows, columns = self.data[name]
            return self.sizes.new(rows), self.sizes.new(columns, samples=columns != 1)
        given = self.weights.get(name, (None, None))
        return self.sizes.new(given[0]), self.sizes.new(given[1])

    def known(self, shape: Pair) -> Shape:
        rows, columns = self.sizes.size(shape[0]), self.sizes.size(shape[1])
        assert rows is not None and columns is not None
        return rows, columns

    # From nodes to constraints.

    def visit(self, node: Node) -> Pair:
        """The shape of a node whose arguments have theirs."""
        if node.op in ("number", "constant"):
            return self.scalar
        if node.op == "name":
            return self.shape_of_name[node.value]
        if node.op in ("alias", "negate"):
            return self.shape[node.args[0]]
        if node.op == "sum":
            return self.new() if node in self.absorbed else self.sum(node)
        if node.op == "product":
            return self.product(node)
        if node.op == "power":
            return self.add_broadcast([self.term(a) for a in node.args], node.span, "power")
        if node.op == "matrix":
            for entry in node.args:
                self.constraints.append(Scalar(self.term(entry), entry.span, "an entry of a matrix"))
            return self.sizes.new(node.value[0]), self.sizes.new(node.value[1])
        return self.call(node)

    def new(self) -> Pair:
        return self.sizes.new(), self.sizes.new()

    def term(self, node: Node) -> Term:
        behind = meant(node)
        name = behind.value if behind.op == "name" else ""
        is_data = name in self.data
        return Term(self.shape[node], node.span, "" if is_data else name, name if is_data else "")

    def add_broadcast(self, terms: list[Term], span: Span, kind: str, signs: tuple[str, ...] = ()) -> Pair:
        result = self.new()
        self.constraints.append(Broadcast(terms, result, span, kind, signs))
        return result

    def sum(self, node: Node) -> Pair:
        """A sum, however parenthesized, is one broadcast."""
        terms, signs = [], []
        stack = [(node, "+")]
        while stack:
            inner, sign = stack.pop()
            if inner.op == "sum":
                both = zip(inner.args, inner.value, strict=True)
                stack.extend(reversed([(a, "+" if s == sign else "-") for a, s in both]))
            elif inner.op == "negate":
                stack.append((inner.args[0], "-" if sign == "+" else "+"))
            else:
                terms.append(self.term(inner))
                signs.append(sign)
        return self.add_broadcast(terms, node.span, "sum", tuple(signs))

    def product(self, node: Node) -> Pair:
        """Pairs from left to right; a run of .* is one broadcast."""
        left = self.term(node.args[0])
        position = 1
        while position < len(node.args):
            kind, stop = node.value[position - 1], position + 1
            while kind == ".*" and stop < len(node.args) and node.value[stop - 1] == ".*":
                stop += 1
            others = [self.term(factor) for factor in node.args[position:stop]]
            span = (left.span[0], others[-1].span[1])
            if kind == "*":
                result = self.new()
                self.constraints.append(Product(left, others[0], result, span))
            else:
                result = self.add_broadcast([left, *others], span, kind)
            left, position = Term(result, span), stop
        return left.shape

    def call(self, node: Node) -> Pair:
        row, options = FUNCTIONS[node.value.name], dict(node.value.options)
        values = [a for a in row.arguments if a.kind in ("value", "scalar")]
        for argument, value in zip(values, node.args, strict=False):
            if argument.kind == "scalar":
                role = f"{argument.name} of {row.name}"
                self.constraints.append(Scalar(self.term(value), value.span, role))
        return row.shape(self, *(self.shape[value] for value in node.args), **options)

    # What a row of the table can say (functions.Relations), of the node at hand.

    def equal(self, left: Pair, right: Pair) -> None:
        one, other = (self.term(a) for a in self.node.args[:2])
        self.constraints.append(Equal(one, other, self.node.span, self.node.value.name))

    def broadcast(self, *shapes: Pair) -> Pair:
        terms = [self.term(a) for a in self.node.args]
        return self.add_broadcast(terms, self.node.span, self.node.value.name)

    def labels(self, shape: Pair, classes: int) -> Pair:
        found = sorted(names(postorder(self.node.args[0])) - self.data.keys())
        if found:
            raise ShapeError(
                f"{self.node.value.name} takes labels, which are data, and {found[0]} is a weight",
                self.node.args[0].span,
            )
        result = self.new()
        self.constraints.append(Labels(self.term(self.node.args[0]), result, classes, self.node.span))
        return result

    # From constraints to sizes.

    def solve(self, scalar: bool) -> None:
        """Decide all that can be decided. scalar: the loss is 1 x 1."""
        for index, constraint in enumerate(self.constraints):
            for variable in constraint.variables:
                self.sizes.read_by(variable, index)
        if scalar:
            role = Scalar(self.term(self.tree.root), self.tree.root.span, "the loss")
            self.guard(role, role.relate)
        free = not self.data.keys() & self.places.keys() and not any(
            size is not None for name in self.places for size in self.weights.get(name, ())
        )
        literal = any(isinstance(constraint, Labels) for constraint in self.constraints)
        if free and not literal and all(node.op != "matrix" for node in self.shape):
            # Nothing has a size, so no default can find one: the last rule applies at once.
            self.make_scalars()
        candidates = [list(range(len(self.constraints))) for _ in _DEFAULTS]
        self.propagate(set(range(len(self.constraints))), candidates)
        while self.decide_one(candidates):
            pass
        if free:
            self.make_scalars()
            self.propagate(self.sizes.touched, candidates)

    def make_scalars(self) -> None:
        """Every weight that is still unknown is a scalar."""
        for name in self.order:
            for variable in self.shape_of_name[name]:
                if self.sizes.size(variable) is None:
                    self.sizes.fix(variable, 1)

    def propagate(self, pending: set[int], candidates: list[list[int]]) -> None:
        """Relate until nothing new follows; what was touched is offered to every default again."""
        while pending:
            self.sizes.touched = set()
            for index in sorted(pending):
                self.guard(self.constraints[index], self.constraints[index].relate)
            for heap in candidates:
                for index in self.sizes.touched:
                    heapq.heappush(heap, index)
            pending = self.sizes.touched

    def decide_one(self, candidates: list[list[int]]) -> bool:
        """Apply the first default that decides anything, with all that it implies."""
        for heap, default in zip(candidates, _DEFAULTS, strict=True):
            last = -1
            while heap:
                index = heapq.heappop(heap)
                if index == last:
                    continue
                last = index
                self.sizes.touched = set()
                constraint = self.constraints[index]
                self.guard(constraint, partial(default, constraint))
                if self.sizes.touched:
                    touched = self.sizes.touched
                    for other in candidates:
                        for again in touched:
                            heapq.heappush(other, again)
                    self.propagate(touched, candidates)
                    return True
        return False

    def guard(self, constraint: Constraint, rule: Callable[[Sizes], None]) -> None:
        try:
            rule(self.sizes)
        except Disagreement:
            raise self.wording.error(constraint) from None

    def check_loss(self) -> None:
        """Raise ShapeError if the loss, had it been free, would not be a scalar."""
        sizes = [self.sizes.size(variable) for variable in self.shape[self.tree.root]]
        if any(size not in (None, 1) for size in sizes):
            shown = self.wording.shape(self.shape[self.tree.root])
            raise ShapeError(
                f"the loss is {shown}, not a scalar",
                self.tree.loss.span,
                hint="take a norm ||...||_2, a sum(...) or a mean(...) of it",
            )


def _as_matrix_product(constraint: Constraint, sizes: Sizes) -> None:
    if isinstance(constraint, Product):
        constraint.as_matrix_product(sizes)


def _facing_ones(constraint: Constraint, sizes: Sizes) -> None:
    if isinstance(constraint, Broadcast):
        constraint.facing_ones(sizes)


def _as_biases(constraint: Constraint, sizes: Sizes) -> None:
    if isinstance(constraint, Broadcast):
        constraint.as_biases(sizes)


def _multiply(constraint: Constraint, sizes: Sizes) -> None:
    if isinstance(constraint, Product):
        constraint.multiply(sizes)


_DEFAULTS = (_as_matrix_product, _facing_ones, _as_biases, _multiply)
"""In the order in which they apply."""


def _places(nodes: list[Node]) -> dict[str, Span]:
    """Where each name stands first in the text."""
    places: dict[str, Span] = {}
    for node in nodes:
        if node.op == "name" and (node.value not in places or node.span < places[node.value]):
            places[node.value] = node.span
    return places


def _inner_sums(nodes: list[Node]) -> set[Node]:
    """Sums that are terms of other sums, signs between them or not, and of nothing else."""
    absorbed: set[Node] = set()
    for node in nodes:
        if node.op != "sum":
            continue
        for argument in node.args:
            while argument.op == "negate":
                argument = argument.args[0]
            if argument.op == "sum":
                absorbed.add(argument)
    return absorbed
