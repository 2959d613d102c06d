"""Who is in an import: symbols, contracts, days, and the tapes they make.

Owns the numbers given to tickers and to tapes (one symbol on one day), and the trading hours of days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...model.calendar import ET, is_session, session
from ...model.contracts import ContractTable, parse_occ
from ...model.errors import UsageError
from ...model.events import NS, UNDERLYING
from ...model.holidays import FIRST_DAY, LAST_DAY
from ...model.underlyings import (
    Underlying,
    adjusted_from,
    parse_symbol,
    root_of,
    symbol_of_root,
    underlying_of_root,
)

MARGIN_NS = 3600 * NS
"""How long before the open and after the close a tape may reach; the rest is no regular session."""

OTHER, UNREADABLE, ADJUSTED = -1, -2, -3
"""Symbol numbers of a ticker nobody asked for, of one that is none, and of an adjusted contract's."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Every calendar day of the trading table; (n,) and (n + 1,) for midnights, ns UTC.

    A day without a session has from_ns = to_ns = 0.
    """

    midnight_ns: Ints
    from_ns: Ints
    to_ns: Ints

    def find(self, ts: Ints) -> Ints:
        """Return each instant's day as an index, -1 before and n after the table."""
        return np.searchsorted(self.midnight_ns, ts, "right") - 1


@cache
def days() -> Days:
    """Return the hours of all days, built once per process."""
    every = [day_at(i) for i in range((LAST_DAY - FIRST_DAY).days + 2)]
    midnights = [int(datetime.combine(day, time(), ET).timestamp()) * NS for day in every]
    hours = [session(day) if is_session(day) else None for day in every[:-1]]
    return Days(
        np.array(midnights, np.int64),
        np.array([each.open_ns - MARGIN_NS if each else 0 for each in hours], np.int64),
        np.array([each.close_ns + MARGIN_NS if each else 0 for each in hours], np.int64),
    )


def day_at(index: int) -> date:
    """Return the calendar day of an index of `days()`."""
    return FIRST_DAY + timedelta(days=index)


def day_index(day: date) -> int:
    """Return a day's index in `days()`; may lie outside."""
    return (day - FIRST_DAY).days


@dataclass(frozen=True, slots=True, eq=False)
class TickerColumns:
    """What some tickers are, (n,) each; `expiry` as an index of `days()`, far away for an underlying."""

    names: list[str]
    symbol: Ints
    cid: Ints
    expiry: Ints


_NEVER = 1 << 40


class ContractNumbers:
    """Numbers tickers and tapes as they are met; `symbol` and `day` leave out all others."""

    def __init__(self, symbol: str | None, day: date | None, customs: Mapping[str, Underlying]) -> None:
        self.only_symbol = symbol
        self._only_root = None if symbol is None else root_of(symbol)
        self.only_day = None if day is None else day_index(day)
        self.contracts = ContractTable()
        self.met: set[str] = set()
        self.tapes: list[tuple[str, int]] = []
        self.cids: list[set[int]] = []
        self._customs = customs
        self._symbols: list[str] = []
        self._symbol_ids: dict[str, int] = {}
        self._tape_ids: dict[tuple[int, int], int] = {}
        self._known: dict[str, tuple[int, int, int]] = {}

    def tickers(self, names: list[str]) -> TickerColumns:
        """Return what each ticker is; (n,)."""
        found = np.array([self._ticker(name) for name in names], np.int64).reshape(len(names), 3)
        return TickerColumns(names, found[:, 0], found[:, 1], found[:, 2])

    def tapes_of(self, symbol: Ints, day: Ints, cid: Ints) -> Ints:
        """Return the tape of each row, new ones where needed, and remember their contracts."""
        keys = (symbol << 48) | (day << 32) | cid
        unique, inverse = np.unique(keys, return_inverse=True)
        tape = np.array([self._enter(int(key)) for key in unique], np.int64)
        return tape[inverse]

    def find_tape(self, symbol: str, day: int) -> int | None:
        """Return the tape of a symbol and day, None when nothing of it was met."""
        return self._tape_ids.get((self._symbol_ids.get(root_of(symbol), -1), day))

    def symbol_name(self, symbol: int) -> str:
        """Return a symbol by its number."""
        return self._symbols[symbol]

    def _enter(self, key: int) -> int:
        symbol, day, cid = key >> 48, key >> 32 & 0xFFFF, key & 0xFFFF_FFFF
        tape = self._tape_ids.get((symbol, day))
        if tape is None:
            tape = self._tape_ids[symbol, day] = len(self.tapes)
            self.tapes.append((self._symbols[symbol], day))
            self.cids.append(set())
        if cid != UNDERLYING:
            self.cids[tape].add(cid)
        return tape

    def _ticker(self, name: str) -> tuple[int, int, int]:
        known = self._known.get(name)
        if known is None:
            known = self._read(name)
            if known[0] not in (OTHER, ADJUSTED):
                self._known[name] = known
        return known

    def _read(self, name: str) -> tuple[int, int, int]:
        try:
            contract = parse_occ(name) if name.startswith("O:") else None
            symbol = parse_symbol(name) if contract is None else symbol_of_root(contract.root, self._customs)
        except UsageError:
            return UNREADABLE, 0, _NEVER
        if symbol is None:
            assert contract is not None, "only a root may belong to nobody"
            return self._adjusted(contract.root), 0, _NEVER
        if contract is None:
            owner = underlying_of_root(symbol, self._customs)
            symbol = owner.symbol if owner else symbol
        self.met.add(symbol)
        if self._only_root not in (None, root_of(symbol)):
            return OTHER, 0, _NEVER
        number = self._number(symbol)
        if contract is None:
            return number, UNDERLYING, _NEVER
        return number, self.contracts.add(contract), day_index(contract.expiry)

    def _adjusted(self, root: str) -> int:
        before = adjusted_from(root)
        owner = symbol_of_root(before, self._customs) or before
        return ADJUSTED if self._only_root in (None, root_of(owner)) else OTHER

    def _number(self, symbol: str) -> int:
        """Return a symbol's number; a root without a dot and the symbol with one are the same."""
        root = root_of(symbol)
        number = self._symbol_ids.setdefault(root, len(self._symbols))
        if number == len(self._symbols):
            self._symbols.append(self.only_symbol or symbol)
        elif symbol != root and self._symbols[number] == root:
            self._symbols[number] = symbol
            self.tapes = [(symbol if name == root else name, day) for name, day in self.tapes]
        return number
