"""Massive's chain snapshot as events: open interest, day volume, the vendor's own greeks, quotes, fair value.

Owns the fields of a snapshot row. Greeks that are absent or empty, as they are deep in the money, are missing
and make no event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan, nan

import numpy as np
from msgspec import Struct, field

from ....model.contracts import ContractTable
from ....model.events import (
    BAR,
    EVENT,
    FLAG_RECEIVED,
    FMV,
    MISSING,
    OI,
    QUOTE,
    SPOT,
    UNDERLYING,
    VENDOR,
    Events,
    to_price,
)
from .fields import Code, Lot, Ns, Paid, Price, Size
from .pages import Pages
from .requests import Page
from .rows import MOST_INT4

IV_SCALE, GAMMA_SCALE, DELTA_SCALE = 1_000_000, 100_000_000, 1_000_000
"""VENDOR's units per 1 of volatility, gamma per $1 and delta."""

_DELAYED = {"DELAYED": True, "REAL-TIME": False}


class DayStats(Struct):
    """What was traded today; empty for an untraded contract."""

    close: Price = nan
    vwap: Price = nan
    volume: Size = nan
    last_updated: Ns = nan


class Details(Struct):
    """Which contract it is."""

    ticker: str


class Greeks(Struct):
    """The vendor's, per $1; empty when it has none."""

    delta: float = nan
    gamma: float = nan


class LastQuote(Struct):
    """Only with a plan that has quotes."""

    bid: Price = nan
    ask: Price = nan
    bid_size: Size = nan
    ask_size: Size = nan
    bid_exchange: Code = nan
    ask_exchange: Code = nan
    last_updated: Ns = nan
    timeframe: str = ""


class LastTrade(Struct):
    """Only with a plan that has trades."""

    price: Paid
    size: Lot = 1.0
    exchange: Code = nan
    sip_timestamp: Ns = nan
    timeframe: str = ""


class UnderlyingAsset(Struct):
    """A stock has a price, an index a value."""

    price: Paid = nan
    value: Paid = nan
    last_updated: Ns = nan
    timeframe: str = ""


class ChainRow(Struct):
    """One contract of a snapshot."""

    details: Details
    day: DayStats = field(default_factory=DayStats)
    greeks: Greeks = field(default_factory=Greeks)
    implied_volatility: float = nan
    open_interest: Size = nan
    last_quote: LastQuote | None = None
    last_trade: LastTrade | None = None
    fmv: Price = nan
    underlying_asset: UnderlyingAsset = field(default_factory=UnderlyingAsset)

    @property
    def timeframes(self) -> tuple[str, ...]:
        """Return how old its parts say they are."""
        parts = (self.last_quote, self.last_trade, self.underlying_asset)
        return tuple(part.timeframe for part in parts if part is not None)


@dataclass(frozen=True, slots=True)
class DayVolume:
    """A contract's day so far; `last_price` in price units, MISSING without one.

    updated_ns : when the volume was last renewed, None when the provider does not say; before the first
                 trade of a day it may be the day before's
    """

    cid: int
    day_volume: int
    last_price: int
    last_ns: int | None
    updated_ns: int | None


@dataclass(frozen=True, slots=True)
class ChainSnapshot:
    """What a page of a snapshot says, or all of its pages.

    events  : the underlying's price first, then contract by contract
    listed  : the contracts it names
    traded  : of the contracts whose day volume is known
    delayed : whether anything in it is, None when nothing says so
    as_of_ns: the newest time that the provider gives in it, ns UTC; ours when it gives none
    """

    events: Events
    listed: tuple[int, ...]
    traded: tuple[DayVolume, ...]
    delayed: bool | None
    as_of_ns: int


Record = tuple[int, int, int, int, int, int, int, int, int, int]


def read_chain(page: Page, contracts: ContractTable, pages: Pages, received_ns: int) -> ChainSnapshot:
    """Read a page; contracts that are new are added to the table.

    received_ns : ns UTC, the time of everything to which the provider gives none
    """
    rows = pages.rows(page.rows, ChainRow, "chain")
    records: list[Record] = []
    listed, traded = [], []
    for row in rows:
        contract = pages.contract(row.details.ticker)
        if contract is not None:
            cid = contracts.add(contract)
            listed.append(cid)
            records += _records(row, cid, received_ns)
            traded += _traded(row, cid)
    spot = list(_spot(rows, received_ns))
    flags = [_DELAYED[each] for row in rows for each in row.timeframes if each in _DELAYED]
    delayed = any(flags) if flags else page.delayed
    events = np.array(spot + records, EVENT)
    return ChainSnapshot(events, tuple(listed), tuple(traded), delayed, as_of(events, received_ns))


def as_of(events: Events, otherwise_ns: int) -> int:
    """Return the newest time that the provider gave, ns UTC."""
    timed = events["ts"][events["flags"] & FLAG_RECEIVED == 0]
    return int(timed.max()) if len(timed) else otherwise_ns


def _spot(rows: list[ChainRow], received_ns: int) -> Iterator[Record]:
    """Yield the underlying's price once: every row repeats it."""
    for row in rows:
        asset = row.underlying_asset
        price = asset.value if isnan(asset.price) else asset.price
        if not isnan(price):
            ts, flags = _time(asset.last_updated, received_ns)
            yield (ts, UNDERLYING, to_price(price), MISSING, 0, 0, 0, 0, SPOT, flags)
            return


def _records(row: ChainRow, cid: int, received_ns: int) -> Iterator[Record]:
    if not isnan(row.open_interest):
        ts, flags = _time(nan, received_ns)
        yield (ts, cid, MISSING, MISSING, int(row.open_interest), 0, 0, 0, OI, flags)
    if row.last_quote is not None:
        yield _quote(row.last_quote, cid, received_ns)
    if not isnan(row.day.volume):
        ts, flags = _time(row.day.last_updated, received_ns)
        close, vwap = to_price(row.day.close), to_price(row.day.vwap)
        yield (ts, cid, close, vwap, MISSING, int(row.day.volume), 0, 0, BAR, flags)
    if not isnan(row.fmv):
        ts, flags = _time(nan, received_ns)
        yield (ts, cid, to_price(row.fmv), MISSING, 0, 0, 0, 0, FMV, flags)
    yield from _vendor(row, cid, received_ns)


def _quote(quote: LastQuote, cid: int, received_ns: int) -> Record:
    asked = quote.ask > 0
    bid = to_price(quote.bid) if quote.bid > 0 or asked else MISSING
    ask = to_price(quote.ask) if asked else MISSING
    sizes = (0 if bid == MISSING else _count(quote.bid_size), _count(quote.ask_size) if asked else 0)
    exchanges = (_count(quote.ask_exchange), _count(quote.bid_exchange))
    ts, flags = _time(quote.last_updated, received_ns)
    return (ts, cid, bid, ask, *sizes, *exchanges, QUOTE, flags)


def _vendor(row: ChainRow, cid: int, received_ns: int) -> Iterator[Record]:
    numbers = (row.implied_volatility, row.greeks.gamma, row.greeks.delta)
    if all(isnan(each) for each in numbers):
        return
    scales = (IV_SCALE, GAMMA_SCALE, DELTA_SCALE)
    scaled = [_scaled(each, scale) for each, scale in zip(numbers, scales, strict=True)]
    ts, flags = _time(nan, received_ns)
    yield (ts, cid, scaled[0], scaled[1], scaled[2], 0, 0, 0, VENDOR, flags)


def _scaled(value: float, scale: int) -> int:
    """Return a number in VENDOR's units, MISSING when there is none or it does not fit."""
    return round(value * scale) if abs(value * scale) <= MOST_INT4 else MISSING


def _traded(row: ChainRow, cid: int) -> list[DayVolume]:
    if isnan(row.day.volume):
        return []
    last = row.last_trade
    price = to_price(row.day.close if last is None else last.price)
    stamp = nan if last is None else last.sip_timestamp
    return [DayVolume(cid, int(row.day.volume), price, _ns(stamp), _ns(row.day.last_updated))]


def _ns(stamp: float) -> int | None:
    return None if isnan(stamp) else int(stamp)


def _time(stamp_ns: float, received_ns: int) -> tuple[int, int]:
    """Return the provider's time, else ours and the flag that says so."""
    return (received_ns, FLAG_RECEIVED) if isnan(stamp_ns) else (int(stamp_ns), 0)


def _count(value: float) -> int:
    return 0 if isnan(value) else int(value)
