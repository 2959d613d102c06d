"""What a program is told of everything that is played: trades, quotes and signals, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ..fold.conditions import label
from ..fold.trade_side import METHOD_NAMES
from ..model.contracts import Contract
from ..model.events import QUOTE, TRADE
from ..views.view import FiredSignal
from .player import TickResult


@dataclass(frozen=True, slots=True)
class Trade:
    """One print; price units of 1/10000 $, side -1, 0 or 1, confidence 0-1."""

    symbol: str
    contract: Contract
    ts_ns: int
    price: int
    size: int
    side: int
    confidence: float
    rule: str
    condition: str


@dataclass(frozen=True, slots=True)
class Quote:
    """One quote; price units of 1/10000 $, MISSING where a side is not quoted."""

    symbol: str
    contract: Contract
    ts_ns: int
    bid: int
    ask: int
    bid_size: int
    ask_size: int


@dataclass(frozen=True, slots=True)
class Handlers:
    """Functions to call with each of what was played; without any, nothing is made for them."""

    trade: list[Callable[[Trade], None]] = field(default_factory=list)
    quote: list[Callable[[Quote], None]] = field(default_factory=list)
    signal: list[Callable[[FiredSignal], None]] = field(default_factory=list)

    def call(self, played: TickResult) -> None:
        """Call every handler with all that one tick has folded."""
        for fired in played.fired:
            for on_signal in self.signal:
                on_signal(fired)
        for trade in _trades(played) if self.trade else ():
            for on_trade in self.trade:
                on_trade(trade)
        for quote in _quotes(played) if self.quote else ():
            for on_quote in self.quote:
                on_quote(quote)


def _trades(played: TickResult) -> Iterator[Trade]:
    for events, sides in played.pieces:
        for i in np.flatnonzero(events["kind"] == TRADE):
            event, side = events[i], sides[i]
            yield Trade(
                symbol=played.symbol,
                contract=played.contracts[int(event["cid"])],
                ts_ns=int(event["ts"]),
                price=int(event["p1"]),
                size=int(event["s1"]),
                side=int(side["side"]),
                confidence=int(side["confidence"]) / 100,
                rule=METHOD_NAMES[int(side["method"])],
                condition=label(int(event["cond"])),
            )


def _quotes(played: TickResult) -> Iterator[Quote]:
    for events, _ in played.pieces:
        for event in events[events["kind"] == QUOTE]:
            yield Quote(
                symbol=played.symbol,
                contract=played.contracts[int(event["cid"])],
                ts_ns=int(event["ts"]),
                bid=int(event["p1"]),
                ask=int(event["p2"]),
                bid_size=int(event["s1"]),
                ask_size=int(event["s2"]),
            )
