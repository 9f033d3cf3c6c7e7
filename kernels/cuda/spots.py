"""Where a block's numbers lie: over one another where they are not needed at the same time.

In: items, those first that are to lie in shared memory before others. Out: a `Spot` of each, in shared memory as long
as there is room, else in the block's part of the device's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

ALWAYS = (0, 1 << 30)


@dataclass(frozen=True)
class Spot:
    """Where numbers begin: in shared memory, or in the block's part of the device's."""

    start: int
    shared: bool

    def behind(self, count: int) -> Spot:
        return replace(self, start=self.start + count)


@dataclass(frozen=True)
class Item:
    """Numbers that lie together. reads: how often any of them is read or written, about, at each step or point. life:
    the first and the last moment at which they are needed, counted in barriers. may_lack: whether they are placed in
    shared memory or not at all."""

    key: int | str
    size: int
    reads: float
    life: tuple[int, int] = ALWAYS
    may_lack: bool = False

    @property
    def density(self) -> float:
        return self.reads / max(1, self.size)

    def meets(self, other: Item) -> bool:
        return self.life[0] <= other.life[1] and other.life[0] <= self.life[1]


class Memory:
    """room: numbers of shared memory. held, space: numbers that are taken of it, and of the device's. beyond: reads of
    the latter."""

    def __init__(self, room: int) -> None:
        self.room, self.beyond = room, 0.0
        self._taken: dict[bool, list[tuple[Item, int]]] = {True: [], False: []}

    @property
    def held(self) -> int:
        return max((start + item.size for item, start in self._taken[True]), default=0)

    @property
    def space(self) -> int:
        return max((start + item.size for item, start in self._taken[False]), default=0)

    def put(self, item: Item) -> Spot | None:
        """At the first place where nothing lies at any moment of its life; None for what is not placed."""
        start = self._free(item, True)
        if start + item.size <= self.room:
            return self.put_at(item, Spot(start, True))
        if item.may_lack:
            self.beyond += item.reads
            return None
        return self.put_at(item, Spot(self._free(item, False), False))

    def put_at(self, item: Item, spot: Spot) -> Spot:
        self._taken[spot.shared].append((item, spot.start))
        self.beyond += 0.0 if spot.shared else item.reads
        return spot

    def _free(self, item: Item, shared: bool) -> int:
        start = 0
        for other, place in sorted(self._taken[shared], key=lambda each: each[1]):
            if other.meets(item) and other.size:
                if start + item.size <= place:
                    break
                start = max(start, place + other.size)
        return start
