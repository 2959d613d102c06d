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
    iv       : volatility per year as written, which may be in percent
    shares   : per contract
    quote_ns : when the quote was made, ns UTC, 0 when it does not say
    underlying : its symbol if the file names it, else ''
    """

    contract: Contract
    bid: float
    ask: float
    volume: float
    oi: float
    iv: float
    shares: float = nan
    quote_ns: int = 0
    underlying: str = ""


@dataclass(slots=True)
class Sheet:
    """Rows, and what stands above them.

    spot   : $, nan when it does not say
    at_ns  : when it was made, ns UTC, None when it does not say
    unread : rows that could not be understood
    more   : whether it names a page that follows
    delayed : whether the provider says so of its quotes
    """

    rows: list[Row] = field(default_factory=list)
    spot: float = nan
    at_ns: int | None = None
    unread: int = 0
    more: bool = False
    delayed: bool = False
