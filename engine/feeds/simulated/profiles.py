"""What each simulated symbol is like: the numbers a day is drawn from.

Owns the tunable figures with their units and where they come from. It knows no dates and draws nothing.

Sizes of a day. A real SPY day has 4-6 million same-day contracts; the tape carries 300,000 trades and
3 million quotes, about 1.2 million same-day contracts, so one of them stands for four real ones; open
interest is scaled alike. The others
follow by how busy their zero-day options are against SPY's: QQQ trades a little over half as many contracts;
SPX is as large in money but counts about 2.1 million contracts (market-facts: SPXW 2.12M against SPY 4-5.8M);
IWM a sixth to a tenth; NDX is large in notional, small in contracts; DIA has weekly expirations only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

ALL_EXCHANGES = (302, 308, 313, 315, 312, 304, 325, 323, 307, 316, 300, 301, 322, 309, 303, 319)


@dataclass(frozen=True, slots=True)
class SymbolProfile:
    """One symbol's character.

    level         : $ on 2025-12-16
    activity      : events of a day against SPY's
    daily_sd      : standard deviation of an ordinary day's log return
    kinship       : correlation of its returns with the market's
    strikes       : strikes listed on each side of the previous close
    tick, tick_3  : price units (1/10000 $) below and from $3
    width         : spread against SPX's in proportion to the spot
    depth         : median lots at the best price
    lots          : median lots of a print, before rounding to whole ones
    exchanges     : OPRA ids; index options trade on their own exchange group only
    spot_stride   : quarter seconds between two spot values
    fmv_strikes   : strikes next to the spot with a fair market value each second
    """

    symbol: str
    level: float
    activity: float
    daily_sd: float
    kinship: float
    strikes: int
    tick: int
    tick_3: int
    width: float
    depth: float
    lots: float
    exchanges: tuple[int, ...]
    spot_stride: int
    fmv_strikes: int


@dataclass(frozen=True, slots=True)
class DayParams:
    """What all symbols share; counts are those of SPY on a full day.

    trades, quotes     : prints and quotes of a day
    expiry_share       : of the trades, by order of expiration
    volume_per_oi      : the nearest series' volume against its open interest
    inside_share       : prints between bid and ask, at the money
    lone_share         : quoted sides that are one customer's small order
    resting_share      : customers' orders that rest at a touch of ordinary size until somebody hits them
    lone_resting_share : the same where the touch is one customer's order: the print then takes all of it
    depth_lean         : added to the chance of a customer trading against the deeper side of the quote
    stale_share        : prints at the quote before the prevailing one
    multi_share        : orders of two legs (twice as many prints)
    sweep_share        : orders swept over several exchanges
    block_share        : large orders: a median of 60 lots and a log-normal tail
    late_share, cancel_share, auction_share : of the single prints
    locked_share       : quotes with bid = ask; half as many are crossed
    informed           : tilt of the buying probability per standard deviation of the next four minutes
    plants             : planted anomalies of a full day
    """

    trades: int = 322_000
    quotes: int = 3_060_000
    expiry_share: tuple[float, ...] = (0.82, 0.11, 0.07)
    volume_per_oi: float = 12.5
    inside_share: float = 0.28
    lone_share: float = 0.25
    resting_share: float = 0.09
    lone_resting_share: float = 0.42
    depth_lean: float = 0.12
    stale_share: float = 0.05
    multi_share: float = 0.065
    sweep_share: float = 0.012
    block_share: float = 0.0015
    late_share: float = 0.004
    cancel_share: float = 0.0015
    auction_share: float = 0.05
    locked_share: float = 0.0002
    informed: float = 0.06
    rate: float = 0.04
    plants: int = 72


PROFILES: Mapping[str, SymbolProfile] = MappingProxyType(
    {
        p.symbol: p
        for p in (
            SymbolProfile("SPY", 680.0, 1.0, 0.0054, 0.998, 40, 100, 100, 1.0, 60, 2.1, ALL_EXCHANGES, 1, 3),
            SymbolProfile("QQQ", 610.0, 0.6, 0.0074, 0.93, 40, 100, 100, 1.2, 45, 2.1, ALL_EXCHANGES, 1, 3),
            SymbolProfile("SPX", 6800.0, 0.55, 0.0054, 0.999, 40, 500, 1000, 1.0, 20, 1.6, (302,), 2, 3),
            SymbolProfile("IWM", 251.0, 0.15, 0.0090, 0.80, 24, 100, 100, 1.6, 40, 2.1, ALL_EXCHANGES, 2, 2),
            SymbolProfile(
                "NDX", 25100.0, 0.08, 0.0074, 0.93, 32, 500, 1000, 3.0, 12, 0.6, (323, 308, 307), 2, 1
            ),
            SymbolProfile("DIA", 485.0, 0.03, 0.0050, 0.90, 24, 100, 500, 4.0, 30, 2.1, ALL_EXCHANGES, 2, 1),
        )
    }
)
