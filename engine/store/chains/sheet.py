"""What one file, or one page of one, says; the shape every layout is read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan
from typing import NamedTuple

from ...model.contracts import Contract


class Row(NamedTuple):
    """One contract; numbers are nan where unknown.

    bid, ask : $
    volume, oi : contracts
    iv       : volatility per year as written, which may be in percent, or no volatility at all
    shares   : per contract
    quote_ns : when the quote was made, ns UTC, 0 when it does not say
    underlying : its symbol if the file names it, else ''
    """

    contract: Contract
    bid: float = nan
    ask: float = nan
    volume: float = nan
    oi: float = nan
    iv: float = nan
    shares: float = nan
    quote_ns: int = 0
    underlying: str = ""


@dataclass(slots=True)
class Sheet:
    """Rows, and what stands above them.

    spot   : $, nan when it does not say
    spot_bid, spot_ask : the underlying's own quote, likewise
    at_ns  : when it was made, ns UTC, None when it does not say
    unread : rows that could not be understood
    bad    : what was wrong with the first of them, '' when nobody looked
    more   : whether it names a page that follows
    delayed : whether the provider says so of its quotes
    has    : of bid, ask, volume, oi and iv, the columns that are there
    notes  : one sentence each
    """

    rows: list[Row] = field(default_factory=list)
    spot: float = nan
    spot_bid: float = nan
    spot_ask: float = nan
    at_ns: int | None = None
    unread: int = 0
    bad: str = ""
    more: bool = False
    delayed: bool = False
    has: frozenset[str] = frozenset(("bid", "ask", "volume", "oi", "iv"))
    notes: tuple[str, ...] = ()
