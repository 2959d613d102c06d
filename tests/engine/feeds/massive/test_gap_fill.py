"""Filling an outage: after it the tape holds every trade of the uncut tape, none of them twice."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.massive.gap_fill import OVERLAP_NS, GapTrades, RecentTrades, fetch_trades, merge
from engine.feeds.massive.rest_client import RestClient
from engine.feeds.massive.wire.machine import Machine
from engine.feeds.massive.wire.pages import Pages
from engine.feeds.massive.wire.requests import Page
from engine.feeds.massive.wire.seen_trades import SeenTrades
from engine.feeds.transport.rate_limit import RateLimit
from engine.model.events import FLAG_FILLED, NS, TRADE, Events, empty_events, to_price
from tests.fakes.massive import CALL, KEY, PUT, Massive, Plan, Send, Shut, rest_trade, tape, trade
from tests.fakes.massive.listener import Listener, following
from tests.fakes.massive.messages import BEGIN_MS, Message

MS = 1_000_000
BEGIN_NS = BEGIN_MS * MS
TICKERS = {1: CALL, 2: PUT}
CIDS = {CALL: 1, PUT: 2}


def client(fake: Massive, tries: int = 1) -> RestClient:
    return RestClient(fake.rest_url, KEY, RateLimit(1000, 1.0), seed=1, tries=tries)


def fetched(*messages: Message) -> GapTrades:
    """Return trades as the REST interface has them, a page for each contract."""
    by_cid: dict[int, list[Any]] = {}
    for each in messages:
        by_cid.setdefault(CIDS[each["sym"]], []).append(rest_trade(each))
    pages = tuple((cid, Page(json.dumps(rows).encode(), None, False)) for cid, rows in by_cid.items())
    return GapTrades(pages, (), "")


def heard(*messages: Message) -> Events:
    """Return trades as the socket puts them on the tape."""
    events = empty_events(len(messages))
    events["kind"] = TRADE
    for at, each in enumerate(messages):
        events[at]["cid"], events[at]["ts"] = CIDS[each["sym"]], each["t"] * MS
        events[at]["p1"], events[at]["s1"], events[at]["exch"] = to_price(each["p"]), each["s"], each["x"]
    return events


def numbers(seen: SeenTrades, *messages: Message) -> SeenTrades:
    for each in messages:
        seen.add([CIDS[each["sym"]]], [each["q"]])
    return seen


def merged(given: GapTrades, known: Events, seen: SeenTrades | None = None) -> Events:
    return merge(given, known, SeenTrades() if seen is None else seen, lambda cid: cid, Pages())


def unnumbered(message: Message) -> Message:
    return {**message, "q": None}


def test_what_is_missing_comes_flagged_in_order_of_time() -> None:
    late, early = trade(q=2, t=BEGIN_MS + 9), trade(PUT, q=1, t=BEGIN_MS + 3)
    found = merged(fetched(late, early), heard())
    assert found["cid"].tolist() == [2, 1]
    assert found["flags"].tolist() == [FLAG_FILLED] * 2
    assert found["ts"].tolist() == [BEGIN_NS + 3 * MS, BEGIN_NS + 9 * MS]


def test_a_number_that_was_seen_is_on_the_tape() -> None:
    first, second = trade(q=1), trade(q=2)
    seen = numbers(SeenTrades(), first)
    assert len(merged(fetched(first, second), heard(first), seen)) == 1
    assert seen.add([1], [2]) == [0]


def test_a_number_that_was_seen_long_ago_is_on_the_tape_too() -> None:
    assert len(merged(fetched(trade(q=1)), heard(), numbers(SeenTrades(), trade(q=1)))) == 0


def test_without_numbers_a_trade_is_on_the_tape_as_often_as_it_was_heard() -> None:
    same = unnumbered(trade())
    assert len(merged(fetched(same, same, same), heard(same, same))) == 1


def test_a_trade_whose_number_the_socket_did_not_give_is_found_by_its_fields() -> None:
    assert len(merged(fetched(trade(q=5)), heard(unnumbered(trade())))) == 0


def test_equal_trades_with_different_numbers_are_two() -> None:
    first, second = trade(q=1), trade(q=2)
    assert len(merged(fetched(second, first), heard(first), numbers(SeenTrades(), first))) == 1


@pytest.mark.parametrize("other", [{"t": BEGIN_MS + 1}, {"p": 1.56}, {"s": 4}, {"x": 303}, {"sym": PUT}])
def test_trades_that_differ_in_anything_are_two(other: dict[str, Any]) -> None:
    assert len(merged(fetched(unnumbered(trade(**other))), heard(unnumbered(trade())))) == 1


def test_times_within_one_millisecond_are_one_to_the_socket() -> None:
    row = rest_trade(unnumbered(trade())) | {"sip_timestamp": BEGIN_NS + 999_999}
    given = GapTrades(((1, Page(json.dumps([row]).encode(), None, None)),), (), "")
    assert len(merged(given, heard(unnumbered(trade())))) == 0


def test_filling_twice_adds_nothing() -> None:
    gap, seen = fetched(trade(q=1), unnumbered(trade(PUT))), SeenTrades()
    first = merged(gap, heard(), seen)
    assert len(first) == 2
    assert len(merged(gap, first, seen)) == 0


prints = st.lists(
    st.builds(
        trade,
        st.sampled_from([CALL, PUT]),
        t=st.integers(BEGIN_MS, BEGIN_MS + 3),
        p=st.sampled_from([1.5, 1.55]),
        s=st.integers(1, 2),
    ),
    max_size=25,
)


@given(prints, st.randoms(use_true_random=False), st.booleans())
def test_heard_and_filled_are_the_whole_tape_whatever_was_heard(
    told: list[Message], draw: random.Random, are_numbered: bool
) -> None:
    told = [{**each, "q": q if are_numbered else None} for q, each in enumerate(told)]
    caught = [each for each in told if draw.random() < 0.5]
    seen = numbers(SeenTrades(), *caught) if are_numbered else SeenTrades()
    on_tape = heard(*caught)
    filled = merged(fetched(*told), on_tape, seen)
    assert bag(np.concatenate([on_tape, filled])) == bag(heard(*told))


def bag(events: Events) -> Counter[tuple[int, ...]]:
    trades = events[events["kind"] == TRADE]
    return Counter(zip(*(trades[name].tolist() for name in ("ts", "cid", "p1", "s1", "exch")), strict=True))


# --- what is kept to hold the fetched against ---------------------------------------------------------


def at(*seconds: float) -> Events:
    events = empty_events(len(seconds))
    events["kind"], events["ts"] = TRADE, [round(each * NS) for each in seconds]
    return events


def kept(heard: RecentTrades) -> list[float]:
    return [ts / NS for ts in heard.trades()["ts"].tolist()]


def test_old_trades_are_forgotten() -> None:
    kept_60 = RecentTrades(60 * NS)
    for second in (0, 30, 61, 80):
        kept_60.add(at(second))
    assert kept(kept_60) == [30, 61, 80]


def test_from_shortly_before_an_outage_on_nothing_is_forgotten_until_it_is_filled() -> None:
    trades = RecentTrades(60 * NS)
    for second in (96, 99, 100):
        trades.add(at(second))
    trades.hold(100 * NS)
    for second in (500, 900):
        trades.add(at(second))
    assert kept(trades) == [99, 100, 500, 900]
    trades.release(100 * NS)
    assert kept(trades) == [900]


def test_only_trades_are_kept() -> None:
    trades, events = RecentTrades(), at(1, 2)
    events["kind"][0] = 0
    trades.add(events)
    assert kept(trades) == [2]


# --- fetching -----------------------------------------------------------------------------------------


async def test_trades_are_fetched_between_two_times_page_by_page() -> None:
    async with Massive() as fake, client(fake) as rest:
        for sym in (CALL, PUT):
            fake.shelf.trades[sym] = [rest_trade(trade(sym, q=q, t=BEGIN_MS + q)) for q in range(10)]
        found = await fetch_trades(rest, list(TICKERS.items()), BEGIN_NS + 2 * MS, BEGIN_NS + 5 * MS)
        assert {each.query["timestamp.gte"] for each in fake.asked} == {str(BEGIN_NS + 2 * MS)}
    times = merged(found, heard())["ts"]
    assert Counter((times // MS - BEGIN_MS).tolist()) == {2: 2, 3: 2, 4: 2}
    assert (found.missing, found.reason) == ((), "")


async def test_nothing_wanted_is_nothing_asked() -> None:
    async with Massive() as fake, client(fake) as rest:
        assert await fetch_trades(rest, [], 0, 1) == GapTrades((), (), "")
        assert fake.asked == []


async def test_a_plan_without_trades_is_asked_once_and_named() -> None:
    async with Massive(Plan(rest_refused=("/v3/trades",))) as fake, client(fake) as rest:
        many = [(cid, f"O:SPY251219C{cid:08d}") for cid in range(1, 40)]
        found = await fetch_trades(rest, many, 0, 1)
        assert sorted(found.missing) == list(range(1, 40))
        assert "plan for this key does not include this" in found.reason
        assert len(fake.asked) <= 8


async def test_one_contract_that_is_unknown_costs_no_other() -> None:
    async with Massive() as fake, client(fake) as rest:
        fake.shelf.failures = [404]
        fake.shelf.trades[PUT] = [rest_trade(trade(PUT))]
        found = await fetch_trades(rest, [(1, CALL)], 0, BEGIN_NS * 2)
        assert found.missing == (1,)
        found = await fetch_trades(rest, [(2, PUT)], 0, BEGIN_NS * 2)
        assert len(merged(found, heard())) == 1


async def test_what_came_before_a_failure_is_kept_and_the_rest_is_named() -> None:
    async with Massive() as fake, client(fake, tries=1) as rest:
        many = [rest_trade(trade(q=q, t=BEGIN_MS + q)) for q in range(50_001)]
        fake.shelf.trades[CALL] = many
        fake.shelf.failures = [200, 500]
        found = await fetch_trades(rest, [(1, CALL)], 0, BEGIN_NS * 2)
    assert (found.missing, len(merged(found, heard()))) == ((1,), 50_000)
    assert "HTTP 500" in found.reason


# --- a cut on the wire --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
async def test_after_an_outage_the_tape_holds_the_trades_of_the_uncut_one(seed: int) -> None:
    sent = tape(seed, 900)
    cuts = [0, *sorted(random.Random(seed).sample(range(100, 800), 2)), 900]
    before, during, after = (sent[a:b] for a, b in itertools.pairwise(cuts))
    tickers, seen, kept = following("SPY"), SeenTrades(), RecentTrades()
    listener = Listener(Machine(KEY, "options", tickers, seen))
    listener.machine.want(["T.*"])
    async with Massive(seed=seed) as fake, client(fake) as rest:
        await asyncio.gather(listener.run(f"{fake.ws_url}/options"), play(fake, before))
        kept.add(listener.events())
        since_ns = int(listener.events()["ts"].max())
        kept.hold(since_ns)
        await fake.play(Send(during))  # nobody listens
        listener.machine.reset_connection()
        await asyncio.gather(listener.run(f"{fake.ws_url}/options"), play(fake, after))
        kept.add(listener.events()[len(kept.trades()) :])
        wanted = [(tickers.place(sym), sym) for sym in (CALL, PUT)]
        until_ns = after[0]["t"] * MS
        found = await fetch_trades(rest, wanted, since_ns - OVERLAP_NS, until_ns + OVERLAP_NS)
    filled = merge(found, kept.trades(), seen, lambda cid: cid, Pages())
    names = dict(wanted)
    whole = np.concatenate([listener.events(), filled])
    found_trades = Counter(
        (names[int(each["cid"])], int(each["ts"]), int(each["p1"]), int(each["s1"]), int(each["exch"]))
        for each in whole
    )
    assert found_trades == Counter(
        (each["sym"], each["t"] * MS, to_price(each["p"]), each["s"], each["x"])
        for each in sent
        if each["ev"] == "T"
    )
    assert len(filled) == sum(each["ev"] == "T" for each in during)


async def play(fake: Massive, sent: list[Message]) -> None:
    await fake.until(lambda: fake.holds("T.*"))
    await fake.play(Send(sent), Shut(1000))
