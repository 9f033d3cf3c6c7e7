"""What the library says to people who write workspaces, in the words of the panel.

In: a message, as `give [weights] B = [10, "?"]`. Out: the same as `give B the shape 10 × ?`, which the panel has a
place for.
"""

from __future__ import annotations

import re

from ...workspace import wording

_UNKNOWN = re.compile(r'give \[data\.(\w+)\] or \[weights\] \1 = "\?"')
_OWN = re.compile(r"give its shape: \[weights\] \w+ = \[([^\]]*)\]")
_SHAPE = re.compile(r"(\w+) = \[([^\]]*)\]")
_SHAPES = re.compile(rf"\[weights\] ({_SHAPE.pattern}(?:, {_SHAPE.pattern})*)")
_DATA = re.compile(r"\[data\.(\w+)\]")
_DROPPED = 'give missing = "drop" to leave out rows with one'


def worded(message: str) -> str:
    """A message of the library as the panel's reader wants it."""
    message = wording.worded(message).replace(_DROPPED, "tick Leave out rows with gaps")
    message = _UNKNOWN.sub(r"load data \1, declare \1 as a weight", message)
    message = _OWN.sub(lambda found: f"give its shape: {_sizes(found[1])}", message)
    message = _SHAPES.sub(
        lambda found: _SHAPE.sub(lambda one: f"{one[1]} the shape {_sizes(one[2])}", found[1]), message
    )
    return _DATA.sub(r"data \1", message)


def _sizes(text: str) -> str:
    """Sizes of TOML as the table of weights shows them."""
    return " × ".join(size.strip().strip('"') for size in text.split(","))
