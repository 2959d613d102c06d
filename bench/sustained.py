"""A hundred thousand events per second through a connection into a folded state, and how soon it reconnects.

The provider is the one on loopback, in a process of its own. It plays a short stretch over and over, with the
time of its sending and new sequence numbers, so that a lag is what a person would see.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

import numpy as np

from engine.feeds.transport.backoff import Backoff, ConnectionTimes
from engine.feeds.transport.connection import Connection
from engine.feeds.transport.connection_status import Phase
from engine.fold.params import FoldParams
from engine.fold.step import step
from engine.model.contracts import ContractTable
from engine.model.events import TRADE
from tests.fakes.massive import Massive, Plan, Raw, Shut
from tests.fakes.massive.messages import BEGIN_MS, Message, pack

from . import tapes
from .sizes import Sizes
from .table import Row, at_most, same, told
from .timing import percentile
from .wire import CONTRACTS, as_messages, channels_of, machine_of

RATE = 100_000
PER_FRAME = 50
BURSTS = 100
"""Bursts per second in which events are sent."""

DRAIN_EVERY_S = 0.02
MOST_LAG_MS = 250
MOST_RECONNECT_S = 3
FIRST_SEQUENCE = 9_000_000


@dataclass
class Taken:
    """What the client came to.

    lags_ms : of every hundredth event, ms from sending to folded
    """

    events: int = 0
    trades: int = 0
    conflated: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    lags_ms: list[float] = field(default_factory=list)


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of a steady stream and of cuts."""
    table = tapes.contracts(CONTRACTS)
    step(tapes.state_for(table), tapes.mixed(1_000, table), FoldParams().pack())  # compiled beforehand
    taken, sent = _streamed(table, sizes.sustain_s)
    lost = sent["events"] - taken.events - taken.conflated
    yield told("sustained: events per second that came", taken.events / taken.wall_s / 1e3, "k", 1)
    yield told("sustained: from sending to folded state, p50", percentile(taken.lags_ms, 50), "ms", 0)
    yield at_most("  p99", percentile(taken.lags_ms, 99), MOST_LAG_MS, "ms", 0)
    yield told("sustained: processor, of one core", taken.cpu_s / taken.wall_s * 100, "%", 0)
    yield told("sustained: quotes conflated", taken.conflated, "", 0)
    yield same(
        "  every trade arrived, and every quote or a newer one", lost == 0 == sent["trades"] - taken.trades
    )
    took = asyncio.run(_reconnects(sizes.cuts))
    yield at_most("reconnect after a cut, 1st in a minute, p95", percentile(took, 95), MOST_RECONNECT_S, "s")
    for nth in range(1, 5):
        waits = [_nth_wait_s(seed, nth) for seed in range(10_000)]
        yield told(f"  wait before attempt {nth}, p95", percentile(waits, 95), "s")


def _nth_wait_s(seed: int, nth: int) -> float:
    backoff = Backoff(ConnectionTimes(), seed)
    return [backoff.next_wait_s(0.0) for _ in range(nth)][-1]


def _streamed(table: ContractTable, seconds: float) -> tuple[Taken, dict[str, int]]:
    """Return what the client took of `seconds` of the stream, and what was sent."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_provide, args=(there, seconds), daemon=True)
    process.start()
    here.send(as_messages(tapes.mixed(RATE // 10, table), table))
    taken = asyncio.run(_listen(table, here.recv()))
    sent: dict[str, int] = here.recv()
    process.join()
    return taken, sent


def _provide(pipe: Pipe, seconds: float) -> None:
    asyncio.run(_play(pipe, pipe.recv(), seconds))


async def _play(pipe: Pipe, messages: list[Message], seconds: float) -> None:
    """Send the messages again and again at the rate, in bursts; what is late is sent at once."""
    for q, message in enumerate(messages, FIRST_SEQUENCE):
        message.update(t=BEGIN_MS, q=q)
    frames = pack(messages, random.Random(1), PER_FRAME)
    per_burst = RATE // PER_FRAME // BURSTS
    async with Massive(Plan(buffer_frames=10**9)) as fake:
        pipe.send(fake.feed)
        await fake.until(lambda: fake.holds(*channels_of(tapes.contracts(CONTRACTS))))
        loop = asyncio.get_running_loop()
        began_s, sent = loop.time(), 0
        for burst in range(int(seconds * BURSTS)):
            await asyncio.sleep(max(began_s + burst / BURSTS - loop.time(), 0))
            for _ in range(per_burst):
                lap, at = divmod(sent, len(frames))
                await fake.play(Raw(_stamped(frames[at], lap)))
                sent += 1
        await fake.settle()
        await fake.play(Shut(1000))
        await fake.until(lambda: not fake.connected())
    laps, rest = divmod(sent, len(frames))
    trades = [text.count('"ev":"T"') for text in frames]
    sizes = [text.count('"ev":') for text in frames]
    pipe.send(
        {"events": laps * sum(sizes) + sum(sizes[:rest]), "trades": laps * sum(trades) + sum(trades[:rest])}
    )


def _stamped(text: str, lap: int) -> str:
    """Return a frame with the time of now, and sequence numbers of their own."""
    return text.replace(str(BEGIN_MS), str(time.time_ns() // 1_000_000)).replace(
        '"q":9', f'"q":{1_000 + lap}'
    )


async def _listen(table: ContractTable, address: str) -> Taken:
    state, params, taken = tapes.state_for(table), FoldParams().pack(), Taken()
    heard = asyncio.Event()
    source = Connection(f"ws://{address}/options", machine_of(table), ConnectionTimes(), heard.set, seed=1)
    source.want(channels_of(table))

    def drain() -> None:
        batch = source.drain().batches.get("SPY")
        if batch is not None:
            step(state, batch.events, params)
            late_ns = time.time_ns() - batch.events["ts"]
            taken.lags_ms += (late_ns[::100] / 1e6).tolist()
            taken.events += len(batch.events)
            taken.trades += int(np.count_nonzero(batch.events["kind"] == TRADE))

    running = asyncio.create_task(source.run())
    began: tuple[float, float] | None = None
    while source.status.phase is not Phase.WAITING:
        await heard.wait()
        heard.clear()
        await asyncio.to_thread(drain)
        if began is None and taken.events:
            began = time.perf_counter(), time.process_time()
        await asyncio.sleep(DRAIN_EVERY_S)
    assert began is not None, "the provider sent nothing"
    taken.wall_s, taken.cpu_s = time.perf_counter() - began[0], time.process_time() - began[1]
    running.cancel()
    await asyncio.wait([running])
    drain()
    taken.conflated = source.status.conflated
    return taken


async def _reconnects(cuts: int) -> list[float]:
    """Return how long it took from cuts to data again, s; each the first of its connection."""
    return [await _reconnect(seed) for seed in range(cuts)]


async def _reconnect(seed: int) -> float:
    table = tapes.contracts(CONTRACTS)
    async with Massive() as fake:
        heard = asyncio.Event()
        source = Connection(
            f"{fake.ws_url}/options", machine_of(table), ConnectionTimes(), heard.set, seed=seed
        )
        source.want(["T.*"])
        running = asyncio.create_task(source.run())
        outages: list[tuple[int, int]] = []
        while len(outages) < 2:
            await heard.wait()
            heard.clear()
            await asyncio.to_thread(source.drain)
            if ended := source.outages():
                outages += ended
                await fake.play(Shut(1001))
        running.cancel()
        await asyncio.wait([running])
    (_, _), (since_ns, until_ns) = outages
    return (until_ns - since_ns) / 1e9
