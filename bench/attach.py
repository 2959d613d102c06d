"""A screen onto a recorder: how long the day so far takes to come, and how soon what is new.

Both sides run in one process here and share its interpreter; apart they are faster.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.feeds.recorder.protocol import PREAMBLE, TapeExtent, TapeRequest, encode
from engine.feeds.recorder.seek import find_recorder
from engine.feeds.recorder.server import RecorderServer
from engine.feeds.recorder.socket_file import SocketFile
from engine.feeds.recorder.source import AttachedSource
from engine.model.events import Events
from engine.store.days.spool import FileSpool
from engine.tape.live_tape import CHUNK, LiveTape
from engine.tape.tape import Tape

from .days import simulated
from .sizes import Sizes
from .table import Row, at_most, same

BATCH = 5_000
"""Events that come in at once, 20 times a second at 100,000 a second."""

BATCHES = 100


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the section's rows."""
    tape = simulated(sizes.symbol)
    events = np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])[: sizes.events]
    with tempfile.TemporaryDirectory() as name:
        yield from asyncio.run(_measured(tape, events, Path(name)))


async def _measured(tape: Tape, events: Events, data: Path) -> list[Row]:
    recorder = _empty(tape, data)
    history = len(events) - min(len(events) // 2, BATCH * BATCHES)
    _write(recorder, events[:history])
    async with RecorderServer(data, {tape.info.symbol: recorder}) as hub:
        hello = await asyncio.to_thread(find_recorder, data)
        assert hello is not None
        source = AttachedSource(SocketFile(data), hello, spool=lambda: FileSpool(data))
        screen, news = source.open(tape.info.symbol), asyncio.Event()
        began = time.perf_counter()
        running = asyncio.create_task(source.run(news.set))
        await _until(screen, history, news)
        took_s = time.perf_counter() - began
        alone = await _follow(hub, recorder, screen, events[history:], news, 0)
        deaf = SocketFile(data).connect()
        assert deaf is not None
        with deaf:
            deaf.sendall(PREAMBLE + encode(TapeRequest(tape.info.symbol, TapeExtent())))
            beside = await _follow(hub, recorder, screen, events[history:], news, 1)
        running.cancel()
        whole = np.concatenate([screen.read(chunk) for chunk in range(len(screen.starts))])
    return [
        at_most(f"the day so far to a screen that comes late, {history / 1e6:.2f}M events", took_s, 5, "s"),
        at_most(f"a batch of {BATCH:,} events from the recorder to a screen, p99", alone, 50, "ms", 1),
        at_most("  beside a screen that never reads", beside, 50, "ms", 1),
        same("the screen's rows are the recorder's", np.array_equal(whole, events)),
    ]


def _empty(tape: Tape, data: Path) -> LiveTape:
    made = LiveTape(tape.info, FileSpool(data))
    for contract in tape.contracts:
        made.listed.add(contract)
    return made


def _write(tape: LiveTape, events: Events) -> None:
    for start in range(0, len(events), CHUNK):
        tape.append(events[start : start + CHUNK])
        tape.take()


async def _until(screen: LiveTape, count: int, news: asyncio.Event) -> None:
    while True:
        news.clear()
        screen.take()
        if screen.events >= count:
            return
        await news.wait()


async def _follow(
    hub: RecorderServer, recorder: LiveTape, screen: LiveTape, events: Events, news: asyncio.Event, half: int
) -> float:
    """Record one half of the events batch by batch; return the p99 of how late each is on the screen, ms."""
    part, late = np.array_split(events, 2)[half], list[float]()
    for start in range(0, len(part), BATCH):
        recorder.append(part[start : start + BATCH])
        recorder.take()
        began = time.perf_counter()
        hub.notify()
        await _until(screen, recorder.events, news)
        late.append(time.perf_counter() - began)
    return float(np.percentile(late, 99)) * 1e3
