"""What the compiler makes of a problem, in words and listings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import kernels

if TYPE_CHECKING:
    from .problem import Problem


def explain(problem: Problem, notes: tuple[str, ...]) -> str:
    """The expression, the shapes that were inferred, notes, the program; what a surface's kernel hoists out of the
    grid and what is left for each point, its plan with the cost of a point, and how much code it became.
    """
    unused = [name for name in problem.data if name not in problem.program.data]
    remarks = [*notes, *(f"{name} is given as data, and the expression does not use it" for name in unused)]
    zero = problem.biases if problem.program.data else frozenset()
    weights = {name: " (a bias: starts at zero)" if name in zero else "" for name in problem.weights}
    kernel = kernels.plane(problem.program, dtype="float32")
    code = kernel.code()
    body = code.plan.body
    parts = {
        "expression": problem.expression,
        "data": "\n".join(f"{n}: {v.shape[0]} x {v.shape[1]}" for n, v in problem.data.items()),
        f"weights ({problem.size:,} scalars)": "\n".join(
            f"{name}: {rows} x {columns}{weights[name]}" for name, (rows, columns) in problem.weights.items()
        ),
        "notes": "\n".join(remarks),
        "program": str(problem.program),
        "once for the plane w = center + a u + b v (a weight's .c, .u and .v)": str(body.prologue),
        "polynomials in (a, b) (values of the program above)": "\n".join(kernel.notes),
        "for each point (u0, u1, .. are the results above)": str(body.program),
        "plan (* is stored)": str(code.plan),
        "code": f"{code.lanes} points a vector, {code.ir.count(chr(10)):,} lines of LLVM IR: ATLAS_DEBUG=4 prints them",
    }
    return "\n\n".join(
        f"{title}\n" + "\n".join(f"  {line}" for line in text.splitlines()) for title, text in parts.items() if text
    )
