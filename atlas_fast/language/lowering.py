"""Lowering: from a syntax tree and its shapes to a program of primitives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import ExpressionError, ShapeError
from ..kernels.program import Builder, Program
from .functions import CONSTANTS, FUNCTIONS
from .shapes import Shapes
from .tree import NORM, Node, Tree, meant, postorder

_SQUARED_NORMS = ("2", "F")


def lower(tree: Tree, shapes: Shapes) -> Program:
    """The program of the loss: its inputs are the data and weights of `shapes`, its one output is 1 x 1.

    Raises ShapeError for A^-1 of a matrix, which is not its inverse, and for the cross entropy of one class.
    """
    builder = Builder()
    for name, shape in shapes.weights.items():
        builder.weight(name, shape)
    values: dict[Node, int] = {}
    try:
        for node in postorder(tree.root):
            values[node] = _lowered(builder, node, values, shapes)
    except ExpressionError as error:
        raise error.located(tree.text) from None
    return builder.build(values[tree.root])


def _lowered(b: Builder, node: Node, values: Mapping[Node, int], shapes: Shapes) -> int:
    args = [values[argument] for argument in node.args]
    if node.op == "number":
        return b.constant(node.value)
    if node.op == "constant":
        return b.constant(CONSTANTS[node.value])
    if node.op == "name":
        weight = node.value in shapes.weights
        return (
            b.weight(node.value, shapes.weights[node.value]) if weight else b.data(node.value, shapes.data[node.value])
        )
    if node.op == "alias":
        return args[0]
    if node.op == "negate":
        return b.emit("neg", args[0])
    if node.op == "sum":
        return _sum(b, args, node.value)
    if node.op == "product":
        return _product(b, args, node.value)
    if node.op == "power":
        return _power(b, node, values)
    if node.op == "matrix":
        return _matrix(b, args, node.value)
    return _call(b, node, args)


def _sum(b: Builder, terms: list[int], signs: tuple[str, ...]) -> int:
    total = terms[0]
    for term, sign in zip(terms[1:], signs[1:], strict=True):
        total = b.emit("add" if sign == "+" else "sub", total, term)
    return total


def _product(b: Builder, factors: list[int], signs: tuple[str, ...]) -> int:
    result = factors[0]
    for factor, sign in zip(factors[1:], signs, strict=True):
        scales = (1, 1) in (b.shape(result), b.shape(factor))
        if sign == "*" and not scales:
            result = b.emit("matmul", result, factor)
        else:
            result = b.emit("div" if sign == "/" else "mul", result, factor)
    return result


def _power(b: Builder, node: Node, values: Mapping[Node, int]) -> int:
    base, exponent = (values[argument] for argument in node.args)
    constant = b.constant_value(exponent)
    number = constant.item() if constant is not None and constant.size == 1 else None
    if number == -1 and b.shape(base) != (1, 1):
        raise ShapeError(
            "the power -1 works entry by entry and is not the inverse of a matrix",
            node.span,
            hint="write 1/A for the reciprocals of its entries",
        )
    norm = meant(node.args[0])
    if number == 2 and norm.op == "call" and norm.value.name == NORM and norm.value.option("p") in _SQUARED_NORMS:
        # The sum of squares itself: its root would only be squared again.
        inner = values[norm.args[0]]
        return b.emit("sum", b.emit("mul", inner, inner), axis=None)
    return b.emit("pow", base, exponent)


def _matrix(b: Builder, entries: list[int], shape: tuple[int, int]) -> int:
    """A constant where all entries are; the others are put in by masks."""
    constants = [b.constant_value(entry) for entry in entries]
    known = np.array([0.0 if c is None else c.item() for c in constants]).reshape(shape)
    result = b.constant(known)
    for position, (entry, constant) in enumerate(zip(entries, constants, strict=True)):
        if constant is None:
            mask = np.zeros(shape)
            mask.flat[position] = 1.0
            result = b.emit("select", b.constant(mask), entry, result)
    return result


def _call(b: Builder, node: Node, args: list[int]) -> int:
    row = FUNCTIONS[node.value.name]
    if row.over_classes and b.shape(args[0])[0] == 1:
        targets = meant(node.args[1])
        labels = targets.value if targets.op == "name" else "labels"
        raise ShapeError(
            f"{row.name} wants a row for each class, and here is one row: softmax over one class is always 1",
            node.span,
            hint=f"write onehot({labels}, k) for labels 0 to k-1, or binary_cross_entropy for targets 0 and 1",
        )
    values = [argument for argument in row.arguments if argument.kind in ("value", "scalar")]
    for argument in values[len(args) :]:
        if argument.default is not None:
            args.append(b.constant(argument.default))
    return row.expand(b, *args, **dict(node.value.options))
