"""Levels of dealer gamma: zero-gamma cross, wall break, regime change.

Every few seconds of tape, before the first event past that moment is folded, the gamma of the nearest
settlement is summed at the spot: it is the book a same-day trader watches, and its gamma outweighs the rest.
A strike weighs what `levels_convention` says dealers hold and has the volatility the fold last measured
(`kept_iv`). Without open interest there is no assumed book, and nothing fires.

Everything is judged against what stood at earlier looks. The rules are silent while the tape is young,
after a gap, and while the spot stands still: then nobody is told anything, however time wears the gamma off.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ...analytics.greeks import log_ratio, norm_pdf, years
from ...jit.options import JIT
from ...model.events import MISSING, NS, PRICE_SCALE, UNDERLYING
from ..volatility import kept_iv
from .firing import REGIME_CHANGE, WALL_BREAK, ZERO_GAMMA_CROSS, fire, muted, rearm

STRIKE, SD, YEARS, CALLS, PUTS, RUNG, GAMMA = range(7)
"""Rows of a book: $, standard deviation to settlement, years, shares dealers hold of each right, `rung`,
gamma per share at the spot."""

ABOVE, BELOW = 0, 1
"""Places of the call wall and the put wall."""

FAR_FUTURE = 2**62
TIE = 1e-12
BISECTIONS = 40


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
def held(cell, sign, p):
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
def gather(now, horizon, statics, cells, p, book, ladder):
    """Fill the book with the strikes that settle up to `horizon`; return how many there are.

    book   : (7, n) to be filled, but for GAMMA
    ladder : (n,) to be filled with the strike of each rung, $; 0 where none trades
    """
    count = 0
    for cid in range(1, len(statics)):
        static = statics[cid]
        if not now < static.settle_ns <= horizon or (static.cp < 0 and static.twin != UNDERLYING):
            continue
        ladder[static.rung] = static.strike
        cell = cells[cid]
        twin = cells[static.twin]
        iv = kept_iv(now, cell, twin)
        if not iv > 0.0:
            continue
        own = held(cell, static.cp, p) * static.multiplier
        other = held(twin, -static.cp, p) * static.multiplier if static.twin != UNDERLYING else math.nan
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


@njit(**JIT)
def positive_at(price, count, book, p):
    """Whether the book re-priced at another spot, $, has a positive net gamma."""
    net = 0.0
    for i in range(count):
        net += gamma_at(price, i, book, p) * (book[CALLS, i] + book[PUTS, i])
    return net > 0.0


@njit(**JIT)
def flip_between(before, S, positive, count, book, p):
    """Return where between two spots, $, net gamma takes its sign at S; nan if it has it at both."""
    if positive_at(before, count, book, p) == positive:
        return math.nan
    a, b = before, S
    for _ in range(BISECTIONS):
        middle = 0.5 * (a + b)
        if positive_at(middle, count, book, p) == positive:
            b = middle
        else:
            a = middle
    return b


@njit(**JIT)
def judge_cross(now, S, net, gross, count, book, cell, static, under, sig, p):
    """Judge whether the spot has clearly crossed a zero of net gamma since the sign last was clear.

    The zero is that of the book as it is now, re-priced: when it was the book that changed its sign, and not
    the spot that moved across, nothing was crossed.
    """
    share = abs(net) / gross
    if share < p.cross_share:
        return False
    sign = 1 if net > 0.0 else -1
    before, net_before, share_before = under.net_sign, under.net, under.net_share
    spot_before = under.net_spot / PRICE_SCALE
    under.net_sign, under.net, under.net_share, under.net_spot = sign, net, share, under.spot
    if before == sign:
        rearm(cell, ZERO_GAMMA_CROSS)
    if before == sign or before == 0:
        return False
    flip = flip_between(spot_before, S, sign > 0, count, book, p)
    if flip != flip:
        return False
    way = 1 if S > spot_before else -1
    if not fire(now, UNDERLYING, ZERO_GAMMA_CROSS, way, share, p.cross_share, p.cross_half, cell, static,
                under, sig, p):  # fmt: skip
        return False
    row = sig.evidence
    row[0], row[1], row[2], row[3], row[4] = share, net, gross, flip, S
    row[5], row[6], row[7] = net_before, share_before, spot_before
    return True


@njit(**JIT)
def step_at(strike, ladder):
    """Return the distance from a strike to the nearest other one, $; nan without one."""
    nearest = math.inf
    for other in ladder:
        if other > 0.0 and other != strike:
            nearest = min(nearest, abs(other - strike))
    return nearest if nearest < math.inf else math.nan


@njit(**JIT)
def judge_wall(now, S, which, ladder, cell, static, under, sig, p):
    """Judge whether the spot has passed a wall that stood at the looks before."""
    strike = under.wall_strike[which]
    if strike == 0.0:
        return False
    way = 1 if which == ABOVE else -1
    step = step_at(strike, ladder)
    beyond = way * (S - strike) / step
    if beyond <= 0.0 and under.wall_inside[which] == 0:
        under.wall_inside[which] = 1
        under.wall_since[which] = now
        rearm(cell, WALL_BREAK)
    if not beyond >= p.wall_margin:
        return False
    passed = under.wall_inside[which] == 1
    under.wall_inside[which] = 0
    stood = (now - under.wall_since[which]) / NS
    if not passed or stood < p.wall_stood_s:
        return False
    if not fire(now, UNDERLYING, WALL_BREAK, way, beyond, p.wall_margin, p.wall_half, cell, static, under,
                sig, p):  # fmt: skip
        return False
    row = sig.evidence
    row[0], row[1], row[2], row[3] = beyond, strike, S, step
    row[4], row[5] = under.wall_gex[which], stood
    return True


@njit(**JIT)
def keep_wall(now, S, which, count, book, ladder, under):
    """Find the strike with most gamma of one right, and note since when it has been there."""
    way, row = (1.0, CALLS) if which == ABOVE else (-1.0, PUTS)
    by_rung = np.zeros(len(ladder))
    for i in range(count):
        by_rung[int(book[RUNG, i])] += way * book[GAMMA, i] * book[row, i]
    strike = 0.0
    most = 0.0
    for rung in range(len(ladder)):
        value = by_rung[rung]
        tied = most > 0.0 and value >= most * (1.0 - TIE)
        if value > most * (1.0 + TIE) or (tied and abs(ladder[rung] - S) < abs(strike - S)):
            strike, most = ladder[rung], value
    if strike != under.wall_strike[which]:
        under.wall_strike[which] = strike
        under.wall_since[which] = now
        under.wall_inside[which] = 1 if way * (S - strike) <= 0.0 else 0
    under.wall_gex[which] = way * most


@njit(**JIT)
def judge_regime(now, S, net, gross, cell, static, under, sig, p):
    """Judge whether net gamma has for some time had another sign than the last regime."""
    sign = 1 if net > 0.0 else -1
    if sign != under.regime_sign:
        under.regime_sign = sign
        under.regime_since = now
    share = abs(net) / gross
    stood = (now - under.regime_since) / NS
    if stood < p.regime_stood_s or share < p.regime_share:
        return False
    before, net_before = under.regime, under.regime_net
    under.regime, under.regime_net = sign, net
    if before == sign:
        rearm(cell, REGIME_CHANGE)
    if before == sign or before == 0:
        return False
    # Gamma says how far the market will swing, not which way.
    if not fire(now, UNDERLYING, REGIME_CHANGE, 0, share, p.regime_share, p.regime_half, cell, static, under,
                sig, p):  # fmt: skip
        return False
    row = sig.evidence
    row[0], row[1], row[2], row[3], row[4], row[5] = share, net, gross, S, stood, net_before
    return True


@njit(**JIT)
def forget_levels(under):
    """Drop what the next look would be judged against, but not which regime was last announced."""
    under.net_sign = 0
    under.regime_sign = 0
    for wall in range(len(under.wall_strike)):
        under.wall_strike[wall] = 0.0


@njit(**JIT)
def doubt_levels(now, under, p):
    """After a silence of the feed: what stood before it is no measure, nor are the first quotes after it."""
    under.levels_after = now + int(p.levels_settle_s * NS)
    forget_levels(under)


@njit(**JIT)
def watched(now, under, p):
    """Note whether the spot moves; return whether it does, and whether anything may be judged."""
    if under.spot != under.levels_spot:
        under.levels_spot = under.spot
        under.levels_moved = now
    if under.spot == MISSING or muted(now, under, p) or now < under.levels_after:
        return False
    return now - under.levels_moved <= p.levels_frozen_s * NS


@njit(**JIT)
def judge_levels(now, statics, cells, under, sig, fired, p):
    """Look at the book once; append to the first `fired` rows of `sig` and return how many there are then."""
    every = int(p.levels_every_s * NS)
    under.levels_next = (now // every + 1) * every
    if not watched(now, under, p):
        forget_levels(under)
        return fired
    horizon = horizon_of(now, int(p.levels_expiries), statics)
    if horizon != under.levels_horizon:
        forget_levels(under)
        under.levels_horizon = horizon
        under.regime = 0
    book = np.empty((7, len(cells)))
    ladder = np.zeros(len(cells))
    count = gather(now, horizon, statics, cells, p, book, ladder)
    S = under.spot / PRICE_SCALE
    net, gross = weigh(S, count, book, p)
    if not gross > 0.0:
        forget_levels(under)
        return fired
    cell, static = cells[UNDERLYING], statics[UNDERLYING]
    fired += judge_cross(now, S, net, gross, count, book, cell, static, under, sig[fired], p)
    for which in (ABOVE, BELOW):
        fired += judge_wall(now, S, which, ladder, cell, static, under, sig[fired], p)
        keep_wall(now, S, which, count, book, ladder, under)
    fired += judge_regime(now, S, net, gross, cell, static, under, sig[fired], p)
    return fired
