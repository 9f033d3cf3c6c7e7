"""Every row of the table against other formulas; meanings, derivatives, lowerings and shapes are spoiled in turn here,
`linear` in test_substitution.py, `units` and `commutative` in test_program.py."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from meanings import MEANINGS, Array
from numpy.typing import NDArray
from rows import check_row

from atlas_fast.kernels import Builder
from atlas_fast.kernels.cpu.arithmetic import Constant
from atlas_fast.kernels.primitives import PRIMITIVES, Primitive


@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_row_means_what_it_should(name: str) -> None:
    check_row(name)


def test_every_primitive_has_a_meaning_of_its_own() -> None:
    assert list(PRIMITIVES) == list(MEANINGS)


# Spoiling the rows


def off_by_a_bit(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda *arguments, **attributes: function(*arguments, **attributes) * (1 + 1e-9)


def doubled(rule: Callable[..., int]) -> Callable[..., int]:
    """A diagonal rule whose tangent is twice what it should be."""
    return lambda b, x, r, t: b.emit("add", rule(b, x, r, t), rule(b, x, r, t))


def doubled_forward(rule: Callable[..., int | None]) -> Callable[..., int | None]:
    def spoiled(b: Builder, x: Any, r: int, t: Any, **attributes: Any) -> int | None:
        found = rule(b, x, r, t, **attributes)
        return None if found is None else b.emit("add", found, found)

    return spoiled


def doubled_reverse(rule: Callable[..., Any], number: int) -> Callable[..., Any]:
    """A reverse rule whose cotangent of one argument is twice what it should be."""

    def spoiled(b: Builder, x: Any, r: int, g: int, **attributes: Any) -> tuple[int | None, ...]:
        parts = list(rule(b, x, r, g, **attributes))
        parts[number] = b.emit("add", parts[number], parts[number])
        return tuple(parts)

    return spoiled


def spoiled_lowering(lower: Callable[..., Any]) -> Callable[..., Any]:
    def spoiled(v: Any, *arguments: Any, **attributes: Any) -> Any:
        result = lower(v, *arguments, **attributes)
        return "%spoiled" if v is None else v.mul(result, Constant(1.0 + 2.0**-18))

    return spoiled


def wrong_rows(row: Primitive) -> dict[str, Primitive]:
    """The row with each of its fields spoiled in turn."""
    wrong = {
        "name": dataclasses.replace(row, name=f"{row.name}s"),
        "arity": dataclasses.replace(row, arity=row.arity + 1),
        "shape": dataclasses.replace(row, shape=lambda *shapes, **attributes: (7, 7)),
        "numpy": dataclasses.replace(row, numpy=off_by_a_bit(row.numpy)),
    }
    if row.lower is not None:
        wrong["lower"] = dataclasses.replace(row, lower=spoiled_lowering(row.lower))
        wrong["no lower"] = dataclasses.replace(row, lower=None)
    for k, rule in enumerate(row.diagonal or ()):
        other = (lambda b, x, r, t: t) if rule is None else doubled(rule)
        rules = (*row.diagonal[:k], other, *row.diagonal[k + 1 :])  # type: ignore[index]
        wrong[f"diagonal {k}"] = dataclasses.replace(row, diagonal=rules)
        if rule is not None:
            rules = (*row.diagonal[:k], None, *row.diagonal[k + 1 :])  # type: ignore[index]
            wrong[f"no diagonal {k}"] = dataclasses.replace(row, diagonal=rules)
    if row.forward is not None:
        wrong["forward"] = dataclasses.replace(row, forward=doubled_forward(row.forward))
    if row.reverse is not None:
        for k in range(row.arity):
            wrong[f"reverse {k}"] = dataclasses.replace(row, reverse=doubled_reverse(row.reverse, k))
    return wrong


SPOILED = [(name, field) for name, row in PRIMITIVES.items() for field in wrong_rows(row)]


@pytest.mark.usefixtures("forget_compiled")
@pytest.mark.parametrize(("name", "field"), SPOILED)
def test_every_row_is_guarded(name: str, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRIMITIVES, name, wrong_rows(PRIMITIVES[name])[field])
    with pytest.raises(AssertionError):
        check_row(name)


def through_second(b: Builder, x: tuple[int, ...], r: int, t: int) -> int:
    """The tangent of the second argument also where the two are equal."""
    return b.emit("select", b.emit("less", x[1], x[0]), b.constant(0.0), t)


def sign(b: Builder, x: tuple[int, ...], r: int, t: int) -> int:
    """|x|' that is 1 at 0."""
    return b.emit("select", b.emit("less", x[0], b.constant(0.0)), b.emit("neg", t), t)


def of_all_ties(b: Builder, x: tuple[int, ...], r: int, g: int, axis: int) -> tuple[int | None, ...]:
    return (b.emit("mul", b.emit("equal", x[0], r), g),)


def naive_sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(x) / (1 + np.exp(x))


SUBTLE: dict[str, tuple[str, dict[str, Any]]] = {
    "maximum that drops nan": ("maximum", {"numpy": np.fmax}),
    "minimum that drops nan": ("minimum", {"numpy": np.fmin}),
    "maximum compiled without nan": (
        "maximum",
        {"lower": lambda v, x, y: v.select(v.less(x, y), y, x)},
    ),
    "minimum compiled without nan": (
        "minimum",
        {"lower": lambda v, x, y: v.select(v.less(x, y), x, y)},
    ),
    "ties to the second": ("maximum", {"diagonal": (PRIMITIVES["maximum"].diagonal[0], through_second)}),  # type: ignore[index]
    "|x|' = 1 at 0": ("abs", {"diagonal": (sign,)}),
    "max to all ties": ("max", {"reverse": of_all_ties}),
    "sigmoid that overflows": ("sigmoid", {"numpy": naive_sigmoid}),
    "sigmoid by tanh": (
        "sigmoid",
        {
            "lower": lambda v, x: v.fma(
                v.tanh(v.mul(x, Constant(0.5))), Constant(0.5), Constant(0.5)
            )
        },
    ),
    "powers of bases above 0 only": (
        "pow",
        {"lower": lambda v, x, y: v.exp(v.mul(y, v.log(x)))},
    ),
    "select by sign": ("select", {"lower": lambda v, m, x, y: v.select(v.less(Constant(0.0), m), x, y)}),
    "equal that takes nan": (
        "equal",
        {"lower": lambda v, x, y: v.sub(Constant(1.0), v.add(v.less(x, y), v.less(y, x)))},
    ),
}  # fmt: skip


@pytest.mark.usefixtures("forget_compiled")
@pytest.mark.parametrize("fault", SUBTLE)
def test_subtle_faults_are_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, fields = SUBTLE[fault]
    monkeypatch.setitem(PRIMITIVES, name, dataclasses.replace(PRIMITIVES[name], **fields))
    with pytest.raises(AssertionError):
        check_row(name)
