"""Massive's websocket messages by the book: which fields each has, and what it says.

Owns the message types of the three clusters, the ranges of their fields, and what each says;
`frame_reader` decodes.

Whole numbers are declared as floats, because the provider sends 12.0 for 12 now and then. A missing number
is nan here and MISSING, or 0 for a size or an exchange, in a row; a null counts as missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from ....fold.conditions import UNPRICED_STOCK, deciding
from ....model.events import BAR, FLAG_RECEIVED, FMV, MISSING, QUOTE, SPOT, TRADE, to_price
from .rows import (
    FIRST_MS,
    LAST_MS,
    MOST_EXACT,
    MOST_INT2,
    MOST_INT4,
    MOST_PRICE,
    NO_SEQUENCE,
    NS_PER_MS,
)

Price = Annotated[float, Meta(ge=0, le=MOST_PRICE)]
Paid = Annotated[float, Meta(gt=0, le=MOST_PRICE)]
Size = Annotated[float, Meta(ge=0, le=MOST_INT4, multiple_of=1)]
Lot = Annotated[float, Meta(ge=1, le=MOST_INT4, multiple_of=1)]
Code = Annotated[float, Meta(ge=0, le=MOST_INT2, multiple_of=1)]
Number = Annotated[float, Meta(ge=0, le=MOST_EXACT, multiple_of=1)]
Ms = Annotated[float, Meta(ge=FIRST_MS, le=LAST_MS, multiple_of=1)]
_NS_RANGE = Meta(ge=FIRST_MS * NS_PER_MS, le=LAST_MS * NS_PER_MS)
Ns = Annotated[int, _NS_RANGE] | Annotated[float, _NS_RANGE]
Ticker = Annotated[str, Meta(min_length=1)]

_NAN = math.nan


@dataclass(frozen=True, slots=True)
class MessageFields:
    """What a message says, in the units of EVENT; `ts` is None when the provider gave no time."""

    ticker: str
    ts: int | None
    kind: int
    p1: int = MISSING
    p2: int = MISSING
    s1: int = 0
    s2: int = 0
    cond: int = 0
    exch: int = 0
    q: int = NO_SEQUENCE

    def record(self, received_ns: int, cid: int) -> tuple[int, ...]:
        """Return the fields of an EVENT record."""
        ts, flags = (received_ns, FLAG_RECEIVED) if self.ts is None else (self.ts, 0)
        return (ts, cid, self.p1, self.p2, self.s1, self.s2, self.cond, self.exch, self.kind, flags)


class TradeMessage(Struct, tag_field="ev", tag="T", gc=False):
    """An option trade."""

    sym: Ticker
    p: Paid
    s: Lot
    x: Code = _NAN
    t: Ms = _NAN
    q: Number = _NAN
    c: tuple[Code, ...] = ()

    def reading(self) -> MessageFields:
        """Return what it says."""
        q = NO_SEQUENCE if math.isnan(self.q) else int(self.q)
        cond = deciding([int(code) for code in self.c])
        return MessageFields(
            self.sym,
            _ms(self.t),
            TRADE,
            to_price(self.p),
            s1=int(self.s),
            cond=cond,
            exch=_count(self.x),
            q=q,
        )


class QuoteMessage(Struct, tag_field="ev", tag="Q", gc=False):
    """A best bid and ask of an option.

    An ask of 0 is none; so is a bid of 0 without an ask, while beside one it is a real bid of zero.
    """

    sym: Ticker
    bx: Code = _NAN
    ax: Code = _NAN
    bp: Price = _NAN
    ap: Price = _NAN
    bs: Size = _NAN
    ask_size: Size = msgspec.field(name="as", default=_NAN)
    t: Ms = _NAN

    def reading(self) -> MessageFields:
        """Return what it says."""
        asked = self.ap > 0
        bid = to_price(self.bp) if self.bp > 0 or asked else MISSING
        return MessageFields(
            self.sym,
            _ms(self.t),
            QUOTE,
            bid,
            to_price(self.ap) if asked else MISSING,
            0 if bid == MISSING else _count(self.bs),
            _count(self.ask_size) if asked else 0,
            cond=_count(self.ax),
            exch=_count(self.bx),
        )


class SecondBar(Struct, tag_field="ev", tag="A", gc=False):
    """What was traded in an option in one second; its time is the window's end."""

    sym: Ticker
    c: Paid
    vw: Price = _NAN
    v: Size = _NAN
    av: Size = _NAN
    e: Ms = _NAN

    def reading(self) -> MessageFields:
        """Return what it says."""
        volumes = [MISSING if math.isnan(each) else int(each) for each in (self.v, self.av)]
        return MessageFields(self.sym, _ms(self.e), BAR, to_price(self.c), to_price(self.vw), *volumes)


class MinuteBar(SecondBar, tag="AM", gc=False):
    """The same for one minute."""


class FairValue(Struct, tag_field="ev", tag="FMV", gc=False):
    """The provider's fair market value of an option; its time is in ns."""

    sym: Ticker
    fmv: Price
    t: Ns = _NAN

    def reading(self) -> MessageFields:
        """Return what it says."""
        ts = None if self.t != self.t else int(self.t)
        return MessageFields(self.sym, ts, FMV, to_price(self.fmv))


class StockTrade(Struct, tag_field="ev", tag="T", gc=False):
    """A trade of an underlying; its size may be a fraction and is not wanted."""

    sym: Ticker
    p: Paid
    t: Ms = _NAN
    c: tuple[Code, ...] = ()

    def reading(self) -> MessageFields | None:
        """Return the price, None when the trade does not set one."""
        if not UNPRICED_STOCK.isdisjoint(self.c):
            return None
        return MessageFields(self.sym, _ms(self.t), SPOT, to_price(self.p))


class StockQuote(Struct, tag_field="ev", tag="Q", gc=False):
    """A best bid and ask of an underlying."""

    sym: Ticker
    bp: Price = _NAN
    ap: Price = _NAN
    t: Ms = _NAN

    def reading(self) -> MessageFields | None:
        """Return the middle, None when a side is missing or they cross."""
        if not 0 < self.bp <= self.ap:
            return None
        return MessageFields(self.sym, _ms(self.t), SPOT, to_price((self.bp + self.ap) / 2))


class IndexValue(Struct, tag_field="ev", tag="V", gc=False):
    """The level of an index; the ticker is in `T`."""

    ticker: Ticker = msgspec.field(name="T")
    val: Paid
    t: Ms = _NAN

    def reading(self) -> MessageFields:
        """Return what it says."""
        return MessageFields(self.ticker, _ms(self.t), SPOT, to_price(self.val))


class StatusMessage(Struct, tag_field="ev", tag="status", gc=False):
    """What the provider says about the connection."""

    status: str
    message: str = ""


Event: TypeAlias = (
    TradeMessage | QuoteMessage | SecondBar | MinuteBar | FairValue | StockTrade | StockQuote | IndexValue
)
Message: TypeAlias = Event | StatusMessage

TYPES: dict[str, tuple[type[Message], ...]] = {
    "options": (TradeMessage, QuoteMessage, SecondBar, MinuteBar, FairValue, StatusMessage),
    "stocks": (StockTrade, StockQuote, StatusMessage),
    "indices": (IndexValue, StatusMessage),
}
"""What each cluster may send."""


def _ms(value: float) -> int | None:
    return None if math.isnan(value) else int(value) * NS_PER_MS


def _count(value: float) -> int:
    return 0 if math.isnan(value) else int(value)
