"""The files that the pages' commands name, and the servers they talk to."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from math import exp
from pathlib import Path

from tests.fakes.massive import Massive
from tests.fakes.massive.past import PastDay

_NS = 1_718_373_600_000_000_000  # 2024-06-14 10:00 exchange time
_TICKER = "O:SPY240614C00540000"
_PAST = ((date(2025, 12, 15), date(2025, 12, 12)), (date(2025, 12, 16), date(2025, 12, 15)))


def supply(folder: Path) -> None:
    """Put every file that the pages name into a folder."""
    for name, text in {**_flat_files(), "spx_quotedata.csv": _quotedata(), "table.csv": _table()}.items():
        data = text.encode()
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)


def _flat_files() -> dict[str, str]:
    """Return a small day of SPY, 2024-06-14, as flat files."""
    trades = [f"{_TICKER},209,0,312,1.25,{_NS + 10**9 * i},{i + 1}" for i in range(5)]
    quotes = [f"{_TICKER},312,1.{30 + i},10,312,1.{20 + i},12,{i},{_NS + 10**9 * i - 1000}" for i in range(9)]
    bars = [f"SPY,1000,540,{540 + i / 100},541,539,{_NS + 60 * 10**9 * i},10" for i in range(3)]
    return {
        "trades.csv.gz": _lines("ticker,conditions,correction,exchange,price,sip_timestamp,size", *trades),
        "quotes.csv.gz": _lines(
            "ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,sequence_number,sip_timestamp",
            *quotes,
        ),
        "bars.csv.gz": _lines("ticker,volume,open,close,high,low,window_start,transactions", *bars),
        "open_interest.csv": _lines("ticker,open_interest", f"{_TICKER},1200"),
    }


def _lines(*lines: str) -> str:
    return "\n".join([*lines, ""])


def _mid(away: float) -> float:
    """Return a price that is convex in the distance from the money, and above what exercise brings."""
    return max(-away, 0.0) + 12.0 * exp(-abs(away) / 40)


def _quotedata() -> str:
    """Return a chain of SPX as the exchange lets one download it."""
    side = "{0}{1:08.0f},1,0,{2:.2f},{3:.2f},{4},0.2,0.5,0.01,{5}"
    rows = [
        ",".join(
            [
                "Thu May 01 2025",
                side.format(
                    "SPXW250501C", k * 1000, _mid(k - 5600) - 0.1, _mid(k - 5600) + 0.1, 40, k - 5000
                ),
                f"{k}.00",
                side.format(
                    "SPXW250501P", k * 1000, _mid(5600 - k) - 0.1, _mid(5600 - k) + 0.1, 60, 6000 - k
                ),
            ]
        )
        for k in range(5500, 5705, 5)
    ]
    half = "Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest"
    return _lines(
        "",
        "S&P 500 INDEX,Last: 5600.00,Change:  5.83",
        '"Date: May 1, 2025 at 10:28 AM EDT",Bid: 5599.9,Ask: 5600.1,Size: 2*1,"Volume: 0"',
        f"Expiration Date,Calls,{half},Strike,Puts,{half}",
        *rows,
    )


def _table() -> str:
    """Return a chain of SPY as a plain table."""
    rows = [
        f"SPY,SPY,{day},{right},{k},{(mid := _mid(way * (k - 600))) - 0.1:.2f},{mid + 0.1:.2f},9,{k},"
        for day in ("2025-05-01", "2025-05-02", "2025-05-05")
        for right, way in (("C", 1), ("P", -1))
        for k in range(580, 621)
    ]
    return _lines("symbol,root,expiry,right,strike,bid,ask,volume,oi,iv", *rows)


@contextmanager
def past_days() -> Iterator[Massive]:
    """Run a provider with two past days of SPY, on a thread and an event loop of its own."""
    fake = Massive()
    for day, before in _PAST:
        PastDay(day, before, strikes=range(678, 684), trades=20, quotes=4).shelve(fake.shelf)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(fake.__aenter__(), loop).result()
        yield fake
        asyncio.run_coroutine_threadsafe(fake.__aexit__(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
