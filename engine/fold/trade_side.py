"""Who started a trade: side, confidence and the method that said so.

Owns the stack of methods of quant 3.2, in integers, so that every machine decides alike. Sides are never
certain: the best published stacks are right for two trades in three (Savickas & Wilson 2003; Grauer,
Schuster, Uhrig-Homburg 2023), and a trade nobody can attribute keeps side 0 and is counted as such.
"""

from __future__ import annotations

from numba import njit

from ..jit.options import JIT
from ..model.events import MISSING, NS
from .conditions import (
    AUCTION,
    EXTENDED,
    FIRST_CODE,
    LAST_CODE,
    REGULAR,
    SWEEP,
    TREATMENT,
)

(
    UNKNOWN,
    CONDITION,
    AT_ASK,
    AT_BID,
    ABOVE_ASK,
    BELOW_BID,
    INSIDE,
    DEPTH,
    TICK,
    LOCKED,
) = range(10)
METHOD_NAMES = (
    "none", "condition", "at ask", "at bid", "above ask", "below bid", "inside", "depth", "tick", "locked",
)  # fmt: skip


@njit(**JIT)
def treatment(cond):
    """Return how a condition code is treated (see `engine.fold.conditions`)."""
    if FIRST_CODE <= cond <= LAST_CODE:
        return TREATMENT[cond - FIRST_CODE]
    return REGULAR


@njit(**JIT)
def tick_side(price, cell, p):
    """Return (side, confidence, method) from the last different price."""
    reference = cell.last if cell.last != price else cell.last_different
    if cell.last == MISSING or reference == MISSING:
        return 0, 0.0, UNKNOWN
    return (1 if price > reference else -1), p.side_tick, TICK


@njit(**JIT)
def quote_side(price, bid, ask, bid_size, ask_size, cell, p):
    """Return (side, confidence, method) of a trade against a quote of whatever quality."""
    if ask == MISSING or ask <= 0 or (bid != MISSING and bid > ask):
        return tick_side(price, cell, p)
    if bid == MISSING or bid <= 0:
        # Half of nothing is no mid: only a trade at the ask says who started it.
        return (1, p.side_at_quote, AT_ASK) if price >= ask else tick_side(price, cell, p)
    if bid == ask:
        if price == bid:
            return tick_side(price, cell, p)
        return (1 if price > ask else -1), p.side_outside, LOCKED
    if price == ask:
        return 1, p.side_at_quote, AT_ASK
    if price == bid:
        return -1, p.side_at_quote, AT_BID
    if price > ask:
        return 1, p.side_outside, ABOVE_ASK
    if price < bid:
        return -1, p.side_outside, BELOW_BID
    return inside_side(price, bid, ask, bid_size, ask_size, cell, p)


@njit(**JIT)
def inside_side(price, bid, ask, bid_size, ask_size, cell, p):
    """Return (side, confidence, method) of a trade strictly between a good bid and ask."""
    spread = ask - bid
    distance = 2 * price - bid - ask  # twice the distance from mid
    if abs(distance) > 2 * p.side_mid_band * spread:
        share = (abs(distance) / spread - 2 * p.side_mid_band) / (1 - 2 * p.side_mid_band)
        return (1 if distance > 0 else -1), p.side_inside * (0.5 + 0.5 * share), INSIDE
    if bid_size != ask_size:
        return (1 if ask_size > bid_size else -1), p.side_depth, DEPTH
    return tick_side(price, cell, p)


@njit(**JIT)
def classify(ts, price, cond, cell, spot, p):
    """Return (side, confidence in percent, method) of a trade.

    The quote is the newest one strictly before the trade: within one nanosecond nobody knows the order.
    """
    how = treatment(cond)
    if how not in (REGULAR, SWEEP, AUCTION, EXTENDED):
        return 0, 0, CONDITION
    tied = cell.quote_ts >= ts
    if tied:
        quote_ts, quote_spot = cell.prev_ts, cell.prev_spot
        bid, ask = cell.prev_bid, cell.prev_ask
        bid_size, ask_size = cell.prev_bid_size, cell.prev_ask_size
    else:
        quote_ts, quote_spot = cell.quote_ts, cell.quote_spot
        bid, ask = cell.bid, cell.ask
        bid_size, ask_size = cell.bid_size, cell.ask_size
    if quote_ts == 0 or quote_ts >= ts:
        side, confidence, method = tick_side(price, cell, p)
    else:
        side, confidence, method = quote_side(price, bid, ask, bid_size, ask_size, cell, p)
        age = ts - quote_ts
        if method != TICK and (
            age > p.side_stale_s * NS or (age > p.side_stale_moved_s * NS and quote_spot != spot)
        ):
            confidence *= 0.5
        if tied:
            confidence *= p.side_tie_share
    if how == AUCTION:
        confidence *= p.side_auction_share
    return side, int(confidence + 0.5), method
