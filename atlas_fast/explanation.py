"""What the compiler makes of a problem, in words and listings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import kernels
from .kernels.execution import Code, PlaneKernel
from .kernels.plan import Plan, Straight, Sweep
from .kernels.primitives import PRIMITIVES, absolute_form
from .kernels.program import label

if TYPE_CHECKING:
    from .problem import Problem

ABSOLUTE = {absolute_form(name): row.absolute_error for name, row in PRIMITIVES.items() if row.absolute is not None}
"""The cheaper forms of primitives, and how far they may be off."""


def explain(problem: Problem, notes: tuple[str, ...], measure: bool, code: bool, gradient: bool) -> str:
    """The expression, the shapes that were inferred, notes, the program; what a surface's kernel hoists out of the
    grid and why, what is left for each point, its plan, what a point costs by count and by estimate, and how much code
    it became.

    measure: what this machine can do and what a point takes, too. code: the code itself, too. gradient: of the kernel
    with dL/da and dL/db.
    """
    from .performance import counted, measured

    kernel = kernels.plane(problem.program, dtype="float32", gradient=gradient)
    found = kernel.code()
    body = found.plan.body
    parts = {
        **_of_the_text(problem, notes),
        "hoisted, and why": "\n".join(_hoisted(kernel, found)),
        "once for the plane w = center + a u + b v (a weight's .c, .u and .v)": str(body.prologue),
        "for each point (u0, u1, .. are the results above)": str(body.program),
        "plan (* is stored)": str(found.plan),
        "a point of the grid, by count (what is done once a row is not in it)": "\n".join(counted(found, gradient)),
        "a point of the grid, on this machine": "\n".join(measured(problem, kernel, found) if measure else ()),
        **_code(found, code),
    }
    return "\n\n".join(
        f"{title}\n" + "\n".join(f"  {line}" for line in text.splitlines()) for title, text in parts.items() if text
    )


def _of_the_text(problem: Problem, notes: tuple[str, ...]) -> dict[str, str]:
    unused = [name for name in problem.data if name not in problem.program.data]
    remarks = [*notes, *(f"{name} is given as data, and the expression does not use it" for name in unused)]
    zero = problem.biases if problem.program.data else frozenset()
    weights = {name: " (a bias: starts at zero)" if name in zero else "" for name in problem.weights}
    return {
        "expression": problem.expression,
        "data": "\n".join(f"{n}: {v.shape[0]} x {v.shape[1]}" for n, v in problem.data.items()),
        f"weights ({problem.size:,} scalars)": "\n".join(
            f"{name}: {rows} x {columns}{weights[name]}" for name, (rows, columns) in problem.weights.items()
        ),
        "notes": "\n".join(remarks),
        "program": str(problem.program),
    }


def _hoisted(kernel: PlaneKernel, code: Code) -> list[str]:
    """What is not computed at each point as the program has it: first by the program, then by that for each point."""
    body = code.plan.body.program
    cheaper = [
        f"{label(body, value)} below ({op}, {rows} x {columns}): in the loss products of matrices alone read it, "
        f"so that its cheaper form will do, off by at most {ABSOLUTE[op]:.1e}"
        for value, (op, (rows, columns)) in enumerate((i.op, i.shape) for i in body.instructions)
        if op in ABSOLUTE
    ]
    return [*kernel.notes, *_of_b_alone(code.plan, code.points), *cheaper]


def _of_b_alone(plan: Plan, points: int) -> list[str]:
    def named(stages: list[Straight] | list[Sweep]) -> str:
        values = (v for stage in stages for nest in stage.nests if nest.level == "row" for v in nest.values)
        return ", ".join(label(plan.body.program, value) for value in values)

    once = {
        "once a row of the grid": named([s for s in plan.stages if isinstance(s, Straight) and s.level == "row"]),
        f"as plain numbers, once for the {points} points of a vector": named(
            [s for s in plan.stages if isinstance(s, Sweep)]
        ),
    }
    return [f"{values} below: depend on b alone, {how}" for how, values in once.items() if values]


def _code(found: Code, whole: bool) -> dict[str, str]:
    from .kernels.cpu.compiler import assembly
    from .kernels.cpu.machine import host

    ir = found.ir
    machine = assembly(ir, host())
    if whole:
        return {"LLVM IR": ir, "assembly": machine}
    lanes = f"{found.lanes} {'points' if found.points > 1 else 'samples'} a vector"
    lines = f"{len(ir.splitlines()):,} lines of LLVM IR, {len(machine.splitlines()):,} of assembly"
    return {"code": f"{lanes}, {lines}: problem.explain(code=True) shows them, and atlas-fast explain --code"}
