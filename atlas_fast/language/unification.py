"""Unification of sizes: variables that stand for the rows or columns of values, found equal one by one."""

from __future__ import annotations


class Disagreement(Exception):
    """Two sizes that would have to be equal, and are not."""


class Sizes:
    """Variables in classes of equal size (union-find). A class may know its size, whether it counts samples, and
    which constraints read it; those of a class of which more is known now are collected in `touched`."""

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._size: list[int | None] = []
        self._samples: list[bool] = []
        self._readers: list[set[int]] = []
        self.touched: set[int] = set()

    def new(self, size: int | None = None, samples: bool = False) -> int:
        """A variable of its own class."""
        self._parent.append(len(self._parent))
        self._size.append(size)
        self._samples.append(samples)
        self._readers.append(set())
        return len(self._parent) - 1

    def find(self, variable: int) -> int:
        """The variable that stands for the class."""
        while self._parent[variable] != variable:
            self._parent[variable] = self._parent[self._parent[variable]]
            variable = self._parent[variable]
        return variable

    def size(self, variable: int) -> int | None:
        """The size, None while it is unknown."""
        return self._size[self.find(variable)]

    def samples(self, variable: int) -> bool:
        """Whether the class counts samples."""
        return self._samples[self.find(variable)]

    def read_by(self, variable: int, constraint: int) -> None:
        """The constraint wants to know when the class changes."""
        self._readers[self.find(variable)].add(constraint)

    def fix(self, variable: int, size: int) -> None:
        """The class has this size. Raises Disagreement if it has another."""
        root = self.find(variable)
        if self._size[root] is None:
            self._size[root] = size
            self.touched |= self._readers[root]
        elif self._size[root] != size:
            raise Disagreement

    def unify(self, left: int, right: int) -> None:
        """The two are of one class. Raises Disagreement if their sizes differ."""
        left, right = self.find(left), self.find(right)
        if left == right:
            return
        sizes = {self._size[left], self._size[right]} - {None}
        if len(sizes) > 1:
            raise Disagreement
        size, samples = sizes.pop() if sizes else None, self._samples[left] or self._samples[right]
        for root in (left, right):
            # Constraints ask for sizes and samples alone: where neither is news, nobody need be told.
            if (self._size[root], self._samples[root]) != (size, samples):
                self.touched |= self._readers[root]
        if len(self._readers[left]) < len(self._readers[right]):
            left, right = right, left
        self._parent[right] = left
        self._size[left], self._samples[left] = size, samples
        self._readers[left] |= self._readers[right]
        self._readers[right] = set()
