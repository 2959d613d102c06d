"""Massive's websocket from bytes to folded state, beside the official client's own path; and damaged frames.

The provider is the one on loopback, in a process of its own; only the client's processor time counts. The
official client ends with model objects, ours with a folded state. They take turns on the same messages.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import random
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection as Pipe
from statistics import median
from typing import Any

from polygon import WebSocketClient
from polygon.websocket.models import parse
from polygon.websocket.models.common import Market

from engine.feeds.massive.wire.handshake import HandshakeState as Talk
from engine.feeds.massive.wire.machine import Machine
from engine.feeds.massive.wire.tickers import TickerTable
from engine.feeds.transport.backoff import ConnectionTimes
from engine.feeds.transport.connection import Connection
from engine.feeds.transport.connection_status import Phase
from engine.fold.params import FoldParams
from engine.fold.state import State
from engine.fold.step import step
from engine.model.contracts import ContractTable
from engine.model.events import TRADE, Batch, Events
from engine.model.underlyings import PRESETS
from tests.fakes.massive import KEY, Massive, Plan, Send, Shut
from tests.fakes.massive.audit import feed
from tests.fakes.massive.messages import Message, quote, status, trade
from tests.fakes.massive.mutations import mutated

from . import tapes
from .sizes import Sizes
from .table import Row, at_least, same, told
from .timing import cpu_s

CONTRACTS = 200
FRAMES_PER_DRAIN = 256
DRAIN_EVERY_S = 0.02
NEVER_THINNED = 2**31
Client = Callable[[str], Coroutine[Any, Any, int]]
"""Listens to a provider's address to the end and returns how many events it took."""
TARGETS = {50: 8, 1: 5}
"""Events per frame, and how many times the official client's rate is asked for."""


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the wire's rows."""
    table = tapes.contracts(CONTRACTS)
    messages = as_messages(tapes.mixed(sizes.messages, table), table)
    for per_frame, target in TARGETS.items():
        frames = [
            json.dumps(messages[i : i + per_frame]).encode() for i in range(0, len(messages), per_frame)
        ]
        yield from _decoded(sizes, table, frames, per_frame, target)
        yield from _folded(sizes, table, messages, per_frame, target)
    yield from _damaged(sizes.mutations)


def as_messages(events: Events, table: ContractTable) -> list[Message]:
    """Return quotes and trades of a tape as the provider writes them, without the underlying's prices."""
    made = []
    for q, event in enumerate(events[events["cid"] > 0]):
        sym, ms = table[int(event["cid"])].occ, int(event["ts"]) // 1_000_000
        price, size = int(event["p1"]) / 10_000, int(event["s1"])
        if event["kind"] == TRADE:
            made.append(trade(sym, q, [int(event["cond"])], p=price, s=size, t=ms))
        else:
            sides = {"bp": price, "ap": int(event["p2"]) / 10_000, "bs": size, "as": int(event["s2"])}
            made.append(quote(sym, t=ms, q=q, **sides))
    return made


def machine_of(table: ContractTable) -> Machine:
    """Return a machine that follows the contracts of a table."""
    tickers = TickerTable()
    tickers.add(PRESETS["SPY"], table)
    return Machine(KEY, "options", tickers)


def _decoded(
    sizes: Sizes, table: ContractTable, frames: list[bytes], per_frame: int, target: float
) -> Iterator[Row]:
    """Compare the decoding alone: frames in memory to records, and to the official client's models."""
    what = f"{per_frame} a frame"
    _ours_decoded(table, frames[:100])  # compiled beforehand
    spent = _in_turns(
        sizes.rounds,
        {
            "ours": lambda: cpu_s(lambda: _ours_decoded(table, frames)),
            "official": lambda: cpu_s(lambda: _official_decoded(frames)),
        },
    )
    yield told(f"decoding, {what}: ours", spent["ours"] / sizes.messages * 1e6, "µs/event")
    times = spent["official"] / spent["ours"]
    yield at_least(f"decoding, {what}: against the official client's models", times, target, "times")


def _ours_decoded(table: ContractTable, frames: list[bytes]) -> int:
    machine = _streaming(table)
    count = 0
    for i, frame in enumerate(frames, 1):
        machine.receive(frame, i)
        if i % FRAMES_PER_DRAIN == 0 or i == len(frames):
            count += sum(len(batch.events) for batch in machine.events().values())
    return count


def _official_decoded(frames: list[bytes]) -> int:
    log = logging.getLogger("official")
    count = 0
    for frame in frames:
        messages = json.loads(frame)
        for message in messages:
            if message["ev"] == "status":
                continue
        count += len(parse(messages, log, Market.Options))
    return count


def _folded(
    sizes: Sizes, table: ContractTable, messages: list[Message], per_frame: int, target: float
) -> Iterator[Row]:
    """Compare whole clients on loopback: ours to folded state, the official one to its models.

    Ours is all of it but the journal and the screen: connection, drains in a thread, fold.
    """
    got: dict[str, int] = {}

    def run(name: str, client: Client) -> float:
        with _provider(messages, per_frame) as feed_address:
            spent, got[name] = _spent(client(feed_address))
        return spent

    def ours(address: str) -> Coroutine[Any, Any, int]:
        return _our_client(table, tapes.state_for(table), address)

    step(tapes.state_for(table), tapes.mixed(1_000, table), FoldParams().pack())  # compiled beforehand
    clients: dict[str, Client] = {"ours": ours, "official": _official_client}
    spent = _in_turns(sizes.rounds, {name: partial(run, name, client) for name, client in clients.items()})
    what = f"wire to folded state, {per_frame} a frame"
    yield told(f"{what}: ours", sizes.messages / spent["ours"] / 1e3, "k events per CPU-second", 0)
    times = spent["official"] / spent["ours"]
    yield at_least(f"{what}: against the official client", times, target, "times")
    yield same("  both got every message", set(got.values()) == {len(messages)})


def _spent(listening: Coroutine[Any, Any, int]) -> tuple[float, int]:
    began = time.process_time()
    count = asyncio.run(listening)
    return time.process_time() - began, count


async def _official_client(address: str) -> int:
    channels = channels_of(tapes.contracts(CONTRACTS))
    client = WebSocketClient(KEY, feed=address, market="options", secure=False, subscriptions=channels)
    count = 0

    async def take(models: list[Any]) -> None:
        nonlocal count
        count += len(models)

    await client.connect(take, compression=None)
    return count


async def _our_client(table: ContractTable, state: State, address: str) -> int:
    """Listen as a source does: one thread reads, another decodes and folds, a few dozen times a second."""
    params = FoldParams().pack()
    count = 0
    heard = asyncio.Event()
    machine, url = machine_of(table), f"ws://{address}/options"
    source = Connection(url, machine, ConnectionTimes(), heard.set, seed=1, most_events=NEVER_THINNED)
    source.want(channels_of(table))

    def drain() -> int:
        batch: Batch | None = source.drain().batches.get("SPY")
        if batch is None:
            return 0
        step(state, batch.events, params)
        return len(batch.events)

    running = asyncio.create_task(source.run())
    while source.status.phase is not Phase.WAITING:
        await heard.wait()
        heard.clear()
        count += await asyncio.to_thread(drain)
        await asyncio.sleep(DRAIN_EVERY_S)
    running.cancel()
    await asyncio.wait([running])
    return count + drain()


def channels_of(table: ContractTable) -> list[str]:
    """Return the channels of all trades and of the quotes of a table."""
    return ["T.*", *(f"Q.{contract.occ}" for contract in table)]


@contextmanager
def _provider(messages: list[Message], per_frame: int) -> Iterator[str]:
    """Start the provider in a process of its own and yield its address; it plays to whoever subscribes."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_provide, args=(there, per_frame), daemon=True)
    process.start()
    here.send(messages)
    yield here.recv()
    process.join()


def _provide(pipe: Pipe, per_frame: int) -> None:
    asyncio.run(_play(pipe, pipe.recv(), per_frame))


async def _play(pipe: Pipe, messages: list[Message], per_frame: int) -> None:
    async with Massive(Plan(buffer_frames=len(messages) + 1_000)) as fake:
        pipe.send(fake.feed)
        await fake.until(lambda: fake.holds(*channels_of(tapes.contracts(CONTRACTS))))
        await fake.play(Send(messages, per_frame=per_frame), Shut(1000))
        await fake.until(lambda: not fake.connected())


def _in_turns(rounds: int, works: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Return the median seconds of each; they take turns, so that noise hits all."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            spent[name].append(work())
    return {name: median(times) for name, times in spent.items()}


def _streaming(table: ContractTable) -> Machine:
    machine = machine_of(table)
    for name in ("connected", "auth_success"):
        machine.receive(json.dumps([status(name, "")]), 0)
    return machine


def _damaged(count: int) -> Iterator[Row]:
    """Feed damaged frames, drawn by number; a crash would end the run."""
    machine, wrong = _streaming(tapes.contracts(CONTRACTS)), 0
    for number in range(count):
        if machine.state is not Talk.STREAMING:
            machine = _streaming(tapes.contracts(CONTRACTS))
        wrong += feed(machine, mutated(random.Random(number)), number) is not None
    yield same(f"{count:,} damaged frames: none crashed, every piece is accounted for", wrong == 0)
