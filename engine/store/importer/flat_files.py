"""Typed columns of flat files as rows on their way to a tape.

Owns what the columns of quotes, trades, minute bars and open interest mean, and which values cannot be.

Missing and zero: an ask of 0 or nothing is MISSING; a bid of 0 beside an ask is a real bid of zero, without
one it is MISSING. A trade whose `correction` says that it was later corrected, cancelled or marked
erroneous (1, 7, 8, 10, 11) is left out and counted; the corrected version (12) stands. Cancels that come as
condition codes stay on the tape as trades, the fold subtracts them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...fold.conditions import UNPRICED_STOCK, deciding
from ...model.events import (
    FLAG_MINUTE,
    MISSING,
    NS,
    OI,
    PREV_CLOSE,
    PRICE_SCALE,
    QUOTE,
    SPOT,
    TRADE,
    UNDERLYING,
)
from .contract_numbers import ADJUSTED, MARGIN_NS, OTHER, UNREADABLE, ContractNumbers, day_at, days
from .rows import BadRows, Mask, ParsedRows
from .spill import ROW
from .spill import Rows as TapeRows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MINUTE_NS = 60 * NS
_MOST_INT4 = 2**31 - 1
_MOST_INT2 = 2**15 - 1
_MOST_PRICE = _MOST_INT4 // PRICE_SCALE
_STANDS, _STRUCK = (0, 12), (1, 7, 8, 10, 11)


class Sieve:
    """Decides row by row of one piece of a file; the first fault of a row is the one reported."""

    def __init__(self, path: Path, lines: Ints, bad: BadRows) -> None:
        self.good: Mask = np.ones(len(lines), bool)
        self._path, self._lines, self._bad = path, lines, bad

    def reject(self, fault: Mask, reason: Callable[[int], str]) -> None:
        """Report rows as bad; `reason` gets a row's index."""
        hit = np.flatnonzero(fault & self.good)
        if len(hit):
            self._bad.add_many(self._path, self._lines[hit], lambda i: reason(int(hit[i])))
            self.good[hit] = False

    def leave_out(self, others: Mask) -> int:
        """Leave rows out that are in order but not wanted; return how many."""
        count = int((others & self.good).sum())
        self.good &= ~others
        return count


class RowBuilder:
    """Turns columns into rows; counts in `left_out` what was in order and still is not on a tape."""

    def __init__(self, numbers: ContractNumbers, bad: BadRows) -> None:
        self.left_out: Counter[str] = Counter()
        self._numbers, self._bad = numbers, bad

    def quotes(self, path: Path, file: int, rows: ParsedRows) -> TapeRows:
        """Return quotes as QUOTE rows; columns of `layouts.QUOTES`."""
        table, sieve = rows.table, Sieve(path, rows.lines, self._bad)
        ts = whole(table, "sip_timestamp")
        keys = self._find_keys(table, sieve, ts, "sip_timestamp")
        sieve.reject(
            keys.cid == UNDERLYING, lambda _: "is a quote of a stock; its price is read from trades or bars"
        )
        out = keys.rows(QUOTE, file, ts)
        out["p1"], out["p2"] = _bids_and_asks(table, sieve)
        for field, name, most in _QUOTE_FIELDS:
            out[field] = _count(table, name, most, sieve)
        out["s1"][out["p1"] == MISSING] = 0
        out["s2"][out["p2"] == MISSING] = 0
        out["seq"] = whole(table, "sequence_number")
        return self._assign_tapes(out, keys, sieve)

    def trades(self, path: Path, file: int, rows: ParsedRows) -> TapeRows:
        """Return option trades as TRADE rows and stock trades as SPOT rows; columns of `layouts.TRADES`."""
        table, sieve = rows.table, Sieve(path, rows.lines, self._bad)
        ts = whole(table, "sip_timestamp")
        keys = self._find_keys(table, sieve, ts, "sip_timestamp")
        self._leave_out_corrected(table, sieve)
        out = keys.rows(TRADE, file, ts)
        out["p1"] = _trade_prices(table, "price", sieve)
        out["exch"] = _count(table, "exchange", _MOST_INT2, sieve)
        out["seq"] = whole(table, "sequence_number")
        stock = keys.cid == UNDERLYING
        codes, prices_stock = _conditions(table, sieve)
        self.left_out["unpriced"] += sieve.leave_out(stock & ~prices_stock)
        out["cond"] = np.where(stock, 0, codes)
        out["s1"] = _size(table, sieve, stock)
        out["kind"][stock] = SPOT
        return self._assign_tapes(out, keys, sieve)

    def bars(self, path: Path, file: int, rows: ParsedRows) -> TapeRows:
        """Return minute bars of an underlying as SPOT rows at the end of the minute.

        A row that also says how the session before closed gives a PREV_CLOSE at the open as well.
        """
        table, sieve = rows.table, Sieve(path, rows.lines, self._bad)
        # The close of a minute is known when the minute is over, not when it begins.
        ts = whole(table, "window_start") + _MINUTE_NS
        keys = self._find_keys(table, sieve, ts, "window_start")
        sieve.reject(keys.cid != UNDERLYING, lambda _: "is a minute bar of an option, which is no trade")
        out = keys.rows(SPOT, file, ts)
        out["p1"] = _trade_prices(table, "close", sieve)
        out["flags"] = FLAG_MINUTE
        before = number(table, "previous_close")
        _reject_unpriceable(sieve, "previous_close", before)
        entered = self._assign_tapes(out, keys, sieve)
        return np.concatenate([_previous(before[sieve.good], entered), entered])

    def open_interest(self, path: Path, file: int, rows: ParsedRows, day: int, ts_ns: int) -> TapeRows:
        """Return one day's open interest as OI rows at `ts_ns`; contracts without a tape are left out."""
        table, sieve = rows.table, Sieve(path, rows.lines, self._bad)
        ts = np.full(table.num_rows, ts_ns, np.int64)
        keys = self._find_keys(table, sieve, ts, "day")
        sieve.reject(keys.cid == UNDERLYING, lambda _: "is not an option and has no open interest")
        out = keys.rows(OI, file, ts)
        unknown = np.isnan(number(table, "open_interest"))
        self.left_out["unknown open interest"] += sieve.leave_out(unknown)
        out["s1"] = _count(table, "open_interest", _MOST_INT4, sieve)
        names = {s: self._numbers.symbol_name(int(s)) for s in np.unique(keys.symbol[sieve.good])}
        known = [s for s, name in names.items() if self._numbers.find_tape(name, day) is not None]
        self.left_out["open interest without a tape"] += sieve.leave_out(~np.isin(keys.symbol, known))
        return self._assign_tapes(out, keys, sieve)

    def _find_keys(self, table: pa.Table, sieve: Sieve, ts: Ints, what: str) -> _RowKeys:
        """Find contract, symbol and day of each row, and let go of those that have none or are unwanted."""
        column = table.column("ticker").combine_chunks()
        names, index = column.dictionary.to_pylist(), column.indices.to_numpy()
        tickers = self._numbers.tickers(names)
        symbol, cid, expiry = tickers.symbol[index], tickers.cid[index], tickers.expiry[index]
        sieve.reject(
            symbol == UNREADABLE, lambda i: f"ticker {names[index[i]][:40]!r} is no contract and no symbol"
        )
        self.left_out["other symbols"] += sieve.leave_out(symbol == OTHER)
        self.left_out["adjusted"] += sieve.leave_out(symbol == ADJUSTED)
        day = self._find_days(sieve, ts, what)
        sieve.reject(expiry < day, lambda i: f"{names[index[i]]} had expired by {day_at(int(day[i]))}")
        return _RowKeys(symbol, cid, day)

    def _find_days(self, sieve: Sieve, ts: Ints, what: str) -> Ints:
        hours = days()
        day = hours.find(ts)
        outside = (day < 0) | (day >= len(hours.from_ns))
        sieve.reject(outside, lambda i: f"{what} {ts[i]} is no time in ns from 2015 to 2027")
        day = np.where(outside, 0, day)
        if self._numbers.only_day is not None:
            self.left_out["other days"] += sieve.leave_out(day != self._numbers.only_day)
        sieve.reject(hours.to_ns[day] == 0, lambda i: f"{day_at(int(day[i]))} is not a trading day")
        outside = (ts < hours.from_ns[day]) | (ts > hours.to_ns[day])
        self.left_out["outside the session"] += sieve.leave_out(outside)
        return day

    def _leave_out_corrected(self, table: pa.Table, sieve: Sieve) -> None:
        correction = np.nan_to_num(number(table, "correction"), nan=0.0)
        struck = np.isin(correction, _STRUCK)
        self.left_out["struck"] += sieve.leave_out(struck)
        sieve.reject(
            ~np.isin(correction, _STANDS), lambda i: f"correction {correction[i]:g} is no known code"
        )

    def _assign_tapes(self, out: TapeRows, keys: _RowKeys, sieve: Sieve) -> TapeRows:
        keep = sieve.good
        out = out[keep]
        out["tape"] = self._numbers.tapes_of(keys.symbol[keep], keys.day[keep], keys.cid[keep])
        return out


class _RowKeys:
    """Symbol, contract and day of each row, (n,); rows that were let go hold anything."""

    def __init__(self, symbol: Ints, cid: Ints, day: Ints) -> None:
        self.symbol, self.cid, self.day = symbol, cid, day

    def rows(self, kind: int, file: int, ts: Ints) -> TapeRows:
        out = np.zeros(len(ts), ROW)
        out["p1"] = out["p2"] = MISSING
        out["kind"], out["file"], out["ts"], out["cid"] = kind, file, ts, self.cid
        return out


_QUOTE_FIELDS = (
    ("s1", "bid_size", _MOST_INT4),
    ("s2", "ask_size", _MOST_INT4),
    ("exch", "bid_exchange", _MOST_INT2),
    ("cond", "ask_exchange", _MOST_INT2),
)


def _previous(close: Floats, rows: TapeRows) -> TapeRows:
    """Return the previous closes, $, that some rows have, as rows at the open of their day."""
    known = close > 0
    out = rows[known]
    out["kind"], out["flags"], out["p1"] = PREV_CLOSE, 0, _units(close[known])
    hours = days()
    out["ts"] = hours.from_ns[hours.find(out["ts"])] + MARGIN_NS
    return out


def number(table: pa.Table, name: str) -> Floats:
    """Return a column as (n,) float64; nan for an empty field, all nan when the file lacks the column."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    values: Floats = table.column(name).to_numpy()
    return values


def whole(table: pa.Table, name: str) -> Ints:
    """Return a column as (n,) int64; 0 for an empty field, all 0 when the file lacks the column."""
    if name not in table.column_names:
        return np.zeros(table.num_rows, np.int64)
    column = table.column(name)
    values: Ints = (column.fill_null(0) if column.null_count else column).to_numpy()
    return values


def _units(dollars: Floats) -> Ints:
    """Round dollars to price units, half up; what has no such price becomes MISSING."""
    fits = (dollars >= 0) & (dollars <= _MOST_PRICE)
    units = np.floor(np.where(fits, dollars, 0.0) * PRICE_SCALE + 0.5).astype(np.int64)
    return np.where(fits, units, MISSING)


def _bids_and_asks(table: pa.Table, sieve: Sieve) -> tuple[Ints, Ints]:
    """Return bids and asks in price units, MISSING as the module says."""
    bid, ask = number(table, "bid_price"), number(table, "ask_price")
    _reject_unpriceable(sieve, "bid_price", bid)
    _reject_unpriceable(sieve, "ask_price", ask)
    offered = ask > 0
    return np.where((bid > 0) | offered, _units(bid), MISSING), np.where(offered, _units(ask), MISSING)


def _reject_unpriceable(sieve: Sieve, name: str, price: Floats) -> None:
    sieve.reject((price < 0) | (price > _MOST_PRICE), lambda i: f"{name} {price[i]:g} cannot be a price")


def _trade_prices(table: pa.Table, name: str, sieve: Sieve) -> Ints:
    price = number(table, name)
    sieve.reject(np.isnan(price), lambda _: f"{name} is missing")
    sieve.reject((price <= 0) | (price > _MOST_PRICE), lambda i: f"{name} {price[i]:g} cannot be a price")
    return _units(price)


def _count(table: pa.Table, name: str, most: int, sieve: Sieve) -> Ints:
    """Return a column of counts or ids; 0 for an empty field."""
    values = np.nan_to_num(number(table, name), nan=0.0)
    wrong = ~((values >= 0) & (values <= most) & (values == np.floor(values)))
    sieve.reject(wrong, lambda i: f"{name} {values[i]:g} is not a whole number from 0 to {most}")
    return np.where(wrong, 0, values).astype(np.int64)


def _size(table: pa.Table, sieve: Sieve, stock: Mask) -> Ints:
    """Return contracts traded; stock trades come in fractions and only their price is wanted."""
    values = np.where(stock, 1.0, number(table, "size"))
    wrong = ~((values >= 1) & (values <= _MOST_INT4) & (values == np.floor(values)))
    sieve.reject(wrong, lambda i: f"size {values[i]:g} is not a whole number of contracts")
    return np.where(wrong | stock, 0, values).astype(np.int64)


def _conditions(table: pa.Table, sieve: Sieve) -> tuple[Ints, Mask]:
    """Return the weightiest code of each trade, and whether a stock trade with these sets the last price."""
    if "conditions" not in table.column_names:
        return np.zeros(table.num_rows, np.int64), np.ones(table.num_rows, bool)
    column = table.column("conditions").combine_chunks()
    texts, index = column.dictionary.to_pylist(), column.indices.to_numpy()
    lists = [_codes(text) for text in texts]
    wrong = np.array([codes is None for codes in lists], bool)[index]
    sieve.reject(wrong, lambda i: f"conditions {texts[index[i]][:40]!r} are no list of codes")
    weightiest = np.array([deciding(codes or ()) for codes in lists], np.int64)
    prices_stock = np.array([UNPRICED_STOCK.isdisjoint(codes or ()) for codes in lists], bool)
    return weightiest[index], prices_stock[index]


_CODES = re.compile(r"[\[({ ]*(?:\d{1,5}[,;| ]*)*[\])} ]*")


def _codes(text: str) -> list[int] | None:
    """Read '', '209', '209,219' or '[209, 219]'; None for anything else."""
    if not _CODES.fullmatch(text):
        return None
    codes = [int(code) for code in re.findall(r"\d+", text)]
    return codes if all(code <= _MOST_INT2 for code in codes) else None
