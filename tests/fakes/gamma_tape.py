"""A tape of three strikes whose dealers' gamma is known: for the rules about levels of it.

The chain has three strikes, 680, 685 and 690, quoted at a volatility of 20 % six hours before they settle.
Puts of 680 and calls of 690 are held: net gamma is positive above a zero near 685 and negative below.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np

from engine.analytics.exposure import Book
from engine.analytics.greeks import price_greeks, years
from engine.fold.params import FoldParams
from engine.fold.rules.catalogue import RULE_NAMES, rules
from engine.model.calendar import settle_ns
from engine.model.underlyings import underlying

DAY = date(2025, 12, 16)
SETTLES = settle_ns(underlying("SPY"), "SPY", DAY)
STRIKES = {1: (685, 1), 2: (685, -1), 3: (680, 1), 4: (680, -1), 5: (690, 1), 6: (690, -1)}
HELD = {4: 20_000, 5: 20_000}
RATE = FoldParams().rate
LEVELS = ("zero_gamma_cross", "wall_break", "regime_change")
QUOTED_EVERY_S = 20.0
ASSUMED, FLOW, BLENDED = range(3)


def quoted(tape, spot, at=0.0, settles=SETTLES):
    """Put a spot and a two-sided quote of every contract."""
    tape.spot(spot, at=at)
    T = years(settles, int(tape.events["ts"][-1]))
    for cid, (strike, cp) in STRIKES.items():
        price = price_greeks(spot, strike, T, RATE, 0.0, 0.2, cp)[0]
        tape.quote(price - 0.01, price + 0.01, cid=cid)
    return tape


def held(tape, contracts=None, at=0.0):
    """Tell open interest."""
    for cid, count in (HELD if contracts is None else contracts).items():
        tape.oi(count, at=at, cid=cid)
    return tape


def walk(tape, *spots, seconds=10.0):
    """Let the spot go through prices, `seconds` for each leg, a step a second and never standing still.

    Every twenty seconds the chain is quoted anew.
    """
    told_at = tape.at
    for a, b in pairwise(spots):
        for second in range(round(seconds)):
            share = (second + 1) / round(seconds)
            jitter = 0.01 * (second % 2)
            spot = a + (b - a) * share + jitter
            tape.spot(spot, at=tape.at + 1)
            if tape.at - told_at >= QUOTED_EVERY_S:
                quoted(tape, spot, at=tape.at)
                told_at = tape.at
    return tape


def chain(tape, spot, contracts=None):
    return quoted(held(tape, contracts), spot)


def found(folded):
    """List (rule, direction) of the signals about levels."""
    return [
        (RULE_NAMES[s["rule"]], int(s["direction"]))
        for s in folded.signals
        if RULE_NAMES[s["rule"]] in LEVELS
    ]


def base_of(tape):
    return int(tape.events["ts"][0])


def evidence(signal):
    return dict(rules()[signal["rule"]].named(signal["evidence"].tolist()))


def book_of(state, now, weights):
    """The chain as the exposure room takes it, with the volatilities the fold has kept."""
    cids = np.array(sorted(STRIKES))
    strike, sign = np.array([STRIKES[cid] for cid in cids], float).T
    iv, iv_ts = (state.cells[name][cids].reshape(-1, 2) for name in ("iv", "iv_ts"))
    newest = np.argmax(iv_ts, axis=1)
    iv = np.repeat(iv[np.arange(len(iv)), newest], 2)
    return Book(strike, sign, np.full(6, years(SETTLES, now)), iv, np.array(weights, float), 100.0)
