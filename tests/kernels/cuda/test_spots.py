"""Numbers that lie over one another where they are not needed at the same time, and only there."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from atlas_fast.kernels.cuda.spots import ALWAYS, Item, Memory, Spot

LIVES = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda life: (min(life), max(life)))


@given(st.lists(st.tuples(st.integers(0, 30), LIVES), max_size=12), st.integers(0, 60))
def test_what_is_needed_at_the_same_time_never_overlaps(drawn: list[tuple[int, tuple[int, int]]], room: int) -> None:
    memory = Memory(room)
    items = [Item(number, size, 2.0 * size, life) for number, (size, life) in enumerate(drawn)]
    placed = [(item, memory.put(item)) for item in items]
    for (item, spot), (other, there) in combinations(placed, 2):
        apart = spot.start + item.size <= there.start or there.start + other.size <= spot.start
        assert spot.shared != there.shared or apart or not item.meets(other)
    assert all(spot.start + item.size <= room for item, spot in placed if spot.shared)
    assert memory.held == max((spot.start + item.size for item, spot in placed if spot.shared), default=0)
    assert memory.space == max((spot.start + item.size for item, spot in placed if not spot.shared), default=0)
    assert memory.beyond == sum(item.reads for item, spot in placed if not spot.shared)


def test_a_place_is_taken_again_when_it_is_free() -> None:
    memory = Memory(10)
    assert memory.put(Item("weights", 4, 1.0)) == Spot(0, True)
    assert memory.put(Item(0, 6, 1.0, (0, 3))) == Spot(4, True)
    assert memory.put(Item(1, 6, 1.0, (4, 5))) == Spot(4, True)
    assert memory.put(Item(2, 1, 1.0, (3, 4))) == Spot(0, False)
    assert (memory.held, memory.space) == (10, 1)


def test_the_last_moment_of_one_is_not_the_first_of_another() -> None:
    """What one thread reads another must not write."""
    assert Item(0, 1, 1.0, (0, 3)).meets(Item(1, 1, 1.0, (3, 4)))
    assert not Item(0, 1, 1.0, (0, 3)).meets(Item(1, 1, 1.0, (4, 4)))
    assert Item(0, 1, 1.0, (7, 7)).meets(Item("weights", 1, 1.0, ALWAYS))
