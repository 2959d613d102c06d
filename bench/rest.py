"""Trades over REST: pages from a server on loopback to records, and held against what is on the tape.

The server is a process of its own and has its pages ready; what counts is the time by the clock, in which
both work, and the client's processor time.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from statistics import median

from aiohttp import web

from engine.feeds.massive.gap_fill import GapTrades, fetch_trades, merge
from engine.feeds.massive.rest_client import RestClient
from engine.feeds.massive.wire.pages import Pages
from engine.feeds.massive.wire.requests import TICKS_PAGE
from engine.feeds.massive.wire.seen_trades import SeenTrades
from engine.feeds.transport.rate_limit import RateLimit
from engine.model.events import Events, empty_events
from tests.fakes.massive import CALL, KEY, rest_trade, trade
from tests.fakes.massive.messages import BEGIN_MS

from .sizes import Sizes
from .table import Row, at_least, same, told

TARGET = 200_000
CONDITIONS = ((), (209,), (219,), (209, 232))


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield REST's rows."""
    with _provider(sizes.rest_trades) as address:
        runs = [_run(address) for _ in range(sizes.rounds)]
    count = len(runs[0][2])
    millions = f"{count / 1e6:g}M trades over REST"
    yield at_least(f"{millions}: by the clock", count / median(run[0] for run in runs), TARGET, "rows/s", 0)
    yield told("  by the client's processor time", count / median(run[1] for run in runs), "rows/s", 0)
    yield same("  all of them came", {len(run[2]) for run in runs} == {sizes.rest_trades})


def _run(address: str) -> tuple[float, float, Events]:
    """Return the seconds by the clock and of the processor, and the trades."""
    began, spent = time.perf_counter(), time.process_time()
    fetched = asyncio.run(_fetch(address))
    trades = merge(fetched, empty_events(0), SeenTrades(), lambda cid: cid, Pages())
    return time.perf_counter() - began, time.process_time() - spent, trades


async def _fetch(address: str) -> GapTrades:
    async with RestClient(address, KEY, RateLimit(10_000, 1.0), seed=1) as rest:
        return await fetch_trades(rest, [(1, CALL)], 0, 2**62)


@contextmanager
def _provider(count: int) -> Iterator[str]:
    """Start a server with so many trades of one contract and yield its address."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_provide, args=(there, count), daemon=True)
    process.start()
    yield here.recv()
    here.send("enough")
    process.join()


def _provide(pipe: Connection, count: int) -> None:
    asyncio.run(_serve(pipe, _bodies(count)))


def _bodies(count: int) -> list[bytes]:
    """Write the pages; each names the next one."""
    draw = random.Random(1)
    found = []
    for begin in range(0, count, TICKS_PAGE):
        page = range(begin, min(begin + TICKS_PAGE, count))
        body = {"status": "OK", "results": [_row(q, draw) for q in page]}
        following = {"next_url": f"https://another-host.invalid/v3/trades/{CALL}?cursor={len(found) + 1}"}
        found.append(json.dumps(body | (following if page.stop < count else {})).encode())
    return found


def _row(q: int, draw: random.Random) -> dict[str, object]:
    price, size = draw.randint(1, 900) / 100, draw.randint(1, 50)
    return rest_trade(trade(q=q, c=draw.choice(CONDITIONS), t=BEGIN_MS + 20 * q, p=price, s=size))


async def _serve(pipe: Connection, bodies: list[bytes]) -> None:
    async def answer(request: web.Request) -> web.Response:
        body = bodies[int(request.query.get("cursor", 0))]
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/v3/trades/{ticker}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await asyncio.to_thread(pipe.recv)
    await runner.cleanup()
