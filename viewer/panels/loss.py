"""The loss: its field, the mathematics typeset below it, what is wrong with it and a way out.

In: a text, and a Finding about it. Out: the text, while it is typed and once it is left; names that a person declares.
"""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton

from ...errors import ExpressionError
from ...language import FUNCTIONS, parse
from ...language.names import is_name
from .checking import Finding
from .editor import Editor
from .fields import described
from .formula import FormulaView
from .highlighting import bound
from .section import Section


class LossSection(Section):
    """The loss as it is typed."""

    declared = Signal(str)
    """A name that is to be a weight."""

    def __init__(self) -> None:
        super().__init__("loss", "&Loss", "The text of the loss and the mathematics that it means")
        self.formula = FormulaView()
        self.editor = Editor()
        self.inner.addWidget(self.formula)
        self.inner.addWidget(self.editor)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._unknown = ""
        self.declare = QPushButton()
        self.declare.setVisible(False)
        described(self.declare, "declare-hinted", "Declare as a weight", "Take the name as one weight's")
        self.declare.clicked.connect(lambda: self.declared.emit(self._unknown))
        self.inner.addWidget(self.declare, 0, Qt.AlignmentFlag.AlignLeft)

    def show_finding(self, finding: Finding, data: Collection[str], given: Collection[str]) -> None:
        """Show what a text means, or what is wrong with it. data, given: names of data, of weights that are known."""
        error = finding.error
        self.formula.show_tree(finding.tree)
        self.editor.highlighter.name(data, [*finding.weights, *given], bound(finding.text, [*data, *given]))
        self.editor.offer([*data, *given])
        self.editor.underline(_span(error), str(error) if error else "")
        self.message.say(_advice(error) if error else finding.fault)
        self._unknown = _unknown(error, finding.text, [*data, *given]) if error and finding.tree is None else ""
        self.declare.setText(f"Declare {self._unknown} as a weight")
        self.declare.setVisible(bool(self._unknown))
        size = "" if finding.problem is None else f"{finding.problem.size:,} scalar weights"
        self.summary.say("one scalar weight" if size.startswith("1 ") else size)


def _span(error: ExpressionError | None) -> tuple[int, int] | None:
    return None if error is None else error.span


def _advice(error: ExpressionError) -> str:
    """The message, and below it the note and the hint."""
    lines = [error.message]
    if error.note:
        lines.append(error.note)
    if error.hint:
        lines.append(f"hint: {error.hint}")
    return "\n".join(lines)


def _unknown(error: ExpressionError, text: str, names: Collection[str]) -> str:
    """The name at the fault, if the text is read further once it is declared; else ""."""
    if error.span is None:
        return ""
    name = text[slice(*error.span)]
    if len(name) < 2 or not is_name(name) or name in FUNCTIONS or name in names:
        return ""
    try:
        parse(text, [*names, name])
    except ExpressionError as other:
        return name if other.span is not None and other.span[0] >= error.span[1] else ""
    return name
