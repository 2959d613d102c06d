"""Rows of Massive's REST pages as events, contracts and facts.

Owns the fields of trades, quotes, bars, contracts and market status. A row that cannot be is counted
and left out, it never costs its page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isnan, nan
from typing import Any, TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ....fold.conditions import deciding
from ....model.calendar import ET
from ....model.contracts import Contract, parse_occ
from ....model.errors import ProviderError, UsageError
from ....model.events import (
    BAR,
    FLAG_MINUTE,
    MISSING,
    NS,
    PRICE_SCALE,
    QUOTE,
    SPOT,
    TRADE,
    UNDERLYING,
    Events,
    empty_events,
    to_price,
)
from .fields import Code, Lot, Ms, Ns, Number, Paid, Price, Size
from .requests import UNREADABLE
from .rows import NO_SEQUENCE, NS_PER_MS

_MINUTE_NS = 60 * NS
_STRUCK = frozenset({1, 7, 8, 10, 11})
"""Corrections that say of a trade that it was later corrected, cancelled or in error."""

Row = TypeVar("Row", bound=Struct)


class TradeRow(Struct, gc=False):
    """A trade; times in ns."""

    price: Paid
    size: Lot
    sip_timestamp: Ns
    exchange: Code = nan
    conditions: tuple[Code, ...] = ()
    correction: Code = nan
    sequence_number: Number = nan


class QuoteRow(Struct, gc=False):
    """A best bid and ask; times in ns."""

    sip_timestamp: Ns
    bid_price: Price = nan
    ask_price: Price = nan
    bid_size: Size = nan
    ask_size: Size = nan
    bid_exchange: Code = nan
    ask_exchange: Code = nan


class BarRow(Struct, gc=False):
    """A minute; `t` is its start in ms."""

    t: Ms
    c: Paid
    vw: Price = nan
    v: Size = nan


class _SpotBarRow(Struct, gc=False):
    """A minute of an underlying, whose volume comes in fractions and is not wanted."""

    t: Ms
    c: Paid


class ContractRow(Struct):
    """A listed contract."""

    ticker: str


class Condition(Struct, frozen=True):
    """What the provider says about a condition code."""

    id: int
    name: str
    update_rules: dict[str, dict[str, bool]] = {}

    @property
    def updates_volume(self) -> bool | None:
        """Say whether trades with it count as volume, None when the provider does not."""
        return self.update_rules.get("consolidated", {}).get("updates_volume")


class MarketStatus(Struct, frozen=True, rename="camel"):
    """Whether the market is 'open', 'closed' or in 'extended-hours', and the provider's clock."""

    market: str
    server_time: datetime

    @property
    def server_ns(self) -> int:
        """Return the provider's clock, ns UTC, to the second."""
        return int(self.server_time.timestamp()) * NS


class Holiday(Struct, frozen=True):
    """A day on which an exchange is 'closed', or closes early."""

    date: date
    exchange: str
    status: str
    name: str = ""
    close: datetime | None = None


@dataclass(frozen=True, slots=True)
class Prints:
    """Trades of one contract and their sequence numbers, NO_SEQUENCE where none was given; (n,) each."""

    events: Events
    sequences: NDArray[np.int64]


class Pages:
    """Reads rows; counts in `rejected`, by kind, those that cannot be, and in `struck` trades taken back."""

    def __init__(self) -> None:
        self.rejected: Counter[str] = Counter()
        self.struck = 0

    def trades(self, rows: bytes, cid: int) -> Prints:
        """Return the trades of one contract, in the page's order."""
        found = self.rows(rows, TradeRow, "trade")
        stand = [row for row in found if row.correction not in _STRUCK]
        self.struck += len(found) - len(stand)
        events = _columns(TRADE, cid, [int(row.sip_timestamp) for row in stand])
        events["p1"] = prices([row.price for row in stand])
        events["s1"] = [int(row.size) for row in stand]
        events["exch"] = _counts([row.exchange for row in stand])
        decided = {
            codes: deciding([int(code) for code in codes]) for codes in {row.conditions for row in stand}
        }
        events["cond"] = [decided[row.conditions] for row in stand]
        numbers = [row.sequence_number for row in stand]
        sequences = np.array([NO_SEQUENCE if isnan(each) else int(each) for each in numbers], np.int64)
        return Prints(events, sequences)

    def quotes(self, rows: bytes, cid: int) -> Events:
        """Return the quotes of one contract, in the page's order; a side without a price is MISSING."""
        found = self.rows(rows, QuoteRow, "quote")
        events = _columns(QUOTE, cid, [int(row.sip_timestamp) for row in found])
        ask = np.array([row.ask_price for row in found])
        bid = np.array([row.bid_price for row in found])
        asked = ask > 0
        bidden = (bid > 0) | (asked & (bid == 0))
        events["p1"] = prices(np.where(bidden, bid, nan))
        events["p2"] = prices(np.where(asked, ask, nan))
        events["s1"] = np.where(bidden, _counts([row.bid_size for row in found]), 0)
        events["s2"] = np.where(asked, _counts([row.ask_size for row in found]), 0)
        events["exch"] = _counts([row.bid_exchange for row in found])
        events["cond"] = _counts([row.ask_exchange for row in found])
        return events

    def minute_bars(self, rows: bytes, cid: int) -> Events:
        """Return minute bars at the end of their minute: SPOT for the underlying, BAR for a contract."""
        if cid == UNDERLYING:
            return self._spots(rows)
        found = self.rows(rows, BarRow, "bar")
        events = _columns(BAR, cid, [_minute_end(row.t) for row in found])
        events["p1"] = prices([row.c for row in found])
        events["p2"] = prices([row.vw for row in found])
        events["s1"] = [MISSING if isnan(row.v) else int(row.v) for row in found]
        events["s2"] = MISSING
        return events

    def day_close(self, rows: bytes) -> tuple[date, int] | None:
        """Return the exchange's day of a daily bar and its close in price units, None without a bar."""
        found = self.rows(rows, _SpotBarRow, "bar")
        if not found:
            return None
        day = datetime.fromtimestamp(found[-1].t / 1000, ET).date()
        return day, to_price(found[-1].c)

    def contracts(self, rows: bytes) -> list[Contract]:
        """Return listed contracts, in the page's order."""
        return [
            each for row in self.rows(rows, ContractRow, "contract") if (each := self.contract(row.ticker))
        ]

    def contract(self, ticker: str) -> Contract | None:
        """Return the contract of a ticker; None, and counted, when it is none."""
        try:
            return parse_occ(ticker)
        except UsageError:
            self.rejected["contract"] += 1
            return None

    def conditions(self, rows: bytes) -> dict[int, Condition]:
        """Return the provider's condition codes by id."""
        return {row.id: row for row in self.rows(rows, Condition, "condition")}

    def holidays(self, body: bytes) -> list[Holiday]:
        """Return the coming closures and early closes, one per exchange."""
        return self.rows(body, Holiday, "holiday")

    def rows(self, rows: bytes, kind: type[Row], name: str) -> list[Row]:
        """Return the rows that are what they should be."""
        try:
            return msgspec.json.decode(rows, type=list[kind])  # type: ignore[valid-type]
        except UNREADABLE:
            pieces = _or_raise(lambda: msgspec.json.decode(rows, type=list[msgspec.Raw]), name)
        found = [self._row(piece, kind, name) for piece in pieces]
        return [row for row in found if row is not None]

    def _spots(self, rows: bytes) -> Events:
        found = self.rows(rows, _SpotBarRow, "bar")
        events = _columns(SPOT, UNDERLYING, [_minute_end(row.t) for row in found])
        events["p1"] = prices([row.c for row in found])
        events["flags"] = FLAG_MINUTE
        return events

    def _row(self, piece: msgspec.Raw, kind: type[Row], name: str) -> Row | None:
        try:
            fields = msgspec.json.decode(piece)
            given = _without_nulls(fields) if isinstance(fields, dict) else fields
            return msgspec.convert(given, kind)
        except UNREADABLE:
            self.rejected[name] += 1
            return None


def market_status(body: bytes) -> MarketStatus:
    """Read the answer to MARKET_STATUS; ProviderError when it is none."""
    return _or_raise(lambda: msgspec.json.decode(body, type=MarketStatus), "market status")


Answer = TypeVar("Answer")


def _or_raise(read: Callable[[], Answer], name: str) -> Answer:
    try:
        return read()
    except UNREADABLE:
        raise ProviderError(f"Massive's {name} answer cannot be read; try again, and report it.") from None


def _without_nulls(fields: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in fields.items() if value is not None}
    return {key: _without_nulls(value) if isinstance(value, dict) else value for key, value in kept.items()}


def _columns(kind: int, cid: int, ts: list[int]) -> Events:
    events = empty_events(len(ts))
    events["kind"], events["cid"], events["ts"] = kind, cid, ts
    return events


def prices(dollars: Sequence[float] | NDArray[np.float64]) -> NDArray[np.int64]:
    """Return `to_price` of each; (n,)."""
    values = np.asarray(dollars, np.float64)
    known = ~np.isnan(values)
    return np.where(known, np.floor(np.where(known, values, 0.0) * PRICE_SCALE + 0.5), MISSING).astype(
        np.int64
    )


def _counts(values: list[float]) -> NDArray[np.int64]:
    return np.nan_to_num(np.array(values, np.float64), nan=0.0).astype(np.int64)


def _minute_end(start_ms: float) -> int:
    return int(start_ms) * NS_PER_MS + _MINUTE_NS
