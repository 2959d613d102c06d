"""The look at the book of gamma, and the three rules about its levels.

Every few seconds of tape, before the first event past that moment is folded, the gamma of the nearest
settlement is summed at the spot: it is the book a same-day trader watches, and its gamma outweighs the rest.

Everything is judged against what stood at earlier looks. The rules are silent while the tape is young,
after a gap, and while the spot stands still: then nobody is told anything, however time wears the gamma off.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ...jit.options import JIT
from ...model.events import MISSING, NS, PRICE_SCALE, UNDERLYING
from ..gamma_book import gather, horizon_of, weigh
from .firing import is_muted
from .regime_change import judge_regime
from .wall_break import ABOVE, BELOW, judge_wall, keep_wall
from .zero_gamma_cross import judge_cross


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
def watch_spot(now, under, p):
    """Note whether the spot moves; return whether it does, and whether anything may be judged."""
    if under.spot != under.levels_spot:
        under.levels_spot = under.spot
        under.levels_moved = now
    if under.spot == MISSING or is_muted(now, under, p) or now < under.levels_after:
        return False
    return now - under.levels_moved <= p.levels_frozen_s * NS


@njit(**JIT)
def judge_levels(now, statics, cells, under, sig, fired, p):
    """Look at the book once; append to the first `fired` rows of `sig` and return how many there are then."""
    every = int(p.levels_every_s * NS)
    under.levels_next = (now // every + 1) * every
    if not watch_spot(now, under, p):
        forget_levels(under)
        return fired
    horizon = horizon_of(now, int(p.levels_expiries), statics)
    if horizon != under.levels_horizon:
        forget_levels(under)
        under.levels_horizon = horizon
        under.regime = 0
    book = np.empty((7, len(cells)))
    strikes = np.zeros(len(cells))
    S = under.spot / PRICE_SCALE
    count = gather(now, horizon, statics, cells, p, book, strikes)
    net, gross = weigh(S, count, book, p)
    if not gross > 0.0:
        forget_levels(under)
        return fired
    cell, static = cells[UNDERLYING], statics[UNDERLYING]
    fired += judge_cross(now, S, net, gross, count, book, cell, static, under, sig[fired], p)
    for which in (ABOVE, BELOW):
        fired += judge_wall(now, S, which, strikes, cell, static, under, sig[fired], p)
        keep_wall(now, S, which, count, book, strikes, under)
    fired += judge_regime(now, S, net, gross, cell, static, under, sig[fired], p)
    return fired
