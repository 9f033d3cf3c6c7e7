"""The signs of the language, and which kind of token each is."""

from __future__ import annotations

import re

NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+|\.(?![*/^'T]))?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""A point before an operator belongs to the operator: 2.*A, 2.^x, A.T."""
ORDER = re.compile(r"_(\{)?([A-Za-z0-9]+(?:\.[0-9]+)?|∞)(?(1)\})|([₁₂∞])")
ORDERS = {"1": "1", "₁": "1", "2": "2", "₂": "2", "F": "F", "inf": "inf", "∞": "inf"}

OPERATORS = {
    ".*": "HADAMARD",
    "./": "DIVIDE",
    "+": "PLUS",
    "-": "MINUS",
    "−": "MINUS",
    "*": "TIMES",
    "@": "TIMES",
    "·": "TIMES",
    "⋅": "TIMES",
    "×": "TIMES",
    "⊙": "HADAMARD",
    "/": "DIVIDE",
}
TRANSPOSES = "'’′ᵀ"
RAISED = {"²": 2.0, "³": 3.0}
BARS = "|‖∥"
ENDS_OPERAND = frozenset(
    {"NUMBER", "NAME", "CONSTANT", "CLOSE", "MCLOSE", "ACLOSE", "NCLOSE", "TRANSPOSE", "SUPERSCRIPT"}
)
"""Tokens after which an operand is complete."""
