"""The transport with a machine that is no provider's of ours, over a real websocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from engine.feeds.transport.connection_status import ConnectionStatus, Phase
from engine.feeds.transport.sockets import Socket, SocketGroup
from engine.model.errors import CredentialError, ProviderError
from engine.model.events import NS
from tests.fakes.pump import QUICK, Pump, pumped
from tests.fakes.toy import TOKEN, ToyMachine, ToyServer, toy_server

LOGIN: list[dict[str, Any]] = [{"hello": 1}, {"token": TOKEN}, {"add": ["A", "B"]}]


BROKEN_OFF = "The connection ended."


class Clock:
    """A clock that stands, both of the wall and monotonic, and goes on by `step_s` whenever it is read."""

    def __init__(self) -> None:
        self.s, self.step_s = 1_000.0, 0.0

    def monotonic(self) -> float:
        self.s += self.step_s
        return self.s

    def now(self) -> int:
        return int((1_700_000_000 + self.s) * NS)


@asynccontextmanager
async def streaming(server: ToyServer, **more: Any) -> AsyncIterator[Pump]:
    """Hold two channels of the toy, and let go at the end."""
    pump = Pump(server.url, ToyMachine(), **more)
    pump.connection.want(["A", "B"])
    async with asyncio.timeout(60), pumped(pump):
        await server.until(lambda: server.heard != [] and server.heard[0] == LOGIN)
        yield pump


def waits(pump: Pump) -> list[ConnectionStatus]:
    """Return what was said of every wait so far."""
    return [each for each in pump.statuses if each.phase in (Phase.WAITING, Phase.EVICTED)]


async def test_whose_first_word_it_is_and_what_a_login_takes_is_the_machines_business() -> None:
    async with toy_server() as server, streaming(server) as pump:
        await server.say(*({"of": "A", "n": n} for n in range(1, 500)), {"of": "B", "n": 500}, {"new": 1})
        await pump.until(lambda: len(pump.trades) == 500 and pump.notices != [])
        assert pump.trades == list(range(1, 501))
        assert pump.notices == ['{"new": 1}']
        assert pump.phases == ["connecting", "authenticating", "streaming"]


async def test_after_a_cut_it_logs_in_again_holds_the_same_and_names_the_outage() -> None:
    async with toy_server() as server, streaming(server) as pump:
        await server.say({"of": "A", "n": 1})
        await pump.until(lambda: pump.trades == [1])
        last_ns = pump.connection.status.last_frame_ns
        server.cut()
        await server.until(lambda: len(server.heard) == 2 and server.heard[1] == LOGIN)
        await server.say({"of": "A", "n": 2})
        await pump.until(lambda: pump.trades == [1, 2] and len(pump.outages) == 2)
        (_, first_ns), (since_ns, until_ns) = pump.outages
        assert first_ns <= last_ns <= since_ns < until_ns
        assert [each.why for each in waits(pump)] == [BROKEN_OFF]


async def test_a_provider_that_falls_silent_is_pinged_and_given_up_by_the_clock_alone() -> None:
    clock = Clock()
    times = replace(QUICK, silent=10.0, pong=10.0)
    async with (
        toy_server() as server,
        streaming(server, times=times, clock=clock.monotonic, now=clock.now) as pump,
    ):
        server.fall_silent()
        clock.step_s = 0.5
        await pump.until(lambda: waits(pump) != [])
        clock.step_s = 0.0
        said = waits(pump)[0].why.removeprefix("Nothing was heard for ")
        assert 20 <= int(said.split()[0]) <= 24
        assert said.endswith(" s, not even the answer to a ping.")
        clock.s += 1.0  # what it waits for before the next attempt
        await server.until(lambda: server.heard[-1] == LOGIN and len(server.heard) > 1)
        await server.say({"of": "B", "n": 3})
        await pump.until(lambda: pump.trades == [3])


async def test_a_machine_is_asked_for_what_is_due_by_the_wall_clock() -> None:
    clock, times = Clock(), replace(QUICK, silent=1_000.0)
    async with toy_server() as server, streaming(server, times=times, clock=clock.monotonic, now=clock.now):
        for count in (1, 2):
            clock.s += 30.0
            await server.until(lambda count=count: server.heard[0].count({"alive": 1}) == count)


async def test_a_refused_token_ends_it_with_the_machines_own_sentence() -> None:
    async with toy_server({"no": "unknown"}) as server:
        pump = Pump(server.url, ToyMachine())
        async with asyncio.timeout(60), pumped(pump) as running:
            with pytest.raises(CredentialError, match=r"^The toy refused the token: unknown\.$"):
                await running
        assert pump.connection.status.phase is Phase.REFUSED
        assert len(server.clients) == 1


async def test_an_ending_that_would_only_repeat_makes_it_wait_long() -> None:
    async with toy_server() as server, streaming(server, times=replace(QUICK, evicted=60.0)) as pump:
        await server.say({"bye": "somebody else came"})
        await pump.until(lambda: waits(pump) != [])
        [status] = waits(pump)
        assert (status.phase, status.why) == (Phase.EVICTED, "The toy said goodbye: somebody else came.")
        assert status.retry_at_ns is not None
        assert status.retry_at_ns >= status.since_ns + 60 * NS


async def test_an_address_is_looked_up_before_each_attempt_and_one_that_cannot_be_is_tried_again() -> None:
    async with toy_server() as server:
        found = [ProviderError("The toy is out."), "no address", server.url]

        async def look_up() -> str:
            answer = found.pop(0) if len(found) > 1 else found[0]
            if isinstance(answer, ProviderError):
                raise answer
            return str(answer)

        pump = Pump(look_up, ToyMachine())
        pump.connection.want(["A", "B"])
        async with asyncio.timeout(60), pumped(pump):
            await server.until(lambda: server.heard == [LOGIN])
        assert [each.why for each in waits(pump)] == [
            "The toy is out.",
            "The provider names a websocket address that is none.",
        ]


async def test_an_address_that_is_refused_ends_it() -> None:
    async def look_up() -> str:
        raise CredentialError("The toy knows no such customer.")

    pump = Pump(look_up, ToyMachine())
    async with asyncio.timeout(60), pumped(pump) as running:
        with pytest.raises(CredentialError, match="no such customer"):
            await running
    assert pump.connection.status.phase is Phase.REFUSED


async def test_several_websockets_are_up_while_all_of_them_are() -> None:
    async with toy_server() as server, streaming(server) as first, streaming(server) as second:
        group = SocketGroup([Socket(first.connection), Socket(second.connection)])
        await second.until(lambda: group.streaming)
        assert (group.why, group.lost, group.waiting) == ("", "", False)
        server.cut()
        await second.until(lambda: group.why == BROKEN_OFF)
        await second.until(lambda: group.streaming)
    assert not group.streaming
    assert not SocketGroup[str]([]).streaming
