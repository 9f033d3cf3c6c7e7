"""What a device has instructions for and Python has not, as functions of Numba's dialect. Imported with a kernel only.

divide: of float32, off by 2 ulp at most, over the whole range. sigmoid_absolute, tanh_absolute: of float32, from the
hardware's 2^x and 1/x. Those are off by 2^-22.5 and 2^-23 of their values, says NVIDIA, and x log2(e) by 2^-24 of x,
where e^-|x| |x| is at most 0.37: less than 2^-22 in all for sigmoid and 2^-21 for tanh, as on the CPU. choose: a
selection, no branch. larger, smaller: with nan where either is.
reread: no instruction, but what lies in shared memory is read again behind it and not kept in registers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.cuda.extending import intrinsic

LOG2E = float(np.float32(1 / math.log(2.0)))

SINGLE = ir.FloatType()


def _instruction(builder: Any, text: str, *arguments: Any) -> Any:
    kind = ir.FunctionType(SINGLE, [SINGLE] * len(arguments))
    code = ir.InlineAsm(kind, text, ",".join(["=f"] + ["f"] * len(arguments)), side_effect=False)
    return builder.call(code, arguments)


def _power_of_two(builder: Any, x: Any) -> Any:
    return _instruction(builder, "ex2.approx.ftz.f32 $0, $1;", x)


def _reciprocal(builder: Any, x: Any) -> Any:
    return _instruction(builder, "rcp.approx.ftz.f32 $0, $1;", x)


def _number(x: float) -> Any:
    return ir.Constant(SINGLE, x)


def _only_single(*kinds: Any) -> None:
    """A float64 here would be one that crept into a float32 kernel."""
    if any(kind != types.float32 for kind in kinds):
        raise TypingError(f"float32 is wanted, not {', '.join(map(str, kinds))}")


@intrinsic
def choose(typing: Any, condition: Any, x: Any, y: Any) -> Any:
    if x != y or not isinstance(x, types.Float):
        raise TypingError(f"{x} and {y} are not one kind of number")

    def call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return x(types.boolean, x, y), call


def _extreme(predicate: str) -> Any:
    """The larger or the smaller of two, nan where either is: as NumPy's."""

    @intrinsic
    def function(typing: Any, x: Any, y: Any) -> Any:
        if x != y or not isinstance(x, types.Float):
            raise TypingError(f"{x} and {y} are not one kind of number")

        def call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            left, right = arguments
            taken = builder.or_(builder.fcmp_ordered(predicate, left, right), builder.fcmp_unordered("uno", left, left))
            return builder.select(taken, left, right)

        return x(x, y), call

    return function


larger, smaller = _extreme(">"), _extreme("<")


def _extreme_single(text: str) -> Any:
    """The same of float32 in one instruction, of capability 8.0 and above."""

    @intrinsic
    def function(typing: Any, x: Any, y: Any) -> Any:
        _only_single(x, y)

        def call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _instruction(builder, text, *arguments)

        return x(x, y), call

    return function


larger_single = _extreme_single("max.NaN.f32 $0, $1, $2;")
smaller_single = _extreme_single("min.NaN.f32 $0, $1, $2;")


@intrinsic
def divide(typing: Any, x: Any, y: Any) -> Any:
    _only_single(x, y)

    def call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _instruction(builder, "div.full.f32 $0, $1, $2;", *arguments)

    return x(x, y), call


@intrinsic
def sigmoid_absolute(typing: Any, x: Any) -> Any:
    """1 / (1 + 2^(-x log2 e))"""
    _only_single(x)

    def call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        power = _power_of_two(builder, builder.fmul(arguments[0], _number(-LOG2E)))
        return _reciprocal(builder, builder.fadd(power, _number(1.0)))

    return x(x), call


@intrinsic
def tanh_absolute(typing: Any, x: Any) -> Any:
    """1 - 2 / (1 + 2^(2 x log2 e))"""
    _only_single(x)

    def call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        power = _power_of_two(builder, builder.fmul(arguments[0], _number(2 * LOG2E)))
        inverse = _reciprocal(builder, builder.fadd(power, _number(1.0)))
        return builder.fadd(builder.fmul(inverse, _number(-2.0)), _number(1.0))

    return x(x), call


@intrinsic
def reread(typing: Any) -> Any:
    def call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        nothing = ir.FunctionType(ir.VoidType(), [])
        builder.call(ir.InlineAsm(nothing, "", "~{memory}", side_effect=True), [])
        return context.get_dummy_value()

    return types.none(), call
