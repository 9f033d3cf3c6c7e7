"""The settings of the optimizers: a class each, immutable, with the names and defaults of torch.optim.

In: numbers that people give. Out: an optimizer that is known to be usable. What it does is in rules.py. lr, the
learning rate, is always given. What torch has beside that only says how to compute (foreach, fused, ..) is absent.
torch also takes lr = 0, which never moves, and a momentum of 1 or more, which never forgets; here both are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np

from ..arguments import ArgumentError, choice, fraction, real
from ..errors import clipped, nearest

Check = Callable[[str, Any], Any]
"""(name, value as given) -> value to keep; raises ArgumentError."""


def _positive(name: str, value: Any) -> float:
    return real(name, value, above=0)


def _least_zero(name: str, value: Any) -> float:
    return real(name, value, least=0)


def _switch(name: str, value: Any) -> bool:
    return bool(choice(name, bool(value) if isinstance(value, np.bool_) else value, (True, False)))


def _betas(name: str, value: Any) -> tuple[float, float]:
    try:
        first, second = value
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} is {value!r}, two numbers are wanted, as in (0.9, 0.999)") from None
    return fraction(f"{name}[0]", first), fraction(f"{name}[1]", second)


CHECKS: dict[str, Check] = {
    "lr": _positive,
    "momentum": fraction,
    "dampening": fraction,
    "nesterov": _switch,
    "weight_decay": _least_zero,
    "decoupled_weight_decay": _switch,
    "betas": _betas,
    "eps": _least_zero,
    "amsgrad": _switch,
    "lr_decay": _least_zero,
    "initial_accumulator_value": _least_zero,
    "rho": fraction,
    "alpha": fraction,
    "centered": _switch,
    "momentum_decay": _least_zero,
}
"""Every setting there is: a name means the same wherever it occurs."""


@dataclass(frozen=True, repr=False)
class Optimizer:
    """What all optimizers share: settings are checked, and print as the call that makes them, without what is at
    its default. Raises ArgumentError for a setting that cannot work.
    """

    def __post_init__(self) -> None:
        for name in settings(type(self)):
            object.__setattr__(self, name, CHECKS[name](name, getattr(self, name)))

    def __repr__(self) -> str:
        told = ((name, getattr(self, name), default) for name, default in settings(type(self)).items())
        given = ", ".join(f"{name}={value!r}" for name, value, default in told if value != default)
        return f"{type(self).__name__}({given})"


def settings(optimizer: type[Optimizer]) -> dict[str, Any]:
    """Name -> default of an optimizer's settings; lr has none, which dataclasses calls MISSING."""
    return {field.name: field.default for field in fields(optimizer)}


@dataclass(frozen=True, repr=False)
class SGD(Optimizer):
    """Gradient descent, with momentum (Polyak 1964, or Nesterov's look-ahead as in Sutskever et al. 2013).

    lr: the learning rate, more than 0. momentum: how much of the last step is kept, at least 0 and less than 1.
    nesterov: look ahead along the momentum. dampening: the share of each new gradient that momentum leaves out, at
    least 0 and less than 1; none with nesterov. weight_decay: times the weight is added to its gradient, at least 0.
    """

    lr: float
    momentum: float = 0.0
    nesterov: bool = False
    dampening: float = 0.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and self.momentum == 0:
            raise ArgumentError("nesterov=True needs a momentum: SGD(lr, momentum=0.9, nesterov=True)")
        if self.nesterov and self.dampening != 0:
            raise ArgumentError("nesterov=True takes no dampening: leave one of the two out")


@dataclass(frozen=True, repr=False)
class Adagrad(Optimizer):
    """Steps divided by the root of the sum of squared gradients (Duchi, Hazan and Singer 2011).

    lr: the learning rate, more than 0, divided by 1 + (step - 1) lr_decay. lr_decay, weight_decay,
    initial_accumulator_value (where the sum starts) and eps (added to the root): at least 0.
    """

    lr: float
    lr_decay: float = 0.0
    weight_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10


@dataclass(frozen=True, repr=False)
class Adadelta(Optimizer):
    """Steps in the units of the weight: the root mean square of past steps over that of gradients (Zeiler 2012).

    lr: a factor on the step, more than 0; the paper has 1. rho: the decay of both means, at least 0 and less than 1.
    eps: added under both roots, at least 0. weight_decay: at least 0.
    """

    lr: float
    rho: float = 0.9
    eps: float = 1e-6
    weight_decay: float = 0.0


@dataclass(frozen=True, repr=False)
class RMSProp(Optimizer):
    """Steps divided by the root mean square of recent gradients (Tieleman and Hinton 2012, lecture 6e).

    lr: the learning rate, more than 0. alpha: the decay of the mean, at least 0 and less than 1. eps: added to the
    root, weight_decay: both at least 0. momentum: at least 0 and less than 1. centered: divide by the deviation from
    the mean gradient instead (Graves 2013). torch.optim spells it RMSprop.
    """

    lr: float
    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum: float = 0.0
    centered: bool = False


@dataclass(frozen=True, repr=False)
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015, algorithm 1).

    lr: the learning rate, more than 0. betas: the decay of the first and the second moment, each at least 0
    and less than 1. eps: added to the root of the second moment, at least 0. weight_decay: times the weight is added
    to its gradient, at least 0. amsgrad: the largest second moment so far, not the last (Reddi et al. 2018).
    """

    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    amsgrad: bool = False


@dataclass(frozen=True, repr=False)
class AdamW(Optimizer):
    """Adam whose weight decay acts on the weights, not through the gradient (Loshchilov and Hutter 2019).

    weight_decay: each step multiplies the weights by 1 - lr weight_decay; at least 0. The others are Adam's.
    """

    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 1e-2
    amsgrad: bool = False


@dataclass(frozen=True, repr=False)
class Adamax(Optimizer):
    """Adam with the infinity norm in place of the second moment (Kingma and Ba 2015, algorithm 2).

    lr: the learning rate, more than 0. betas: the decay of the first moment and of the norm, each at least 0 and less
    than 1. eps: added to the gradient's magnitude, at least 0. weight_decay: at least 0.
    """

    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0


@dataclass(frozen=True, repr=False)
class NAdam(Optimizer):
    """Adam with Nesterov's look-ahead (Dozat 2016).

    lr, betas, eps: Adam's. momentum_decay: how fast the look-ahead's momentum grows to betas[0], at least 0.
    weight_decay: at least 0, through the gradient as Adam's, or with decoupled_weight_decay as AdamW's.
    The product of the momenta is kept in float64; torch keeps it in its default dtype, and where that is float32 its
    steps are 3.6e-7 apart from these.
    """

    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum_decay: float = 4e-3
    decoupled_weight_decay: bool = False


OPTIMIZERS: dict[str, type[Optimizer]] = {
    kind.__name__: kind for kind in (SGD, Adagrad, Adadelta, RMSProp, Adam, AdamW, Adamax, NAdam)
}
"""Name -> class."""


def find(name: str) -> type[Optimizer]:
    """The optimizer of a name, in capitals or not. Raises ArgumentError, which tells the nearest name or all."""
    wanted = str(name).lower()
    for known, kind in OPTIMIZERS.items():
        if known.lower() == wanted:
            return kind
    near = nearest(wanted, OPTIMIZERS)
    told = f"did you mean {near}?" if near else f"there are {', '.join(OPTIMIZERS)}"
    hint = "; momentum is SGD(lr, momentum=0.9)" if wanted in ("momentum", "nesterov") else ""
    raise ArgumentError(f"{clipped(repr(name))} is no optimizer: {told}{hint}")


def make(name: str, given: Mapping[str, Any]) -> Optimizer:
    """The optimizer of a name with settings by name, as a file or a link holds them.

    Raises ArgumentError for a name or a setting that is not there, for a missing lr, and for a value that cannot
    work.
    """
    kind = find(name)
    known = settings(kind)
    for setting in given:
        if setting not in known:
            raise ArgumentError(f"{kind.__name__} has no setting {setting!r}; it has {', '.join(known)}")
    missing = [setting for setting, default in known.items() if default is MISSING and setting not in given]
    if missing:
        raise ArgumentError(f"{kind.__name__} needs {missing[0]}, the learning rate, as in lr = 0.01")
    return kind(**given)
