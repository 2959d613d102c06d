"""The source that streams: trades as they were played, gaps where the network broke, and what fills them."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from engine.feeds.massive.source import Access
from engine.model.calendar import session
from engine.model.errors import CredentialError, NoDataError
from engine.model.events import (
    BAR,
    FLAG_FILLED,
    FLAG_PARITY,
    FLAG_POLLED,
    FLAG_RECEIVED,
    GAP,
    NS,
    PREV_CLOSE,
    QUOTE,
    SPOT,
    TRADE,
    empty_events,
)
from engine.store.days.recording import open_recorded
from engine.store.journal.folders import RecordingFolder
from engine.store.journal.tape import open_journal
from engine.tape.tape import TapeInfo
from tests.engine.feeds.massive.staging import (
    OPEN_NS,
    QUICK,
    SOON,
    Kept,
    Stage,
    clock,
    full_chain,
    missed,
    occ,
    prints,
    stage,
    told,
)
from tests.fakes.massive import (
    Cut,
    HalfClose,
    Hang,
    Massive,
    Plan,
    Reset,
    Resume,
    Say,
    Send,
    Shut,
    Stall,
    index_value,
    quote,
    trade,
)
from tests.fakes.massive.messages import Message
from tests.fakes.massive.script import Step

pytestmark = pytest.mark.asyncio

FULL = [f"T.{occ(strike, right)}" for strike in range(640, 661) for right in "CP"]
NEAR = [f"Q.{occ(strike, right)}" for strike in range(647, 654) for right in "CP"]


def market(**fields: object) -> Massive:
    """Return a provider that lists SPY's chain."""
    fake = Massive(Plan(**fields))  # type: ignore[arg-type]
    fake.shelf.chains["SPY"] = full_chain()
    return fake


async def streaming(on: Stage) -> None:
    """Wait until everything that is wanted is held."""
    await on.fake.until(lambda: on.fake.holds(*FULL, *NEAR))
    await on.until(lambda: on.tape.link.state == "connected")


async def test_every_trade_is_on_the_tape_as_it_was_played() -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        played = prints(on.now(), 200)
        await fake.play(Send(played))
        await on.until(lambda: len(on.events(TRADE)) == 200)
        assert on.trades() == told(played)
        assert len(on.gaps()) == 0
        assert on.link.badge in ("LIVE", "STALE")


async def test_a_day_that_is_joined_late_begins_with_a_gap_since_the_open() -> None:
    async with market() as fake, stage(fake, now=clock(OPEN_NS + 1800 * NS)) as on:
        await streaming(on)
        await on.until(lambda: len(on.events(GAP)) == 1)
        (gap,) = on.events(GAP)
        assert 1800 <= gap["s1"] / 1000 < 1860
        assert not any("/v3/trades" in each.path for each in fake.asked)


async def test_a_machine_that_slept_through_the_close_has_a_gap_until_then() -> None:
    slept = 0
    awake = clock(OPEN_NS + 1800 * NS)
    async with market() as fake, stage(fake, now=lambda: awake() + slept) as on:
        await streaming(on)
        await fake.play(Send(prints(on.now(), 5)))
        await on.until(lambda: len(on.events(TRADE)) == 5)
        fell_ns, close_ns = on.now(), session(on.tape.info.day).late_close_ns
        slept = 20 * 3600 * NS  # until the next noon
        await on.running
        gap = on.gaps()[-1]
        assert int(gap["ts"]) == close_ns
        assert abs(close_ns - int(gap["s1"]) * 1_000_000 - fell_ns) < 60 * NS
        assert len(on.gaps()) == 1
        assert (on.link.badge, on.link.state) == ("CLOSED", "closed")
        assert on.link.note.startswith("The market has closed.")


async def test_a_day_that_was_heard_to_its_end_has_no_gap_there() -> None:
    close_ns = session(date(2025, 12, 19)).late_close_ns
    awake, leapt = clock(close_ns - 120 * NS), 0
    times = replace(SOON, jump=3600.0)
    async with market() as fake, stage(fake, times=times, now=lambda: awake() + leapt) as on:
        await streaming(on)
        while not on.running.done():
            leapt, before = leapt + NS, on.link
            await on.until(lambda told=before: on.running.done() or on.link is not told)  # type: ignore[misc]
        assert len(on.gaps()) == 0


async def test_a_time_of_another_day_never_becomes_the_tape_s_clock() -> None:
    chain = full_chain()
    for row in chain:
        row["day"] = {**row["day"], "last_updated": OPEN_NS + 30 * 86_400 * NS}
    async with market() as fake:
        fake.shelf.chains["SPY"] = chain
        async with stage(fake) as on:
            await on.until(lambda: fake.holds(*FULL))
            late = trade(occ(650), 1, t=on.now() // 1_000_000 + 86_400_000, s=7)
            await fake.play(Send([late]))
            await on.until(lambda: len(on.events(TRADE)) == 1)
            assert on.tape.end_ns <= on.now()
            [printed], bars = on.events(TRADE), on.events(BAR)
    assert (printed["s1"], printed["flags"] & FLAG_RECEIVED) == (7, FLAG_RECEIVED)
    assert len(bars) == len(chain)
    assert np.all(bars["flags"] & FLAG_RECEIVED)


async def test_trades_of_all_strikes_and_quotes_of_the_near_ones_are_asked_for_by_difference() -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        (client,) = fake.connected()
        assert client.held == {*FULL, *NEAR}
        asked = len(client.asked)
        await fake.until(lambda: fake.holds("T.SPY", cluster="stocks"))
        await fake.play(Send([trade("SPY", 1, p=655.1, t=on.now() // 1_000_000)], "stocks"))
        await fake.until(lambda: fake.holds(f"Q.{occ(658)}"))
        await fake.until(lambda: f"Q.{occ(647)}" not in client.held)
        new = client.asked[asked:]
        assert sorted(new) == sorted(f"Q.{occ(s, r)}" for s in range(654, 659) for r in "CP")


async def test_the_underlying_comes_from_the_stocks_feed_when_the_plan_has_it() -> None:
    async with market() as fake, stage(fake) as on:
        await fake.until(lambda: fake.holds("T.SPY", cluster="stocks"))
        await fake.play(Send([trade("SPY", 1, p=651.25, t=on.now() // 1_000_000)], "stocks"))
        await on.until(lambda: on.link.spot_origin == "stocks feed")
        assert on.events(SPOT)["p1"][-1] == 6_512_500


async def test_a_snapshot_says_nothing_of_prices_that_the_websockets_tell() -> None:
    def snapshots() -> int:
        return sum("snapshot" in each.path for each in fake.asked)

    async with market() as fake, stage(fake, intervals=replace(QUICK, snapshot=0.05)) as on:
        await streaming(on)
        await fake.until(lambda: fake.holds("T.SPY", cluster="stocks"))
        await fake.play(Send([trade("SPY", 1, p=651.25, t=on.now() // 1_000_000)], "stocks"))
        await on.until(lambda: on.link.spot_origin == "stocks feed")
        said = on.events(SPOT)["p1"].tolist(), len(on.events(QUOTE))
        for row in fake.shelf.chains["SPY"]:
            row["underlying_asset"] |= {"price": 640.0, "last_updated": on.now()}
        asked = snapshots()
        await on.until(lambda: snapshots() > asked + 3)
        assert (on.events(SPOT)["p1"].tolist(), len(on.events(QUOTE))) == said


async def test_without_the_stocks_plan_the_chain_tells_the_price_and_options_stream_on() -> None:
    async with market(clusters=frozenset({"options"})) as fake, stage(fake) as on:
        await streaming(on)
        await on.until(lambda: on.link.spot_origin == "chain snapshot")
        for row in fake.shelf.chains["SPY"]:
            row["underlying_asset"] |= {"price": 651.0, "last_updated": on.now()}
        await on.until(lambda: on.events(SPOT)["p1"][-1] == 6_510_000)
        assert on.link.badge in ("LIVE", "STALE")


async def test_without_any_price_of_the_underlying_parity_gives_one() -> None:
    async with market(clusters=frozenset({"options"})) as fake:
        for row in fake.shelf.chains["SPY"]:
            row["underlying_asset"] = {"ticker": "SPY"}
            row["last_quote"] = None
        async with stage(fake) as on:
            await fake.until(lambda: fake.holds(*FULL))
            bids = {649: (2.6, 1.0), 650: (2.0, 1.4), 651: (1.5, 1.9)}
            pairs = [
                quote(occ(strike, right), bp=bid, ap=bid + 0.1)
                for strike, sides in bids.items()
                for right, bid in zip("CP", sides, strict=True)
            ]
            await fake.until(lambda: fake.holds(*(f"Q.{each['sym']}" for each in pairs)))
            for at_ms in (on.now() // 1_000_000, on.now() // 1_000_000 + 2_000):
                await fake.play(Send([{**each, "t": at_ms} for each in pairs]))
            await on.until(lambda: on.link.spot_origin == "put-call parity")
            (spot,) = on.events(SPOT)
            assert (spot["p1"], spot["flags"]) == (6_506_000, FLAG_PARITY)


async def test_an_index_is_heard_on_its_own_cluster() -> None:
    async with Massive() as fake:
        fake.shelf.chains["SPX"] = full_chain("SPXW")
        async with stage(fake, ["SPX"]) as on:
            await fake.until(lambda: fake.holds("V.I:SPX", cluster="indices"))
            await fake.play(Send([index_value(t=on.now() // 1_000_000)], "indices"))
            await on.until(lambda: on.link.spot_origin == "index feed")
            assert on.events(SPOT)["p1"][-1] == 68_172_500


async def test_the_previous_close_is_asked_for() -> None:
    async with market() as fake:
        fake.shelf.days["SPY"] = {"t": 1_766_034_000_000, "c": 648.2}  # 2025-12-18 in New York
        async with stage(fake) as on:
            await on.until(lambda: len(on.events(PREV_CLOSE)) == 1)
            assert on.events(PREV_CLOSE)["p1"].tolist() == [6_482_000]


async def test_a_previous_close_that_could_not_be_fetched_is_asked_for_again() -> None:
    async with market() as fake:
        fake.shelf.days["SPY"] = {"t": 1_766_034_000_000, "c": 648.2}
        fake.shelf.broken["/v2/aggs"] = 500
        async with stage(fake, intervals=replace(QUICK, snapshot=0.05)) as on:
            await on.until(lambda: sum("/prev" in each.path for each in fake.asked) > 3)
            assert len(on.events(PREV_CLOSE)) == 0
            fake.shelf.broken.clear()
            await on.until(lambda: len(on.events(PREV_CLOSE)) == 1)
            looks = len(fake.asked)
            await on.until(lambda: len(fake.asked) > looks + 3)
            assert len(on.events(PREV_CLOSE)) == 1


CUTS = [
    Shut(1000),
    Shut(1001),
    Shut(1008, "slow_consumer"),
    Shut(1011),
    Reset(),
    HalfClose(),
    Cut([trade()]),
]


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{type(cut).__name__}{getattr(cut, 'code', '')}")
async def test_every_cut_has_a_gap_row_and_is_filled_to_the_uncut_tape(cut: Step) -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        before = prints(on.now(), 20)
        await fake.play(Send(before))
        await on.until(lambda: len(on.events(TRADE)) == 20)
        await fake.play(cut)
        unheard = prints(on.now(), 15, begin=100)
        missed(fake, unheard)
        await fake.until(lambda: len(fake.clients) > count_of(fake, "options"))
        await streaming(on)
        after = prints(on.now(), 10, begin=200)
        await fake.play(Send(after))
        await on.until(lambda: len(on.events(TRADE)) >= 45)
        assert on.trades() == told([*before, *unheard, *after])
        (gap,) = on.gaps()
        assert gap["s1"] >= 1
        filled = on.events(TRADE)
        assert sum(filled["flags"] & FLAG_FILLED > 0) == 15


async def test_trades_that_the_day_volume_tells_of_late_are_filled_after_a_later_snapshot() -> None:
    unheard = prints(OPEN_NS, 6, begin=100)
    async with market() as fake, stage(fake, intervals=replace(QUICK, snapshot=0.05)) as on:
        await streaming(on)
        set_volumes(fake, unheard[:1])  # the others' contracts have no volume yet
        missed(fake, at(on.now(), unheard))
        await fake.play(Reset())
        await on.until(lambda: len(on.events(TRADE)) == 2)  # of the one contract that lacks
        set_volumes(fake, unheard)
        await on.until(lambda: len(on.events(TRADE)) == 6)
        assert on.events(TRADE)["flags"].tolist() == [FLAG_FILLED] * 6
        assert len({trade[:2] for trade in on.trades()}) == 3


async def test_what_no_fill_brings_is_asked_for_three_times() -> None:
    async with market() as fake, stage(fake, intervals=replace(QUICK, snapshot=0.05)) as on:
        await streaming(on)
        set_volumes(fake, prints(on.now(), 1))  # nobody knows a trade of it
        await fake.play(Reset())
        await streaming(on)
        await on.until(lambda: snapshots_after_the_last_fill(fake) > 3)
        assert sum("/v3/trades" in each.path for each in fake.asked) == 3


async def test_what_polls_tell_while_a_gap_is_fetched_is_not_told_twice() -> None:
    answers = asyncio.Event()

    async def late(_: int) -> None:
        if "/v3/trades" in fake.asked[-1].path:
            await answers.wait()

    async with market() as fake, stage(fake, intervals=replace(QUICK, dead=0.05)) as on:
        await streaming(on)
        unheard = prints(on.now(), 3, begin=100)
        missed(fake, unheard)
        set_volumes(fake, unheard)
        fake.shelf.gate = late
        await fake.play(Reset())
        await on.until(lambda: any("/v3/trades" in each.path for each in fake.asked))
        await fake.play(Hang(), Reset())
        await on.until(lambda: len(on.events(TRADE)) == 3)
        answers.set()
        await on.until(lambda: snapshots_after_the_last_fill(fake) > 5)
        assert on.events(TRADE)["flags"].tolist() == [FLAG_POLLED | FLAG_RECEIVED] * 3


async def test_an_outage_of_two_symbols_begins_for_each_where_its_own_tape_ended() -> None:
    """A source that is restarted goes on with two recordings of different lengths."""
    ends_ns = {"SPY": OPEN_NS + 500 * NS, "QQQ": OPEN_NS + 100 * NS}
    async with market() as fake:
        fake.shelf.chains["QQQ"] = full_chain("QQQ")

        def resumed(info: TapeInfo) -> Kept:
            return Kept.resumed(
                info, [trade(occ(650, root=info.symbol), 1, t=ends_ns[info.symbol] // 1_000_000)]
            )

        async with stage(fake, ["SPY", "QQQ"], begin=resumed, now=clock(OPEN_NS + 600 * NS)) as on:
            other = on.source.open("QQQ")
            await on.until(lambda: len(on.events(GAP)) == 1)
            other.take()
            found = np.concatenate([other.read(chunk) for chunk in range(len(other.starts))])
            for events, symbol in ((on.events(GAP), "SPY"), (found[found["kind"] == GAP], "QQQ")):
                (gap,) = events
                begins_ns = int(gap["ts"]) - int(gap["s1"]) * 1_000_000
                assert abs(begins_ns - ends_ns[symbol]) <= 2_000_000


async def test_a_stalled_feed_is_stale_and_live_again_when_it_goes_on() -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        await fake.play(Send(prints(on.now(), 1)))
        await on.until(lambda: on.link.badge == "LIVE")
        await fake.play(Stall())
        await on.until(lambda: on.link.badge == "STALE")
        assert on.link.silent_s is not None
        assert on.link.silent_s >= 1
        await fake.play(Send(prints(on.now(), 1, begin=2)), Resume())
        await on.until(lambda: on.link.badge == "LIVE" and on.link.silent_s is None)
        assert len(on.gaps()) == 0


async def test_a_delayed_feed_is_filled_from_the_moment_of_the_market_at_which_it_broke_off() -> None:
    late_ns = 900 * NS
    async with market() as fake, stage(fake, now=clock(OPEN_NS + 1800 * NS)) as on:
        for row in fake.shelf.chains["SPY"]:  # nothing on the tape is newer than the feed
            row["last_quote"] |= {"last_updated": OPEN_NS}
        await streaming(on)
        before = prints(on.now() - late_ns, 5)
        await fake.play(Send(before))
        await on.until(lambda: len(on.events(TRADE)) == 5)
        unheard = prints(on.now() - late_ns, 5, begin=100)
        missed(fake, unheard)
        await fake.play(Reset())
        await on.until(lambda: len(on.events(TRADE)) == 10)
        assert on.trades() == told([*before, *unheard])


async def test_while_the_socket_is_down_the_badge_says_gap_and_why() -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        await fake.play(Hang(), Reset())
        await on.until(lambda: on.link.badge == "GAP" and bool(on.link.note))
        assert on.link.state in ("connecting", "waiting")
        await fake.play(Hang(False))
        await streaming(on)
        await on.until(lambda: on.link.note == "")


async def test_a_socket_that_stays_dead_is_stood_in_for_by_polls_until_it_is_back() -> None:
    intervals = replace(QUICK, dead=0.05)
    async with market() as fake, stage(fake, intervals=intervals) as on:
        await streaming(on)
        heard = prints(on.now(), 3)
        await fake.play(Send(heard))
        await on.until(lambda: len(on.events(TRADE)) == 3)
        set_volumes(fake, heard)
        await fake.play(Hang(), Reset())
        await on.until(lambda: on.link.badge == "POLL")
        unheard = prints(on.now(), 3, begin=100)
        set_volumes(fake, [*heard, *unheard])
        await on.until(lambda: len(on.events(TRADE)) == 6)
        await fake.play(Hang(False))
        await streaming(on)
        after = prints(on.now(), 3, begin=200)
        await fake.play(Send(after))
        await on.until(lambda: len(on.events(TRADE)) == 9)
        polled = on.events(TRADE)["flags"] & FLAG_POLLED > 0
        assert polled.tolist() == [False] * 3 + [True] * 3 + [False] * 3
        await on.until(lambda: on.link.badge in ("LIVE", "STALE"))
        assert on.link.next_poll_s is None
        # The time until the first poll, and perhaps that from the last one on; between it was not silent.
        assert 1 <= len(on.gaps()) <= 2


@pytest.mark.parametrize("late", [False, True], ids=["missed", "on their way"])
async def test_what_is_traded_between_the_last_poll_and_the_first_word_is_told_once(late: bool) -> None:
    """A snapshot that was asked for before the socket is back counts trades that it may yet bring."""
    answers = asyncio.Event()

    async def held_back(_: int) -> None:
        if "/v3/snapshot" in fake.asked[-1].path:
            await answers.wait()

    async with market() as fake, stage(fake, intervals=replace(QUICK, dead=0.05, snapshot=0.05)) as on:
        await streaming(on)
        await fake.play(Hang(), Reset())
        await on.until(lambda: on.link.badge == "POLL")
        asked = len(fake.asked)
        fake.shelf.gate = held_back
        await on.until(lambda: len(fake.asked) > asked)
        between = prints(on.now(), 3, begin=100)
        set_volumes(fake, between)
        if not late:
            missed(fake, between)
        await fake.play(Hang(False))
        await streaming(on)
        answers.set()
        if late:
            await on.until(lambda: on.link.reconciled == 0)
            await fake.play(Send(between))
        await on.until(lambda: len(on.events(TRADE)) == 3)
        await on.until(lambda: on.link.reconciled == 1)
        flag = 0 if late else FLAG_FILLED
        assert [flags & (FLAG_FILLED | FLAG_POLLED) for flags in on.events(TRADE)["flags"]] == [flag] * 3
        assert on.trades() == told(between)


async def test_a_gap_right_after_polls_is_filled_from_where_they_ended() -> None:
    """A fetch begins somewhat before its gap, and what polls have told there is on the tape as volume."""
    intervals = replace(QUICK, dead=0.05)
    async with market() as fake, stage(fake, intervals=intervals) as on:
        await streaming(on)
        await fake.play(Hang(), Reset())
        await on.until(lambda: on.link.badge == "POLL")
        polled = prints(on.now(), 3, begin=100)
        missed(fake, polled)
        for row in fake.shelf.chains["SPY"]:
            row["underlying_asset"] |= {"last_updated": on.now() + 1}
        set_volumes(fake, polled)
        await on.until(lambda: len(on.events(TRADE)) == 3)
        await fake.play(Hang(False))
        await streaming(on)
        last_poll = sum("snapshot" in each.path for each in fake.asked) + 2
        await on.until(lambda: sum("snapshot" in each.path for each in fake.asked) >= last_poll)
        lost = prints(on.now(), 3, begin=200)
        missed(fake, lost)
        set_volumes(fake, [*polled, *lost])
        await fake.play(Reset())
        await on.until(lambda: len(on.events(TRADE)) >= 6)
        assert on.events(TRADE)["s1"].sum() == sum(each["s"] for each in (*polled, *lost))


async def test_the_gap_before_polls_begins_where_the_socket_broke_off() -> None:
    async with market() as fake, stage(fake, intervals=replace(QUICK, dead=0.5)) as on:
        await streaming(on)
        heard_ns = on.now()
        await fake.play(Send(prints(heard_ns, 1)))
        await on.until(lambda: len(on.events(TRADE)) == 1)
        await fake.play(Hang(), Reset())
        await on.until(lambda: len(on.gaps()) == 1)
        (gap,) = on.gaps()
        assert gap["s1"] > 0  # by the last frame, which may have come after the last look
        assert abs(gap["ts"] - gap["s1"] * 1_000_000 - heard_ns) < NS


async def test_a_day_that_ends_while_nothing_is_heard_has_a_gap_until_the_close() -> None:
    close_ns = OPEN_NS + (6 * 3600 + 45 * 60) * NS
    ahead_ns = [0]
    right = clock(close_ns - 600 * NS)
    async with market() as fake, stage(fake, now=lambda: right() + ahead_ns[0]) as on:
        await streaming(on)
        heard_ns = on.now()
        await fake.play(Hang(), Reset())
        await on.until(lambda: on.link.badge == "GAP")
        ahead_ns[0] = 659 * NS
        await on.running
        gap = on.gaps()[-1]
        assert abs(gap["ts"] - close_ns) <= 1_000_000
        assert abs(gap["ts"] - gap["s1"].astype(np.int64) * 1_000_000 - heard_ns) < NS


async def test_the_silence_is_counted_from_the_last_word_however_often_it_is_tried_again() -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        await fake.play(Hang(), Reset())
        await on.until(lambda: on.link.badge == "GAP" and on.link.silent_s == 2)


async def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    back_ns = [0]
    right = clock()

    def now() -> int:
        return right() - back_ns[0]

    def snapshots() -> int:
        return sum("snapshot" in each.path for each in fake.asked)

    async with market() as fake, stage(fake, now=now, intervals=replace(QUICK, snapshot=0.05)) as on:
        await streaming(on)
        back_ns[0] = 300 * NS
        await streaming(on)
        kept, asked = on.intake().kept, snapshots()
        await on.until(lambda: on.intake().kept > kept + 3 and snapshots() > asked + 5)


async def test_trades_that_polls_counted_are_not_fetched_again() -> None:
    intervals = replace(QUICK, dead=0.05)
    async with market() as fake, stage(fake, intervals=intervals) as on:
        await streaming(on)
        await fake.play(Hang(), Reset())
        await on.until(lambda: on.link.badge == "POLL")
        await fake.play(Hang(False))
        await streaming(on)
        await on.until(lambda: on.link.badge in ("LIVE", "STALE"))
        assert not any("/v3/trades" in each.path for each in fake.asked)


async def test_a_plan_without_websockets_is_polled_and_says_so() -> None:
    async with market(clusters=frozenset()) as fake, stage(fake) as on:
        await on.until(lambda: on.link.badge == "POLL")
        assert "doesn't include this cluster" in on.link.note
        assert on.link.state == "polling"


async def test_a_key_that_nobody_knows_ends_the_source() -> None:
    async with market() as fake, stage(fake, key="canary-7f3a") as on:
        with pytest.raises(CredentialError) as caught:
            await on.running
        assert "canary" not in f"{caught.value} {on.link}"


async def test_a_key_that_expires_in_the_day_ends_the_source() -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        fake.plan.key = "the-next-one"
        await fake.play(Reset())
        with pytest.raises(CredentialError, match="MASSIVE_API_KEY"):
            await on.running


async def test_refused_quotes_are_named_and_bars_are_asked_for_in_their_place() -> None:
    async with market(channels=frozenset({"T", "A", "V"})) as fake, stage(fake) as on:
        await fake.until(lambda: fake.holds(*FULL))
        await on.until(lambda: len(on.link.refused) == 14)
        assert set(on.link.refused) == set(NEAR)
        assert "quotes (14 channels)" in on.link.note
        await fake.until(lambda: fake.holds(*(each.replace("Q.", "A.") for each in NEAR)))


async def test_a_channel_that_is_granted_later_is_refused_no_more() -> None:
    refused = frozenset({NEAR[0].replace("Q.", "T."), NEAR[0]})
    async with market(refused=refused) as fake, stage(fake) as on:
        await on.until(lambda: set(on.link.refused) == refused)
        assert on.link.note == "Massive refuses trades (1 channel) and quotes (1 channel)."
        fake.plan.refused = frozenset()
        await fake.play(Shut(1000))
        await on.until(lambda: not on.link.refused)
        assert on.link.note == ""


async def test_refused_stock_trades_are_replaced_by_stock_quotes() -> None:
    async with market(refused=frozenset({"T.SPY"})) as fake, stage(fake):
        await fake.until(lambda: fake.holds("Q.SPY", cluster="stocks"))


async def test_an_evicted_source_waits_and_says_why() -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        await fake.play(Say("max_connections", "Maximum number of connections exceeded."), Shut(1008))
        await on.until(lambda: on.link.state == "waiting")
        assert "another" in on.link.note.lower()
        await streaming(on)


async def test_a_long_wait_for_the_next_attempt_is_counted_down() -> None:
    patient = replace(SOON, evicted=60.0)
    async with market() as fake, stage(fake, times=patient) as on:
        await streaming(on)
        await fake.play(Say("max_connections", "Maximum number of connections exceeded."), Shut(1008))
        await on.until(lambda: re.search(r"one connection\. Next attempt in (60|5\d) s\.$", on.link.note))


async def test_silence_over_an_open_connection_is_a_sentence() -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        await on.until(lambda: on.link.badge == "STALE" and "nothing comes over it" in on.link.note)


@pytest.mark.parametrize(("ahead_s", "said"), [(-20, "(20|1.) s behind"), (20, "(20|1.) s ahead of")])
async def test_a_clock_that_is_off_is_told(ahead_s: int, said: str) -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        fake.now = clock(OPEN_NS - ahead_s * NS)
        await fake.play(Reset())
        await on.until(lambda: re.search(f"clock is {said}", on.link.note))


async def test_answers_429_delay_the_chain_and_cost_nothing_else() -> None:
    async with market() as fake:
        fake.shelf.failures += [429]
        async with stage(fake) as on:
            await streaming(on)
            assert len(on.tape.listed) == 42


async def test_what_cannot_be_fetched_of_a_gap_stays_marked_with_a_sentence() -> None:
    async with market(rest_refused=("/v3/trades",)) as fake, stage(fake) as on:
        await streaming(on)
        await fake.play(Reset())
        await on.until(lambda: "could not be fetched" in on.link.note)
        assert len(on.gaps()) == 1


async def test_a_resumed_day_has_a_gap_since_the_recording_and_is_filled() -> None:
    async with market() as fake:
        now = clock(OPEN_NS + 600 * NS)
        recorded = prints(OPEN_NS + 300 * NS, 5)
        lost = prints(OPEN_NS + 450 * NS, 7, begin=50)
        missed(fake, [*recorded, *lost])

        def resumed(info: TapeInfo) -> Kept:
            return Kept.resumed(info, recorded)

        async with stage(fake, begin=resumed, now=now) as on:
            await on.until(lambda: len(on.events(TRADE)) == 12)
            assert on.trades() == told([*recorded, *lost])
            (gap,) = on.gaps()
            assert (gap["ts"] / 1e6 - gap["s1"]) == pytest.approx(recorded[0]["t"], abs=2)


async def test_what_was_traded_while_it_was_not_running_is_fetched_by_what_the_day_volumes_lack() -> None:
    """Though by the recording alone the first snapshot could be about the time before it began."""
    async with market() as fake:
        now = clock(OPEN_NS + 600 * NS)
        recorded = prints(OPEN_NS + 300 * NS, 5)
        lost = prints(OPEN_NS + 450 * NS, 7, begin=50)
        missed(fake, [*recorded, *lost])
        set_volumes(fake, [*recorded, *lost])
        for row in fake.shelf.chains["SPY"]:
            row["day"]["volume"] += 1_000  # before anything was recorded

        def resumed(info: TapeInfo) -> Kept:
            made = Kept.resumed(info, recorded)
            bars = empty_events(3)
            bars["kind"], bars["cid"], bars["ts"] = BAR, (1, 2, 3), made.resumed_ns
            bars["s2"] = (1_005, 1_007, 1_003)
            made.append(bars, 0)
            made.tape.take()
            return made

        intervals = replace(QUICK, snapshot=0.05)
        async with stage(fake, begin=resumed, now=now, intervals=intervals) as on:
            await on.until(lambda: len(on.events(TRADE)) == 12)
            assert on.trades() == told([*recorded, *lost])
            await on.until(lambda: on.link.reconciled == 1.0)


async def test_a_listing_that_does_not_come_is_told_and_asked_for_again() -> None:
    async with market(rest_refused=("/v3/snapshot",)) as fake:
        fake.shelf.contracts = [
            {"ticker": row["details"]["ticker"], "expiration_date": "2025-12-19"}
            for row in fake.shelf.chains["SPY"]
        ]
        fake.shelf.broken["/v3/reference"] = 400
        async with stage(fake) as on:
            await on.until(lambda: "HTTP 400" in on.link.note)
            fake.shelf.broken.clear()
            await fake.until(lambda: fake.holds(*FULL))


async def test_a_plan_without_snapshots_streams_on_the_listed_contracts() -> None:
    async with market(rest_refused=("/v3/snapshot",)) as fake:
        fake.shelf.contracts = [
            {"ticker": row["details"]["ticker"], "expiration_date": "2025-12-19"}
            for row in fake.shelf.chains["SPY"]
        ]
        async with stage(fake) as on:
            await fake.until(lambda: fake.holds(*FULL))
            await on.until(lambda: "does not include this" in on.link.note)
            await on.until(lambda: on.link.state == "connected")
            assert on.link.reconciled != on.link.reconciled
            kept, asked = on.intake().kept, len(fake.asked)
            await on.until(lambda: on.intake().kept > kept + 25)
            assert len(fake.asked) <= asked + 1  # what is refused is not asked for at the times of polls


async def test_what_a_snapshot_repeats_says_nothing_of_the_lag() -> None:
    async with market() as fake, stage(fake, now=clock(OPEN_NS + 1800 * NS)) as on:
        await streaming(on)
        await fake.play(Send(prints(on.now(), 5)))
        await on.until(lambda: len(on.events(TRADE)) == 5)
        lag = on.tape.lag()
        assert lag is not None
        assert lag.p99_ms < 60_000  # the chain's quotes are half an hour old


async def test_delayed_figures_are_called_so() -> None:
    async with market() as fake:
        for row in fake.shelf.chains["SPY"]:
            row["underlying_asset"] |= {"timeframe": "DELAYED"}
        async with stage(fake) as on:
            await streaming(on)
            await fake.play(Send(prints(on.now(), 1)))
            await on.until(lambda: on.link.badge == "DELAYED")


async def test_several_symbols_share_one_connection_and_have_a_tape_each() -> None:
    async with market() as fake:
        fake.shelf.chains["QQQ"] = full_chain("QQQ")
        async with stage(fake, ["SPY", "QQQ"]) as on:
            other = on.source.open("QQQ")
            await fake.until(lambda: fake.holds(*FULL, f"T.{occ(650, root='QQQ')}"))
            await fake.play(Send([trade(occ(650), 1), trade(occ(650, root="QQQ"), 1)]))
            await on.until(lambda: len(on.events(TRADE)) == 1)
            other.take()
            assert sum(other.read(0)["kind"] == TRADE) == 1
            assert len(fake.connected()) == 1
            with pytest.raises(NoDataError, match="IWM is not watched; choose from SPY, QQQ"):
                on.source.open("IWM")


async def test_of_two_connections_each_has_its_strikes_and_both_must_be_up() -> None:
    async with market(connections=2) as fake, stage(fake, connections=2) as on:

        def shared() -> bool:
            held = [client.held for client in fake.connected()]
            return len(held) == 2 and sum(map(len, held)) == 56 and set.union(*held) == {*FULL, *NEAR}

        await fake.until(shared)
        await on.until(lambda: on.link.state == "connected")
        for client in fake.connected():
            strikes = {kind: {each[-8:] for each in client.held if each[0] == kind} for kind in "QT"}
            assert strikes["Q"] < strikes["T"]
        await fake.play(Hang())
        fake.connected()[0].act(Reset())
        await on.until(lambda: on.link.badge == "GAP")
        played = prints(on.now(), 6)
        await fake.play(Send(played), Hang(False))
        await on.until(lambda: len(on.events(TRADE)) == 6)
        assert on.trades() == told(played)


async def test_a_recording_in_trouble_is_told_before_anything_else() -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        intake = on.intake()
        intake.trouble = "The disk is full; nothing is recorded."
        await on.until(lambda: on.link.note == intake.trouble)
        await on.until(lambda: intake.kept > 2)


async def test_a_recorded_day_with_a_cut_replays_to_what_was_live_and_holds_no_key(tmp_path: Path) -> None:
    canary = "canary-7f3a91"
    async with market(key=canary) as fake:
        now = clock()
        async with stage(fake, begin=partial(open_recorded, tmp_path, now=now), now=now) as on:
            await streaming(on)
            await fake.play(Send(prints(on.now(), 20)), Reset())
            missed(fake, prints(on.now(), 10, begin=100))
            await on.until(lambda: len(on.events(TRADE)) == 30)
            await on.end()
            live = on.events()
        tape = open_journal(RecordingFolder(tmp_path, date(2025, 12, 19), "SPY"))
        replayed = np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])
        assert np.array_equal(replayed, live)
        assert [each.occ for each in tape.contracts] == [each.occ for each in on.tape.contracts]
        assert canary.encode() not in everything_in(tmp_path)


async def test_the_key_appears_nowhere() -> None:
    canary = "canary-7f3a91"
    async with market(key=canary) as fake, stage(fake) as on:
        await streaming(on)
        await fake.play(Say("error", f"not authorized for {canary}"), Hang(), Shut(1008, f"bad {canary}"))
        notes = []
        await on.until(lambda: bool(notes.append(repr(on.link)) or (on.link.badge == "GAP" and on.link.note)))
        assert canary not in "".join(notes)
        assert canary not in repr(on.source) + repr(Access(canary, "wss://host"))
        assert all(each.key == canary for each in fake.asked)


def set_volumes(fake: Massive, messages: list[Message]) -> None:
    """Let day volumes be those of all these trades, as a snapshot taken now tells them."""
    volumes = Counter[str]()
    for each in messages:
        volumes[each["sym"]] += each["s"]
    for row in fake.shelf.chains["SPY"]:
        row["day"] = {**row["day"], "volume": volumes[row["details"]["ticker"]]}


def at(now_ns: int, messages: list[Message]) -> list[Message]:
    """Return the same trades as of now."""
    return [each | {"t": now_ns // 1_000_000} for each in messages]


def snapshots_after_the_last_fill(fake: Massive) -> int:
    """Return how many whole snapshots were asked for since trades were, 0 before that."""
    paths = [each.path for each in fake.asked if each.query.get("limit") != "1"]
    fills = [i for i, path in enumerate(paths) if "/v3/trades" in path]
    return sum("/v3/snapshot" in path for path in paths[fills[-1] :]) if fills else 0


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def count_of(fake: Massive, cluster: str) -> int:
    return sum(client.cluster != cluster for client in fake.clients) + 1
