"""The book of gamma: what dealers hold of the contracts that settle next, and its gamma at a spot.

A strike weighs what `levels_convention` says dealers hold and has the volatility the fold last measured
(`kept_iv`). Without open interest there is no assumed book.
"""

from __future__ import annotations

import math

from numba import njit

from ..analytics.greeks import log_ratio, norm_pdf, years
from ..jit.options import JIT
from ..model.events import MISSING, UNDERLYING
from .volatility import kept_iv

STRIKE, SD, YEARS, CALLS, PUTS, RUNG, GAMMA = range(7)
"""Rows of a book: $, standard deviation to settlement, years, shares dealers hold of each right, `rung`,
gamma per share at the spot."""

FAR_FUTURE = 2**62


@njit(**JIT)
def horizon_of(now, count, statics):
    """Return the last of the `count` nearest settlements after `now`, the far future for 0."""
    if count == 0:
        return FAR_FUTURE
    horizon = now
    for _ in range(count):
        nearest = FAR_FUTURE
        for cid in range(1, len(statics)):
            settle_ns = statics[cid].settle_ns
            if horizon < settle_ns < nearest:
                nearest = settle_ns
        if nearest == FAR_FUTURE:
            break
        horizon = nearest
    return horizon


@njit(**JIT)
def dealers_hold(cell, sign, p):
    """Return the contracts dealers hold under the convention, nan when that is not known.

    sign : +1 call, -1 put: assumed, they are long the calls and short the puts of the open interest
    """
    flow = float(cell.sell - cell.buy)
    if p.levels_convention == 1:
        return flow
    if cell.oi == MISSING:
        return math.nan
    return sign * cell.oi + (flow if p.levels_convention == 2 else 0.0)


@njit(**JIT)
def gather(now, horizon, statics, cells, p, book, strikes):
    """Fill the book with the strikes that settle up to `horizon`; return how many there are.

    book    : (7, n) to be filled, but for GAMMA
    strikes : (n,) to be filled with the strike of each rung, $; 0 where none trades
    """
    count = 0
    for cid in range(1, len(statics)):
        static = statics[cid]
        if not now < static.settle_ns <= horizon or (static.cp < 0 and static.twin != UNDERLYING):
            continue
        strikes[static.rung] = static.strike
        cell = cells[cid]
        twin = cells[static.twin]
        iv = kept_iv(now, cell, twin)
        if not iv > 0.0:
            continue
        own = dealers_hold(cell, static.cp, p) * static.multiplier
        other = math.nan
        if static.twin != UNDERLYING:
            other = dealers_hold(twin, -static.cp, p) * static.multiplier
        calls, puts = (own, other) if static.cp > 0 else (other, own)
        T = years(static.settle_ns, now)
        book[STRIKE, count], book[YEARS, count], book[SD, count] = static.strike, T, iv * math.sqrt(T)
        book[CALLS, count] = calls if calls == calls else 0.0
        book[PUTS, count] = puts if puts == puts else 0.0
        book[RUNG, count] = static.rung
        count += 1
    return count


@njit(**JIT)
def gamma_at(S, i, book, p):
    """Return the gamma per share of the book's strike `i` at a spot of S, $."""
    sd, T = book[SD, i], book[YEARS, i]
    d1 = (log_ratio(S, book[STRIKE, i]) + (p.rate - p.dividend) * T) / sd + 0.5 * sd
    return math.exp(-p.dividend * T) * norm_pdf(d1) / (S * sd)


@njit(**JIT)
def weigh(S, count, book, p):
    """Fill the book's GAMMA and return its (net, gross) gamma, shares per $1."""
    net = 0.0
    gross = 0.0
    for i in range(count):
        gamma = gamma_at(S, i, book, p)
        book[GAMMA, i] = gamma
        net += gamma * (book[CALLS, i] + book[PUTS, i])
        gross += gamma * (abs(book[CALLS, i]) + abs(book[PUTS, i]))
    return net, gross
