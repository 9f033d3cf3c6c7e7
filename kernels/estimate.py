"""How long a point takes by the count of a plan: the model by which the planner chooses what the lanes are.

In: a plan. Out: an `Estimate` in the time that a core takes for a multiply-add of one vector of 64 bytes. It knows the
program and the sizes of data alone, a core as they are made today (a level-two cache of 1 to 2 MiB, a multiply-add each
half cycle), and nothing of this machine, so that everyone's surface has the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .cost import WEIGHTS, counted
from .nests import Nest
from .plan import Across, Plan, Straight, Sweep, make_plan
from .streams import Body

VECTOR_BYTES = 64

CACHE_BYTES = 2 * 2**20
"""What of the weights of a vector of points stays near a core from one group of samples to the next."""

FAR_BYTES = 8
"""Bytes that come from farther away in the time of a multiply-add: 16 a cycle, a level-three cache."""

NEAR_BYTES = 16
"""Bytes that come from the level-two cache in that time: 32 a cycle."""

FOLDING = 12
"""Multiply-adds in whose time the lanes of a vector are added up and the sum is put into memory."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Vector multiply-adds' time a point. arithmetic: of all operations. memory: of the weights, the sums and the data
    that do not stay in the nearest cache."""

    arithmetic: float
    memory: float

    @property
    def time(self) -> float:
        """As if one came after the other: a core overlaps them in a loss, less so in derivatives, which move more."""
        return self.arithmetic + self.memory


def estimate(plan: Plan, size: int) -> Estimate:
    """What a point of this plan takes with numbers of so many bytes."""
    count = _Count(plan, size)
    return Estimate(sum(map(count.arithmetic, count.nests())), sum(map(count.memory, count.sweeps())))


def estimates(body: Body, block_vectors: int, size: int) -> dict[Across, Estimate]:
    """The estimate of either plan of a body, lanes that are points and lanes that are samples; of points alone where
    nothing is streamed."""
    lanes: dict[Across, int] = {"points": 1, "samples": VECTOR_BYTES // size}
    if not any(body.streams):
        del lanes["samples"]
    return {across: estimate(make_plan(body, 1, block_vectors, count), size) for across, count in lanes.items()}


CLEARLY = 0.75
"""Lanes are samples where their estimate is below this share of that of points. Nearer to it points were faster
wherever both were measured (four to sixteen layers of 16 units, digits with tanh), and their code is half as long."""


def faster(found: Mapping[Across, Estimate]) -> Across:
    """What the lanes are, by the estimates of both."""
    return "samples" if "samples" in found and found["samples"].time < CLEARLY * found["points"].time else "points"


class _Count:
    def __init__(self, plan: Plan, size: int) -> None:
        self.plan, self.streams = plan, plan.body.streams
        self.instructions = plan.body.program.instructions
        self.size, self.lanes = size, VECTOR_BYTES // size
        self.samples = plan.sample_lanes > 1

    def nests(self) -> Iterator[Nest]:
        for stage in self.plan.stages:
            if not (isinstance(stage, Straight) and stage.level == "row"):
                yield from (nest for nest in stage.nests if nest.level == "point")

    def sweeps(self) -> Iterator[Sweep]:
        return (stage for stage in self.plan.stages if isinstance(stage, Sweep))

    def arithmetic(self, nest: Nest) -> float:
        total = 0.0
        for value in nest.values + nest.operand + nest.repeated:
            kind, count = counted(self.instructions, value)
            total += WEIGHTS[kind] * count * self._share(nest, value)
        return total

    def _share(self, nest: Nest, value: int) -> float:
        """The part of a vector's time that an operation of a point takes."""
        if not self.samples:
            return 1 / self.lanes
        gram = self.instructions[value].op == "gram"
        stream = self.streams[self.instructions[value].args[0]] if gram else None
        if not nest.streamed and stream is None:
            return 1.0  # a plain number
        length = next(self.streams[v][0] for v in (value, *self.instructions[value].args) if self.streams[v])  # type: ignore[index]
        return -(-length // self.lanes) / length

    def memory(self, sweep: Sweep) -> float:
        """Weights that are read for each group of samples, sums that are put away for each block, and, where a point is
        alone, the data of the sweep, which points that are lanes share."""
        plan, left, kept = self.plan, 0, 0
        products = [v for nest in sweep.nests for v in nest.values if self.instructions[v].op == "matmul"]
        of_point = self.size if self.samples else VECTOR_BYTES
        for product in products:
            weights = self.instructions[product].args[0]
            if self.streams[weights] is None and plan.places.get(weights) is not None:
                rows, columns = self.instructions[weights].shape
                left += rows * columns * of_point
        for value, _ in sweep.sums:
            rows, columns = self.instructions[value].shape
            kept += rows * columns
        groups, blocks = -(-sweep.length // plan.group), -(-sweep.length // plan.block)
        if self.samples:
            data = sum(self._bytes(value) for value in range(len(self.instructions)) if self._is_swept(value, sweep))
            return (
                groups * left / NEAR_BYTES
                + blocks * kept * FOLDING
                + data / (NEAR_BYTES if data <= CACHE_BYTES else FAR_BYTES)
            )
        # A sum is read and written in float64, twice a vector of float32 each way.
        moved = groups * left + blocks * kept * 4 * VECTOR_BYTES
        return moved / (NEAR_BYTES if left + kept * 2 * VECTOR_BYTES <= CACHE_BYTES else FAR_BYTES) / self.lanes

    def _bytes(self, value: int) -> int:
        rows, columns = self.instructions[value].shape
        return rows * columns * self.size

    def _is_swept(self, value: int, sweep: Sweep) -> bool:
        stream = self.streams[value]
        return (
            self.instructions[value].op == "data"
            and stream is not None
            and -(-stream[0] // self.plan.sample_lanes) == sweep.length
        )
