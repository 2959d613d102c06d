"""A past day of one underlying on the shelf: its minutes, its listing, trades and quotes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from .shelf import Row, Shelf

_MS, _NS_PER_MS = 60_000, 1_000_000


@dataclass(frozen=True, slots=True)
class PastDay:
    """What is put on the shelf.

    strikes : listed strikes, $; a call and a put of each
    spots   : the closes of the first minutes, $
    trades, quotes : rows of each contract, spread over the day
    minutes : length of the day
    """

    day: date = date(2025, 12, 16)
    before: date = date(2025, 12, 15)
    symbol: str = "SPY"
    root: str = "SPY"
    index_prefix: str = ""
    strikes: Sequence[int] = range(670, 691)
    spots: Sequence[float] = (679.6, 680.2, 681.4)
    trades: int = 20
    quotes: int = 5
    minutes: int = 390

    @property
    def open_ms(self) -> int:
        """Return 09:30 in New York."""
        return int(datetime.combine(self.day, time(9, 30), ZoneInfo("America/New_York")).timestamp() * 1000)

    @property
    def tickers(self) -> list[str]:
        """Return every listed contract."""
        return [
            f"O:{self.root}{self.day:%y%m%d}{right}{strike * 1000:08d}"
            for strike in self.strikes
            for right in "CP"
        ]

    def shelve(self, shelf: Shelf) -> None:
        """Put everything on the shelf."""
        draw = random.Random(f"{self.symbol} {self.day}")
        name = self.index_prefix + self.symbol
        shelf.bars[name] += [{"t": self.open_ms + i * _MS, "c": spot} for i, spot in enumerate(self.spots)]
        midnight = datetime.combine(self.before, time(), ZoneInfo("America/New_York"))
        shelf.day_bars[name].append({"t": int(midnight.timestamp() * 1000), "c": 678.25, "v": 1.5e6})
        for ticker in self.tickers:
            shelf.contracts.append(
                {
                    "ticker": ticker,
                    "underlying_ticker": self.symbol,
                    "expiration_date": self.day.isoformat(),
                    "strike_price": int(ticker[-8:]) / 1000,
                }
            )
            shelf.trades[ticker] += [
                self._trade(draw, i, at) for i, at in enumerate(self._times(self.trades))
            ]
            shelf.quotes[ticker] += [
                self._quote(draw, i, at) for i, at in enumerate(self._times(self.quotes))
            ]

    def _times(self, count: int) -> list[int]:
        """Return times in ns from the first minute to the last; each two rows share one."""
        pairs = (count + 1) // 2
        step = (self.minutes - 2) * _MS // max(pairs - 1, 1)
        return [(self.open_ms + _MS + i // 2 * step) * _NS_PER_MS for i in range(count)]

    def _trade(self, draw: random.Random, number: int, ts_ns: int) -> Row:
        made: Row = {"price": draw.randint(5, 900) / 100, "size": draw.randint(1, 50), "sip_timestamp": ts_ns}
        codes = draw.choice(((), (209,), (209, 219)))
        return (
            made
            | ({"conditions": list(codes)} if codes else {})
            | {"exchange": 302, "sequence_number": number}
        )

    def _quote(self, draw: random.Random, number: int, ts_ns: int) -> Row:
        bid = draw.randint(5, 900)
        prices = {"bid_price": bid / 100, "ask_price": (bid + 5) / 100, "bid_size": 12.0, "ask_size": 7}
        return {"sip_timestamp": ts_ns, **prices, "sequence_number": number}
