"""The source that polls: what two snapshots differ in becomes trades, and the badge says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.model.errors import CredentialError
from engine.model.events import FLAG_POLLED, MARK, OI, SPOT, TRADE
from tests.engine.feeds.massive.staging import OPEN_NS, QUICK, clock, full_chain, occ, stage
from tests.fakes.massive import Hang, Massive, Plan

pytestmark = pytest.mark.asyncio


def traded(fake: Massive, ticker: str, volume: int, price: float) -> None:
    """Let a contract's day volume be so much."""
    for row in fake.shelf.chains["SPY"]:
        if row["details"]["ticker"] == ticker:
            row["day"] = {**row["day"], "volume": volume}
            row["last_trade"] = {**row["last_trade"], "price": price}


async def test_the_chain_comes_first_and_lists_everything() -> None:
    async with Massive() as fake:
        fake.shelf.chains["SPY"] = full_chain()
        async with stage(fake, connections=0) as on:
            await on.until(lambda: len(on.events(OI)) == 42)
            assert len(on.tape.contracts) == 42
            assert on.events(SPOT)["p1"].tolist() == [6_502_000]
            assert on.events()["kind"][0] == MARK
            assert (on.source.name, on.tape.info.day.isoformat()) == ("massive-rest", "2025-12-19")


async def test_volume_that_grew_between_two_polls_is_a_polled_trade() -> None:
    async with Massive() as fake:
        fake.shelf.chains["SPY"] = full_chain(volume=340)
        async with stage(fake, connections=0) as on:
            await on.until(lambda: on.link.badge == "POLL")
            traded(fake, occ(650), 347, 1.75)
            await on.until(lambda: len(on.events(TRADE)) > 0)
            traded(fake, occ(650), 350, 1.8)
            await on.until(lambda: len(on.events(TRADE)) > 1)
            assert [(price, size) for _, _, price, size in on.trades()] == [(17_500, 7), (18_000, 3)]
            assert np.all(on.events(TRADE)["flags"] & FLAG_POLLED)
            assert on.link.state == "polling"
            assert on.link.next_poll_s in (0, 1)
            assert on.link.reconciled == 1.0
            assert on.link.spot_origin == "chain snapshot"


async def test_polls_that_fail_are_told_and_go_on() -> None:
    async with Massive() as fake:
        fake.shelf.chains["SPY"] = full_chain()
        async with stage(fake, connections=0) as on:
            await on.until(lambda: on.link.badge == "POLL")
            fake.shelf.failures += [400] * 3
            await on.until(lambda: "HTTP 400" in on.link.note)
            await on.until(lambda: on.link.note == "")


async def test_a_time_in_which_polls_fail_is_a_gap() -> None:
    async with Massive() as fake:
        fake.shelf.chains["SPY"] = full_chain()
        async with stage(fake, connections=0) as on:
            await on.until(lambda: on.link.badge == "POLL")
            fake.shelf.broken["/v3/snapshot"] = 400
            await on.until(lambda: on.link.badge == "GAP")
            assert len(on.gaps()) == 0
            fake.shelf.broken.clear()
            await on.until(lambda: on.link.badge == "POLL")
            (gap,) = on.gaps()
            assert gap["s1"] >= 3 * QUICK.poll * 1_000


async def test_a_key_that_is_refused_ends_the_source() -> None:
    async with Massive() as fake, stage(fake, connections=0, key="another-key") as on:
        with pytest.raises(CredentialError, match="does not know this key") as caught:
            await on.running
        assert "another-key" not in f"{caught.value} {on.link}"
        on.tape.take()
        assert not on.tape.open


async def test_a_plan_without_snapshots_cannot_be_polled() -> None:
    async with Massive(Plan(rest_refused=("/v3/snapshot",))) as fake, stage(fake, connections=0) as on:
        with pytest.raises(CredentialError, match="does not include this"):
            await on.running


async def test_out_of_hours_the_last_chain_is_shown_with_its_age_and_nothing_is_polled() -> None:
    async with Massive() as fake:
        fake.shelf.chains["SPY"] = full_chain()
        for row in fake.shelf.chains["SPY"]:
            row["last_quote"]["last_updated"] = OPEN_NS - 3 * 3_600_000_000_000
            row["day"]["last_updated"] = row["underlying_asset"]["last_updated"] = (
                OPEN_NS - 4 * 3_600_000_000_000
            )
        async with stage(fake, connections=0, now=clock(OPEN_NS - 3_600_000_000_000)) as on:
            await on.until(lambda: len(on.events(OI)) == 42)
            await on.until(lambda: on.link.note.endswith("; the chain is 2 h old."))
            assert "opens on Fri 19 December at 09:30" in on.link.note
            assert (on.link.badge, on.link.state, on.link.next_poll_s) == ("CLOSED", "closed", None)
            assert on.link.silent_s is not None
            assert 7_200 <= on.link.silent_s < 7_260
            assert sum("snapshot" in each.path for each in fake.asked) == 1


async def test_out_of_hours_a_chain_that_does_not_come_is_told_and_asked_for_again() -> None:
    async with Massive() as fake:
        fake.shelf.chains["SPY"] = full_chain()
        fake.shelf.broken["/v3/snapshot"] = 400
        intervals = replace(QUICK, snapshot=0.05)
        async with stage(fake, intervals=intervals, now=clock(OPEN_NS - 3_600_000_000_000)) as on:
            await on.until(lambda: "The market opens" in on.link.note and "HTTP 400" in on.link.note)
            fake.shelf.broken.clear()
            await on.until(lambda: len(on.events(OI)) == 42)
            await on.until(lambda: "HTTP 400" not in on.link.note)


async def test_it_starts_by_itself_at_the_open() -> None:
    async with Massive() as fake:
        fake.shelf.chains["SPY"] = full_chain()
        async with stage(fake, connections=0, now=clock(OPEN_NS - 60_300_000_000)) as on:
            await on.until(lambda: "The market opens" in on.link.note)
            await on.until(lambda: sum("snapshot" in each.path for each in fake.asked) > 3)
            assert len(on.gaps()) == 0


async def test_the_day_ends_after_the_close() -> None:
    async with Massive() as fake:
        fake.shelf.chains["SPY"] = full_chain()
        close_ns = OPEN_NS + 6 * 3600 * 10**9 + 45 * 60 * 10**9
        async with stage(fake, connections=0, now=clock(close_ns + 59_500_000_000)) as on:
            await on.running
            assert (on.link.badge, on.link.note) == (
                "CLOSED",
                "The market has closed. "
                "A screen left open goes on by itself on Mon 22 December at 08:30 in New York.",
            )
            on.tape.take()
            assert not on.tape.open
            assert on.events(MARK)["s1"].tolist() == [1, 2]


async def test_a_websocket_that_is_refused_says_how_its_stand_in_does() -> None:
    async with Massive() as fake:
        fake.shelf.chains["SPY"] = full_chain()
        await fake.play(Hang())
        async with stage(fake, intervals=replace(QUICK, dead=0.0)) as on:
            await on.until(lambda: on.link.note.endswith("HTTP status 503."))
            fake.shelf.broken["/v3/snapshot"] = 400
            await on.until(lambda: "status 503. " in on.link.note and "HTTP 400" in on.link.note)
            fake.shelf.broken.clear()
            await on.until(lambda: on.link.note.endswith("HTTP status 503."))
