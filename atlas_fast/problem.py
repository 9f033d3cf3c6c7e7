"""A problem: the text of a loss, its data, and the shapes of its weights.

In: a text, matrices, what is known of the weights. Out: an immutable Problem, which evaluates the loss and its gradient
anywhere, starts a training run and makes a surface.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import arguments, initialize, kernels, language
from .arguments import ArgumentError, Vector
from .errors import DataError, ExpressionError, ShapeError, clipped, named_type
from .kernels import debug
from .matrices import Matrix, either, matrix

if TYPE_CHECKING:
    from .optimizers import Optimizer
    from .planes import Plane
    from .progress import Progress
    from .surface import Surface
    from .training import Run

Shape = tuple[int, int]
PartialShape = tuple[int | None, int | None]

Blocks = Mapping[str, NDArray[Any]]
Evaluate = Callable[[Blocks], tuple[NDArray[Any], ...]]
Binder = Callable[[Mapping[str, Matrix]], Evaluate]


@dataclass(frozen=True)
class Declared:
    """What was given for the weights: shapes, whole or partial or None, and starting values."""

    shapes: Mapping[str, PartialShape | None]
    values: Mapping[str, Matrix]


class Problem:
    """The text of a loss with its data and weights.

    expression: the loss, one scalar, in the expression language.
    data: name -> array, data frame, nested list or number; features x samples; a vector of n becomes 1 x n.
    weights: name -> shape, partial shape such as (10, None), None, or an array or a float, which is its starting value.
    Those that can be inferred may be left out; a name of the text that is not data is a weight.
    sources: name of data -> where it comes from, such as "housing.csv", which errors of shapes then name.

    Raises ExpressionError for a text that cannot be read, ShapeError for shapes that do not fit or are not determined,
    DataError for data that are no finite matrices of numbers.
    """

    def __init__(
        self,
        expression: str,
        data: Mapping[str, Any] | None = None,
        weights: Mapping[str, Any] | None = None,
        *,
        sources: Mapping[str, str] | None = None,
    ) -> None:
        if not isinstance(expression, str):
            raise ArgumentError(f"the expression is {named_type(expression)}, a text is wanted")
        named = _named("data", data)
        declared = _declared(_named("weights", weights))
        both = sorted(set(named) & set(declared.shapes))
        if both:
            raise DataError(f"{clipped(both[0])} is given as data and as a weight: leave it out of one of the two")
        self._sources = _sourced(named, sources)
        self._expression = expression
        self._data = MappingProxyType({name: matrix(name, value) for name, value in named.items()})
        self._tree = language.parse(expression, [*self._data, *declared.shapes])
        debug.say(1, "syntax tree", lambda: str(self._tree))
        shapes = {name: _shape(value) for name, value in self._data.items()}
        self._shapes = language.infer(self._tree, shapes, declared.shapes, self._sources)
        language.check_values(self._tree, self._data)
        self._program = language.lower(self._tree, self._shapes)
        debug.say(2, "program", lambda: str(self._program))
        self._weights: Mapping[str, Shape] = MappingProxyType(dict(self._shapes.weights))
        unused = [name for name in declared.shapes if name not in self._weights]
        if unused:
            raise DataError(
                f"{clipped(unused[0])} is given as a weight, and the expression does not use it: leave it out"
            )
        if not self._weights:
            raise ExpressionError("the expression holds no weights: every name in it is data, so nothing is learnt")
        self._given = declared.values
        self._size = sum(rows * columns for rows, columns in self._weights.values())
        self._bound: dict[tuple[str, str, str], Evaluate] = {}

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Problem:
        """The problem of a workspace file, with its data for training. See `Workspace.problem`, which this calls."""
        from .workspace import Workspace

        return Workspace.read(path).problem()

    @property
    def expression(self) -> str:
        """The text of the loss, as it was given."""
        return self._expression

    @property
    def data(self) -> Mapping[str, Matrix]:
        """Name -> matrix (features x samples), read-only."""
        return self._data

    @property
    def weights(self) -> Mapping[str, Shape]:
        """Name -> shape, in order of first appearance in the expression."""
        return self._weights

    @property
    def size(self) -> int:
        """P, the number of scalar weights."""
        return self._size

    @property
    def biases(self) -> frozenset[str]:
        """The weights that are only terms of sums whose other terms hold data: they start at zero."""
        return self._shapes.biases

    @property
    def program(self) -> kernels.Program:
        """The loss as a program: one output, 1 x 1."""
        return self._program

    @property
    def given(self) -> Mapping[str, Matrix]:
        """Name -> starting value (read-only), of the weights that were given one."""
        return MappingProxyType(dict(self._given))

    @property
    def start(self) -> Vector | None:
        """The starting values (P,) where every weight was given one, else None."""
        return self.pack(self._given) if set(self._given) == set(self._weights) else None

    def __repr__(self) -> str:
        weights = ", ".join(f"{name} {rows} x {columns}" for name, (rows, columns) in self._weights.items())
        return f"Problem({self._expression!r}, {self._size:,} scalar weights: {weights})"

    def pack(self, values: Mapping[str, ArrayLike]) -> Vector:
        """The vector (P,) of a dict of arrays: each flattened row-major, one after the other in `weights` order.

        Raises ArgumentError for what is no dict, a name that is missing or unknown, or a shape that is another,
        DataError for what is no finite matrix of numbers.
        """
        if not isinstance(values, Mapping):
            raise ArgumentError(f"values is {named_type(values)}, a dict of a matrix by name is wanted")
        unknown = [name for name in values if name not in self._weights]
        missing = [name for name in self._weights if name not in values]
        if unknown or missing:
            which = f"{unknown[0]} is no weight" if unknown else f"{missing[0]} is missing"
            raise ArgumentError(f"{which}: the weights are {', '.join(self._weights)}")
        blocks = []
        for name, shape in self._weights.items():
            block = matrix(name, values[name])
            if block.shape != shape:
                raise ArgumentError(f"{name} is {_sizes(_shape(block))}, the problem wants {_sizes(shape)}")
            blocks.append(block.ravel())
        return np.concatenate(blocks)

    def unpack(self, vector: ArrayLike) -> dict[str, Matrix]:
        """Name -> matrix, from a vector (P,): the inverse of `pack`. Raises ArgumentError for any other."""
        array = arguments.numbers("the vector", vector)
        if array.ndim != 1:
            raise ArgumentError(f"the vector has the shape {array.shape}, ({self._size},) is wanted")
        return {name: block[0].copy() for name, block in self.blocks(array).items()}

    def blocks(self, points: ArrayLike, dtype: str = "float64") -> dict[str, NDArray[Any]]:
        """Name -> (k, rows, columns), from k vectors (k, P) or one (P,): views where that is possible."""
        array = arguments.points("w", points, self._size, dtype)
        found, offset = {}, 0
        for name, (rows, columns) in self._weights.items():
            found[name] = array[:, offset : offset + rows * columns].reshape(-1, rows, columns)
            offset += rows * columns
        return found

    def init(self, seed: int = 0, scheme: str = "glorot") -> Vector:
        """Starting weights (P,): those that were given, and for the others random ones (NumPy's PCG64).

        scheme "glorot": Glorot normal, zeros for weights that are only terms of sums whose other terms hold data
        (biases); without data, and with "normal", N(0, 1) for all. Raises ArgumentError for any other.
        """
        drawn = initialize.draw(self._weights, self.biases, bool(self._program.data), seed, scheme)
        return self.pack({**drawn, **self._given})

    def loss(self, w: ArrayLike, backend: str = "auto") -> Any:
        """The loss: a float for w of (P,), an array (k,) for (k, P). In float64.

        backend: as for `surface`, "auto" is the CPU. Raises what `surface` does, DataError where memory is short.
        """
        found = self._evaluate("loss", w, backend)[0].reshape(-1)
        return float(found[0]) if np.ndim(w) == 1 else found

    def gradient(self, w: ArrayLike, backend: str = "auto") -> Vector:
        """The derivatives of the loss by all weights: (P,) for w of (P,), (k, P) for (k, P). In float64.

        Raises what `loss` does.
        """
        outputs = self._evaluate("gradient", w, backend)[1:]
        flat = [block.reshape(len(block), block.shape[1] * block.shape[2]) for block in outputs]
        found: Vector = np.concatenate(flat, axis=1)
        return found[0] if np.ndim(w) == 1 else found

    def _evaluate(self, what: str, w: ArrayLike, backend: str) -> tuple[NDArray[Any], ...]:
        key = what, "float64", arguments.backend(backend)
        if key not in self._bound:
            self._bound[key] = compiled(self, self._program, *key)(self._data)
        return self._bound[key](self.blocks(w))

    def train(
        self,
        optimizer: Optimizer,
        epochs: int,
        seed: int = 0,
        start: ArrayLike | Mapping[str, ArrayLike] | None = None,
        batch_size: int | None = None,
        dtype: str = "float64",
        backend: str = "auto",
        progress: Progress = None,
    ) -> Run:
        """Train from `start` and record every step.

        optimizer: such as Adam(lr=0.01). epochs: passes over the data. seed: of the start and of the batches.
        start: a vector (P,), a dict of arrays, or None: problem.init(seed). batch_size: samples a step, None for all;
        they are shuffled before every epoch. dtype: "float64" or "float32". backend: "auto" or "cpu", compiled code;
        "cuda", an NVIDIA GPU, which is for many runs (`train_many`); "numpy", the slow oracle. progress: None (a bar on
        a terminal), True, False, or a function of (done, total) that returns False to stop; a run that was stopped
        keeps its steps.

        A run whose weights or loss cease to be finite ends there, with a warning; it keeps what it recorded.
        Raises ArgumentError for arguments that cannot be used, and where the recorded weights would not fit in memory,
        DeviceError where there is no GPU.
        """
        from .training import train

        return train(self, optimizer, epochs, seed, start, batch_size, dtype, backend, progress)

    def train_many(
        self,
        optimizer: Optimizer | Sequence[Optimizer],
        epochs: int,
        seed: int | Sequence[int] = 0,
        start: ArrayLike | Mapping[str, ArrayLike] | Sequence[Mapping[str, ArrayLike]] | None = None,
        batch_size: int | None = None,
        dtype: str = "float64",
        backend: str = "auto",
        progress: Progress = None,
    ) -> list[Run]:
        """Many runs, a Run each: with other seeds, optimizers or starts.

        optimizer, seed, start: one for all runs, or a list of one for each, such as range(1000) for seed; start may be
        (runs, P). backend: "cuda" takes the steps of all runs at once, a block of threads a run, on an NVIDIA GPU, or
        on several where there are enough runs (so far it ran in a simulator alone); "auto" and "cpu" train one after
        the other. The rest is as for `train`.

        Runs that diverge end there, with one warning for all. Raises what `train` does.
        """
        from .ensemble import train_many

        return train_many(self, optimizer, epochs, seed, start, batch_size, dtype, backend, progress)

    def surface(
        self,
        plane: Plane | None = None,
        resolution: int | tuple[int, int] = 512,
        extent: float | tuple[float, float, float, float] | None = None,
        *,
        gradient: bool = False,
        curvature: bool = False,
        gradient_norm: bool = False,
        dtype: str = "float32",
        backend: str = "auto",
        progress: Progress = None,
    ) -> Surface:
        """The loss at every vertex of a grid on a plane through weight space.

        plane: None takes the axes of a problem of two scalars, the line of one. resolution: n, or (rows, columns), at
        least 2 each; of a line the columns. extent: (a0, a1, b0, b1), both ends included, or a half-width; None: the
        plane's reach, which holds its run's trajectory with a margin, and is 1 without a run. gradient: dL/da and
        dL/db, too. curvature: the second derivatives along the plane, too. gradient_norm: the L2 norm of the gradient
        over all weights, too, by reverse mode at every vertex; its squares overflow float32 where it is above 1.8e19.
        On the CPU the loss has the same bits with them and without. dtype: "float32" or "float64". backend: "cpu";
        "cuda", an NVIDIA GPU (the extra `cuda`; so far it ran in a simulator alone); "numpy", the slow oracle; "auto",
        a GPU where one is found, agrees with the CPU on a small surface, and is worth it, else the CPU. progress: None
        (a bar on a terminal), True, False, or a function of (done, total) vertices that returns False to stop. Vertices
        that overflow are counted in `message`.

        Raises ArgumentError for arguments that cannot be used, DeviceError where there is no GPU.
        """
        from .surface import compute

        return compute(self, plane, resolution, extent, gradient, curvature, gradient_norm, dtype, backend, progress)

    def sized(self, shapes: Mapping[str, Shape]) -> kernels.Program:
        """The program for data of other shapes and the same weights, as a last batch needs it.

        Raises ShapeError where the expression does not fit such data.
        """
        found = language.infer(self._tree, shapes, self._weights, self._sources)
        return language.lower(self._tree, found)

    def latex(self) -> str:
        """The expression as LaTeX, without dollar signs."""
        return language.latex(self._tree)

    def _repr_latex_(self) -> str:
        """What a notebook shows: the loss, below the lines that it was bound to."""
        return language.displayed(self._tree)

    def view(self) -> None:
        """Open the viewer with the problem as a workspace; return when it is closed. Raises what surface.show does."""
        from .viewer import edit

        edit(self)

    def explain(self, *, measure: bool = True, code: bool = False, gradient: bool = False) -> str:
        """What the compiler makes of the expression: shapes, notes, the program, what is hoisted out of a surface's
        grid and why, the plan of its kernel in float32, the operations and bytes of a point, the planner's estimate.

        measure: this machine's peak rates, measured now, the roofline, and what a point takes on a small grid through
        problem.init(), too, which takes half a second; without it the text is the same each time. code: the LLVM IR and
        the assembly, too. gradient: of the surface with dL/da and dL/db.
        """
        from .explanation import explain

        return explain(self, tuple(self._shapes.notes), measure, code, gradient)


def compiled(problem: Problem, program: kernels.Program, what: str, dtype: str, backend: str) -> Binder:
    """A compiled program of the problem, as data -> (blocks -> outputs).

    program: the problem's, or one of its `sized` ones. what: "loss", whose output is (loss,), or "gradient": (loss, its
    derivative by each of problem.weights ..). Blocks are {name: (k, rows, columns)}, outputs (k, rows, columns).
    """
    wanted = kernels.derivative.gradient(program) if what == "gradient" else program
    kernel = kernels.points(wanted, dtype=dtype, backend=backend)
    order = list(program.weights)

    def on(data: Mapping[str, Matrix]) -> Evaluate:
        bound = kernel.bind({name: data[name] for name in wanted.data})

        def evaluate(blocks: Blocks) -> tuple[NDArray[Any], ...]:
            count = len(next(iter(blocks.values())))
            if count == 0:
                shapes = ((1, 1), *problem.weights.values())
                return tuple(np.zeros((0, *shape)) for shape in (shapes[:1] if what == "loss" else shapes))
            with arguments.fitting_memory():
                outputs = bound({name: blocks[name] for name in wanted.weights})
            if what == "loss":
                return (outputs[0],)
            found = dict(zip(order, outputs[1:], strict=True))
            return outputs[0], *(_block(found, name, (count, *shape)) for name, shape in problem.weights.items())

        return evaluate

    return on


def _block(found: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    # A weight that folding removed, as in 0 * A, changes nothing: its derivative is zero.
    return found[name] if name in found else np.zeros(shape)


def _named(what: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise DataError(f"{what} is {named_type(given)}, a dict of names is wanted, as in {what}={{'X': ..}}")
    for name in given:
        if not arguments.is_name(name):
            raise DataError(f"{name!r} in {what} is no name: a letter, then letters, digits and _")
    return dict(given)


def _declared(weights: Mapping[str, Any]) -> Declared:
    shapes: dict[str, PartialShape | None] = {}
    values: dict[str, Matrix] = {}
    for name, given in weights.items():
        if given is None or isinstance(given, tuple):
            shapes[name] = None if given is None else _partial(name, given)
        elif isinstance(given, list) and len(given) == 2 and all(isinstance(n, int | None) for n in given):
            raise DataError(
                f"{name} in weights is {given}: write {tuple(given)} for a shape, [{given}] for a starting value"
            )
        elif isinstance(given, int) and not isinstance(given, bool):
            raise DataError(f"{name} in weights is {given}: {either(given, f'({given}, None)')}")
        else:
            values[name] = matrix(name, given)
            shapes[name] = _shape(values[name])
    return Declared(shapes, values)


def _partial(name: str, given: tuple[Any, ...]) -> PartialShape:
    try:
        return language.pair(name, given)
    except ShapeError as error:
        raise DataError(error.message) from None


def _sourced(data: Mapping[str, Any], sources: Mapping[str, str] | None) -> dict[str, str]:
    """Where data come from, each a line of text."""
    found = dict(sources) if isinstance(sources, Mapping) else {} if sources is None else None
    if found is None:
        wanted = "a dict of names is wanted, as in sources={'X': 'housing.csv'}"
        raise ArgumentError(f"sources is {named_type(sources)}, {wanted}")
    for name, source in found.items():
        if name not in data:
            raise ArgumentError(f"{name!r} in sources is no data: the data are {', '.join(data) or 'none'}")
        if not isinstance(source, str) or not source.strip() or not source.isprintable():
            raise ArgumentError(f"the source of {name} is {source!r}, a short text is wanted, such as 'housing.csv'")
    return found


def _shape(value: Matrix) -> Shape:
    return value.shape[0], value.shape[1]


def _sizes(shape: Shape) -> str:
    return f"{shape[0]} x {shape[1]}"
