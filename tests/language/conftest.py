"""A text's value, all the way through the language and the reference."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from atlas_fast.kernels import reference
from atlas_fast.language import infer, lower, parse

Value = Callable[..., float]


def evaluate(text: str, data: Mapping[str, Any] | None = None, weights: Mapping[str, Any] | None = None) -> float:
    """The loss at these values of data and weights, scalars or matrices."""
    inputs = [{k: np.atleast_2d(np.asarray(v, float)) for k, v in (part or {}).items()} for part in (data, weights)]
    tree = parse(text, [*inputs[0], *inputs[1]])
    program = lower(tree, infer(tree, *({k: v.shape for k, v in part.items()} for part in inputs)))
    return reference.evaluate(program, {**inputs[0], **inputs[1]})[0].item()


@pytest.fixture
def value() -> Value:
    return evaluate
