"""A typed grammar of losses: from the shape wanted down to the names, so that every text is right by construction.

The choices come from a `Source`. It uses every operator of the language, and of its functions those it is given.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int]
T = TypeVar("T")

ELEMENTWISE = ("relu", "selu", "gelu", "silu", "softplus", "sigmoid", "tanh", "sin", "cos", "erf", "abs", "square")
WITH_A_NUMBER = {"leaky_relu": ("0.01", "0.2"), "elu": ("1", "0.5")}
OF_POSITIVES = ("log", "sqrt")
OF_BOUNDED = ("exp", "tan")
BOUNDED = ("tanh", "sigmoid", "sin", "cos", "erf")
ALONG_AN_AXIS = ("softmax", "log_softmax")
REDUCTIONS = ("sum", "mean", "max", "min")
OF_TWO = ("max", "min")
LOSSES = ("mse", "mae", "huber", "hinge", "cross_entropy", "binary_cross_entropy")
OTHERS = ("transpose", "norm", "onehot")
KNOWN_FUNCTIONS = frozenset(
    (*ELEMENTWISE, *WITH_A_NUMBER, *OF_POSITIVES, *OF_BOUNDED, *ALONG_AN_AXIS, *REDUCTIONS, *LOSSES, *OTHERS)
)

# How tightly a piece of text binds; one that binds less tightly than its place wants gets parentheses.
SUM, TERM, UNARY, POWER, ATOM = range(5)


class Source(Protocol):
    """Where choices come from."""

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""


@dataclass(frozen=True)
class Piece:
    text: str
    level: int = ATOM

    def at(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"


Production = Callable[[Shape, int], Piece | None]
"""(shape, depth of its operands) -> the text, or None where the functions it wants do not exist."""


@dataclass
class Grammar:
    """One text in the making. `samples`, `features`, `hidden` and `classes` are the sizes it plays with."""

    source: Source
    functions: Collection[str]
    samples: int
    features: int
    hidden: int
    classes: int
    random: np.random.Generator
    data: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    weights: dict[str, Shape] = field(default_factory=dict)
    bound: dict[str, Shape] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.source.integer(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        return self.source.integer(1, 100) <= percent

    def function(self, names: Sequence[str]) -> str | None:
        offered = [name for name in names if name in self.functions]
        return self.pick(offered) if offered else None

    def has_samples(self, shape: Shape) -> bool:
        return self.samples > 1 and self.samples in shape

    # Leaves

    def leaf(self, shape: Shape) -> Piece:
        if shape == (1, 1) and self.chance(30):
            return self.number()
        reused = [name for name, known in self.bound.items() if known == shape]
        if reused and self.chance(40):
            return Piece(self.pick(reused))
        if self.has_samples(shape):
            return self.some_data(shape)
        if shape[1] == 1 and self.chance(10):
            return self.some_data(shape)
        known = [name for name, size in self.weights.items() if size == shape]
        if known and self.chance(60):
            return Piece(self.pick(known))
        name = f"W{len(self.weights) + 1}"
        self.weights[name] = shape
        return Piece(name)

    def number(self) -> Piece:
        return Piece(self.pick(("2", "0.5", "3", "1.25", "1e-1", "0.7", "pi", ".3")))

    def some_data(self, shape: Shape) -> Piece:
        """Data, features x samples as all data are; a value with the samples in its rows is the transpose."""
        turned = shape[1] != self.samples and shape[0] == self.samples
        size = shape[::-1] if turned else shape
        known = [name for name, array in self.data.items() if array.shape == size and name != "labels"]
        if known and self.chance(70):
            name = self.pick(known)
        else:
            name = f"X{len(self.data) + 1}"
            self.data[name] = self.random.standard_normal(size)
        return Piece(f"{name}'", POWER) if turned else Piece(name)

    # Nodes

    def expression(self, shape: Shape, depth: int) -> Piece:
        """Text of a value of this shape, at most so many operations deep."""
        if depth <= 0:
            return self.leaf(shape)
        if depth == 1 and self.has_samples((shape[1], 1)) and self.chance(50):
            # Else most of the short texts would hold no weights.
            return Piece(
                f"{self.leaf((shape[0], self.features)).text} * {self.leaf((self.features, shape[1])).text}",
                TERM,
            )
        piece = self.pick(self.productions(shape))(shape, depth - 1)
        if piece is None:
            return self.leaf(shape)
        if depth > 1 and piece.level < ATOM and len(self.lines) < 4 and self.chance(8):
            return self.binding(piece, shape)
        return piece

    def productions(self, shape: Shape) -> list[Production]:
        found: list[Production] = [
            self.sum,
            self.sum,
            self.scaled,
            self.hadamard,
            self.quotient,
            self.power,
            self.negated,
        ]
        found += [self.product, self.product, self.elementwise, self.elementwise, self.elementwise]
        found += [
            self.bars,
            self.transposed,
            self.of_positive,
            self.of_bounded,
            self.of_two,
            self.own_function,
        ]
        if 1 in shape:
            found += [self.reduced, self.reduced]
        if shape == (1, 1):
            found += [self.norm, self.norm, self.loss, self.loss]
        elif not self.has_samples((shape[1], 1)) or self.chance(50):
            found += [self.along_axis]
        if self.has_samples((shape[1], 1)):
            found += [self.layer, self.layer, self.layer]
        if shape[0] * shape[1] <= 4 and not self.has_samples(shape):
            found += [self.matrix]
        if shape == (self.classes, self.samples):
            found += [self.onehot]
        return found

    def binding(self, piece: Piece, shape: Shape) -> Piece:
        name = f"H{len(self.bound) + 1}"
        self.lines.append(f"{name} = {piece.text}")
        self.bound[name] = shape
        return Piece(name)

    def broadcastable(self, shape: Shape) -> Shape:
        """A shape that broadcasts to this one."""
        return self.pick((shape, (shape[0], 1), (1, shape[1]), (1, 1)))

    def pair(self, shape: Shape, depth: int) -> tuple[Piece, Piece]:
        """Two operands that broadcast to this shape, in either order."""
        pieces = (self.expression(shape, depth), self.expression(self.broadcastable(shape), depth))
        return pieces[::-1] if self.chance(30) else pieces

    def sum(self, shape: Shape, depth: int) -> Piece:
        left, right = self.pair(shape, depth)
        return Piece(f"{left.at(SUM)} {self.pick('+-')} {right.at(TERM)}", SUM)

    def scaled(self, shape: Shape, depth: int) -> Piece:
        if self.chance(30):
            # A product without a sign: a number and a name, or two names.
            scale = self.number() if self.chance(60) else self.leaf((1, 1))
            value = self.leaf(shape)
            if value.text[0].isalpha() and value.text != "pi":
                return Piece(f"{scale.text} {value.text}", TERM)
        scale, value = self.expression((1, 1), depth), self.expression(shape, depth)
        left, right = (value, scale) if self.chance(30) else (scale, value)
        return Piece(f"{left.at(TERM)} {self.pick('*@·×')} {right.at(UNARY)}", TERM)

    def product(self, shape: Shape, depth: int) -> Piece:
        """A matrix product; the inner size may be the samples, n x n values are left out."""
        sizes = [1, self.features, self.hidden, self.classes]
        if not self.has_samples(shape):
            sizes.append(self.samples)
        inner = self.pick(sizes)
        left, right = self.expression((shape[0], inner), depth), self.expression((inner, shape[1]), depth)
        return Piece(f"{left.at(TERM)} {self.pick('*@')} {right.at(UNARY)}", TERM)

    def layer(self, shape: Shape, depth: int) -> Piece:
        """A layer of a network: an activation of weights times a value plus a bias for every row."""
        width = self.pick((self.features, self.hidden))
        weight, bias = self.leaf((shape[0], width)), self.leaf((shape[0], 1))
        inner = self.expression((width, shape[1]), depth - 2)
        text = f"{weight.at(TERM)} * {inner.at(UNARY)} + {bias.at(TERM)}"
        name = self.function(("relu", "sigmoid", "tanh", "sin", "softplus"))
        return Piece(text, SUM) if name is None or self.chance(20) else Piece(f"{name}({text})")

    def hadamard(self, shape: Shape, depth: int) -> Piece:
        left, right = self.pair(shape, depth)
        return Piece(f"{left.at(TERM)} {self.pick(('.*', '⊙'))} {right.at(UNARY)}", TERM)

    def quotient(self, shape: Shape, depth: int) -> Piece:
        above, below = self.expression(shape, depth), self.positive(self.broadcastable(shape), depth - 1)
        return Piece(f"{above.at(TERM)} {self.pick(('/', './'))} {below.at(UNARY)}", TERM)

    def power(self, shape: Shape, depth: int) -> Piece:
        kind = self.source.integer(0, 4)
        if kind == 0:
            return Piece(f"{self.expression(shape, depth).at(ATOM)}{self.pick('²³')}", POWER)
        if kind == 1:
            base = self.positive(shape, depth - 1)
            return Piece(f"{base.at(ATOM)}^{self.pick(('1.5', '0.5', '2.5'))}", POWER)
        bounded = self.function(BOUNDED)
        if kind == 2 and bounded is not None:
            exponent = self.expression(shape, depth - 1)
            return Piece(f"{self.pick(('2', '1.5'))}^{bounded}({exponent.text})", POWER)
        if kind == 3 and shape == (1, 1):
            return Piece(f"{self.positive(shape, depth - 1).at(ATOM)}^-{self.pick('12')}", POWER)
        sign = self.pick(("^", "^", "**", ".^"))
        return Piece(f"{self.expression(shape, depth).at(ATOM)}{sign}{self.pick('23')}", POWER)

    def negated(self, shape: Shape, depth: int) -> Piece:
        return Piece(f"-{self.expression(shape, depth).at(POWER)}", UNARY)

    def transposed(self, shape: Shape, depth: int) -> Piece | None:
        inner = self.expression((shape[1], shape[0]), depth)
        if "transpose" in self.functions and self.chance(20):
            return Piece(f"transpose({inner.text})")
        return Piece(f"{inner.at(ATOM)}{self.pick(('^T', chr(39), 'ᵀ', '.T'))}", POWER)

    def bars(self, shape: Shape, depth: int) -> Piece:
        inner = self.expression(shape, depth)
        return Piece(f"|{inner.text if '|' not in inner.text else f'({inner.text})'}|")

    def norm(self, shape: Shape, depth: int) -> Piece:
        inner = self.expression(self.any_shape(), depth)
        if "norm" in self.functions and self.chance(15):
            return Piece(f"norm({inner.text}, {self.pick('12')})")
        inside = inner.text if "|" not in inner.text else f"({inner.text})"
        bars = f"||{inside}||{self.pick(('', '_1', '_2', '_F', '_inf', '_2^2'))}"
        return Piece(bars, POWER if bars.endswith("^2") else ATOM)

    def any_shape(self) -> Shape:
        """What a network's layer or weight has: rows by samples, or a small matrix."""
        rows = self.pick((1, self.features, self.hidden, self.classes))
        return rows, self.pick((self.samples, self.samples, self.samples, 1, self.features))

    def elementwise(self, shape: Shape, depth: int) -> Piece | None:
        name = self.function((*ELEMENTWISE, *WITH_A_NUMBER))
        if name is None:
            return None
        argument = self.expression(shape, depth).text
        if name in WITH_A_NUMBER and self.chance(60):
            argument += f", {self.pick(WITH_A_NUMBER[name])}"
        return Piece(f"{name}({argument})")

    def positive(self, shape: Shape, depth: int) -> Piece:
        """A value above 0, and not so near that a quotient by it blows up."""
        inner = self.expression(shape, depth)
        name = self.function(("softplus", "square", "sigmoid"))
        if name is None or self.chance(40):
            return Piece(f"{inner.at(ATOM)}^2 + 1", SUM)
        return Piece(f"{name}({inner.text}) + {self.pick(('0.5', '1', '2'))}", SUM)

    def of_positive(self, shape: Shape, depth: int) -> Piece | None:
        name = self.function(OF_POSITIVES)
        return None if name is None else Piece(f"{name}({self.positive(shape, depth - 1).text})")

    def of_bounded(self, shape: Shape, depth: int) -> Piece | None:
        name, bounded = self.function(OF_BOUNDED), self.function(BOUNDED)
        if name is None or bounded is None:
            return None
        inner = self.expression(shape, depth - 1)
        if name == "exp" and self.chance(40):
            return Piece(f"exp({inner.text})")
        return Piece(f"{name}({bounded}({inner.text}))")

    def of_two(self, shape: Shape, depth: int) -> Piece | None:
        name = self.function(OF_TWO)
        if name is None:
            return None
        left, right = self.pair(shape, depth)
        return Piece(f"{name}({left.text}, {right.text})")

    def along_axis(self, shape: Shape, depth: int) -> Piece | None:
        name = self.function(ALONG_AN_AXIS)
        if name is None:
            return None
        return Piece(f"{name}({self.expression(shape, depth).text}{self.pick(('', ', axis=0', ', axis=1'))})")

    def reduced(self, shape: Shape, depth: int) -> Piece | None:
        name = self.function(REDUCTIONS)
        if name is None:
            return None
        if shape == (1, 1):
            return Piece(f"{name}({self.expression(self.any_shape(), depth).text})")
        axis = 0 if shape[0] == 1 else 1
        sizes = [self.features, self.hidden]
        if not self.has_samples(shape):
            sizes.append(self.samples)
        folded = self.pick(sizes)
        inner = (folded, shape[1]) if axis == 0 else (shape[0], folded)
        return Piece(f"{name}({self.expression(inner, depth).text}, axis={axis})")

    def loss(self, shape: Shape, depth: int) -> Piece | None:
        name = self.function(LOSSES)
        if name is None:
            return None
        size = (self.classes if "cross" in name else self.pick((1, self.classes)), self.samples)
        left, right = self.expression(size, depth).text, self.expression(size, depth - 1).text
        if name == "huber" and self.chance(50):
            right += ", 0.5"
        return Piece(f"{name}({left}, {right})")

    def onehot(self, shape: Shape, depth: int) -> Piece | None:
        if "onehot" not in self.functions:
            return None
        self.data.setdefault("labels", self.random.integers(0, self.classes, (1, self.samples)).astype(float))
        return Piece(f"onehot(labels, {self.classes})")

    def matrix(self, shape: Shape, depth: int) -> Piece:
        def entry() -> str:
            """Two values side by side are two entries, unless they are in brackets."""
            text = self.expression((1, 1), depth - 2).text
            return f"({text})" if re.search(r"[\w)\]'|] [\w(\[|]", text) else text

        rows = [[entry() for _ in range(shape[1])] for _ in range(shape[0])]
        return Piece(f"[{'; '.join(', '.join(row) for row in rows)}]")

    def own_function(self, shape: Shape, depth: int) -> Piece:
        bodies = {
            "swish": "u .* sigmoid(u)",
            "bump": "1 / (1 + u^2)",
            "leaning": "0.3 .* u + tanh(u)",
            "blend": "u .* tanh(v) - 0.5 .* v",
        }
        name = self.pick(tuple(bodies))
        two = "v" in bodies[name]
        if name not in self.own:
            self.own[name] = len(self.lines)
            self.lines.append(f"{name}({'u, v' if two else 'u'}) = {bodies[name]}")
        arguments = self.pair(shape, depth) if two else (self.expression(shape, depth),)
        return Piece(f"{name}({', '.join(argument.text for argument in arguments)})")
