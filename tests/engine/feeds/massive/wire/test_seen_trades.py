"""A trade is taken once, whichever way it comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.massive.wire.seen_trades import SeenTrades

KEYS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=60)


@given(KEYS, st.integers(0, 60))
def test_exactly_the_first_of_equals_is_new_however_they_are_handed_over(
    keys: list[tuple[int, int]], cut: int
) -> None:
    seen = SeenTrades()
    repeated = []
    for begin, part in ((0, keys[:cut]), (cut, keys[cut:])):
        places, numbers = [place for place, _ in part], [number for _, number in part]
        repeated += [begin + at for at in seen.add(places, numbers)]
    assert repeated == [at for at, key in enumerate(keys) if key in keys[:at]]
    assert all(seen.add([place], [sequence]) == [0] for place, sequence in keys)
    assert seen.add([9], [9]) == []
