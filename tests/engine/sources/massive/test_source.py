"""The source that streams: trades as they were played, gaps where the network broke, and what fills them."""

from __future__ import annotations

import pytest

from engine.errors import CredentialError
from engine.events import FLAG_FILLED, FLAG_PARITY, FLAG_POLLED, GAP, NS, PREV_CLOSE, QUOTE, SPOT, TRADE
from tests.engine.sources.massive.staging import OPEN_NS, QUICK, Stage, clock, full_chain, occ, prints, stage, told
from tests.fakes.massive import (
    Cut,
    Freeze,
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
from tests.fakes.massive.messages import Message, rest_trade
from tests.fakes.massive.script import Step
from tests.fakes.massive.shelf import shelve

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
        assert fake.shelf.trades == {}


async def test_trades_of_all_strikes_and_quotes_of_the_near_ones_are_asked_for_by_difference() -> None:
    async with market() as fake, stage(fake) as on:
        await streaming(on)
        (client,) = fake.connected()
        assert client.held == {*FULL, *NEAR}
        asked = len(client.asked)
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
            at_ms = on.now() // 1_000_000
            pair = [
                quote(occ(650), bp=2.0, ap=2.1, t=at_ms),
                quote(occ(650, "P"), bp=1.4, ap=1.5, t=at_ms),
            ]
            # Nobody knows the price yet, so no strike is near and no quote was asked for.
            (client,) = fake.connected()
            client.held |= {f"Q.{each['sym']}" for each in pair}
            await fake.play(Send(pair))
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


def missed(fake: Massive, messages: list[Message]) -> None:
    """Let trades have happened while nobody was connected."""
    shelve(fake.shelf, messages, rest_trade)


def count_of(fake: Massive, cluster: str) -> int:
    return sum(client.cluster != cluster for client in fake.clients) + 1
