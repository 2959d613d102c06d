"""A connection and what a network and a provider do to it, on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from engine.feeds.transport.connection_status import Phase
from engine.model.events import NS
from tests.fakes.massive import (
    CALL,
    PUT,
    Cut,
    Freeze,
    HalfClose,
    Massive,
    Plan,
    Raw,
    Reset,
    Resume,
    Say,
    Send,
    Shut,
    Stall,
    quote,
    trade,
)
from tests.fakes.massive.listener import machine
from tests.fakes.massive.messages import BEGIN_MS
from tests.fakes.pump import QUICK, Pump, pumped


@asynccontextmanager
async def listening(
    fake: Massive, *channels: str, held: tuple[str, ...] = (), **more: Any
) -> AsyncIterator[Pump]:
    """Hold channels of a provider, or those of them that it grants, and let go at the end."""
    pump = Pump(f"{fake.ws_url}/options", machine(), **more)
    pump.connection.want(channels or ("T.*",))
    async with asyncio.timeout(60), pumped(pump):
        await fake.until(lambda: fake.holds(*(held or channels or ("T.*",))))
        await pump.until(lambda: len(pump.outages) == 1)
        yield pump


def numbered(first: int, count: int = 3) -> list[dict[str, Any]]:
    """Return trades whose size is their sequence number."""
    return [trade(q=q, s=q) for q in range(first, first + count)]


async def test_what_the_provider_sends_is_drained_in_order() -> None:
    async with Massive() as fake, listening(fake) as pump:
        await fake.play(Send(numbered(1, 500)))
        await pump.until(lambda: len(pump.trades) == 500)
        assert pump.trades == list(range(1, 501))
        assert pump.connection.status.phase is Phase.STREAMING
        assert pump.phases == ["connecting", "authenticating", "streaming"]


ENDS = {
    "normal close": (Shut(1000),),
    "going away": (Shut(1001),),
    "policy": (Shut(1008, "policy"),),
    "internal error": (Shut(1011),),
    "reset": (Reset(),),
    "truncated frame": (Cut(numbered(900)),),
    "close frame and nothing more": (HalfClose(1001),),
    "half open": (Freeze(),),
    "operator": (Say("force_disconnect", "maintenance"), Shut(1001)),
    "operator who leaves it open": (Say("force_disconnect", "maintenance"),),
    "slow consumer": (Say("slow_consumer", "too slow"), Shut(1008, "slow_consumer")),
    "auth expired": (Say("auth_timeout", "log in again"), Shut(1008)),
    "a message too large": (Raw("x" * 17_000_000),),
}


@pytest.mark.parametrize("steps", ENDS.values(), ids=ENDS.keys())
async def test_after_every_end_it_comes_back_for_the_same_channels_and_names_the_outage(
    steps: tuple[Any, ...],
) -> None:
    times = replace(QUICK, silent=0.3, pong=0.3) if Freeze() in steps else QUICK
    async with Massive() as fake, listening(fake, "T.*", times=times) as pump:
        await fake.play(Send(numbered(1)))
        await pump.until(lambda: len(pump.trades) == 3)
        last_ns = pump.connection.status.last_frame_ns
        cut = fake.clients[0]
        await fake.play(*steps)
        await fake.until(lambda: any(each is not cut and "T.*" in each.held for each in fake.clients))
        await pump.until(lambda: len(pump.outages) == 2)
        await fake.play(Send(numbered(4)))
        await pump.until(lambda: len(pump.trades) == 6)
        (_, first_ns), (since_ns, until_ns) = pump.outages
        assert pump.trades == [1, 2, 3, 4, 5, 6]
        assert first_ns <= since_ns
        assert last_ns <= since_ns < until_ns
        assert any(each.phase is Phase.WAITING and each.why.endswith(".") for each in pump.statuses)
        assert pump.connection.status.why == ""
        cut.release()


async def test_what_a_stall_held_back_comes_in_one_burst_and_is_no_outage() -> None:
    async with Massive() as fake, listening(fake) as pump:
        await fake.play(Stall())
        await fake.settle()
        await fake.play(Send(numbered(1, 5_000)), Resume())
        await pump.until(lambda: len(pump.trades) == 5_000)
        assert pump.trades == list(range(1, 5_001))
        assert len(fake.clients) == 1
        assert len(pump.outages) == 1


async def test_channels_can_be_changed_at_any_time() -> None:
    async with Massive() as fake, listening(fake, "T.*", f"Q.{CALL}") as pump:
        pump.connection.want(["T.*", f"Q.{PUT}"])
        await fake.until(lambda: fake.connected()[0].held == {"T.*", f"Q.{PUT}"})
        assert len(fake.clients) == 1


async def test_an_outage_lasts_until_everything_that_was_held_is_held_again() -> None:
    async with Massive() as fake, listening(fake, "T.*", f"Q.{CALL}") as pump:
        await fake.play(Shut(1001))
        await pump.until(lambda: len(pump.outages) == 2)
        assert pump.machine.channels.held == {"T.*", f"Q.{CALL}"}


async def test_what_a_first_connection_brought_is_no_part_of_an_outage_though_not_all_was_held() -> None:
    async with Massive(Plan(refused=frozenset({f"Q.{CALL}"}))) as fake:
        pump = Pump(f"{fake.ws_url}/options", machine())
        pump.connection.want(["T.*", f"Q.{CALL}"])
        async with asyncio.timeout(60), pumped(pump):
            await fake.until(lambda: fake.holds("T.*"))
            await fake.play(Send(numbered(1)))
            await pump.until(lambda: len(pump.trades) == 3)
            fake.plan.refused = frozenset()
            await fake.play(Shut(1001))
            await pump.until(lambda: len(pump.outages) == 2)
        assert pump.outages[0][1] == pump.outages[1][0]


async def test_a_refused_channel_does_not_keep_an_outage_open() -> None:
    refused, begun_ns = f"Q.{CALL}", time.time_ns()

    def now() -> int:
        """Return a time that runs ten times as fast."""
        return begun_ns + 10 * (time.time_ns() - begun_ns)

    plan = Plan(refused=frozenset({refused}))
    async with Massive(plan) as fake, listening(fake, "T.*", refused, now=now, held=("T.*",)) as pump:
        assert pump.machine.channels.refused == {refused}


async def test_what_is_decoded_late_of_a_lost_connection_is_not_taken_for_the_next_one_s() -> None:
    times = replace(QUICK, settling=1.0)
    async with Massive() as fake, listening(fake, times=times) as pump:
        pump.draining.clear()
        await fake.play(Shut(1001))
        await pump.until_notified(
            lambda: pump.connection.status.phase is Phase.WAITING
        )  # not decoded in time
        await pump.until_notified(lambda: pump.connection.status.phase is Phase.AUTHENTICATING)
        pump.draining.set()
        await pump.until(lambda: len(pump.outages) == 2)
        pump.draining.clear()
        await fake.play(Say("max_connections"), Shut(1008))
        await fake.until(lambda: fake.clients[1].gone)
        pump.draining.set()
        await pump.until(lambda: "evicted" in pump.phases)


async def test_a_provider_that_is_held_back_is_not_given_up_for_its_silence() -> None:
    times = replace(QUICK, silent=0.3, pong=0.3)
    plan = Plan(buffer_frames=10_000)
    async with Massive(plan) as fake, listening(fake, most_bytes=50_000, times=times) as pump:
        pump.draining.clear()
        before = len(fake.clients)
        await fake.play(Send(numbered(1, 6_000), per_frame=1))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await fake.until(lambda: len(fake.clients) > before)
        pump.draining.set()
        await pump.until(lambda: len(pump.trades) == 6_000)


async def test_too_much_waiting_holds_the_provider_back_and_loses_nothing() -> None:
    async with Massive(Plan(buffer_frames=10_000)) as fake, listening(fake, most_bytes=50_000) as pump:
        pump.draining.clear()
        await fake.play(Send(numbered(1, 6_000), per_frame=1))
        await pump.until_notified(lambda: pump.connection.status.bytes_queued > 50_000)
        most = pump.connection.status.bytes_queued
        pump.draining.set()
        await pump.until(lambda: len(pump.trades) == 6_000)
        assert most < 50_000 + 2**18
        assert pump.trades == list(range(1, 6_001))


async def test_a_burst_is_thinned_by_its_quotes_and_keeps_every_trade() -> None:
    messages = []
    for q in range(1, 2_001):
        messages += [quote(t=BEGIN_MS + q), *(numbered(q, 1) if q % 100 == 0 else [])]
    async with Massive() as fake, listening(fake, "T.*", f"Q.{CALL}", most_events=200) as pump:
        pump.draining.clear()
        before = sum(map(len, pump.parts))
        await fake.play(Send(messages))
        await fake.settle()
        pump.draining.set()
        await pump.until(lambda: len(pump.trades) == 20)
        conflated = pump.connection.status.conflated
        assert pump.trades == list(range(100, 2_001, 100))
        assert conflated > 0
        assert sum(map(len, pump.parts)) - before + conflated == len(messages)


@pytest.mark.parametrize("ahead_s", [-5, 5])
async def test_a_wrong_clock_is_told_and_harms_nothing(ahead_s: int) -> None:
    def clock() -> int:
        return time.time_ns() + ahead_s * NS

    async with Massive() as fake, listening(fake, now=clock) as pump:
        await fake.play(Send(numbered(1)), Shut(1001))
        await pump.until(lambda: len(pump.outages) == 2)
        await fake.play(Send(numbered(4)))
        await pump.until(lambda: len(pump.trades) == 6)
        told = pump.connection.status.ahead_s
        assert told is not None
        assert abs(told - ahead_s) <= 4  # whole seconds, and a busy machine answers late


async def test_a_machine_that_slept_comes_back_at_once() -> None:
    ahead_ns = 0
    async with Massive() as fake, listening(fake, now=lambda: time.time_ns() + ahead_ns) as pump:
        ahead_ns = 3_600 * NS
        await pump.until(lambda: len(pump.outages) == 2)
        why = [each.why for each in pump.statuses if each.phase is Phase.WAITING]
        since_ns, until_ns = pump.outages[-1]
        assert why == ["This machine was asleep."]
        assert 3_590 * NS < until_ns - since_ns < 3_700 * NS


async def test_a_compressed_connection_brings_the_same() -> None:
    async with Massive() as fake:
        # Another spelling of the loopback address, for which compression is offered.
        pump = Pump(f"{fake.ws_url.replace('127.0.0.1', '127.1')}/options", machine())
        pump.connection.want(["T.*"])
        async with asyncio.timeout(60), pumped(pump):
            await fake.until(lambda: fake.holds("T.*"))
            assert fake.clients[0].compressed
            await fake.play(Send(numbered(1, 500)), Shut(1001))
            await fake.until(lambda: len(fake.clients) == 2 and fake.holds("T.*"))
            await fake.play(Send(numbered(501, 500)))
            await pump.until(lambda: len(pump.trades) == 1_000)
            assert pump.trades == list(range(1, 1_001))


async def test_an_end_asked_for_closes_by_the_book() -> None:
    async with Massive() as fake:
        async with listening(fake) as pump:
            client = fake.clients[0]
        await fake.until(lambda: client.gone)
        assert client.close_code == 1000
        assert pump.connection.status.phase is Phase.CLOSED
