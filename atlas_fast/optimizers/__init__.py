"""Optimizers: settings that people give (settings.py) and what one step does with them (rules.py).

OPTIMIZERS, name -> class, is the table that everything else reads; RULES has an update rule for each of its rows.
"""

from .rules import RULES, Rule, Schedule, program
from .settings import (
    OPTIMIZERS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    NAdam,
    Optimizer,
    RMSProp,
    find,
    make,
)

__all__ = [
    "OPTIMIZERS",
    "RULES",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RMSProp",
    "Rule",
    "Schedule",
    "find",
    "make",
    "program",
]
