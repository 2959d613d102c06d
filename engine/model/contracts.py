"""Option contracts, their spellings at each provider, and the table that numbers them.

Owns `Contract`, exact conversion between OCC, OSI, dxFeed and TradeStation names, and `ContractTable`.
Strikes are integers of 1/1000 $ throughout: no spelling passes through a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from .errors import UsageError
from .underlyings import to_milli

MAX_STRIKE_MILLI = 99_999_999
"""The highest strike that the eight digits of an OCC name can carry, 1/1000 $."""


@dataclass(frozen=True, slots=True, order=True)
class Contract:
    """One listed option.

    root        : 1 to 6 capital letters or digits
    right       : 'C' or 'P'
    strike_milli: 1/1000 $, from 1 to MAX_STRIKE_MILLI
    """

    root: str
    expiry: date
    right: str
    strike_milli: int

    @property
    def occ(self) -> str:
        """Return the OCC name as Massive writes it, `O:SPY251216C00685000`."""
        return f"O:{self.root}{self.expiry:%y%m%d}{self.right}{self.strike_milli:08d}"

    @property
    def osi(self) -> str:
        """Return the 21-character OSI name, root padded to 6."""
        return f"{self.root:<6}{self.expiry:%y%m%d}{self.right}{self.strike_milli:08d}"

    @property
    def dxfeed(self) -> str:
        """Return the dxFeed name, `.SPY251216C685`."""
        return f".{self.root}{self.expiry:%y%m%d}{self.right}{self.strike_text}"

    @property
    def tradestation(self) -> str:
        """Return the TradeStation name, `SPY 251216C685`."""
        return f"{self.root} {self.expiry:%y%m%d}{self.right}{self.strike_text}"

    @property
    def short(self) -> str:
        """Return strike and right, `685C`."""
        return f"{self.strike_text}{self.right}"

    @property
    def strike(self) -> float:
        """Return the strike in dollars."""
        return self.strike_milli / 1000

    @property
    def strike_text(self) -> str:
        """Return the strike as the shortest exact decimal."""
        dollars, milli = divmod(self.strike_milli, 1000)
        return f"{dollars}.{milli:03d}".rstrip("0") if milli else str(dollars)


_OCC = re.compile(r"(?:O:)?([A-Z0-9]{1,6}) *([0-9]{6})([CP])([0-9]{8})")
_DXFEED = re.compile(r"\.([A-Z0-9]{1,6})([0-9]{6})([CP])([0-9.]+)")
_TRADESTATION = re.compile(r"([A-Z0-9]{1,6}) ([0-9]{6})([CP])([0-9.]+)")


def parse_occ(text: str) -> Contract:
    """Read an OCC name, with or without `O:` and padding; UsageError for anything else."""
    match = _OCC.fullmatch(text)
    return _contract(text, match, int(match[4]) if match else None, "O:SPY251216C00685000")


def parse_dxfeed(text: str) -> Contract:
    """Read a dxFeed name; UsageError for anything else."""
    match = _DXFEED.fullmatch(text)
    return _contract(text, match, to_milli(match[4]) if match else None, ".SPY251216C685")


def parse_tradestation(text: str) -> Contract:
    """Read a TradeStation name; UsageError for anything else."""
    match = _TRADESTATION.fullmatch(text)
    return _contract(text, match, to_milli(match[4]) if match else None, "SPY 251216C685")


def _contract(text: str, match: re.Match[str] | None, strike_milli: int | None, example: str) -> Contract:
    expiry = _expiry(match[2]) if match else None
    if match is None or not strike_milli or expiry is None:
        raise UsageError(f"{text!r} is not the name of an option contract; write it like {example!r}.")
    return Contract(match[1], expiry, match[3], strike_milli)


def _expiry(yymmdd: str) -> date | None:
    try:
        return date.fromisoformat(f"20{yymmdd}")
    except ValueError:
        return None


class ContractTable:
    """The contracts of one tape, numbered 1, 2, 3, … in the order they were added; 0 is the underlying."""

    def __init__(self, contracts: Iterable[Contract] = ()) -> None:
        self._contracts: list[Contract] = []
        self._ids: dict[Contract, int] = {}
        self._by_occ: dict[str, int] = {}
        for contract in contracts:
            self.add(contract)

    def __len__(self) -> int:
        return len(self._contracts)

    def __iter__(self) -> Iterator[Contract]:
        return iter(self._contracts)

    def __getitem__(self, cid: int) -> Contract:
        if not 1 <= cid <= len(self._contracts):
            raise IndexError(f"no contract has id {cid}; ids go from 1 to {len(self._contracts)}")
        return self._contracts[cid - 1]

    def add(self, contract: Contract) -> int:
        """Add a contract unless it is known, and return its id."""
        cid = self._ids.get(contract)
        if cid is None:
            self._contracts.append(contract)
            cid = len(self._contracts)
            self._ids[contract] = cid
            self._by_occ[contract.occ] = cid
        return cid

    def add_occ(self, occ: str) -> int:
        """Add the contract of an OCC name unless it is known, and return its id; UsageError for nonsense."""
        cid = self.lookup(occ)
        return self.add(parse_occ(occ)) if cid is None else cid

    def id_of(self, contract: Contract) -> int | None:
        """Return the contract's id, None when it is not in the table."""
        return self._ids.get(contract)

    def lookup(self, occ: str) -> int | None:
        """Return the id of an OCC name, None when it is not in the table; one dict access for `O:…` names."""
        cid = self._by_occ.get(occ)
        if cid is None and not occ.startswith("O:"):
            cid = self._by_occ.get("O:" + occ.replace(" ", ""))
        return cid

    def expiries(self) -> tuple[date, ...]:
        """Return the expirations that occur, ascending."""
        return tuple(sorted({contract.expiry for contract in self._contracts}))

    def strikes(self, expiry: date) -> tuple[int, ...]:
        """Return the strikes of one expiration in 1/1000 $, ascending."""
        return tuple(sorted({each.strike_milli for each in self._contracts if each.expiry == expiry}))
