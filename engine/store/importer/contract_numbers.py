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

from ...model.calendar import ET, Underlying, generic, is_session, session, underlying_of_root
from ...model.contracts import Contract, ContractTable, parse_occ
from ...model.errors import UsageError
from ...model.events import NS, UNDERLYING
from ...model.holidays import FIRST_DAY, LAST_DAY

MARGIN_NS = 3600 * NS
"""How long before the open and after the close a tape may reach; the rest is no regular session."""

OTHER, UNREADABLE = -1, -2
"""Symbol numbers of a ticker nobody asked for, and of one that is none."""

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
        return self._tape_ids.get((self._symbol_ids.get(symbol, -1), day))

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
            if known[0] != OTHER:
                self._known[name] = known
        return known

    def _read(self, name: str) -> tuple[int, int, int]:
        try:
            contract = parse_occ(name) if name.startswith("O:") else None
            symbol = self._symbol_of(name, contract)
        except UsageError:
            return UNREADABLE, 0, _NEVER
        self.met.add(symbol)
        if self.only_symbol not in (None, symbol):
            return OTHER, 0, _NEVER
        number = self._symbol_ids.setdefault(symbol, len(self._symbols))
        if number == len(self._symbols):
            self._symbols.append(symbol)
        if contract is None:
            return number, UNDERLYING, _NEVER
        return number, self.contracts.add(contract), day_index(contract.expiry)

    def _symbol_of(self, name: str, contract: Contract | None) -> str:
        root = name.removeprefix("I:") if contract is None else contract.root
        owner = underlying_of_root(root, self._customs)
        return owner.symbol if owner else generic(root, 1).symbol
