"""Which quotes may be let go of when more comes than can be taken."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.transport.conflation import conflate
from engine.model.events import BAR, EVENT, QUOTE, SPOT, TRADE, Events, empty_events

ROWS = st.lists(
    st.tuples(st.sampled_from([QUOTE, QUOTE, QUOTE, TRADE, BAR, SPOT]), st.integers(1, 4), st.integers(0, 9)),
    max_size=60,
)


def told(rows: list[tuple[int, int, int]]) -> Events:
    """Return events of (kind, contract, time), numbered in s1."""
    events = empty_events(len(rows))
    for at, (kind, cid, ts) in enumerate(rows):
        events["kind"][at], events["cid"][at], events["ts"][at], events["s1"][at] = kind, cid, ts, at
    return events


def standing(events: Events) -> list[tuple[int, dict[int, int]]]:
    """Return at each trade, and at the end, its number and the quote that stands for its contract."""
    quotes: dict[int, tuple[int, int]] = {}
    found = []
    for each in events:
        cid, number = int(each["cid"]), int(each["s1"])
        if each["kind"] == QUOTE and each["ts"] >= quotes.get(cid, (-1, 0))[0]:
            quotes[cid] = (int(each["ts"]), number)
        if each["kind"] == TRADE:
            found.append((number, {cid: quotes.get(cid, (0, -1))[1]}))
    return [*found, (-1, {cid: number for cid, (_, number) in quotes.items()})]


@given(ROWS, st.integers(0, 60))
def test_only_quotes_go_and_the_rest_stays_in_order(rows: list[tuple[int, int, int]], most: int) -> None:
    events = told(rows)
    kept, dropped = conflate(events, most)
    numbers = kept["s1"].tolist()
    gone = np.delete(events, numbers)
    assert numbers == sorted(numbers)
    assert len(kept) + dropped == len(events)
    assert (gone["kind"] == QUOTE).all()


@given(ROWS, st.integers(0, 60))
def test_the_quote_at_every_trade_and_at_the_end_is_the_same(
    rows: list[tuple[int, int, int]], most: int
) -> None:
    events = told(rows)
    assert standing(conflate(events, most)[0]) == standing(events)


@given(ROWS, st.integers(0, 60))
def test_no_more_is_dropped_than_has_to_be_and_the_oldest_first(
    rows: list[tuple[int, int, int]], most: int
) -> None:
    events = told(rows)
    all_that_may = len(events) - conflate(events, 0)[1]
    kept, dropped = conflate(events, most)
    assert len(kept) == max(all_that_may, min(most, len(events)))
    everything = np.delete(events["s1"], conflate(events, 0)[0]["s1"])
    assert np.delete(events["s1"], kept["s1"]).tolist() == everything[:dropped].tolist()


def test_a_quote_that_is_newer_than_the_one_behind_it_stays() -> None:
    kept, dropped = conflate(told([(QUOTE, 1, 5), (QUOTE, 1, 3), (QUOTE, 1, 4)]), 0)
    assert (kept["s1"].tolist(), dropped) == ([0, 2], 1)


def test_a_burst_of_quotes_of_one_contract_becomes_its_last_one() -> None:
    kept, dropped = conflate(told([(QUOTE, 1, ts) for ts in range(1_000)]), 10)
    assert (len(kept), dropped) == (10, 990)
    assert kept["s1"].tolist() == list(range(990, 1_000))
    assert kept.dtype == EVENT
