"""Polls: what the difference of two snapshots says, and when the next one comes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CredentialError
from engine.events import EVENT, FLAG_POLLED, FLAG_RECEIVED, MISSING, TRADE
from engine.sources.massive.poller import Poll, Poller, synthesise, volumes_of
from engine.sources.massive.reconciliation import Reconciliation
from engine.wire.massive_chain import Chain, Traded
from engine.wire.massive_rest import BusyError, Page

NOW = 1_766_154_600_000_000_000
PAGE = Page(b"[]", None, None)


def snapshot(volumes: dict[int, int], price: int = 15_000, listed: tuple[int, ...] = ()) -> Chain:
    traded = tuple(Traded(cid, volume, price, None, None) for cid, volume in volumes.items())
    return Chain(np.empty(0, EVENT), listed or tuple(volumes), traded, False, NOW)


def test_a_difference_is_one_trade_at_the_last_price() -> None:
    found = synthesise({1: 10, 2: 7}, snapshot({1: 25, 2: 7}))
    [event] = found.trades
    assert (event["kind"], event["cid"], event["p1"], event["s1"]) == (TRADE, 1, 15_000, 15)
    assert (event["ts"], event["flags"], event["cond"], event["p2"]) == (
        NOW,
        FLAG_POLLED | FLAG_RECEIVED,
        0,
        MISSING,
    )
    assert (found.volumes, found.unpriced) == ({1: 25, 2: 7}, 0)


def test_a_contract_seen_for_the_first_time_begins_with_what_it_has() -> None:
    found = synthesise({1: 10}, snapshot({1: 10, 2: 5000}))
    assert len(found.trades) == 0
    assert found.volumes == {1: 10, 2: 5000}


def test_a_contract_that_was_untraded_begins_with_nothing() -> None:
    before = volumes_of(snapshot({1: 10}, listed=(1, 2)))
    assert before == {1: 10, 2: 0}
    assert synthesise(before, snapshot({1: 10, 2: 4})).trades["s1"].tolist() == [4]


def test_a_volume_that_shrank_begins_anew() -> None:
    found = synthesise({1: 100}, snapshot({1: 30}))
    assert (len(found.trades), found.volumes) == (0, {1: 30})
    assert synthesise(found.volumes, snapshot({1: 32})).trades["s1"].tolist() == [2]


def test_without_a_price_there_is_no_trade_but_it_is_counted() -> None:
    found = synthesise({1: 10}, snapshot({1: 25}, MISSING))
    assert (len(found.trades), found.unpriced, found.volumes) == (0, 15, {1: 25})


def test_a_contract_that_left_the_window_keeps_its_place() -> None:
    away = synthesise({1: 10, 2: 5}, snapshot({2: 5})).volumes
    assert synthesise(away, snapshot({1: 18, 2: 5})).trades["s1"].tolist() == [8]


rising = st.lists(
    st.dictionaries(st.integers(1, 8), st.integers(0, 1000), max_size=8), min_size=1, max_size=6
)


@given(rising)
def test_polls_explain_every_contract_traded_since_the_first(steps: list[dict[int, int]]) -> None:
    day = dict.fromkeys(range(1, 9), 100)
    volumes, tape = volumes_of(snapshot(day)), Reconciliation(whole_day=False)
    tape.compare(snapshot(day))
    for step in steps:
        day = {cid: volume + step.get(cid, 0) for cid, volume in day.items()}
        found = synthesise(volumes, snapshot(day))
        volumes = found.volumes
        tape.count(found.trades)
    tape.compare(snapshot(day))
    assert tape.lacking == ()
    assert volumes == day == tape.volumes(tuple(day))


class Clock:
    def __init__(self) -> None:
        self.now_s = 50.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now_s += seconds


async def test_polls_begin_at_once_and_follow_in_their_interval() -> None:
    clock, left = Clock(), []

    async def ask() -> tuple[Page, ...]:
        left.append(poller.next_poll_s)
        clock.now_s += 1.5
        return (PAGE,)

    poller = Poller(ask, 5.0, clock=clock, sleep=clock.sleep)
    polls = poller.polls()
    assert [await anext(polls) for _ in range(3)] == [Poll((PAGE,))] * 3
    assert (clock.waited, left) == ([3.5, 3.5], [0, 0, 0])
    assert poller.next_poll_s == 4
    clock.now_s += 2.0
    assert poller.next_poll_s == 2


async def test_a_poll_that_takes_longer_than_the_interval_is_not_overtaken() -> None:
    clock = Clock()

    async def ask() -> tuple[Page, ...]:
        clock.now_s += 7.0
        return ()

    polls = Poller(ask, 5.0, clock=clock, sleep=clock.sleep).polls()
    await anext(polls)
    await anext(polls)
    assert (clock.waited, clock.now_s) == ([], 64.0)


async def test_a_failed_poll_is_told_and_followed_by_the_next() -> None:
    clock, answers = Clock(), [BusyError("Massive cannot answer now."), None]

    async def ask() -> tuple[Page, ...]:
        if error := answers.pop(0):
            raise error
        return (PAGE,)

    polls = Poller(ask, 5.0, clock=clock, sleep=clock.sleep).polls()
    assert await anext(polls) == Poll((), "Massive cannot answer now.")
    assert await anext(polls) == Poll((PAGE,))
    assert clock.waited == [5.0]


async def test_a_refused_key_ends_polling() -> None:
    async def ask() -> tuple[Page, ...]:
        raise CredentialError("Massive does not know this key.")

    clock = Clock()
    with pytest.raises(CredentialError):
        await anext(Poller(ask, clock=clock, sleep=clock.sleep).polls())
