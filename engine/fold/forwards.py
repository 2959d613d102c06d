"""The spot that the quotes of each settlement imply, by put-call parity: what contracts are priced at.

The underlying's own price is of another moment and of another source more often than not, and is told by
tick, by minute or not at all; what a quote is explained by must not depend on that. Every few seconds the
pairs nearest the money are asked (`analytics.forward.shared`), each leg carried to now by its delta. In
between each quote of a contract with enough delta tells by how much the spot has moved, weighed as in a
Kalman filter.

A move that does not fit is a contract's own, until three contracts agree on it: then the spot has jumped, and
no price is compared across. Where the pairs of a settlement do not tell, another settlement's do; where none
do, the underlying's price serves. Spots in price units.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..analytics.forward import LEAST_PAIRS, shared
from ..analytics.greeks import YEAR_NS, years
from ..jit.options import JIT
from ..model.events import MISSING, NS, PRICE_SCALE

TOLD, OWN, BORROWED = range(3)
"""Whose spot a settlement has: the underlying's price, that of its pairs, that of another settlement's."""

PAIRS_EACH_SIDE = 6
ASK_NS = 5 * NS
"""Time between two times that the pairs are asked."""

SILENT_NS = 60 * NS
"""How long quotes carry the spot on without its pairs; the least age a pair's quote may have."""

BEATS = 3
"""How many times a contract may stay silent for as long as it does, before a pair of it says nothing."""

LEAST_DELTA = 0.3
"""What has less says little of the spot."""

BURSTS = 4.0
"""The variance of the spot over that of the contract's volatility: moves come in bursts."""

GATE = 5.0
"""Deviations beyond which a quote's move is not the spot's."""

AGREEING = 3
"""Contracts that make a jump."""

SAME_MOVE = 0.1
"""Share of a jump by which two contracts may differ on it: delta and gamma carry no further."""

JUMP_WINDOW_NS = 2 * NS

PAIR = np.dtype([("strike", "<f8"), ("call", "<i4"), ("put", "<i4")], align=True)
"""A strike, price units, and its two contracts."""

FORWARD = np.dtype(
    [
        ("settle_ns", "<i8"),
        ("first", "<i4"),  # its pairs, by strike: first <= i < last
        ("last", "<i4"),
        ("spot", "<f8"),  # nan without one
        ("variance", "<f8"),
        ("at", "<i8"),  # what the variance is of
        ("due", "<i8"),  # when its pairs are asked next
        ("told_ts", "<i8"),  # when they last told
        ("since", "<i8"),  # prices before are compared with none after
        ("source", "<i4"),
        ("lender", "<i4"),  # whose spot it is when that is borrowed
        # contracts that tell of one and the same move that does not fit
        ("odd_ts", "<i8"),
        ("odd_spot", "<f8"),
        ("odd_cid", "<i4", (AGREEING,)),
        ("odds", "<i4"),
        # the spot about two seconds ago
        ("anchor_ts", "<i8"),
        ("recent_ts", "<i8"),
        ("anchor_spot", "<i4"),
        ("recent_spot", "<i4"),
        ("jump_ts", "<i8"),
        ("watched", "<i4"),  # the spot that was looked at last
    ],
    align=True,
)
"""What is known of the spot of one settlement."""


def forwards_of(static: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Return the (k,) PAIR and (m,) FORWARD rows of contracts before the first event.

    static : (n + 1,) STATIC; the settlement of each contract is filled in
    """
    settles = np.unique(static["settle_ns"][1:])
    rows = np.zeros(len(settles), FORWARD)
    static["settlement"][1:] = np.searchsorted(settles, static["settle_ns"][1:])
    calls = np.flatnonzero((static["cp"] > 0) & (static["twin"] > 0))
    calls = calls[np.lexsort((static["strike"][calls], static["settle_ns"][calls]))]
    pairs = np.zeros(len(calls), PAIR)
    pairs["strike"] = static["strike"][calls] * PRICE_SCALE
    pairs["call"], pairs["put"] = calls, static["twin"][calls]
    rows["settle_ns"] = settles
    rows["first"] = np.searchsorted(static["settle_ns"][calls], settles)
    rows["last"] = np.searchsorted(static["settle_ns"][calls], settles, side="right")
    rows["spot"] = np.nan
    rows["anchor_spot"] = rows["recent_spot"] = MISSING
    return pairs, rows


@njit(**JIT)
def spot_of(row, under):
    """Return the spot a settlement's contracts are priced at, MISSING without one."""
    return under.spot if row.source == TOLD else math.floor(row.spot + 0.5)


@njit(**JIT)
def carried(cell, spot):
    """Return the mid of a contract as it would be at a spot, price units."""
    mid = 0.5 * (cell.bid + cell.ask)
    if cell.priced_spot == MISSING or cell.delta != cell.delta:
        return mid
    middle = 0.5 * (spot + cell.priced_spot) - cell.greeks_spot
    return mid + (cell.delta + cell.gamma * middle / PRICE_SCALE) * (spot - cell.priced_spot)


@njit(**JIT)
def speaks(now, cell):
    """Whether a contract's quote may be one of a pair."""
    silent = max(SILENT_NS, BEATS * cell.quote_gap)
    return cell.bid > 0 and cell.ask > cell.bid and now - cell.quote_ts <= silent


@njit(**JIT)
def bound(now, i, row, pairs, cells, growth, low, high, n):
    """Append what one pair says of the spot to (low, high); return how many there are."""
    call, put = cells[pairs[i].call], cells[pairs[i].put]
    if not (speaks(now, call) and speaks(now, put)):
        return n
    middle = (
        carried(call, row.spot) - carried(put, row.spot)
        if row.source == OWN
        else 0.5 * (call.bid + call.ask - put.bid - put.ask)
    )
    half = 0.5 * (call.ask - call.bid + put.ask - put.bid)
    low[n] = pairs[i].strike / growth + middle - half
    high[n] = low[n] + 2.0 * half
    return n + 1


@njit(**JIT)
def ask_pairs(now, row, pairs, cells, under, p):
    """Return (spot, error) as the pairs of a settlement have it, nan when they do not tell.

    Those nearest the money are asked; all, while nobody knows where that is.
    """
    growth = math.exp(p.rate * years(row.settle_ns, now))
    count = row.last - row.first
    near = row.spot if row.source != TOLD else float(under.spot) if under.spot != MISSING else math.nan
    low, high = np.empty(count), np.empty(count)
    n = 0
    if near == near:
        above = row.first
        while above < row.last and pairs[above].strike < near:
            above += 1
        below = above - 1
        while below >= row.first and n < PAIRS_EACH_SIDE:
            n = bound(now, below, row, pairs, cells, growth, low, high, n)
            below -= 1
        most = n + PAIRS_EACH_SIDE
        while above < row.last and n < most:
            n = bound(now, above, row, pairs, cells, growth, low, high, n)
            above += 1
    else:
        for i in range(row.first, row.last):
            n = bound(now, i, row, pairs, cells, growth, low, high, n)
    if n < LEAST_PAIRS:
        return math.nan, math.nan
    value, error, _ = shared(low[:n], high[:n])
    return value, error


@njit(**JIT)
def change_source(now, row, source):
    """Take the spot from elsewhere: what was priced before is compared with nothing after."""
    row.source = source
    row.since = now
    row.odds = 0
    row.anchor_spot = MISSING
    row.recent_spot = MISSING


@njit(**JIT)
def heed_others(now, row, pairs, cells, under, forwards, tick, p):
    """Bring a settlement's spot up to its pairs when they are due, or to that of its lender."""
    if now >= row.due:
        heed_pairs(now, row, pairs, cells, under, forwards, tick, p)
    if row.source == BORROWED:
        row.spot = forwards[row.lender].spot


@njit(**JIT)
def heed_pairs(now, row, pairs, cells, under, forwards, tick, p):
    """Ask the pairs of a settlement; where they do not tell, look for another whose do."""
    row.due = now + ASK_NS
    value, error = ask_pairs(now, row, pairs, cells, under, p)
    if value == value:
        doubt = max(error, 0.5 * tick)
        doubt *= doubt
        if row.source != OWN:
            change_source(now, row, OWN)
            row.spot, row.variance = value, doubt
        else:
            off = value - row.spot
            if off * off > GATE * GATE * (row.variance + doubt):
                row.since = now
                row.spot, row.variance = value, doubt
            else:
                weigh_in(off, doubt, tick, row)
        row.told_ts = row.at = now
        return
    if row.source == OWN and now - row.told_ts <= SILENT_NS:
        return
    lender = lender_of(now, row, forwards)
    if lender >= 0:
        if row.source != BORROWED or row.lender != lender:
            change_source(now, row, BORROWED)
        row.lender = lender
    elif row.source != TOLD:
        change_source(now, row, TOLD)


@njit(**JIT)
def lender_of(now, row, forwards):
    """Return the nearest settlement whose own pairs told lately, -1 without one."""
    best = -1
    apart = 0
    for i in range(len(forwards)):
        other = forwards[i]
        if other.source != OWN or now - other.told_ts > SILENT_NS or other.settle_ns <= now:
            continue
        away = abs(other.settle_ns - row.settle_ns)
        if away > 0 and (best < 0 or away < apart):
            best, apart = i, away
    return best


@njit(**JIT)
def weigh_in(off, doubt, tick, row):
    """Move the spot by the share of `off` that its variance and the doubt about `off` give it."""
    share = row.variance / (row.variance + doubt)
    row.spot += share * off
    # Quotes tell moves and not levels: their errors add up, whatever the filter thinks.
    row.variance = max((1.0 - share) * row.variance, 0.25 * tick * tick)


@njit(**JIT)
def heed_quote(e, now, cid, cell, row, tick):
    """Learn the spot's move from a new quote of a contract, before it becomes the standing one."""
    if row.source != OWN or cell.quote_ts < row.since or cell.priced_spot == MISSING:
        return
    if (e.p1 == cell.bid and e.p2 == cell.ask) or cell.bid <= 0 or e.p1 <= 0:
        return
    if cell.ask <= cell.bid or e.p2 <= e.p1:
        return
    delta = cell.delta + cell.gamma * (cell.priced_spot - cell.greeks_spot) / PRICE_SCALE
    if not abs(delta) >= LEAST_DELTA:
        return
    decay = cell.theta * (now - cell.quote_ts) * (PRICE_SCALE / YEAR_NS)
    move = 0.5 * (e.p1 + e.p2 - cell.bid - cell.ask) - decay
    halfway = delta + cell.gamma * (0.5 * move / delta) / PRICE_SCALE
    if not abs(halfway) >= 0.5 * LEAST_DELTA:
        return
    off = cell.priced_spot + move / halfway - row.spot
    wide = cell.iv * row.spot
    row.variance += BURSTS * wide * wide * (now - row.at) / YEAR_NS
    row.at = now
    half = (0.5 * tick + 0.125 * (e.p2 - e.p1)) / delta
    doubt = half * half
    if off * off > GATE * GATE * (row.variance + doubt):
        near = GATE * math.sqrt(doubt) + SAME_MOVE * abs(off)
        note_odd(now, cid, row.spot + off, near, doubt, row)
    else:
        weigh_in(off, doubt, tick, row)


@njit(**JIT)
def note_odd(now, cid, spot, near, doubt, row):
    """Note a contract whose move does not fit; when enough of them agree, the spot has jumped."""
    if row.odds == 0 or now - row.odd_ts > JUMP_WINDOW_NS or abs(spot - row.odd_spot) > near:
        row.odds = 0
        row.odd_spot = spot
        row.odd_ts = now
    for k in range(row.odds):
        if row.odd_cid[k] == cid:
            return
    row.odd_cid[row.odds] = cid
    row.odds += 1
    row.odd_spot += (spot - row.odd_spot) / row.odds
    if row.odds == AGREEING:
        row.spot, row.variance = row.odd_spot, doubt
        row.since = now
        row.odds = 0


@njit(**JIT)
def keep_up(e, now, cid, cell, row, under, tick, p):
    """Bring a settlement's spot up to a new quote of it; return it, MISSING without one."""
    if row.source == OWN:
        heed_quote(e, now, cid, cell, row, tick)
    spot = spot_of(row, under)
    watch_jump(now, spot, row, p)
    return spot


@njit(**JIT)
def watch_jump(now, spot, row, p):
    """Notice a jump of the spot over about two seconds."""
    if spot == row.watched and now - row.recent_ts < JUMP_WINDOW_NS:
        return
    row.watched = spot
    if spot == MISSING:
        return
    if now - row.recent_ts >= JUMP_WINDOW_NS:
        row.anchor_ts = row.recent_ts
        row.anchor_spot = row.recent_spot
        row.recent_ts = now
        row.recent_spot = spot
    if row.anchor_spot != MISSING and abs(spot - row.anchor_spot) * 10_000.0 > p.jump_bp * row.anchor_spot:
        row.jump_ts = now
