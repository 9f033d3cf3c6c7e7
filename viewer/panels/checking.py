"""What a loss, its data and its weights come to, as far as that can be told at once.

In: the text that is being typed, the data of a document, what is known of weights. Out: an immutable Finding: the
syntax tree, the problem, and what is wrong, with its place. Data that were read once serve until their files change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import AtlasError, ExpressionError, WorkspaceError
from ...language import Tree, parse
from ...language.tree import postorder
from ...matrices import Matrix, matrix
from ...problem import Problem
from ...workspace import Workspace
from ...workspace.document import Document, checked
from ...workspace.keys import TOP, is_shape
from .wording import worded

SOURCE = "the workspace"
"""What the library's messages call it, where a file would have its name; here it need not be said."""


Starts = Mapping[str, tuple[list[Any], Matrix]]


@dataclass(frozen=True)
class Reading:
    """The data of a document. workspace: one that has read them; None where that cannot be. fault: why, in one line.
    stamps: when their files were written. told: [data] and [split]."""

    workspace: Workspace | None = None
    fault: str = ""
    stamps: tuple[float, ...] = ()
    told: Document = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """text: the loss as it was typed. tree: None where the text means nothing. weights: the names of the loss that are
    no data, in order of first appearance. error: what is wrong with the loss. fault: what is wrong beside, in one line.
    starts: name -> a starting value as the document has it, and as a matrix.
    """

    text: str
    reading: Reading
    tree: Tree | None = None
    weights: tuple[str, ...] = ()
    problem: Problem | None = None
    error: ExpressionError | None = None
    fault: str = ""
    starts: Starts = field(default_factory=dict)


NOTHING = Finding("", Reading())


def told(error: AtlasError) -> str:
    """The message of an error of the library, in one line and without the name of the workspace."""
    return str(error).removeprefix(f"{SOURCE}: ").split("\n", 1)[0]


def fault_of(document: Mapping[str, Any]) -> str:
    """What the library says against a document in one line, "" where it takes it."""
    try:
        checked(document, SOURCE)
    except WorkspaceError as error:
        return told(error)
    return ""


def ordered(document: Mapping[str, Any]) -> Document:
    """The document in the order in which a file has it."""
    return {name: document[name] for name in TOP if name in document}


def examine(text: str, document: Document, given: Mapping[str, Any], folder: Path | None, before: Finding) -> Finding:
    """What is found. document: with [data] and [split] as they are now. given: name -> what is known of weights that
    may stand in the text. before: the last finding, whose data may serve again."""
    data = document.get("data", {})
    reading = _reading(document, folder, before.reading)
    declared = {name: value for name, value in given.items() if name not in data}
    try:
        tree = parse(text, [*data, *declared])
    except ExpressionError as error:
        return Finding(text, reading, error=_plain(error), starts=before.starts)
    weights = _weights(tree, data)
    if reading.workspace is None:
        return Finding(text, reading, tree, weights, starts=before.starts)
    starts = _starts(declared, before.starts)
    known = {name: starts[name][1] if name in starts else value for name, value in declared.items() if name in weights}
    try:
        problem = reading.workspace.with_loss(text, known).problem()
    except ExpressionError as error:
        return Finding(text, reading, tree, weights, error=_plain(error), starts=starts)
    except AtlasError as error:
        return Finding(text, reading, tree, weights, fault=told(error), starts=starts)
    return Finding(text, reading, tree, weights, problem, starts=starts)


def _starts(given: Mapping[str, Any], before: Starts) -> Starts:
    """The starting values that are lists of numbers, as matrices: made once for each list, not at each key."""
    found = {}
    for name, value in given.items():
        if isinstance(value, list) and not is_shape(value):
            held = before.get(name)
            found[name] = held if held is not None and held[0] is value else (value, matrix(name, value))
    return found


def _reading(document: Document, folder: Path | None, before: Reading) -> Reading:
    """The data, read unless they were."""
    told_now = {"data": {name: dict(section) for name, section in document.get("data", {}).items()}}
    if "split" in document:
        told_now["split"] = dict(document["split"])
    held = before.workspace
    if held is not None and (told_now, folder) == (before.told, held.folder) and before.stamps == _stamps(held):
        return before
    try:
        workspace = Workspace.parse({"loss": "x", **told_now}, folder, SOURCE)
        stamps = _stamps(workspace)
        workspace.samples  # noqa: B018  read now, so that what is wrong shows here
    except AtlasError as error:
        return Reading(fault=told(error))
    return Reading(workspace, stamps=stamps, told=told_now)


def _stamps(workspace: Workspace) -> tuple[float, ...]:
    """When the files of a workspace were written; 0 for one that is not there."""
    return tuple(file.stat().st_mtime if file.exists() else 0.0 for file in workspace.files)


def _weights(tree: Tree, data: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that are no data, in order of first appearance."""
    found = [node for node in postorder(tree.root) if node.op == "name" and node.value not in data]
    return tuple(dict.fromkeys(node.value for node in sorted(found, key=lambda node: node.span)))


def _plain(error: ExpressionError) -> ExpressionError:
    """The same error in the words of a workspace, whose name goes without saying."""
    message = worded(error.message.removeprefix(f"{SOURCE}: "))
    return type(error)(message, error.span, worded(error.note), worded(error.hint), error.text)
