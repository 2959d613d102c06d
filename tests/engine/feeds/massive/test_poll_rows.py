"""What the difference of two snapshots says."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.massive.poll_rows import synthesise
from engine.feeds.massive.reconciliation import Reconciliation
from engine.feeds.massive.wire.chain import ChainSnapshot, DayVolume
from engine.model.events import EVENT, FLAG_POLLED, FLAG_RECEIVED, MISSING, TRADE

NOW = 1_766_154_600_000_000_000


def snapshot(volumes: dict[int, int], price: int = 15_000, listed: tuple[int, ...] = ()) -> ChainSnapshot:
    traded = tuple(DayVolume(cid, volume, price, None, None) for cid, volume in volumes.items())
    return ChainSnapshot(np.empty(0, EVENT), listed or tuple(volumes), traded, False, NOW)


def test_a_difference_is_one_trade_at_the_last_price() -> None:
    [event] = synthesise({1: 10, 2: 7}, snapshot({1: 25, 2: 7}))
    assert (event["kind"], event["cid"], event["p1"], event["s1"]) == (TRADE, 1, 15_000, 15)
    assert (event["ts"], event["flags"]) == (NOW, FLAG_POLLED | FLAG_RECEIVED)
    assert (event["cond"], event["p2"]) == (0, MISSING)


def test_a_contract_seen_for_the_first_time_was_traded_before() -> None:
    assert len(synthesise({1: 10}, snapshot({1: 10, 2: 5000}))) == 0


def test_a_volume_that_shrank_is_no_trade() -> None:
    assert len(synthesise({1: 100}, snapshot({1: 30}))) == 0


def test_without_a_price_there_is_no_trade() -> None:
    assert len(synthesise({1: 10}, snapshot({1: 25}, MISSING))) == 0


rising = st.lists(
    st.dictionaries(st.integers(1, 8), st.integers(0, 1000), max_size=8), min_size=1, max_size=6
)


@given(rising)
def test_polls_explain_every_contract_traded_since_the_first(steps: list[dict[int, int]]) -> None:
    day, tape = dict.fromkeys(range(1, 9), 100), Reconciliation(whole_day=False)
    tape.compare(snapshot(day))
    for step in steps:
        day = {cid: volume + step.get(cid, 0) for cid, volume in day.items()}
        tape.count(synthesise(tape.volumes(tuple(day)), snapshot(day)))
    tape.compare(snapshot(day))
    assert tape.lacking == ()
    assert tape.volumes(tuple(day)) == day
