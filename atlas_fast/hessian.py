"""The Hessian of a loss over all weights, at one point: its products with vectors, and its largest eigenvalues.

In: a problem and a point. Out: eigenvalues and unit eigenvectors, by exact products (forward over reverse) in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import arguments, kernels
from .arguments import ArgumentError, Vector
from .kernels import derivative
from .kernels.blas import one_thread
from .progress import Report, Stopped

if TYPE_CHECKING:
    from .problem import Problem

Matrix = NDArray[np.float64]

DENSE = 100
"""Scalar weights up to which the whole matrix is made: less work than the steps of the iteration."""

PRODUCTS_AT_ONCE = 16
"""Products that are computed side by side when the whole matrix is made."""


def counted(multiply: Callable[[Matrix], Matrix], report: Report | None, total: int) -> Callable[[Matrix], Matrix]:
    """The same products, reported as (done, total) before each; `Stopped` is raised where the answer is False."""
    done = 0

    def multiplied(vectors: Matrix) -> Matrix:
        nonlocal done
        if report is not None and report(done, total) is False:
            raise Stopped("stopped before the directions of largest curvature were known")
        done += len(vectors)
        return multiply(vectors)

    return multiplied


def product(problem: Problem, point: Vector) -> Callable[[Matrix], Matrix]:
    """A function that multiplies the Hessian at a point (P,) with each row of a matrix (k, P).

    It raises ArgumentError where an entry of the result is not finite.
    """
    program = derivative.hessian_product(problem.program)
    bound = kernels.points(program, dtype="float64").bind({name: problem.data[name] for name in program.data})
    names = list(problem.program.weights)

    def multiply(vectors: Matrix) -> Matrix:
        if not program.weights:
            return np.zeros_like(vectors)  # a loss that is linear in its weights
        at = problem.blocks(np.broadcast_to(point, vectors.shape))
        along = {derivative.direction(name): block for name, block in problem.blocks(vectors).items()}
        with arguments.fitting_memory():
            outputs = bound({name: block for name, block in {**at, **along}.items() if name in program.weights})
        found = dict(zip(names, outputs, strict=True))
        parts = [
            found[name].reshape(len(vectors), -1) if name in found else np.zeros((len(vectors), rows * columns))
            for name, (rows, columns) in problem.weights.items()
        ]
        result: Matrix = np.concatenate(parts, axis=1, dtype=np.float64)
        if not np.isfinite(result).all():
            raise ArgumentError("the second derivatives of the loss are not finite at the centre: take another one")
        return result

    return multiply


def principal(problem: Problem, point: Vector, report: Report | None = None) -> tuple[NDArray[np.float64], Matrix]:
    """The two eigenvalues of largest magnitude at a point (P,), the larger first, and their unit eigenvectors in rows;
    of a problem of one scalar weight its one. Each vector points where its entry of largest magnitude is positive.

    report: called with (done, total) products before each, total 0 where nobody knows how many it takes.
    Raises ArgumentError where second derivatives are not finite, or all are zero; Stopped where `report` says False.
    """
    multiply = counted(product(problem, point), report, point.size if point.size <= DENSE else 0)
    with one_thread():
        values, vectors = _dense(multiply, point.size) if point.size <= DENSE else _sparse(multiply, point.size)
    if not np.any(values):
        raise ArgumentError(
            "the second derivatives of the loss are all zero at the centre: it curves along no direction"
        )
    order = np.argsort(-np.abs(values), kind="stable")[:2]
    rows = vectors.T[order]
    signs = np.sign(rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)])
    return values[order], np.ascontiguousarray(rows * signs[:, None])


def _dense(multiply: Callable[[Matrix], Matrix], size: int) -> tuple[NDArray[np.float64], Matrix]:
    """All eigenvalues, and their eigenvectors in columns."""
    unit = np.eye(size)
    rows = [multiply(unit[start : start + PRODUCTS_AT_ONCE]) for start in range(0, size, PRODUCTS_AT_ONCE)]
    matrix = np.concatenate(rows)
    found = np.linalg.eigh((matrix + matrix.T) / 2)
    return found.eigenvalues, found.eigenvectors


def _sparse(multiply: Callable[[Matrix], Matrix], size: int) -> tuple[NDArray[np.float64], Matrix]:
    """The two of largest magnitude, by the implicitly restarted Lanczos method from a start that is always the same."""
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    start = np.random.Generator(np.random.PCG64(0)).standard_normal(size)
    if not multiply(start[None]).any():
        return np.zeros(2), np.zeros((size, 2))
    operator = LinearOperator((size, size), matvec=lambda x: multiply(x.reshape(1, -1))[0], dtype=np.float64)
    try:
        values, vectors = eigsh(operator, k=2, which="LM", v0=start)
    except ArpackNoConvergence:
        raise ArgumentError(
            "the largest eigenvalues of the Hessian could not be told apart: take another centre"
        ) from None
    return values, vectors
