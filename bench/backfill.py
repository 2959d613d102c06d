"""A past day from a REST server in a process of its own to Parquet, and on into the day store.

The server hands out pages that it wrote beforehand, as large as the provider's: what is measured is ours.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from aiohttp import web

from engine.feeds.backfill.assembly import assemble
from engine.feeds.backfill.day_fetch import BackfillRequest, DayFetch
from engine.feeds.massive.backfill.day import Backfill
from engine.feeds.massive.rest_client import RestClient
from engine.feeds.transport.rate_limit import RateLimit
from engine.model.calendar import session
from engine.model.underlyings import PRESETS
from engine.store.cache.historical import Historical
from engine.store.days.store import DayStore

from .sizes import Sizes
from .table import Row, at_least, same, told

DAY = date(2025, 12, 16)
TARGET = 200
"""Thousand rows per second from the server to Parquet."""

PAGE = 50_000
BUSY, BUSY_SHARE, QUIET = 10, 0.6, 100
"""So many contracts have so large a share of all trades, over a page each; the others share the rest."""

_UNLIMITED = (10**9, 1.0)


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the backfill's rows."""
    with _server(sizes.rest_trades) as (url, count):
        _timed(url)  # connections, imports and compiled code beforehand
        runs = [_timed(url) for _ in range(sizes.rounds)]
    wall, cpu, stored = (median(run[i] for run in runs) for i in range(3))
    what = f"{count:,} trades over REST to Parquet"
    yield at_least(what, count / wall / 1e3, TARGET, "k rows/s", 0)
    yield told("  of one processor", count / cpu / 1e3, "k rows/s", 0)
    yield told("  from Parquet into the day store", count / stored / 1e3, "k rows/s", 0)
    yield told("  from the server into the day store", count / (wall + stored) / 1e3, "k rows/s", 0)
    yield same("  every trade is in the day", {run[3] for run in runs} == {count})


def _timed(url: str) -> tuple[float, float, float, int]:
    """Return wall and processor seconds to Parquet, wall seconds into the store, and trades in the day."""
    with tempfile.TemporaryDirectory() as name:
        began, began_cpu = time.perf_counter(), time.process_time()
        fetched = asyncio.run(_fetch(url, Path(name)))
        wall, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        began = time.perf_counter()
        report = assemble(fetched, DayStore(Path(name)), {})
        stored = time.perf_counter() - began
        assert report is not None, "the day is new"
        return wall, cpu, stored, report.days[0].meta.measured.counts["trade"]


async def _fetch(url: str, folder: Path) -> DayFetch:
    async with RestClient(url, "bench", RateLimit(*_UNLIMITED, slow=_UNLIMITED), seed=1) as rest:
        backfill = Backfill(rest, Historical(folder), time.time_ns)
        return await backfill.fetch(BackfillRequest(PRESETS["SPY"], DAY, 1, None))


@contextmanager
def _server(trades: int) -> Iterator[tuple[str, int]]:
    """Start the server; yield its address and how many trades it has."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there, trades), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection, trades: int) -> None:
    asyncio.run(_serving(pipe, trades))


async def _serving(pipe: Connection, trades: int) -> None:
    library = _Library(trades)
    app = web.Application()
    app.router.add_get("/v3/reference/options/contracts", library.contracts)
    app.router.add_get("/v3/trades/{ticker}", library.trades)
    app.router.add_get("/v2/aggs/{rest:.*}", library.bars)
    app.router.add_get("/v3/quotes/{ticker}", library.refused)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send((f"http://127.0.0.1:{runner.addresses[0][1]}", library.count))
    await asyncio.Event().wait()


class _Library:
    """Pages as they go over the wire: a full one, the rest of a busy contract, and a quiet contract's."""

    def __init__(self, trades: int) -> None:
        busy = int(trades * BUSY_SHARE) // BUSY
        quiet = (trades - busy * BUSY) // QUIET
        full = min(PAGE, busy - 1)
        self.count = busy * BUSY + quiet * QUIET
        self._full = _page(_trades(0, full, busy), "/v3/trades/that?cursor=more")
        self._last = _page(_trades(full, busy, busy))
        self._quiet = _page(_trades(0, quiet, quiet))
        names = [f"O:SPY251216{right}{620 + i:05d}000" for i in range((BUSY + QUIET) // 2) for right in "CP"]
        self._busy = set(names[:BUSY])
        self._contracts = _page([{"ticker": name} for name in names])
        open_ms = session(DAY).open_ns // 1_000_000
        self._bars = _page([{"t": open_ms + 60_000 * i, "c": 680.0} for i in range(400)])

    async def trades(self, request: web.Request) -> web.Response:
        if "cursor" in request.query:
            return _answer(self._last)
        return _answer(self._full if request.match_info["ticker"] in self._busy else self._quiet)

    async def contracts(self, _: web.Request) -> web.Response:
        return _answer(self._contracts)

    async def bars(self, _: web.Request) -> web.Response:
        return _answer(self._bars)

    async def refused(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "NOT_AUTHORIZED", "message": "no quotes"}, status=403)


def _trades(begin: int, end: int, of: int) -> list[dict[str, object]]:
    draw = random.Random(f"trades {begin} {end}")
    hours = session(DAY)
    step = (hours.close_ns - hours.open_ns) // (of + 1)
    times = [hours.open_ns + step * (i + 1) + draw.randrange(step) for i in range(begin, end)]
    return [
        {
            "conditions": [draw.choice((209, 219, 227, 232))],
            "exchange": draw.choice((300, 302, 312, 316)),
            "participant_timestamp": ts - 20_000,
            "price": draw.randint(1, 900) / 100,
            "sequence_number": 1_000 + 3 * i,
            "sip_timestamp": ts,
            "size": draw.randint(1, 50),
        }
        for i, ts in enumerate(times, begin)
    ]


def _page(found: list[dict[str, object]], follow: str = "") -> bytes:
    body: dict[str, object] = {"status": "OK", "request_id": "r", "results": found}
    if follow:
        body["next_url"] = f"https://another-host.invalid{follow}"
    return json.dumps(body, separators=(",", ":")).encode()


def _answer(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
