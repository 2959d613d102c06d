"""The event record: the one vocabulary between rooms.

Owns the record's layout, its kinds and flags, and the `Batch` that carries records. It knows no provider's
format: what a provider says differently is translated in its feed.

Everything on the tape has the same fixed-width record, so that the order between a quote and a trade is
never lost. Prices are integers of 1/10000 $; a missing number is `MISSING`, never 0.

==========  =====================================================================================
kind        fields in use (others are MISSING for prices, 0 for sizes)
==========  =====================================================================================
QUOTE       p1 bid, p2 ask, s1 bid size, s2 ask size, exch bid exchange, cond ask exchange
TRADE       p1 price, s1 size in contracts, cond condition code (0 none), exch exchange
SPOT        p1 price of the underlying; cid is UNDERLYING
FMV         p1 the provider's fair market value
OI          s1 open interest
BAR         p1 close, p2 vwap, s1 volume of the bar, s2 day volume
VENDOR      p1 implied volatility x 1e6, p2 gamma x 1e8, s1 delta x 1e6
GAP         the feed was silent until ts; s1 how long, in milliseconds
PREV_CLOSE  p1 the underlying's previous close
MARK        s1 a session mark, MARK_OPEN or MARK_CLOSE
==========  =====================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EVENT = np.dtype(
    [
        ("ts", "<i8"),  # ns UTC; provider time, or receive time with FLAG_RECEIVED
        ("cid", "<i4"),  # contract id; UNDERLYING for the underlying itself
        ("p1", "<i4"),  # price in 1/10000 $, see the table above
        ("p2", "<i4"),
        ("s1", "<i4"),
        ("s2", "<i4"),
        ("cond", "<i2"),
        ("exch", "<i2"),
        ("kind", "u1"),
        ("flags", "u1"),
    ],
    align=True,
)
"""One record of the tape, 40 bytes."""

Events = NDArray[np.void]
"""An array of `EVENT` records, in tape order."""

MISSING = -(2**31)
"""The integer that stands for a number nobody told us."""

PRICE_SCALE = 10_000
"""Price units per dollar."""

UNDERLYING = 0
"""The contract id of the underlying itself."""

NS = 1_000_000_000
"""Nanoseconds per second."""

QUOTE, TRADE, SPOT, FMV, OI, BAR, VENDOR, GAP, PREV_CLOSE, MARK = range(10)
KIND_NAMES = ("quote", "trade", "spot", "fmv", "oi", "bar", "vendor", "gap", "prev_close", "mark")

MARK_OPEN, MARK_CLOSE = 1, 2

FLAG_RECEIVED = 1  # ts is our receive time, the provider gave none
FLAG_PARITY = 2  # a SPOT derived from put-call parity, not observed
FLAG_POLLED = 4  # a TRADE synthesised from a difference of day volumes
FLAG_MINUTE = 8  # a SPOT or QUOTE sampled at the end of a minute bar
FLAG_FILLED = 16  # a TRADE fetched after the fact, for a time in which the feed was silent


@dataclass(frozen=True, slots=True)
class Batch:
    """Events as they arrived together.

    events      : (n,) EVENT, in tape order
    received_ns : ns UTC when the last of them arrived; equals its ts in a replay
    source      : the source's name
    """

    events: Events
    received_ns: int
    source: str


def empty_events(n: int) -> Events:
    """Return `n` records with every price MISSING and everything else 0."""
    events = np.zeros(n, EVENT)
    events["p1"] = MISSING
    events["p2"] = MISSING
    return events


def gap(since_ns: int, until_ns: int) -> Events:
    """Return the one event that says the feed was silent between two times, at least 1 ms."""
    events = empty_events(1)
    events["kind"], events["cid"], events["ts"] = GAP, UNDERLYING, until_ns
    events["s1"] = max(-(-(until_ns - since_ns) // 1_000_000), 1)
    return events


def to_price(dollars: float) -> int:
    """Round dollars to price units, half up; nan gives MISSING."""
    return MISSING if dollars != dollars else int(np.floor(dollars * PRICE_SCALE + 0.5))
