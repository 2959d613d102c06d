"""Which tape, and which contract on it, each of Massive's tickers is.

One connection serves all underlyings, and each has a tape and a contract table of its own. Owns the table of
underlyings and the numbering of contracts that nobody listed beforehand, by order of first sight.

A place is a tape's number and a contract id in one integer, tape << 32 | cid.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....model.contracts import ContractTable, parse_occ
from ....model.errors import UsageError
from ....model.events import UNDERLYING
from ....model.underlyings import Underlying
from .notices import NewContract
from .ticker_index import NOWHERE, TickerIndex

_CID_BITS = 32
_ROOT_BEGINS, _ROOT_ENDS = 2, -15
"""`O:SPXW251216C06000000`: what stands behind the root always has 15 characters."""


class TickerTable:
    """The followed underlyings and their tickers.

    index : places of all tickers met so far, for compiled readers
    """

    def __init__(self) -> None:
        self.index = TickerIndex()
        self.symbols: list[str] = []
        self._tables: list[ContractTable] = []
        self._tape_of_root: dict[str, int] = {}
        self._new: list[NewContract] = []

    def add(self, underlying: Underlying, contracts: ContractTable) -> None:
        """Put an underlying's events on a tape of their own; new contracts are added to `contracts`."""
        tape = len(self.symbols)
        self.symbols.append(underlying.symbol)
        self._tables.append(contracts)
        self._tape_of_root |= dict.fromkeys(underlying.roots, tape)
        self.index.put(spot_ticker(underlying), _place(tape, UNDERLYING))
        for cid, contract in enumerate(contracts, 1):
            self.index.put(contract.occ, _place(tape, cid))

    def place(self, ticker: str) -> int:
        """Return a ticker's place, NOWHERE when its underlying is not followed or it names nothing."""
        place = self.index.get(ticker)
        if place != NOWHERE:
            return place
        tape = self._tape_of_root.get(ticker[_ROOT_BEGINS:_ROOT_ENDS])
        return NOWHERE if tape is None else self._meet(ticker, tape)

    def take_new(self) -> list[NewContract]:
        """Return the contracts met since the last call, in order."""
        new, self._new = self._new, []
        return new

    def _meet(self, ticker: str, tape: int) -> int:
        try:
            contract = parse_occ(ticker)
        except UsageError:
            return NOWHERE
        if contract.occ != ticker:
            return NOWHERE
        table = self._tables[tape]
        known, cid = len(table), table.add(contract)
        if cid > known:
            self._new.append(NewContract(self.symbols[tape], cid, contract))
        place = _place(tape, cid)
        self.index.put(ticker, place)
        return place


def spot_ticker(underlying: Underlying) -> str:
    """Return the ticker under which the underlying itself is traded or published."""
    return f"I:{underlying.symbol}" if underlying.index else underlying.symbol


def tape_of(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of the tape of each place."""
    return places >> _CID_BITS


def is_underlying(places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each place whether it is an underlying, not one of its contracts."""
    cids: NDArray[np.int64] = places & ((1 << _CID_BITS) - 1)
    there: NDArray[np.bool_] = cids == UNDERLYING
    return there


def _place(tape: int, cid: int) -> int:
    return tape << _CID_BITS | cid
