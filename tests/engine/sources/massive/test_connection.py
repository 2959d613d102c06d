"""A connection and what a network and a provider do to it, on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import ConfigError, CredentialError
from engine.events import NS
from engine.sources.massive.connection import Connection, Phase
from engine.wire.massive import Machine
from tests.fakes.massive import (
    KEY,
    Cut,
    Freeze,
    HalfClose,
    Hang,
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
from tests.fakes.pump import QUICK, Pump, pumped

T0 = 1_766_154_600_000_000_000


class Hand:
    """A wall clock moved by hand."""

    def __init__(self) -> None:
        self.ns = T0

    def __call__(self) -> int:
        self.ns += 1_000_000
        return self.ns


@asynccontextmanager
async def listening(fake: Massive, *channels: str, **more: Any) -> AsyncIterator[Pump]:
    """Hold channels of a provider, and let go at the end."""
    pump = Pump(f"{fake.ws_url}/options", machine(), **more)
    pump.connection.want(channels or ("T.*",))
    async with asyncio.timeout(30), pumped(pump):
        await fake.until(lambda: fake.holds(*(channels or ("T.*",))))
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
    pace = replace(QUICK, silent=0.3, pong=0.3) if Freeze() in steps else QUICK
    async with Massive() as fake, listening(fake, "T.*", pace=pace) as pump:
        await fake.play(Send(numbered(1)))
        await pump.until(lambda: len(pump.trades) == 3)
        last_ns = pump.connection.status.last_frame_ns
        cut = fake.clients[0]
        await fake.play(*steps)
        await fake.until(lambda: any(each is not cut and "T.*" in each.held for each in fake.clients))
        await pump.until(lambda: len(pump.outages) == 2)
        await fake.play(Send(numbered(4)))
        await pump.until(lambda: len(pump.trades) == 6)
        since_ns, until_ns = pump.outages[-1]
        assert pump.trades == [1, 2, 3, 4, 5, 6]
        assert last_ns <= since_ns < until_ns
        assert any(each.phase is Phase.WAITING and each.why.endswith(".") for each in pump.statuses)
        assert pump.connection.status.why == ""
        cut.release()
