"""The provider on loopback does what is known of the real one, and breaks on demand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.error
from typing import Any
from urllib.request import Request, urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from engine.feeds.massive.wire.handshake import HandshakeState
from engine.feeds.massive.wire.machine import Machine
from engine.feeds.massive.wire.notices import RefusedChannels
from engine.feeds.massive.wire.pages import Pages
from engine.feeds.massive.wire.requests import headers, page, trades
from engine.feeds.massive.wire.seen_trades import SeenTrades
from engine.model.events import Events
from tests.fakes.massive import (
    CALL,
    KEY,
    PUT,
    Cut,
    Frames,
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
    Step,
    framed,
    tape,
    trade,
)
from tests.fakes.massive.listener import Listener, following, machine
from tests.fakes.massive.messages import BEGIN_MS
from tests.fakes.massive.rest import ELSEWHERE
from tests.fakes.massive.shelf import NS

ALL_TRADES = "T.*"


async def listened(fake: Massive, *steps: Step, to: Machine | None = None, **options: Any) -> Listener:
    """Listen to a play that ends the connection."""
    listener = Listener(to or machine(wanted=[ALL_TRADES]))

    async def play() -> None:
        await fake.until(lambda: fake.holds(ALL_TRADES))
        await fake.play(*steps)

    await asyncio.gather(listener.run(f"{fake.ws_url}/options", **options), play())
    return listener


async def talk(socket: ClientConnection, action: str, params: str) -> None:
    await socket.send(json.dumps({"action": action, "params": params}))


async def admitted(fake: Massive, **options: Any) -> ClientConnection:
    """Return a bare connection that is authenticated, both greetings read."""
    socket = await connect(f"{fake.ws_url}/options", compression=None, **options)
    await socket.recv()
    await talk(socket, "auth", KEY)
    await socket.recv()
    return socket


async def heard(socket: ClientConnection) -> list[dict[str, Any]]:
    """Return the messages of the next frame."""
    found: list[dict[str, Any]] = json.loads(await socket.recv())
    return found


async def rest_of(socket: ClientConnection) -> list[dict[str, Any]]:
    """Return every message until the close, whatever its code."""
    found: list[dict[str, Any]] = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            found += await heard(socket)
    return found


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011])
async def test_a_close_comes_after_everything_that_was_sent_before(code: int) -> None:
    async with Massive() as fake:
        listener = await listened(fake, Send([trade(q=q) for q in range(300)]), Shut(code))
    assert (listener.close_code, len(listener.events())) == (code, 300)


@pytest.mark.parametrize("fault", [Reset(), Cut([trade(q=9_999)] * 20)])
async def test_a_torn_connection_ends_without_a_close(fault: Step) -> None:
    async with Massive() as fake:
        listener = await listened(fake, Send([trade(q=1)]), fault)
    assert listener.close_code == 1006
    assert 9_999 not in listener.events()["s1"]
    assert listener.machine.counters.faults == 0


async def test_a_close_that_nobody_completes_ends_by_the_clients_own_patience() -> None:
    async with Massive() as fake:
        listener = await listened(fake, Send([trade(q=1)]), HalfClose(1001), ping_interval=0.05)
    assert (listener.close_code, len(listener.events())) == (1001, 1)


async def test_a_frozen_provider_does_not_answer_pings() -> None:
    async with Massive() as fake:
        socket = await admitted(fake, ping_interval=0.05, ping_timeout=0.5, close_timeout=0.05)
        await fake.play(Freeze())
        with pytest.raises(ConnectionClosed, match="keepalive ping timeout"):
            await socket.recv()


async def test_what_a_stall_holds_back_comes_with_the_resume_while_pings_are_answered() -> None:
    async with Massive() as fake:
        socket = await admitted(fake)
        await talk(socket, "subscribe", ALL_TRADES)
        await heard(socket)
        await fake.play(Stall(), Send([trade(q=1)]), Send([trade(q=2)]))
        await (await socket.ping())
        await fake.play(Resume())
        assert [(await heard(socket))[0]["q"] for _ in range(2)] == [1, 2]
        await socket.close()


async def test_a_newcomer_with_the_same_key_evicts_whoever_was_there() -> None:
    async with Massive() as fake:
        older = Listener(machine(wanted=[ALL_TRADES]))
        running = asyncio.create_task(older.run(f"{fake.ws_url}/options"))
        await fake.until(lambda: fake.holds(ALL_TRADES))
        newer = await admitted(fake)
        await running
        assert (older.machine.state, older.close_code) == (HandshakeState.EVICTED, 1008)
        await talk(newer, "subscribe", ALL_TRADES)
        assert (await heard(newer))[0]["message"] == "subscribed to: T.*"
        await newer.close()


async def test_who_does_not_read_is_told_so_and_closed() -> None:
    async with Massive(Plan(buffer_frames=50)) as fake:
        socket = await admitted(fake, max_queue=1)
        await talk(socket, "subscribe", ALL_TRADES)
        await fake.until(lambda: fake.holds(ALL_TRADES))
        big = [trade(q=q, zz="x" * 2_000) for q in range(2_000)]
        await fake.play(Send(big, per_frame=10))
        statuses = [each["status"] for each in await rest_of(socket) if each["ev"] == "status"]
        assert statuses[-1] == "slow_consumer"
        assert (socket.close_code, socket.close_reason) == (1008, "slow_consumer")


async def test_only_new_channels_are_answered_and_only_held_ones_are_left() -> None:
    async with Massive() as fake:
        socket = await admitted(fake)
        for action, params in (
            ("subscribe", f"T.{CALL}"),
            ("subscribe", f"T.{CALL},T.{PUT}"),
            ("unsubscribe", f"T.{PUT},Q.{PUT}"),
            ("subscribe", ALL_TRADES),
        ):
            await talk(socket, action, params)
        await fake.until(lambda: fake.holds(ALL_TRADES))
        await fake.play(Shut(1000))
        assert [each["message"] for each in await rest_of(socket)] == [
            f"subscribed to: T.{CALL}",
            f"subscribed to: T.{PUT}",
            f"unsubscribed to: T.{PUT}",
            "subscribed to: T.*",
        ]


async def test_refusals_come_first_and_name_nobody() -> None:
    async with Massive(Plan(channels=frozenset({"T"}))) as fake:
        socket = await admitted(fake)
        await talk(socket, "subscribe", f"T.{CALL},Q.{CALL},Q.{PUT}")
        answers = await heard(socket)
        answers += [] if len(answers) > 1 else await heard(socket)
        await socket.close()
    assert [(each["status"], each["message"]) for each in answers] == [
        ("error", "not authorized"),
        ("success", f"subscribed to: T.{CALL}"),
    ]


async def test_no_more_than_a_thousand_contracts_are_quoted() -> None:
    wanted = {f"Q.O:SPXW251219C{strike:08d}" for strike in range(1, 1_004)}
    async with Massive() as fake:
        listener = Listener(machine(wanted=wanted))
        running = asyncio.create_task(listener.run(f"{fake.ws_url}/options"))
        await fake.until(lambda: bool(fake.connected()) and len(fake.connected()[0].asked) == len(wanted))
        await fake.play(Shut(1000))
        await running
    held = listener.machine.channels.held
    listener.machine.reconcile(0)
    listener.machine.reconcile(10**11)
    [refused] = [each for each in listener.machine.notices() if isinstance(each, RefusedChannels)]
    assert (len(held), set(refused.channels)) == (1_000, wanted - held)


@pytest.mark.parametrize("plan", [Plan(key="another"), Plan(clusters=frozenset({"stocks"}))])
async def test_a_wrong_key_and_a_missing_cluster_are_refused(plan: Plan) -> None:
    async with Massive(plan) as fake:
        listener = Listener(machine(wanted=[ALL_TRADES]))
        await listener.run(f"{fake.ws_url}/options")
    assert (listener.machine.state, listener.close_code) == (HandshakeState.REFUSED, 1008)


async def test_nobody_gets_in_while_it_hangs() -> None:
    async with Massive() as fake:
        await fake.play(Hang())
        with pytest.raises(InvalidStatus, match="503"):
            await connect(f"{fake.ws_url}/options")
        await fake.play(Hang(False))
        await (await admitted(fake)).close()


async def test_statuses_and_broken_frames_reach_us_as_they_are() -> None:
    async with Massive() as fake:
        listener = await listened(fake, Raw('[{"ev":"T"'), Say("force_disconnect", "maintenance"), Shut(1001))
    assert (listener.machine.state, listener.machine.counters.undecodable) == (HandshakeState.DISMISSED, 1)


async def test_frames_that_were_made_beforehand_reach_us_in_order() -> None:
    made = [json.dumps([trade(q=number)]) for number in range(1, 4)]
    async with Massive() as fake:
        socket = await admitted(fake)
        await fake.play(Frames(b"".join(map(framed, made))), Raw(json.dumps([trade(q=4)])))
        found = [message["q"] for _ in range(4) for message in await heard(socket)]
    assert found == [1, 2, 3, 4]


async def test_a_seed_gives_the_same_frames_and_another_seed_others() -> None:
    async def frames(seed: int) -> list[str]:
        async with Massive(seed=seed) as fake:
            socket = await admitted(fake)
            await talk(socket, "subscribe", f"T.*,Q.{CALL},Q.{PUT}")
            await fake.until(lambda: fake.holds(ALL_TRADES))
            await fake.play(Send(tape(1, 200)), Shut(1000))
            return [str(each) async for each in socket]

    first, again, other = [await frames(seed) for seed in (1, 1, 2)]
    assert first == again != other
    assert any('"s":' in frame and ".0," in frame for frame in first)


async def test_trades_of_a_gap_come_once_from_either_side() -> None:
    sent = [each for each in tape(3, 400) if each["ev"] == "T"]
    tickers, seen = following(), SeenTrades()
    ours = Machine(KEY, "options", tickers, seen)
    ours.want([ALL_TRADES])
    async with Massive() as fake:
        before = await listened(fake, Send(sent[:40]), Shut(1000), to=ours)
        await fake.until(lambda: not fake.connected())
        await fake.play(Send(sent[40:70]))
        ours.reset_connection()
        after = await listened(fake, Send(sent[70:]), Shut(1000), to=ours)
        bodies = {ticker: await asyncio.to_thread(fetch, fake, ticker) for ticker in (CALL, PUT)}
    filled = []
    for ticker, body in bodies.items():
        place = tickers.place(ticker)
        prints = Pages().trades(page(200, body, KEY).rows, cid=place)
        again = set(seen.add([place] * len(prints.events), prints.sequences.tolist()))
        filled += [event for at, event in enumerate(prints.events) if at not in again]
    assert (len(before.events()), len(filled), len(after.events())) == (40, 30, len(sent) - 70)
    merged = sorted([*before.events().tolist(), *(each.item() for each in filled), *after.events().tolist()])
    uncut = streaming_of(sent)
    assert merged == sorted(uncut.tolist())
    assert ours.counters.duplicates == 0


def streaming_of(sent: list[dict[str, Any]]) -> Events:
    """Return the events of a connection that never broke."""
    whole = machine()
    whole.receive(json.dumps(sent), NS)
    return whole.events()["SPY"].events


def fetch(fake: Massive, ticker: str, key: str = KEY) -> bytes:
    request = trades(ticker, NS - 1, NS + 10**12)
    with urlopen(Request(fake.rest_url + request.target, headers=headers(key))) as answer:
        body: bytes = answer.read()
        return body


async def test_rest_checks_keys_and_plans_and_fails_when_told_to() -> None:
    async with Massive(Plan(rest_refused=("/v3/trades",))) as fake:
        fake.shelf.failures = [429, 503]
        seen = []
        for key in (KEY, KEY, "wrong", KEY):
            with pytest.raises(urllib.error.HTTPError) as refused:
                await asyncio.to_thread(fetch, fake, CALL, key)
            seen.append(refused.value.code)
            refused.value.close()
        assert seen == [429, 503, 401, 403]
        assert [each.key for each in fake.asked] == [KEY, KEY, "wrong", KEY]


async def test_the_next_page_is_said_to_be_elsewhere() -> None:
    async with Massive() as fake:
        fake.shelf.trades[CALL] = [{"sip_timestamp": NS + i, "price": 1, "size": 1} for i in range(3)]
        request = trades(CALL, NS, NS + 10, limit=2)
        asked = Request(fake.rest_url + request.target, headers=headers(KEY))
        with await asyncio.to_thread(urlopen, asked) as answer:
            body = json.loads(answer.read())
    assert body["next_url"].startswith(f"{ELSEWHERE}/v3/trades/{CALL}?cursor=")
    assert KEY not in body["next_url"]
    assert len(body["results"]) == 2
    assert BEGIN_MS * 1_000_000 == NS
