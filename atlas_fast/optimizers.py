"""Optimizers: the settings that people give, and one table of update rules written in primitives.

In: an optimizer (SGD, Adam). Out: its rule, and the rule's program, in which the weight, its gradient and the
rule's state are 1 x 1 inputs, one value a scalar weight, and the step's numbers (the learning rate,
corrections) are 1 x 1 data. The trainer runs that program with the emitter that runs everything else. Rules,
order of operations and defaults are those of torch.optim.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from .arguments import ArgumentError, real, share
from .kernels import Builder, Program

Values = Mapping[str, int]
"""Name -> its value in a builder."""

Outcome = tuple[int, ...]
"""The new weight and the new state, in the rule's order."""


@dataclass(frozen=True)
class Rule:
    """How one step changes a weight.

    state: names of what is remembered from step to step, for each scalar weight; zero at the start.
    numbers: names of what is the same for every weight. at: the optimizer and the step, counted from 1, ->
    those. update: emits the new weight, then the new state; its inputs are w (the weight), g (the gradient),
    state and numbers.
    """

    state: tuple[str, ...]
    numbers: tuple[str, ...]
    at: Callable[[Any, int], tuple[float, ...]]
    update: Callable[[Builder, Values], Outcome]


class _Settings:
    """Prints as the call that makes it, without what is at its default."""

    def __repr__(self) -> str:
        told = ((f.name, getattr(self, f.name), f.default) for f in fields(self))  # type: ignore[arg-type]
        given = ", ".join(f"{name}={value!r}" for name, value, default in told if value != default)
        return f"{type(self).__name__}({given})"


@dataclass(frozen=True, repr=False)
class SGD(_Settings):
    """Gradient descent, with momentum (Polyak's, or Nesterov's look-ahead), as torch.optim.SGD.

    lr: the learning rate, more than 0. momentum: at least 0 and less than 1. nesterov: needs a momentum.
    Raises ArgumentError for anything else.
    """

    lr: float
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "lr", real("lr", self.lr, above=0))
        object.__setattr__(self, "momentum", share("momentum", self.momentum))
        if self.nesterov and self.momentum == 0:
            raise ArgumentError("nesterov=True needs a momentum: SGD(lr, momentum=0.9, nesterov=True)")

    @property
    def rule(self) -> str:
        """The name of its row in RULES."""
        if self.momentum == 0:
            return "descent"
        return "nesterov" if self.nesterov else "momentum"


@dataclass(frozen=True, repr=False)
class Adam(_Settings):
    """Adam (Kingma and Ba, 2015, algorithm 1), as torch.optim.Adam.

    lr: the learning rate, more than 0. betas: the decay of the first and the second moment, each at least 0
    and less than 1. eps: added to the root of the second moment, at least 0. Raises ArgumentError for
    anything else.
    """

    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def __post_init__(self) -> None:
        object.__setattr__(self, "lr", real("lr", self.lr, above=0))
        try:
            first, second = self.betas
        except (TypeError, ValueError):
            raise ArgumentError(f"betas is {self.betas!r}, two numbers are wanted, as in (0.9, 0.999)") from None
        object.__setattr__(self, "betas", (share("betas[0]", first), share("betas[1]", second)))
        object.__setattr__(self, "eps", real("eps", self.eps, least=0))

    @property
    def rule(self) -> str:
        """The name of its row in RULES."""
        return "adam"


Optimizer = SGD | Adam


def _descent(b: Builder, x: Values) -> Outcome:
    return (b.emit("sub", x["w"], b.emit("mul", x["lr"], x["g"])),)


def _velocity(b: Builder, x: Values) -> int:
    # torch starts the buffer with the first gradient: with no dampening that is a start at zero.
    return b.emit("add", b.emit("mul", x["momentum"], x["velocity"]), x["g"])


def _momentum(b: Builder, x: Values) -> Outcome:
    velocity = _velocity(b, x)
    return b.emit("sub", x["w"], b.emit("mul", x["lr"], velocity)), velocity


def _nesterov(b: Builder, x: Values) -> Outcome:
    velocity = _velocity(b, x)
    ahead = b.emit("add", x["g"], b.emit("mul", x["momentum"], velocity))
    return b.emit("sub", x["w"], b.emit("mul", x["lr"], ahead)), velocity


def _adam(b: Builder, x: Values) -> Outcome:
    # m + (1 - beta1) (g - m), as torch's lerp: where g = m that is m exactly.
    toward = b.emit("mul", x["mix"], b.emit("sub", x["g"], x["mean"]))
    mean = b.emit("add", x["mean"], toward)
    kept = b.emit("mul", x["beta2"], x["square"])
    square = b.emit("add", kept, b.emit("mul", x["mix2"], b.emit("mul", x["g"], x["g"])))
    scale = b.emit("add", b.emit("div", b.emit("sqrt", square), x["root"]), x["eps"])
    return b.emit("sub", x["w"], b.emit("mul", x["rate"], b.emit("div", mean, scale))), mean, square


def _adam_numbers(adam: Adam, step: int) -> tuple[float, ...]:
    beta1, beta2 = adam.betas
    rate = adam.lr / (1 - beta1**step)
    return rate, (1 - beta2**step) ** 0.5, adam.eps, 1 - beta1, beta2, 1 - beta2


RULES: dict[str, Rule] = {
    "descent": Rule((), ("lr",), lambda o, step: (o.lr,), _descent),
    "momentum": Rule(("velocity",), ("lr", "momentum"), lambda o, step: (o.lr, o.momentum), _momentum),
    "nesterov": Rule(("velocity",), ("lr", "momentum"), lambda o, step: (o.lr, o.momentum), _nesterov),
    "adam": Rule(("mean", "square"), ("rate", "root", "eps", "mix", "beta2", "mix2"), _adam_numbers, _adam),
}
"""Every update rule; an optimizer names its own."""


@cache
def program(rule: str) -> Program:
    """The rule's program: outputs (new weight, new state ..)."""
    row, b = RULES[rule], Builder()
    inputs = {name: b.weight(name, (1, 1)) for name in ("w", "g", *row.state)}
    inputs |= {name: b.data(name, (1, 1)) for name in row.numbers}
    return b.build(*row.update(b, inputs))
