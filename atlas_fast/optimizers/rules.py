"""Update rules: what one step of each optimizer does to a weight, one table, written in primitives.

In: an optimizer. Out: its rule's program, in which the weight, its gradient and what is remembered are 1 x 1 inputs,
one value a scalar weight, and the numbers of a step (the learning rate, corrections, switches) are 1 x 1 data. The
trainer runs that program with the emitter that runs everything else. Rules and their order of operations are those
of torch.optim. A setting that torch leaves out at 0 is a term that is 0 here, and changes no digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count, islice, repeat
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import Builder, Program
from .settings import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, Optimizer, RMSProp

Numbers = tuple[dict[str, float], Iterator[dict[str, float]]]
"""Name -> number: those of every step, and those of each step in turn."""


@dataclass(frozen=True)
class Term:
    """A value of a program that is being built: with operators, so that a rule reads as its formula is printed."""

    builder: Builder
    value: int

    def _emit(self, name: str, *others: Term) -> Term:
        return Term(self.builder, self.builder.emit(name, self.value, *(other.value for other in others)))

    def __add__(self, other: Term) -> Term:
        return self._emit("add", other)

    def __sub__(self, other: Term) -> Term:
        return self._emit("sub", other)

    def __mul__(self, other: Term) -> Term:
        return self._emit("mul", other)

    def __truediv__(self, other: Term) -> Term:
        return self._emit("div", other)

    def __abs__(self) -> Term:
        return self._emit("abs")

    def sqrt(self) -> Term:
        return self._emit("sqrt")

    def maximum(self, other: Term) -> Term:
        return self._emit("maximum", other)

    def choose(self, yes: Term, no: Term) -> Term:
        """`yes` where this one is not 0, else `no`."""
        return self._emit("select", yes, no)


@dataclass(frozen=True)
class Rule:
    """How one step changes a weight.

    state: what is remembered from step to step for each scalar weight: name -> the optimizer -> where it starts.
    numbers: the optimizer -> what is the same for all weights; the same names for every step.
    update: from the terms w (the weight), g (its gradient), the state and the numbers, to the new w and the new state.
    """

    state: Mapping[str, Callable[[Any], float]]
    numbers: Callable[[Any], Numbers]
    update: Callable[[Any], dict[str, Term]]


def _zero(optimizer: Optimizer) -> float:
    return 0.0


def _sgd(x: Any) -> dict[str, Term]:
    g = x.g + x.decay * x.w
    velocity = x.momentum * x.velocity + x.fresh * g
    step = x.nesterov.choose(g + x.momentum * velocity, velocity)
    return {"w": x.w - x.lr * step, "velocity": velocity}


def _sgd_numbers(o: SGD) -> Numbers:
    always = {"lr": o.lr, "momentum": o.momentum, "nesterov": float(o.nesterov), "decay": o.weight_decay}
    # torch starts the velocity with the whole first gradient, and dampens only what there is momentum for.
    later = 1 - o.dampening if o.momentum else 1.0
    return always, chain([{"fresh": 1.0}], repeat({"fresh": later}))


def _adagrad(x: Any) -> dict[str, Term]:
    g = x.g + x.decay * x.w
    total = x.total + g * g
    return {"w": x.w - x.rate * (g / (total.sqrt() + x.eps)), "total": total}


def _adagrad_numbers(o: Adagrad) -> Numbers:
    rates = ({"rate": o.lr / (1 + step * o.lr_decay)} for step in count())
    return {"eps": o.eps, "decay": o.weight_decay}, rates


def _adadelta(x: Any) -> dict[str, Term]:
    g = x.g + x.decay * x.w
    square = x.rho * x.square + x.mix * (g * g)
    step = (x.steps + x.eps).sqrt() / (square + x.eps).sqrt() * g
    return {"w": x.w - x.lr * step, "square": square, "steps": x.rho * x.steps + x.mix * (step * step)}


def _adadelta_numbers(o: Adadelta) -> Numbers:
    return {"lr": o.lr, "rho": o.rho, "mix": 1 - o.rho, "eps": o.eps, "decay": o.weight_decay}, repeat({})


def _rmsprop(x: Any) -> dict[str, Term]:
    g = x.g + x.decay * x.w
    square = x.alpha * x.square + x.mix * (g * g)
    mean = x.mean + x.mix * (g - x.mean)
    spread = x.centered.choose(square - mean * mean, square)
    velocity = x.momentum * x.velocity + g / (spread.sqrt() + x.eps)
    return {"w": x.w - x.lr * velocity, "square": square, "mean": mean, "velocity": velocity}


def _rmsprop_numbers(o: RMSProp) -> Numbers:
    told = {"lr": o.lr, "alpha": o.alpha, "mix": 1 - o.alpha, "eps": o.eps, "decay": o.weight_decay}
    return {**told, "momentum": o.momentum, "centered": float(o.centered)}, repeat({})


def _moments(x: Any, g: Term) -> tuple[Term, Term]:
    # m + (1 - beta1) (g - m), as torch's lerp: where g = m that is m exactly.
    return x.mean + x.mix1 * (g - x.mean), x.beta2 * x.square + x.mix2 * (g * g)


def _adam(x: Any) -> dict[str, Term]:
    g, w = x.g + x.decay * x.w, x.w * x.shrink
    mean, square = _moments(x, g)
    most = x.most.maximum(square)
    scale = x.amsgrad.choose(most, square).sqrt() / x.root + x.eps
    return {"w": w - x.rate * (mean / scale), "mean": mean, "square": square, "most": most}


def _adam_numbers(o: Adam | AdamW) -> Numbers:
    beta1, beta2 = o.betas
    decay, shrink = (0.0, 1 - o.lr * o.weight_decay) if isinstance(o, AdamW) else (o.weight_decay, 1.0)
    always = {"decay": decay, "shrink": shrink, "eps": o.eps, "amsgrad": float(o.amsgrad)}
    always |= {"mix1": 1 - beta1, "beta2": beta2, "mix2": 1 - beta2}
    corrected = ({"rate": o.lr / (1 - beta1**step), "root": (1 - beta2**step) ** 0.5} for step in count(1))
    return always, corrected


def _adamax(x: Any) -> dict[str, Term]:
    g = x.g + x.decay * x.w
    mean = x.mean + x.mix1 * (g - x.mean)
    norm = (x.beta2 * x.norm).maximum(abs(g) + x.eps)
    return {"w": x.w - x.rate * (mean / norm), "mean": mean, "norm": norm}


def _adamax_numbers(o: Adamax) -> Numbers:
    beta1, beta2 = o.betas
    always = {"mix1": 1 - beta1, "beta2": beta2, "eps": o.eps, "decay": o.weight_decay}
    return always, ({"rate": o.lr / (1 - beta1**step)} for step in count(1))


def _nadam(x: Any) -> dict[str, Term]:
    g, w = x.g + x.decay * x.w, x.w * x.shrink
    mean, square = _moments(x, g)
    scale = (square / x.correction).sqrt() + x.eps
    return {"w": w - x.rate * (g / scale) - x.ahead * (mean / scale), "mean": mean, "square": square}


def _nadam_numbers(o: NAdam) -> Numbers:
    beta1, beta2 = o.betas
    decay, shrink = (0.0, 1 - o.lr * o.weight_decay) if o.decoupled_weight_decay else (o.weight_decay, 1.0)
    always = {"decay": decay, "shrink": shrink, "eps": o.eps, "mix1": 1 - beta1, "beta2": beta2, "mix2": 1 - beta2}
    return always, _nadam_schedule(o)


def _nadam_schedule(o: NAdam) -> Iterator[dict[str, float]]:
    (beta1, beta2), product = o.betas, 1.0
    for step in count(1):
        # Dozat's schedule; 0.96 is his, as in torch.
        now, then = (beta1 * (1 - 0.5 * 0.96 ** (t * o.momentum_decay)) for t in (step, step + 1))
        product *= now
        rate, ahead = o.lr * (1 - now) / (1 - product), o.lr * then / (1 - product * then)
        yield {"correction": 1 - beta2**step, "rate": rate, "ahead": ahead}


_ADAM = Rule({"mean": _zero, "square": _zero, "most": _zero}, _adam_numbers, _adam)

RULES: dict[type[Optimizer], Rule] = {
    SGD: Rule({"velocity": _zero}, _sgd_numbers, _sgd),
    Adagrad: Rule({"total": lambda o: o.initial_accumulator_value}, _adagrad_numbers, _adagrad),
    Adadelta: Rule({"square": _zero, "steps": _zero}, _adadelta_numbers, _adadelta),
    RMSProp: Rule({"square": _zero, "mean": _zero, "velocity": _zero}, _rmsprop_numbers, _rmsprop),
    Adam: _ADAM,
    AdamW: _ADAM,
    Adamax: Rule({"mean": _zero, "norm": _zero}, _adamax_numbers, _adamax),
    NAdam: Rule({"mean": _zero, "square": _zero}, _nadam_numbers, _nadam),
}
"""The rule of every optimizer. Adam and AdamW share theirs: they differ in two of its numbers."""


class Schedule:
    """The numbers of an optimizer's rule, step by step: `take(k)` gives those of the next k steps, name -> (k,)."""

    def __init__(self, optimizer: Optimizer) -> None:
        self._always, self._changing = RULES[type(optimizer)].numbers(optimizer)

    def take(self, steps: int) -> dict[str, NDArray[np.float64]]:
        changing = list(islice(self._changing, steps))
        found = {name: np.full(steps, number) for name, number in self._always.items()}
        return found | {name: np.array([numbers[name] for numbers in changing]) for name in changing[0]}


def program(optimizer: Optimizer) -> Program:
    """The optimizer's rule as a program: outputs (new weight, new state ..)."""
    rule, b = RULES[type(optimizer)], Builder()
    inputs = {name: Term(b, b.weight(name, (1, 1))) for name in ("w", "g", *rule.state)}
    always, changing = rule.numbers(optimizer)
    inputs |= {name: Term(b, b.data(name, (1, 1))) for name in (*always, *next(changing))}
    found = rule.update(SimpleNamespace(**inputs))
    return b.build(*(found[name].value for name in ("w", *rule.state)))
