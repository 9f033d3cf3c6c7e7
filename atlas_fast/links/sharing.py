"""A problem or a workspace as a link, and a link as either.

In: a Problem, with the run that trained it, or a Workspace. Out: a link; and from a link, ours or one of the 2019
original, the same again: the text, every number of the data and of the starting values to the bit, the settings.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import arguments
from ..arguments import ArgumentError
from ..errors import StoreError, WorkspaceError, clipped
from ..optimizers import make
from ..problem import Problem
from ..workspace import Workspace
from ..workspace.keys import is_matrix, is_shape
from . import original
from .codec import Document, decode, encode, opened

if TYPE_CHECKING:
    from ..training import Run


LONGEST_CALL = 1000
"""Characters of a run's optimizer; a run may come from a file of someone else's."""


def share(problem: Problem | Workspace, run: Run | None = None) -> str:
    """A link that holds a problem: its text, its data, the shapes of its weights and its starting values.

    run: one of the problem, whose optimizer, epochs, seed, batch size and dtype the link holds as well, and its start
    where the seed does not give that. A workspace says all that itself, and more; its files go along as numbers.

    Raises StoreError where that is too much for a link, ArgumentError for what is no problem
    or no run, and for a run of another problem.
    """
    if isinstance(problem, Workspace):
        if run is not None:
            raise ArgumentError("a workspace says how it is trained: leave run out, or share its problem")
        return encode(*problem.packed())
    if not isinstance(problem, Problem):
        raise ArgumentError(f"a {type(problem).__name__} cannot be shared, a Problem or a Workspace is wanted")
    document: Document = {"loss": problem.expression}
    if problem.data:
        document["data"] = {name: {} for name in problem.data}
    document["weights"] = {name: list(shape) for name, shape in problem.weights.items()}
    starts = dict(problem.given)
    if run is not None:
        run = arguments.run(run)
        if run.weights.shape[1] != problem.size:
            raise ArgumentError(f"the run is of {run.weights.shape[1]} scalar weights, the problem has {problem.size}")
        document["training"] = _training(run)
        if run.weights[0].tobytes() != problem.init(run.seed).tobytes():
            starts = problem.unpack(run.weights[0])
    return encode(document, {**problem.data, **starts})


def open_link(link: str) -> Problem:
    """The problem of a link, one of `share` or of the 2019 original (`..#dump=`).

    Raises StoreError, in one line, for a link that cannot be read or whose data or weights do not fit its loss by name;
    ExpressionError and ShapeError, as Problem does, for a loss that means nothing.
    """
    workspace = open_workspace(link)
    try:
        return workspace.problem()
    except WorkspaceError as error:
        raise StoreError(str(error)) from None


def open_workspace(link: str) -> Workspace:
    """The workspace of a link, with its data as values. Raises StoreError, in one line."""
    body = opened(link)
    document, matrices = (original.decode if original.MARK in body else decode)(body)
    data, weights = document.get("data", {}), document.get("weights", {})
    for name, value in matrices.items():
        if name in data:
            data[name]["values"] = value
        else:
            weights[name] = value
    # Numbers that stand in the text: as lists of lists they take fifty times their bytes, and would be copied.
    for table, entries in ((weights, weights.items()), *((row, row.items()) for row in data.values())):
        for name, value in entries:
            if isinstance(value, list) and not is_shape(value) and is_matrix(value):
                table[name] = np.array(value, dtype=np.float64)
    try:
        return Workspace.parse(document, None, "the link")
    except WorkspaceError as error:
        raise StoreError(str(error)) from None


def _training(run: Run) -> dict[str, Any]:
    """[training] of a run, which has its optimizer as the text of a call."""
    try:
        match ast.parse(run.optimizer[:LONGEST_CALL], mode="eval").body:
            case ast.Call(func=ast.Name(id=name), args=[], keywords=given):
                settings = {str(setting.arg): ast.literal_eval(setting.value) for setting in given}
            case _:
                raise ValueError
        make(name, settings)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise StoreError(f"a run of the optimizer {clipped(run.optimizer)!r} cannot be shared: leave it out") from None
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
    more: dict[str, Any] = {} if run.batch_size is None else {"batch_size": run.batch_size}
    if run.dtype != "float64":
        more["dtype"] = run.dtype
    return {"optimizer": name, **listed, "epochs": run.epochs, "seed": run.seed, **more}
