"""What a connection makes of being turned away, by the host, the plan, or nobody at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from engine.feeds.massive.wire.machine import Machine
from engine.feeds.transport.connection import Connection
from engine.feeds.transport.connection_status import ConnectionStatus, Phase
from engine.model.errors import ConfigError, CredentialError
from engine.model.events import NS
from tests.fakes.massive import KEY, Hang, Massive, Plan
from tests.fakes.massive.listener import following, machine
from tests.fakes.pump import QUICK, Pump, pumped


async def first(pump: Pump, met: Callable[[ConnectionStatus], bool]) -> ConnectionStatus:
    """Run a pump until its status is met, and return that status."""
    async with asyncio.timeout(60), pumped(pump):
        await pump.until(lambda: any(map(met, pump.statuses)))
    return next(filter(met, pump.statuses))


def failed(status: ConnectionStatus) -> bool:
    return bool(status.why)


@pytest.mark.parametrize(
    ("key", "plan", "said"),
    [
        ("a-canary-key", Plan(), "authentication failed"),
        (KEY, Plan(clusters=frozenset({"stocks"})), "Your plan doesn't include this cluster"),
    ],
)
async def test_a_refused_key_ends_it_with_the_providers_own_words(key: str, plan: Plan, said: str) -> None:
    async with Massive(plan) as fake:
        pump = Pump(f"{fake.ws_url}/options", Machine(key, "options", following()))
        async with asyncio.timeout(60), pumped(pump) as running:
            with pytest.raises(CredentialError) as caught:
                await running
        assert str(caught.value) == f"Massive refused the key for options: {said}; check MASSIVE_API_KEY."
        assert pump.connection.status.phase is Phase.REFUSED
        assert key not in str(caught.value)
        assert len(fake.clients) == 1


async def test_another_program_with_the_key_makes_it_wait_longer_and_says_so() -> None:
    times = replace(QUICK, evicted=60.0)
    async with Massive() as fake:
        older, newer = (Pump(f"{fake.ws_url}/options", machine(), times) for _ in range(2))
        async with asyncio.timeout(60), pumped(older):
            await fake.until(lambda: len(fake.connected()) == 1)
            async with pumped(newer):
                await older.until(lambda: older.connection.status.phase is Phase.EVICTED)
                status = older.connection.status
                assert newer.connection.status.phase is not Phase.EVICTED
        assert status.why == "Another program took over this key's one connection."
        assert status.retry_at_ns is not None
        assert status.retry_at_ns >= status.since_ns + 60 * NS


async def test_a_plan_without_a_single_channel_is_refused_and_stays_connected() -> None:
    started = asyncio.get_running_loop().time()

    def clock() -> int:  # answers are waited for by this clock, a hundred times as fast
        return int((asyncio_time() - started) * 100 * NS)

    asyncio_time = asyncio.get_running_loop().time
    async with Massive(Plan(channels=frozenset({"A"}))) as fake:
        pump = Pump(f"{fake.ws_url}/options", machine(), replace(QUICK, jump=1e9), now=clock)
        pump.connection.want(["T.*"])
        status = await first(pump, lambda each: each.phase is Phase.REFUSED)
        assert status.why == "None of the channels is granted: the plan does not cover them."
        assert len(fake.clients) == 1


async def test_a_host_that_is_out_of_service_is_asked_again_until_it_is_back() -> None:
    async with Massive() as fake:
        pump = Pump(f"{fake.ws_url}/options", machine())
        pump.connection.want(["T.*"])
        await fake.play(Hang())
        async with asyncio.timeout(60), pumped(pump):
            await pump.until(lambda: pump.phases.count("waiting") >= 3)
            assert pump.statuses[1].why == "The host refused the connection with HTTP status 503."
            await fake.play(Hang(False))
            await fake.until(lambda: fake.holds("T.*"))
            await pump.until(lambda: len(pump.outages) == 1)
            since_ns, _ = pump.outages[0]
            assert since_ns <= pump.statuses[0].since_ns


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[int]:
    """Listen on loopback, and say one thing or nothing to whoever asks."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is not None:
            await reader.read(1)
            writer.write(answer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_host_that_says_nothing_is_given_up() -> None:
    async with answering(None) as port:
        pump = Pump(f"ws://127.0.0.1:{port}/options", machine(), replace(QUICK, opening=0.05))
        status = await first(pump, failed)
        assert status.why == "The host 127.0.0.1 did not answer within 0.05 s."


async def test_a_host_that_forbids_it_is_asked_again_only_after_long() -> None:
    async with answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as port:
        pump = Pump(f"ws://127.0.0.1:{port}/options", machine(), replace(QUICK, evicted=60.0))
        status = await first(pump, failed)
        assert status.phase is Phase.REFUSED
        assert status.retry_at_ns is not None
        assert status.retry_at_ns >= status.since_ns + 60 * NS


async def test_a_host_without_tls_is_named() -> None:
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        status = await first(Pump(f"wss://127.0.0.1:{port}/options", machine()), failed)
        assert status.why.startswith(f"The host 127.0.0.1 does not speak TLS on port {port}: ")


async def test_nobody_listening_is_named() -> None:
    async with answering(None) as port:
        pass
    status = await first(Pump(f"ws://127.0.0.1:{port}/options", machine()), failed)
    assert status.phase is Phase.WAITING
    assert status.why == f"The host 127.0.0.1 takes no connections on port {port}."


async def test_an_unknown_host_is_named() -> None:
    status = await first(Pump("wss://no-such-host.invalid/options", machine()), failed)
    assert status.why == "The host no-such-host.invalid is not known: check the address and the network."


async def test_a_host_whose_name_cannot_be_one_is_named() -> None:
    status = await first(Pump("wss://no..host/options", machine()), failed)
    assert status.why == "The host no..host is not known: check the address and the network."


def test_an_address_that_is_none_is_refused_beforehand() -> None:
    with pytest.raises(ConfigError, match="no websocket address"):
        Connection("https://host/options", machine(), QUICK, lambda: None, seed=1)
