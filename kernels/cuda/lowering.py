"""What each primitive is in the kernel's dialect: one expression of its arguments' elements.

In: the table of primitives (a test checks that this one has the same rows). Out: templates, whose arguments are names,
and which call the functions of targets.py. Numbers are written as names, `zero`, `one`, bound in the kernel's
precision: a literal 1.0 would be a float64 and make one of all that it meets. No expression branches: `choose` takes
either of two values.
"""

from __future__ import annotations

LOWERINGS: dict[str, str] = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "divide({0}, {1})",
    "pow": "power({0}, {1})",
    # nan where either is nan, as NumPy's.
    "maximum": "larger({0}, {1})",
    "minimum": "smaller({0}, {1})",
    "neg": "-{0}",
    "abs": "size({0})",
    "exp": "exp({0})",
    "log": "log({0})",
    "sqrt": "sqrt({0})",
    "tanh": "tanh({0})",
    "sigmoid": "divide(one, one + exp(-{0}))",
    # e^x far to the left, x far to the right.
    "softplus": "choose({0} < zero, zero, {0}) + log1p(exp(-size({0})))",
    "sin": "sin({0})",
    "cos": "cos({0})",
    "erf": "erf({0})",
    "normal_cdf": "normal_cdf({0})",
    "less": "choose({0} < {1}, one, zero)",
    "equal": "choose({0} == {1}, one, zero)",
    "select": "choose({0} != zero, {1}, {2})",
    "detach": "{0}",
    "broadcast": "{0}",
    "tanh_absolute": "tanh_absolute({0})",
    "sigmoid_absolute": "sigmoid_absolute({0})",
}

LOOPS = ("matmul", "gram", "transpose", "sum", "max")
"""Primitives that are loops, or another way to read: nest.py has them."""


def lowering(op: str, dtype: str) -> str:
    """The template of a primitive. The absolute forms are cheaper in float32 alone."""
    return LOWERINGS[op.removesuffix("_absolute") if dtype == "float64" else op]
